//! One customer's product places, being filled under the rules.

use super::likeness::Likeness;
use super::plan::Origin;
use super::reason::Why;
use super::rules::Sight;
use crate::recommender::slate::diversity::Varied;

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
    sight: Sight<'a>,
    slots: Vec<Option<Placed>>,
    taken: Vec<usize>,
}

impl<'a> Slate<'a> {
    pub fn new(sight: Sight<'a>, slots: usize) -> Self {
        let mut filled = vec![None; slots];
        let mut taken = Vec::with_capacity(slots);
        for pin in sight.pins() {
            // Who bought the pinned product lately gets something else in its slot.
            if filled[pin.slot].is_none() && sight.admits(pin.place, &taken, slots) {
                let (origin, why) = (Origin::Pinned, Why::Pinned);
                filled[pin.slot] = Some(Placed { place: pin.place, score: 0.0, origin, why, past: None });
                taken.push(pin.place);
            }
        }
        Self { sight, slots: filled, taken }
    }

    pub fn sight(&self) -> &Sight<'a> {
        &self.sight
    }

    /// Gives the places that are kept for what there is not enough of to all else; answers whether there are any.
    pub fn relax(&mut self) -> bool {
        let was_held = self.sight.has_minima() && !self.is_full();
        self.sight.is_relaxed = true;
        was_held
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
            if self.sight.admits(place, &self.taken, self.slots.len()) {
                let (why, past) = reason(place);
                self.slots[slot] = Some(Placed { place, score, origin, why, past });
                self.taken.push(place);
                free = self.slots.iter().position(Option::is_none);
            }
        }
    }

    /// Takes of `ranked`, best first, what the rules admit, so that variety counts for so much, from 0 to 1, beside the
    /// scores; products that have a place already count as taken.
    pub fn fill_varied(
        &mut self,
        origin: Origin,
        ranked: &[(usize, f32)],
        (variety, likeness): (f32, &Likeness),
        mut reason: impl FnMut(usize) -> (Why, Option<u32>),
    ) {
        let mut varied = Varied::new(ranked.iter().map(|one| one.1), variety);
        let like = |place: usize| move |at: usize| likeness.of(ranked[at].0, place);
        self.taken.iter().for_each(|&place| varied.take(like(place)));
        while let Some(slot) = self.slots.iter().position(Option::is_none) {
            let admits = |at: usize| self.sight.admits(ranked[at].0, &self.taken, self.slots.len());
            let Some((place, score)) = varied.next(admits).map(|at| ranked[at]) else { return };
            let (why, past) = reason(place);
            self.slots[slot] = Some(Placed { place, score, origin, why, past });
            self.taken.push(place);
            varied.take(like(place));
        }
    }

    pub fn finish(self) -> Vec<Option<Placed>> {
        self.slots
    }
}
