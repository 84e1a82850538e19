//! Alternating least squares itself: users given the items, items given the users, and again.

use super::{Als, Params};
use crate::recommender::models::factors::{Factors, axes};
use crate::recommender::models::normal_equations::{Entries, Fixed, Scratch, solve_rows};
use crate::recommender::{Interactions, ModelError, Resources};
use rayon::prelude::*;

/// What solving for a row needs to know: the same for users and items but for the counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side {
    pub regularisation: f32,
    /// α₀, how much one pair counts for being mostly unobserved.
    pub unobserved_weight: f32,
    pub frequency_exponent: f32,
    /// Weights are divided by their mean, so that the parameters mean the same in every shop.
    pub mean_weight: f32,
}

/// From the factors of the items that are given.
pub(super) fn descend(
    params: Params,
    interactions: &Interactions,
    mut items: Factors,
    resources: &Resources<'_>,
) -> Result<Als, ModelError> {
    let by_item = interactions.transpose();
    let every_weight = (0..interactions.users() as u32).flat_map(|user| interactions.row(user).1);
    let total: f64 = every_weight.map(|&weight| f64::from(weight)).sum();
    let pairs = interactions.users() as f64 * interactions.items() as f64;
    let side = Side {
        regularisation: params.regularisation,
        unobserved_weight: (f64::from(params.unobserved_total) * interactions.len() as f64 / pairs) as f32,
        frequency_exponent: params.frequency_exponent,
        mean_weight: (total / interactions.len() as f64) as f32,
    };
    let (of_users, of_items) = (side.ridges(interactions), side.ridges(&by_item));
    let mut users = Factors::zeros(interactions.users(), params.factors);
    let halves = (params.iterations * (users.rows() + items.rows()) + users.rows()) as u64;
    resources.progress.phase("Learning tastes", Some(halves));
    for _ in 0..params.iterations {
        side.improve(&mut users, interactions, &of_users, &mut items, resources)?;
        side.improve(&mut items, &by_item, &of_items, &mut users, resources)?;
    }
    // Once more, so that a user of the shop has the factors that somebody new with the same deeds would get.
    let base = side.improve(&mut users, interactions, &of_users, &mut items, resources)?;
    if users.is_finite() && items.is_finite() {
        Ok(Als { side, users, items, base })
    } else {
        Err(ModelError::NotFinite)
    }
}

/// Rows between two looks at whether to go on.
const ROWS_A_TASK: usize = 128;

impl Side {
    pub fn entries<'a>(&self, others: &'a [u32], weights: &'a [f32], count: usize) -> Entries<'a> {
        Entries { others, weights, scale: 1.0 / self.mean_weight, ridge: self.ridge(weights, count) }
    }

    /// λ (Σ c + α₀ · others)^ν
    fn ridge(&self, weights: &[f32], others: usize) -> f32 {
        let seen: f32 = weights.iter().map(|&weight| weight / self.mean_weight).sum();
        self.regularisation * (seen + self.unobserved_weight * others as f32).powf(self.frequency_exponent)
    }

    fn ridges(&self, observed: &Interactions) -> Vec<f32> {
        let rows = (0..observed.users() as u32).into_par_iter();
        rows.map(|row| self.ridge(observed.row(row).1, observed.items())).collect()
    }

    pub fn base(&self, mut squares: Vec<f32>) -> Vec<f32> {
        for square in &mut squares {
            *square *= self.unobserved_weight;
        }
        squares
    }

    /// One half of an iteration: every row of `rows` given the `fixed` factors of the other side, which are turned to
    /// the axes of their Gram matrix. Returns what [`Fixed::base`] was.
    fn improve(
        &self,
        rows: &mut Factors,
        observed: &Interactions,
        ridges: &[f32],
        fixed: &mut Factors,
        resources: &Resources<'_>,
    ) -> Result<Vec<f32>, ModelError> {
        fixed.turn(&axes(&fixed.gram(), fixed.d).ok_or(ModelError::NotFinite)?);
        let base = self.base(fixed.squares());
        let (vectors, scale) = (fixed.vectors(), 1.0 / self.mean_weight);
        let fixed = Fixed { factors: fixed, base: &base };
        rows.values.par_chunks_mut(ROWS_A_TASK * vectors).enumerate().try_for_each_init(
            || Scratch::new(vectors),
            |scratch, (task, rows)| {
                if resources.progress.cancelled() {
                    return Err(ModelError::Cancelled);
                }
                let entries = |n: usize| {
                    let row = task * ROWS_A_TASK + n;
                    let (others, weights) = observed.row(row as u32);
                    Entries { others, weights, scale, ridge: ridges[row] }
                };
                let solved = solve_rows(fixed, rows, entries, scratch);
                resources.progress.advance((rows.len() / vectors) as u64);
                if solved { Ok(()) } else { Err(ModelError::NotFinite) }
            },
        )?;
        Ok(base)
    }
}
