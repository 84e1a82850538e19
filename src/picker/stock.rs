//! Scarce products, shared out: who may be shown what there are too few pieces of.
//!
//! A product is scarce when a rule ties it to its pieces. The allocation decides for all customers together who is shown
//! it; then everybody is picked for as always, and what was not given to them is barred. So no rule is broken by it, and no
//! product is shown to more customers than it may.

use super::arms::Assignment;
use super::build::BuildError;
use super::pick::Picker;
use super::plan::Arm;
use super::rules::Rules;
use crate::progress::Progress;
use crate::recommender::slate::allocation::EMPTY;
use crate::recommender::slate::{Limits, Offers, allocate};
use crate::recommender::{ModelError, Resources};

/// Offers kept of each customer, as far as there is memory for them.
const OFFERS: usize = 64;
const MEMORY: u64 = 4 << 30;
/// Of that, for the offers themselves.
const OFFERS_MEMORY: usize = 1 << 30;

/// Which scarce products which customer may be shown.
pub struct Shares {
    /// For each candidate the number of the rule that ties it to its pieces.
    scarce: Vec<Option<usize>>,
    /// For each customer of the audience the places given to them.
    slots: usize,
    given: Vec<u32>,
    /// How far from the best the sharing is at most, in parts.
    pub gap: f64,
}

impl Shares {
    /// The rule that keeps a place from the customer of a row.
    pub fn bars(&self, place: usize, row: Option<usize>) -> Option<usize> {
        let rule = self.scarce[place]?;
        let own = row.map_or(&[][..], |row| &self.given[row * self.slots..][..self.slots]);
        (!own.contains(&(place as u32))).then_some(rule)
    }
}

/// `None` when no rule ties a product to its pieces.
///
/// *Cost*: scores everybody once more, and 8 bytes for each of up to 64 offers of a customer.
pub fn share_out(
    picker: &Picker<'_>,
    rules: &Rules,
    audience: &[Box<str>],
    arms: &Assignment,
    progress: &dyn Progress,
) -> Result<Option<Shares>, BuildError> {
    let limits = rules.pieces();
    if limits.iter().all(Option::is_none) {
        return Ok(None);
    }
    let slots = picker.slots();
    let keep = (OFFERS_MEMORY / (8 * audience.len().max(1))).clamp(slots * 4, OFFERS);
    let resources = Resources { seed: 0, max_memory_bytes: MEMORY, progress };
    let worth = |customers: std::ops::Range<usize>, out: &mut [f32]| {
        let mut worker = picker.worker();
        for (row, worth) in customers.zip(out.chunks_exact_mut(limits.len())) {
            match arms.arm(&audience[row]) {
                Arm::Holdout => worth.fill(0.0),
                arm => worker.worth(&audience[row], row, arm, worth),
            }
        }
    };
    let told = |error: ModelError| match error {
        ModelError::Cancelled => BuildError::Cancelled,
        error => BuildError::Stock(error),
    };
    let offers = Offers::gather(audience.len(), limits.len(), keep, worth, &resources).map_err(told)?;
    let capacity: Vec<Option<u32>> = limits.iter().map(|limit| limit.map(|(_, most)| most)).collect();
    let groups = rules.first_cap();
    let groups = groups.as_ref().map(|(group_of, most)| (group_of.as_slice(), *most));
    let found = allocate(&offers, Limits { slots, capacity: &capacity, groups }, &resources).map_err(told)?;
    let scarce: Vec<Option<usize>> = limits.iter().map(|limit| limit.map(|(rule, _)| rule)).collect();
    let is_scarce = |pick: u32| pick != EMPTY && scarce[pick as usize].is_some();
    let given = found.picks.iter().map(|&pick| if is_scarce(pick) { pick } else { EMPTY }).collect();
    Ok(Some(Shares { gap: found.gap(), scarce, slots, given }))
}
