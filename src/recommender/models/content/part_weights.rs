//! How much each way of being alike counts, learned from what customers bought. It changes no vector.
//!
//! *Source*: the conditional logit of McFadden, “Conditional logit analysis of qualitative choice behavior” (1974): of
//! an item somebody has and some that others have, which is theirs? Rivals are drawn from what others bought, so that
//! popularity explains nothing.

use super::vectors::{PARTS, Vectors};
use crate::recommender::models::Random;
use crate::recommender::{Interactions, ModelError, Resources};
use rayon::prelude::*;

/// Choices learned from, at most.
const MOST_CHOICES: usize = 2_000;

/// Fewer tell nothing.
const FEWEST_CHOICES: usize = 50;

/// Items beside the held-out one.
const RIVALS: usize = 20;

/// A user's other items that an item is compared with, at most.
const MOST_ITEMS: usize = 20;

/// λ of ½ λ w², against weights that run off where one part explains every choice.
const RIDGE: f64 = 1.0;

const SWEEPS: usize = 50;

/// For each item to choose from, the first being the right one, its mean cosines with the user's other items.
type Choice = Vec<[f64; PARTS]>;

/// Weights from 0 to 1 that add up to 1; `None` where too few customers have two items, or nothing that is known of
/// items tells what they choose.
///
/// *Cost*: 2000 · 21 · 20 comparisons, parallel. *Errors*: [`ModelError::Cancelled`].
pub fn learn(
    vectors: &Vectors,
    interactions: &Interactions,
    resources: &Resources<'_>,
) -> Result<Option<[f32; PARTS]>, ModelError> {
    let mut users: Vec<u32> =
        (0..interactions.users() as u32).filter(|&user| interactions.row(user).0.len() >= 2).collect();
    let mut random = Random(resources.seed);
    let choices = users.len().min(MOST_CHOICES);
    for at in 0..choices {
        let other = at + below(&mut random, users.len() - at);
        users.swap(at, other);
    }
    users.truncate(choices);
    let bought: Vec<u32> =
        (0..interactions.users() as u32).flat_map(|user| interactions.row(user).0).copied().collect();
    resources.progress.phase("Learning what makes products alike", None);
    let choices: Vec<Choice> = users
        .par_iter()
        .map(|&user| {
            if resources.progress.cancelled() {
                return Err(ModelError::Cancelled);
            }
            let seed = resources.seed ^ (u64::from(user) + 1).wrapping_mul(0xd134_2543_de82_ef95);
            Ok(choice(vectors, interactions.row(user).0, &bought, Random(seed)))
        })
        .collect::<Result<_, _>>()?;
    let told: Vec<Choice> = choices.into_iter().filter(|choice| tells(choice)).collect();
    if told.len() < FEWEST_CHOICES {
        return Ok(None);
    }
    let weights = most_likely(&told);
    let sum: f64 = weights.iter().sum();
    Ok((sum > 0.0).then(|| weights.map(|weight| (weight / sum) as f32)))
}

fn choice(vectors: &Vectors, items: &[u32], bought: &[u32], mut random: Random) -> Choice {
    let mut others = items.to_vec();
    let right = others.remove(below(&mut random, others.len()));
    let most = others.len().min(MOST_ITEMS);
    for at in 0..most {
        let other = at + below(&mut random, others.len() - at);
        others.swap(at, other);
    }
    others.truncate(most);
    let mut to_choose_from = vec![right];
    for _ in 0..RIVALS {
        let rival = bought[below(&mut random, bought.len())];
        if items.binary_search(&rival).is_err() {
            to_choose_from.push(rival);
        }
    }
    let mean_cosines = |&item: &u32| {
        let mut sums = [0.0; PARTS];
        for &other in &others {
            for (sum, cosine) in sums.iter_mut().zip(vectors.cosines(item, other)) {
                *sum += f64::from(cosine);
            }
        }
        sums.map(|sum| sum / others.len() as f64)
    };
    to_choose_from.iter().map(mean_cosines).collect()
}

/// From 0 to `n`, excluded.
fn below(random: &mut Random, n: usize) -> usize {
    (random.uniform() * n as f64) as usize
}

/// Whether the items to choose from differ.
fn tells(choice: &[[f64; PARTS]]) -> bool {
    choice.iter().any(|cosines| *cosines != choice[0])
}

/// Maximises Σ ln softmax(w·x)₁ − ½ λ |w|² over w ≥ 0: concave, so Newton steps along one coordinate after the other
/// reach the top.
fn most_likely(choices: &[Choice]) -> [f64; PARTS] {
    let mut weights = [0f64; PARTS];
    for _ in 0..SWEEPS {
        let before = weights;
        for part in 0..PARTS {
            let (mut slope, mut curvature) = (-RIDGE * weights[part], RIDGE);
            for choice in choices {
                let (mean, variance) = expected(choice, &weights, part);
                slope += choice[0][part] - mean;
                curvature += variance;
            }
            // Where every choice is already explained the curve is flat, and a full step leads far away.
            weights[part] = (weights[part] + (slope / curvature).clamp(-2.0, 2.0)).max(0.0);
        }
        let moved: f64 = weights.iter().zip(before).map(|(a, b)| (a - b).abs()).sum();
        if moved < 1e-3 {
            break;
        }
    }
    weights
}

/// Mean and variance of a part's cosine under the present weights.
fn expected(choice: &[[f64; PARTS]], weights: &[f64; PARTS], part: usize) -> (f64, f64) {
    let utility = |cosines: &[f64; PARTS]| {
        cosines.iter().zip(weights).map(|(cosine, weight)| cosine * weight).sum::<f64>()
    };
    let highest = choice.iter().map(utility).fold(f64::NEG_INFINITY, f64::max);
    let (mut total, mut first, mut second) = (0.0, 0.0, 0.0);
    for cosines in choice {
        let odds = (utility(cosines) - highest).exp();
        total += odds;
        first += odds * cosines[part];
        second += odds * cosines[part] * cosines[part];
    }
    let mean = first / total;
    (mean, second / total - mean * mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two to choose from that differ in one part by 1, chosen rightly three times of four: the slope is
    /// n (¾ − σ(w)) − λ w, which is 0 for large n at w = ln 3.
    #[test]
    fn the_likeliest_weight_is_as_by_hand() {
        let of = |right: f64| {
            let at = |value| {
                let mut cosines = [0.0; PARTS];
                cosines[2] = value;
                cosines
            };
            vec![at(right), at(1.0 - right)]
        };
        let choices: Vec<Choice> = (0..40_000).map(|n| of(if n % 4 == 0 { 0.0 } else { 1.0 })).collect();
        let weights = most_likely(&choices);
        assert!((weights[2] - 3f64.ln()).abs() < 1e-2, "{weights:?}");
        assert!(weights.iter().enumerate().all(|(part, &weight)| part == 2 || weight == 0.0));
        let wrong: Vec<Choice> = (0..100).map(|_| of(0.0)).collect();
        assert_eq!(most_likely(&wrong), [0.0; PARTS]);
    }
}
