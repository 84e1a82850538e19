//! Who will answer a mailing: the chance of each customer, learned from how customers answered earlier ones.
//!
//! Recommending asks which products a customer wants; this asks which customers want what is offered. A model's scores of
//! what is offered tell a part of it, and how somebody answered before tells more.
//!
//! *Source*: logistic regression fitted by Newton's method (iteratively reweighted least squares; Hastie, Tibshirani,
//! Friedman, The Elements of Statistical Learning, 2nd ed., section 4.4.1), with a ridge on standardised features.

use super::ModelError;
use faer::linalg::solvers::Solve;
use faer::{Mat, Side};

/// Chances by a weighted sum of features.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// Of each feature: its mean, its deviation, and what a deviation adds to the log-odds.
    parts: Vec<(f64, f64, f64)>,
    offset: f64,
}

/// So much of one mailing's evidence holds each weight at 0.
const RIDGE: f64 = 1.0;
const MOST_STEPS: usize = 50;
const TOLERANCE: f64 = 1e-9;

impl Response {
    /// *Shapes*: `features` is cases × `width`, row-major; `answered` has one for each case.
    ///
    /// With fewer than one answer, or nobody who did not answer, every chance is the share of those who did, drawn to a
    /// half by one case. *Cost*: O(cases · width²) a step. *Errors*: [`ModelError::NotFinite`] for features that are not,
    /// [`ModelError::NoInteractions`] without cases.
    pub fn learn(features: &[f64], width: usize, answered: &[bool]) -> Result<Self, ModelError> {
        if answered.is_empty() {
            return Err(ModelError::NoInteractions);
        }
        if features.len() != answered.len() * width || features.iter().any(|value| !value.is_finite()) {
            return Err(ModelError::NotFinite);
        }
        let cases = answered.len() as f64;
        let mut parts: Vec<(f64, f64, f64)> = (0..width)
            .map(|at| {
                let column = || features.iter().skip(at).step_by(width);
                let mean = column().sum::<f64>() / cases;
                let variance = column().map(|value| (value - mean).powi(2)).sum::<f64>() / cases;
                (mean, variance.sqrt(), 0.0)
            })
            .collect();
        let yes = answered.iter().filter(|&&answered| answered).count() as f64;
        let share = (yes + 0.5) / (cases + 1.0);
        let mut found = Self { offset: (share / (1.0 - share)).ln(), parts: parts.clone() };
        if width == 0 || yes == 0.0 || yes == cases {
            return Ok(found);
        }
        for _ in 0..MOST_STEPS {
            let step = found.step(features, answered)?;
            for (part, step) in parts.iter_mut().zip(&step[1..]) {
                part.2 += step;
            }
            found = Self { offset: found.offset + step[0], parts: parts.clone() };
            if step.iter().all(|step| step.abs() < TOLERANCE) {
                break;
            }
        }
        Ok(found)
    }

    /// Newton's step: the offset's first.
    fn step(&self, features: &[f64], answered: &[bool]) -> Result<Vec<f64>, ModelError> {
        let width = self.parts.len();
        let mut curvature = Mat::<f64>::zeros(width + 1, width + 1);
        let mut slope = Mat::<f64>::zeros(width + 1, 1);
        let mut case = vec![1.0; width + 1];
        for (row, &answered) in features.chunks_exact(width).zip(answered) {
            for ((own, value), &(mean, deviation, _)) in case[1..].iter_mut().zip(row).zip(&self.parts) {
                *own = standard(*value, mean, deviation);
            }
            let chance = self.chance(row);
            let weight = chance * (1.0 - chance);
            for a in 0..=width {
                slope[(a, 0)] += case[a] * (f64::from(u8::from(answered)) - chance);
                for b in 0..=a {
                    curvature[(a, b)] += weight * case[a] * case[b];
                }
            }
        }
        for (at, part) in self.parts.iter().enumerate() {
            curvature[(at + 1, at + 1)] += RIDGE;
            slope[(at + 1, 0)] -= RIDGE * part.2;
        }
        curvature[(0, 0)] += 1e-9;
        let factor = curvature.llt(Side::Lower).map_err(|_| ModelError::NotFinite)?;
        let step = factor.solve(&slope);
        let step: Vec<f64> = (0..=width).map(|at| step[(at, 0)].clamp(-5.0, 5.0)).collect();
        if step.iter().all(|step| step.is_finite()) { Ok(step) } else { Err(ModelError::NotFinite) }
    }

