//! For whom a campaign worked: mailed against holdout among customers who spent alike before.
//!
//! Customers are parted by what they did before the mail went out, never by what they did afterwards: that would compare
//! people who were made different by the mail itself.

use super::outcome::Measured;
use super::report::Group;
use crate::money::Money;
use crate::recommender::uplift::{Interval, Proportion, difference_of_proportions};
use crate::web;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// What its customers did: “bought nothing before”.
    pub name: String,
    pub mailed: Buyers,
    pub holdout: Buyers,
    /// In the share of buyers. `None` when one of the groups has nobody here.
    pub difference: Option<Interval>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buyers {
    pub buyers: u64,
    pub people: u64,
}

impl Buyers {
    /// 0 to 1; `None` of nobody.
    pub fn rate(self) -> Option<f64> {
        (self.people > 0).then(|| self.buyers as f64 / self.people as f64)
    }
}

/// Those who had bought nothing, and the smaller and the larger half of those who had; parts without anybody are left out.
pub fn segments(people: &[Measured], currency: &str) -> Vec<Segment> {
    let mut spent: Vec<Money> =
        people.iter().map(|one| one.before).filter(|sum| *sum > Money::ZERO).collect();
    spent.sort_unstable();
    let middle = spent.get(spent.len().saturating_sub(1) / 2).copied().unwrap_or_default();
    let shown = web::money(middle, currency);
    type Belongs = fn(Money, Money) -> bool;
    let parts: [(String, Belongs); 3] = [
        ("had spent nothing".into(), |sum, _| sum <= Money::ZERO),
        (format!("had spent up to {shown}"), |sum, middle| sum > Money::ZERO && sum <= middle),
        (format!("had spent more than {shown}"), |sum, middle| sum > Money::ZERO && sum > middle),
    ];
    let part = |(name, belongs): (String, Belongs)| {
        let of = |group: Group| {
            let own = people.iter().filter(|one| group.has(one.arm) && belongs(one.before, middle));
            own.fold(Buyers::default(), |sum, one| Buyers {
                buyers: sum.buyers + u64::from(one.outcome.is_buyer()),
                people: sum.people + 1,
            })
        };
        segment(name, of(Group::Mailed), of(Group::Holdout))
    };
    parts.into_iter().map(part).filter(|segment| segment.mailed.people + segment.holdout.people > 0).collect()
}

fn segment(name: String, mailed: Buyers, holdout: Buyers) -> Segment {
    let proportion = |of: Buyers| Proportion { successes: of.buyers, people: of.people };
    let difference = difference_of_proportions(proportion(mailed), proportion(holdout)).ok();
    Segment { name, mailed, holdout, difference: difference.map(|found| found.difference) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picker::plan::Arm;
    use crate::reports::outcome::Outcome;

    #[test]
    fn customers_are_parted_by_what_they_spent_before() {
        let person = |arm, before, orders| Measured {
            arm,
            picks: 0,
            before: Money::from_units(before),
            bought_before: before > 0,
            outcome: Outcome { orders, ..Outcome::default() },
        };
        let people = [
            person(Arm::Picks, 0, 1),
            person(Arm::Baseline, 0, 0),
            person(Arm::Holdout, -3, 0),
            person(Arm::Picks, 10, 1),
            person(Arm::Holdout, 20, 0),
            person(Arm::Picks, 30, 2),
        ];
        let told: Vec<_> = segments(&people, "EUR")
            .into_iter()
            .map(|one| {
                let of = |side: Buyers| (side.buyers, side.people);
                (one.name, of(one.mailed), of(one.holdout), one.difference.is_some())
            })
            .collect();
        assert_eq!(
            told,
            [
                ("had spent nothing".into(), (1, 2), (0, 1), true),
                ("had spent up to 20.00\u{a0}EUR".into(), (1, 1), (0, 1), true),
                ("had spent more than 20.00\u{a0}EUR".into(), (1, 1), (0, 0), false),
            ]
        );
    }
}
