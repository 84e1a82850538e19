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
        let all = || self.picked.iter().flat_map(|picked| picked.slots.iter().flatten());
        let own = all().filter(|placed| matches!(placed.origin, Origin::Personal | Origin::Similar));
        (all().count(), own.count())
    }

    /// Different products shown to anybody.
    pub fn different(&self) -> BTreeSet<u32> {
        (0..self.picked.len()).flat_map(|at| self.products(at)).collect()
    }

    /// The mean share of places that two models fill with the same products, from 0 to 1; `None` without places.
    pub fn in_common(&self, other: &Self) -> Option<f64> {
        let shares: Vec<f64> = (0..self.picked.len())
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
