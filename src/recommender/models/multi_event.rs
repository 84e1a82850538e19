//! Correlated cross-occurrence: which looks, clicks, carts and purchases of one product tell that another will be
//! bought, kind by kind, and how much each kind's word counts.
//!
//! *Source*: Dunning, “Accurate methods for the statistics of surprise and coincidence” (Computational Linguistics
//! 19(1), 1993) for the likelihood ratio; Dunning and Friedman, “Practical machine learning: innovations in
//! recommendation” (O'Reilly 2014) for indicators across kinds of events. There an indicator either holds or not and
//! the kinds count alike; here it counts as much as it is sure, and the kinds' shares are learned.

use crate::recommender::load::Arrays;
use crate::recommender::{
    Contribution, Interactions, Kind, Model, ModelError, Observed, Resources, Scorer, Tensor, User,
};
use indicators::Indicators;
use serde::{Deserialize, Serialize};

mod indicators;
mod recall;
mod shares;
#[cfg(test)]
mod tests;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// n: indicators kept for each item and kind, the surest. On a year of orders 20 found more than 50, and 50
    /// more than 200; so they did on check-ins.
    pub neighbours: usize,
    /// What −2 ln λ must reach. Where two items have nothing to do with each other it is χ² with one degree of
    /// freedom: 3.84 is passed by one such pair in 20, 6.63 by one in 100, 10.83 by one in 1000. So many pairs are
    /// looked at that one in 20 would be mostly chance; those kept are the surest anyway.
    pub min_likelihood_ratio: f32,
    /// A user's newest different items that count, for each kind; with more, training takes longer and the few who
    /// touch everything speak for all.
    pub max_items_per_user: usize,
    /// A deed that is this much older than the user's newest one counts half; 0: age does not matter. A month found
    /// a tenth more on a year of orders.
    pub half_life_days: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self { neighbours: 20, min_likelihood_ratio: 6.63, max_items_per_user: 500, half_life_days: 30.0 }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct ValidParams(Params);

impl Params {
    pub fn check(self) -> Result<ValidParams, ModelError> {
        if !(1..=10_000).contains(&self.neighbours) {
            return Err(ModelError::parameter("neighbours", &self.neighbours, "1 to 10000"));
        }
        if !(2..=100_000).contains(&self.max_items_per_user) {
            return Err(ModelError::parameter("max_items_per_user", &self.max_items_per_user, "2 to 100000"));
        }
        for (name, value) in
            [("min_likelihood_ratio", self.min_likelihood_ratio), ("half_life_days", self.half_life_days)]
        {
            if !(value.is_finite() && value >= 0.0) {
                return Err(ModelError::parameter(name, &value, "0 or more"));
            }
        }
        Ok(ValidParams(self))
    }
}

/// *Shapes*: for each kind of event one list of indicators for each item. *Units*: the mean indicator of a kind is 1
/// before its share; shares are not negative and add up to 1. A share says how much an average event of its kind
/// counts against the others: 0.1 for views and 0.6 for purchases means that six views speak like one purchase.
pub struct MultiEvent {
    params: Params,
    /// The target first: what the scores foretell, and what a user's items are when nobody says more.
    kinds: Vec<Kind>,
    shares: Vec<f32>,
    /// As long as `kinds`.
    indicators: Vec<Indicators>,
}

/// Learns from the log; without one the interactions are purchases. The target is the strongest kind of event there
/// is, purchases if there are any.
///
/// *Cost*: O(Σ_kinds Σ_users n_kind n_target) time, parallel over items; 28 bytes an item per thread, 8 bytes an
/// indicator, 8 bytes a user for logarithms; learning the shares does it again for the older part of the log.
/// *Errors*: [`ModelError::TooLarge`], [`ModelError::Cancelled`].
pub fn fit(
    params: &ValidParams,
    observed: Observed<'_>,
    resources: &Resources<'_>,
) -> Result<MultiEvent, ModelError> {
    let ValidParams(params) = *params;
    let log = observed.log.filter(|log| !log.is_empty());
    let (users, items) = (observed.interactions.users(), observed.interactions.items());
    let deeds = log.map_or(observed.interactions.len(), |log| log.len());
    let kinds = log.map_or(vec![Kind::Purchase], recall::kinds_in);
    let threads = rayon::current_num_threads();
    let lists = kinds.len() * params.neighbours.min(items) * 8;
    let needed = (items * (2 * lists + threads * 28) + deeds * 48 + users * 24) as u64;
    resources.allow(needed, "keep fewer neighbours")?;
    let shares = match log {
        Some(log) => shares::learn(&params, log, &kinds, items, resources)?,
        None => vec![1.0],
    };
    let seen: Vec<Interactions> = match log {
        Some(log) => kinds.iter().map(|&kind| recall::seen(log, kind, items, None, &params)).collect(),
        None => vec![recall::heaviest(observed.interactions, params.max_items_per_user)],
    };
    resources.progress.phase("Finding what foretells purchases", Some((items * kinds.len()) as u64));
    let indicators = indicators::of_each(&seen, &params, resources)?;
    Ok(MultiEvent { params, kinds, shares, indicators })
}

