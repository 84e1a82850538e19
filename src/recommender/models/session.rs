//! Session neighbours: what stood in the sessions, or baskets, that are most like somebody's last one.
//!
//! *Source*: Kersbergen, Sprangers, Schelter, “Serenade: low-latency session-based recommendation in e-commerce at
//! scale” (SIGMOD 2022), VMIS-kNN; it indexes the VS-kNN of Ludewig and Jannach (UMUAI 2018). We depart in five
//! places. Deeds of one second are one moment, so that the lines of an order have one position. The bound m is on each
//! item's list and not also on all lists together: at most m · items sessions are looked at anyway. Long sessions may
//! count less. The rarity is ln(1 + |H| / h), which is never 0, under an exponent. Deeds before the last session may
//! speak too.

use crate::recommender::load::Arrays;
use crate::recommender::{Contribution, Model, ModelError, Observed, Resources, Scorer, Tensor, User};
use cutting::{SESSIONS_A_LOOK, Sessions, cut, go_on};
use nearest::Nearest;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

mod cutting;
mod nearest;
#[cfg(test)]
mod tests;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// m: how many of its newest sessions are kept for each item. The fewer, the more the season counts: on a year of
    /// orders of a gift shop 20 to 50 found a third more than the paper's 500.
    pub recent_sessions: usize,
    /// k: how many sessions vote.
    pub neighbours: usize,
    /// How many of somebody's newest moments count; each counts less than the one after it.
    pub moments: usize,
    /// A longer pause begins a new session. Where only orders are known, a day found the same and a month less.
    pub gap_minutes: f32,
    /// How much deeds before somebody's last session count against those in it; 0: not at all. On orders 1 found 4 %
    /// more than 0.3; who is clicking about now may want less.
    pub earlier_sessions: f32,
    /// β: a session of n items counts n^−β.
    pub length_damping: f32,
    /// How much rare items are preferred among what the neighbours hold; 0: not at all, 1: as the paper has it.
    pub rarity: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            recent_sessions: 50,
            neighbours: 200,
            moments: 10,
            gap_minutes: 30.0,
            earlier_sessions: 1.0,
            length_damping: 0.5,
            rarity: 1.0,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct ValidParams(Params);

impl Params {
    pub fn check(self) -> Result<ValidParams, ModelError> {
        for (name, count) in [("recent_sessions", self.recent_sessions), ("neighbours", self.neighbours)] {
            if !(1..=100_000).contains(&count) {
                return Err(ModelError::parameter(name, &count, "1 to 100000"));
            }
        }
        if !(1..=1000).contains(&self.moments) {
            return Err(ModelError::parameter("moments", &self.moments, "1 to 1000"));
        }
        if !(0.0..=5_300_000.0).contains(&self.gap_minutes) {
            return Err(ModelError::parameter(
                "gap_minutes",
                &self.gap_minutes,
                "0 to 5300000, which is ten years",
            ));
        }
        for (name, share) in [
            ("earlier_sessions", self.earlier_sessions),
            ("length_damping", self.length_damping),
            ("rarity", self.rarity),
        ] {
            if !(0.0..=1.0).contains(&share) {
                return Err(ModelError::parameter(name, &share, "0 to 1"));
            }
        }
        Ok(ValidParams(self))
    }

    fn gap_seconds(&self) -> i64 {
        (f64::from(self.gap_minutes) * 60.0) as i64
    }
}

/// *Shapes*: the sessions that can still be found, newest first, each a list of different items, ascending; for each
/// item the numbers of its newest sessions, ascending. *Units*: a score is a sum of votes, comparable for one user
/// only.
pub struct Session {
    params: Params,
    starts: Vec<u64>,
    contents: Vec<u32>,
    /// By item: ln(1 + |H| / h) under its exponent.
    rarity: Vec<f32>,
    /// By session: its length under −β.
    damping: Vec<f32>,
    index_starts: Vec<usize>,
    index: Vec<u32>,
}

