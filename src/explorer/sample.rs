//! A sample of customers and what a model picks for them: what a model does on the whole cannot be seen on one.

use super::ask::View;
use crate::picker::ledger::Standing;
use crate::picker::pick::Picked;
use crate::picker::plan::Origin;
use crate::picker::refusal::Refusal;
use crate::picker::sitting::Sitting;
use crate::records::Customer;
use std::collections::BTreeSet;

/// Customers looked at.
pub const SAMPLED: usize = 200;

pub struct Sample {
    pub customers: Vec<Customer>,
    pub picked: Vec<Picked>,
    /// Catalogue numbers by place.
    pub candidates: Vec<u32>,
}

impl Sample {
    pub fn of(view: &View) -> Result<Self, Refusal> {
        let customers = customers(&view.standing);
        let sitting = Sitting::of(view.terms(), &customers)?;
        let picked = sitting.picks();
        let candidates = sitting.candidates().to_vec();
        Ok(Self { picked, candidates, customers })
    }

    /// The products of one customer's places, by catalogue number.
    pub fn products(&self, at: usize) -> impl Iterator<Item = u32> {
        self.picked[at].slots.iter().flatten().map(|placed| self.candidates[placed.place])
    }

    /// How many customers are shown the product.
    pub fn shown(&self, product: u32) -> usize {
        (0..self.picked.len()).filter(|&at| self.products(at).any(|shown| shown == product)).count()
    }

    /// Places filled, and of these by the model itself.
    pub fn places(&self) -> (usize, usize) {
        self.places_of(0..self.picked.len())
    }

    /// The same of some of the customers.
    pub fn places_of(&self, customers: impl Iterator<Item = usize>) -> (usize, usize) {
        let (mut all, mut own) = (0, 0);
        for placed in customers.flat_map(|at| self.picked[at].slots.iter().flatten()) {
            all += 1;
            own += usize::from(matches!(placed.origin, Origin::Personal | Origin::Similar));
        }
        (all, own)
    }

    /// Different products shown to anybody.
    pub fn different(&self) -> BTreeSet<u32> {
        (0..self.picked.len()).flat_map(|at| self.products(at)).collect()
    }

    /// The mean share of places that two models fill with the same products, from 0 to 1; `None` without places.
    pub fn in_common(&self, other: &Self) -> Option<f64> {
        self.in_common_of(other, 0..self.picked.len())
    }

    /// The same of some of the customers.
    pub fn in_common_of(&self, other: &Self, customers: impl Iterator<Item = usize>) -> Option<f64> {
        let shares: Vec<f64> = customers
            .filter_map(|at| {
                let (own, others) = (self.set(at), other.set(at));
                let most = own.len().max(others.len());
                (most > 0).then(|| own.intersection(&others).count() as f64 / most as f64)
            })
            .collect();
        (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
    }

    pub fn set(&self, at: usize) -> BTreeSet<u32> {
        self.products(at).collect()
    }
}

/// Evenly spread over the ids of active customers who did anything before the moment.
fn customers(standing: &Standing) -> Vec<Customer> {
    let (people, pasts) = (&standing.ledger.people, &standing.ledger.pasts);
    let as_of_us = standing.as_of.timestamp_micros();
    let is_known = |id: &str| pasts.of(id).iter().any(|done| done.at_us < as_of_us);
    let all: Vec<u32> = (0..)
        .zip(people.ids())
        .filter(|(number, id)| people.is_active(*number) && is_known(id))
        .map(|(number, _)| number)
        .collect();
    let step = all.len().div_ceil(SAMPLED).max(1);
    all.into_iter().step_by(step).map(|number| people.at(number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picker::plan::Arm;
    use crate::picker::reason::Why;
    use crate::picker::slate::Placed;

    /// Products 10, 11, 12, 13 may be picked; each customer's places by the place of the product, and who chose it.
    fn sample(lists: &[&[Option<(usize, Origin)>]]) -> Sample {
        let placed = |(place, origin): (usize, Origin)| Placed {
            place,
            score: 1.0,
            origin,
            why: Why::Taste,
            past: None,
        };
        let picked = lists.iter().map(|list| Picked {
            arm: Arm::Picks,
            slots: list.iter().map(|slot| slot.map(placed)).collect(),
        });
        let customers = (0..lists.len()).map(|_| Customer::default()).collect();
        Sample { picked: picked.collect(), customers, candidates: vec![10, 11, 12, 13] }
    }

    const OWN: Origin = Origin::Personal;
    const POPULAR: Origin = Origin::Popular;

    #[test]
    fn what_a_sample_is_shown_is_counted() {
        let sample = sample(&[
            &[Some((0, OWN)), Some((1, POPULAR)), None],
            &[Some((0, Origin::Similar)), Some((3, Origin::Pinned)), Some((1, Origin::Category))],
            &[None, None, None],
        ]);
        assert_eq!(sample.places(), (5, 2), "five places are filled, two of them by the model");
        assert_eq!((sample.places_of([0, 2].into_iter()), sample.places_of(1..2)), ((2, 1), (3, 1)));
        assert_eq!([10, 11, 12, 13].map(|product| sample.shown(product)), [2, 2, 0, 1]);
        assert_eq!(sample.different().into_iter().collect::<Vec<_>>(), [10, 11, 13]);
        assert_eq!(sample.products(1).collect::<Vec<_>>(), [10, 13, 11], "in the order of the places");
    }

    #[test]
    fn what_two_models_have_in_common_is_a_mean_over_customers() {
        let list = |places: &[usize]| places.iter().map(|&place| Some((place, OWN))).collect::<Vec<_>>();
        let (a, b, none) = (list(&[0, 1, 2]), list(&[2, 3]), list(&[]));
        let one = sample(&[&a, &b, &none]);
        let other = sample(&[&b, &b, &none]);
        // The first have 12 alone in common, of three places; the second all; the third no place at all.
        let mean = one.in_common(&other).unwrap();
        assert!((mean - (1.0 / 3.0 + 1.0) / 2.0).abs() < 1e-12, "{mean}");
        assert_eq!(one.in_common_of(&other, 1..3), Some(1.0));
        assert_eq!(one.in_common(&one), Some(1.0));
        assert_eq!(sample(&[&none]).in_common(&sample(&[&none])), None);
        assert_eq!(sample(&[&none]).in_common(&sample(&[&a])), Some(0.0));
    }
}
