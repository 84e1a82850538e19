//! From events to interactions: how much each customer's deeds speak for each product, at a moment.

use super::describe;
use crate::history::{EventRange, HistoryError, Snapshot};
use crate::index::Index;
use crate::progress::Progress;
use crate::recommender::{Deed, Descriptions, Interactions, Kind, Log, Observed};
use crate::records::{Event, EventKind};
use chrono::{DateTime, Utc};

/// Customers × products, with the dictionaries of both.
pub struct Behaviour {
    pub customers: Index,
    pub products: Index,
    pub interactions: Interactions,
    /// Every event by itself, when it was asked for.
    pub log: Option<Log>,
    /// What the products are, when it was asked for.
    pub descriptions: Option<Descriptions>,
}

impl Behaviour {
    pub fn observed(&self) -> Observed<'_> {
        Observed {
            interactions: &self.interactions,
            log: self.log.as_ref(),
            items: self.descriptions.as_ref(),
        }
    }
}

/// What is kept beside one weight for each pair of customer and product.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Detail {
    /// The events one by one, for models of what followed what. 13 bytes each, 37 while they are sorted.
    pub events: bool,
    pub products: Products,
}

/// Which products are known, and what is known of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Products {
    /// Those that somebody did something with, by their ids alone.
    #[default]
    Touched,
    /// What they are, and likewise what else was certainly for sale at the moment: the shop says since when.
    DescribedThen,
    /// What they are, and likewise what else is for sale now.
    DescribedNow,
}

/// What an event is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weighing {
    /// A view says little, but there are twenty of them for each purchase.
    pub view: f32,
    pub cart: f32,
    pub purchase: f32,
    /// After so many days an event is worth half. Half a year keeps last year's season at a quarter.
    pub half_life_days: f32,
}

impl Default for Weighing {
    fn default() -> Self {
        Self { view: 0.05, cart: 0.2, purchase: 1.0, half_life_days: 180.0 }
    }
}

impl Weighing {
    /// Only purchases, all worth the same: what a model is measured on.
    pub fn purchases() -> Self {
        Self { view: 0.0, cart: 0.0, purchase: 1.0, half_life_days: f32::INFINITY }
    }

    /// A refund takes back what the purchase gave. Pieces count by their logarithm: twelve glasses are one decision.
    fn of(&self, kind: EventKind, quantity: f64, age_days: f32) -> f32 {
        let pieces = (1.0 + quantity.max(0.0)).log2() as f32;
        let worth = match kind {
            EventKind::View => self.view,
            EventKind::Cart => self.cart,
            EventKind::Purchase => self.purchase * pieces,
            EventKind::Refund => -self.purchase * pieces,
            EventKind::Click | EventKind::Open | EventKind::Unsubscribe => 0.0,
        };
        worth * (-age_days.max(0.0) / self.half_life_days).exp2()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum BehaviourError {
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error("cancelled")]
    Cancelled,
}

/// Reads the events of `range` as they look from `as_of`. Guests and events without a product are left out. Products
/// that nobody touched have the highest numbers.
///
/// *Cost*: one pass; 12 bytes an event while it is read.
pub fn read(
    snapshot: &Snapshot,
    range: EventRange,
    as_of: DateTime<Utc>,
    weighing: &Weighing,
    detail: Detail,
    progress: &dyn Progress,
) -> Result<Behaviour, BehaviourError> {
    let mut gathered = Gathered::new(as_of, *weighing, detail);
    for events in snapshot.events(range)? {
        if progress.cancelled() {
            return Err(BehaviourError::Cancelled);
        }
        let events = events?;
        events.iter().for_each(|event| gathered.add(&event));
        progress.advance(events.len() as u64);
    }
    let mut products = std::mem::take(&mut gathered.products);
    let descriptions = match detail.products {
        Products::Touched => None,
        Products::DescribedThen => Some(describe::all(snapshot, &mut products, |product| {
            product.active && product.created_at.is_some_and(|at| at < as_of)
        })?),
        Products::DescribedNow => Some(describe::all(snapshot, &mut products, |product| product.active)?),
    };
    Ok(gathered.finish(products, descriptions))
}

/// What some customers did, as it looks from `as_of`: the same numbers for each as [`read`] finds for all.
pub fn of_some<'a>(
    events: impl Iterator<Item = Event<'a>>,
    as_of: DateTime<Utc>,
    weighing: &Weighing,
    detail: Detail,
) -> Behaviour {
    let mut gathered = Gathered::new(as_of, *weighing, detail);
    events.for_each(|event| gathered.add(&event));
    let products = std::mem::take(&mut gathered.products);
    gathered.finish(products, None)
}

