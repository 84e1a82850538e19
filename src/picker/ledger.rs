//! A version of the history kept at hand, and how the shop stood at a moment: what questions about picks are asked of.

use super::activity::{self, Activity};
use super::build::BuildError;
use super::catalogue::Catalogue;
use super::past::Pasts;
use super::people::People;
use crate::history::Snapshot;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// What does not depend on the moment from which it is looked at.
pub struct Ledger {
    pub version: u64,
    pub catalogue: Catalogue,
    pub people: People,
    pub pasts: Pasts,
}

impl Ledger {
    /// *Cost*: reads the history once.
    pub fn open(snapshot: &Snapshot) -> Result<Self, BuildError> {
        let catalogue = Catalogue::new(snapshot.products()?);
        let people = People::read(snapshot.customers()?)?;
        let pasts = Pasts::read(snapshot, &catalogue)?;
        Ok(Self { version: snapshot.version(), catalogue, people, pasts })
    }
}

/// The shop as it stood at a moment: nothing at or after it is known. Products stand as they are today, because a
/// shop's table does not say what they were.
pub struct Standing {
    pub ledger: Arc<Ledger>,
    pub as_of: DateTime<Utc>,
    pub activity: Activity,
    pub spread: Spread,
}

/// How the shop's buyers lie, each ascending.
pub struct Spread {
    pub orders: Vec<f64>,
    pub spent: Vec<f64>,
    /// Days since the last purchase.
    pub days: Vec<f64>,
}

impl Standing {
    /// *Cost*: a pass over all that was done, in memory, and a sort of the purchases.
    pub fn at(ledger: Arc<Ledger>, as_of: DateTime<Utc>) -> Self {
        let mut builder = activity::Builder::new(&ledger.catalogue, as_of);
        builder.add_pasts(&ledger.pasts);
        let activity = builder.finish();
        let buyers: Vec<_> = (0..activity.customers.len() as u32)
            .map(|number| activity.facts(Some(number)))
            .filter(|facts| facts.orders > 0)
            .collect();
        let sorted = |mut all: Vec<f64>| {
            all.sort_unstable_by(f64::total_cmp);
            all
        };
        let now_us = as_of.timestamp_micros();
        let days = |last: i64| (now_us - last) as f64 / 86_400e6;
        let spread = Spread {
            orders: sorted(buyers.iter().map(|facts| f64::from(facts.orders)).collect()),
            spent: sorted(buyers.iter().map(|facts| facts.spent.as_f64()).collect()),
            days: sorted(buyers.iter().filter_map(|facts| facts.last_purchase_us).map(days).collect()),
        };
        Self { ledger, as_of, activity, spread }
    }
}

impl Spread {
    /// The share of `sorted` that lies below `value`, from 0 to 1; 0 of none.
    pub fn share_below(sorted: &[f64], value: f64) -> f64 {
        sorted.partition_point(|&other| other < value) as f64 / sorted.len().max(1) as f64
    }
}
