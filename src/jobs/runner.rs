//! Threads that take jobs and run them, one at a time each.

use super::{JobError, JobProgress, JobResult};
use crate::store::jobs::{self, Ending, Job};
use crate::store::{Store, StoreResult};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// A job's body: its payload and progress in, its result out.
pub type Work = Box<dyn Fn(&Job, &JobProgress) -> JobResult + Send + Sync>;

const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The running queue. Dropping it lets the current job stop at its next look, and waits for it.
pub struct Runner {
    stop: Arc<AtomicBool>,
    current: Arc<Mutex<Option<Arc<JobProgress>>>>,
    thread: Option<JoinHandle<()>>,
}

impl Runner {
    /// Recovers what an earlier process left running, then works until dropped. One job runs at a time: training
    /// and picking use every core by themselves, and two at once would only double the memory.
    pub fn start(
        store: Store,
        bodies: HashMap<&'static str, Work>,
        clock: fn() -> DateTime<Utc>,
    ) -> StoreResult<Self> {
        store.write(|conn| jobs::recover(conn, clock()))?;
        let stop = Arc::new(AtomicBool::new(false));
        let current = Arc::new(Mutex::new(None));
        let worker = Worker { store, bodies, clock, stop: stop.clone(), current: current.clone() };
        let thread = std::thread::Builder::new()
            .name("jobs".into())
            .spawn(move || worker.work())
            .map_err(|error| crate::store::StoreError::Busy(error.to_string()))?;
        Ok(Self { stop, current, thread: Some(thread) })
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(progress) = lock(&self.current).as_ref() {
            progress.stop();
        }
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the job thread ended abnormally");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

struct Worker {
    store: Store,
    bodies: HashMap<&'static str, Work>,
    clock: fn() -> DateTime<Utc>,
    stop: Arc<AtomicBool>,
    current: Arc<Mutex<Option<Arc<JobProgress>>>>,
}

impl Worker {
    fn work(&self) {
        while !self.stop.load(Ordering::Relaxed) {
            match self.store.write(|conn| jobs::take_due(conn, (self.clock)())) {
                Ok(Some(job)) => self.run(&job),
                Ok(None) => std::thread::sleep(LOOK_EVERY),
                Err(error) => {
                    tracing::error!(%error, "the job queue cannot be read; trying again in a moment");
                    std::thread::sleep(Duration::from_secs(2));
                }
            }
        }
    }

    fn run(&self, job: &Job) {
        let span = tracing::info_span!("job", job = %job.id, kind = %job.kind, shop = %job.shop);
        let _entered = span.enter();
        let started = std::time::Instant::now();
        tracing::info!(attempt = job.attempts, "job started");
        let progress = Arc::new(JobProgress::new(self.store.clone(), job.id, self.clock));
        *lock(&self.current) = Some(progress.clone());
        let result = match self.bodies.get(job.kind.as_str()) {
            Some(body) => catch_unwind(AssertUnwindSafe(|| body(job, &progress))).unwrap_or_else(|_| {
                Err(JobError::Failed("An internal error ended this job; the log has the details.".into()))
            }),
            None => Err(JobError::Failed(format!("This version knows no job of the kind “{}”.", job.kind))),
        };
        *lock(&self.current) = None;
        let duration_ms = started.elapsed().as_millis() as u64;
        self.end(job, &result, duration_ms);
    }

    fn end(&self, job: &Job, result: &JobResult, duration_ms: u64) {
        let now = (self.clock)();
        // A shutdown is no wish of the user's: the job is left for the next start.
        if self.stop.load(Ordering::Relaxed) && matches!(result, Err(JobError::Cancelled)) {
            tracing::info!(duration_ms, "job interrupted by shutdown; it will run again");
            return;
        }
        let text;
        let ending = match result {
            Ok(value) => {
                tracing::info!(duration_ms, "job done");
                text = value.to_string();
                Ending::Done { result: &text }
            }
            Err(JobError::Cancelled) => {
                tracing::info!(duration_ms, "job cancelled");
                Ending::Cancelled
            }
            Err(JobError::Again(error)) if job.attempts < job.max_attempts => {
                let run_after = now + back_off(job.attempts);
                tracing::warn!(duration_ms, %error, %run_after, "job will be tried again");
                Ending::Again { error, run_after }
            }
            Err(JobError::Again(error) | JobError::Failed(error)) => {
                tracing::error!(duration_ms, %error, "job failed");
                Ending::Failed { error }
            }
        };
        if let Err(error) = self.store.write(|conn| jobs::end(conn, job.id, &ending, now)) {
            tracing::error!(%error, "the end of the job could not be stored; it will run again after a restart");
        }
    }
}

/// 5 s, 10 s, 20 s … at most 10 min.
fn back_off(attempts: i32) -> TimeDelta {
    let doublings = attempts.clamp(1, 8) - 1;
    TimeDelta::seconds((5i64 << doublings).min(600))
}
