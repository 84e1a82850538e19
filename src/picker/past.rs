//! What every customer did, by customer: for questions about one of them that must not cost a reading of the history.
//!
//! 32 bytes an event, so five million take 160 MB.

use super::catalogue::Catalogue;
use crate::history::{EventRange, HistoryError, Snapshot};
use crate::index::Index;
use crate::money::Money;
use crate::records::{Event, EventKind, Events};
use std::hash::{DefaultHasher, Hash, Hasher};

/// A product of no number: the event concerns none.
const NONE: u32 = u32::MAX;

/// One thing somebody did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Done {
    /// Microseconds since 1970.
    pub at_us: i64,
    value: Money,
    product: u32,
    quantity: f32,
    /// Lines of the same order by the same customer share it; of no meaning for what is no purchase.
    pub order: u32,
    pub kind: EventKind,
}

/// All events, customer by customer, each one's as the history stores them; then those of guests.
pub struct Pasts {
    pub customers: Index,
    /// Every product that an event names, also those the shop has no more.
    pub products: Index,
    /// By product: its number in the catalogue.
    catalogued: Vec<Option<u32>>,
    /// Row `c` is `starts[c]..starts[c + 1]`; what follows the last is the guests'.
    starts: Vec<usize>,
    done: Vec<Done>,
}

impl Pasts {
    /// *Cost*: one pass, and 72 bytes an event while they are sorted.
    pub fn read(snapshot: &Snapshot, catalogue: &Catalogue) -> Result<Self, HistoryError> {
        let mut found = Found::default();
        for events in snapshot.events(EventRange::all())? {
            found.add(&events?);
        }
        Ok(found.sorted(catalogue))
    }

    pub fn of_events<'a>(batches: impl IntoIterator<Item = &'a Events>, catalogue: &Catalogue) -> Self {
        let mut found = Found::default();
        batches.into_iter().for_each(|events| found.add(events));
        found.sorted(catalogue)
    }

    /// What a customer did; empty for whoever did nothing.
    pub fn of(&self, customer: &str) -> &[Done] {
        match self.customers.number(customer) {
            Some(number) => &self.done[self.starts[number as usize]..self.starts[number as usize + 1]],
            None => &[],
        }
    }

    /// Every customer's deeds, and last those of guests.
    pub fn rows(&self) -> impl Iterator<Item = (Option<&str>, &[Done])> {
        let customers = self.starts.windows(2).zip(self.customers.ids());
        let guests = &self.done[self.starts[self.customers.len()]..];
        customers.map(|(ends, id)| (Some(id), &self.done[ends[0]..ends[1]])).chain([(None, guests)])
    }

    /// When the first thing was done.
    pub fn first_us(&self) -> Option<i64> {
        self.done.iter().map(|done| done.at_us).min()
    }

    /// The product's number in the catalogue.
    pub fn product(&self, done: &Done) -> Option<u32> {
        self.catalogued.get(done.product as usize).copied().flatten()
    }

    /// As the event it was, without what only the history keeps.
    pub fn event<'a>(&'a self, customer: &'a str, done: &Done) -> Event<'a> {
        Event {
            id: None,
            kind: done.kind,
            at_us: done.at_us,
            customer: Some(customer),
            product: (done.product != NONE).then(|| self.products.id(done.product)),
            order: None,
            quantity: f64::from(done.quantity),
            value: Some(done.value),
            currency: None,
            source: "",
        }
    }
}

/// Events as they come.
#[derive(Default)]
struct Found {
    customers: Index,
    products: Index,
    done: Vec<(u32, Done)>,
}

impl Found {
    fn add(&mut self, events: &Events) {
        for event in events.iter() {
            let customer = event.customer.map_or(NONE, |id| self.customers.intern(id));
            let product = event.product.map_or(NONE, |id| self.products.intern(id));
            self.done.push((customer, done(&event, product)));
        }
    }

    fn sorted(self, catalogue: &Catalogue) -> Pasts {
        let Self { customers, products, done: found } = self;
        // Guests' events stand after the last customer's.
        let row = |customer: u32| (customer as usize).min(customers.len());
        let mut starts = vec![0; customers.len() + 2];
        found.iter().for_each(|(customer, _)| starts[row(*customer) + 1] += 1);
        for customer in 0..=customers.len() {
            starts[customer + 1] += starts[customer];
        }
        let mut next = starts.clone();
        let mut sorted = vec![None; found.len()];
        for (customer, done) in found {
            let at = &mut next[row(customer)];
            sorted[*at] = Some(done);
            *at += 1;
        }
        starts.pop();
        let catalogued = products.ids().map(|id| catalogue.number(id)).collect();
        Pasts { customers, products, catalogued, starts, done: sorted.into_iter().flatten().collect() }
    }
}

fn done(event: &Event<'_>, product: u32) -> Done {
    Done {
        at_us: event.at_us,
        value: event.value.unwrap_or(Money::ZERO),
        product,
        quantity: event.quantity as f32,
        order: basket(event),
        kind: event.kind,
    }
}

/// Lines without an order's number that were bought at the same moment are one order.
fn basket(event: &Event<'_>) -> u32 {
    // Its keys are fixed, so that every run finds the same.
    let mut hasher = DefaultHasher::new();
    match event.order {
        Some(order) => order.hash(&mut hasher),
        None => (event.customer, event.at_us).hash(&mut hasher),
    }
    hasher.finish() as u32
}

impl Done {
    pub fn value(&self) -> Money {
        self.value
    }

    pub fn quantity(&self) -> f64 {
        f64::from(self.quantity)
    }
}
