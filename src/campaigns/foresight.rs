//! What chance of a purchase a generated campaign's scores stand for: worked out as a job after the picks, because a model is
//! learnt for it, and kept beside them for the report.

use super::generate::{GenerateError, PlanLists};
use super::reverse::days_of;
use super::weather;
use crate::history::History;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::jobs::{JobError, JobProgress, JobResult};
use crate::picker::build::{BuildError, Order};
use crate::picker::foresight::{Foresight, look_back};
use crate::picker::hindsight::HindsightError;
use crate::picker::model_file;
use crate::picker::plan::Plan;
use crate::picker::summary::Summary;
use crate::progress::Progress;
use crate::recommender::Resources;
use crate::store::campaigns::{self, Campaign};
use crate::store::jobs::{self, Job, NewJob};
use crate::store::{StoreError, StoreResult, models};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// The job's kind in the queue; its payload is [`Payload`].
pub const JOB: &str = "foresight";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Payload {
    pub campaign: CampaignId,
    /// Of these picks; others need another answer.
    pub generation: String,
}

#[derive(Debug, thiserror::Error)]
pub enum ForesightError {
    #[error(transparent)]
    Order(#[from] GenerateError),
    #[error(transparent)]
    LookBack(#[from] HindsightError),
    #[error("it cannot be kept beside the picks: {0}")]
    Keep(#[from] std::io::Error),
}

impl From<StoreError> for ForesightError {
    fn from(error: StoreError) -> Self {
        Self::Order(error.into())
    }
}

impl ForesightError {
    pub fn is_cancelled(&self) -> bool {
        match self {
            Self::Order(error) => error.is_cancelled(),
            Self::LookBack(error) => error.is_cancelled(),
            Self::Keep(_) => false,
        }
    }
}

/// To be worked out when the queue has time.
pub fn queue(installation: &Installation, campaign: CampaignId) -> StoreResult<()> {
    let (shop, now) = (installation.shop_id(), installation.now());
    installation.store.write(|conn| {
        let found = campaigns::by_id(conn, shop, campaign)?;
        let Some(generation) = found.and_then(|found| found.generation) else { return Ok(()) };
        let payload = serde_json::json!(Payload { campaign, generation }).to_string();
        let job =
            NewJob { shop, kind: JOB, payload: &payload, max_attempts: 2, run_after: now, created_by: None };
        jobs::queue(conn, &job, now)?;
        Ok(())
    })
}

/// The job *foresight*.
pub fn job(installation: &Installation, job: &Job, progress: &JobProgress) -> JobResult {
    let failed = |why: String| JobError::Failed(why);
    let payload: Payload = serde_json::from_str(&job.payload).map_err(|error| failed(error.to_string()))?;
    let shop = installation.shop_id();
    let found = installation
        .store
        .read(|conn| campaigns::by_id(conn, shop, payload.campaign))
        .map_err(|error| JobError::Again(error.to_string()))?;
    let page = serde_json::json!({ "page": format!("/campaigns/{}", payload.campaign) });
    // Picked anew in the meantime, or thrown away: those picks have a job of their own, or need none.
    let Some(campaign) = found.filter(|found| found.generation.as_ref() == Some(&payload.generation)) else {
        return Ok(page);
    };
    match foresee(installation, &campaign, progress) {
        Ok(_) => Ok(page),
        Err(error) if error.is_cancelled() => Err(JobError::Cancelled),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// Learns it from as many days before the picks as the campaign runs, and keeps it with them; `None` where it cannot be
/// told.
pub fn foresee(
    installation: &Installation,
    campaign: &Campaign,
    progress: &dyn Progress,
) -> Result<Option<Foresight>, ForesightError> {
    let shop = installation.shop_id();
    let (Some(generation), Some(model)) = (&campaign.generation, campaign.model) else { return Ok(None) };
    let Some(model) = installation.store.read(|conn| models::by_id(conn, shop, model))? else {
        return Ok(None);
    };
    let mut plan: Plan = campaign.plan()?;
    weather::learn(installation, &mut plan)?;
    // People were put on a list, or off it, by what is known today.
    plan.audience.list = None;
    let summary: Option<Summary> = campaign.summary()?;
    let as_of = summary.map_or_else(|| installation.now(), |summary| summary.as_of);
    let days = days_of(&plan);
    let then = as_of - TimeDelta::days(i64::from(days));
    let file = installation.folder.models(shop).join(&model.file);
    let live = model_file::load(&file, Some(&model.checksum)).map_err(GenerateError::from)?;
    let history = History::open(&installation.folder.history(shop)).map_err(GenerateError::from)?;
    let snapshot = history.snapshot().map_err(GenerateError::from)?;
    let whose = (campaign.id, &plan);
    let lists = PlanLists::read(installation, &plan)?.with_past(installation, whose, &snapshot, then)?;
    let lately = super::memory::lately(installation, campaign.id, &plan, &snapshot, then)?;
    let order = Order {
        campaign: campaign.id,
        plan: &plan,
        product_list: lists.products.as_deref(),
        customer_lists: lists.of_customers(),
        snapshot: &snapshot,
        live: &live,
        lately: lately.as_ref(),
        secret: &installation.shop.secret,
        as_of,
    };
    let training = &installation.config.training;
    let max_memory_bytes = u64::from(training.max_memory_mb) << 20;
    let resources = Resources { seed: training.seed, max_memory_bytes, progress };
    let told = match look_back(&order, (days, training.history_days), &resources) {
        // What could not have been picked then, or not learnt: the shop is too young, or too large for a second model.
        Err(HindsightError::Build(BuildError::Refused(_)) | HindsightError::Model { .. })
            if !progress.cancelled() =>
        {
            tracing::info!(campaign = %campaign.id, "what the scores foretell cannot be learnt from the days before");
            None
        }
        told => told?,
    };
    if let Some(told) = &told {
        told.keep(&installation.folder.campaign(shop, campaign.id).join(generation))?;
    }
    Ok(told)
}
