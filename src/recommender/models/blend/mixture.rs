//! How much each model of a blend has to say.

use super::context::Weights;
use crate::recommender::ModelError;
use serde::{Deserialize, Serialize};

/// One model's part: `weight` / n^`growth` for somebody with n items. A model that adds up what each item says grows
/// with n, one that averages does not; the growth lets them keep the same balance for everybody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vote {
    pub weight: f32,
    pub growth: f32,
}

impl Vote {
    pub fn of(self, size: f32) -> f32 {
        self.weight * size.max(1.0).powf(-self.growth)
    }
}

/// The sum of all votes, times what the context makes of it, becomes a probability: 1 / (1 + e^−(slope · sum + offset)).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mixture {
    /// One for each model of the blend.
    pub votes: Vec<Vote>,
    pub slope: f32,
    pub offset: f32,
    /// What else counts.
    #[serde(default, skip_serializing_if = "Weights::is_none")]
    pub context: Weights,
}

impl Mixture {
    /// The chance that somebody goes for a candidate with this sum, of the length of time the mixture was learned
    /// from. 0 for what no model speaks for.
    pub fn probability(&self, sum: f32) -> f32 {
        if sum > 0.0 { 1.0 / (1.0 + (-(self.slope * sum + self.offset)).exp()) } else { 0.0 }
    }

    pub fn check(&self, models: usize) -> Result<(), ModelError> {
        if self.votes.len() != models {
            return Err(ModelError::parameter(
                "mixture",
                &format!("{} votes of {models} models", self.votes.len()),
                "one vote for each model",
            ));
        }
        let numbers = self.votes.iter().flat_map(|vote| [vote.weight, vote.growth]);
        if !numbers.chain([self.slope, self.offset]).all(f32::is_finite) || self.slope <= 0.0 {
            return Err(ModelError::parameter(
                "mixture",
                "not finite, or falling",
                "finite numbers and a slope above 0",
            ));
        }
        self.context.check()
    }
}
