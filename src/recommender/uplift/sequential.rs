//! Intervals that stay right however often one looks: for reports that are read every day.
//!
//! An interval of fixed size holds at the one moment it was planned for; who looks on thirty days and stops at the first
//! “significant” one is wrong far more often than 1 in 20. These hold at all moments together, and cost width.

use super::{Interval, Moments, Proportion, UpliftError};
use serde::{Deserialize, Serialize};

/// ln 20: one in twenty may err.
const LN_20: f64 = 2.995_732_273_553_991;

/// u − ln(1 + u) = 2 ln 20, the ratio τ²/V at which the interval is narrowest.
const BEST_RATIO: f64 = 8.211_968_062_068_253;

/// What is decided before the first look, and never after it: where the interval is to be narrowest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// τ² of the mixture, in squared units of the difference.
    mixture: f64,
}

impl Plan {
    /// Narrowest where the difference's variance is `variance`, in its squared units.
    pub fn for_variance(variance: f64) -> Result<Self, UpliftError> {
        let mixture = BEST_RATIO * variance;
        if variance > 0.0 && mixture.is_finite() { Ok(Self { mixture }) } else { Err(UpliftError::BadPlan) }
    }

    /// Narrowest when so many people will have been compared, a share `base_rate` of them (above 0, below 1) buyers.
    pub fn for_proportions(treated: u64, control: u64, base_rate: f64) -> Result<Self, UpliftError> {
        Self::for_means(treated, control, base_rate * (1.0 - base_rate))
    }

    /// The same for amounts whose variance among people is `variance`, known from before.
    pub fn for_means(treated: u64, control: u64, variance: f64) -> Result<Self, UpliftError> {
        // An empty group gives an infinite variance, which is refused.
        Self::for_variance(variance * (1.0 / treated as f64 + 1.0 / control as f64))
    }

    /// The interval of those differences against which the mixture weighs less than 20 to 1; `variance` > 0.
    fn judge(self, estimate: f64, variance: f64) -> SequentialUplift {
        let ratio = variance / self.mixture;
        let spread = (1.0 / ratio).ln_1p();
        let reach = (variance * (1.0 + ratio) * (2.0 * LN_20 + spread)).sqrt();
        let log_evidence = estimate * estimate / (2.0 * variance * (1.0 + ratio)) - spread / 2.0;
        SequentialUplift {
            difference: Interval::around(estimate, reach),
            p_value: (-log_evidence).exp().min(1.0),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SequentialUplift {
    /// At all looks together the true difference lies inside in 95 % of experiments.
    pub difference: Interval,
    /// Always valid: below 5 % exactly when the interval excludes zero. The smallest of all looks so far is one too.
    pub p_value: f64,
}

/// The difference of two proportions, at any number of looks.
///
/// *Shapes*: two counts each. *Units*: shares. *Errors*: an empty group; more successes than people. *Cost*: constant.
///
/// The people may grow in number from look to look, or stay the same while more and more of them buy: both ways the
/// difference is a Brownian motion in its own variance, to which the bound belongs; time reversed it is the same bound.
///
/// *Source*: the mixture sequential probability ratio test with a normal mixture (R. Johari, P. Koomen, L. Pekelis,
/// D. Walsh, Peeking at A/B tests, KDD 2017, equation 11): |Δ − Δ₀| ≤ √(V (1 + V/τ²) (2 ln 20 + ln(1 + τ²/V))), which is
/// the asymptotic confidence sequence of I. Waudby-Smith, D. Arbour, R. Sinha, E. Kennedy, A. Ramdas, Time-uniform
/// central limit theory and asymptotic confidence sequences, Annals of Statistics 52, 2024, theorem 2.2, with its choice
/// of the mixture for one moment (appendix B.2). V takes one more buyer and one more non-buyer in each group (A. Agresti,
/// B. Caffo, The American Statistician 54, 2000), or the first looks, with a group without buyers, would be too sure.
pub fn sequential_proportions(
    treated: Proportion,
    control: Proportion,
    plan: Plan,
) -> Result<SequentialUplift, UpliftError> {
    treated.check()?;
    control.check()?;
    let variance = |group: Proportion| {
        let people = group.people as f64 + 2.0;
        let share = (group.successes as f64 + 1.0) / people;
        share * (1.0 - share) / people
    };
    Ok(plan.judge(treated.share() - control.share(), variance(treated) + variance(control)))
}

/// The difference of two means, at any number of looks.
///
/// *Shapes*: two groups of at least two people. *Units*: those of the amounts, per person. *Errors*: fewer than two
/// people; amounts that are not finite; nobody who differs from anybody. *Cost*: constant.
///
/// *Source*: as [`sequential_proportions`]. V is the larger of Welch's and the pooled variance: a small group that has
/// missed the large baskets so far would seem to spread less than it does.
pub fn sequential_means(
    treated: &Moments,
    control: &Moments,
    plan: Plan,
) -> Result<SequentialUplift, UpliftError> {
    treated.check()?;
    control.check()?;
    let (n_t, n_c) = (treated.people() as f64, control.people() as f64);
    let squares = treated.variance() * (n_t - 1.0) + control.variance() * (n_c - 1.0);
    let pooled = squares / (n_t + n_c - 2.0) * (1.0 / n_t + 1.0 / n_c);
    let variance = pooled.max(treated.squared_error() + control.squared_error());
    if variance <= 0.0 {
        return Err(UpliftError::NoSpread);
    }
    if !variance.is_finite() {
        return Err(UpliftError::NotFinite);
    }
    Ok(plan.judge(treated.mean() - control.mean(), variance))
}
