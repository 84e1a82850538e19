//! EASE: each item is predicted from all others by ridge regression, all at once and in closed form.
//!
//! *Source*: Steck, “Embarrassingly shallow autoencoders for sparse data” (WWW 2019), equation 8.

mod local;
mod tiles;

use super::item_weights::{ItemWeights, Row};
use crate::recommender::load::Arrays;
use crate::recommender::{
    Contribution, Interactions, Model, ModelError, Observed, Resources, Scorer, Tensor, User, top_k,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use tiles::{TILE, Tiles};

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// λ, in mean diagonals of the matrix it is added to, so that it means the same in every shop.
    pub regularisation: f32,
    /// a: how much less a user counts who did much. 0: every interaction counts alike.
    pub user_damping: f32,
    /// b: how much more popular items are regularised than others. 0: all alike, as in the paper.
    pub item_damping: f32,
    pub popularity: f32,
    /// Weights kept for each item: those that speak loudest for it or against it.
    pub neighbours: usize,
    /// Up to so many items the equations are solved exactly.
    pub dense_items: usize,
    /// Beyond, each item's weights are solved over so many that share users with it.
    pub reach: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            regularisation: 1.0,
            user_damping: 0.25,
            item_damping: 0.25,
            popularity: 0.0,
            neighbours: 300,
            dense_items: 20_000,
            reach: 512,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct ValidParams(Params);

impl Params {
    pub fn check(self) -> Result<ValidParams, ModelError> {
        let refuse = |name, found: String, expected| Err(ModelError::Parameter { name, found, expected });
        if !(self.regularisation.is_finite() && self.regularisation > 0.0) {
            return refuse("regularisation", self.regularisation.to_string(), "above 0");
        }
        for (name, share) in [("user_damping", self.user_damping), ("item_damping", self.item_damping)] {
            if !(0.0..=1.0).contains(&share) {
                return refuse(name, share.to_string(), "0 to 1");
            }
        }
        for (name, number) in [("neighbours", self.neighbours), ("reach", self.reach)] {
            if !(1..=10_000).contains(&number) {
                return refuse(name, number.to_string(), "1 to 10000");
            }
        }
        if self.dense_items > 100_000 {
            return refuse("dense_items", self.dense_items.to_string(), "0 to 100000");
        }
        Ok(ValidParams(self))
    }
}

pub struct Ease(ItemWeights);

pub fn fit(
    params: &ValidParams,
    observed: Observed<'_>,
    resources: &Resources<'_>,
) -> Result<Ease, ModelError> {
    let ValidParams(params) = *params;
    let interactions = observed.interactions;
    let items = interactions.items();
    let scaled = Scaled::new(interactions, &params);
    if items <= params.dense_items {
        dense(&scaled, &params, resources).map(Ease)
    } else {
        resources.progress.phase("Solving item by item", Some(items as u64));
        local::weights(&scaled, params.reach, params.neighbours, resources).map(Ease)
    }
}

/// R̃ = D_u^−a √R D_i^−b and what belongs to it.
struct Scaled<'a> {
    by_user: Interactions,
    by_item: Interactions,
    /// The diagonal of R̃ᵀR̃.
    sizes: Vec<f32>,
    /// D_i^b.
    scales: Vec<f32>,
    targets: Vec<f32>,
    /// λ.
    ridge: f32,
    _of: std::marker::PhantomData<&'a ()>,
}

