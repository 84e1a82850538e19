//! The stored sessions most like what somebody did last. Says who may vote, not for what.

use super::Session;
use crate::recommender::{Past, User};

/// One of the user's items.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recent {
    pub item: u32,
    /// π: 1 in the newest moment, falling evenly to 1 / moments.
    pub weight: f32,
    /// λ: how much a session's vote counts whose newest shared item is this one.
    pub reach: f32,
}

/// A session that votes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    pub session: u32,
    /// r: Σ π over the shared items, damped by the session's length.
    pub similarity: f32,
    pub reach: f32,
}

/// Scratch of 8 bytes a session, cleared where it was touched.
pub struct Nearest {
    similarity: Vec<f32>,
    /// 0 where a session was not touched.
    reach: Vec<f32>,
    touched: Vec<u32>,
    /// Newest first.
    pub recent: Vec<Recent>,
    /// In the order of their numbers, so that votes are added in one order.
    pub found: Vec<Found>,
}

impl Nearest {
    pub fn new(sessions: usize) -> Self {
        Self {
            similarity: vec![0.0; sessions],
            reach: vec![0.0; sessions],
            touched: vec![],
            recent: vec![],
            found: vec![],
        }
    }

    /// *Cost*: m · items of the user looks, then linear in the sessions touched.
    pub fn find(&mut self, model: &Session, user: User<'_>) {
        self.recall(model, user);
        for own in &self.recent {
            for &session in model.sessions_with(own.item) {
                let reach = &mut self.reach[session as usize];
                if *reach == 0.0 {
                    // Newest first: the first item that finds a session is the newest they share.
                    *reach = own.reach;
                    self.touched.push(session);
                }
                self.similarity[session as usize] += own.weight;
            }
        }
        self.found.clear();
        for session in self.touched.drain(..) {
            let at = session as usize;
            let similarity = self.similarity[at] * model.damping[at];
            self.found.push(Found { session, similarity, reach: self.reach[at] });
            self.similarity[at] = 0.0;
            self.reach[at] = 0.0;
        }
        let most = model.params.neighbours;
        if self.found.len() > most {
            // Lower numbers are newer sessions.
            self.found.select_nth_unstable_by(most - 1, |a, b| {
                b.similarity.total_cmp(&a.similarity).then(a.session.cmp(&b.session))
            });
            self.found.truncate(most);
        }
        self.found.sort_unstable_by_key(|found| found.session);
    }

    /// Fills `recent`: from the past where it is known, else all of the user's items alike.
    fn recall(&mut self, model: &Session, user: User<'_>) {
        self.recent.clear();
        if user.past.items.is_empty() {
            let alike = |&item: &u32| Recent { item, weight: 1.0, reach: 1.0 };
            self.recent.extend(user.items.iter().map(alike));
            return;
        }
        let moments = self.walk_back(model, user.past);
        // The newest deed stands for an item; the sort is stable.
        self.recent.sort_by_key(|own| own.item);
        self.recent.dedup_by_key(|own| own.item);
        // π still holds what the session counts, λ the moment's place.
        self.recent.sort_by(|a, b| a.reach.total_cmp(&b.reach).then(a.item.cmp(&b.item)));
        for own in &mut self.recent {
            let back = own.reach;
            own.weight *= (moments as f32 - back) / moments as f32;
            own.reach = 1.0 - back / model.params.moments as f32;
        }
    }

    /// Deeds of the newest moments, newest first, with their place from the end as `reach` and their session's worth
    /// as `weight`. Returns how many moments there are.
    fn walk_back(&mut self, model: &Session, past: Past<'_>) -> usize {
        let (mut moment, mut worth) = (0, 1.0);
        let mut later = past.at[past.at.len() - 1];
        for (&item, &at) in past.items.iter().zip(past.at).rev() {
            if at != later {
                if moment + 1 == model.params.moments {
                    break;
                }
                if later.saturating_sub(at) > model.params.gap_seconds() {
                    worth = model.params.earlier_sessions;
                }
                if worth == 0.0 {
                    break;
                }
                moment += 1;
                later = at;
            }
            self.recent.push(Recent { item, weight: worth, reach: moment as f32 });
        }
        moment + 1
    }
}
