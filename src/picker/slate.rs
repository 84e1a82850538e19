//! One customer's product places, being filled under the rules.

use super::activity::Bought;
use super::plan::Origin;
use super::reason::Why;
use super::rules::Rules;

/// A pick in numbers: products by catalogue number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placed {
    pub place: usize,
    pub score: f32,
    pub origin: Origin,
    pub why: Why,
    /// The past product that the reason speaks of.
    pub past: Option<u32>,
}

/// Slots from the first to the last; a rule once given is never broken, even when slots stay empty.
pub struct Slate<'a> {
    rules: &'a Rules,
    bought: Bought<'a>,
    slots: Vec<Option<Placed>>,
    taken: Vec<usize>,
}

impl<'a> Slate<'a> {
    pub fn new(rules: &'a Rules, slots: usize, bought: Bought<'a>) -> Self {
        let mut slate = Self { rules, bought, slots: vec![None; slots], taken: Vec::with_capacity(slots) };
        for pin in &rules.pins {
            // Who bought the pinned product lately gets something else in its slot.
            if rules.admits(pin.place, &slate.taken, bought) {
                let (origin, why) = (Origin::Pinned, Why::Pinned);
                slate.slots[pin.slot] =
                    Some(Placed { place: pin.place, score: 0.0, origin, why, past: None });
                slate.taken.push(pin.place);
            }
        }
        slate
    }

    pub fn is_full(&self) -> bool {
        self.taken.len() == self.slots.len()
    }

    /// Takes candidates in the order given, where the rules admit them, until full. `reason` is asked for those
    /// taken only.
    pub fn fill(
        &mut self,
        origin: Origin,
        ranked: impl Iterator<Item = (usize, f32)>,
        mut reason: impl FnMut(usize) -> (Why, Option<u32>),
    ) {
        let mut free = self.slots.iter().position(Option::is_none);
        for (place, score) in ranked {
            let Some(slot) = free else { return };
            if self.rules.admits(place, &self.taken, self.bought) {
                let (why, past) = reason(place);
                self.slots[slot] = Some(Placed { place, score, origin, why, past });
                self.taken.push(place);
                free = self.slots.iter().position(Option::is_none);
            }
        }
    }

    pub fn finish(self) -> Vec<Option<Placed>> {
        self.slots
    }
}
