//! For whom a campaign worked: mailed against holdout among customers who were alike before.
//!
//! Customers are parted by what they did before the mail went out, never by what they did afterwards: that would compare
//! people who were made different by the mail itself.

use super::compare::MANY_BUYERS;
use super::outcome::Measured;
use super::report::Group;
use crate::money::Money;
use crate::recommender::uplift::{
    Interval, Moments, Proportion, Spending, cautious_difference, difference_of_means,
    difference_of_proportions,
};
use crate::web;
use serde::{Deserialize, Serialize};

/// Where fewer of both sides bought, or a side has fewer people, no verdict is given.
const FEWEST_BUYERS: u64 = 10;
const FEWEST_PEOPLE: u64 = 30;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// What customers are parted by: “spent before”.
    #[serde(default)]
    pub by: String,
    /// What its customers did: “bought nothing before”.
    pub name: String,
    pub mailed: Buyers,
    pub holdout: Buyers,
    /// In the share of buyers. `None` when one of the groups has nobody here.
    pub difference: Option<Interval>,
    /// In revenue per customer. `None` with fewer than ten buyers on a side, of whom nothing is claimed.
    #[serde(default)]
    pub money: Option<Interval>,
}

impl Segment {
    /// Too few to say anything of.
    pub fn is_small(&self) -> bool {
        self.mailed.buyers + self.holdout.buyers < FEWEST_BUYERS
            || self.mailed.people.min(self.holdout.people) < FEWEST_PEOPLE
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buyers {
    pub buyers: u64,
    pub people: u64,
    /// What they paid less what was given back.
    #[serde(default)]
    pub revenue: Money,
}

impl Buyers {
    /// 0 to 1; `None` of nobody.
    pub fn rate(self) -> Option<f64> {
        (self.people > 0).then(|| self.buyers as f64 / self.people as f64)
    }

    /// In the report's currency; `None` of nobody.
    pub fn per_customer(self) -> Option<f64> {
        (self.people > 0).then(|| self.revenue.as_f64() / self.people as f64)
    }
}

/// A way to part customers: its parts' names, and into which one somebody falls.
struct Way<'a> {
    by: &'static str,
    names: Vec<String>,
    part: Box<dyn Fn(&Measured) -> usize + 'a>,
}

/// By what they spent, by when they bought last, and by what kind of customer they were; parts without anybody are left out.
/// `kinds` are the words for the kinds that people's numbers stand for.
pub fn segments(people: &[Measured], currency: &str, kinds: &[String]) -> Vec<Segment> {
    let mut ways = vec![spent(people, currency), bought_last()];
    if !kinds.is_empty() {
        let none = kinds.len();
        ways.push(Way {
            by: "kind of customer",
            names: kinds.iter().cloned().chain(["had never bought".to_owned()]).collect(),
            part: Box::new(move |one| one.kind.map_or(none, |kind| usize::from(kind).min(none))),
        });
    }
    ways.iter().flat_map(|way| parts(way, people)).collect()
}

/// Those who had spent nothing, and the smaller and the larger half of those who had.
fn spent(people: &[Measured], currency: &str) -> Way<'static> {
    let mut spent: Vec<Money> =
        people.iter().map(|one| one.before).filter(|sum| *sum > Money::ZERO).collect();
    spent.sort_unstable();
    let middle = spent.get(spent.len().saturating_sub(1) / 2).copied().unwrap_or_default();
    let shown = web::money(middle, currency);
    Way {
        by: "spent in 90 days",
        names: vec![
            "had spent nothing".into(),
            format!("had spent up to {shown}"),
            format!("had spent more than {shown}"),
        ],
        part: Box::new(move |one| match one.before {
            sum if sum <= Money::ZERO => 0,
            sum if sum <= middle => 1,
            _ => 2,
        }),
    }
}

fn bought_last() -> Way<'static> {
    Way {
        by: "bought last",
        names: vec![
            "had bought in the last 30 days".into(),
            "had bought 31 to 90 days before".into(),
            "had bought nothing in 90 days".into(),
        ],
        part: Box::new(|one| match one.days_since {
            Some(days) if days < 30 => 0,
            Some(_) => 1,
            None => 2,
        }),
    }
}

/// One side of one part.
#[derive(Default)]
struct Side {
    sum: Buyers,
    spread: Moments,
    /// Of those who bought or gave back.
    amounts: Vec<f64>,
}

impl Side {
    fn add(&mut self, one: &Measured) {
        let net = one.outcome.net();
        self.sum.people += 1;
        self.sum.buyers += u64::from(one.outcome.is_buyer());
        self.sum.revenue += net;
        self.spread.push(net.as_f64());
        if net != Money::ZERO {
            self.amounts.push(net.as_f64());
        }
    }

