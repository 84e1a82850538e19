//! What every customer did, by customer: for questions about one of them that must not cost a reading of the history.
//!
//! 16 bytes an event and as many more for what was bought or sent back: five million, a fifth of them bought, take 96 MB.

use super::catalogue::Catalogue;
use crate::history::{EventRange, HistoryError, Snapshot};
use crate::index::Index;
use crate::money::Money;
use crate::records::{Event, EventKind, Events};
use chrono::{DateTime, Utc};
use std::hash::{DefaultHasher, Hash, Hasher};

/// A product of no number: the event concerns none.
const NONE: u32 = u32::MAX;

/// One thing somebody did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Done {
    /// Microseconds since 1970.
    pub at_us: i64,
    product: u32,
    /// The kind in the lowest bits; above them which line tells more, or 0.
    kind_and_line: u32,
}

const _: () = assert!(size_of::<Done>() == 16);

const KIND_BITS: u32 = 3;
const KINDS: [EventKind; 7] = [
    EventKind::View,
    EventKind::Cart,
    EventKind::Purchase,
    EventKind::Refund,
    EventKind::Click,
    EventKind::Open,
    EventKind::Unsubscribe,
];

impl Done {
    pub fn kind(&self) -> EventKind {
        KINDS[(self.kind_and_line & ((1 << KIND_BITS) - 1)) as usize]
    }
}

/// What else is told of what was bought, or sent back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    pub value: Money,
    pub quantity: f32,
    /// Lines of the same order by the same customer share it; of no meaning for what is no purchase.
    pub order: u32,
}

/// Of what is done by looking.
const PLAIN: Line = Line { value: Money::ZERO, quantity: 1.0, order: 0 };

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
    lines: Vec<Line>,
    /// When the first and the last thing was done.
    span_us: Option<(i64, i64)>,
}

impl Pasts {
    /// *Cost*: one pass, and 40 bytes an event while they are sorted.
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
        self.customers.number(customer).map_or(&[], |number| self.row(number))
    }

    /// The same by the customer's number among those who did anything.
    ///
    /// # Panics
    /// When there are not so many, as slices do.
    pub fn row(&self, customer: u32) -> &[Done] {
        &self.done[self.starts[customer as usize]..self.starts[customer as usize + 1]]
    }

    pub fn guests(&self) -> &[Done] {
        &self.done[self.starts[self.customers.len()]..]
    }

    /// Every customer's deeds, and last those of guests.
    pub fn rows(&self) -> impl Iterator<Item = (Option<&str>, &[Done])> {
        let customers = self.starts.windows(2).zip(self.customers.ids());
        let customers = customers.map(|(ends, id)| (Some(id), &self.done[ends[0]..ends[1]]));
        customers.chain([(None, self.guests())])
    }

    /// When the first thing was done.
    pub fn first(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.span_us?.0)
    }

    /// When the last thing was done.
    pub fn last(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.span_us?.1)
    }

    /// The product's number in the catalogue.
    pub fn product(&self, done: &Done) -> Option<u32> {
        self.catalogued.get(done.product as usize).copied().flatten()
    }

    /// The number of the product's id among those that events name.
    pub fn named(&self, done: &Done) -> Option<u32> {
        (done.product != NONE).then_some(done.product)
    }

    pub fn line(&self, done: &Done) -> Line {
        match done.kind_and_line >> KIND_BITS {
            0 => PLAIN,
            line => self.lines[line as usize - 1],
        }
    }

    /// As the event it was, without what only the history keeps.
    pub fn event<'a>(&'a self, customer: &'a str, done: &Done) -> Event<'a> {
        let line = self.line(done);
        Event {
            id: None,
            kind: done.kind(),
            at_us: done.at_us,
            customer: Some(customer),
            product: (done.product != NONE).then(|| self.products.id(done.product)),
            order: None,
            quantity: f64::from(line.quantity),
            value: Some(line.value),
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
    lines: Vec<Line>,
}

impl Found {
    fn add(&mut self, events: &Events) {
        for event in events.iter() {
            let customer = event.customer.map_or(NONE, |id| self.customers.intern(id));
            let product = event.product.map_or(NONE, |id| self.products.intern(id));
            let done = self.done(&event, product);
            self.done.push((customer, done));
        }
    }

    /// # Panics
    /// With half a milliard lines: eight gigabytes of them.
    fn done(&mut self, event: &Event<'_>, product: u32) -> Done {
        let value = event.value.unwrap_or(Money::ZERO);
        let mut line = Line { value, quantity: event.quantity as f32, ..PLAIN };
        if matches!(event.kind, EventKind::Purchase | EventKind::Refund) {
            line.order = basket(event);
        }
        let mut number = 0;
        if line != PLAIN {
            self.lines.push(line);
            number = self.lines.len() as u32;
            assert!(number < 1 << (32 - KIND_BITS), "too many lines for this machine");
        }
        let kind = KINDS.iter().position(|kind| *kind == event.kind).unwrap_or_default() as u32;
        Done { at_us: event.at_us, product, kind_and_line: number << KIND_BITS | kind }
    }

    fn sorted(self, catalogue: &Catalogue) -> Pasts {
        let Self { customers, products, done: found, lines } = self;
        // Guests' events stand after the last customer's.
        let row = |customer: u32| (customer as usize).min(customers.len());
        let mut starts = vec![0; customers.len() + 2];
        found.iter().for_each(|(customer, _)| starts[row(*customer) + 1] += 1);
        for customer in 0..=customers.len() {
            starts[customer + 1] += starts[customer];
        }
        let mut next = starts.clone();
        let mut done = found.iter().map(|(_, done)| *done).collect::<Vec<_>>();
        for (customer, one) in found {
            let at = &mut next[row(customer)];
            done[*at] = one;
            *at += 1;
        }
        starts.pop();
        let catalogued = products.ids().map(|id| catalogue.number(id)).collect();
        let ends = done.iter().map(|done| done.at_us);
        let span_us = ends.clone().min().zip(ends.max());
        Pasts { customers, products, catalogued, starts, done, lines, span_us }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_what_is_read_back() {
        let catalogue = Catalogue::new(Vec::new());
        let mut events = Events::default();
        for (nth, kind) in (0..).zip(KINDS) {
            events.push(Event {
                id: None,
                kind,
                at_us: nth,
                customer: (nth != 4).then_some("c"),
                product: (nth % 3 != 0).then_some("p"),
                order: Some("1"),
                quantity: if nth == 1 { 2.5 } else { 1.0 },
                value: (nth == 2).then(|| Money::from_units(9)),
                currency: None,
                source: "orders",
            });
        }
        let pasts = Pasts::of_events([&events], &catalogue);
        assert_eq!((pasts.of("c").len(), pasts.guests().len()), (6, 1));
        for (customer, row) in pasts.rows() {
            for done in row {
                let (read, was) = (pasts.event("c", done), events.get(done.at_us as usize));
                assert_eq!((read.kind, read.product, read.quantity), (was.kind, was.product, was.quantity));
                assert_eq!(read.value, was.value.or(Some(Money::ZERO)));
                assert_eq!(customer, was.customer);
            }
        }
        let at = |us: i64| DateTime::from_timestamp_micros(us);
        assert_eq!((pasts.first(), pasts.last()), (at(0), at(6)));
    }
}
