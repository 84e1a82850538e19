//! What people spent before tells what they would have spent anyway: the same uplift with less chance in it.

use super::means::welch;
use super::{MeanUplift, Moments, UpliftError, difference_of_means};
use serde::{Deserialize, Serialize};

/// Amounts before (X) and after (Y) of a group, gathered one by one; memory does not grow.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PairedMoments {
    before: Moments,
    after: Moments,
    /// Sum of the products of both distances from the means.
    products: f64,
}

impl PairedMoments {
    /// One person's amounts; `before` must be known before the experiment began, or it hides what the experiment did.
    pub fn push(&mut self, before: f64, after: f64) {
        let distance = before - self.before.mean();
        self.before.push(before);
        self.after.push(after);
        self.products += distance * (after - self.after.mean());
    }

    /// As if [`PairedMoments::push`]ing (0, 0) so many times: people who spent nothing belong to the average.
    pub fn push_zeros(&mut self, people: u64) {
        let mut zeros = Self::default();
        zeros.before.push_zeros(people);
        zeros.after.push_zeros(people);
        self.merge(&zeros);
    }

    /// As if all of `other` had been pushed too; in another order the last digits may differ.
    pub fn merge(&mut self, other: &Self) {
        let (mine, theirs) = (self.people() as f64, other.people() as f64);
        if theirs == 0.0 {
            return;
        }
        let (x, y) = (other.before.mean() - self.before.mean(), other.after.mean() - self.after.mean());
        self.products += other.products + x * y * mine * (theirs / (mine + theirs));
        self.before.merge(&other.before);
        self.after.merge(&other.after);
    }

    pub fn people(&self) -> u64 {
        self.after.people()
    }

    pub fn before(&self) -> &Moments {
        &self.before
    }

    pub fn after(&self) -> &Moments {
        &self.after
    }

    /// Sum of squares of X, and of products of X and Y, about the means.
    fn sums(&self) -> (f64, f64) {
        (self.before.variance() * (self.people() as f64 - 1.0), self.products)
    }

    /// The squared error of the mean of Y − θX.
    fn adjusted_error(&self, theta: f64) -> f64 {
        let n = self.people() as f64;
        let covariance = self.products / (n - 1.0);
        let variance =
            self.after.variance() - 2.0 * theta * covariance + theta * theta * self.before.variance();
        // Where X tells all of Y, rounding would go below.
        variance.max(0.0) / n
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CupedUplift {
    /// Adjusted, in the amounts' unit per person.
    pub adjusted: MeanUplift,
    /// As if nothing were known from before.
    pub unadjusted: MeanUplift,
    /// θ: how much of an amount before is expected to be spent again.
    pub theta: f64,
    /// The part of the variance that knowing the amounts before takes away, about ρ². 0.3: as good as 1/(1 − 0.3) = 1.43
    /// times as many people. Slightly below 0 when they tell nothing and the groups are uneven.
    pub variance_saved: f64,
}

/// The difference of two means, less what the amounts before explain: Ȳ_T − Ȳ_C − θ(X̄_T − X̄_C).
///
/// *Shapes*: two groups of at least two people. *Units*: those of the amounts, per person. *Errors*: fewer than two
/// people; amounts that are not finite. When all amounts before are equal they tell nothing, and θ = 0. *Cost*: constant.
///
/// *Source*: A. Deng, Y. Xu, R. Kohavi, T. Walker, Improving the sensitivity of online controlled experiments by
/// utilizing pre-experiment data, WSDM 2013, equations 4 to 6. θ = Σ cov(X, Y) / Σ var(X) within the groups, pooled, so
/// that an uplift does not leak into it; it is that of an analysis of covariance. The interval is Welch's on Y − θX.
pub fn cuped(treated: &PairedMoments, control: &PairedMoments) -> Result<CupedUplift, UpliftError> {
    for group in [treated, control] {
        group.before.check()?;
        group.after.check()?;
    }
    let ((xx_t, xy_t), (xx_c, xy_c)) = (treated.sums(), control.sums());
    let (xx, xy) = (xx_t + xx_c, xy_t + xy_c);
    let theta = if xx > 0.0 { xy / xx } else { 0.0 };
    let unadjusted = difference_of_means(&treated.after, &control.after)?;
    let before = treated.before.mean() - control.before.mean();
    let estimate = unadjusted.difference.estimate - theta * before;
    let errors = [treated, control].map(|group| (group.adjusted_error(theta), group.people()));
    let (left, all) =
        (errors[0].0 + errors[1].0, treated.after.squared_error() + control.after.squared_error());
    if !(estimate.is_finite() && left.is_finite()) {
        return Err(UpliftError::NotFinite);
    }
    let variance_saved = if all > 0.0 { 1.0 - left / all } else { 0.0 };
    Ok(CupedUplift { adjusted: welch(estimate, errors), unadjusted, theta, variance_saved })
}
