//! Ranks all items for every user with something to find.

use super::lists::{self, Lists};
use super::{Evaluation, UserQuality, diversity, user_quality};
use crate::progress::Progress;
use crate::recommender::models::popular;
use crate::recommender::{Interactions, Model, ModelError, Observed, Past, User, top_k};
use rayon::prelude::*;
use std::sync::atomic::{AtomicU32, Ordering};

/// Users ranked together: models that multiply matrices work on many at once. The size is fixed, so that the last bit
/// of a score does not depend on the number of threads.
const BATCH: usize = 64;

/// Ranks all items for every user of `test`.
///
/// *Shapes*: `train`, `owned` and `test` number the same users and items, as does the log that may come with `train`;
/// `owned` is what may not stand in a user's list and does not count as found: usually `train` itself, or its
/// purchases, or an empty matrix where people buy the same again. Where the model knows nothing of a user, best-sellers
/// choose, as they do in a campaign. *Cost*: users × items scores, parallel; the lists are not kept. *Errors*:
/// [`ModelError::Cancelled`].
pub fn evaluate<'a>(
    model: &dyn Model,
    train: impl Into<Observed<'a>>,
    owned: &Interactions,
    test: &Interactions,
    k: usize,
    progress: &dyn Progress,
) -> Result<Evaluation, ModelError> {
    let ranking = Ranking::new(model, train.into(), owned, test, k);
    Ok(ranking.run(Keep::Figures, progress)?.0)
}

/// A measurement with the lists it rests on, so that it can be broken down.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Examination {
    pub evaluation: Evaluation,
    pub lists: Lists,
}

/// As [`evaluate`], and keeps the lists: 4 K + 12 bytes a user.
///
/// *Errors*: [`ModelError::Cancelled`].
pub fn examine<'a>(
    model: &dyn Model,
    train: impl Into<Observed<'a>>,
    owned: &Interactions,
    test: &Interactions,
    k: usize,
    progress: &dyn Progress,
) -> Result<Examination, ModelError> {
    let ranking = Ranking::new(model, train.into(), owned, test, k);
    let (evaluation, lists) = ranking.run(Keep::Lists, progress)?;
    Ok(Examination { evaluation, lists })
}

impl Examination {
    /// Measures how unlike each other the items of each list are.
    ///
    /// *Shapes*: `train` as it was ranked with. *Cost*: one pass over the pairs of items that one user has, as far as
    /// they were recommended. *Errors*: [`ModelError::Cancelled`].
    pub fn measure_diversity(
        &mut self,
        train: &Interactions,
        progress: &dyn Progress,
    ) -> Result<(), ModelError> {
        self.evaluation.diversities = diversity::diversities(&self.lists, train, progress)?;
        let mut quality = self.evaluation.quality;
        self.evaluation.means(&(0..self.evaluation.users), &mut quality);
        self.evaluation.quality = quality;
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Figures,
    Lists,
}

struct Ranking<'a> {
    model: &'a dyn Model,
    train: Observed<'a>,
    owned: &'a Interactions,
    test: &'a Interactions,
    k: usize,
    best_sellers: Vec<f32>,
    /// Share of users who have each item, and its self-information in bits.
    known: Vec<(f64, f64)>,
    /// Lists each item stands in: sums of whole numbers, which no order of threads changes.
    shown: Vec<AtomicU32>,
}

impl<'a> Ranking<'a> {
    fn new(
        model: &'a dyn Model,
        train: Observed<'a>,
        owned: &'a Interactions,
        test: &'a Interactions,
        k: usize,
    ) -> Self {
        Self {
            model,
            train,
            owned,
            test,
            k,
            best_sellers: popular::sums(train.interactions),
            known: known(train.interactions),
            shown: (0..model.items()).map(|_| AtomicU32::new(0)).collect(),
        }
    }

