//! What a customer did, day by day.

use super::show::{Card, card, card_of_id, times};
use crate::installation::Installation;
use crate::picker::ledger::Standing;
use crate::records::EventKind;
use crate::web;
use chrono::{DateTime, NaiveDate};
use std::collections::BTreeMap;

/// Products shown before somebody asks for all.
const SHOWN: usize = 36;

pub struct Timeline {
    /// Newest first.
    pub days: Vec<Day>,
    /// Products that are not shown.
    pub more: usize,
    pub is_empty: bool,
}

pub struct Day {
    pub date: String,
    /// What concerns no product.
    pub others: String,
    /// With what was done as the note.
    pub products: Vec<Card>,
}

/// Of one day: by product what was done how often.
type Deeds<'a> = BTreeMap<Option<&'a str>, BTreeMap<EventKind, f64>>;

pub fn timeline(
    installation: &Installation,
    standing: &Standing,
    customer: &str,
    shows_all: bool,
) -> Timeline {
    let (pasts, zone) = (&standing.ledger.pasts, installation.zone());
    let as_of_us = standing.as_of.timestamp_micros();
    let mut by_day: BTreeMap<NaiveDate, Deeds<'_>> = BTreeMap::new();
    for done in pasts.of(customer).iter().filter(|done| done.at_us < as_of_us) {
        let Some(at) = DateTime::from_timestamp_micros(done.at_us) else { continue };
        let day = by_day.entry(at.with_timezone(&zone).date_naive()).or_default();
        let product = pasts.event(customer, done).product;
        let amount = match done.kind() {
            EventKind::Purchase | EventKind::Refund => f64::from(pasts.line(done).quantity),
            _ => 1.0,
        };
        *day.entry(product).or_default().entry(done.kind()).or_default() += amount;
    }
    let all: usize = by_day.values().map(|deeds| deeds.keys().flatten().count()).sum();
    let mut left = if shows_all { usize::MAX } else { SHOWN };
    let mut days = Vec::new();
    for (date, deeds) in by_day.iter().rev() {
        if left == 0 {
            break;
        }
        let products: Vec<Card> = (deeds.iter())
            .filter_map(|(product, done)| Some(product_card(installation, standing, (*product)?, done)))
            .take(left)
            .collect();
        left -= products.len();
        let others = deeds.get(&None).map(in_words).unwrap_or_default();
        days.push(Day { date: date.format("%-d %b %Y").to_string(), others, products });
    }
    let shown: usize = days.iter().map(|day| day.products.len()).sum();
    Timeline { is_empty: days.is_empty(), days, more: all - shown }
}

fn product_card(
    installation: &Installation,
    standing: &Standing,
    product: &str,
    done: &BTreeMap<EventKind, f64>,
) -> Card {
    let catalogue = &standing.ledger.catalogue;
    let known = catalogue.number(product).map(|number| card(installation, catalogue.product(number)));
    let card = known.unwrap_or_else(|| card_of_id(installation, catalogue, product));
    Card { note: in_words(done), ..card }
}

/// “Looked at 3×, bought 2”.
fn in_words(done: &BTreeMap<EventKind, f64>) -> String {
    let one = |(kind, count): (&EventKind, &f64)| {
        let often = times(count.round() as u64);
        match kind {
            EventKind::View => format!("looked at {often}"),
            EventKind::Cart => "put in the basket".to_owned(),
            EventKind::Purchase => format!("bought {}", pieces(*count)),
            EventKind::Refund => format!("sent back {}", pieces(*count)),
            EventKind::Click => "clicked in an e-mail".to_owned(),
            EventKind::Open => format!("opened an e-mail {often}"),
            EventKind::Unsubscribe => "unsubscribed".to_owned(),
        }
    };
    let text = done.iter().map(one).collect::<Vec<_>>().join(", ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn pieces(count: f64) -> String {
    if count.fract() == 0.0 { web::whole(count as i64) } else { web::decimal(count, 2) }
}
