//! What an experiment earned: differences between two groups with their uncertainty.
//!
//! It knows counts and amounts only; who belongs to a group and which window counts is decided above. Symbols: T is
//! the treated group, C the control, n a group's size, x its buyers, p = x/n, Δ = p_T − p_C.

use super::distribution::{Z_95, chi_square_upper, normal_two_sided, t_95, t_two_sided};
use serde::{Deserialize, Serialize};

/// Closed: what makes a comparison impossible.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum UpliftError {
    #[error("a group is empty; both need at least one person")]
    EmptyGroup,
    #[error("{successes} of {people} people cannot have bought")]
    MoreThanAll { successes: u64, people: u64 },
    #[error("{people} people in a group are too few to compare amounts; both need at least 2")]
    TooFew { people: u64 },
    #[error("the planned shares must be positive, one per group, for at least two groups")]
    BadShares,
}

/// An estimate between the ends of its 95 % interval: low ≤ estimate ≤ high.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub low: f64,
    pub estimate: f64,
    pub high: f64,
}

impl Interval {
    /// The same in another unit; `factor` ≥ 0.
    pub fn times(self, factor: f64) -> Self {
        Self { low: self.low * factor, estimate: self.estimate * factor, high: self.high * factor }
    }

    /// Whether chance alone would rarely bring this about: zero lies outside.
    pub fn excludes_zero(self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// How many of a group did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proportion {
    pub successes: u64,
    pub people: u64,
}

impl Proportion {
    fn share(self) -> f64 {
        self.successes as f64 / self.people as f64
    }

    fn check(self) -> Result<(), UpliftError> {
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
/// 5 % it may disagree with the interval; verdicts go by the interval. The relative interval is the delta method on
/// the logarithm of the ratio (Katz et al., Biometrics 34, 1978).
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
        relative: relative(treated, control),
        p_value: pooled_z(treated, control),
    })
}

/// Wilson's score interval of one proportion, 95 %.
fn wilson(group: Proportion) -> (f64, f64) {
    let (p, n, z2) = (group.share(), group.people as f64, Z_95 * Z_95);
    let middle = p + z2 / (2.0 * n);
    let reach = Z_95 * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    // At the ends rounding would put the bound just beside 0 or 1.
    let low = if group.successes == 0 { 0.0 } else { (middle - reach) / scale };
    let high = if group.successes == group.people { 1.0 } else { (middle + reach) / scale };
    (low, high)
}

fn relative(treated: Proportion, control: Proportion) -> Option<Interval> {
    if treated.successes == 0 || control.successes == 0 {
        return None;
    }
    let ratio = treated.share() / control.share();
    let variance = |group: Proportion| (1.0 - group.share()) / group.successes as f64;
    let reach = (Z_95 * (variance(treated) + variance(control)).sqrt()).exp();
    Some(Interval { low: ratio / reach - 1.0, estimate: ratio - 1.0, high: ratio * reach - 1.0 })
}