/// Events on their way to interactions.
struct Gathered {
    as_of_us: i64,
    weighing: Weighing,
    with_log: bool,
    customers: Index,
    products: Index,
    triples: Vec<(u32, u32, f32)>,
    deeds: Vec<Deed>,
}

impl Gathered {
    fn new(as_of: DateTime<Utc>, weighing: Weighing, detail: Detail) -> Self {
        Self {
            as_of_us: as_of.timestamp_micros(),
            weighing,
            with_log: detail.events,
            customers: Index::new(),
            products: Index::new(),
            triples: Vec::new(),
            deeds: Vec::new(),
        }
    }

    fn add(&mut self, event: &Event<'_>) {
        const DAY_US: f32 = 86_400.0 * 1e6;
        let (Some(customer), Some(product)) = (event.customer, event.product) else { return };
        let age_days = (self.as_of_us - event.at_us) as f32 / DAY_US;
        let weight = self.weighing.of(event.kind, event.quantity, age_days);
        if weight == 0.0 {
            return;
        }
        let (user, item) = (self.customers.intern(customer), self.products.intern(product));
        self.triples.push((user, item, weight));
        if let (true, Some(kind)) = (self.with_log, kind_of(event.kind)) {
            self.deeds.push(Deed { user, item, kind, at: event.at_us.div_euclid(1_000_000) });
        }
    }

    /// `products`: those gathered, and others after them.
    fn finish(self, products: Index, descriptions: Option<Descriptions>) -> Behaviour {
        let Self { customers, triples, mut deeds, .. } = self;
        let interactions = Interactions::from_triples(customers.len(), products.len(), triples);
        let log = self.with_log.then(|| {
            // What was sent back whole is no deed.
            deeds.retain(|deed| interactions.row(deed.user).0.binary_search(&deed.item).is_ok());
            Log::from_deeds(customers.len(), products.len(), deeds)
        });
        Behaviour { customers, products, interactions, log, descriptions }
    }
}

/// `None` for what takes back rather than does.
fn kind_of(kind: EventKind) -> Option<Kind> {
    match kind {
        EventKind::View => Some(Kind::View),
        EventKind::Cart => Some(Kind::Cart),
        EventKind::Purchase => Some(Kind::Purchase),
        EventKind::Click => Some(Kind::Click),
        EventKind::Refund | EventKind::Open | EventKind::Unsubscribe => None,
    }
}

/// The same customers and products as `known`: whoever and whatever is not among them is left out.
pub fn read_known(
    snapshot: &Snapshot,
    range: EventRange,
    weighing: &Weighing,
    known: &Behaviour,
) -> Result<Interactions, BehaviourError> {
    let mut triples = Vec::new();
    for events in snapshot.events(range)? {
        for event in events?.iter() {
            let number = |index: &Index, id: Option<&str>| id.and_then(|id| index.number(id));
            let customer = number(&known.customers, event.customer);
            let product = number(&known.products, event.product);
            if let (Some(customer), Some(product)) = (customer, product) {
                triples.push((customer, product, weighing.of(event.kind, event.quantity, 0.0)));
            }
        }
    }
    Ok(Interactions::from_triples(known.customers.len(), known.products.len(), triples))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_worth_what_was_worked_out_by_hand() {
        let weighing = Weighing::default();
        assert_eq!(weighing.of(EventKind::Purchase, 1.0, 0.0), 1.0);
        assert_eq!(weighing.of(EventKind::Purchase, 3.0, 180.0), 1.0, "two doublings, half as much");
        assert_eq!(weighing.of(EventKind::Refund, 1.0, 0.0), -1.0);
        assert_eq!(weighing.of(EventKind::Open, 1.0, 0.0), 0.0);
        assert_eq!(Weighing::purchases().of(EventKind::Purchase, 1.0, 9000.0), 1.0);
    }
}
