//! A training run as a queued job.

use super::{Request, TrainingError, train};
use crate::installation::Installation;
use crate::jobs::{JobError, JobProgress, JobResult};
use crate::store::jobs::Job;

/// Payload: [`Request`] as JSON. Result: where to look, and the verdict.
pub fn job(installation: &Installation, job: &Job, progress: &JobProgress) -> JobResult {
    let request: Request = serde_json::from_str(&job.payload)
        .map_err(|error| JobError::Failed(format!("This training's order cannot be understood: {error}")))?;
    let model = train(installation, &request, Some(job.id), progress)?;
    Ok(serde_json::json!({ "page": "/models", "model": model.kind, "verdict": model.verdict }))
}

impl From<TrainingError> for JobError {
    fn from(error: TrainingError) -> Self {
        match error {
            TrainingError::Cancelled => Self::Cancelled,
            TrainingError::Store(_) => Self::Again(error.to_string()),
            error => Self::Failed(error.to_string()),
        }
    }
}
