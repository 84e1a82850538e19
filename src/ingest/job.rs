//! A sync as a queued job.

use super::{Request, SyncError, sync};
use crate::installation::Installation;
use crate::jobs::{JobError, JobProgress, JobResult};
use crate::store::jobs::Job;

/// Payload: [`Request`] as JSON. Result: [`super::SyncCounts`] as JSON.
pub fn job(installation: &Installation, job: &Job, progress: &JobProgress) -> JobResult {
    let request: Request = serde_json::from_str(&job.payload)
        .map_err(|error| JobError::Failed(format!("This sync's order cannot be understood: {error}")))?;
    let counts = sync(installation, request.kind(), Some(job.id), progress)?;
    serde_json::to_value(&counts).map_err(|error| JobError::Failed(error.to_string()))
}

impl From<SyncError> for JobError {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::Cancelled => Self::Cancelled,
            error if error.is_passing() => Self::Again(error.to_string()),
            error => Self::Failed(error.to_string()),
        }
    }
}