impl Scaled<'_> {
    fn new(interactions: &Interactions, params: &Params) -> Self {
        let roots = interactions.map(|_, _, weight| weight.sqrt());
        let user_scales: Vec<f32> = (0..roots.users() as u32)
            .map(|user| roots.row(user).1.iter().sum::<f32>().powf(params.user_damping))
            .collect();
        let scales: Vec<f32> =
            super::popular::sums(&roots).into_iter().map(|sum| sum.powf(params.item_damping)).collect();
        let targets: Vec<f32> = super::popular::sums(&roots)
            .into_iter()
            .map(|sum| sum.powf(params.item_damping + params.popularity))
            .collect();
        let by_user =
            roots.map(|user, item, weight| weight / (user_scales[user as usize] * scales[item as usize]));
        let by_item = by_user.transpose();
        let size = |item| by_item.row(item).1.iter().map(|weight| weight * weight).sum::<f32>();
        let sizes: Vec<f32> = (0..interactions.items() as u32).map(size).collect();
        let seen = sizes.iter().filter(|&&size| size > 0.0).count().max(1);
        let mean = sizes.iter().map(|&size| f64::from(size)).sum::<f64>() / seen as f64;
        let ridge = params.regularisation * mean as f32;
        Self { by_user, by_item, sizes, scales, targets, ridge, _of: std::marker::PhantomData }
    }

    /// A weight of the scaled matrix, of `own` for `target`, in terms of R.
    fn weight(&self, own: u32, target: u32, b: f32) -> f32 {
        b * self.targets[target as usize] / self.scales[own as usize]
    }
}

/// Writes the entries of largest magnitude, ascending by item, and says how many.
fn keep_strongest(items: &[u32], weights: &[f32], row: Row<'_>) -> usize {
    let magnitudes: Vec<f32> = weights.iter().map(|weight| weight.abs()).collect();
    let mut best = top_k(&magnitudes, row.others.len(), |at| weights[at] == 0.0);
    best.sort_unstable();
    for ((&at, other), weight) in best.iter().zip(row.others).zip(row.weights) {
        *other = items[at as usize];
        *weight = weights[at as usize];
    }
    best.len()
}

/// All equations at once.
fn dense(scaled: &Scaled<'_>, params: &Params, resources: &Resources<'_>) -> Result<ItemWeights, ModelError> {
    let items = scaled.scales.len();
    let mut matrix = Tiles::zeros(items);
    resources.progress.phase("Solving for all items at once", Some(matrix.steps()));
    matrix.rows_mut().par_iter_mut().enumerate().for_each_init(
        || vec![0f32; items],
        |sums, (i, tiles)| {
            for within in 0..tiles[i].nrows() {
                let item = (i * TILE + within) as u32;
                let (users, weights) = scaled.by_item.row(item);
                for (&user, &weight) in users.iter().zip(weights) {
                    let (others, other_weights) = scaled.by_user.row(user);
                    for (&other, &other_weight) in others.iter().zip(other_weights) {
                        if other > item {
                            break;
                        }
                        sums[other as usize] += weight * other_weight;
                    }
                }
                sums[item as usize] += scaled.ridge;
                for (tile, sums) in tiles.iter_mut().zip(sums.chunks_mut(TILE)) {
                    for (column, sum) in sums.iter_mut().enumerate() {
                        tile[(within, column)] = std::mem::take(sum);
                        if column + 1 == tile.ncols() {
                            break;
                        }
                    }
                }
            }
        },
    );
    matrix.invert(resources)?;
    let diagonal = matrix.diagonal();
    let all: Vec<u32> = (0..items as u32).collect();
    let columns = ItemWeights::compute(
        items,
        params.neighbours,
        resources,
        || vec![0f32; items],
        |p, target, row| {
            matrix.copy_row(target as usize, p);
            let own = diagonal[target as usize];
            for (&item, p) in all.iter().zip(p.iter_mut()) {
                *p = if item == target || *p == 0.0 { 0.0 } else { scaled.weight(item, target, -*p / own) };
            }
            keep_strongest(&all, p, row)
        },
    )?;
    Ok(columns.transpose())
}

impl Ease {
    pub(in crate::recommender) fn load(arrays: &mut Arrays) -> Result<Self, ModelError> {
        ItemWeights::load(arrays).map(Self)
    }
}

impl Model for Ease {
    fn kind(&self) -> &'static str {
        "ease"
    }

    fn items(&self) -> usize {
        self.0.items()
    }

    fn scorer<'a>(&'a self, candidates: &'a [u32]) -> Box<dyn Scorer + 'a> {
        self.0.scorer(candidates)
    }

    fn explain(&self, user: User<'_>, item: u32, at_most: usize) -> Vec<Contribution> {
        self.0.explain(user, item, at_most)
    }

    fn is_personal(&self) -> bool {
        true
    }

    fn tensors(&self) -> Vec<Tensor<'_>> {
        self.0.tensors()
    }
}
