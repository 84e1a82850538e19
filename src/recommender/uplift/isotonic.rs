//! From scores to chances: the rising steps that lie closest to what came true.

use super::UpliftError;
use serde::{Deserialize, Serialize};

/// Scores from one up to the next step's that share one chance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The lowest score on it.
    pub from: f64,
    /// Outcomes it was learnt from, and those of them that came true.
    pub people: u64,
    pub came: u64,
}

impl Step {
    /// 0 to 1.
    pub fn chance(self) -> f64 {
        if self.people > 0 { self.came as f64 / self.people as f64 } else { 0.0 }
    }
}

/// A chance for each score, never a smaller one for a higher score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Steps(Vec<Step>);

impl Steps {
    /// From the lowest scores to the highest; at least one.
    pub fn all(&self) -> &[Step] {
        &self.0
    }

    /// Which step a score stands on; what lies below all stands on the lowest.
    pub fn place(&self, score: f64) -> usize {
        self.0.partition_point(|step| step.from <= score).saturating_sub(1)
    }

    /// 0 to 1.
    pub fn chance(&self, score: f64) -> f64 {
        self.0.get(self.place(score)).map_or(0.0, |step| step.chance())
    }
}

/// Isotonic regression of outcomes on scores.
///
/// *Shapes*: a score and an outcome each. Outcomes are first put together in at most `parts` parts of about equally many
/// neighbouring scores, equal scores never parted, so that the ends do not follow single outcomes; with as many parts as
/// outcomes it is the regression itself. *Units*: scores of any unit; chances, 0 to 1. *Errors*: no outcome, a score that is
/// not finite, no part. *Cost*: a sort.
///
/// *Source*: pool adjacent violators, M. Ayer, H. D. Brunk, G. M. Ewing, W. T. Reid, E. Silverman, An empirical distribution
/// function for sampling with incomplete information, Annals of Mathematical Statistics 26, 1955, 641–647; for classifiers'
/// scores B. Zadrozny, C. Elkan, Transforming classifier scores into accurate multiclass probability estimates, KDD 2002.
pub fn isotonic(mut outcomes: Vec<(f64, bool)>, parts: usize) -> Result<Steps, UpliftError> {
    if outcomes.is_empty() {
        return Err(UpliftError::LengthsDiffer { predicted: 0, actual: 0 });
    }
    if outcomes.iter().any(|(score, _)| !score.is_finite()) {
        return Err(UpliftError::NotFinite);
    }
    if parts == 0 {
        return Err(UpliftError::NoBins);
    }
    outcomes.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut steps: Vec<Step> = Vec::new();
    for part in super::calibration::split(&outcomes, parts.min(outcomes.len())) {
        let came = part.iter().filter(|(_, came)| *came).count() as u64;
        steps.push(Step { from: part[0].0, people: part.len() as u64, came });
        // As long as the last two do not rise they are one; compared in whole numbers, so that rounding decides nothing.
        while let [.., below, above] = steps.as_mut_slice()
            && u128::from(below.came) * u128::from(above.people)
                >= u128::from(above.came) * u128::from(below.people)
        {
            below.people += above.people;
            below.came += above.came;
            steps.pop();
        }
    }
    Ok(Steps(steps))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chances(outcomes: &[(f64, bool)]) -> Vec<f64> {
        let steps = isotonic(outcomes.to_vec(), outcomes.len()).unwrap();
        outcomes.iter().map(|(score, _)| steps.chance(*score)).collect()
    }

    /// By hand: 1 at the second score and 0 at the third are pooled to a half; the end is as it came.
    #[test]
    fn neighbours_that_fall_are_pooled() {
        let came = [false, true, false, true, true, false, true];
        let outcomes: Vec<_> = (0u8..).zip(came).map(|(n, came)| (f64::from(n), came)).collect();
        let two_thirds = 2.0 / 3.0;
        assert_eq!(chances(&outcomes), [0.0, 0.5, 0.5, two_thirds, two_thirds, two_thirds, 1.0]);
        let steps = isotonic(outcomes, 7).unwrap();
        assert_eq!((steps.place(-9.0), steps.chance(-9.0)), (0, 0.0), "below all scores: as the lowest");
        assert_eq!((steps.place(2.5), steps.chance(99.0)), (1, 1.0));
    }

    #[test]
    fn equal_scores_have_one_chance_and_parts_are_kept_whole() {
        assert_eq!(chances(&[(1.0, true), (1.0, false), (1.0, false), (2.0, true)])[..2], [1.0 / 3.0; 2]);
        let many: Vec<_> = (0..1000).map(|n| (f64::from(n), n % 10 == 0 || n >= 900)).collect();
        let steps = isotonic(many, 10).unwrap();
        let told: Vec<_> = steps.all().iter().map(|step| (step.from, step.people, step.came)).collect();
        assert_eq!(told, [(0.0, 900, 90), (900.0, 100, 100)]);
        assert_eq!(isotonic(vec![(f64::NAN, true)], 1), Err(UpliftError::NotFinite));
        assert!(isotonic(Vec::new(), 1).is_err() && isotonic(vec![(1.0, true)], 0).is_err());
    }

    proptest! {
        /// The least squares fit among all that rise is, at each place, the largest over beginnings of the smallest over ends
        /// of the means between them (Barlow, Bartholomew, Bremner, Brunk, Statistical inference under order restrictions,
        /// 1972, theorem 1.4).
        #[test]
        fn it_is_the_fit_of_the_max_min_formula(came in prop::collection::vec(any::<bool>(), 1..40)) {
            let outcomes: Vec<_> = (0u8..).zip(&came).map(|(n, came)| (f64::from(n), *came)).collect();
            let found = chances(&outcomes);
            let mean = |from: usize, to: usize| {
                came[from..=to].iter().filter(|came| **came).count() as f64 / (to + 1 - from) as f64
            };
            for at in 0..came.len() {
                let smallest = |from: usize| (at..came.len()).map(|to| mean(from, to)).fold(f64::INFINITY, f64::min);
                let expected = (0..=at).map(smallest).fold(f64::NEG_INFINITY, f64::max);
                prop_assert!((found[at] - expected).abs() < 1e-12, "{} at {}: {:?} of {:?}", expected, at, found, came);
            }
            prop_assert!(found.windows(2).all(|pair| pair[0] <= pair[1]));
        }

        /// No other rising steps are nearer to what came.
        #[test]
        fn nothing_that_rises_is_nearer(
            came in prop::collection::vec(any::<bool>(), 1..30),
            other in prop::collection::vec(0.0f64..1.0, 30),
        ) {
            let outcomes: Vec<_> = (0u8..).zip(&came).map(|(n, came)| (f64::from(n), *came)).collect();
            let found = chances(&outcomes);
            let mut other = other[..came.len()].to_vec();
            other.sort_by(f64::total_cmp);
            let off = |fit: &[f64]| -> f64 {
                fit.iter().zip(&came).map(|(fit, came)| (fit - f64::from(u8::from(*came))).powi(2)).sum()
            };
            prop_assert!(off(&found) <= off(&other) + 1e-12);
        }
    }
}
