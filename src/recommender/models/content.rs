//! By what products are: words, category, brand, price and picture. The one model that picks what nobody has bought
//! yet.
//!
//! *Source*: Lops, de Gemmis, Semeraro, “Content-based recommender systems: state of the art and trends”
//! (Recommender Systems Handbook, 2011). Which likeness counts how much is learned from what was bought.

mod nearest;
mod part_weights;
mod text;
mod vectors;

use super::item_weights::ItemWeights;
use crate::recommender::load::Arrays;
use crate::recommender::{
    Contribution, Descriptions, Model, ModelError, Observed, Resources, Scorer, Tensor, User,
};
use serde::{Deserialize, Serialize};
use vectors::{PARTS, Vectors};

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Kept for each item. Two hundred found no more new products than one hundred, four hundred fewer.
    pub neighbours: usize,
    /// Whether the weights below are learned from what customers bought; they hold where that tells too little.
    pub learn: bool,
    /// How much the cosine of each part counts, in relation to the others.
    pub words: f32,
    /// Parts of words: they find compounds and other forms.
    pub pieces: f32,
    pub category: f32,
    pub brand: f32,
    pub price: f32,
    pub picture: f32,
}

impl Default for Params {
    /// What shops say most carefully counts most: the category somebody chose, then the title.
    fn default() -> Self {
        Self {
            neighbours: 100,
            learn: true,
            words: 0.25,
            pieces: 0.15,
            category: 0.3,
            brand: 0.1,
            price: 0.1,
            picture: 0.1,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct ValidParams(Params);

impl Params {
    pub fn check(self) -> Result<ValidParams, ModelError> {
        if !(1..=10_000).contains(&self.neighbours) {
            return Err(ModelError::parameter("neighbours", &self.neighbours, "1 to 10000"));
        }
        let names = ["words", "pieces", "category", "brand", "price", "picture"];
        let weights = self.weights();
        for (name, weight) in names.into_iter().zip(weights) {
            if !(0.0..=1000.0).contains(&weight) {
                return Err(ModelError::parameter(name, &weight, "0 to 1000"));
            }
        }
        if weights.iter().all(|&weight| weight == 0.0) {
            let found = "0, as all other weights";
            return Err(ModelError::parameter("words", &found, "at least one weight above 0"));
        }
        Ok(ValidParams(self))
    }

    fn weights(&self) -> [f32; PARTS] {
        [self.words, self.pieces, self.category, self.brand, self.price, self.picture]
    }
}

/// *Units*: a similarity is from 0 to 1, 1 for items alike in every part that has weight.
pub struct Content {
    similarities: ItemWeights,
    /// How much each part counts, in the order of the parameters; they add up to 1.
    part_weights: [f32; PARTS],
}

/// A user's score of item j is Σ_i √w_ui s_ij over their items, s_ij = Σ_p β_p cos_p(i, j) over the parts. Somebody of
/// whom no item is known is scored by nobody here; of somebody new with items no more is needed.
///
/// With a fifth of the products hidden from learning, 20 of the hidden ones held 0.33 of what customers of a gift shop
/// bought among them (by chance 0.023) and 0.047 for a grocer's (by chance 0.005). Learned weights found as much as the
/// given ones there; they are for shops where one part tells nothing, or all.
///
/// *Cost*: O(items · (8,000 + 400 · features of an item)): 92,000 products take some fifteen seconds of processor time,
/// shared by the threads; bytes as `needed_bytes` counts them. *Errors*: [`ModelError::NoDescriptions`], [`ModelError::TooLarge`],
/// [`ModelError::Cancelled`].
pub fn fit(
    params: &ValidParams,
    observed: Observed<'_>,
    resources: &Resources<'_>,
) -> Result<Content, ModelError> {
    let ValidParams(params) = *params;
    let (interactions, items) = (observed.interactions, observed.interactions.items());
    let descriptions = observed.items.ok_or(ModelError::NoDescriptions)?;
    let needed = needed_bytes(descriptions, items, params.neighbours);
    resources.allow(needed, "keep fewer neighbours, shorten the texts")?;
    resources.progress.phase("Reading descriptions", None);
    let vectors = Vectors::of(descriptions, items, resources)?;
    if vectors.is_empty() {
        return Err(ModelError::NoDescriptions);
    }
    let learned = if params.learn { part_weights::learn(&vectors, interactions, resources)? } else { None };
    let total: f32 = params.weights().iter().sum();
    let part_weights = learned.unwrap_or(params.weights().map(|weight| weight / total));
    let similarities = nearest::lists(&vectors, &part_weights, params.neighbours, resources)?;
    Ok(Content { similarities, part_weights })
}

/// Bytes while it runs, at most: 40 a feature, of which a text has about one for each of its bytes and fewer than it may
/// have words, 12 a number of a picture, 8 a neighbour, 8 an item for every thread.
fn needed_bytes(descriptions: &Descriptions, items: usize, neighbours: usize) -> u64 {
    // Words of six letters with their seven pieces.
    const MOST_OF_A_TEXT: usize = 200 * 8;
    let of = |(text, levels, picture): (usize, usize, usize)| {
        40 * (text.min(MOST_OF_A_TEXT) * 5 / 4 + levels + 5) + 12 * picture
    };
    let described: usize = descriptions
        .0
        .iter()
        .take(items)
        .map(|item| of((item.text.len(), item.category_path.len(), item.picture.len())))
        .sum();
    (described + items * (100 + 8 * neighbours.min(items) + 8 * rayon::current_num_threads())) as u64
}

impl Content {
    pub(in crate::recommender) fn load(arrays: &mut Arrays) -> Result<Self, ModelError> {
        let similarities = ItemWeights::load(arrays)?;
        let (_, part_weights) = arrays.f32("part_weights")?;
        match part_weights.try_into() {
            Ok(part_weights) => Ok(Self { similarities, part_weights }),
            Err(_) => Err(ModelError::Damaged("the parts have other weights".into())),
        }
    }
}

impl Model for Content {
    fn kind(&self) -> &'static str {
        "content"
    }

    fn items(&self) -> usize {
        self.similarities.items()
    }

    fn scorer<'a>(&'a self, candidates: &'a [u32]) -> Box<dyn Scorer + 'a> {
        self.similarities.scorer(candidates)
    }

    fn explain(&self, user: User<'_>, item: u32, at_most: usize) -> Vec<Contribution> {
        self.similarities.explain(user, item, at_most)
    }

    fn explains_cheaply(&self) -> bool {
        true
    }

    fn is_personal(&self) -> bool {
        true
    }

    fn tensors(&self) -> Vec<Tensor<'_>> {
        let mut tensors = self.similarities.tensors();
        tensors.push(Tensor::f32("part_weights", &[PARTS], &self.part_weights[..]));
        tensors
    }
}

#[cfg(test)]
mod tests;
