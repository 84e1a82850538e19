//! What several campaigns earned together, when each earns differently: a random-effects meta-analysis.

use super::{Interval, Moments, Proportion, UpliftError, means, proportions};
use crate::recommender::distribution::{Z_95, chi_square_upper, t_95};
use serde::{Deserialize, Serialize};

/// What one campaign earned, in a unit that all of them share.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    pub estimate: f64,
    /// Squared standard error, above 0.
    pub variance: f64,
}

impl Effect {
    /// ln(p_T / p_C); what is pooled becomes a relative uplift by [`Interval::relative`]. *Errors*: those of
    /// [`super::ratio_of_proportions`]. Leaving out campaigns without buyers favours the others: pool differences when
    /// many have none.
    pub fn ratio_of_proportions(treated: Proportion, control: Proportion) -> Result<Self, UpliftError> {
        let (estimate, variance) = proportions::log_ratio(treated, control)?;
        Ok(Self { estimate, variance })
    }

    /// The logarithm of the ratio of the means. *Errors*: those of [`super::ratio_of_means`].
    pub fn ratio_of_means(treated: &Moments, control: &Moments) -> Result<Self, UpliftError> {
        let (estimate, variance) = means::log_ratio(treated, control)?;
        Ok(Self { estimate, variance })
    }

    /// In the amounts' unit per person. *Errors*: those of [`super::difference_of_means`].
    pub fn difference_of_means(treated: &Moments, control: &Moments) -> Result<Self, UpliftError> {
        treated.check()?;
        control.check()?;
        let variance = treated.squared_error() + control.squared_error();
        Ok(Self { estimate: treated.mean() - control.mean(), variance })
    }
}

/// One line of the forest plot.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Weighted {
    pub effect: Interval,
    /// Its part in the pooled mean; all together are 1.
    pub weight: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pooled {
    /// What campaigns earn on average.
    pub mean: Interval,
    /// Were they all to earn the same: narrower, and too hopeful when they do not.
    pub common: Interval,
    /// What the next campaign will earn, 95 %; `None` for two campaigns, which do not tell.
    pub prediction: Option<Interval>,
    /// τ²: how much true effects vary, in squared units.
    pub tau_squared: f64,
    /// I²: the part of the differences that chance does not explain, 0 to 1.
    pub i_squared: f64,
    /// Cochran's Q, and the chance of one as large when all earn the same.
    pub q: f64,
    pub q_p_value: f64,
    /// In the order given.
    pub campaigns: Vec<Weighted>,
}

/// What several campaigns earned together.
///
/// *Shapes*: two or more effects. *Units*: those of the effects. *Errors*: fewer than two; one without a finite estimate
/// and a finite variance above 0; values too large to be added. *Cost*: linear.
///
/// *Source*: τ² by R. C. Paule, J. Mandel, Consensus values and weighting factors, Journal of Research of the National
/// Bureau of Standards 87, 1982, 377–385: it makes Σ w (y − μ)² its expectation k − 1, with w = 1/(v + τ²). We take it,
/// not DerSimonian and Laird's, which is too small when campaigns differ much (A. A. Veroniki et al., Research Synthesis
/// Methods 7, 2016, 55–79). The interval is that of Hartung and Knapp with k − 1 degrees of freedom, modified never to be
/// narrower than the variances allow (C. Röver, G. Knapp, T. Friede, BMC Medical Research Methodology 15, 2015, 99); with
/// this τ² their factor is 1. The prediction interval has k − 2 (J. Higgins, S. Thompson, D. Spiegelhalter, JRSS A 172,
/// 2009, 137–159); I² = (Q − (k − 1)) / Q (Higgins, Thompson, Statistics in Medicine 21, 2002, 1539–1558).
pub fn pool(effects: &[Effect]) -> Result<Pooled, UpliftError> {
    if effects.len() < 2 {
        return Err(UpliftError::TooFewCampaigns { found: effects.len() });
    }
    let is_usable = |effect: &Effect| effect.estimate.is_finite() && effect.variance.is_normal();
    let bad = effects.iter().position(|effect| !is_usable(effect) || effect.variance < 0.0);
    if let Some(at) = bad {
        return Err(UpliftError::BadCampaign { at });
    }
    let freedom = effects.len() as f64 - 1.0;
    let common = Weighing::with(effects, 0.0);
    let tau_squared = tau_squared(effects);
    let varied = Weighing::with(effects, tau_squared);
    let mean = Interval::around(varied.mean, t_95(freedom) * varied.variance.sqrt());
    let prediction = (effects.len() > 2)
        .then(|| Interval::around(varied.mean, t_95(freedom - 1.0) * (tau_squared + varied.variance).sqrt()));
    if ![mean.low, mean.high, common.q, tau_squared].iter().all(|value| value.is_finite()) {
        return Err(UpliftError::NotFinite);
    }
    let line = |effect: &Effect| Weighted {
        effect: Interval::around(effect.estimate, Z_95 * effect.variance.sqrt()),
        weight: varied.variance / (effect.variance + tau_squared),
    };
    Ok(Pooled {
        mean,
        common: Interval::around(common.mean, Z_95 * common.variance.sqrt()),
        prediction,
        tau_squared,
        i_squared: if common.q > freedom { (common.q - freedom) / common.q } else { 0.0 },
        q: common.q,
        q_p_value: chi_square_upper(common.q, effects.len() as u32 - 1),
        campaigns: effects.iter().map(line).collect(),
    })
}

/// The weighted mean, its variance, and the weighted sum of squares about it.
struct Weighing {
    mean: f64,
    variance: f64,
    q: f64,
}

impl Weighing {
    fn with(effects: &[Effect], tau_squared: f64) -> Self {
        let weight = |effect: &Effect| 1.0 / (effect.variance + tau_squared);
        let variance = 1.0 / effects.iter().map(weight).sum::<f64>();
        let mean = effects.iter().map(|effect| weight(effect) * variance * effect.estimate).sum::<f64>();
        let q = effects.iter().map(|effect| weight(effect) * (effect.estimate - mean).powi(2)).sum();
        Self { mean, variance, q }
    }
}

fn tau_squared(effects: &[Effect]) -> f64 {
    let freedom = effects.len() as f64 - 1.0;
    if Weighing::with(effects, 0.0).q <= freedom {
        return 0.0;
    }
    // Every weight is below 1/τ², so that the unweighted variance of the estimates is too large a τ².
    let mean = effects.iter().map(|effect| effect.estimate).sum::<f64>() / effects.len() as f64;
    let squares: f64 = effects.iter().map(|effect| (effect.estimate - mean).powi(2)).sum();
    let (mut low, mut high) = (0.0, squares / freedom);
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        if Weighing::with(effects, middle).q > freedom {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}
