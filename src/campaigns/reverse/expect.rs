//! How many of the customers found may be expected to buy: worked out as a job, because a model is learnt for it, and kept
//! as long as nothing changes that it depends on.

use super::ask::{Question, question};
use super::pages::NO_MODEL;
use crate::auth::Marketer;
use crate::campaigns::generate::GenerateError;
use crate::campaigns::pages::find;
use crate::ids::{CampaignId, JobId};
use crate::installation::Installation;
use crate::jobs::{JobError, JobProgress, JobResult};
use crate::keyed::{hex, keyed_bytes};
use crate::picker::hindsight::{Hindsight, look_back};
use crate::picker::plan::Plan;
use crate::recommender::Resources;
use crate::store::campaigns::Campaign;
use crate::store::hindsights;
use crate::store::jobs::{self, Job, NewJob};
use crate::web::{self, Form, Page, WebError};
use actix_web::web::{Data, Path};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The job's kind in the queue; its payload is [`Payload`].
pub const JOB: &str = "hindsight";

/// Days that count where the campaign has no last day; as its report does.
const DEFAULT_DAYS: i64 = 14;

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Payload {
    pub campaign: CampaignId,
}

/// What is known of it.
pub(super) struct Expectation {
    pub told: Option<Hindsight>,
    /// Somebody works it out.
    pub job: Option<JobId>,
    pub days: u32,
}

/// How long a campaign's purchases count, as far as anybody would look back.
pub(in crate::campaigns) fn days_of(plan: &Plan) -> u32 {
    let days = match (plan.starts_on, plan.ends_on) {
        (Some(from), Some(to)) => (to - from).num_days() + 1,
        _ => DEFAULT_DAYS,
    };
    u32::try_from(days.clamp(1, 90)).unwrap_or(1)
}

/// A hash of all that the answer depends on.
fn key(installation: &Installation, question: &Question) -> String {
    let Question { plan, model, snapshot, .. } = question;
    let parts = serde_json::json!([
        plan.products,
        plan.audience,
        plan.rules,
        plan.as_of,
        days_of(plan),
        model.checksum,
        snapshot.version()
    ]);
    hex(&keyed_bytes(&installation.shop.secret, "hindsight", parts.to_string().as_bytes()))
}

pub(super) fn known(installation: &Installation, campaign: &Campaign) -> Result<Expectation, WebError> {
    let internal = |error: GenerateError| WebError::Internal(error.to_string());
    let asked = question(installation, campaign).map_err(internal)?;
    let days = asked.as_ref().map_or(0, |question| days_of(&question.plan));
    let key = asked.as_ref().map(|asked| key(installation, asked)).unwrap_or_default();
    let shop = installation.shop_id();
    let (told, unfinished) = installation
        .store
        .read(|conn| Ok((hindsights::told(conn, campaign.id, &key)?, jobs::unfinished(conn, shop, JOB)?)))?;
    let is_ours = |job: &Job| {
        let payload: Option<Payload> = serde_json::from_str(&job.payload).ok();
        payload.is_some_and(|payload| payload.campaign == campaign.id)
    };
    Ok(Expectation {
        told: told.and_then(|told| serde_json::from_str(&told).ok()),
        job: unfinished.iter().find(|job| is_ours(job)).map(|job| job.id),
        days,
    })
}

/// The job *hindsight*.
pub fn job(installation: &Installation, job: &Job, progress: &JobProgress) -> JobResult {
    let failed = |why: String| JobError::Failed(why);
    let payload: Payload = serde_json::from_str(&job.payload).map_err(|error| failed(error.to_string()))?;
    let campaign = find(installation, payload.campaign).map_err(|error| failed(error.to_string()))?;
    let asked = question(installation, &campaign).map_err(|error| failed(error.to_string()))?;
    let asked = asked.ok_or_else(|| failed(NO_MODEL.to_owned()))?;
    let training = &installation.config.training;
    let resources = Resources {
        seed: training.seed,
        max_memory_bytes: u64::from(training.max_memory_mb) << 20,
        progress,
    };
    let days = days_of(&asked.plan);
    let then = asked.as_of - TimeDelta::days(i64::from(days));
    let looked = asked.put(installation, &campaign, then, |order| {
        look_back(order, (days, training.history_days), &resources)
    });
    let told = match looked.map_err(|error| failed(error.to_string()))? {
        Ok(told) => serde_json::json!(told).to_string(),
        Err(error) if error.is_cancelled() => return Err(JobError::Cancelled),
        Err(error) => return Err(failed(error.to_string())),
    };
    let kept = installation.store.write(|conn| {
        hindsights::keep(conn, campaign.id, (&key(installation, &asked), &told), installation.now())
    });
    kept.map_err(|error| JobError::Again(error.to_string()))?;
    Ok(serde_json::json!({ "page": format!("/campaigns/{}/find-customers", campaign.id) }))
}

/// POST /campaigns/{id}/find-customers/expect: queues it, or leads to the one that is queued already.
pub async fn begin(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    let (installation, id) = (installation.get_ref().clone(), *id);
    let job = web::blocking(move || {
        let campaign = find(&installation, id)?;
        if let Some(job) = known(&installation, &campaign)?.job {
            return Ok(job);
        }
        let (shop, now) = (installation.shop_id(), installation.now());
        let payload = serde_json::json!(Payload { campaign: id }).to_string();
        Ok(installation.store.write(|conn| {
            let new = NewJob {
                shop,
                kind: JOB,
                payload: &payload,
                max_attempts: 2,
                run_after: now,
                created_by: Some(who.account.id),
            };
            jobs::queue(conn, &new, now)
        })?)
    })
    .await?;
    web::go_to(&format!("/jobs/{job}"))
}
