//! What a comparison will be able to show, before it is made.
//!
//! *Source*: the usual normal approximation for two proportions (Cohen, Statistical Power Analysis, 2nd ed., 1988, chapter
//! 6), both groups with the spread of the base rate.

use super::distribution::Z_95;

/// The standard normal's 80 % point: four campaigns of five that earn so much show it.
const Z_POWER_80: f64 = 0.841_621_233_572_914_3;

/// Two groups that are to be compared, and the share of people who buy anyway.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Design {
    pub treated: u64,
    pub control: u64,
    /// Above 0, below 1.
    pub base_rate: f64,
}

impl Design {
    /// Of so many people a share is held back.
    pub fn split(people: u64, held_back: f64, base_rate: f64) -> Self {
        let control = (people as f64 * held_back).round() as u64;
        Self { treated: people.saturating_sub(control), control, base_rate }
    }

    /// The variance of the difference of the two shares; `None` where nothing can be compared.
    fn variance(self) -> Option<f64> {
        let Self { treated, control, base_rate } = self;
        let is_possible = treated > 0 && control > 0 && base_rate > 0.0 && base_rate < 1.0;
        is_possible.then(|| base_rate * (1.0 - base_rate) * (1.0 / treated as f64 + 1.0 / control as f64))
    }

    /// The smallest uplift, in shares of people, that this comparison shows with a power of 80 % at 5 % two-sided;
    /// `None` where nothing can be compared.
    pub fn smallest_difference(self) -> Option<f64> {
        self.variance().map(|variance| (Z_95 + Z_POWER_80) * variance.sqrt())
    }

    /// The same in parts of those who buy anyway: 0.66 is two thirds more.
    pub fn smallest_uplift(self) -> Option<f64> {
        self.smallest_difference().map(|difference| difference / self.base_rate)
    }
}

/// The smallest uplift, in parts of the base rate, that several comparisons show together: each weighs by the inverse of
/// its variance. Those in which nothing can be compared are left out; `None` when that is all.
pub fn smallest_pooled_uplift(designs: &[Design]) -> Option<f64> {
    let relative = |design: &Design| Some(design.variance()? / design.base_rate.powi(2));
    let precision: f64 = designs.iter().filter_map(relative).map(|variance| 1.0 / variance).sum();
    (precision > 0.0).then(|| (Z_95 + Z_POWER_80) / precision.sqrt())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

    use super::*;
    use crate::recommender::uplift::{Proportion, difference_of_proportions};
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    #[test]
    fn published_examples_come_out() {
        let round = |share: Option<f64>| (share.unwrap() * 100.0).round();
        let few = Design::split(20_000, 0.1, 0.01);
        assert_eq!((few.treated, few.control, round(few.smallest_uplift())), (18_000, 2_000, 66.0));
        assert_eq!(round(Design::split(20_000, 0.5, 0.01).smallest_uplift()), 39.0);
        assert_eq!(round(smallest_pooled_uplift(&[few; 6])), 27.0);
        // A vendor's published plan: 4 % buy, 15,000 against 1,700 show 1.4 points.
        let vendor = Design { treated: 15_000, control: 1_700, base_rate: 0.04 };
        assert!((vendor.smallest_difference().unwrap() - 0.014).abs() < 0.000_5);
    }

    #[test]
    fn without_a_group_nothing_can_be_shown() {
        assert_eq!(Design::split(20_000, 0.0, 0.01).smallest_uplift(), None);
        assert_eq!(Design::split(0, 0.5, 0.01).smallest_uplift(), None);
        assert_eq!(Design::split(100, 0.5, 0.0).smallest_uplift(), None);
        assert_eq!(smallest_pooled_uplift(&[Design::split(9, 0.0, 0.1)]), None);
        let one = Design::split(5000, 0.5, 0.02);
        let both = smallest_pooled_uplift(&[one, Design::split(9, 0.0, 0.1)]);
        assert!((both.unwrap() - one.smallest_uplift().unwrap()).abs() < 1e-12);
    }

    /// Drawn campaigns that earn exactly the smallest uplift: four of five must show it.
    #[test]
    fn four_of_five_campaigns_show_what_they_are_said_to() {
        let design = Design { treated: 4000, control: 4000, base_rate: 0.1 };
        let lifted = design.base_rate + design.smallest_difference().unwrap();
        let mut random = StdRng::seed_from_u64(5);
        let mut buyers = |people: u64, share: f64| Proportion {
            successes: (0..people).filter(|_| random.random::<f64>() < share).count() as u64,
            people,
        };
        let shown = (0..400).filter(|_| {
            let (treated, control) = (buyers(4000, lifted), buyers(4000, design.base_rate));
            difference_of_proportions(treated, control).unwrap().difference.excludes_zero()
        });
        // Three deviations of 400 draws are 24; the lifted group's larger spread costs one per cent.
        let shown = shown.count();
        assert!((295..=345).contains(&shown), "{shown} of 400");
    }
}
