//! The interactions as EASE sees them, damped by user and item.

use super::Params;
use crate::recommender::Interactions;
use crate::recommender::models::popular;

/// R̃ = D_u^−a √R D_i^−b and what belongs to it.
pub struct Scaled {
    pub by_user: Interactions,
    pub by_item: Interactions,
    /// The diagonal of R̃ᵀR̃.
    pub sizes: Vec<f32>,
    /// λ.
    pub ridge: f32,
    /// n_i^b, by the item that speaks.
    own: Vec<f32>,
    /// n_j^(b+c), by the item that is spoken for.
    target: Vec<f32>,
}

impl Scaled {
    /// Square roots of the weights, so that one heavy buyer does not speak for many. *Cost*: a few passes.
    pub fn new(interactions: &Interactions, params: &Params) -> Self {
        let mut by_user = interactions.map(|_, _, weight| weight.sqrt());
        let users: Vec<f32> = (0..by_user.users() as u32)
            .map(|user| by_user.row(user).1.iter().sum::<f32>().powf(params.user_damping))
            .collect();
        let popularity = popular::sums(&by_user);
        let power = |exponent: f32| popularity.iter().map(|sum| sum.powf(exponent)).collect::<Vec<f32>>();
        let (own, target) = (power(params.item_damping), power(params.item_damping + params.popularity));
        by_user.change(|user, item, weight| weight / (users[user as usize] * own[item as usize]));
        let by_item = by_user.transpose();
        let size = |item| by_item.row(item).1.iter().map(|weight| weight * weight).sum::<f32>();
        let sizes: Vec<f32> = (0..interactions.items() as u32).map(size).collect();
        let seen = sizes.iter().filter(|&&size| size > 0.0).count().max(1);
        let mean = sizes.iter().map(|&size| f64::from(size)).sum::<f64>() / seen as f64;
        let ridge = params.regularisation * mean as f32;
        Self { by_user, by_item, sizes, ridge, own, target }
    }

    /// The items that anybody did anything with.
    pub fn seen(&self) -> Vec<u32> {
        (0..self.sizes.len() as u32).filter(|&item| self.sizes[item as usize] > 0.0).collect()
    }

    /// B̃'s entry of `own` for `target` in terms of √R.
    pub fn weight(&self, own: u32, target: u32, entry: f32) -> f32 {
        entry * self.target[target as usize] / self.own[own as usize]
    }
}
