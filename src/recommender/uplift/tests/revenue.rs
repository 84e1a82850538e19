//! Bootstrap and CUPED.

use super::*;
use proptest::prelude::*;

/// B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993, table 2.1: days that mice lived. Ends: SciPy's BCa
/// of 400,000 resamples; ours may be off by what 40,000 leave to chance.
#[test]
fn bootstrap_intervals_are_scipys() {
    let resampling = Resampling { resamples: 40_000, cut_above: 1.0, seed: 3 };
    let (t, c) = (
        [94.0, 197.0, 16.0, 38.0, 99.0, 141.0, 23.0],
        [52.0, 104.0, 146.0, 10.0, 51.0, 30.0, 40.0, 27.0, 46.0],
    );
    let (t, c) = (Spending { amounts: &t, people: 7 }, Spending { amounts: &c, people: 9 });
    let found = bootstrap_of_means(t, c, resampling).unwrap();
    close(found.difference.estimate, 30.63, 0.005);
    close(found.acceleration, 0.011_019_107_671_909, 1e-12);
    close(found.difference.low, -19.49, 1.0);
    close(found.difference.high, 86.02, 1.0);

    let squares = |range: std::ops::Range<u32>| range.map(|n| f64::from(n * n)).collect::<Vec<f64>>();
    let (t, c) = (squares(3..43), squares(3..23));
    let (t, c) = (Spending { amounts: &t, people: 400 }, Spending { amounts: &c, people: 300 });
    let found = bootstrap_of_means(t, c, resampling).unwrap();
    close(found.difference.estimate, 51.316_666_666_666_67, 1e-9);
    close(found.acceleration, 0.033_386_553_407_559, 1e-12);
    close(found.difference.low, 28.72, 0.4);
    close(found.difference.high, 81.54, 0.6);
}

#[test]
fn the_largest_amounts_are_cut_and_counted() {
    let (mut t, c) = (vec![10.0; 1500], vec![8.0; 498]);
    t[7] = 1e6;
    t[800] = 50_000.0;
    t[900] = 20.0;
    let (t, c) = (Spending { amounts: &t, people: 30_000 }, Spending { amounts: &c, people: 10_000 });
    // Of 1,998 amounts 99.9 % are 1,997 (rounded up): only the largest is cut.
    let found = bootstrap_of_means(t, c, Resampling::default()).unwrap();
    assert_eq!((found.cut, found.ceiling), (1, 50_000.0));
    close(found.difference.estimate, (1497.0 * 10.0 + 20.0 + 100_000.0) / 30_000.0 - 0.3984, 1e-9);
    close(found.uncut, (1497.0 * 10.0 + 20.0 + 1_050_000.0) / 30_000.0 - 0.3984, 1e-9);
    let found = bootstrap_of_means(t, c, Resampling { cut_above: 0.99, ..Resampling::default() }).unwrap();
    assert_eq!((found.cut, found.ceiling), (3, 10.0));
    let found = bootstrap_of_means(t, c, Resampling { cut_above: 1.0, ..Resampling::default() }).unwrap();
    assert_eq!((found.cut, found.uncut), (0, found.difference.estimate));
}

#[test]
fn any_number_of_threads_resamples_alike() {
    let amounts: Vec<f64> = (1..300u32).map(|n| f64::from(n * n % 97) + 0.5).collect();
    let (t, c) =
        (Spending { amounts: &amounts, people: 9000 }, Spending { amounts: &amounts[..90], people: 4000 });
    let on = |threads, seed| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let resampling = Resampling { resamples: 1000, seed, ..Resampling::default() };
        pool.install(|| bootstrap_of_means(t, c, resampling).unwrap())
    };
    assert_eq!(on(1, 5), on(3, 5));
    assert_ne!(on(1, 5).difference, on(1, 6).difference);
    assert_eq!(on(1, 5).difference.estimate, on(1, 6).difference.estimate);
}

