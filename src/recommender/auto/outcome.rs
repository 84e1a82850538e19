//! How a race ended: who won, by how much, and who else took part.

use crate::recommender::evaluation::{Evaluation, Quality, mean_intervals};
use crate::recommender::{ModelError, Params};

/// One that took part.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    pub params: Params,
    /// On the people who judge.
    pub quality: Quality,
    /// NDCG and hit rate: low, mean, high, 95 %.
    pub ndcg: [f64; 3],
    pub hit_rate: [f64; 3],
    /// The best one's NDCG less its own, likewise.
    pub behind: [f64; 3],
}

impl Tried {
    /// `found` and `best` are of the same people.
    pub fn beside(best: &Evaluation, params: Params, found: &Evaluation, seed: u64) -> Self {
        let behind: Vec<f64> = best.ndcg.iter().zip(&found.ndcg).map(|(best, own)| best - own).collect();
        let intervals = mean_intervals(&[&found.ndcg, &found.hits, &behind], seed);
        let [ndcg, hit_rate, behind] = [0, 1, 2].map(|at| intervals[at]);
        Self { params, quality: found.quality, ndcg, hit_rate, behind }
    }
}

/// How it ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// What to learn with: best-sellers when nobody was better with confidence.
    pub params: Params,
    /// The winner and best-sellers, on the people who judge.
    pub winner: Evaluation,
    pub popular: Evaluation,
    /// The winner's NDCG less that of best-sellers: low, mean, high, 95 %.
    pub difference: [f64; 3],
    /// The best of each kind, the best first.
    pub tried: Vec<Tried>,
    /// Kinds that could not learn, and why.
    pub left_out: Vec<(&'static str, ModelError)>,
}

impl Outcome {
    /// Why this one, in a sentence.
    pub fn reason(&self) -> String {
        let [low, mean, high] = self.difference.map(|part| 100.0 * part);
        if self.params.kind() == "popular" {
            return "No model was better than best-sellers beyond chance, so best-sellers are picked.".into();
        }
        format!(
            "{} ranked best of {} models that were tried: {:.1} % NDCG, {mean:+.1} against best-sellers (95 % sure: \
             {low:+.1} to {high:+.1}).",
            self.params.kind(),
            self.tried.len(),
            100.0 * self.winner.quality.ndcg
        )
    }
}