impl MultiEvent {
    /// How much each kind of event counts; adds up to 1.
    pub fn shares(&self) -> impl Iterator<Item = (Kind, f32)> + '_ {
        self.kinds.iter().copied().zip(self.shares.iter().copied())
    }

    pub(in crate::recommender) fn load(arrays: &mut Arrays) -> Result<Self, ModelError> {
        let damaged = |what: &str| ModelError::Damaged(what.to_owned());
        let (codes, shares) = (arrays.u32("kinds")?, arrays.f32("shares")?.1);
        let settings = arrays.f32("settings")?.1;
        let &[neighbours, min_likelihood_ratio, max_items_per_user, half_life_days] = settings.as_slice()
        else {
            return Err(damaged("the settings are incomplete"));
        };
        let params = Params {
            neighbours: neighbours as usize,
            min_likelihood_ratio,
            max_items_per_user: max_items_per_user as usize,
            half_life_days,
        };
        let ValidParams(params) = params.check().map_err(|error| damaged(&error.to_string()))?;
        let kind = |&code: &u32| Kind::ALL.get(code as usize).copied();
        let kinds: Option<Vec<Kind>> = codes.iter().map(kind).collect();
        let fits = |kinds: &Vec<Kind>| !kinds.is_empty() && kinds.len() == shares.len();
        let kinds = kinds.filter(fits).filter(|_| shares.iter().all(|share| (0.0..=1.0).contains(share)));
        let kinds = kinds.ok_or_else(|| damaged("the kinds of events do not fit their shares"))?;
        let indicators = indicators::load(arrays, kinds.len())?;
        Ok(Self { params, kinds, shares, indicators })
    }
}

impl Model for MultiEvent {
    fn kind(&self) -> &'static str {
        "multi_event"
    }

    fn items(&self) -> usize {
        self.indicators[0].items()
    }

    fn scorer<'a>(&'a self, candidates: &'a [u32]) -> Box<dyn Scorer + 'a> {
        let mut place_of = vec![NOWHERE; self.items()];
        for (place, &item) in candidates.iter().enumerate() {
            place_of[item as usize] = place as u32;
        }
        Box::new(Foretold { model: self, place_of })
    }

    /// Exact: an item that the user looked at and bought speaks with the sum of both.
    fn explain(&self, user: User<'_>, item: u32, at_most: usize) -> Vec<Contribution> {
        let mut all: Vec<Contribution> = Vec::new();
        for (indicators, signs) in self.signs(user) {
            for (own, weight) in signs {
                let (foretold, strengths) = indicators.row(own);
                if let Ok(at) = foretold.binary_search(&item) {
                    all.push(Contribution { item: own, amount: weight * strengths[at] });
                }
            }
        }
        all.sort_by_key(|contribution| contribution.item);
        let summed = all.chunk_by(|a, b| a.item == b.item).map(|run| Contribution {
            item: run[0].item,
            amount: run.iter().map(|contribution| contribution.amount).sum(),
        });
        Contribution::strongest(summed.collect(), at_most)
    }

    fn needs_past(&self) -> bool {
        true
    }

    fn explains_cheaply(&self) -> bool {
        true
    }

    fn is_personal(&self) -> bool {
        true
    }

    fn tensors(&self) -> Vec<Tensor<'_>> {
        let params = &self.params;
        let settings = vec![
            params.neighbours as f32,
            params.min_likelihood_ratio,
            params.max_items_per_user as f32,
            params.half_life_days,
        ];
        let kinds: Vec<u32> = self.kinds.iter().map(|&kind| kind as u32).collect();
        let mut tensors = vec![
            Tensor::u32("kinds", kinds),
            Tensor::f32("shares", &[self.shares.len()], &self.shares),
            Tensor::f32("settings", &[settings.len()], settings),
        ];
        tensors.extend(indicators::tensors(&self.indicators));
        tensors
    }
}

impl MultiEvent {
    /// For each kind that counts: its indicators, and the user's items under it with share × age.
    fn signs(&self, user: User<'_>) -> impl Iterator<Item = (&Indicators, Vec<(u32, f32)>)> {
        let items = self.items();
        let kinds = self.kinds.iter().zip(&self.shares).zip(&self.indicators);
        kinds.enumerate().filter(|(_, ((_, share), _))| **share > 0.0).map(
            move |(nth, ((&kind, &share), indicators))| {
                let mut signs = if !user.past.items.is_empty() {
                    recall::signs(user.past, kind, &self.params)
                } else if nth == 0 {
                    user.items.iter().map(|&item| (item, 1.0)).collect()
                } else {
                    Vec::new()
                };
                signs.retain(|&(item, _)| (item as usize) < items);
                for (_, weight) in &mut signs {
                    *weight *= share;
                }
                (indicators, signs)
            },
        )
    }
}

/// The place of an item that is no candidate.
const NOWHERE: u32 = u32::MAX;

struct Foretold<'a> {
    model: &'a MultiEvent,
    /// For each item its place among the candidates.
    place_of: Vec<u32>,
}

impl Scorer for Foretold<'_> {
    /// Σ_kinds share Σ_{the user's items under the kind} age · strength(item → candidate).
    fn score(&mut self, user: User<'_>, scores: &mut [f32]) -> bool {
        scores.fill(0.0);
        let mut personal = false;
        for (indicators, signs) in self.model.signs(user) {
            for (own, weight) in signs {
                let (foretold, strengths) = indicators.row(own);
                for (&item, &strength) in foretold.iter().zip(strengths) {
                    let place = self.place_of[item as usize];
                    if place != NOWHERE {
                        scores[place as usize] += weight * strength;
                        personal = true;
                    }
                }
            }
        }
        personal
    }
}