    fn proportion(&self) -> Proportion {
        Proportion { successes: self.sum.buyers, people: self.sum.people }
    }

    fn spending(&self) -> Spending<'_> {
        Spending { amounts: &self.amounts, people: self.sum.people }
    }
}

fn parts(way: &Way<'_>, people: &[Measured]) -> Vec<Segment> {
    let mut sides: Vec<[Side; 2]> = way.names.iter().map(|_| Default::default()).collect();
    for one in people {
        let side = usize::from(!Group::Mailed.has(one.arm));
        if let Some(part) = sides.get_mut((way.part)(one)) {
            part[side].add(one);
        }
    }
    let named = way.names.iter().zip(&sides);
    let is_empty =
        |(_, [mailed, holdout]): &(&String, &[Side; 2])| mailed.sum.people + holdout.sum.people == 0;
    named.filter(|part| !is_empty(part)).map(|(name, sides)| segment(way.by, name, sides)).collect()
}

fn segment(by: &str, name: &str, [mailed, holdout]: &[Side; 2]) -> Segment {
    let difference = difference_of_proportions(mailed.proportion(), holdout.proportion()).ok();
    let cautious = cautious_difference(mailed.spending(), holdout.spending()).ok();
    let fewer = mailed.sum.buyers.min(holdout.sum.buyers);
    let money = match fewer < MANY_BUYERS {
        true => cautious,
        false => difference_of_means(&mailed.spread, &holdout.spread).ok().map(|found| found.difference),
    };
    Segment {
        by: by.to_owned(),
        name: name.to_owned(),
        mailed: mailed.sum,
        holdout: holdout.sum,
        difference: difference.map(|found| found.difference),
        money,
    }
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
            days_since: (before > 0).then_some(before as u8),
            kind: None,
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
        let told: Vec<_> = segments(&people, "EUR", &[])
            .into_iter()
            .filter(|one| one.by == "spent in 90 days")
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
    /// Two kinds and those of none; of each the buyers and the money are its own.
    #[test]
    fn customers_are_parted_by_when_they_bought_and_by_their_kind() {
        let person = |n: usize, arm, days_since, kind| Measured {
            arm,
            picks: 0,
            before: Money::ZERO,
            days_since,
            kind,
            outcome: Outcome {
                orders: u64::from(n.is_multiple_of(2)),
                bought: Money::from_units(if n.is_multiple_of(2) { 10 + n as i64 % 7 } else { 0 }),
                ..Outcome::default()
            },
        };
        let arm = |n: usize| if n.is_multiple_of(3) { Arm::Holdout } else { Arm::Picks };
        let days = |n: usize| [Some(0), Some(29), Some(30), Some(89), None][n % 5];
        let kind = |n: usize| [Some(0), Some(1), None][n % 7 % 3];
        let people: Vec<_> = (0..600).map(|n| person(n, arm(n), days(n), kind(n))).collect();
        let kinds = ["buy often".to_owned(), "small orders".to_owned()];
        let told = segments(&people, "EUR", &kinds);
        let names: Vec<_> = told.iter().map(|one| (one.by.as_str(), one.name.as_str())).collect();
        assert_eq!(
            names[1..],
            [
                ("bought last", "had bought in the last 30 days"),
                ("bought last", "had bought 31 to 90 days before"),
                ("bought last", "had bought nothing in 90 days"),
                ("kind of customer", "buy often"),
                ("kind of customer", "small orders"),
                ("kind of customer", "had never bought"),
            ]
        );
        let of = |at: usize| told[at].mailed.people + told[at].holdout.people;
        assert_eq!((of(1), of(2), of(3)), (240, 240, 120));
        let own: Vec<_> = people.iter().filter(|one| one.kind == Some(1) && one.arm == Arm::Picks).collect();
        let revenue = own.iter().fold(Money::ZERO, |sum, one| sum + one.outcome.net());
        assert_eq!((told[5].mailed.people, told[5].mailed.revenue), (own.len() as u64, revenue));
        let money = told[5].money.unwrap();
        let difference = told[5].mailed.per_customer().unwrap() - told[5].holdout.per_customer().unwrap();
        assert!(
            (money.estimate - difference).abs() < 1e-9 && money.low < difference && difference < money.high
        );
        assert!(!told[5].is_small());
        let few = segments(&people[..40], "EUR", &kinds);
        assert!(few.iter().any(|one| one.is_small() && one.money.is_none()), "{few:?}");
    }
}
