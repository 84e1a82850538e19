//! Published examples, values of other people's code (`tests/values/uplift.py` makes them), and what is refused.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod comparisons;
mod judgements;
mod revenue;

use super::*;

fn of(successes: u64, people: u64) -> Proportion {
    Proportion { successes, people }
}

fn close(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() <= within, "{found}, expected {expected}");
}

fn group(amounts: &[f64], people: u64) -> Moments {
    Moments::of_group(amounts.iter().copied(), people)
}

fn paired(before: &[u32], after: &[u32]) -> PairedMoments {
    let mut moments = PairedMoments::default();
    before.iter().zip(after).for_each(|(&before, &after)| moments.push(before.into(), after.into()));
    moments
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

#[test]
fn refusals_say_why() {
    let nobody = ratio_of_proportions(of(3, 10), of(0, 10)).unwrap_err();
    assert_eq!(nobody, UpliftError::NoBuyers { group: Group::Control });
    assert!(nobody.to_string().starts_with("cannot be computed because nobody in the control group bought"));
    assert_eq!(difference_of_proportions(of(3, 10), of(0, 10)).unwrap().relative, None);
    let (some, none) = (group(&[3.0, 4.0], 9), group(&[], 9));
    assert_eq!(ratio_of_means(&none, &some), Err(UpliftError::NothingSpent { group: Group::Treated }));
    assert_eq!(sequential_means(&none, &none, Plan::for_variance(1.0).unwrap()), Err(UpliftError::NoSpread));
    for plan in [Plan::for_variance(0.0), Plan::for_variance(f64::NAN), Plan::for_proportions(0, 9, 0.1)] {
        assert_eq!(plan, Err(UpliftError::BadPlan));
    }
    assert_eq!(standardised_difference(&group(&[1.0; 3], 3), &none), Err(UpliftError::NoSpread));
    assert_eq!(standardised_difference(&none, &none).unwrap().difference.high, 0.0);
    assert_eq!(pool(&[]), Err(UpliftError::TooFewCampaigns { found: 0 }));
    let good = Effect { estimate: 0.1, variance: 0.01 };
    for bad in [
        Effect { estimate: f64::NAN, ..good },
        Effect { variance: 0.0, ..good },
        Effect { variance: -1.0, ..good },
    ] {
        assert_eq!(pool(&[good, bad]), Err(UpliftError::BadCampaign { at: 1 }));
    }
    assert_eq!(calibrate(&[], &[], 3), Err(UpliftError::LengthsDiffer { predicted: 0, actual: 0 }));
    assert_eq!(calibrate(&[0.2], &[], 3), Err(UpliftError::LengthsDiffer { predicted: 1, actual: 0 }));
    assert_eq!(calibrate(&[0.2, 1.2], &[true; 2], 3), Err(UpliftError::NotAProbability { at: 1 }));
    assert_eq!(calibrate(&[f64::NAN], &[true], 3), Err(UpliftError::NotAProbability { at: 0 }));
    assert_eq!(calibrate(&[0.2], &[true], 0), Err(UpliftError::NoBins));
}

#[test]
fn amounts_that_are_no_amounts_are_refused() {
    let good = group(&[1.0, 2.0], 5);
    for bad in [f64::NAN, f64::INFINITY, 1e200] {
        let bad_group = group(&[bad, 1.0, 0.0], 5);
        assert_eq!(difference_of_means(&good, &bad_group), Err(UpliftError::NotFinite), "{bad}");
        let mut pairs = PairedMoments::default();
        [(1.0, bad), (2.0, 1.0)].iter().for_each(|(before, after)| pairs.push(*before, *after));
        assert_eq!(cuped(&pairs, &pairs), Err(UpliftError::NotFinite), "{bad}");
        let (t, c) = (Spending { amounts: &[bad, 1.0], people: 5 }, Spending { amounts: &[1.0], people: 5 });
        let resampling = Resampling { cut_above: 1.0, ..Resampling::default() };
        assert_eq!(bootstrap_of_means(t, c, resampling), Err(UpliftError::NotFinite), "{bad}");
    }
}

#[test]
fn what_cannot_be_resampled_is_refused() {
    let (five, none) =
        (Spending { amounts: &[5.0, 5.0], people: 2 }, Spending { amounts: &[0.0], people: 9 });
    let draw = |t, c| bootstrap_of_means(t, c, Resampling::default());
    assert_eq!(draw(five, none), Err(UpliftError::NoBuyers { group: Group::Control }));
    assert_eq!(draw(five, five), Err(UpliftError::NoSpread));
    assert_eq!(draw(Spending { people: 0, ..five }, five), Err(UpliftError::EmptyGroup));
    assert_eq!(
        draw(Spending { people: 1, ..five }, five),
        Err(UpliftError::MoreThanAll { successes: 2, people: 1 })
    );
    for resampling in [
        Resampling { resamples: 199, ..Resampling::default() },
        Resampling { cut_above: 0.0, ..Resampling::default() },
        Resampling { cut_above: f64::NAN, ..Resampling::default() },
    ] {
        assert_eq!(
            bootstrap_of_means(five, five, resampling),
            Err(UpliftError::BadResampling { fewest: 200 })
        );
    }
}
