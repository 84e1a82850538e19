//! What makes a customer get a repeated campaign: nothing in particular, or something that happened since the last time.

use crate::history::{EventRange, HistoryError, Snapshot};
use crate::picker::catalogue::{Catalogue, in_stock};
use crate::picker::plan::Plan;
use crate::records::EventKind;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Who looked at a product so many days before it came back, or became cheaper, still remembers it.
const REMEMBERED: TimeDelta = TimeDelta::days(90);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Cause {
    /// Everybody of the audience, each time.
    #[default]
    Everybody,
    /// So many days after a purchase.
    AfterPurchase { days: u32 },
    /// So many days after the last purchase, and none since.
    Lapsed { days: u32 },
    /// What they looked at can be bought again.
    BackInStock,
    /// What they looked at costs less.
    PriceDrop,
}

impl Cause {
    /// In forms.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Everybody => "everybody",
            Self::AfterPurchase { .. } => "after_purchase",
            Self::Lapsed { .. } => "lapsed",
            Self::BackInStock => "back_in_stock",
            Self::PriceDrop => "price_drop",
        }
    }

    /// `None` for a name that is none.
    pub fn of(name: &str, days: u32) -> Option<Self> {
        let all = [
            Self::Everybody,
            Self::AfterPurchase { days },
            Self::Lapsed { days },
            Self::BackInStock,
            Self::PriceDrop,
        ];
        all.into_iter().find(|cause| cause.name() == name)
    }

    pub const fn days(self) -> Option<u32> {
        match self {
            Self::AfterPurchase { days } | Self::Lapsed { days } => Some(days),
            _ => None,
        }
    }

    /// Whether it compares the shelf with how it was.
    pub const fn needs_shelf(self) -> bool {
        matches!(self, Self::BackInStock | Self::PriceDrop)
    }

    pub fn in_words(self) -> String {
        match self {
            Self::Everybody => "everybody of the audience".into(),
            Self::AfterPurchase { days } => format!("who bought {days} days ago"),
            Self::Lapsed { days } => format!("who bought nothing for {days} days"),
            Self::BackInStock => "who looked at something that is back in stock".into(),
            Self::PriceDrop => "who looked at something that costs less now".into(),
        }
    }
}

/// Of each product that is for sale: whether it can be bought, and its price in hundredths.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Shelf(BTreeMap<String, (bool, Option<i64>)>);

impl Shelf {
    pub fn of(catalogue: &Catalogue) -> Self {
        let active = catalogue.products().iter().filter(|product| product.active);
        let price = |price: crate::money::Money| (price.as_f64() * 100.0).round() as i64;
        Self(active.map(|p| (p.id.clone(), (in_stock(p), p.price.map(price)))).collect())
    }

    /// The products for which `is_one` says so of how they were and are.
    fn changed(
        &self,
        before: &Self,
        is_one: impl Fn((bool, Option<i64>), (bool, Option<i64>)) -> bool,
    ) -> HashSet<String> {
        let both = self.0.iter().filter_map(|(id, now)| Some((id, *before.0.get(id)?, *now)));
        both.filter(|(_, before, now)| is_one(*before, *now)).map(|(id, ..)| id.clone()).collect()
    }
}

/// Narrows the plan to whom the cause struck between `since` and `until`, and to the products it is about. False when
/// that is nobody.
pub fn narrow(
    cause: Cause,
    plan: &mut Plan,
    snapshot: &Snapshot,
    (since, until): (DateTime<Utc>, DateTime<Utc>),
    (before, now): (Option<&Shelf>, &Shelf),
) -> Result<bool, HistoryError> {
    let struck = match cause {
        Cause::Everybody => return Ok(true),
        Cause::AfterPurchase { days } => bought_between(snapshot, shifted(since, until, days))?,
        Cause::Lapsed { days } => {
            let (from, to) = shifted(since, until, days);
            let mut quiet = bought_between(snapshot, (from, to))?;
            let later = bought_between(snapshot, (to, until))?;
            quiet.retain(|customer| !later.contains(customer));
            quiet
        }
        Cause::BackInStock | Cause::PriceDrop => {
            let Some(before) = before else { return Ok(false) };
            let changed = match cause {
                Cause::BackInStock => now.changed(before, |before, now| !before.0 && now.0),
                _ => now.changed(before, |before, now| {
                    now.0 && before.1.zip(now.1).is_some_and(|(before, now)| now < before)
                }),
            };
            let products = among(&plan.products.only, changed);
            let interested = interested_in(snapshot, &products, until)?;
            plan.products.only = sorted(products);
            interested
        }
    };
    plan.audience.only = sorted(among(&plan.audience.only, struck));
    Ok(!plan.audience.only.is_empty())
}

/// Those of `ids` whom the pattern itself names; all of them where it names none.
fn among(named: &[String], mut ids: HashSet<String>) -> HashSet<String> {
    let named: HashSet<&String> = named.iter().collect();
    ids.retain(|id| named.is_empty() || named.contains(id));
    ids
}

fn sorted(ids: HashSet<String>) -> Vec<String> {
    let mut ids: Vec<String> = ids.into_iter().collect();
    ids.sort_unstable();
    ids
}

fn shifted(since: DateTime<Utc>, until: DateTime<Utc>, days: u32) -> (DateTime<Utc>, DateTime<Utc>) {
    let days = TimeDelta::days(i64::from(days));
    (since - days, until - days)
}

fn bought_between(
    snapshot: &Snapshot,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<HashSet<String>, HistoryError> {
    let mut buyers = HashSet::new();
    for events in snapshot.events(EventRange::between(from, to))? {
        let events = events?;
        let purchases = events.iter().filter(|event| event.kind == EventKind::Purchase);
        buyers.extend(purchases.filter_map(|event| event.customer.map(str::to_owned)));
    }
    Ok(buyers)
}

/// Who looked at one of the products or put it into the basket, and did not buy it since.
fn interested_in(
    snapshot: &Snapshot,
    products: &HashSet<String>,
    until: DateTime<Utc>,
) -> Result<HashSet<String>, HistoryError> {
    // The last look and the last purchase of each pair; events come in no order.
    let mut last: HashMap<(String, String), (i64, i64)> = HashMap::new();
    if products.is_empty() {
        return Ok(HashSet::new());
    }
    for events in snapshot.events(EventRange::between(until - REMEMBERED, until))? {
        for event in events?.iter() {
            let (Some(customer), Some(product)) = (event.customer, event.product) else { continue };
            if !products.contains(product) {
                continue;
            }
            let pair = last.entry((customer.to_owned(), product.to_owned())).or_insert((i64::MIN, i64::MIN));
            match event.kind {
                EventKind::View | EventKind::Cart => pair.0 = pair.0.max(event.at_us),
                EventKind::Purchase => pair.1 = pair.1.max(event.at_us),
                _ => {}
            }
        }
    }
    let still = last.into_iter().filter(|(_, (look, purchase))| look > purchase);
    Ok(still.map(|((customer, _), _)| customer).collect())
}

#[cfg(test)]
#[path = "cause_tests.rs"]
mod tests;
