//! Proportions, means and sizes of groups.

use super::*;
use proptest::prelude::*;

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

/// A. Agresti, An Introduction to Categorical Data Analysis, section 2.2: heart attacks of the Physicians' Health Study,
/// placebo against aspirin; M. Borenstein et al., Introduction to Meta-Analysis, 2009, chapter 5: 5 of 100 against 10.
#[test]
fn ratios_are_the_textbooks() {
    let found = ratio_of_proportions(of(189, 11_034), of(104, 11_037)).unwrap();
    close(found.estimate, 0.82, 0.005);
    close(found.low, 0.43, 0.005);
    close(found.high, 1.30, 0.01);
    let found = ratio_of_proportions(of(5, 100), of(10, 100)).unwrap();
    // Printed with 1.96 for the normal point and four decimals on the way.
    close(found.low.ln_1p(), -1.7304, 2e-4);
    close(found.high.ln_1p(), 0.3441, 2e-4);
}

#[test]
fn ratios_are_statsmodels() {
    let found = ratio_of_proportions(of(61, 2_000), of(812, 18_000)).unwrap();
    close(found.low, -0.476_632_366_995_625, 1e-9);
    close(found.high, -0.126_574_696_091_928, 1e-9);
    let (t, c) = (group(&[12.5, 40.0, 7.25, 99.9, 3.0], 12), group(&[5.0, 20.0], 8));
    let found = ratio_of_means(&t, &c).unwrap();
    close(found.low, -0.406_528_882_911_344, 1e-9);
    close(found.high, 30.699_032_864_027_54, 1e-7);
    close(found.estimate, 162.65 / 12.0 / (25.0 / 8.0) - 1.0, 1e-12);
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
        prop_assert_eq!(at_once.people(), singly.people());
        prop_assert!((at_once.mean() - singly.mean()).abs() < 1e-9);
        if people > 1 {
            let (found, expected) = (at_once.variance(), singly.variance());
            prop_assert!((found - expected).abs() < 1e-6 * expected.max(1.0));
        }
    }
}
