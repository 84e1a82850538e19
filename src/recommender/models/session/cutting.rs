//! Cuts deeds into sessions and chooses which are kept. Knows nothing of votes.

use super::{Params, Session};
use crate::recommender::{Log, ModelError, Resources};

/// Sessions between two looks at whether to go on.
pub const SESSIONS_A_LOOK: usize = 4096;

pub fn go_on(resources: &Resources<'_>, done: usize) -> Result<(), ModelError> {
    resources.progress.advance(done as u64);
    if resources.progress.cancelled() { Err(ModelError::Cancelled) } else { Ok(()) }
}

/// Where one session lies in the log.
pub struct Piece {
    /// Seconds since 1970 of its last deed.
    pub ended: i64,
    pub user: u32,
    pub begins_at: u32,
    pub deeds: u32,
}

/// A user's deeds between two long pauses are one piece; pieces are in the order of users and time.
pub fn cut(log: &Log, gap_seconds: i64, resources: &Resources<'_>) -> Result<Vec<Piece>, ModelError> {
    resources.progress.phase("Cutting sessions", Some(log.users() as u64));
    let mut pieces = Vec::new();
    for user in 0..log.users() as u32 {
        if (user as usize).is_multiple_of(SESSIONS_A_LOOK) {
            go_on(resources, SESSIONS_A_LOOK.min(log.users() - user as usize))?;
        }
        let mut begins_at = 0;
        for times in log.past(user).at.chunk_by(|&a, &b| b.saturating_sub(a) <= gap_seconds) {
            let deeds = times.len() as u32;
            pieces.push(Piece { ended: times[times.len() - 1], user, begins_at, deeds });
            begins_at += deeds;
        }
    }
    Ok(pieces)
}

/// Sessions as they are added, newest first. One that no item would keep among its newest is counted and forgotten.
pub struct Sessions {
    most: usize,
    starts: Vec<u64>,
    contents: Vec<u32>,
    /// By item: sessions kept so far, at most `most`.
    kept: Vec<usize>,
    /// h, by item: sessions it stood in.
    stood_in: Vec<u32>,
    /// |H|
    all: u32,
    scratch: Vec<u32>,
}

impl Sessions {
    pub fn new(items: usize, most: usize) -> Self {
        Self {
            most,
            starts: vec![0],
            contents: vec![],
            kept: vec![0; items],
            stood_in: vec![0; items],
            all: 0,
            scratch: vec![],
        }
    }

    pub fn add(&mut self, deeds: &[u32]) {
        if deeds.is_empty() {
            return;
        }
        self.scratch.clear();
        self.scratch.extend_from_slice(deeds);
        self.scratch.sort_unstable();
        self.scratch.dedup();
        self.all += 1;
        for &item in &self.scratch {
            self.stood_in[item as usize] += 1;
        }
        let wanted = self.scratch.iter().any(|&item| self.kept[item as usize] < self.most);
        if self.scratch.len() > 1 && wanted {
            for &item in &self.scratch {
                let kept = &mut self.kept[item as usize];
                *kept = self.most.min(*kept + 1);
            }
            self.contents.extend_from_slice(&self.scratch);
            self.starts.push(self.contents.len() as u64);
        }
    }

    pub fn finish(self, params: Params) -> Session {
        let all = f64::from(self.all);
        let rarity = self
            .stood_in
            .iter()
            .map(|&sessions| {
                (1.0 + all / f64::from(sessions.max(1))).ln().powf(f64::from(params.rarity)) as f32
            })
            .collect();
        Session::new(params, self.starts, self.contents, rarity)
    }
}
