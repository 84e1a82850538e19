//! Who gains by which of two models: by how much customers did before, and by groups of who are alike.

use super::run::{By, Run};
use super::sample::Sample;
use crate::picker::groups::Group;
use crate::picker::ledger::Standing;
use crate::web;

/// Some of the customers looked at.
pub struct Line {
    pub name: String,
    pub customers: String,
    pub in_common: String,
    /// Of their places, how many each model fills itself.
    pub own: [String; 2],
}

/// Some of the customers that both were measured on: who had a right pick.
pub struct Measured {
    pub name: String,
    pub customers: String,
    pub own: [String; 2],
    /// Which is better beyond chance; empty where neither is.
    pub better: String,
}

/// From so many orders on, up to as many.
const ORDERS: [(u32, u32, &str); 4] = [
    (0, 0, "Bought nothing yet"),
    (1, 1, "One order"),
    (2, 4, "2 to 4 orders"),
    (5, u32::MAX, "5 orders and more"),
];

pub fn by_orders(standing: &Standing, a: &Sample, b: &Sample) -> Vec<Line> {
    let orders = |at: usize| {
        let number = standing.activity.customers.number(&a.customers[at].id);
        standing.activity.facts(number).orders
    };
    let line = |(least, most, name): (u32, u32, &str)| {
        line(name.to_owned(), (0..a.customers.len()).filter(|&at| (least..=most).contains(&orders(at))), a, b)
    };
    ORDERS.into_iter().filter_map(line).collect()
}

pub fn by_group(standing: &Standing, groups: &[Group], a: &Sample, b: &Sample) -> Vec<Line> {
    let customers = &standing.activity.customers;
    let numbers: Vec<Option<u32>> = a.customers.iter().map(|one| customers.number(&one.id)).collect();
    let of_group = |group: &Group| {
        let members = (0..numbers.len()).filter(|&at| numbers[at].is_some_and(|number| group.has(number)));
        line(group.in_words(), members, a, b)
    };
    groups.iter().filter_map(of_group).collect()
}

/// `None` where nobody of the sample is among them.
fn line(name: String, members: impl Iterator<Item = usize>, a: &Sample, b: &Sample) -> Option<Line> {
    let members: Vec<usize> = members.collect();
    if members.is_empty() {
        return None;
    }
    let own = |sample: &Sample| {
        let (places, own) = sample.places_of(members.iter().copied());
        web::percent(own as f64 / places.max(1) as f64)
    };
    let in_common = a.in_common_of(b, members.iter().copied());
    Some(Line {
        name,
        customers: web::whole(members.len() as i64),
        in_common: in_common.map_or("–".into(), web::percent),
        own: [own(a), own(b)],
    })
}

/// `None` unless both were measured on the same customers and days: else a difference says nothing of the models.
pub fn measured(a: &Run, b: &Run, names: &[String; 2], by: By) -> Option<Vec<Measured>> {
    let (own, others) = (a.parts(by), b.parts(by));
    let is_same = |(own, other): (&super::run::Part, &super::run::Part)| {
        own.name == other.name && own.customers == other.customers && own.popular == other.popular
    };
    let comparable = a.days() == b.days()
        && own.len() == others.len()
        && !own.is_empty()
        && own.iter().zip(&others).all(is_same);
    comparable.then(|| {
        let line = |(own, other): (&super::run::Part, &super::run::Part)| Measured {
            name: own.name.clone(),
            customers: web::whole(own.customers as i64),
            own: [own.own.in_words(), other.own.in_words()],
            better: better([own.own.range, other.own.range], names),
        };
        own.iter().zip(&others).map(line).collect()
    })
}

/// The one whose range lies above the other's.
fn better(ranges: [Option<(f64, f64)>; 2], names: &[String; 2]) -> String {
    let [Some(own), Some(other)] = ranges else { return String::new() };
    if own.0 > other.1 {
        names[0].clone()
    } else if other.0 > own.1 {
        names[1].clone()
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(days: &str, own: [f64; 3], customers: u64) -> Run {
        let part = serde_json::json!({"name": "All", "customers": customers, "model": own,
            "popular": [0.0, 0.1, 0.2], "difference": [0.0, 0.1, 0.2]});
        let metrics = serde_json::json!({"test_customers": customers, "test_from": days,
            "test_until": "2026-02-01T00:00:00Z", "parts": {"activity": [part]}});
        Run::read("als", metrics)
    }

    #[test]
    fn only_what_was_measured_alike_is_compared() {
        let names = ["A".to_owned(), "B".to_owned()];
        let (day, other) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
        let good = run(day, [0.5, 0.6, 0.7], 90);
        let found = measured(&good, &run(day, [0.1, 0.2, 0.3], 90), &names, By::Activity).unwrap();
        assert_eq!((found[0].name.as_str(), found[0].better.as_str()), ("All", "A"));
        assert_eq!(found[0].own[1], "20.0\u{a0}% (10.0 to 30.0)");
        let close = measured(&good, &run(day, [0.4, 0.5, 0.6], 90), &names, By::Activity).unwrap();
        assert_eq!(close[0].better, "", "the ranges overlap");
        assert!(measured(&good, &run(other, [0.1, 0.2, 0.3], 90), &names, By::Activity).is_none());
        assert!(measured(&good, &run(day, [0.1, 0.2, 0.3], 80), &names, By::Activity).is_none());
        assert!(measured(&good, &good, &names, By::Alike).is_none());
    }
}
