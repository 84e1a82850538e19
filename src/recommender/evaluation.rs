//! How good a model is on what it has not seen: ranking metrics, and whether a difference is more than chance.
//!
//! All items are ranked for every user with something to find; the user's training items are left out. Relevance is
//! binary. *Source*: Järvelin, Kekäläinen (TOIS 2002) for NDCG; the ideal list is cut at min(K, relevant items).

use super::models::{Random, popular};
use super::{Interactions, Model, ModelError, User, top_k};
use crate::progress::Progress;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Means over the users with at least one item to find, each from 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Share of what the user went for that stood in the list.
    pub recall: f64,
    /// The same with more credit for the upper places.
    pub ndcg: f64,
    /// Share of users with at least one hit.
    pub hit_rate: f64,
    /// 1 / place of the first hit.
    pub mrr: f64,
    /// Share of all items that stand in anybody's list.
    pub coverage: f64,
}

/// What a measurement found.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    pub quality: Quality,
    /// Users with something to find.
    pub users: usize,
    /// For each of them, in the order of their numbers.
    pub ndcg: Vec<f64>,
    /// 1 for a hit, 0 for none, likewise.
    pub hits: Vec<f64>,
}

/// One user's figures.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct UserQuality {
    pub recall: f64,
    pub ndcg: f64,
    pub hit: f64,
    pub reciprocal_rank: f64,
}

/// *Shapes*: `ranked` best first, at most K; `relevant` ascending, not empty.
pub fn user_quality(ranked: &[u32], relevant: &[u32], k: usize) -> UserQuality {
    let discount = |place: usize| 1.0 / ((place + 2) as f64).log2();
    let mut quality = UserQuality::default();
    let mut found = 0;
    for (place, item) in ranked.iter().take(k).enumerate() {
        if relevant.binary_search(item).is_ok() {
            if found == 0 {
                quality.hit = 1.0;
                quality.reciprocal_rank = 1.0 / (place + 1) as f64;
            }
            found += 1;
            quality.ndcg += discount(place);
        }
    }
    quality.ndcg /= (0..k.min(relevant.len())).map(discount).sum::<f64>();
    quality.recall = f64::from(found) / relevant.len() as f64;
    quality
}

/// Users ranked together: a model of factors reads its items once for them.
const USERS_A_TASK: usize = 64;

/// Ranks all items for every user of `test`.
///
/// *Shapes*: `train`, `owned` and `test` number the same users and items; `owned` is what may not stand in a user's
/// list and does not count as found (usually `train` itself, or its purchases). Where the model knows nothing of a
/// user, best-sellers choose, as they do in a campaign. *Cost*: users × items scores, parallel. *Errors*:
/// [`ModelError::Cancelled`].
pub fn evaluate(
    model: &dyn Model,
    train: &Interactions,
    owned: &Interactions,
    test: &Interactions,
    k: usize,
    progress: &dyn Progress,
) -> Result<Evaluation, ModelError> {
    let candidates: Vec<u32> = (0..model.items() as u32).collect();
    let users: Vec<u32> = (0..test.users() as u32).filter(|&user| !test.row(user).0.is_empty()).collect();
    let best_sellers = popular::sums(train);
    progress.phase("Measuring", Some(users.len() as u64));
    let measured: Vec<Vec<Option<(UserQuality, Vec<u32>)>>> = users
        .par_chunks(USERS_A_TASK)
        .map_init(
            || (model.scorer(&candidates), vec![0f32; candidates.len()]),
            |(scorer, scores), users| {
                if progress.cancelled() {
                    return Err(ModelError::Cancelled);
                }
                let owned = |n: usize| owned.row(users[n]).0;
                let known: Vec<User<'_>> =
                    users.iter().map(|&user| User::of(Some(user), train.row(user))).collect();
                let is_owned = |n: usize, item: usize| owned(n).binary_search(&(item as u32)).is_ok();
                let lists = scorer.best(&known, k, &is_owned, scores);
                progress.advance(users.len() as u64);
                let of_user = |(n, list): (usize, Option<Vec<u32>>)| {
                    let relevant = test.row(users[n]).0.iter().copied();
                    let relevant: Vec<u32> =
                        relevant.filter(|item| owned(n).binary_search(item).is_err()).collect();
                    let ranked = list.unwrap_or_else(|| top_k(&best_sellers, k, |item| is_owned(n, item)));
                    (!relevant.is_empty()).then(|| (user_quality(&ranked, &relevant, k), ranked))
                };
                Ok(lists.into_iter().enumerate().map(of_user).collect())
            },
        )
        .collect::<Result<_, _>>()?;
    Ok(summarise(measured.into_iter().flatten().flatten(), model.items()))
}

