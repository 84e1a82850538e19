//! Progress of a stored job: kept in memory, written at most four times a second.

use crate::ids::JobId;
use crate::progress::Progress;
use crate::store::{Store, jobs};
use chrono::{DateTime, Utc};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const WRITE_EVERY: Duration = Duration::from_millis(250);

pub struct JobProgress {
    store: Store,
    job: JobId,
    clock: fn() -> DateTime<Utc>,
    cancelled: AtomicBool,
    state: Mutex<State>,
}

struct State {
    phase: String,
    phase_started_at: DateTime<Utc>,
    done: u64,
    total: Option<u64>,
    written: Instant,
}

impl JobProgress {
    pub fn new(store: Store, job: JobId, clock: fn() -> DateTime<Utc>) -> Self {
        let state = State {
            phase: String::new(),
            phase_started_at: clock(),
            done: 0,
            total: None,
            written: Instant::now(),
        };
        Self { store, job, clock, cancelled: AtomicBool::new(false), state: Mutex::new(state) }
    }

    /// The runner is shutting down: the work should stop as if cancelled.
    pub fn stop(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    fn write(&self, state: &mut State) {
        state.written = Instant::now();
        let total = state.total.map(|total| total as i64);
        let written = self.store.write(|conn| {
            jobs::report_progress(
                conn,
                self.job,
                &state.phase,
                state.phase_started_at,
                state.done as i64,
                total,
            )
        });
        match written {
            Ok(true) => self.cancelled.store(true, Ordering::Relaxed),
            Ok(false) => {}
            // The work itself goes on: progress that cannot be shown is no reason to lose it.
            Err(error) => tracing::warn!(job = %self.job, %error, "progress could not be stored"),
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Progress for JobProgress {
    fn phase(&self, name: &str, total: Option<u64>) {
        let mut state = self.locked();
        state.phase = name.to_owned();
        state.phase_started_at = (self.clock)();
        state.done = 0;
        state.total = total;
        self.write(&mut state);
    }

    fn advance(&self, units: u64) {
        let mut state = self.locked();
        state.done += units;
        if state.written.elapsed() >= WRITE_EVERY {
            self.write(&mut state);
        }
    }

    fn cancelled(&self) -> bool {
        // Work that reports seldom still learns of the wish to stop.
        let mut state = self.locked();
        if state.written.elapsed() >= WRITE_EVERY {
            self.write(&mut state);
        }
        self.cancelled.load(Ordering::Relaxed)
    }
}
