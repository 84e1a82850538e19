//! A part of what was observed is held back, to learn from or to be measured on.

use super::{Deed, Interactions, Log, Observed};

/// Without times, one user in so many at most judges.
const FEWEST_WHOLE: usize = 3;

/// But so many may, however few there are.
const JUDGES_OF_A_SMALL_SHOP: usize = 1000;

/// What is left to learn from, and what is to be found.
pub struct Holdout {
    pub train: Interactions,
    /// Pairs that are not in `train`.
    pub test: Interactions,
    log: Option<Log>,
}

impl Holdout {
    /// The newest `share` of the deeds where there is a log, else that share of the items of at most `judges` users, evenly
    /// spread: the others stay whole, so that what is learned is almost what all of the data would teach, and what is
    /// found best is best for all of it. Which items is a hash of user, item and `seed`, so that the order changes nothing.
    ///
    /// *Units*: a pair's weight is divided between the two parts like its deeds. *Cost*: one pass, and a sort of the
    /// times.
    pub fn newest(observed: Observed<'_>, share: f32, judges: usize, seed: u64) -> Self {
        match observed.log {
            Some(log) if !log.is_empty() => Self::by_time(observed.interactions, log, share),
            _ => Self::at_random(observed.interactions, share, judges, seed),
        }
    }

    fn at_random(all: &Interactions, share: f32, judges: usize, seed: u64) -> Self {
        // Whoever has one item only would have nothing left to be known by.
        let known: Vec<u32> = (0..all.users() as u32).filter(|&user| all.row(user).0.len() > 1).collect();
        let most = judges.min((known.len() / FEWEST_WHOLE).max(JUDGES_OF_A_SMALL_SHOP));
        let judges = evenly(known, most);
        let is_held = |user: u32, item: u32| {
            let mixed = super::models::Random(seed ^ (u64::from(user) << 32 | u64::from(item))).uniform();
            mixed < f64::from(share)
        };
        let (mut kept, mut held) = (Vec::new(), Vec::new());
        for user in 0..all.users() as u32 {
            let judges = judges.binary_search(&user).is_ok();
            let (items, weights) = all.row(user);
            for (&item, &weight) in items.iter().zip(weights) {
                if judges && is_held(user, item) { &mut held } else { &mut kept }.push((user, item, weight));
            }
        }
        let of = |triples| Interactions::from_triples(all.users(), all.items(), triples);
        Self { train: of(kept), test: of(held), log: None }
    }

    fn by_time(all: &Interactions, log: &Log, share: f32) -> Self {
        let users = all.users().min(log.users()) as u32;
        let mut times: Vec<i64> = (0..users).flat_map(|user| log.past(user).at).copied().collect();
        let at =
            ((times.len() as f64 * (1.0 - f64::from(share))) as usize).min(times.len().saturating_sub(1));
        let cut = *times.select_nth_unstable(at).1;
        let (mut kept, mut held, mut before) = (Vec::new(), Vec::new(), Vec::new());
        for user in 0..users {
            let past = log.past(user);
            let (items, weights) = all.row(user);
            let known = past.at.partition_point(|&at| at < cut);
            // Deeds of each of the user's items, in all and before the cut.
            let mut deeds = vec![(0u32, 0u32); items.len()];
            for (n, (&item, (&kind, &at))) in
                past.items.iter().zip(past.kinds.iter().zip(past.at)).enumerate()
            {
                if n < known {
                    before.push(Deed { user, item, kind, at });
                }
                if let Ok(at) = items.binary_search(&item) {
                    deeds[at].0 += 1;
                    deeds[at].1 += u32::from(n < known);
                }
            }
            for ((&item, &weight), (all, before)) in items.iter().zip(weights).zip(deeds) {
                match before {
                    0 if all > 0 => held.push((user, item, weight)),
                    before => kept.push((user, item, weight * before.max(1) as f32 / all.max(1) as f32)),
                }
            }
        }
        let of = |triples| Interactions::from_triples(all.users(), all.items(), triples);
        let log = Log::from_deeds(log.users(), log.items(), before);
        Self { train: of(kept), test: of(held), log: Some(log) }
    }

    /// What is left, in the place of `whole`.
    pub fn observed<'a>(&'a self, whole: Observed<'a>) -> Observed<'a> {
        Observed { interactions: &self.train, log: self.log.as_ref(), ..whole }
    }

    /// Who has something to find, at most `at_most` of them, evenly spread over all.
    pub fn users(&self, at_most: usize) -> Vec<u32> {
        evenly(
            (0..self.test.users() as u32).filter(|&user| !self.test.row(user).0.is_empty()).collect(),
            at_most,
        )
    }
}

/// At most `at_most` of `all`, evenly spread.
pub fn evenly(all: Vec<u32>, at_most: usize) -> Vec<u32> {
    let step = all.len().div_ceil(at_most.max(1)).max(1);
    all.into_iter().step_by(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommender::Kind;

    #[test]
    fn the_newest_deeds_are_held_back_and_weights_divided() {
        // User 0 bought item 0 twice, before and after the cut, and item 1 after it; user 1 item 1 before it.
        let all = Interactions::from_triples(2, 2, [(0, 0, 4.0), (0, 1, 1.0), (1, 1, 2.0)]);
        let deed = |user, item, at| Deed { user, item, kind: Kind::Purchase, at };
        let log = Log::from_deeds(2, 2, vec![deed(0, 0, 1), deed(0, 0, 8), deed(0, 1, 9), deed(1, 1, 2)]);
        let holdout = Holdout::newest(Observed { log: Some(&log), ..(&all).into() }, 0.5, 10, 1);
        assert_eq!(holdout.train.row(0), (&[0][..], &[2.0][..]));
        assert_eq!(holdout.test.row(0), (&[1][..], &[1.0][..]));
        assert_eq!((holdout.train.row(1).0.len(), holdout.users(10)), (1, vec![0]));
        assert_eq!(holdout.observed((&all).into()).log.map(Log::len), Some(2));
    }

    #[test]
    fn without_times_a_share_of_everybodys_items_is_held_back_whoever_else_there_is() {
        let pairs = |users: u32| (0..users).flat_map(|user| (0..50).map(move |item| (user, item, 1.0)));
        let few = Interactions::from_triples(20, 50, pairs(20));
        let many = Interactions::from_triples(40, 50, pairs(40));
        let (few, many) =
            (Holdout::newest((&few).into(), 0.2, 100, 7), Holdout::newest((&many).into(), 0.2, 100, 7));
        assert_eq!(few.train.len() + few.test.len(), 1000);
        assert!((150..250).contains(&few.test.len()), "{}", few.test.len());
        assert!((0..20).all(|user| few.test.row(user) == many.test.row(user)));
    }

    #[test]
    fn who_does_not_judge_stays_whole() {
        let pairs = (0..3000).flat_map(|user| (0..1 + user % 9).map(move |item| (user, item, 1.0)));
        let all = Interactions::from_triples(3000, 9, pairs);
        let holdout = Holdout::newest((&all).into(), 0.5, 800, 7);
        assert_eq!(holdout.train.len() + holdout.test.len(), all.len());
        let judges = holdout.users(usize::MAX);
        assert!((500..=800).contains(&judges.len()), "{}", judges.len());
        // Nobody is left to be known by nothing because they had one item only.
        assert!(judges.iter().all(|&user| all.row(user).0.len() > 1));
        let everybody = Holdout::newest((&all).into(), 0.5, usize::MAX, 7).users(usize::MAX);
        assert!(everybody.len() <= 1000, "at most a third, or a thousand: {}", everybody.len());
    }
}
