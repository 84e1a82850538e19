//! What makes a comparison impossible, in words that say why.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One of the two groups of an experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    Treated,
    Control,
}

impl fmt::Display for Group {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Treated => "treated",
            Self::Control => "control",
        })
    }
}

/// Closed: what makes a comparison impossible.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpliftError {
    #[error("a group is empty; both need at least one person")]
    EmptyGroup,
    #[error("{successes} of {people} people cannot have bought")]
    MoreThanAll { successes: u64, people: u64 },
    #[error("{people} people in a group are too few to compare amounts; both need at least 2")]
    TooFew { people: u64 },
    #[error("the planned shares must be positive, one per group, for at least two groups")]
    BadShares,
    #[error("cannot be computed because nobody in the {group} group bought; wait for more purchases")]
    NoBuyers { group: Group },
    #[error(
        "only {found} people of the {group} group bought; with fewer than {fewest} no amount says anything"
    )]
    FewBuyers { group: Group, found: u64, fewest: u64 },
    #[error(
        "cannot be computed because the {group} group spent nothing on balance; compare the difference instead"
    )]
    NothingSpent { group: Group },
    #[error("cannot be computed because no two people of a group differ; wait for more purchases")]
    NoSpread,
    #[error("an amount is not a finite number, or all together are too large; correct the amounts")]
    NotFinite,
    #[error("resampling needs at least {fewest} resamples and a quantile above 0, at most 1")]
    BadResampling { fewest: u32 },
    #[error("the planned variance must be a finite number above 0; plan it from the size of the groups")]
    BadPlan,
    #[error("pooling needs at least 2 campaigns, found {found}")]
    TooFewCampaigns { found: usize },
    #[error("campaign {at} (from 0) needs a finite estimate and a finite variance above 0")]
    BadCampaign { at: usize },
    #[error("found {predicted} predictions and {actual} outcomes; there must be one each, and at least one")]
    LengthsDiffer { predicted: usize, actual: usize },
    #[error("prediction {at} (from 0) is not a probability; it must be from 0 to 1")]
    NotAProbability { at: usize },
    #[error("predictions are judged in at least one bin")]
    NoBins,
}