    /// The chance of somebody with these features, as many as it was learned with.
    pub fn chance(&self, features: &[f64]) -> f64 {
        let parts = self.parts.iter().zip(features);
        let odds =
            parts.map(|(&(mean, deviation, weight), value)| weight * standard(*value, mean, deviation));
        1.0 / (1.0 + (-(self.offset + odds.sum::<f64>())).exp())
    }

    /// What a deviation of each feature adds to the log-odds.
    pub fn weights(&self) -> impl Iterator<Item = f64> {
        self.parts.iter().map(|part| part.2)
    }
}

fn standard(value: f64, mean: f64, deviation: f64) -> f64 {
    if deviation > 0.0 { (value - mean) / deviation } else { 0.0 }
}

/// How well scores tell those who answered from those who did not: the chance that somebody who answered has the higher
/// score, equal scores counting half. `None` where all did or nobody.
///
/// *Source*: the area under the ROC curve as Mann and Whitney's U (Hanley, McNeil, Radiology 1982).
pub fn area_under_curve(scores: &[f64], answered: &[bool]) -> Option<f64> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let yes = answered.iter().filter(|&&answered| answered).count() as f64;
    let no = answered.len() as f64 - yes;
    if yes == 0.0 || no == 0.0 {
        return None;
    }
    let mut ranks = 0.0;
    let mut below = 0;
    for equal in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let middle = below as f64 + (equal.len() as f64 + 1.0) / 2.0;
        ranks += middle * equal.iter().filter(|&&at| answered[at]).count() as f64;
        below += equal.len();
    }
    Some((ranks - yes * (yes + 1.0) / 2.0) / (yes * no))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

    use super::*;

    #[test]
    fn with_one_question_the_chances_are_the_shares() {
        // 100 of 400 answered where the feature is 1, 10 of 200 where it is 0: the ridge draws them together a little.
        let (mut features, mut answered) = (Vec::new(), Vec::new());
        for (value, cases, yes) in [(1.0, 400, 100), (0.0, 200, 10)] {
            for case in 0..cases {
                features.push(value);
                answered.push(case < yes);
            }
        }
        let response = Response::learn(&features, 1, &answered).unwrap();
        assert!((response.chance(&[1.0]) - 0.25).abs() < 0.01, "{}", response.chance(&[1.0]));
        assert!((response.chance(&[0.0]) - 0.05).abs() < 0.01, "{}", response.chance(&[0.0]));
        // All together as many are expected as answered: the offset is free.
        let expected: f64 = features.iter().map(|value| response.chance(&[*value])).sum();
        assert!((expected - 110.0).abs() < 1e-3, "{expected}");
    }

    #[test]
    fn what_cannot_be_learned_is_a_share_or_an_error() {
        let nobody = Response::learn(&[1.0, 2.0, 3.0], 1, &[false; 3]).unwrap();
        assert!((nobody.chance(&[9.0]) - 0.125).abs() < 1e-12);
        let constant = Response::learn(&[1.0; 4], 1, &[true, false, true, false]).unwrap();
        assert!((constant.chance(&[1.0]) - 0.5).abs() < 1e-9);
        // Told apart without exception: the ridge keeps the weight finite.
        let apart = Response::learn(&[0.0, 0.0, 1.0, 1.0], 1, &[false, false, true, true]).unwrap();
        assert!(apart.weights().all(|weight| weight.is_finite() && weight > 0.5));
        assert_eq!(Response::learn(&[], 1, &[]), Err(ModelError::NoInteractions));
        assert_eq!(Response::learn(&[f64::NAN], 1, &[true]), Err(ModelError::NotFinite));
        assert_eq!(Response::learn(&[1.0, 2.0], 1, &[true]), Err(ModelError::NotFinite));
    }

    #[test]
    fn the_area_counts_pairs() {
        // Of 2 × 3 pairs: 0.9 beats all three, 0.4 beats one, equals one.
        let scores = [0.9, 0.4, 0.5, 0.4, 0.1];
        let answered = [true, true, false, false, false];
        assert_eq!(area_under_curve(&scores, &answered), Some((3.0 + 1.5) / 6.0));
        assert_eq!(area_under_curve(&scores, &[true; 5]), None);
        assert_eq!(area_under_curve(&[1.0; 4], &[true, false, true, false]), Some(0.5));
    }
}
