//! How alike two items are, by who has them: five measures over one pass of shared users.

use super::Params;
use crate::recommender::Interactions;
use serde::{Deserialize, Serialize};

/// *Source*: as named. q_u damps users who did much, n_ij is the number of users who have both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Similarity {
    /// Σ q_u w_ui w_uj / (n_i^α n_j^(1−α) + shrinkage), with q_u = (Σ_i w_ui)^−β and n_i = Σ_u q_u w_ui² (Aiolli 2013).
    Cosine,
    /// Σ q_u b_ui b_uj · n_ij / (n_ij + shrinkage), with Okapi's saturating b_ui = w_ui (K + 1) / (w_ui + K (1 − B + B l_i
    /// / l)), l_i the item's sum of weights and l their mean, and q_u as for `tfidf` (Robertson, Zaragoza, “The
    /// probabilistic relevance framework”, 2009: K = 1.2, B = 0.75).
    Bm25,
    /// The cosine with q_u = ln²(1 + items / items of u): items are documents and users their words (Salton, Buckley,
    /// 1988).
    Tfidf,
    /// n_ij / (n_i + n_j − n_ij + shrinkage) over numbers of users, whatever the weights (Jaccard 1912).
    Jaccard,
    /// G² of the table of users who have both, one or none, · n_ij / (n_ij + shrinkage); only for pairs that occur more
    /// often than chance (Dunning, “Accurate methods for the statistics of surprise and coincidence”, 1993).
    LogLikelihood,
    /// Σ w_ui w_uj: for weights that are normalised already.
    Product,
}

const K: f32 = 1.2;
const B: f32 = 0.75;

/// The interactions as a similarity sees them.
pub struct Pairs {
    /// Users × items: what is multiplied for the other item.
    pub by_user: Interactions,
    /// Items × users: for the item itself, with q.
    pub by_item: Interactions,
    similarity: Similarity,
    shrinkage: f32,
    /// n_i^α or n_i, by item.
    own: Vec<f32>,
    /// n_j^(1−α), by item; empty where it is n_j.
    other: Vec<f32>,
    /// Users with anything.
    users: f64,
}

impl Pairs {
    pub fn new(interactions: &Interactions, params: &Params) -> Self {
        let similarity = params.similarity;
        let by_user = weighted(interactions, similarity);
        let damping: Vec<f32> =
            (0..by_user.users() as u32).map(|user| damping(&by_user, user, params)).collect();
        let mut by_item = by_user.transpose();
        let size = |item| {
            let (users, weights) = by_item.row(item);
            users.iter().zip(weights).map(|(&user, w)| w * w * damping[user as usize]).sum::<f32>()
        };
        let sizes: Vec<f32> = (0..by_item.users() as u32).map(size).collect();
        by_item.change(|_, user, weight| weight * damping[user as usize]);
        let (own, other) = match similarity {
            Similarity::Cosine | Similarity::Tfidf => (
                sizes.iter().map(|size| size.powf(params.asymmetry)).collect(),
                sizes.iter().map(|size| size.powf(1.0 - params.asymmetry)).collect(),
            ),
            _ => (sizes, Vec::new()),
        };
        let users =
            (0..by_user.users() as u32).filter(|&user| !by_user.row(user).0.is_empty()).count() as f64;
        Self { by_user, by_item, similarity, shrinkage: params.shrinkage, own, other, users }
    }

    /// Whether [`Pairs::similarity`] needs the number of shared users beside the sum over them.
    pub fn counts(&self) -> bool {
        self.similarity == Similarity::Bm25
    }

    /// From the sum over shared users of the product of their weights, and from their number where it is asked for.
    pub fn similarity(&self, item: u32, other: u32, sum: f32, count: u32) -> f32 {
        let own = self.own[item as usize];
        match self.similarity {
            Similarity::Cosine | Similarity::Tfidf => {
                sum / (own * self.other[other as usize] + self.shrinkage)
            }
            Similarity::Bm25 => sum * count as f32 / (count as f32 + self.shrinkage),
            Similarity::Jaccard => sum / (own + self.own[other as usize] - sum + self.shrinkage),
            Similarity::LogLikelihood => {
                let surprise =
                    log_likelihood(sum.into(), own.into(), self.own[other as usize].into(), self.users);
                surprise as f32 * sum / (sum + self.shrinkage)
            }
            Similarity::Product => sum,
        }
    }
}

/// Square roots of the weights, so that one heavy buyer does not speak for many; 1 where only numbers of users count.
fn weighted(interactions: &Interactions, similarity: Similarity) -> Interactions {
    match similarity {
        Similarity::Cosine | Similarity::Tfidf => interactions.map(|_, _, weight| weight.sqrt()),
        Similarity::Jaccard | Similarity::LogLikelihood => interactions.map(|_, _, _| 1.0),
        Similarity::Product => interactions.clone(),
        Similarity::Bm25 => {
            let mut roots = interactions.map(|_, _, weight| weight.sqrt());
            let lengths = crate::recommender::models::popular::sums(&roots);
            let seen = lengths.iter().filter(|&&length| length > 0.0).count().max(1);
            let mean = lengths.iter().sum::<f32>() / seen as f32;
            roots.change(|_, item, weight| {
                let norm = 1.0 - B + B * lengths[item as usize] / mean;
                weight * (K + 1.0) / (weight + K * norm)
            });
            roots
        }
    }
}

