//! Best-sellers: every item by the sum of its weights; where it is asked for, those of late, of the season, and of
//! customers of the like.

mod groups;
pub(super) mod times;

use super::recency;
use crate::recommender::load::Arrays;
use crate::recommender::{
    Contribution, Interactions, Model, ModelError, Observed, Resources, Scorer, Tensor, User,
};
use groups::Groups;
use serde::{Deserialize, Serialize};

/// The defaults are the measure that every other model is held against: what sold most, to everybody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// After so many days a deed counts half, beside the decay that is in the weights already. 0: no more than that.
    pub half_life_days: f32,
    /// How strongly an item is raised that sold better than others at the time of year that comes next: its share is
    /// taken to this power. 0: not at all; of use from the second year on.
    pub season: f32,
    /// Groups of users with a list each. 0: one list for all.
    pub segments: usize,
}

#[derive(Debug, Clone, Copy)]
pub struct ValidParams(Params);

impl Params {
    pub fn check(self) -> Result<ValidParams, ModelError> {
        recency::check(self.half_life_days)?;
        if !(0.0..=3.0).contains(&self.season) {
            return Err(ModelError::parameter("season", &self.season, "0 to 3"));
        }
        if self.segments > groups::MOST {
            return Err(ModelError::parameter("segments", &self.segments, "0 to 100"));
        }
        Ok(ValidParams(self))
    }

    pub fn needs_log(&self) -> bool {
        self.half_life_days > 0.0 || self.season > 0.0
    }
}

/// *Shapes*: one number an item, and as many for each group. *Units*: the interactions' weights.
pub struct Popular {
    scores: Vec<f32>,
    groups: Option<Groups>,
}

/// Without a log there is neither lately nor season: the weights count as they are.
///
/// *Cost*: one pass; with groups that of eight singular vectors and of k-means over all users, and 4 bytes for each item
/// and group. *Errors*: [`ModelError::TooLarge`], [`ModelError::Cancelled`], [`ModelError::NotFinite`].
pub fn fit(
    params: &ValidParams,
    observed: Observed<'_>,
    resources: &Resources<'_>,
) -> Result<Popular, ModelError> {
    let ValidParams(params) = *params;
    let interactions = recency::weighed(observed, params.half_life_days);
    let log = observed.log.filter(|log| !log.is_empty());
    let mut scores = sums(&interactions);
    let season = log.filter(|_| params.season > 0.0).and_then(times::season);
    let factors = season.map(|season| season.into_iter().map(|factor| factor.powf(params.season)).collect());
    let factors: Vec<f32> = factors.unwrap_or_else(|| vec![1.0; scores.len()]);
    let groups = match params.segments {
        0 | 1 => None,
        count => Groups::of(&interactions, &scores, &factors, count, resources)?,
    };
    scores.iter_mut().zip(&factors).for_each(|(score, factor)| *score *= factor);
    Ok(Popular { scores, groups })
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
        let scores = arrays.f32("scores")?.1;
        let groups =
            if arrays.has("group_scores") { Some(Groups::load(arrays, scores.len())?) } else { None };
        Ok(Self { scores, groups })
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
        self.groups.is_some()
    }

    fn tensors(&self) -> Vec<Tensor<'_>> {
        let scores = Tensor::f32("scores", &[self.scores.len()], &self.scores);
        self.groups.iter().flat_map(Groups::tensors).chain([scores]).collect()
    }
}

struct BestSellers<'a> {
    model: &'a Popular,
    candidates: &'a [u32],
}

impl Scorer for BestSellers<'_> {
    fn score(&mut self, user: User<'_>, scores: &mut [f32]) -> bool {
        let group = self.model.groups.as_ref().and_then(|groups| groups.scores_for(user));
        let list = group.unwrap_or(&self.model.scores);
        for (score, &item) in scores.iter_mut().zip(self.candidates) {
            *score = list[item as usize];
        }
        group.is_some()
    }
}

#[cfg(test)]
mod tests;
