//! What spoke for a product with one customer, and how much: contributions that add up to the model's score.

use super::pick::Worker;

/// *Units*: the model's own, as a pick's score before rules promote it or hold it back.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    pub score: f32,
    /// Past products by their ids, the strongest first; below 0 what spoke against it.
    pub parts: Vec<(Box<str>, f32)>,
    /// What the parts do not account for: the whole score where the model does not reason from what the customer did.
    pub rest: f32,
}

/// Rounding of single precision, in shares of the score and of what it is summed from.
const ROUNDING: f32 = 1e-3;

impl Explained {
    /// Whether the parts account for the whole score, but for rounding.
    pub fn adds_up(&self) -> bool {
        let size: f32 = self.parts.iter().map(|part| part.1.abs()).sum();
        self.rest.abs() <= ROUNDING * size.max(self.score.abs())
    }
}

impl Worker<'_, '_> {
    /// `None` when the model does not know the product.
    pub(super) fn score_of(&mut self, customer: &str, product: &str) -> Option<f32> {
        let (user, live) = self.user(customer);
        let item = [live.products.number(product)?];
        let mut score = [0.0];
        live.model.scorer(&item).score(user, &mut score);
        Some(score[0])
    }

    /// `None` when the model does not know the product.
    pub(super) fn explained(&mut self, customer: &str, product: &str) -> Option<Explained> {
        let score = self.score_of(customer, product)?;
        let (user, live) = self.user(customer);
        let parts = live.model.explain(user, live.products.number(product)?, usize::MAX);
        // In double precision and from the smallest, so that the sum is no worse than its parts.
        let sum: f64 = parts.iter().rev().map(|part| f64::from(part.amount)).sum();
        let parts = parts.iter().map(|part| (live.products.id(part.item).into(), part.amount)).collect();
        Some(Explained { score, parts, rest: (f64::from(score) - sum) as f32 })
    }
}
