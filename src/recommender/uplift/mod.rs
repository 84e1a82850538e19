//! What an experiment earned: differences between two groups with their uncertainty.
//!
//! It knows counts and amounts only; who belongs to a group and which window counts is decided above. Symbols: T is
//! the treated group, C the control, n a group's size, x its buyers, p = x/n, Δ = p_T − p_C. Every interval is one of
//! 95 %, every p-value two-sided. What cannot be computed is an [`UpliftError`] that says why, never a NaN.
//!
//! | question | answer |
//! |---|---|
//! | do more people buy? | [`difference_of_proportions`], [`ratio_of_proportions`] |
//! | do people spend more? | [`difference_of_means`], [`ratio_of_means`]; with heavy tails [`bootstrap_of_means`] |
//! | the same, told more exactly by what people spent before | [`cuped`] |
//! | may I look every day? | [`sequential_proportions`], [`sequential_means`] |
//! | what did all campaigns earn together? | [`pool`] |
//! | were the groups alike before? | [`sample_ratio_p_value`], [`standardised_difference`] |
//! | what chance does a score stand for? | [`isotonic`] |
//! | do predicted chances come true? | [`calibrate`], [`calibrate_counted`] |

mod balance;
mod binomial;
mod bootstrap;
mod calibration;
mod cuped;
mod error;
mod few_buyers;
mod isotonic;
mod means;
mod pooling;
mod proportions;
mod sample_ratio;
mod sequential;
#[cfg(test)]
mod simulations;
#[cfg(test)]
mod tests;

pub use balance::{LARGEST_BALANCED, StandardisedDifference, standardised_difference};
pub use bootstrap::{BootstrapUplift, Resampling, Spending, bootstrap_of_means};
pub use calibration::{Alike, Bin, Calibration, calibrate, calibrate_counted};
pub use cuped::{CupedUplift, PairedMoments, cuped};
pub use error::{Group, UpliftError};
pub use few_buyers::{FEWEST_BUYERS, cautious_difference};
pub use isotonic::{Step, Steps, isotonic};
pub use means::{MeanUplift, Moments, difference_of_means, ratio_of_means};
pub use pooling::{Effect, Pooled, Weighted, pool};
pub use proportions::{
    Proportion, ProportionUplift, difference_of_proportions, interval_of_share, ratio_of_proportions,
};
pub use sample_ratio::sample_ratio_p_value;
pub use sequential::{Plan, SequentialUplift, sequential_means, sequential_proportions};

use serde::{Deserialize, Serialize};

/// An estimate between the ends of its 95 % interval: low ≤ estimate ≤ high.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub low: f64,
    pub estimate: f64,
    pub high: f64,
}

impl Interval {
    /// As far to both sides; `reach` ≥ 0.
    fn around(estimate: f64, reach: f64) -> Self {
        Self { low: estimate - reach, estimate, high: estimate + reach }
    }

    /// The same in another unit; `factor` ≥ 0.
    pub fn times(self, factor: f64) -> Self {
        Self { low: self.low * factor, estimate: self.estimate * factor, high: self.high * factor }
    }

    /// From the logarithm of a ratio to a relative uplift: e^x − 1, 0.1 means a tenth more.
    pub fn relative(self) -> Self {
        Self { low: self.low.exp_m1(), estimate: self.estimate.exp_m1(), high: self.high.exp_m1() }
    }

    /// Whether chance alone would rarely bring this about: zero lies outside.
    pub fn excludes_zero(self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}
