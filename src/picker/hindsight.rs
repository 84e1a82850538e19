//! What a model's order of customers is worth in buyers: the same question asked some time ago, of a model that knew no
//! more than was known then, and who bought since.
//!
//! What came of the first customers then is what may be expected of the first customers now. It counts everybody who buys,
//! because of an e-mail or not.

use super::behaviour::{self, Detail, Products, Weighing};
use super::build::{BuildError, Order, read_activity};
use super::live_model::{LiveModel, ModelHeader};
use super::reverse::{offered, ranked};
use crate::history::EventRange;
use crate::index::Index;
use crate::recommender::{ModelError, Params, Resources};
use crate::records::EventKind;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Points of the curve, beside its beginning.
const POINTS: usize = 100;
/// Of a two-sided interval of 90 %.
const Z: f64 = 1.645;
/// Anscombe's, which makes the root of a count nearly normal.
const ROOT: f64 = 0.375;

/// Who bought, of those who would have come first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hindsight {
    /// The customers were put in order at this moment.
    pub from: DateTime<Utc>,
    /// And could buy for so many days.
    pub days: u32,
    /// Customers with any interest then.
    pub customers: u64,
    /// How many of the first hundredth of them bought, of the first two, and so on; of none at the beginning.
    pub buyers: Vec<u64>,
}

/// A number of buyers, and between which numbers it lies nine times out of ten.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    pub low: f64,
    pub buyers: f64,
    pub high: f64,
}

#[derive(Debug, thiserror::Error)]
pub enum HindsightError {
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error("the model cannot be learnt from what was known {days} days ago: {why}")]
    Model { days: u32, why: ModelError },
}

impl HindsightError {
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Build(BuildError::Cancelled) | Self::Model { why: ModelError::Cancelled, .. })
    }
}

impl Hindsight {
    /// `ranks` of those who bought, from 0, ascending.
    fn new(from: DateTime<Utc>, days: u32, customers: usize, ranks: &[usize]) -> Self {
        let until = |point: usize| {
            let first = (customers * point).div_ceil(POINTS);
            ranks.partition_point(|&rank| rank < first) as u64
        };
        Self { from, days, customers: customers as u64, buyers: (0..=POINTS).map(until).collect() }
    }

    pub fn all_buyers(&self) -> u64 {
        self.buyers.last().copied().unwrap_or_default()
    }

    /// What may be expected of the first `first` of `of` customers in as many days.
    pub fn expected(&self, first: usize, of: usize) -> Expected {
        let share = (first as f64 / of.max(1) as f64).min(1.0);
        let exposure = share * self.customers as f64;
        let known = self.at(exposure);
        if exposure <= 0.0 {
            return Expected { low: 0.0, buyers: 0.0, high: 0.0 };
        }
        likewise(known, first as f64 / exposure, first as f64)
    }

    /// Buyers among the first so many customers then, between the points of the curve on a straight line.
    fn at(&self, first: f64) -> f64 {
        let points = self.buyers.len().max(2) - 1;
        let customers = |point: usize| (self.customers as usize * point).div_ceil(points) as f64;
        let buyers = |point: usize| self.buyers.get(point).copied().unwrap_or_default() as f64;
        let Some(above) = (1..=points).find(|&point| customers(point) >= first) else {
            return self.all_buyers() as f64;
        };
        let (from, to) = (customers(above - 1), customers(above));
        let part = if to > from { (first - from) / (to - from) } else { 1.0 };
        buyers(above - 1) + part * (buyers(above) - buyers(above - 1))
    }
}

/// What may be expected of `ratio` times as many people as those of whom `known` bought; of `most` at most.
///
/// *Source*: two Poisson counts whose exposures have the ratio r differ, in their roots, by a normal error of variance
/// (1 + r) ÷ 4 (Anscombe 1948); people buy rarely enough for a count of them to be one.
pub fn likewise(known: f64, ratio: f64, most: f64) -> Expected {
    let root = (ratio * (known + ROOT)).sqrt();
    let error = Z * (1.0 + ratio).sqrt() / 2.0;
    let buyers = ratio * known;
    let low = ((root - error).max(0.0).powi(2) - ROOT).max(0.0).min(buyers);
    let high = ((root + error).powi(2) - ROOT).clamp(buyers, most.max(buyers));
    Expected { low, buyers, high }
}