fn summarise(measured: impl Iterator<Item = (UserQuality, Vec<u32>)>, items: usize) -> Evaluation {
    let mut shown = vec![false; items];
    let mut evaluation =
        Evaluation { quality: Quality::default(), users: 0, ndcg: Vec::new(), hits: Vec::new() };
    let sums = &mut evaluation.quality;
    for (user, ranked) in measured {
        sums.recall += user.recall;
        sums.ndcg += user.ndcg;
        sums.hit_rate += user.hit;
        sums.mrr += user.reciprocal_rank;
        evaluation.ndcg.push(user.ndcg);
        evaluation.hits.push(user.hit);
        for item in ranked {
            shown[item as usize] = true;
        }
    }
    evaluation.users = evaluation.ndcg.len();
    let users = evaluation.users.max(1) as f64;
    for sum in [&mut sums.recall, &mut sums.ndcg, &mut sums.hit_rate, &mut sums.mrr] {
        *sum /= users;
    }
    sums.coverage = shown.iter().filter(|&&shown| shown).count() as f64 / items.max(1) as f64;
    evaluation
}

/// Resamples drawn; the interval's ends are then stable to about a fortieth of its length.
const RESAMPLES: usize = 2000;

/// Mean of a − b over the same users, with its 95 % interval: low, mean, high.
///
/// Paired percentile bootstrap over users (Efron, Tibshirani 1993, chapter 13). *Shapes*: `a` and `b` of one length;
/// empty gives zeros. *Cost*: 2000 × users.
pub fn paired_difference(a: &[f64], b: &[f64], seed: u64) -> [f64; 3] {
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let n = differences.len();
    if n == 0 {
        return [0.0; 3];
    }
    let mut means: Vec<f64> = (0..RESAMPLES as u64)
        .into_par_iter()
        .map(|resample| {
            let mut random = Random(seed ^ resample.wrapping_mul(0xd134_2543_de82_ef95));
            let sum: f64 = (0..n).map(|_| differences[(random.uniform() * n as f64) as usize]).sum();
            sum / n as f64
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let mean = differences.iter().sum::<f64>() / n as f64;
    [means[RESAMPLES / 40], mean, means[RESAMPLES - 1 - RESAMPLES / 40]]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked by hand: hits at places 1 and 3 of a list of four, three items to find.
    #[test]
    fn a_list_is_measured_as_by_hand() {
        let quality = user_quality(&[7, 1, 9, 2], &[5, 7, 9], 4);
        let ideal = 1.0 + 1.0 / 3f64.log2() + 0.5;
        assert!((quality.ndcg - 1.5 / ideal).abs() < 1e-12);
        assert!((quality.recall - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!((quality.hit, quality.reciprocal_rank), (1.0, 1.0));
        let late = user_quality(&[1, 2, 5], &[5], 3);
        assert_eq!((late.ndcg, late.reciprocal_rank), (0.5, 1.0 / 3.0));
        assert_eq!(user_quality(&[1, 2], &[5], 2), UserQuality::default());
    }

    #[test]
    fn somebody_new_gets_best_sellers_and_only_what_is_owned_is_left_out() {
        use crate::progress::Silent;
        use crate::recommender::{Params, Resources};
        // Item 1 sells best. User 2 is new; user 1 only looked at item 1 before buying it.
        let train = Interactions::from_triples(3, 3, [(0, 0, 1.0), (0, 1, 9.0), (1, 0, 1.0), (1, 1, 0.1)]);
        let owned = Interactions::from_triples(3, 3, [(0, 0, 1.0), (0, 1, 1.0), (1, 0, 1.0)]);
        let test = Interactions::from_triples(3, 3, [(1, 1, 1.0), (2, 1, 1.0)]);
        let resources = Resources { seed: 1, max_memory_bytes: 1 << 30, progress: &Silent };
        let model = Params::default_of("item_knn").unwrap().fit(&train, &resources).unwrap();
        let found = evaluate(&*model, &train, &owned, &test, 1, &Silent).unwrap();
        assert_eq!((found.users, found.quality.recall), (2, 1.0));
        assert_eq!(evaluate(&*model, &train, &train, &test, 1, &Silent).unwrap().users, 1);
    }

    #[test]
    fn the_ideal_list_is_cut_at_k() {
        assert!((user_quality(&[1, 2], &[1, 2, 3, 4], 2).ndcg - 1.0).abs() < 1e-12);
    }

    #[test]
    fn an_interval_covers_the_mean_and_no_difference_is_none() {
        let a: Vec<f64> = (0..400).map(|n| f64::from(n % 5) / 4.0).collect();
        let b = vec![0.25; 400];
        let [low, mean, high] = paired_difference(&a, &b, 1);
        assert!((mean - 0.25).abs() < 1e-12);
        // Normal approximation: 1.96 · sd / √n, with sd = √0.125.
        let half = 1.96 * 0.125f64.sqrt() / 20.0;
        assert!((high - mean - half).abs() < 0.15 * half && (mean - low - half).abs() < 0.15 * half);
        assert_eq!(paired_difference(&a, &a, 1), [0.0; 3]);
    }
}
