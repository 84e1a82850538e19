//! Who did what an audience asks for, from one pass over the events.

use super::catalogue::{Catalogue, in_category};
use super::plan::{Deed, What};
use crate::history::{EventRange, HistoryError, Snapshot};
use crate::index::Index;
use crate::records::{EventKind, Events};
use chrono::{DateTime, TimeDelta, Utc};

/// For each deed the customers who did it: a bit for each customer who did any.
#[derive(Default)]
pub struct Deeds {
    customers: Index,
    done: Vec<Vec<bool>>,
}

/// A deed, ready to be asked of events.
struct Wanted {
    kind: EventKind,
    since_us: i64,
    /// By catalogue number; `None`: with any product, also one the catalogue does not know.
    products: Option<Vec<bool>>,
}

impl Wanted {
    fn of(deed: &Deed, catalogue: &Catalogue, as_of: DateTime<Utc>) -> Self {
        let since = deed.within_days.map(|days| as_of - TimeDelta::days(i64::from(days)));
        let is_meant = |product: &crate::records::Product| {
            (deed.product.is_empty() || product.id == deed.product)
                && (deed.category.is_empty() || in_category(product.category.as_deref(), &deed.category))
        };
        let is_any = deed.product.is_empty() && deed.category.is_empty();
        Self {
            kind: match deed.what {
                What::Bought => EventKind::Purchase,
                What::Viewed => EventKind::View,
                What::Carted => EventKind::Cart,
                What::Clicked => EventKind::Click,
            },
            since_us: since.map_or(i64::MIN, |since| since.timestamp_micros()),
            products: (!is_any).then(|| catalogue.products().iter().map(is_meant).collect()),
        }
    }
}

impl Deeds {
    /// Nothing at or after `as_of` is looked at. *Cost*: a pass over the events, and none without deeds.
    pub fn read(deeds: &[Deed], snapshot: &Snapshot, as_of: DateTime<Utc>) -> Result<Self, HistoryError> {
        let mut all = Self { customers: Index::new(), done: vec![Vec::new(); deeds.len()] };
        if deeds.is_empty() {
            return Ok(all);
        }
        let catalogue = &Catalogue::new(snapshot.products()?);
        let wanted: Vec<Wanted> = deeds.iter().map(|deed| Wanted::of(deed, catalogue, as_of)).collect();
        for events in snapshot.events(EventRange::before(as_of))? {
            all.add(&events?, &wanted, catalogue);
        }
        Ok(all)
    }

    fn add(&mut self, events: &Events, wanted: &[Wanted], catalogue: &Catalogue) {
        for at in 0..events.len() {
            let (kind, at_us) = (events.kinds[at], events.at_us[at]);
            let mut asking = wanted.iter().map(|one| one.kind == kind && at_us >= one.since_us);
            if !asking.any(|asks| asks) {
                continue;
            }
            let event = events.get(at);
            let Some(customer) = event.customer else { continue };
            let product = event.product.and_then(|id| catalogue.number(id));
            for (one, done) in wanted.iter().zip(&mut self.done) {
                let is_meant = one
                    .products
                    .as_ref()
                    .is_none_or(|products| product.is_some_and(|product| products[product as usize]));
                if one.kind == kind && at_us >= one.since_us && is_meant {
                    let number = self.customers.intern(customer) as usize;
                    if done.len() <= number {
                        done.resize(number + 1, false);
                    }
                    done[number] = true;
                }
            }
        }
    }

    /// Whether nobody did the deed of that number.
    pub fn is_idle(&self, deed: usize) -> bool {
        self.done.get(deed).is_none_or(Vec::is_empty)
    }

    /// Whether the customer did the deed of that number.
    pub fn has_done(&self, deed: usize, customer: &str) -> bool {
        let number = self.customers.number(customer);
        let done = self.done.get(deed);
        number.zip(done).is_some_and(|(number, done)| done.get(number as usize) == Some(&true))
    }
}
