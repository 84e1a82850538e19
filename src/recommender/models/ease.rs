//! EASE: every item is predicted from all others by ridge regression, in closed form.
//!
//! *Source*: Steck, “Embarrassingly shallow autoencoders for sparse data” (WWW 2019), equation 8, over interactions that
//! are damped by user and item; beyond the items that can be solved at once, the sparse approximation of Steck, “Markov
//! random fields for collaborative filtering” (NeurIPS 2019), section 3.2, with one system for each item.

mod dense;
mod local;
mod scaled;
#[cfg(test)]
mod tests;
mod tiles;

use super::item_weights::{ItemToItem, ItemWeights, Row};
use super::recency;
use crate::recommender::load::Arrays;
use crate::recommender::{ModelError, Observed, Resources, top_k};
use scaled::Scaled;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// λ, in means of the diagonal it is added to, so that it means the same in every shop.
    pub regularisation: f32,
    /// a: how much less an interaction counts of a user who did much. 0: all count alike, as in the paper.
    pub user_damping: f32,
    /// b: how much more what a popular item says is regularised. 0: all alike, as in the paper.
    pub item_damping: f32,
    /// c: above 0 popular items are found more readily, below it the niche.
    pub popularity: f32,
    /// Weights kept for each item: those that speak loudest for it or against it. Of what the default finds on Gowalla,
    /// two hundred lose 0.6 %, one hundred 4 %; the wholesaler's products need no more than fifty.
    pub neighbours: usize,
    /// Up to so many items, where memory allows, the equations are solved all at once.
    pub dense_items: usize,
    /// Beyond, the equations of each item are solved over so many that share users with it.
    pub reach: usize,
    /// After so many days a deed counts half, beside the decay that is in the weights already. 0: no more than that.
    pub half_life_days: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            regularisation: 8.0,
            user_damping: 0.15,
            item_damping: 0.2,
            popularity: -0.1,
            neighbours: 300,
            dense_items: 20_000,
            reach: 256,
            half_life_days: 0.0,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct ValidParams(Params);

impl Params {
    pub fn check(self) -> Result<ValidParams, ModelError> {
        if !(self.regularisation.is_finite() && self.regularisation > 0.0) {
            return Err(ModelError::parameter("regularisation", &self.regularisation, "above 0"));
        }
        for (name, share) in [("user_damping", self.user_damping), ("item_damping", self.item_damping)] {
            if !(0.0..=1.0).contains(&share) {
                return Err(ModelError::parameter(name, &share, "0 to 1"));
            }
        }
        if !(-1.0..=1.0).contains(&self.popularity) {
            return Err(ModelError::parameter("popularity", &self.popularity, "-1 to 1"));
        }
        for (name, number) in [("neighbours", self.neighbours), ("reach", self.reach)] {
            if !(1..=10_000).contains(&number) {
                return Err(ModelError::parameter(name, &number, "1 to 10000"));
            }
        }
        if self.dense_items > 100_000 {
            return Err(ModelError::parameter("dense_items", &self.dense_items, "0 to 100000"));
        }
        recency::check(self.half_life_days)?;
        Ok(ValidParams(self))
    }
}

/// *Units*: a user's score of an item is the weight's square root that ridge regression expects, times the item's
/// popularity^c; it may be below 0.
pub struct Ease(ItemWeights);

/// B̃ = I − P diag(1 / diag P) with P = (R̃ᵀR̃ + λI)⁻¹ and R̃ = D_u^−a √R D_i^−b, and of it B_ij = B̃_ij n_j^(b+c) /
/// n_i^b, D holding the sums n of the square-root weights. Damping the items by b is regularising each by n_i^2b.
///
/// Chosen on what was held back of three data sets' training parts. On the usual splits the defaults find 0.187 of what
/// users went for among 20 picks on Gowalla (NDCG 0.153), 0.183 on Amazon CDs, and 0.077 in a wholesaler's later
/// months, where item-to-item finds 0.171, 0.171 and 0.051.
///
/// Solving item by item loses nothing where interactions are few: over the 10,000 most popular items of Gowalla and
/// Amazon CDs it finds 0.313 and 0.226 of what was held back, all at once 0.312 and 0.223 in several times the time.
/// That is why the other way to large catalogues, an incomplete factor of the whole matrix and its sparse inverse
/// (Spišák et al., RecSys 2023), was not taken: what it comes near to is not better. The wholesaler's customers have
/// dozens of products each, and there all at once finds 0.304 against 0.295.
///
/// *Cost*: at once: n³ multiplications and additions and 2 n² bytes for n items with interactions; item by item: a few
/// dozen passes over the interactions of `reach` items, for each item. Beside it 16 bytes × neighbours × items while
/// they are put in order, of which half stay, and 24 bytes an interaction. *Errors*: [`ModelError::TooLarge`] when not
/// even the latter fits, [`ModelError::NotFinite`], [`ModelError::Cancelled`].
pub fn fit(
    params: &ValidParams,
    observed: Observed<'_>,
    resources: &Resources<'_>,
) -> Result<Ease, ModelError> {
    let ValidParams(params) = *params;
    let interactions = &*recency::weighed(observed, params.half_life_days);
    let (users, items) = (interactions.users(), interactions.items());
    let threads = rayon::current_num_threads();
    let kept = params.neighbours.min(items);
    let always = items * (kept * 16 + 40) + users * 20 + interactions.len() * 24;
    let of_a_thread = items * 12 + users * 12 + interactions.len() * 8;
    let needed = (always + threads * of_a_thread) as u64;
    resources.allow(needed, "keep fewer neighbours")?;
    let scaled = Scaled::new(interactions, &params);
    let solved = scaled.seen();
    let at_once = solved.len() <= params.dense_items
        && needed + dense::bytes(solved.len(), threads) <= resources.max_memory_bytes;
    let columns = if at_once {
        dense::columns(&scaled, &solved, kept, resources)
    } else {
        local::columns(&scaled, params.reach, local::TOLERANCE, kept, resources)
    };
    Ok(Ease(columns?.transpose()))
}

/// Writes the weights of largest magnitude, ascending by item, and says how many.
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

impl Ease {
    pub(in crate::recommender) fn load(arrays: &mut Arrays) -> Result<Self, ModelError> {
        ItemWeights::load(arrays).map(Self)
    }
}

impl ItemToItem for Ease {
    const KIND: &'static str = "ease";

    fn weights(&self) -> &ItemWeights {
        &self.0
    }
}