/// q_u.
fn damping(by_user: &Interactions, user: u32, params: &Params) -> f32 {
    let (items, weights) = by_user.row(user);
    if items.is_empty() {
        return 0.0;
    }
    match params.similarity {
        Similarity::Cosine => weights.iter().sum::<f32>().powf(-params.user_damping),
        Similarity::Bm25 | Similarity::Tfidf => (by_user.items() as f32 / items.len() as f32).ln_1p().powi(2),
        Similarity::Jaccard | Similarity::LogLikelihood | Similarity::Product => 1.0,
    }
}

/// G² = 2 Σ k ln(k n / (row · column)) over the four cells; 0 when the pair is no more frequent than chance.
fn log_likelihood(both: f64, first: f64, second: f64, n: f64) -> f64 {
    if both * n <= first * second {
        return 0.0;
    }
    let cell = |k: f64, row: f64, column: f64| if k > 0.0 { k * (k * n / (row * column)).ln() } else { 0.0 };
    let neither = n - first - second + both;
    2.0 * (cell(both, first, second)
        + cell(first - both, first, n - second)
        + cell(second - both, n - first, second)
        + cell(neither, n - first, n - second))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Users 0, 1: items 0 and 1. User 2: item 0. User 3: item 2. User 4: items 1 and 2, and twice as much of 2.
    fn pairs(similarity: Similarity, shrinkage: f32) -> Pairs {
        let bought = Interactions::from_triples(
            5,
            3,
            [
                (0, 0, 1.0),
                (0, 1, 1.0),
                (1, 0, 1.0),
                (1, 1, 1.0),
                (2, 0, 1.0),
                (3, 2, 1.0),
                (4, 1, 1.0),
                (4, 2, 4.0),
            ],
        );
        let params = Params { similarity, shrinkage, user_damping: 0.0, asymmetry: 0.5, ..Params::default() };
        Pairs::new(&bought, &params)
    }

    fn between(pairs: &Pairs, item: u32, other: u32) -> f32 {
        let (users, weights) = pairs.by_item.row(item);
        let (mut sum, mut count) = (0.0, 0);
        for (&user, weight) in users.iter().zip(weights) {
            let (items, others) = pairs.by_user.row(user);
            if let Ok(at) = items.binary_search(&other) {
                sum += weight * others[at];
                count += 1;
            }
        }
        pairs.similarity(item, other, sum, count)
    }

    #[track_caller]
    fn near(found: f32, expected: f64) {
        assert!((f64::from(found) - expected).abs() < 1e-5, "{found} {expected}");
    }

    #[test]
    fn cosine_and_jaccard_are_as_worked_by_hand() {
        // Two of three and three users; item 2 has square-root weights 1 and 2, so size 5.
        near(between(&pairs(Similarity::Cosine, 0.0), 0, 1), 2.0 / 3.0);
        near(between(&pairs(Similarity::Cosine, 1.0), 0, 1), 2.0 / 4.0);
        near(between(&pairs(Similarity::Cosine, 0.0), 1, 2), 2.0 / 15f64.sqrt());
        near(between(&pairs(Similarity::Jaccard, 0.0), 0, 1), 2.0 / 4.0);
        near(between(&pairs(Similarity::Jaccard, 4.0), 1, 2), 1.0 / 8.0);
    }

    #[test]
    fn words_weigh_as_worked_by_hand() {
        // Users 0, 1 and 4 have two of three items, users 2 and 3 one.
        let (two, one) = (2.5f64.ln().powi(2), 4f64.ln().powi(2));
        near(
            between(&pairs(Similarity::Tfidf, 0.0), 0, 1),
            2.0 * two / ((2.0 * two + one) * 3.0 * two).sqrt(),
        );
        // Lengths 3, 3 and 3: every norm is 1. b(1) = 2.2 / 2.2, b(2) = 4.4 / 3.2.
        near(between(&pairs(Similarity::Bm25, 0.0), 0, 1), 2.0 * two);
        near(between(&pairs(Similarity::Bm25, 3.0), 1, 2), two * 1.375 / 4.0);
    }

    #[test]
    fn surprise_is_as_worked_by_hand() {
        // Both 2, only the first 1, only the second 1, neither 1, of 5: ½ G² = 2 ln(10/9) + 2 ln(5/6) + ln(5/4).
        let g = 2.0 * (2.0 * (10f64 / 9.0).ln() + 2.0 * (5f64 / 6.0).ln() + 1.25f64.ln());
        near(between(&pairs(Similarity::LogLikelihood, 0.0), 0, 1), g);
        near(between(&pairs(Similarity::LogLikelihood, 2.0), 0, 1), g / 2.0);
        // One shared of three and two is less than chance expects.
        near(between(&pairs(Similarity::LogLikelihood, 0.0), 1, 2), 0.0);
        // Dunning's own kind of table: 110, 2442, 111, 29114 of 31777 gives 270.72.
        assert!((log_likelihood(110.0, 2552.0, 221.0, 31777.0) - 270.72).abs() < 0.01);
    }
}
