//! Whether predicted chances come true: of those with 10 %, a tenth should buy.

use super::proportions::wilson;
use super::{Interval, Proportion, UpliftError};
use serde::{Deserialize, Serialize};

/// People with about the same predicted chance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    pub people: u64,
    /// Mean of the predictions.
    pub predicted: f64,
    /// The share for whom it came true; Wilson's interval.
    pub actual: Interval,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// From the smallest predictions to the largest; none is empty.
    pub bins: Vec<Bin>,
    /// How far predicted and actual are apart, by people; 0 is perfect, 0.01 is one point.
    pub expected_error: f64,
    /// Mean squared distance of prediction and outcome, 0 to 1: smaller is better.
    pub brier: f64,
}

/// Predicted chances against what came true, in bins of equally many people.
///
/// *Shapes*: one prediction and one outcome each; at least one bin. Equal predictions are never parted, so that the
/// order of the people changes nothing; bins are then uneven, or fewer. *Units*: chances, 0 to 1. *Errors*: none or not
/// equally many of both; a prediction outside 0 to 1; no bin. *Cost*: a sort.
///
/// *Source*: the expected calibration error of M. P. Naeini, G. F. Cooper, M. Hauskrecht, Obtaining well calibrated
/// probabilities using Bayesian binning, AAAI 2015, with bins of equal count; G. W. Brier, Verification of forecasts
/// expressed in terms of probability, Monthly Weather Review 78, 1950, 1–3, for one of two outcomes. With few people a
/// bin the error is above 0 even where all is well: each bin's share is off by chance.
pub fn calibrate(predicted: &[f64], actual: &[bool], bins: usize) -> Result<Calibration, UpliftError> {
    if predicted.len() != actual.len() || predicted.is_empty() {
        return Err(UpliftError::LengthsDiffer { predicted: predicted.len(), actual: actual.len() });
    }
    if let Some(at) = predicted.iter().position(|chance| !(0.0..=1.0).contains(chance)) {
        return Err(UpliftError::NotAProbability { at });
    }
    if bins == 0 {
        return Err(UpliftError::NoBins);
    }
    let mut people: Vec<(f64, bool)> = predicted.iter().copied().zip(actual.iter().copied()).collect();
    people.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let all = people.len() as f64;
    let bins: Vec<Bin> = split(&people, bins.min(people.len())).into_iter().map(bin).collect();
    let apart = |bin: &Bin| bin.people as f64 * (bin.predicted - bin.actual.estimate).abs();
    let squared = |&(chance, came): &(f64, bool)| (chance - f64::from(u8::from(came))).powi(2);
    Ok(Calibration {
        expected_error: bins.iter().map(apart).sum::<f64>() / all,
        brier: people.iter().map(squared).sum::<f64>() / all,
        bins,
    })
}

/// Sorted people in at most `bins` parts, cut only between different predictions.
fn split(people: &[(f64, bool)], bins: usize) -> Vec<&[(f64, bool)]> {
    let (mut parts, mut from) = (Vec::with_capacity(bins), 0);
    for bin in 1..=bins {
        // In u128, or many people times many bins would overflow.
        let planned = (bin as u128 * people.len() as u128 / bins as u128) as usize;
        if planned <= from {
            continue;
        }
        let last = people[planned - 1].0;
        let to = planned + people[planned..].partition_point(|(chance, _)| *chance <= last);
        parts.push(&people[from..to]);
        from = to;
    }
    parts
}

fn bin(people: &[(f64, bool)]) -> Bin {
    let successes = people.iter().filter(|(_, came)| *came).count() as u64;
    let share = Proportion { successes, people: people.len() as u64 };
    let (low, high) = wilson(share);
    Bin {
        people: share.people,
        predicted: people.iter().map(|(chance, _)| chance).sum::<f64>() / people.len() as f64,
        actual: Interval { low, estimate: share.share(), high },
    }
}
