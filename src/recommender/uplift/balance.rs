//! Whether the groups were alike before the experiment, one trait at a time.

use super::{Interval, Moments, UpliftError};
use crate::recommender::distribution::Z_95;
use serde::{Deserialize, Serialize};

/// A standardised difference up to here is usually taken for balance (P. C. Austin, Balance diagnostics for comparing
/// the distribution of baseline covariates between treatment groups in propensity-score matched samples, Statistics in
/// Medicine 28, 2009, 3083–3107).
pub const LARGEST_BALANCED: f64 = 0.1;

/// How far apart two groups are in one trait, in its standard deviations.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StandardisedDifference {
    pub difference: Interval,
}

impl StandardisedDifference {
    pub fn is_balanced(self) -> bool {
        self.difference.estimate.abs() <= LARGEST_BALANCED
    }

    /// Unbalanced beyond what drawing lots brings about: in small groups chance alone often exceeds the threshold. Of
    /// many traits one in twenty is beyond chance by chance.
    pub fn is_suspect(self) -> bool {
        !self.is_balanced() && self.difference.excludes_zero()
    }
}

/// How far apart two groups are in one trait: (mean of T − mean of C) / s, s² = (s_T² + s_C²) / 2.
///
/// *Shapes*: one trait of two groups of at least two people; a yes or no is pushed as 1 or 0. *Units*: standard
/// deviations. *Errors*: fewer than two people; amounts that are not finite; means that differ without any spread to
/// measure by. Where nobody differs from anybody it is 0. *Cost*: constant.
///
/// *Source*: Austin 2009, section 3.1 (see [`LARGEST_BALANCED`]); the interval's variance is
/// (n_T + n_C) / (n_T·n_C) + d² / (2(n_T + n_C)) (L. V. Hedges, I. Olkin, Statistical Methods for Meta-Analysis, 1985,
/// chapter 5).
pub fn standardised_difference(
    treated: &Moments,
    control: &Moments,
) -> Result<StandardisedDifference, UpliftError> {
    treated.check()?;
    control.check()?;
    let distance = treated.mean() - control.mean();
    if distance == 0.0 && treated.variance() == 0.0 && control.variance() == 0.0 {
        return Ok(StandardisedDifference { difference: Interval::around(0.0, 0.0) });
    }
    let d = distance / (treated.variance() / 2.0 + control.variance() / 2.0).sqrt();
    if !d.is_finite() {
        return Err(UpliftError::NoSpread);
    }
    let (n_t, n_c) = (treated.people() as f64, control.people() as f64);
    let variance = 1.0 / n_t + 1.0 / n_c + d * d / (2.0 * (n_t + n_c));
    Ok(StandardisedDifference { difference: Interval::around(d, Z_95 * variance.sqrt()) })
}
