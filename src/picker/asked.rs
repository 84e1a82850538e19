//! An audience's condition, asked of many customers at a time.

use super::activity::Activity;
use super::catalogue::Catalogue;
use super::facts::{self, CustomerTable, SCHEMA};
use crate::conditions::{Bound, Condition, Root, Side, Table, compile};
use crate::records::Customer;
use chrono::{DateTime, Utc};

/// Customers asked at once: their facts are columns, of which a few thousand rows fit a cache.
const AT_ONCE: usize = 4_096;

/// Customers who wait to be asked, and what they are asked.
pub struct Asked<'a> {
    /// `None` for what cannot be understood: it holds for nobody. It was refused when it was written.
    condition: Option<Condition>,
    columns: Vec<usize>,
    known: (&'a Activity, &'a Catalogue),
    as_of: DateTime<Utc>,
    today: Table,
    table: CustomerTable<'a>,
    waiting: Vec<Box<str>>,
    missed: u64,
}

impl<'a> Asked<'a> {
    /// `None` when nothing is asked.
    pub fn new(text: &str, known: (&'a Activity, &'a Catalogue), as_of: DateTime<Utc>) -> Option<Self> {
        if text.trim().is_empty() {
            return None;
        }
        let condition = compile(text, SCHEMA).ok();
        let columns =
            condition.as_ref().map(|condition| condition.columns(Root::Customer)).unwrap_or_default();
        let table = CustomerTable::new(&columns, known, as_of);
        let today = facts::of_day(as_of.date_naive());
        Some(Self { condition, columns, known, as_of, today, table, waiting: Vec::new(), missed: 0 })
    }

    /// Adds to `ids` whom the condition holds for, when enough of them wait.
    pub fn push(&mut self, customer: Customer, ids: &mut Vec<Box<str>>) {
        self.table.push(&customer);
        self.waiting.push(customer.id.into_boxed_str());
        if self.waiting.len() == AT_ONCE {
            self.ask(ids);
        }
    }

    /// Asks the rest; answers how many the condition did not hold for.
    pub fn finish(mut self, ids: &mut Vec<Box<str>>) -> u64 {
        self.ask(ids);
        self.missed
    }

    fn ask(&mut self, ids: &mut Vec<Box<str>>) {
        let fresh = CustomerTable::new(&self.columns, self.known, self.as_of);
        let table = std::mem::replace(&mut self.table, fresh).finish();
        let bound = Bound::default()
            .with(Root::Customer, Side::Every(&table))
            .with(Root::Today, Side::Row(&self.today, 0));
        let held = self.condition.as_ref().map(|condition| condition.holds(&bound)).unwrap_or_default();
        let asked = self.waiting.len();
        let before = ids.len();
        ids.extend(self.waiting.drain(..).zip(held).filter_map(|(id, holds)| holds.then_some(id)));
        self.missed += (asked - (ids.len() - before)) as u64;
    }
}
