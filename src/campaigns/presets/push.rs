//! A campaign's recipients, given to the shop's listmonk: on a list of their own, with their products as attributes.
//!
//! Whoever is told twice is there once, so after a crash it goes on a little before where it was.

use super::specs::of_name;
use super::write::{Told, attributes, is_address};
use crate::auth::Marketer;
use crate::campaigns::downloads::with_export;
use crate::campaigns::export::Export;
use crate::campaigns::pages::find;
use crate::campaigns::state::sentence;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::jobs::{JobError, JobProgress, JobResult};
use crate::outside::listmonk::{Listmonk, ListmonkError, Subscriber};
use crate::picker::picks_file::{self, PicksFileError, Recipient};
use crate::picker::plan::Arm;
use crate::progress::Progress;
use crate::store::jobs::{self, Job, NewJob};
use crate::store::listmonk::{self as kept, Push};
use crate::store::{StoreError, audit, unsubscribes};
use crate::web::{self, Form, Page, WebError};
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

/// The job's kind in the queue; its payload is [`Payload`].
pub const JOB: &str = "listmonk";

/// Recipients between two notes of how far it is.
const NOTED_EVERY: i64 = 50;
/// How long is waited before one who was not taken is tried again; then the whole waits for the queue.
const PATIENCE: [Duration; 3] = [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(4)];
/// As often as the queue begins again.
const ATTEMPTS: i32 = 5;

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Payload {
    pub campaign: CampaignId,
}

#[derive(Debug, thiserror::Error)]
pub enum PushError {
    #[error("no listmonk is configured; see [listmonk] in the configuration")]
    Off,
    #[error(transparent)]
    Listmonk(#[from] ListmonkError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Picks(#[from] PicksFileError),
    #[error("{0}")]
    Campaign(String),
    #[error("cancelled")]
    Cancelled,
}

/// Gives everybody who is to get the e-mail, and the holdout to nobody.
pub fn push(installation: &Installation, id: CampaignId, progress: &dyn Progress) -> Result<Push, PushError> {
    let settings = &installation.config.listmonk;
    if !settings.is_on() {
        return Err(PushError::Off);
    }
    let campaign = find(installation, id).map_err(|error| PushError::Campaign(error.to_string()))?;
    let generation = campaign.generation.unwrap_or_default();
    let before = installation.store.read(|conn| kept::of_campaign(conn, id))?;
    let before = before.filter(|push| push.generation == generation && push.finished_at.is_none());
    let list_name = format!("{} (Handpick {id})", campaign.name);
    let push = before.unwrap_or(Push { generation, list_name, ..Push::default() });
    let pushed = with_export(installation, id, |export| {
        let shelf = Shelf { installation, id, listmonk: Listmonk::new(settings), push };
        Ok(shelf.fill(export, progress))
    });
    pushed.map_err(|error| PushError::Campaign(error.to_string()))?
}

struct Shelf<'a> {
    installation: &'a Installation,
    id: CampaignId,
    listmonk: Listmonk,
    push: Push,
}