/// Sessions come from the log: a user's deeds of all kinds, cut where the pause is longer than the gap. Without a log
/// each row of the interactions is one session without an order, all of one age, and lower rows are kept first. A
/// session of one item says nothing of what goes together and is not kept.
///
/// *Cost*: O(n log n) for n deeds, 36 bytes each while they are cut; the result is at most 8 bytes for each
/// deed that is still in some item's list. *Errors*: [`ModelError::TooLarge`], [`ModelError::Cancelled`].
pub fn fit(
    params: &ValidParams,
    observed: Observed<'_>,
    resources: &Resources<'_>,
) -> Result<Session, ModelError> {
    let ValidParams(params) = *params;
    let interactions = observed.interactions;
    let log = observed.log.filter(|log| !log.is_empty());
    let needed = match log {
        Some(log) => log.len() * 36,
        None => interactions.len() * 8 + interactions.users() * 24,
    } + interactions.items() * 24;
    resources.allow(needed as u64, "learn from fewer days")?;
    let mut sessions = Sessions::new(interactions.items(), params.recent_sessions);
    match log {
        Some(log) => {
            let mut cut = cut(log, params.gap_seconds(), resources)?;
            cut.par_sort_unstable_by_key(|session| (Reverse(session.ended), session.user, session.begins_at));
            resources.progress.phase("Indexing sessions", Some(cut.len() as u64));
            for part in cut.chunks(SESSIONS_A_LOOK) {
                go_on(resources, part.len())?;
                for session in part {
                    let begins_at = session.begins_at as usize;
                    let deeds = &log.past(session.user).items[begins_at..][..session.deeds as usize];
                    sessions.add(deeds);
                }
            }
        }
        None => {
            resources.progress.phase("Indexing sessions", Some(interactions.users() as u64));
            for user in 0..interactions.users() as u32 {
                if (user as usize).is_multiple_of(SESSIONS_A_LOOK) {
                    go_on(resources, SESSIONS_A_LOOK.min(interactions.users() - user as usize))?;
                }
                sessions.add(interactions.row(user).0);
            }
        }
    }
    Ok(sessions.finish(params))
}

impl Session {
    /// Builds the index over sessions that fit together.
    fn new(params: Params, starts: Vec<u64>, contents: Vec<u32>, rarity: Vec<f32>) -> Self {
        let mut index_starts = vec![0usize; rarity.len() + 1];
        for &item in &contents {
            let count = &mut index_starts[item as usize + 1];
            *count = params.recent_sessions.min(*count + 1);
        }
        for item in 0..rarity.len() {
            index_starts[item + 1] += index_starts[item];
        }
        let mut next = index_starts.clone();
        let mut index = vec![0; index_starts[rarity.len()]];
        let mut damping = Vec::with_capacity(starts.len() - 1);
        for (session, bounds) in starts.windows(2).enumerate() {
            let held = &contents[bounds[0] as usize..bounds[1] as usize];
            damping.push((held.len() as f32).powf(-params.length_damping));
            for &item in held {
                let at = next[item as usize];
                if at < index_starts[item as usize + 1] {
                    index[at] = session as u32;
                    next[item as usize] += 1;
                }
            }
        }
        Self { params, starts, contents, rarity, damping, index_starts, index }
    }

    fn held_by(&self, session: u32) -> &[u32] {
        let session = session as usize;
        &self.contents[self.starts[session] as usize..self.starts[session + 1] as usize]
    }

    /// None of what came after it was trained.
    fn sessions_with(&self, item: u32) -> &[u32] {
        match self.index_starts.get(item as usize..) {
            Some(&[from, until, ..]) => &self.index[from..until],
            _ => &[],
        }
    }

