//! Events as columns: a batch of them costs a handful of allocations, not five per event.

use super::EventKind;
use crate::money::Money;
use chrono::{DateTime, Utc};

/// One thing a customer did, borrowed from the batch or row it stands in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event<'a> {
    /// The shop's own id of it, when there is one: what makes two readings the same event.
    pub id: Option<&'a str>,
    pub kind: EventKind,
    /// Microseconds since 1970, UTC.
    pub at_us: i64,
    /// `None` for guests.
    pub customer: Option<&'a str>,
    /// `None` for events that concern no product (unsubscribe).
    pub product: Option<&'a str>,
    /// The order's number, for purchases and refunds.
    pub order: Option<&'a str>,
    /// Always positive; a refund says so by its kind.
    pub quantity: f64,
    /// Of the whole line: quantity × unit price. Never negative.
    pub value: Option<Money>,
    pub currency: Option<&'a str>,
    /// The mapping or API client it came from.
    pub source: &'a str,
}

impl Event<'_> {
    /// # Panics
    /// Never for times that a source accepted: those lie within the calendar's range.
    pub fn at(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.at_us).unwrap_or_default()
    }
}

/// A batch of events, column by column.
#[derive(Debug, Clone, Default)]
pub struct Events {
    pub kinds: Vec<EventKind>,
    pub at_us: Vec<i64>,
    pub quantities: Vec<f64>,
    pub values: Vec<Option<Money>>,
    pub ids: TextColumn,
    pub customers: TextColumn,
    pub products: TextColumn,
    pub orders: TextColumn,
    pub currencies: TextColumn,
    pub sources: TextColumn,
}

impl Events {
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    pub fn push(&mut self, event: Event<'_>) {
        self.kinds.push(event.kind);
        self.at_us.push(event.at_us);
        self.quantities.push(event.quantity);
        self.values.push(event.value);
        self.ids.push(event.id);
        self.customers.push(event.customer);
        self.products.push(event.product);
        self.orders.push(event.order);
        self.currencies.push(event.currency);
        self.sources.push(Some(event.source));
    }

    /// # Panics
    /// When `at` is not below [`Events::len`], as slices do.
    pub fn get(&self, at: usize) -> Event<'_> {
        Event {
            id: self.ids.get(at),
            kind: self.kinds[at],
            at_us: self.at_us[at],
            customer: self.customers.get(at),
            product: self.products.get(at),
            order: self.orders.get(at),
            quantity: self.quantities[at],
            value: self.values[at],
            currency: self.currencies.get(at),
            source: self.sources.get(at).unwrap_or_default(),
        }
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = Event<'_>> {
        (0..self.len()).map(|at| self.get(at))
    }

    /// Empties the batch and keeps its memory for the next one.
    pub fn clear(&mut self) {
        self.kinds.clear();
        self.at_us.clear();
        self.quantities.clear();
        self.values.clear();
        for column in [
            &mut self.ids,
            &mut self.customers,
            &mut self.products,
            &mut self.orders,
            &mut self.currencies,
            &mut self.sources,
        ] {
            column.clear();
        }
    }
}

/// Optional texts, end to end in one buffer.
#[derive(Debug, Clone, Default)]
pub struct TextColumn {
    text: String,
    /// Where each text ends in the buffer.
    ends: Vec<usize>,
    present: Vec<bool>,
}

impl TextColumn {
    pub fn push(&mut self, text: Option<&str>) {
        self.text.push_str(text.unwrap_or_default());
        self.ends.push(self.text.len());
        self.present.push(text.is_some());
    }

    pub fn get(&self, at: usize) -> Option<&str> {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        self.present[at].then(|| &self.text[start..self.ends[at]])
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.present.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_gives_back_what_was_pushed_and_can_be_used_again() {
        let mut events = Events::default();
        let bought = Event {
            id: None,
            kind: EventKind::Purchase,
            at_us: 1,
            customer: Some("c"),
            product: Some(""),
            order: Some("o1"),
            quantity: 2.0,
            value: Some(Money::from_units(3)),
            currency: None,
            source: "orders",
        };
        let seen = Event { id: Some("e"), kind: EventKind::View, order: None, ..bought };
        for _ in 0..2 {
            events.clear();
            events.push(bought);
            events.push(seen);
            assert_eq!(events.iter().collect::<Vec<_>>(), [bought, seen]);
        }
    }
}
