//! The generic durable queue's runner: takes jobs from the store, runs them on threads of its own, stores
//! progress, retries with back-off and survives a restart. It knows no job by name: the assembly registers them.

mod progress;
mod runner;

pub use progress::JobProgress;
pub use runner::{Runner, Work};

/// How a job's body ends when it does not succeed.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    #[error("cancelled")]
    Cancelled,
    /// Worth another try later: the database is down, the disk is busy.
    #[error("{0}")]
    Again(String),
    /// Trying again would end the same way; the sentence says what to change.
    #[error("{0}")]
    Failed(String),
}

/// What a job's body answers: JSON for whoever asked, or why not.
pub type JobResult = Result<serde_json::Value, JobError>;
