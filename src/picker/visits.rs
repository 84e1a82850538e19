//! What customers compare: products that they look at in the same visits and yet seldom buy together.

use super::around::Company;
use super::ledger::Standing;
use super::past::Done;
use crate::records::EventKind;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Deeds that lie further apart belong to two visits.
const PAUSE_US: i64 = 30 * 60 * 1_000_000;

/// Fewer visits to both are chance.
const LEAST_VISITS: u64 = 3;

/// A product is looked at beside another on purpose when it is so many times as often as chance would have it: else
/// what everybody looks at would stand beside everything.
const LEAST_LIFT: f64 = 2.0;

/// Products take each other's place where those who look at both buy both at most in this share of how often products
/// that are looked at together usually are bought together.
const MOST_TOGETHER: f64 = 0.5;

/// A product that is looked at instead of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rival {
    /// Catalogue number.
    pub product: u32,
    /// Visits in which both were looked at.
    pub visits: u64,
    /// Orders that hold both.
    pub orders: u64,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rivals {
    /// Visits in which the product was looked at.
    pub visits: u64,
    /// Those looked at beside it most often, first.
    pub rivals: Vec<Rival>,
    /// False where the shop tells of no looks at all.
    pub has_looks: bool,
}

/// Sums over customers, which no order of threads changes.
struct Counts {
    visits: u64,
    /// Visits to both.
    beside: BTreeMap<u32, u64>,
    /// Looks at each product, in all visits, by catalogue number.
    looks: Vec<u32>,
}

impl Rivals {
    /// Before the standing's moment; guests are left out, for nobody knows whose visit was whose. *Cost*: a pass over all
    /// that was done.
    pub fn of(standing: &Standing, product: u32, company: &Company) -> Self {
        let pasts = &standing.ledger.pasts;
        let as_of_us = standing.as_of.timestamp_micros();
        let none = || Counts::new(standing.ledger.catalogue.len());
        let counts = (0..pasts.customers.len() as u32).into_par_iter().fold(none, |mut counts, customer| {
            let is_look = |done: &&Done| done.kind() == EventKind::View && done.at_us < as_of_us;
            let looks = pasts.row(customer).iter().filter(is_look);
            counts.add(product, looks.filter_map(|done| Some((done.at_us, pasts.product(done)?))));
            counts
        });
        let counts = counts.reduce(none, Counts::with);
        counts.rivals(product, company)
    }
}

impl Counts {
    fn new(products: usize) -> Self {
        Self { visits: 0, beside: BTreeMap::new(), looks: vec![0; products] }
    }

    /// One customer's looks.
    fn add(&mut self, product: u32, looks: impl Iterator<Item = (i64, u32)> + Clone) {
        let mut is_among = false;
        for (_, other) in looks.clone() {
            self.looks[other as usize] += 1;
            is_among |= other == product;
        }
        if !is_among {
            return;
        }
        let mut looks: Vec<(i64, u32)> = looks.collect();
        looks.sort_unstable();
        for visit in looks.chunk_by(|a, b| b.0 - a.0 <= PAUSE_US) {
            let mut seen: Vec<u32> = visit.iter().map(|(_, other)| *other).collect();
            seen.sort_unstable();
            seen.dedup();
            if seen.binary_search(&product).is_ok() {
                self.visits += 1;
                seen.iter().for_each(|other| *self.beside.entry(*other).or_default() += 1);
            }
        }
    }

    fn with(mut self, other: Self) -> Self {
        self.visits += other.visits;
        other.beside.iter().for_each(|(product, count)| *self.beside.entry(*product).or_default() += count);
        self.looks.iter_mut().zip(other.looks).for_each(|(sum, count)| *sum += count);
        self
    }

    fn rivals(mut self, product: u32, company: &Company) -> Rivals {
        self.beside.remove(&product);
        let all: u64 = self.looks.iter().map(|&count| u64::from(count)).sum();
        let beside: u64 = self.beside.values().sum();
        let orders: BTreeMap<u32, u64> = company.together.iter().copied().collect();
        let rival = |(&other, &visits): (&u32, &u64)| Rival {
            product: other,
            visits,
            orders: orders.get(&other).copied().unwrap_or_default(),
        };
        let by_chance =
            |other: u32| beside as f64 * f64::from(self.looks[other as usize]) / all.max(1) as f64;
        let mut rivals: Vec<Rival> = self.beside.iter().map(rival).collect();
        let bought: u64 = rivals.iter().map(|rival| rival.orders).sum();
        let usually = bought as f64 / beside.max(1) as f64;
        rivals.retain(|rival| {
            rival.visits >= LEAST_VISITS
                && rival.visits as f64 >= LEAST_LIFT * by_chance(rival.product)
                && rival.orders as f64 <= MOST_TOGETHER * usually * rival.visits as f64
        });
        rivals.sort_by_key(|rival| (std::cmp::Reverse(rival.visits), rival.product));
        Rivals { visits: self.visits, rivals, has_looks: all > 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;

    #[test]
    fn rivals_are_looked_at_together_and_not_bought_together() {
        let mut counts = Counts::new(5);
        let mut add = |looks: &[(i64, u32)]| counts.add(0, looks.iter().copied());
        // Product 0 beside 1 in four visits, beside 2 (which completes it) in three; 3 is looked at by everybody.
        for customer in 0..4 {
            let day = customer * 1440 * MINUTE;
            add(&[(day, 0), (day + 5 * MINUTE, 1), (day + 9 * MINUTE, 0), (day + 20 * MINUTE, 3)]);
        }
        for _ in 0..3 {
            add(&[(0, 2), (MINUTE, 0)]);
        }
        for _ in 0..60 {
            add(&[(0, 3), (MINUTE, 4)]);
        }
        // Half an hour and a minute later is another visit.
        add(&[(0, 0), (31 * MINUTE, 4)]);
        let company = Company { together: vec![(2, 3)], ..Company::default() };
        let found = counts.rivals(0, &company);
        assert_eq!((found.visits, found.has_looks), (8, true));
        assert_eq!(found.rivals, [Rival { product: 1, visits: 4, orders: 0 }]);
    }

    #[test]
    fn nothing_is_known_without_looks() {
        assert_eq!(Counts::new(1).rivals(0, &Company::default()), Rivals::default());
    }
}