impl Shelf<'_> {
    fn fill(mut self, export: &Export<'_>, progress: &dyn Progress) -> Result<Push, PushError> {
        let store = &self.installation.store;
        let gone = store.read(|conn| unsubscribes::customers(conn, self.installation.shop_id()))?;
        progress.phase("Giving the recipients to listmonk", None);
        let list = patiently(progress, || self.listmonk.list(&self.push.list_name))?;
        // Of two with one address the first by id is written to.
        let mut known = HashSet::new();
        for (at, recipient) in (0i64..).zip(picks_file::recipients(export.folder)?) {
            let recipient = recipient?;
            let email = export.people.person(&recipient.customer).email.trim().to_lowercase();
            let is_wanted =
                recipient.arm != Arm::Holdout && is_address(&email) && !gone.contains(&recipient.customer);
            if !is_wanted || !known.insert(email.clone()) || at < self.push.looked_at {
                continue;
            }
            if progress.cancelled() {
                return Err(PushError::Cancelled);
            }
            self.give(export, &recipient, (&email, list), progress)?;
            self.push.looked_at = at + 1;
            progress.advance(1);
            if (self.push.given + self.push.refused) % NOTED_EVERY == 0 {
                self.note()?;
            }
        }
        self.push.finished_at = Some(self.installation.now());
        self.note()?;
        Ok(self.push)
    }

    fn give(
        &mut self,
        export: &Export<'_>,
        recipient: &Recipient,
        (email, list): (&str, i64),
        progress: &dyn Progress,
    ) -> Result<(), PushError> {
        let Some(spec) = of_name("listmonk") else { return Err(PushError::Off) };
        let person = export.people.person(&recipient.customer);
        let name = if person.first_name.is_empty() { email } else { person.first_name };
        let attributes = attributes(export, spec, recipient, &mut Told::default());
        let who = Subscriber { email, name, attributes: &attributes };
        match patiently(progress, || self.listmonk.subscribe(&who, list)) {
            Ok(()) => self.push.given += 1,
            // One whom listmonk does not take keeps nobody else from getting there.
            Err(PushError::Listmonk(error @ ListmonkError::Refused { .. })) => {
                if self.push.refused == 0 {
                    self.push.refusal = error.to_string();
                }
                self.push.refused += 1;
            }
            Err(error) => {
                self.note()?;
                return Err(error);
            }
        }
        Ok(())
    }

    fn note(&self) -> Result<(), StoreError> {
        self.installation.store.write(|conn| kept::keep(conn, self.id, &self.push))
    }
}

/// Tries again what may go well in a moment.
fn patiently<T>(progress: &dyn Progress, ask: impl Fn() -> Result<T, ListmonkError>) -> Result<T, PushError> {
    for wait in PATIENCE {
        match ask() {
            Err(error) if error.is_passing() && !progress.cancelled() => sleep(wait),
            other => return Ok(other?),
        }
    }
    Ok(ask()?)
}

/// The job *listmonk*.
pub fn job(installation: &Installation, job: &Job, progress: &JobProgress) -> JobResult {
    let payload: Payload =
        serde_json::from_str(&job.payload).map_err(|error| JobError::Failed(error.to_string()))?;
    match push(installation, payload.campaign, progress) {
        Ok(push) => Ok(serde_json::json!({
            "page": format!("/campaigns/{}/files/listmonk", payload.campaign),
            "given": push.given,
            "refused": push.refused,
        })),
        Err(PushError::Cancelled) => Err(JobError::Cancelled),
        Err(PushError::Listmonk(error)) if error.is_passing() => Err(JobError::Again(error.to_string())),
        Err(error) => Err(JobError::Failed(error.to_string())),
    }
}

/// POST /campaigns/{id}/files/listmonk/push
pub async fn begin(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    let (installation, id) = (installation.get_ref().clone(), *id);
    let job = web::blocking(move || {
        if !installation.config.listmonk.is_on() {
            return Err(WebError::Conflict(sentence(&PushError::Off.to_string())));
        }
        // Refuses what is not approved.
        with_export(&installation, id, |_| Ok(()))?;
        let (shop, now) = (installation.shop_id(), installation.now());
        let payload = serde_json::json!(Payload { campaign: id }).to_string();
        Ok(installation.store.write(|conn| {
            let waiting = jobs::unfinished(conn, shop, JOB)?.into_iter().find(|job| job.payload == payload);
            if let Some(job) = waiting {
                return Ok(job.id);
            }
            audit::note(conn, shop, Some(who.account.id), "to listmonk", &format!("campaign {id}"), now)?;
            let by = Some(who.account.id);
            let new = NewJob {
                shop,
                kind: JOB,
                payload: &payload,
                max_attempts: ATTEMPTS,
                run_after: now,
                created_by: by,
            };
            jobs::queue(conn, &new, now)
        })?)
    })
    .await?;
    web::go_to(&format!("/jobs/{job}"))
}
