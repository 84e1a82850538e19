//! One plain sentence: is the model better than best-sellers, and by how much.

use crate::recommender::evaluation::{Evaluation, paired_difference};

/// Fewer customers than this prove nothing.
pub const ENOUGH_CUSTOMERS: usize = 30;

/// A model measured beside best-sellers on the same customers.
pub struct Measured {
    pub model: Evaluation,
    pub popular: Evaluation,
    /// Of NDCG: low, mean, high.
    pub difference: [f64; 3],
    /// Of the hit rate.
    hits: [f64; 3],
}

impl Measured {
    pub fn new(model: Evaluation, popular: Evaluation, seed: u64) -> Self {
        let difference = paired_difference(&model.ndcg, &popular.ndcg, seed);
        let hits = paired_difference(&model.hits, &popular.hits, seed);
        Self { model, popular, difference, hits }
    }

    /// With confidence: the whole interval lies above zero.
    pub fn beats_popular(&self) -> bool {
        self.model.users >= ENOUGH_CUSTOMERS && self.difference[0] > 0.0
    }

    /// For `kind`, with lists of `k` picks.
    pub fn sentence(&self, kind: &str, k: usize) -> String {
        if self.model.users < ENOUGH_CUSTOMERS {
            return format!(
                "Not measured: only {} customers bought again in the days held back, too few to tell anything.",
                self.model.users
            );
        }
        let of_hundred = |share: f64| (share * 100.0).round();
        let (own, popular) =
            (of_hundred(self.model.quality.hit_rate), of_hundred(self.popular.quality.hit_rate));
        if kind == "popular" {
            return format!(
                "These are the best-sellers: of 100 customers who bought again, {popular} bought something among \
                 its {k} picks."
            );
        }
        let counts = format!(
            "of 100 customers who bought again, {own} bought something new among its {k} picks, {popular} among the \
             {k} best-sellers (difference {}, 95 % sure: {} to {})",
            signed(self.hits[1]),
            signed(self.hits[0]),
            signed(self.hits[2])
        );
        if self.beats_popular() {
            format!("Better than best-sellers: {counts}.")
        } else if self.difference[2] < 0.0 {
            format!("Worse than best-sellers: {counts}.")
        } else {
            format!("No better than best-sellers, as far as can be told: {counts}.")
        }
    }
}

fn signed(share: f64) -> String {
    let hundred = share * 100.0;
    if hundred < 0.0 { format!("−{:.1}", -hundred) } else { format!("+{hundred:.1}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommender::evaluation::Quality;

    fn evaluation(rate: f64, users: usize) -> Evaluation {
        let hits: Vec<f64> = (0..users).map(|n| f64::from((n as f64) < rate * users as f64)).collect();
        let quality = Quality { hit_rate: rate, ndcg: rate, ..Quality::default() };
        Evaluation { quality, users, ndcg: hits.clone(), hits, ..Evaluation::default() }
    }

    #[test]
    fn better_worse_and_unknown_are_told_apart() {
        let sentence = |model, popular, users| {
            Measured::new(evaluation(model, users), evaluation(popular, users), 1).sentence("als", 20)
        };
        assert!(
            sentence(0.4, 0.2, 200)
                .starts_with("Better than best-sellers: of 100 customers who bought again, 40")
        );
        assert!(sentence(0.2, 0.4, 200).starts_with("Worse"));
        assert!(sentence(0.2, 0.2, 200).starts_with("No better"));
        assert!(sentence(1.0, 0.0, 29).starts_with("Not measured: only 29"));
    }
}