fn pooled_z(treated: Proportion, control: Proportion) -> Option<f64> {
    let (n_t, n_c) = (treated.people as f64, control.people as f64);
    let pooled = (treated.successes + control.successes) as f64 / (n_t + n_c);
    let error = (pooled * (1.0 - pooled) * (1.0 / n_t + 1.0 / n_c)).sqrt();
    (error > 0.0).then(|| normal_two_sided((treated.share() - control.share()) / error))
}

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

    /// As if [`Moments::push`]ing 0 so many times (Chan's formula for merging two groups).
    fn push_zeros(&mut self, zeros: u64) {
        let people = self.people + zeros;
        if zeros == 0 {
            return;
        }
        self.squares += self.mean * self.mean * self.people as f64 * zeros as f64 / people as f64;
        self.mean *= self.people as f64 / people as f64;
        self.people = people;
    }

    pub fn people(&self) -> u64 {
        self.people
    }

    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// s² / n, with n − 1 in s².
    fn squared_error(&self) -> f64 {
        self.squares / (self.people as f64 - 1.0) / self.people as f64
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
/// people. *Cost*: constant.
///
/// *Source*: B. L. Welch, The generalization of “Student's” problem when several different population variances are
/// involved, Biometrika 34, 1947, 28–35; degrees of freedom by Satterthwaite. Revenue has heavy tails, and the
/// interval leans on the central limit theorem: with few buyers it is too hopeful, so reports say how many there were.
pub fn difference_of_means(treated: &Moments, control: &Moments) -> Result<MeanUplift, UpliftError> {
    for group in [treated, control] {
        if group.people < 2 {
            return Err(UpliftError::TooFew { people: group.people });
        }
    }
    let (v_t, v_c) = (treated.squared_error(), control.squared_error());
    let estimate = treated.mean - control.mean;
    let variance = v_t + v_c;
    if variance <= 0.0 {
        return Ok(MeanUplift {
            difference: Interval { low: estimate, estimate, high: estimate },
            p_value: None,
        });
    }
    let freedom = variance * variance
        / (v_t * v_t / (treated.people as f64 - 1.0) + v_c * v_c / (control.people as f64 - 1.0));
    let error = variance.sqrt();
    let reach = t_95(freedom) * error;
    Ok(MeanUplift {
        difference: Interval { low: estimate - reach, estimate, high: estimate + reach },
        p_value: Some(t_two_sided(estimate / error, freedom)),
    })
}

/// How likely a split at least as uneven as `counts` is when people were assigned with the planned `shares`.
///
/// *Shapes*: one count and one share per group, two groups or more. *Units*: shares need not sum to 1. *Errors*:
/// lengths differ, a share that is not positive, nobody counted. *Cost*: linear.
///
/// *Source*: Pearson's χ² test of fit; below 0.001 the assignment (or what came after it) is broken and no comparison
/// should be trusted (A. Fabijan et al., Diagnosing sample ratio mismatch in online controlled experiments, KDD 2019).
pub fn sample_ratio_p_value(counts: &[u64], shares: &[f64]) -> Result<f64, UpliftError> {
    let usable = counts.len() == shares.len() && counts.len() >= 2 && shares.iter().all(|share| *share > 0.0);
    if !usable {
        return Err(UpliftError::BadShares);
    }
    let people: u64 = counts.iter().sum();
    if people == 0 {
        return Err(UpliftError::EmptyGroup);
    }
    let whole: f64 = shares.iter().sum();
    let statistic: f64 = counts
        .iter()
        .zip(shares)
        .map(|(count, share)| {
            let expected = people as f64 * share / whole;
            (*count as f64 - expected).powi(2) / expected
        })
        .sum();
    Ok(chi_square_upper(statistic, counts.len() as u32 - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(successes: u64, people: u64) -> Proportion {
        Proportion { successes, people }
    }

    fn close(found: f64, expected: f64, within: f64) {
        assert!((found - expected).abs() <= within, "{found}, expected {expected}");
    }

    /// Newcombe 1998, Table II, contrasts (a) to (h), method 10: four decimals as printed.
    #[test]
    fn intervals_are_newcombes() {
        for (treated, control, low, high) in [
            (of(56, 70), of(48, 80), 0.0524, 0.3339),
            (of(9, 10), of(3, 10), 0.1705, 0.8090),
            (of(6, 7), of(2, 7), 0.0582, 0.8062),
            (of(5, 56), of(0, 29), -0.0381, 0.1926),
            (of(0, 10), of(0, 20), -0.1611, 0.2775),
            (of(0, 10), of(0, 10), -0.2775, 0.2775),
            (of(10, 10), of(0, 20), 0.6791, 1.0),
            (of(10, 10), of(0, 10), 0.6075, 1.0),
        ] {
            let found = difference_of_proportions(treated, control).unwrap().difference;
            close(found.low, low, 6e-5);
            close(found.high, high, 6e-5);
        }
    }

    /// Expected: statsmodels 0.15.0, `confint_proportions_2indep(812, 18000, 61, 2000, method="newcomb")`, the same
    /// with `compare="ratio", method="log"` minus 1, and `proportions_ztest([812, 61], [18000, 2000])`.
    #[test]
    fn a_campaign_sized_case_is_statsmodels() {
        let found = difference_of_proportions(of(812, 18_000), of(61, 2_000)).unwrap();
        close(found.difference.low, 0.005_635, 1e-6);
        close(found.difference.high, 0.021_991, 1e-6);
        let relative = found.relative.unwrap();
        close(relative.low, 0.144_917_596_874_718, 1e-9);
        close(relative.high, 0.910_702_796_540_037, 1e-9);
        close(found.p_value.unwrap(), 0.002_413_156_287_530_563, 1e-12);
        let small = difference_of_proportions(of(56, 70), of(48, 80)).unwrap();
        close(small.p_value.unwrap(), 0.008_045_081_368_196_56, 1e-12);
        assert_eq!(difference_of_proportions(of(0, 10), of(0, 20)).unwrap().p_value, None);
    }

    /// Expected: SciPy 1.17.1, `ttest_ind(T, C, equal_var=False)` and its `confidence_interval()`.
    #[test]
    fn revenue_intervals_are_scipys() {
        let group = |amounts: &[f64], people| Moments::of_group(amounts.iter().copied(), people);
        let (t, c) = (group(&[12.5, 40.0, 7.25, 99.9, 3.0], 12), group(&[5.0, 20.0], 8));
        let found = difference_of_means(&t, &c).unwrap();
        close(found.difference.estimate, 10.429_166_666_666_667, 1e-9);
        close(found.difference.low, -8.785_993_416_824_066, 1e-8);
        close(found.difference.high, 29.644_326_750_157_4, 1e-8);
        close(found.p_value.unwrap(), 0.261_631_521_0, 1e-8);
        let (t, c) = (group(&[10.0, 12.0, 9.0, 11.0], 4), group(&[1.0, 2.0, 3.0], 3));
        let found = difference_of_means(&t, &c).unwrap();
        close(found.difference.low, 6.268_288_518_661_212, 1e-8);
        close(found.difference.high, 10.731_711_481_338_788, 1e-8);
        close(found.p_value.unwrap(), 0.000_195_674_352_959_564_85, 1e-10);
    }

    /// Expected: SciPy 1.17.1, `scipy.stats.chisquare(counts, expected).pvalue`.
    #[test]
    fn sample_ratios_are_scipys() {
        for (counts, shares, p) in [
            (vec![9_100, 900], vec![0.9, 0.1], 0.000_858_120_666_393_675_8),
            (vec![7_200, 1_900, 900], vec![0.7, 0.2, 0.1], 0.000_031_765_084_053_570_44),
            (vec![9_050, 950], vec![9.0, 1.0], 0.095_580_704_545_629_36),
        ] {
            close(sample_ratio_p_value(&counts, &shares).unwrap(), p, 1e-12);
        }
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        assert_eq!(difference_of_proportions(of(0, 0), of(1, 2)), Err(UpliftError::EmptyGroup));
        let refused = difference_of_proportions(of(3, 2), of(1, 2));
        assert_eq!(refused, Err(UpliftError::MoreThanAll { successes: 3, people: 2 }));
        let one = Moments::of_group([1.0], 1);
        assert_eq!(difference_of_means(&one, &one), Err(UpliftError::TooFew { people: 1 }));
        assert_eq!(sample_ratio_p_value(&[1, 2], &[1.0, 0.0]), Err(UpliftError::BadShares));
        assert_eq!(sample_ratio_p_value(&[0, 0], &[1.0, 1.0]), Err(UpliftError::EmptyGroup));
    }

    proptest! {
        #[test]
        fn swapping_the_groups_mirrors_the_interval(n in 1u64..500, m in 1u64..500, x in 0u64..500, y in 0u64..500) {
            let (a, b) = (of(x.min(n), n), of(y.min(m), m));
            let there = difference_of_proportions(a, b).unwrap().difference;
            let back = difference_of_proportions(b, a).unwrap().difference;
            prop_assert!((there.low + back.high).abs() < 1e-12);
            prop_assert!(-1.0 <= there.low && there.low <= there.estimate);
            prop_assert!(there.estimate <= there.high && there.high <= 1.0);
        }

        #[test]
        fn zeros_added_at_once_are_zeros_added_singly(amounts in prop::collection::vec(-50.0f64..500.0, 0..20), zeros in 0u64..30) {
            let people = amounts.len() as u64 + zeros;
            let at_once = Moments::of_group(amounts.iter().copied(), people);
            let mut singly = Moments::default();
            amounts.iter().copied().chain((0..zeros).map(|_| 0.0)).for_each(|amount| singly.push(amount));
            prop_assert_eq!(at_once.people, singly.people);
            prop_assert!((at_once.mean - singly.mean).abs() < 1e-9);
            prop_assert!((at_once.squares - singly.squares).abs() < 1e-6 * singly.squares.max(1.0));
        }
    }
}
