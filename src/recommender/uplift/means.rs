//! How much each group spent per person: difference and ratio of two means.

use super::{Group, Interval, UpliftError};
use crate::recommender::distribution::{Z_95, t_95, t_two_sided};
use serde::{Deserialize, Serialize};

/// Count, mean and spread of a group's amounts, gathered one by one (Welford's method: no cancellation).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moments {
    people: u64,
    mean: f64,
    /// Sum of squared distances from the mean.
    squares: f64,
}

impl Moments {
    /// Amounts of some people, and zero for the rest of a group of `people`: those who spent nothing belong to the
    /// average. Rows beyond `people` are all kept.
    pub fn of_group(amounts: impl IntoIterator<Item = f64>, people: u64) -> Self {
        let mut moments = Self::default();
        for amount in amounts {
            moments.push(amount);
        }
        moments.push_zeros(people.saturating_sub(moments.people));
        moments
    }

    pub fn push(&mut self, amount: f64) {
        self.people += 1;
        let distance = amount - self.mean;
        self.mean += distance / self.people as f64;
        self.squares += distance * (amount - self.mean);
    }

    /// As if [`Moments::push`]ing 0 so many times.
    pub fn push_zeros(&mut self, zeros: u64) {
        self.merge(&Self { people: zeros, ..Self::default() });
    }

    /// As if all of `other` had been [`Moments::push`]ed too (T. F. Chan, G. H. Golub, R. J. LeVeque, Algorithms for
    /// computing the sample variance, The American Statistician 37, 1983).
    pub fn merge(&mut self, other: &Self) {
        let people = self.people + other.people;
        if other.people == 0 {
            return;
        }
        let (distance, share) = (other.mean - self.mean, other.people as f64 / people as f64);
        self.squares += other.squares + distance * distance * self.people as f64 * share;
        self.mean += distance * share;
        self.people = people;
    }

    pub fn people(&self) -> u64 {
        self.people
    }

    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// s², with n − 1; two people or more.
    pub(super) fn variance(&self) -> f64 {
        self.squares / (self.people as f64 - 1.0)
    }

    /// s² / n; two people or more.
    pub(super) fn squared_error(&self) -> f64 {
        self.variance() / self.people as f64
    }

    pub(super) fn check(&self) -> Result<(), UpliftError> {
        if self.people < 2 {
            Err(UpliftError::TooFew { people: self.people })
        } else if !(self.mean.is_finite() && self.squares.is_finite()) {
            Err(UpliftError::NotFinite)
        } else {
            Ok(())
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MeanUplift {
    /// Mean of T minus mean of C, in the amounts' unit per person.
    pub difference: Interval,
    /// Two-sided. `None` when no amount differs from the others: there is no spread to judge by.
    pub p_value: Option<f64>,
}

/// The difference of two means whose groups may spread differently.
///
/// *Shapes*: two groups of at least two people. *Units*: those of the amounts, per person. *Errors*: fewer than two
/// people; amounts that are not finite. *Cost*: constant.
///
/// *Source*: B. L. Welch, The generalization of “Student's” problem when several different population variances are
/// involved, Biometrika 34, 1947, 28–35; degrees of freedom by Satterthwaite. Revenue has heavy tails, and the
/// interval leans on the central limit theorem: with few buyers it is too hopeful, so reports say how many there were.
pub fn difference_of_means(treated: &Moments, control: &Moments) -> Result<MeanUplift, UpliftError> {
    treated.check()?;
    control.check()?;
    let errors = [(treated.squared_error(), treated.people), (control.squared_error(), control.people)];
    Ok(welch(treated.mean - control.mean, errors))
}

/// An estimate that is a difference of two independent parts, each with its squared error and people.
pub(super) fn welch(estimate: f64, parts: [(f64, u64); 2]) -> MeanUplift {
    let variance = parts[0].0 + parts[1].0;
    if variance <= 0.0 {
        return MeanUplift { difference: Interval::around(estimate, 0.0), p_value: None };
    }
    // As shares of the whole, so that the squares of tiny amounts do not vanish.
    let freedom = 1.0
        / parts
            .iter()
            .map(|&(error, people)| (error / variance).powi(2) / (people as f64 - 1.0))
            .sum::<f64>();
    let error = variance.sqrt();
    MeanUplift {
        difference: Interval::around(estimate, t_95(freedom) * error),
        p_value: Some(t_two_sided(estimate / error, freedom)),
    }
}

/// By what part more people of T spend than of C: mean of T / mean of C − 1, 0.1 means a tenth more.
///
/// *Shapes*: two groups of at least two people. *Errors*: those of [`difference_of_means`]; a mean that is not above
/// 0. *Cost*: constant.
///
/// *Source*: the delta method on the logarithm of the ratio, as in L. V. Hedges, J. Gurevitch, P. S. Curtis, The
/// meta-analysis of response ratios in experimental ecology, Ecology 80, 1999, 1150–1156. Tried beside Fieller's
/// interval on 10,000 drawn campaigns of 18,000 and 2,000 people, a hundredth of them buyers with log-normal baskets
/// (σ = 1): it covers 92.2 % and Fieller's 88.4 %, which has no end at all in 2 %; with even groups 94.2 and 95.0 %.
/// As with every interval of means, few buyers make it too hopeful.
pub fn ratio_of_means(treated: &Moments, control: &Moments) -> Result<Interval, UpliftError> {
    let (log_ratio, variance) = log_ratio(treated, control)?;
    Ok(Interval::around(log_ratio, Z_95 * variance.sqrt()).relative())
}

/// The logarithm of the ratio of the means and its variance.
pub(super) fn log_ratio(treated: &Moments, control: &Moments) -> Result<(f64, f64), UpliftError> {
    let mut variance = 0.0;
    for (moments, group) in [(treated, Group::Treated), (control, Group::Control)] {
        moments.check()?;
        if moments.mean <= 0.0 {
            return Err(UpliftError::NothingSpent { group });
        }
        variance += moments.squared_error() / moments.mean / moments.mean;
    }
    if variance.is_finite() {
        Ok(((treated.mean / control.mean).ln(), variance))
    } else {
        Err(UpliftError::NotFinite)
    }
}