/// G. W. Snedecor, W. G. Cochran, Statistical Methods, 1967, leprosy bacilli before and after two of the three drugs.
/// Expected: statsmodels' ordinary least squares of after on drug and before, and SciPy's `ttest_ind` on the rest.
#[test]
fn cuped_is_the_analysis_of_covariance() {
    let a = paired(&[11, 8, 5, 14, 19, 6, 10, 6, 11, 3], &[6, 0, 2, 8, 11, 4, 13, 1, 8, 0]);
    let f = paired(&[16, 13, 11, 9, 21, 16, 12, 12, 7, 12], &[13, 10, 18, 5, 23, 12, 5, 16, 1, 20]);
    let found = cuped(&a, &f).unwrap();
    close(found.theta, 0.928_695_652_173_913, 1e-12);
    close(found.adjusted.difference.estimate, -3.656_695_652_173_91, 1e-11);
    close(found.adjusted.difference.low, -7.917_841_009_389_329, 1e-8);
    close(found.adjusted.difference.high, 0.604_449_705_041_502, 1e-8);
    close(found.adjusted.p_value.unwrap(), 0.087_090_825_951_462, 1e-9);
    close(found.variance_saved, 0.454_836_574_375_607, 1e-11);
    close(found.unadjusted.difference.estimate, -7.0, 1e-12);
}

/// By hand, from A. Deng et al., WSDM 2013, equation 4. Before and after of three and three: Σxx = 8 + 8 and Σxy = 12 + 8, so
/// θ = 20 ÷ 16; 6 − 3 less θ (3 − 4); of the variances (24 ÷ 2 + 8 ÷ 2) ÷ 3 there is left (6.5 ÷ 2 + 0.5 ÷ 2) ÷ 3.
#[test]
fn cuped_is_what_is_worked_out_by_hand() {
    let found = cuped(&paired(&[1, 3, 5], &[2, 8, 8]), &paired(&[2, 4, 6], &[1, 3, 5])).unwrap();
    close(found.theta, 1.25, 1e-15);
    close(found.unadjusted.difference.estimate, 3.0, 1e-15);
    close(found.adjusted.difference.estimate, 4.25, 1e-15);
    close(found.variance_saved, 1.0 - 3.5 / 16.0, 1e-14);
}

#[test]
fn what_tells_nothing_or_everything_leaves_cuped_defined() {
    let (same, other) = (paired(&[5; 4], &[1, 2, 3, 4]), paired(&[5; 3], &[2, 2, 9]));
    let found = cuped(&same, &other).unwrap();
    assert_eq!((found.theta, found.variance_saved), (0.0, 0.0));
    assert_eq!(found.adjusted.difference, found.unadjusted.difference);
    let (told, plus_two) = (paired(&[1, 2, 7], &[1, 2, 7]), paired(&[3, 4, 9], &[5, 6, 11]));
    let found = cuped(&plus_two, &told).unwrap();
    close(found.adjusted.difference.estimate, 2.0, 1e-12);
    close(found.variance_saved, 1.0, 1e-12);
    let nothing = paired(&[0; 5], &[0; 5]);
    let found = cuped(&nothing, &nothing).unwrap();
    assert_eq!((found.adjusted.difference.high, found.adjusted.p_value), (0.0, None));
}

proptest! {
    #[test]
    fn pairs_merged_are_pairs_pushed(
        pairs in prop::collection::vec((-50.0f64..500.0, -50.0f64..500.0), 2..30), cut in 0usize..30, zeros in 0u64..9,
    ) {
        let of = |pairs: &[(f64, f64)]| {
            let mut moments = PairedMoments::default();
            pairs.iter().for_each(|(before, after)| moments.push(*before, *after));
            moments
        };
        let cut = cut.min(pairs.len());
        let mut merged = of(&pairs[..cut]);
        merged.push_zeros(zeros);
        merged.merge(&of(&pairs[cut..]));
        let all: Vec<(f64, f64)> = pairs.iter().copied().chain((0..zeros).map(|_| (0.0, 0.0))).collect();
        let pushed = of(&all);
        prop_assert_eq!(merged.people(), pushed.people());
        let (found, expected) = (cuped(&merged, &of(&pairs)).unwrap(), cuped(&pushed, &of(&pairs)).unwrap());
        prop_assert!((found.theta - expected.theta).abs() < 1e-6);
        prop_assert!((found.adjusted.difference.low - expected.adjusted.difference.low).abs() < 1e-4);
    }
}