    fn run(self, keep: Keep, progress: &dyn Progress) -> Result<(Evaluation, Lists), ModelError> {
        let candidates: Vec<u32> = (0..self.model.items() as u32).collect();
        let users: Vec<u32> =
            (0..self.test.users() as u32).filter(|&user| !self.test.row(user).0.is_empty()).collect();
        progress.phase("Measuring", Some(users.len() as u64));
        let batches: Vec<Batch> = users
            .par_chunks(BATCH)
            .map_init(
                || (self.model.scorer(&candidates), vec![0f32; candidates.len()]),
                |(scorer, scores), users| {
                    if progress.cancelled() {
                        return Err(ModelError::Cancelled);
                    }
                    progress.advance(users.len() as u64);
                    let mut batch = Batch::default();
                    let asked = self.asked(users);
                    let skip = |n: usize, place: usize| {
                        self.owned.row(asked[n].0).0.binary_search(&(place as u32)).is_ok()
                    };
                    let customers: Vec<User<'_>> = asked.iter().map(|&(user, _)| self.user(user)).collect();
                    let ranked = scorer.best(&customers, self.k, &skip, scores);
                    for (n, ((user, relevant), ranked)) in asked.iter().zip(ranked).enumerate() {
                        let best_sellers = || top_k(&self.best_sellers, self.k, |place| skip(n, place));
                        self.measure(*user, relevant, &ranked.unwrap_or_else(best_sellers), keep, &mut batch);
                    }
                    Ok(batch)
                },
            )
            .collect::<Result<_, _>>()?;
        Ok(self.collect(batches))
    }

    /// Who of `users` has something to find, and what.
    fn asked(&self, users: &[u32]) -> Vec<(u32, Vec<u32>)> {
        let relevant = |user: u32| {
            let owned = self.owned.row(user).0;
            self.test.row(user).0.iter().copied().filter(|item| owned.binary_search(item).is_err()).collect()
        };
        let all = users.iter().map(|&user| (user, relevant(user)));
        all.filter(|(_, relevant): &(u32, Vec<u32>)| !relevant.is_empty()).collect()
    }

    fn user(&self, user: u32) -> User<'_> {
        let past = self.train.log.map_or(Past::default(), |log| log.past(user));
        User { past, ..User::of(Some(user), self.train.interactions.row(user)) }
    }

    fn measure(&self, user: u32, relevant: &[u32], ranked: &[u32], keep: Keep, batch: &mut Batch) {
        let (mut popularity, mut novelty) = (0.0, 0.0);
        for &item in ranked {
            self.shown[item as usize].fetch_add(1, Ordering::Relaxed);
            let (share, information) = self.known[item as usize];
            popularity += share;
            novelty += information;
        }
        let places = ranked.len().max(1) as f64;
        batch.numbers.push(user);
        batch.figures.push((user_quality(ranked, relevant, self.k), popularity / places, novelty / places));
        if keep == Keep::Lists {
            batch.lists.push(user, ranked);
        }
    }

    fn collect(self, batches: Vec<Batch>) -> (Evaluation, Lists) {
        let mut found = Evaluation::default();
        let mut lists = Lists { item_count: self.model.items(), ..Lists::default() };
        for batch in batches {
            found.numbers.extend(batch.numbers);
            for (quality, popularity, novelty) in batch.figures {
                found.ndcg.push(quality.ndcg);
                found.hits.push(quality.hit);
                found.recalls.push(quality.recall);
                found.reciprocal_ranks.push(quality.reciprocal_rank);
                found.average_precisions.push(quality.average_precision);
                found.precisions.push(quality.precision);
                found.popularities.push(popularity);
                found.novelties.push(novelty);
            }
            lists.append(&batch.lists);
        }
        found.users = found.ndcg.len();
        let mut quality = found.quality;
        found.means(&(0..found.users), &mut quality);
        quality.diversity = None;
        let shown: Vec<u32> = self.shown.into_iter().map(AtomicU32::into_inner).collect();
        lists::together(&shown, found.users, &mut quality);
        found.quality = quality;
        (found, lists)
    }
}

/// What one batch of users found.
#[derive(Default)]
struct Batch {
    numbers: Vec<u32>,
    /// With the popularity and the novelty of the list.
    figures: Vec<(UserQuality, f64, f64)>,
    lists: Lists,
}

/// For each item the share of users who have it, of those who have anything, and −log2 of it. An item that nobody has
/// surprises as one that a single user has: its information would be endless.
fn known(train: &Interactions) -> Vec<(f64, f64)> {
    let mut having = vec![0u32; train.items()];
    let mut users = 0u32;
    for user in 0..train.users() as u32 {
        let items = train.row(user).0;
        users += u32::from(!items.is_empty());
        for &item in items {
            having[item as usize] += 1;
        }
    }
    let users = f64::from(users.max(1));
    let of = |count: u32| (f64::from(count) / users, -(f64::from(count.max(1)) / users).log2());
    having.into_iter().map(of).collect()
}