    pub(in crate::recommender) fn load(arrays: &mut Arrays) -> Result<Self, ModelError> {
        let (starts, contents) = (arrays.u64("starts")?, arrays.u32("contents")?);
        let (rarity, settings) = (arrays.f32("rarity")?.1, arrays.f32("settings")?.1);
        let &[recent_sessions, neighbours, moments, gap_minutes, earlier_sessions, length_damping, exponent] =
            settings.as_slice()
        else {
            return Err(ModelError::Damaged("the settings are incomplete".into()));
        };
        let params = Params {
            recent_sessions: recent_sessions as usize,
            neighbours: neighbours as usize,
            moments: moments as usize,
            gap_minutes,
            earlier_sessions,
            length_damping,
            rarity: exponent,
        };
        let ValidParams(params) = params.check().map_err(|error| ModelError::Damaged(error.to_string()))?;
        let fits = starts.first() == Some(&0)
            && starts.is_sorted()
            && starts.last() == Some(&(contents.len() as u64))
            && contents.iter().all(|&item| (item as usize) < rarity.len());
        let ascending = |bounds: &[u64]| {
            contents[bounds[0] as usize..bounds[1] as usize].is_sorted_by(|one, next| one < next)
        };
        if !(fits && starts.windows(2).all(ascending)) {
            return Err(ModelError::Damaged("the sessions do not fit together".into()));
        }
        Ok(Self::new(params, starts, contents, rarity))
    }
}

impl Model for Session {
    fn kind(&self) -> &'static str {
        "session"
    }

    fn items(&self) -> usize {
        self.rarity.len()
    }

    fn scorer<'a>(&'a self, candidates: &'a [u32]) -> Box<dyn Scorer + 'a> {
        let mut seats = vec![(NOWHERE, 0.0); self.items()];
        for (place, &item) in candidates.iter().enumerate() {
            seats[item as usize] = (place as u32, self.rarity[item as usize]);
        }
        Box::new(Votes { model: self, seats, nearest: Nearest::new(self.damping.len()) })
    }

    /// Exact: a session that voted for the item was found by some of the user's items; its vote is shared out among
    /// them by their weights.
    fn explain(&self, user: User<'_>, item: u32, at_most: usize) -> Vec<Contribution> {
        let mut nearest = Nearest::new(self.damping.len());
        nearest.find(self, user);
        let mut all: Vec<Contribution> =
            nearest.recent.iter().map(|own| Contribution { item: own.item, amount: 0.0 }).collect();
        for found in &nearest.found {
            let held = self.held_by(found.session);
            if held.binary_search(&item).is_err() {
                continue;
            }
            let vote = found.reach * self.damping[found.session as usize] * self.rarity[item as usize];
            for (own, contribution) in nearest.recent.iter().zip(&mut all) {
                if self.sessions_with(own.item).binary_search(&found.session).is_ok() {
                    contribution.amount += vote * own.weight;
                }
            }
        }
        all.retain(|contribution| contribution.amount > 0.0);
        Contribution::strongest(all, at_most)
    }

    fn needs_past(&self) -> bool {
        true
    }

    fn is_personal(&self) -> bool {
        true
    }

    fn tensors(&self) -> Vec<Tensor<'_>> {
        let params = &self.params;
        let settings = vec![
            params.recent_sessions as f32,
            params.neighbours as f32,
            params.moments as f32,
            params.gap_minutes,
            params.earlier_sessions,
            params.length_damping,
            params.rarity,
        ];
        vec![
            Tensor::u64("starts", &self.starts),
            Tensor::u32("contents", &self.contents),
            Tensor::f32("rarity", &[self.rarity.len()], &self.rarity),
            Tensor::f32("settings", &[settings.len()], settings),
        ]
    }
}

/// The place of an item that is no candidate.
const NOWHERE: u32 = u32::MAX;

struct Votes<'a> {
    model: &'a Session,
    /// For each item its place among the candidates and its rarity, read together.
    seats: Vec<(u32, f32)>,
    nearest: Nearest,
}

impl Scorer for Votes<'_> {
    /// Σ r(n) λ(n) rarity(item) over the neighbour sessions n that hold the item.
    fn score(&mut self, user: User<'_>, scores: &mut [f32]) -> bool {
        scores.fill(0.0);
        self.nearest.find(self.model, user);
        let mut personal = false;
        for found in &self.nearest.found {
            let vote = found.similarity * found.reach;
            for &item in self.model.held_by(found.session) {
                let (place, rarity) = self.seats[item as usize];
                if place != NOWHERE {
                    scores[place as usize] += vote * rarity;
                    personal = true;
                }
            }
        }
        personal
    }
}
