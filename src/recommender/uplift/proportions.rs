//! How many of each group bought: difference and ratio of two proportions.

use super::{Group, Interval, UpliftError};
use crate::recommender::distribution::{Z_95, normal_two_sided};
use serde::{Deserialize, Serialize};

/// How many of a group did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proportion {
    pub successes: u64,
    pub people: u64,
}

impl Proportion {
    /// From 0 to 1.
    pub(super) fn share(self) -> f64 {
        self.successes as f64 / self.people as f64
    }

    pub(super) fn check(self) -> Result<(), UpliftError> {
        let Self { successes, people } = self;
        if people == 0 {
            Err(UpliftError::EmptyGroup)
        } else if successes > people {
            Err(UpliftError::MoreThanAll { successes, people })
        } else {
            Ok(())
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ProportionUplift {
    /// Δ, a share from −1 to 1.
    pub difference: Interval,
    /// Δ / p_C, 0.1 means a tenth more. `None` when either group has no buyer: there is nothing to divide.
    pub relative: Option<Interval>,
    /// Two-sided, pooled z. `None` when nobody or everybody bought.
    pub p_value: Option<f64>,
}

/// The difference of two independent proportions.
///
/// *Shapes*: two counts each. *Units*: shares, 0 to 1. *Errors*: an empty group; more successes than people.
/// *Cost*: constant.
///
/// *Source*: the interval is Newcombe's hybrid score interval (R. G. Newcombe, Interval estimation for the difference
/// between independent proportions, Statistics in Medicine 17, 1998, 873–890, method 10): with (l, u) the Wilson
/// interval of each group,
/// Δ − √((p_T − l_T)² + (u_C − p_C)²) to Δ + √((u_T − p_T)² + (p_C − l_C)²).
/// We take it, not Wald's, because a holdout often has few buyers or none. The p-value is the usual pooled z, so near
/// 5 % it may disagree with the interval; verdicts go by the interval. The relative interval is that of
/// [`ratio_of_proportions`].
pub fn difference_of_proportions(
    treated: Proportion,
    control: Proportion,
) -> Result<ProportionUplift, UpliftError> {
    treated.check()?;
    control.check()?;
    let (p_t, p_c) = (treated.share(), control.share());
    let ((l_t, u_t), (l_c, u_c)) = (wilson(treated), wilson(control));
    let delta = p_t - p_c;
    let difference = Interval {
        low: delta - (p_t - l_t).hypot(u_c - p_c),
        estimate: delta,
        high: delta + (u_t - p_t).hypot(p_c - l_c),
    };
    Ok(ProportionUplift {
        difference,
        relative: ratio_of_proportions(treated, control).ok(),
        p_value: pooled_z(treated, control),
    })
}

/// Wilson's score interval of one proportion, 95 %; `people` ≥ 1.
pub fn interval_of_share(group: Proportion) -> Result<Interval, UpliftError> {
    group.check()?;
    let (low, high) = wilson(group);
    Ok(Interval { low, estimate: group.share(), high })
}

/// Of one group; see [`interval_of_share`].
pub(super) fn wilson(group: Proportion) -> (f64, f64) {
    let (p, n, z2) = (group.share(), group.people as f64, Z_95 * Z_95);
    let middle = p + z2 / (2.0 * n);
    let reach = Z_95 * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    // At the ends rounding would put the bound just beside 0 or 1.
    let low = if group.successes == 0 { 0.0 } else { (middle - reach) / scale };
    let high = if group.successes == group.people { 1.0 } else { (middle + reach) / scale };
    (low, high)
}

/// By what part more people of T buy than of C: p_T / p_C − 1, 0.1 means a tenth more.
///
/// *Shapes*: two counts each. *Errors*: those of [`difference_of_proportions`]; nobody bought in a group. *Cost*:
/// constant.
///
/// *Source*: the delta method on the logarithm of the ratio, whose variance is (1 − p_T)/x_T + (1 − p_C)/x_C (D. Katz
/// et al., Obtaining confidence intervals for the risk ratio in cohort studies, Biometrics 34, 1978, 469–474).
pub fn ratio_of_proportions(treated: Proportion, control: Proportion) -> Result<Interval, UpliftError> {
    let (log_ratio, variance) = log_ratio(treated, control)?;
    Ok(Interval::around(log_ratio, Z_95 * variance.sqrt()).relative())
}

/// ln(p_T / p_C) and its variance.
pub(super) fn log_ratio(treated: Proportion, control: Proportion) -> Result<(f64, f64), UpliftError> {
    for (group, name) in [(treated, Group::Treated), (control, Group::Control)] {
        group.check()?;
        if group.successes == 0 {
            return Err(UpliftError::NoBuyers { group: name });
        }
    }
    let variance = |group: Proportion| (1.0 - group.share()) / group.successes as f64;
    Ok(((treated.share() / control.share()).ln(), variance(treated) + variance(control)))
}

fn pooled_z(treated: Proportion, control: Proportion) -> Option<f64> {
    let (n_t, n_c) = (treated.people as f64, control.people as f64);
    let pooled = (treated.successes + control.successes) as f64 / (n_t + n_c);
    let error = (pooled * (1.0 - pooled) * (1.0 / n_t + 1.0 / n_c)).sqrt();
    (error > 0.0).then(|| normal_two_sided((treated.share() - control.share()) / error))
}
