//! A customer's picks as they would look in an e-mail, each with what spoke for it.

use super::ask::View;
use super::show::{Card, card, card_of_id, search_products};
use super::why::{Why, why};
use crate::installation::Installation;
use crate::picker::plan::{Arm, Origin};
use crate::picker::reason::Reader;
use crate::picker::refusal::Refusal;
use crate::picker::sitting::Sitting;
use crate::picker::slate::Placed;
use crate::records::{Customer, Events};
use crate::web::{self, TraceWords};

/// Products offered where it is not clear which was meant.
const MEANT: usize = 12;

pub struct Pick {
    pub card: Card,
    /// As the customer reads it.
    pub reason: String,
    pub origin: &'static str,
    pub badge: &'static str,
    /// `None` for what the model did not score for them.
    pub why: Option<Why>,
}

/// What was picked, and the answer about the product that was typed.
pub struct Picks {
    pub picks: Vec<Pick>,
    /// Places that stayed empty.
    pub empty: usize,
    /// Why nothing could be picked at all.
    pub refused: String,
    pub answer: Option<Answer>,
    /// Products that were meant perhaps, where what was typed is no id.
    pub meant: Vec<Card>,
}

pub struct Answer {
    pub card: Card,
    pub sentence: String,
    pub why: Option<Why>,
}

/// For a real customer, or somebody imagined who did `events`.
pub fn picks(
    installation: &Installation,
    view: &View,
    customer: &Customer,
    events: Option<&Events>,
    product: &str,
) -> Picks {
    let sitting = match events {
        Some(events) => Sitting::imagined(view.terms(), customer, events),
        None => Sitting::of(view.terms(), std::slice::from_ref(customer)),
    };
    match sitting {
        Ok(sitting) => look(installation, view, customer, &sitting, product.trim()),
        Err(refusal) => refused(&refusal),
    }
}

fn refused(refusal: &Refusal) -> Picks {
    Picks {
        picks: Vec::new(),
        empty: 0,
        refused: format!("Nothing can be picked: {refusal}."),
        answer: None,
        meant: Vec::new(),
    }
}

fn look(
    installation: &Installation,
    view: &View,
    customer: &Customer,
    sitting: &Sitting<'_>,
    product: &str,
) -> Picks {
    let (standing, kind) = (&view.standing, view.live.header.kind.as_str());
    let catalogue = &standing.ledger.catalogue;
    let picker = sitting.picker();
    let mut worker = picker.worker();
    let picked = worker.pick(&customer.id, Some(0), Arm::Picks);
    let empty = picked.slots.iter().filter(|slot| slot.is_none()).count();
    let mut explain = |id: &str| {
        let explained = sitting.explained(&mut worker, id)?;
        Some(why(installation, standing, &customer.id, kind, &explained))
    };
    let mut picks = Vec::new();
    for placed in picked.slots.into_iter().flatten() {
        let product = catalogue.product(sitting.candidates()[placed.place]);
        let own = matches!(placed.origin, Origin::Personal | Origin::Similar);
        let (origin, badge) = origin(placed.origin);
        picks.push(Pick {
            card: card(installation, product),
            reason: reason(view, &placed, product.category.as_deref()),
            origin,
            badge,
            why: own.then(|| explain(&product.id)).flatten(),
        });
    }
    let mut meant = search_products(catalogue, product, MEANT);
    let product = match meant.as_slice() {
        [one] => catalogue.product(*one).id.as_str(),
        _ => product,
    };
    meant.truncate(if meant.len() == 1 { 0 } else { MEANT });
    let answer = (!product.is_empty() && meant.is_empty()).then(|| {
        let found = sitting.trace(&mut worker, product);
        let TraceWords { answer, .. } =
            web::trace_in_words(&found, &view.plan, catalogue, product, &installation.shop.currency);
        let explained = sitting.explained(&mut worker, product);
        Answer {
            card: card_of_id(installation, catalogue, product),
            sentence: answer,
            why: explained.map(|explained| why(installation, standing, &customer.id, kind, &explained)),
        }
    });
    let meant = meant.into_iter().map(|number| card(installation, catalogue.product(number))).collect();
    Picks { picks, empty, refused: String::new(), answer, meant }
}

fn reason(view: &View, placed: &Placed, category: Option<&str>) -> String {
    let past = placed.past.map(|past| view.standing.ledger.catalogue.product(past).title.as_str());
    placed.why.sentence(Reader::Customer, past, category)
}

/// Its name and colour on a page.
pub fn origin(origin: Origin) -> (&'static str, &'static str) {
    match origin {
        Origin::Personal | Origin::Similar => ("personal", "badge-ok"),
        Origin::Pinned => ("pinned", "badge-neutral"),
        Origin::Category => ("favourite category", "badge-neutral"),
        Origin::Popular => ("best-seller", "badge-neutral"),
    }
}
