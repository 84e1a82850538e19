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

    /// Becomes a copy of `other` in the memory it has.
    pub fn copy_from(&mut self, other: &Events) {
        self.clear();
        self.kinds.extend_from_slice(&other.kinds);
        self.at_us.extend_from_slice(&other.at_us);
        self.quantities.extend_from_slice(&other.quantities);
        self.values.extend_from_slice(&other.values);
        for (column, others) in [
            (&mut self.ids, &other.ids),
            (&mut self.customers, &other.customers),
            (&mut self.products, &other.products),
            (&mut self.orders, &other.orders),
            (&mut self.currencies, &other.currencies),
            (&mut self.sources, &other.sources),
        ] {
            column.extend(others.text(), others.offsets(), others.present().iter().copied());
        }
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

/// Optional texts, end to end in one buffer: laid out as Arrow lays out a string array, so that a whole column is
/// copied to and from Parquet at once.
#[derive(Debug, Clone)]
pub struct TextColumn {
    text: String,
    /// Where each text begins in the buffer, and, last, where the last one ends.
    offsets: Vec<i32>,
    present: Vec<bool>,
}

impl Default for TextColumn {
    fn default() -> Self {
        Self { text: String::new(), offsets: vec![0], present: Vec::new() }
    }
}

impl TextColumn {
    /// # Panics
    /// Beyond 2 GiB of text in one column of a batch.
    pub fn push(&mut self, text: Option<&str>) {
        self.text.push_str(text.unwrap_or_default());
        self.offsets.push(end_of(&self.text));
        self.present.push(text.is_some());
    }

    pub fn get(&self, at: usize) -> Option<&str> {
        self.present[at].then(|| &self.text[self.offsets[at] as usize..self.offsets[at + 1] as usize])
    }

    pub fn len(&self) -> usize {
        self.present.len()
    }

    pub fn is_empty(&self) -> bool {
        self.present.is_empty()
    }

    pub fn clear(&mut self) {
        self.text.clear();
        self.offsets.truncate(1);
        self.present.clear();
    }

    /// All texts end to end; an absent one has no length.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// One more than there are texts: text `i` is `text()[offsets()[i]..offsets()[i + 1]]`.
    pub fn offsets(&self) -> &[i32] {
        &self.offsets
    }

    pub fn present(&self) -> &[bool] {
        &self.present
    }

    /// Appends whole columns: `text` is cut at `offsets`, which begin at any number and grow.
    ///
    /// # Panics
    /// When there is not one offset more than there are flags; beyond 2 GiB of text.
    pub fn extend(&mut self, text: &str, offsets: &[i32], present: impl ExactSizeIterator<Item = bool>) {
        assert_eq!(offsets.len(), present.len() + 1, "each text has a beginning and an end");
        let moved = end_of(&self.text) - offsets[0];
        self.text.push_str(text);
        end_of(&self.text);
        self.offsets.extend(offsets[1..].iter().map(|offset| offset + moved));
        self.present.extend(present);
    }
}

fn end_of(text: &str) -> i32 {
    i32::try_from(text.len()).expect("invariant: a batch holds less than 2 GiB of text")
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
            let mut copy = events.clone();
            copy.copy_from(&events);
            assert_eq!(copy.iter().collect::<Vec<_>>(), [bought, seen]);
        }
    }
}
