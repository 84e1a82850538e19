//! Why a row could not be used.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    NoId,
    UnreadableId,
    NoProduct,
    NoCustomer,
    NoTime,
    UnreadableTime,
    ZeroQuantity,
    UnreadableQuantity,
    UnreadableAmount,
    NegativePrice,
    UnknownKind,
    LeftOut,
}

impl Reason {
    /// In plain words, to follow a number of rows.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NoId => "have no id",
            Self::UnreadableId => "have an id that is neither a text nor a whole number",
            Self::NoProduct => "name no product",
            Self::NoCustomer => "name no customer, which this kind of event needs",
            Self::NoTime => "have no time",
            Self::UnreadableTime => "have a time that cannot be read, or one before 1900 or after 2200",
            Self::ZeroQuantity => "have the quantity zero",
            Self::UnreadableQuantity => "have a quantity that is no number",
            Self::UnreadableAmount => "have a price or value that is no amount of money",
            Self::NegativePrice => "have a negative price",
            Self::UnknownKind => "are of a kind that the mapping does not translate",
            Self::LeftOut => "are left out by the mapping",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// Counts ignored rows, and keeps the first id of each reason.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<Reason, (u64, Option<String>)>);

impl Tally {
    pub fn add(&mut self, reason: Reason, example: impl FnOnce() -> Option<String>) {
        let (rows, first) = self.0.entry(reason).or_default();
        *rows += 1;
        // Only the first hundred rows are asked: where they have no id, the rest will not have one either.
        if first.is_none() && *rows <= 100 {
            *first = example();
        }
    }

    /// Most rows first.
    pub fn counts(&self) -> Vec<(Reason, u64)> {
        let mut counts: Vec<_> = self.0.iter().map(|(reason, (rows, _))| (*reason, *rows)).collect();
        counts.sort_by_key(|(reason, rows)| (std::cmp::Reverse(*rows), *reason));
        counts
    }

    pub fn examples(&self) -> Vec<(Reason, String)> {
        self.0.iter().filter_map(|(reason, (_, id))| Some((*reason, id.clone()?))).collect()
    }
}
