//! Best-sellers: every item by the sum of its weights. Decay over time is in the weights already.

use crate::recommender::load::Arrays;
use crate::recommender::{
    Contribution, Interactions, Model, ModelError, Observed, Resources, Scorer, Tensor, User,
};
use serde::{Deserialize, Serialize};

/// Best-sellers have nothing to choose: which events count, and for how long, is decided by the weights.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {}

#[derive(Debug, Clone, Copy)]
pub struct ValidParams(());

impl Params {
    pub fn check(self) -> Result<ValidParams, ModelError> {
        Ok(ValidParams(()))
    }
}

/// *Shapes*: one number an item. *Units*: the interactions' weights.
pub struct Popular {
    scores: Vec<f32>,
}

/// *Cost*: one pass. *Errors*: none.
pub fn fit(_: &ValidParams, observed: Observed<'_>, _: &Resources<'_>) -> Result<Popular, ModelError> {
    Ok(Popular { scores: sums(observed.interactions) })
}

/// The sum of its weights for every item.
pub fn sums(interactions: &Interactions) -> Vec<f32> {
    let mut sums = vec![0f64; interactions.items()];
    for user in 0..interactions.users() as u32 {
        let (items, weights) = interactions.row(user);
        for (&item, &weight) in items.iter().zip(weights) {
            sums[item as usize] += f64::from(weight);
        }
    }
    sums.into_iter().map(|sum| sum as f32).collect()
}

impl Popular {
    pub(in crate::recommender) fn load(arrays: &mut Arrays) -> Result<Self, ModelError> {
        Ok(Self { scores: arrays.f32("scores")?.1 })
    }
}

impl Model for Popular {
    fn kind(&self) -> &'static str {
        "popular"
    }

    fn items(&self) -> usize {
        self.scores.len()
    }

    fn scorer<'a>(&'a self, candidates: &'a [u32]) -> Box<dyn Scorer + 'a> {
        Box::new(BestSellers { model: self, candidates })
    }

    fn explain(&self, _: User<'_>, _: u32, _: usize) -> Vec<Contribution> {
        Vec::new()
    }

    fn is_personal(&self) -> bool {
        false
    }

    fn tensors(&self) -> Vec<Tensor<'_>> {
        vec![Tensor::f32("scores", &[self.scores.len()], &self.scores)]
    }
}

struct BestSellers<'a> {
    model: &'a Popular,
    candidates: &'a [u32],
}

impl Scorer for BestSellers<'_> {
    fn score(&mut self, _: User<'_>, scores: &mut [f32]) -> bool {
        for (score, &item) in scores.iter_mut().zip(self.candidates) {
            *score = self.model.scores[item as usize];
        }
        false
    }
}