/// Asks for the order's products and customers as they would have been `days` before its moment.
///
/// *Cost*: reads the history three times, and learns once what the order's model was learnt with, from the last
/// `history_days`.
pub fn look_back(
    order: &Order<'_>,
    (days, history_days): (u32, u32),
    resources: &Resources<'_>,
) -> Result<Hindsight, HindsightError> {
    let progress = resources.progress;
    let then = order.as_of - TimeDelta::days(i64::from(days));
    let (catalogue, products) = offered(order, progress)?;
    let live = model_then(order, then, (days, history_days), resources)?;
    let activity = read_activity(order.snapshot, &catalogue, then, progress)?;
    let past = Order { as_of: then, live: &live.0, ..*order };
    let (customers, _) = ranked(&past, &products, (&activity, &catalogue), &live.1, progress)?;
    progress.phase("Looking who bought since", None);
    let rank_of: Index = customers.iter().map(|(id, _)| id).collect();
    let wanted: Index = products.iter().map(|&number| &catalogue.product(number).id).collect();
    let mut has_bought = vec![false; rank_of.len()];
    for events in order.snapshot.events(EventRange::between(then, order.as_of)).map_err(BuildError::from)? {
        for event in events.map_err(BuildError::from)?.iter() {
            let is_wanted = || event.product.is_some_and(|id| wanted.number(id).is_some());
            if event.kind == EventKind::Purchase
                && let Some(rank) = event.customer.and_then(|id| rank_of.number(id))
                && is_wanted()
            {
                has_bought[rank as usize] = true;
            }
        }
    }
    let ranks: Vec<usize> = (0..has_bought.len()).filter(|&rank| has_bought[rank]).collect();
    Ok(Hindsight::new(then, days, customers.len(), &ranks))
}

/// The order's model as it would have been then, and what it is asked about.
pub(super) fn model_then(
    order: &Order<'_>,
    then: DateTime<Utc>,
    (days, history_days): (u32, u32),
    resources: &Resources<'_>,
) -> Result<(LiveModel, behaviour::Behaviour), HindsightError> {
    let failed = |why| HindsightError::Model { days, why };
    let header = &order.live.header;
    let same = serde_json::from_value(header.params.clone());
    // A file from when parameters had other names: its kind as it is learnt today.
    let params: Params = match same {
        Ok(params) => params,
        Err(_) => Params::default_of(&header.kind).map_err(failed)?,
    };
    let progress = resources.progress;
    progress.phase("Learning from what was known then", None);
    let range = EventRange::between(then - TimeDelta::days(i64::from(history_days)), then);
    let described = if params.needs_items() { Products::DescribedThen } else { Products::Touched };
    let detail = Detail { events: params.needs_log(), products: described };
    let behaviour = behaviour::read(order.snapshot, range, then, &Weighing::default(), detail, progress);
    let behaviour = behaviour.map_err(BuildError::from)?;
    let model = params.fit(behaviour.observed(), resources).map_err(failed)?;
    let header = ModelHeader { cut_at: then, metrics: serde_json::Value::Null, ..header.clone() };
    let (customers, products) = (behaviour.customers.clone(), behaviour.products.clone());
    Ok((LiveModel { header, customers, products, model }, behaviour))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn hindsight(customers: usize, ranks: &[usize]) -> Hindsight {
        Hindsight::new(DateTime::UNIX_EPOCH, 14, customers, ranks)
    }

    #[test]
    fn the_curve_counts_buyers_by_rank() {
        let told = hindsight(200, &[0, 1, 5, 150]);
        let at = |point: usize| told.buyers[point];
        assert_eq!((at(0), at(1), at(2), at(3), at(74), at(76), at(100)), (0, 2, 2, 3, 3, 4, 4));
        // Half as many customers now: half as many buyers, at the same part of them.
        assert_eq!(told.expected(100, 100).buyers, 2.0);
        assert_eq!(told.expected(50, 100).buyers, 1.5);
        // Between two points on a straight line.
        assert!((told.expected(25, 1000).buyers - 12.5).abs() < 1e-9, "{:?}", told.expected(25, 1000));
        assert_eq!(told.expected(0, 100), Expected { low: 0.0, buyers: 0.0, high: 0.0 });
        // Nobody buys twice: of a few customers who all bought, as many are to be expected as there are.
        let all = hindsight(36, &(0..36).collect::<Vec<_>>());
        for first in 1..=36 {
            let told = all.expected(first, 36);
            assert!(
                (told.buyers - first as f64).abs() < 1e-9 && told.high <= first as f64 + 1e-9,
                "{told:?}"
            );
        }
        let few = hindsight(0, &[]);
        assert_eq!(few.expected(5, 10).buyers, 0.0);
    }

    /// People who buy or not by chance, then and again now: the interval holds as often as it says.
    #[test]
    fn nine_intervals_of_ten_hold_what_comes() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        for (customers_then, customers_now, chance) in
            [(2_000, 2_000, 0.004), (5_000, 10_000, 0.02), (4_000, 1_000, 0.05), (1_000, 1_000, 0.15)]
        {
            let mut held = 0;
            for _ in 0..600 {
                let ranks: Vec<usize> = (0..customers_then).filter(|_| random.random_bool(chance)).collect();
                let told = hindsight(customers_then, &ranks);
                let first = customers_now / 2;
                let comes = (0..first).filter(|_| random.random_bool(chance)).count() as f64;
                let Expected { low, high, .. } = told.expected(first, customers_now);
                held += usize::from(low.floor() <= comes && comes <= high.ceil());
            }
            let share = held as f64 / 600.0;
            assert!((0.87..=0.99).contains(&share), "{chance}: {share}");
        }
    }
}
