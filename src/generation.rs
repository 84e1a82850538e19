//! Generating a campaign as a whole: refuse what cannot be, train when needed, pick. Both the queue and the command
//! line do it here, because the rooms that train and that pick do not know each other.

use crate::campaigns::{self, GenerateError, Payload};
use crate::ids::{CampaignId, JobId};
use crate::installation::Installation;
use crate::jobs::{JobError, JobProgress, JobResult};
use crate::picker::plan::Plan;
use crate::picker::summary::Summary;
use crate::progress::Progress;
use crate::store::jobs::Job;
use crate::store::{StoreError, campaigns as stored};
use crate::training::{self, TrainingError};

#[derive(Debug, thiserror::Error)]
pub enum GenerationError {
    #[error(transparent)]
    Generate(#[from] GenerateError),
    #[error(transparent)]
    Training(#[from] TrainingError),
}

impl GenerationError {
    /// Worth another try later without anybody's doing.
    fn is_passing(&self) -> bool {
        match self {
            Self::Generate(error) => error.is_passing(),
            Self::Training(error) => matches!(error, TrainingError::Store(StoreError::Busy(_))),
        }
    }
}

/// Leaves the campaign generated, or a draft.
pub fn run(
    installation: &Installation,
    campaign: CampaignId,
    job: Option<JobId>,
    progress: &dyn Progress,
) -> Result<Summary, GenerationError> {
    let result = attempt(installation, campaign, job, progress);
    if result.is_err() {
        let now = installation.now();
        installation
            .store
            .write(|conn| stored::abandon_generation(conn, campaign, now))
            .map_err(GenerateError::from)?;
    }
    result
}

fn attempt(
    installation: &Installation,
    campaign: CampaignId,
    job: Option<JobId>,
    progress: &dyn Progress,
) -> Result<Summary, GenerationError> {
    let plan: Plan = campaigns::generate::refuse_early(installation, campaign, progress)?;
    let model = training::model_for(installation, &plan.model, plan.as_of, job, progress)?;
    Ok(campaigns::generate(installation, campaign, &model, progress)?)
}

/// The job *generate*; its payload is [`Payload`].
pub fn job(installation: &Installation, job: &Job, progress: &JobProgress) -> JobResult {
    let payload: Payload =
        serde_json::from_str(&job.payload).map_err(|error| JobError::Failed(error.to_string()))?;
    match run(installation, payload.campaign, Some(job.id), progress) {
        Ok(summary) => Ok(serde_json::json!({
            "page": format!("/campaigns/{}", payload.campaign),
            "customers": summary.mailed(),
            "holdout": summary.holdout,
        })),
        // Whatever the work says it died of, it died because somebody wanted it to.
        Err(_) if progress.cancelled() => Err(JobError::Cancelled),
        Err(error) if error.is_passing() => Err(JobError::Again(error.to_string())),
        Err(error) => Err(JobError::Failed(error.to_string())),
    }
}
