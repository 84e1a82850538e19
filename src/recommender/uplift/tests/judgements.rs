//! Many looks, many campaigns, balance and calibration.

use super::*;
use proptest::prelude::*;

/// Cases and people of the vaccinated, cases and people of the others.
const BCG: [(u64, u64, u64, u64); 13] = [
    (4, 123, 11, 139),
    (6, 306, 29, 303),
    (3, 231, 11, 220),
    (62, 13_598, 248, 12_867),
    (33, 5_069, 47, 5_808),
    (180, 1_541, 372, 1_451),
    (8, 2_545, 10, 629),
    (505, 88_391, 499, 88_391),
    (29, 7_499, 45, 7_277),
    (17, 1_716, 65, 1_665),
    (186, 50_634, 141, 27_338),
    (5, 2_498, 3, 2_341),
    (27, 16_913, 29, 17_854),
];

/// Expected: the mixture's likelihood ratio by SciPy's quadrature, solved for 20; the plan by its `lambertw`.
#[test]
fn sequential_intervals_are_those_of_the_mixture() {
    let plan = Plan::for_proportions(18_000, 2_000, 0.04).unwrap();
    let found = sequential_proportions(of(812, 18_000), of(61, 2_000), plan).unwrap();
    close(found.difference.low, 0.001_943_857_494_194, 1e-9);
    close(found.difference.high, 0.027_278_364_728_029, 1e-9);
    close(found.p_value, 0.012_487_189_756_163, 1e-9);
}

/// By hand, from the mixture of H. Robbins, Statistical methods related to the law of the iterated logarithm, Annals of
/// Mathematical Statistics 41, 1970, section 5, for a normal mean: √(V ÷ (V + τ²)) exp(τ² Δ² ÷ 2V(V + τ²)) = 20 is, with V = τ²,
/// Δ² = 4 V ln(20 √2). 49 of 98 each, with one more buyer and one more other, spread by V = 2 × 0.5 × 0.5 ÷ 100.
#[test]
fn a_sequential_interval_is_what_is_worked_out_by_hand() {
    let variance = 0.005f64;
    // u − ln(1 + u) = 2 ln 20: a plan's τ² is so many times the variance that it is given.
    let mut best = 8.0f64;
    for _ in 0..60 {
        best = 2.0 * 20f64.ln() + (1.0 + best).ln();
    }
    let plan = Plan::for_variance(variance / best).unwrap();
    let half = Proportion { successes: 49, people: 98 };
    let found = sequential_proportions(half, half, plan).unwrap();
    let reach = (4.0 * variance * (20.0 * 2f64.sqrt()).ln()).sqrt();
    close(found.difference.high, reach, 1e-9);
    close(found.difference.low, -reach, 1e-9);
    close(reach, 0.258_546, 1e-6);
    assert_eq!(found.p_value, 1.0);
}

/// At the look it was planned for the interval is 1.55 times as wide as Welch's, and no other plan is narrower there.
#[test]
fn a_plan_is_narrowest_where_it_was_planned_for() {
    let (t, c) = (group(&[30.0; 400], 9000), group(&[30.0; 390], 9000));
    let width = |factor: f64| {
        let variance = t.squared_error() + c.squared_error();
        let found = sequential_means(&t, &c, Plan::for_variance(variance * factor).unwrap()).unwrap();
        found.difference.high - found.difference.low
    };
    let fixed = difference_of_means(&t, &c).unwrap().difference;
    close(width(1.0) / (fixed.high - fixed.low), 1.548, 0.001);
    assert!(width(1.0) < width(0.8) && width(1.0) < width(1.25));
}

