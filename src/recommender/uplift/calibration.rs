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
    let squared = |&(chance, came): &(f64, bool)| (chance - f64::from(u8::from(came))).powi(2);
    Ok(Calibration {
        expected_error: apart(&bins) / all,
        brier: people.iter().map(squared).sum::<f64>() / all,
        bins,
    })
}

/// People who share one predicted chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alike {
    pub chance: f64,
    pub people: u64,
    /// Those of them for whom it came true.
    pub came: u64,
}

/// The same as [`calibrate`] of people already counted by their chance: what it needs does not grow with the people.
///
/// *Shapes*: any number of groups; empty ones change nothing. *Errors*: nobody at all; more who came than there are; the
/// others as of [`calibrate`]. *Cost*: a sort of the groups.
pub fn calibrate_counted(mut groups: Vec<Alike>, bins: usize) -> Result<Calibration, UpliftError> {
    groups.retain(|group| group.people > 0);
    if groups.is_empty() {
        return Err(UpliftError::LengthsDiffer { predicted: 0, actual: 0 });
    }
    if let Some(at) = groups.iter().position(|group| !(0.0..=1.0).contains(&group.chance)) {
        return Err(UpliftError::NotAProbability { at });
    }
    if let Some(group) = groups.iter().find(|group| group.came > group.people) {
        return Err(UpliftError::MoreThanAll { successes: group.came, people: group.people });
    }
    if bins == 0 {
        return Err(UpliftError::NoBins);
    }
    groups.sort_unstable_by(|a, b| a.chance.total_cmp(&b.chance));
    let all: u64 = groups.iter().map(|group| group.people).sum();
    let (mut found, bins) = (Vec::new(), (bins as u128).min(u128::from(all)));
    let (mut from, mut before, mut upto) = (0, 0, 0);
    for (at, group) in groups.iter().enumerate() {
        upto += group.people;
        let is_same = groups.get(at + 1).is_some_and(|next| next.chance == group.chance);
        // How many bins would end at or before so many people, if people could be parted anywhere.
        let ended = |people: u64| (u128::from(people + 1) * bins).div_ceil(u128::from(all)) - 1;
        if !is_same && ended(upto) > ended(before) {
            found.push(bin_of(&groups[from..=at]));
            (from, before) = (at + 1, upto);
        }
    }
    let squared = |group: &Alike| {
        let (came, not) = (group.came as f64, (group.people - group.came) as f64);
        came * (1.0 - group.chance).powi(2) + not * group.chance.powi(2)
    };
    Ok(Calibration {
        expected_error: apart(&found) / all as f64,
        brier: groups.iter().map(squared).sum::<f64>() / all as f64,
        bins: found,
    })
}

fn bin_of(groups: &[Alike]) -> Bin {
    let (people, came) = groups.iter().fold((0, 0), |(n, x), group| (n + group.people, x + group.came));
    let predicted = groups.iter().map(|group| group.people as f64 * group.chance).sum::<f64>();
    let share = Proportion { successes: came, people };
    let (low, high) = wilson(share);
    let actual = Interval { low, estimate: share.share(), high };
    Bin { people, predicted: predicted / people as f64, actual }
}

/// By people, how far the bins are off.
fn apart(bins: &[Bin]) -> f64 {
    bins.iter().map(|bin| bin.people as f64 * (bin.predicted - bin.actual.estimate).abs()).sum()
}

/// Sorted people in at most `bins` parts, cut only between different predictions.
pub(super) fn split(people: &[(f64, bool)], bins: usize) -> Vec<&[(f64, bool)]> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn counted_people_say_the_same_as_one_by_one(
            people in prop::collection::vec((0u8..12, any::<bool>()), 1..200),
            bins in 1usize..9,
        ) {
            let chance = |of: u8| f64::from(of) / 12.0;
            let predicted: Vec<f64> = people.iter().map(|one| chance(one.0)).collect();
            let actual: Vec<bool> = people.iter().map(|one| one.1).collect();
            let group = |of: u8| {
                let own = people.iter().filter(|one| one.0 == of);
                let came = own.clone().filter(|one| one.1).count() as u64;
                Alike { chance: chance(of), people: own.count() as u64, came }
            };
            let counted = calibrate_counted((0..12).rev().map(group).collect(), bins).unwrap();
            let one_by_one = calibrate(&predicted, &actual, bins).unwrap();
            prop_assert_eq!(counted.bins.len(), one_by_one.bins.len());
            for (counted, one) in counted.bins.iter().zip(&one_by_one.bins) {
                prop_assert_eq!((counted.people, counted.actual), (one.people, one.actual));
                prop_assert!((counted.predicted - one.predicted).abs() < 1e-12);
            }
            prop_assert!((counted.expected_error - one_by_one.expected_error).abs() < 1e-12);
            prop_assert!((counted.brier - one_by_one.brier).abs() < 1e-12);
        }
    }

    #[test]
    fn what_cannot_be_counted_is_refused() {
        let alike = |chance, people, came| Alike { chance, people, came };
        assert!(calibrate_counted(vec![alike(0.5, 0, 0)], 5).is_err());
        assert!(calibrate_counted(vec![alike(0.5, 1, 2)], 5).is_err());
        assert!(calibrate_counted(vec![alike(f64::NAN, 1, 1)], 5).is_err());
        assert!(calibrate_counted(vec![alike(0.5, 1, 1)], 0).is_err());
    }
}
