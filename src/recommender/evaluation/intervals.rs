//! Whether a figure, or the difference of two models, is more than chance.

use super::{Evaluation, Metric};
use crate::recommender::models::Random;
use rayon::prelude::*;

/// Resamples drawn; the interval's ends are then stable to about a fortieth of its length.
const RESAMPLES: usize = 2000;

/// Beyond so many users they are drawn in groups of equal size, put together by chance: the mean over such groups
/// varies as the mean over users does, and two million users would take a minute for each model.
const MOST_DRAWN: usize = 20_000;

/// Means with their 95 % intervals: low, mean, high for each of `columns`.
///
/// Percentile bootstrap over users (Efron, Tibshirani 1993, chapter 13). All columns see the same draws. *Shapes*:
/// columns of one length, an entry a user; empty ones give zeros. *Cost*: 2000 × min(users, 20,000) × columns.
pub fn mean_intervals(columns: &[&[f64]], seed: u64) -> Vec<[f64; 3]> {
    let users = columns.iter().map(|column| column.len()).min().unwrap_or(0);
    if users == 0 {
        return vec![[0.0; 3]; columns.len()];
    }
    let (sums, sizes) = drawn(columns, users, seed);
    let (width, groups) = (columns.len(), sizes.len());
    let means: Vec<Vec<f64>> = (0..RESAMPLES as u64)
        .into_par_iter()
        .map(|resample| {
            let mut random = Random(seed ^ resample.wrapping_mul(0xd134_2543_de82_ef95));
            let (mut totals, mut count) = (vec![0.0; width], 0.0);
            for _ in 0..groups {
                let at = (random.uniform() * groups as f64) as usize;
                count += sizes[at];
                for (total, sum) in totals.iter_mut().zip(&sums[at * width..]) {
                    *total += sum;
                }
            }
            totals.into_iter().map(|total| total / count).collect()
        })
        .collect();
    let interval = |(at, column): (usize, &&[f64])| {
        let mut of_column: Vec<f64> = means.iter().map(|means| means[at]).collect();
        of_column.sort_by(f64::total_cmp);
        let mean = column[..users].iter().sum::<f64>() / users as f64;
        [of_column[RESAMPLES / 40], mean, of_column[RESAMPLES - 1 - RESAMPLES / 40]]
    };
    columns.iter().enumerate().map(interval).collect()
}

/// What is drawn: users, or groups of them. Sums of each column, group by group, and the groups' sizes.
fn drawn(columns: &[&[f64]], users: usize, seed: u64) -> (Vec<f64>, Vec<f64>) {
    let size = users.div_ceil(MOST_DRAWN);
    let mut order: Vec<usize> = (0..users).collect();
    if size > 1 {
        let mut random = Random(seed.wrapping_add(1));
        for at in (1..users).rev() {
            order.swap(at, (random.uniform() * (at + 1) as f64) as usize);
        }
    }
    let groups = order.chunks(size);
    let sizes = groups.clone().map(|group| group.len() as f64).collect();
    let sum = |group: &[usize], column: &[f64]| group.iter().map(|&user| column[user]).sum::<f64>();
    let sums = groups.flat_map(|group| columns.iter().map(move |column| sum(group, column))).collect();
    (sums, sizes)
}

/// Mean of a − b over the same users, with its 95 % interval: low, mean, high.
///
/// As [`mean_intervals`], of the differences. *Shapes*: `a` and `b` of one length; empty gives zeros.
pub fn paired_difference(a: &[f64], b: &[f64], seed: u64) -> [f64; 3] {
    mean_intervals(&[&differences(a, b)], seed)[0]
}

fn differences(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// For how many users one model did better than another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub wins: usize,
    pub ties: usize,
    pub losses: usize,
}

impl Evaluation {
    /// Every measured metric with its interval.
    pub fn intervals(&self, seed: u64) -> Vec<(Metric, [f64; 3])> {
        let metrics = self.metrics();
        let columns: Vec<&[f64]> = metrics.iter().map(|&metric| self.per_user(metric)).collect();
        metrics.iter().copied().zip(mean_intervals(&columns, seed)).collect()
    }

    /// How much more than `other` on the same users, by every metric that both have.
    pub fn differences(&self, other: &Self, seed: u64) -> Vec<(Metric, [f64; 3])> {
        let mut metrics = self.metrics();
        metrics.retain(|&metric| other.per_user(metric).len() == self.users);
        let columns: Vec<Vec<f64>> = metrics
            .iter()
            .map(|&metric| differences(self.per_user(metric), other.per_user(metric)))
            .collect();
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        metrics.into_iter().zip(mean_intervals(&columns, seed)).collect()
    }

    /// User by user against `other`, measured on the same users.
    pub fn tally(&self, other: &Self, metric: Metric) -> Tally {
        let mut tally = Tally::default();
        for (own, others) in self.per_user(metric).iter().zip(other.per_user(metric)) {
            match own.total_cmp(others) {
                std::cmp::Ordering::Greater => tally.wins += 1,
                std::cmp::Ordering::Equal => tally.ties += 1,
                std::cmp::Ordering::Less => tally.losses += 1,
            }
        }
        tally
    }
}
