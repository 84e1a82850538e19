//! Generating a campaign as a whole: refuse what cannot be, train when needed, pick. Both the queue and the command
//! line do it here, because the rooms that train and that pick do not know each other.

use crate::campaigns::series::{self, Due};
use crate::campaigns::{self, GenerateError, Payload};
use crate::ids::{CampaignId, JobId};
use crate::installation::Installation;
use crate::jobs::{JobError, JobProgress, JobResult};
use crate::picker::plan::Plan;
use crate::picker::summary::Summary;
use crate::progress::Progress;
use crate::store::campaigns::CampaignState;
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
    } else if let Err(error) = campaigns::foresight::queue(installation, campaign) {
        tracing::warn!(%error, "what the scores foretell will not be worked out for this campaign");
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
    let (began, mut passed_over) = (installation.now(), Vec::new());
    loop {
        let model = training::model_for(installation, &plan.model, plan.as_of, job, progress)?;
        match campaigns::generate(installation, campaign, &model, progress) {
            // One that an earlier release wrote, say: passed over from now on, in the end for one trained here.
            Err(GenerateError::Model(error))
                if error.is_lasting() && model.trained_at < began && !passed_over.contains(&model.id) =>
            {
                passed_over.push(model.id);
            }
            done => return Ok(done?),
        }
    }
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

fn is_approved(installation: &Installation, campaign: CampaignId) -> Result<bool, StoreError> {
    let found = installation.store.read(|conn| stored::by_id(conn, installation.shop_id(), campaign))?;
    let state = found.map(|found| found.state);
    Ok(matches!(state, Some(CampaignState::Approved | CampaignState::Sent | CampaignState::Closed)))
}

/// The job *repeat*; its payload is [`Due`].
pub fn repeat(installation: &Installation, job: &Job, progress: &JobProgress) -> JobResult {
    let due: Due = serde_json::from_str(&job.payload).map_err(|error| JobError::Failed(error.to_string()))?;
    let failed = |why: String| {
        if let Err(error) = series::fail(installation, due, &why) {
            tracing::warn!(%error, "what became of a repeated campaign could not be noted");
        }
        JobError::Failed(why)
    };
    let begun = series::begin(installation, due).map_err(|error| failed(error.to_string()))?;
    let Some(campaign) = begun else {
        return Ok(serde_json::json!({ "page": format!("/campaigns/{}/repeat", due.pattern) }));
    };
    if is_approved(installation, campaign).map_err(|error| failed(error.to_string()))? {
        // Before a crash it came so far.
        return Ok(serde_json::json!({ "page": format!("/campaigns/{campaign}") }));
    }
    match run(installation, campaign, Some(job.id), progress) {
        Ok(summary) => {
            series::finish(installation, due, campaign, &summary)
                .map_err(|error| failed(error.to_string()))?;
            Ok(serde_json::json!({
                "page": format!("/campaigns/{campaign}"),
                "customers": summary.mailed(),
                "holdout": summary.holdout,
            }))
        }
        Err(_) if progress.cancelled() => Err(JobError::Cancelled),
        Err(error) if error.is_passing() => Err(JobError::Again(error.to_string())),
        Err(error) => Err(failed(error.to_string())),
    }
}