/// G. A. Colditz et al., JAMA 271, 1994: thirteen trials of the BCG vaccine. Common effect, Q and I² as published with
/// the metafor package (W. Viechtbauer, Journal of Statistical Software 36, 2010); the rest is statsmodels 0.15.0,
/// `combine_effects(method_re="iterated", use_t=True)`.
#[test]
fn pooled_vaccine_trials_are_the_published_ones() {
    let effects: Vec<Effect> = BCG
        .iter()
        .map(|&(t, n_t, c, n_c)| Effect::ratio_of_proportions(of(t, n_t), of(c, n_c)).unwrap())
        .collect();
    let found = pool(&effects).unwrap();
    for (value, published) in [
        (found.common.estimate, -0.4303),
        (found.common.low, -0.5097),
        (found.common.high, -0.3509),
        (found.q, 152.2330),
        (found.i_squared, 0.9212),
    ] {
        close(value, published, 6e-5);
    }
    let prediction = found.prediction.unwrap();
    for (value, expected) in [
        (found.tau_squared, 0.318_068_452_205_024),
        (found.mean.estimate, -0.714_968_153_493_445),
        (found.mean.low, -1.109_098_381_202_241),
        (prediction.low, -2.018_558_054_184_658),
        (prediction.high, 0.588_621_747_197_769),
        (found.campaigns[0].weight, 0.050_837_910_981_279),
        (found.campaigns[7].weight, 0.101_611_594_442_227),
    ] {
        close(value, expected, 1e-9);
    }
    close(found.q_p_value * 1e26, 1.996_764_590_845_891, 1e-8);
    close(found.mean.relative().estimate, -0.5108, 5e-5);
}

/// Expected: statsmodels 0.15.0, as above.
#[test]
fn campaigns_that_earn_alike_have_no_spread_between_them() {
    let alike = |&(t, n_t, c, n_c): &(u64, u64, u64, u64)| {
        let effect = Effect::ratio_of_proportions(of(t, n_t), of(c, n_c)).unwrap();
        Effect { estimate: effect.estimate * 0.1, ..effect }
    };
    let effects: Vec<Effect> = BCG[..5].iter().map(alike).collect();
    let found = pool(&effects).unwrap();
    assert_eq!((found.tau_squared, found.i_squared), (0.0, 0.0));
    close(found.q, 0.224_666_798_597_659, 1e-12);
    close(found.q_p_value, 0.994_143_785_969_579, 1e-12);
    close(found.mean.low, -0.423_030_389_483_791, 1e-9);
    close(found.prediction.unwrap().high, 0.242_692_953_110_54, 1e-9);
    assert_eq!(pool(&effects[..2]).unwrap().prediction, None);
}

/// M. Borenstein et al., Introduction to Meta-Analysis, 2009, chapter 4: d = 0.5970, variance 0.0418.
#[test]
fn standardised_differences_are_the_textbooks() {
    let spread = |mean: f64, deviation: f64| {
        let reach = deviation * (49.0f64 / 50.0).sqrt();
        group(&[mean - reach, mean + reach].repeat(25), 50)
    };
    let found = standardised_difference(&spread(103.0, 5.5), &spread(100.0, 4.5)).unwrap();
    close(found.difference.estimate, 0.5970, 6e-5);
    close(((found.difference.high - 0.5970) / 1.959_964).powi(2), 0.0418, 6e-5);
    assert!(found.is_suspect());
    let (t, c) = (
        [94.0, 197.0, 16.0, 38.0, 99.0, 141.0, 23.0],
        [52.0, 104.0, 146.0, 10.0, 51.0, 30.0, 40.0, 27.0, 46.0],
    );
    let found = standardised_difference(&group(&t, 7), &group(&c, 9)).unwrap();
    close(found.difference.estimate, 0.547_488_609_536_377, 1e-12);
    close(found.difference.low, -0.458_290_445_452_633, 1e-9);
    assert!(!found.is_balanced() && !found.is_suspect(), "chance alone does this to sixteen mice");
}

#[test]
fn a_tenth_of_a_deviation_is_the_last_balanced_one() {
    let trait_of = |mean: f64| group(&[mean - 1.0, mean + 1.0].repeat(50_000), 100_000);
    let apart = |by: f64| standardised_difference(&trait_of(by), &trait_of(0.0)).unwrap();
    assert!(apart(0.099).is_balanced() && apart(-0.099).is_balanced());
    assert!(apart(0.101).is_suspect() && apart(-0.101).is_suspect());
}

