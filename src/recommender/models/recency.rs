//! What was done lately counts more.
//!
//! *Source*: Ding, Li, “Time weight collaborative filtering” (CIKM 2005): a deed's weight halves with its age.

use crate::recommender::{Interactions, Log, ModelError, Observed};
use std::borrow::Cow;

const DAY: f64 = 86_400.0;

/// Whether a half-life can be this; 0 stands for none.
pub fn check(half_life_days: f32) -> Result<(), ModelError> {
    if half_life_days.is_finite() && half_life_days >= 0.0 {
        return Ok(());
    }
    Err(ModelError::parameter("half_life_days", &half_life_days, "0 or more"))
}

/// The interactions as they are for a half-life of 0 or without a log; else the same pairs, each weighing less the longer
/// ago its deeds were; a pair's weight is shared by its deeds alike. Pairs that the log does not know are taken as of
/// its end.
///
/// *Cost*: one pass; a copy of the interactions.
pub fn weighed(observed: Observed<'_>, half_life_days: f32) -> Cow<'_, Interactions> {
    match observed.log.filter(|log| half_life_days > 0.0 && !log.is_empty()) {
        Some(log) => Cow::Owned(decayed(observed.interactions, log, half_life_days)),
        None => Cow::Borrowed(observed.interactions),
    }
}

fn decayed(interactions: &Interactions, log: &Log, half_life_days: f32) -> Interactions {
    let end = log.deeds().map(|deed| deed.at).max().unwrap_or_default();
    let half_life = f64::from(half_life_days) * DAY;
    let mut shares: Vec<(f64, u32)> = Vec::new();
    let mut triples = Vec::with_capacity(interactions.len());
    for user in 0..interactions.users() as u32 {
        let (items, weights) = interactions.row(user);
        shares.clear();
        shares.resize(items.len(), (0.0, 0));
        if (user as usize) < log.users() {
            let past = log.past(user);
            for (item, at) in past.items.iter().zip(past.at) {
                if let Ok(place) = items.binary_search(item) {
                    shares[place].0 += (-((end - at) as f64) / half_life).exp2();
                    shares[place].1 += 1;
                }
            }
        }
        for ((&item, &weight), &(sum, deeds)) in items.iter().zip(weights).zip(&shares) {
            let share = if deeds == 0 { 1.0 } else { sum / f64::from(deeds) };
            triples.push((user, item, weight * share as f32));
        }
    }
    Interactions::from_triples(interactions.users(), interactions.items(), triples)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommender::{Deed, Kind};

    #[test]
    fn a_deed_halves_with_its_age_and_a_pair_is_the_mean_of_its_deeds() {
        let all = Interactions::from_triples(2, 3, [(0, 0, 4.0), (0, 1, 1.0), (1, 0, 1.0), (1, 2, 3.0)]);
        let deed = |user, item, days: i64| Deed { user, item, kind: Kind::Purchase, at: days * 86_400 };
        // User 1's item 2 is in no log: its weight is kept.
        let deeds = vec![deed(0, 0, 20), deed(0, 0, 0), deed(0, 1, 10), deed(1, 0, 20)];
        let log = Log::from_deeds(2, 3, deeds);
        let observed = Observed { log: Some(&log), ..(&all).into() };
        let lately = weighed(observed, 10.0);
        assert_eq!(lately.row(0), (&[0, 1][..], &[4.0 * (1.0 + 0.25) / 2.0, 0.5][..]));
        assert_eq!(lately.row(1), (&[0, 2][..], &[1.0, 3.0][..]));
        assert!(matches!(weighed(observed, 0.0), Cow::Borrowed(_)));
        assert!(matches!(weighed((&all).into(), 10.0), Cow::Borrowed(_)));
    }
}
