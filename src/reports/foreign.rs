//! Order lines in another currency, converted at their order's day.

use super::outcome::Line;
use super::rates::Rates;
use crate::index::Index;
use crate::money::Money;
use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;
use std::collections::HashMap;

/// Which lines of whom are in which currency; most shops have none.
#[derive(Default)]
pub struct Foreign {
    pub rates: Rates,
    currencies: Index,
    /// By person: the line's place, and its currency's number.
    lines: HashMap<u32, Vec<(usize, u32)>>,
}

/// What became of one person's lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Converted {
    pub converted: u64,
    /// There was no rate for their day.
    pub left_out: u64,
}

pub fn day_of(zone: Tz, at_us: i64) -> NaiveDate {
    DateTime::from_timestamp_micros(at_us).unwrap_or_default().with_timezone(&zone).date_naive()
}

impl Foreign {
    /// The person's line at that place is in another currency, of which there is a rate.
    pub fn mark(&mut self, person: u32, line: usize, currency: &str) {
        let currency = self.currencies.intern(&currency.to_uppercase());
        self.lines.entry(person).or_default().push((line, currency));
    }

    /// Puts the person's lines into the shop's currency and takes out those of which no rate is known. A refund is worth
    /// what its order was: it is converted at the order's day, when the order is among the lines.
    pub fn convert(
        &mut self,
        person: u32,
        lines: &mut Vec<Line>,
        zone: Tz,
        counts: impl Fn(i64) -> bool,
    ) -> Converted {
        let Some(marks) = self.lines.remove(&person) else { return Converted::default() };
        let ordered = |line: &Line| {
            let of_order = |one: &&Line| !one.refund && one.order.is_some() && one.order == line.order;
            lines.iter().find(of_order).map_or(line.at_us, |order| order.at_us)
        };
        let worth: Vec<Option<f64>> = marks
            .iter()
            .map(|(at, currency)| {
                let day = day_of(zone, ordered(&lines[*at]));
                self.rates.on(self.currencies.id(*currency), day)
            })
            .collect();
        let mut told = Converted::default();
        let mut gone = Vec::new();
        for ((at, _), rate) in marks.into_iter().zip(worth) {
            let is_told = u64::from(counts(lines[at].at_us));
            let value = lines[at].value;
            match rate.map(|rate| value.map(|value| Money::from_f64(value.as_f64() * rate))) {
                // An amount beyond all bounds is as good as none.
                Some(Some(None)) | None => {
                    gone.push(at);
                    told.left_out += is_told;
                }
                Some(value) => {
                    lines[at].value = value.flatten();
                    told.converted += is_told;
                }
            }
        }
        gone.into_iter().rev().for_each(|at| {
            lines.remove(at);
        });
        told
    }
}