/// The examples in the documentation of scikit-learn's `brier_score_loss` (0.0375, there rounded) and of TorchMetrics'
/// `BinaryCalibrationError` (0.29).
#[test]
fn calibration_is_as_documented_elsewhere() {
    let found = calibrate(&[0.1, 0.9, 0.8, 0.3], &[false, true, true, false], 2).unwrap();
    close(found.brier, 0.0375, 1e-12);
    let actual = [false, false, true, true, true];
    let found = calibrate(&[0.25, 0.25, 0.55, 0.75, 0.75], &actual, 2).unwrap();
    close(found.expected_error, 0.29, 1e-12);
    assert_eq!(found.bins.iter().map(|bin| bin.people).collect::<Vec<u64>>(), [2, 3]);
}

/// Expected: NumPy, and statsmodels' `proportion_confint(method="wilson")`.
#[test]
fn calibration_bins_are_numpys() {
    let chances: Vec<f64> = (0..200u32).map(|n| f64::from(n * 37 % 200) / 250.0).collect();
    let came: Vec<bool> = (0..200u32)
        .zip(&chances)
        .map(|(n, chance)| f64::from(n * 91 % 200) / 200.0 < chance.powf(1.2))
        .collect();
    let found = calibrate(&chances, &came, 4).unwrap();
    close(found.expected_error, 0.064, 1e-12);
    close(found.brier, 0.196_736, 1e-12);
    for (bin, (predicted, actual)) in
        found.bins.iter().zip([(0.098, 0.14), (0.298, 0.24), (0.498, 0.42), (0.698, 0.62)])
    {
        close(bin.predicted, predicted, 1e-12);
        close(bin.actual.estimate, actual, 1e-12);
        assert_eq!(bin.people, 50);
    }
    close(found.bins[0].actual.low, 0.069_508_334_270_163, 1e-12);
    close(found.bins[3].actual.high, 0.741_372_106_898_064, 1e-12);
}

#[test]
fn equal_predictions_stay_in_one_bin() {
    let found = calibrate(&[0.5; 7], &[true, false, true, false, true, false, true], 3).unwrap();
    assert_eq!((found.bins.len(), found.bins[0].people), (1, 7));
    let predicted = [0.1, 0.1, 0.1, 0.1, 0.2, 0.3];
    let found = calibrate(&predicted, &[false; 6], 1000).unwrap();
    assert_eq!(found.bins.iter().map(|bin| bin.people).collect::<Vec<u64>>(), [4, 1, 1]);
}

proptest! {
    #[test]
    fn the_sequential_verdict_is_one_whether_by_interval_or_p_value(
        n in 1u64..5000, m in 1u64..5000, x in 0u64..5000, y in 0u64..5000, planned in 1e-6f64..1.0,
    ) {
        let plan = Plan::for_variance(planned).unwrap();
        let found = sequential_proportions(of(x.min(n), n), of(y.min(m), m), plan).unwrap();
        prop_assert_eq!(found.difference.excludes_zero(), found.p_value < 0.05);
    }

    #[test]
    fn weights_sum_to_one_and_the_mean_lies_among_the_effects(
        effects in prop::collection::vec((-2.0f64..2.0, 1e-4f64..1.0), 2..12),
    ) {
        let effects: Vec<Effect> =
            effects.into_iter().map(|(estimate, variance)| Effect { estimate, variance }).collect();
        let found = pool(&effects).unwrap();
        let weights: f64 = found.campaigns.iter().map(|line| line.weight).sum();
        prop_assert!((weights - 1.0).abs() < 1e-9);
        let least = effects.iter().map(|effect| effect.estimate).fold(f64::INFINITY, f64::min);
        let most = effects.iter().map(|effect| effect.estimate).fold(f64::NEG_INFINITY, f64::max);
        prop_assert!(least - 1e-9 <= found.mean.estimate && found.mean.estimate <= most + 1e-9);
        if let Some(prediction) = found.prediction {
            prop_assert!(prediction.low <= found.mean.low && found.mean.high <= prediction.high);
        }
    }
}
