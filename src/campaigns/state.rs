//! What happens to a campaign as a whole: generate, approve, mark as sent, close, delete.

use super::pages::{find, path};
use super::{ATTEMPTS, JOB, Payload, sending};
use crate::auth::{Marketer, SignedIn};
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::picker::plan::Plan;
use crate::picker::refusal::check;
use crate::store::campaigns::{self, Campaign};
use crate::store::jobs::{self, NewJob};
use crate::store::{Conn, StoreResult, audit};
use crate::web::{self, Form, Page, WebError};
use actix_web::web::{Data, Path};
use chrono::{NaiveDate, NaiveTime, TimeZone, Utc};
use std::sync::Arc;

/// POST /campaigns/{id}/generate
pub async fn generate(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    let campaign = find(&installation, *id)?;
    let plan: Plan = campaign.plan()?;
    check(&plan).map_err(|refusal| WebError::BadInput(sentence(&refusal.to_string())))?;
    let payload = serde_json::to_string(&Payload { campaign: *id })
        .map_err(|error| WebError::Internal(error.to_string()))?;
    let now = installation.now();
    installation.store.write(|conn| {
        let new = NewJob {
            shop: installation.shop_id(),
            kind: JOB,
            payload: &payload,
            max_attempts: ATTEMPTS,
            run_after: now,
            created_by: Some(who.account.id),
        };
        let job = jobs::queue(conn, &new, now)?;
        campaigns::start_generation(conn, *id, job, now)?;
        note(conn, &installation, &who, "generate picks", *id)
    })?;
    web::go_to(&path(*id))
}

/// A sentence of the library's as a page shows it.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

fn note(
    conn: &mut Conn,
    installation: &Installation,
    who: &SignedIn,
    action: &str,
    id: CampaignId,
) -> StoreResult<()> {
    let subject = format!("campaign {id}");
    audit::note(conn, installation.shop_id(), Some(who.account.id), action, &subject, installation.now())
}

/// Checks the form, changes the state in one transaction with its audit entry, and shows the campaign.
fn change(
    installation: &Installation,
    who: &SignedIn,
    form: &Form,
    id: CampaignId,
    (action, said): (&str, &str),
    change: impl FnOnce(&mut Conn, &Campaign) -> StoreResult<()>,
) -> Page {
    form.check(who)?;
    let campaign = find(installation, id)?;
    installation.store.write(|conn| {
        change(conn, &campaign)?;
        note(conn, installation, who, action, id)
    })?;
    web::go_to_with(&path(id), said)
}

/// POST /campaigns/{id}/approve
pub async fn approve(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    let said = ("approve", "The picks are approved. Download them for your e-mail tool below.");
    change(&installation, &who, &form, *id, said, |conn, campaign| {
        campaigns::approve(conn, campaign.id, Some(who.account.id), installation.now())
    })
}

/// POST /campaigns/{id}/withdraw
pub async fn withdraw(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    let said = ("withdraw approval", "The approval is withdrawn; the campaign can be changed again.");
    change(&installation, &who, &form, *id, said, |conn, campaign| {
        sending::let_go(conn, campaign.id)?;
        campaigns::withdraw_approval(conn, campaign.id, installation.now())
    })
}

/// POST /campaigns/{id}/sent with `sent_on`, a day of the shop's
pub async fn sent(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    let day: NaiveDate = form.text("sent_on").parse().map_err(|_| {
        WebError::BadInput("Say on which day the e-mails went out, such as 2026-05-31.".into())
    })?;
    let midnight = day.and_time(NaiveTime::MIN);
    let local = installation.zone().from_local_datetime(&midnight).earliest();
    let sent_at = local.map_or(midnight.and_utc(), |at| at.with_timezone(&Utc));
    let said = ("mark as sent", "Marked as sent. The report grows from now on with every sync.");
    change(&installation, &who, &form, *id, said, |conn, campaign| {
        sending::let_go(conn, campaign.id)?;
        campaigns::mark_sent(conn, campaign.id, sent_at, installation.now())
    })
}

/// POST /campaigns/{id}/close
pub async fn close(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    let said = ("close", "The campaign is closed.");
    change(&installation, &who, &form, *id, said, |conn, campaign| {
        campaigns::close(conn, campaign.id, installation.now())
    })
}

/// POST /campaigns/{id}/delete
pub async fn delete(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    let campaign = find(&installation, *id)?;
    installation.store.write(|conn| {
        campaigns::delete(conn, campaign.id)?;
        note(conn, &installation, &who, "delete", campaign.id)
    })?;
    let folder = installation.folder.campaign(installation.shop_id(), campaign.id);
    if folder.exists()
        && let Err(error) = std::fs::remove_dir_all(&folder)
    {
        tracing::warn!(campaign = %campaign.id, %error, "a deleted campaign's picks could not be removed");
    }
    web::go_to_with("/campaigns", &format!("“{}” is deleted.", campaign.name))
}
