//! Campaigns that repeat: each time a copy of a pattern, for whom something happened since the last time.
//!
//! A time is written down when it comes and has at most one campaign, whatever is done twice after a crash. Times missed
//! while Handpick was off are not made up for, but the last one.

pub mod calendar;
mod cause;
pub mod pages;
mod rhythm;

pub use cause::{Cause, Shelf};
pub use rhythm::Rhythm;

use super::generate::GenerateError;
use super::sending::{self, SendingError};
use super::warnings::warnings;
use crate::history::{History, Snapshot};
use crate::ids::{CampaignId, JobId};
use crate::installation::Installation;
use crate::picker::catalogue::Catalogue;
use crate::picker::plan::Plan;
use crate::picker::summary::Summary;
use crate::store::campaigns;
use crate::store::jobs::{self, NewJob};
use crate::store::series::{self, Run, Series};
use crate::store::{StoreResult, emails, syncs};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The job's kind in the queue; its payload is [`Due`].
pub const JOB: &str = "repeat";

/// A pattern's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    pub pattern: CampaignId,
    pub at: DateTime<Utc>,
}

/// Queues every pattern whose time has come.
pub fn queue_due(installation: &Installation, now: DateTime<Utc>) -> StoreResult<()> {
    let shop = installation.shop_id();
    let all = installation.store.read(|conn| series::all(conn, shop))?;
    for one in all.iter().filter(|one| one.is_on) {
        let last = installation.store.read(|conn| series::runs(conn, one.pattern, 1))?;
        let after = last.first().map_or(one.since, |run| run.due_at.max(one.since));
        let Some(at) = rhythm::latest(&one.cron, installation.zone(), (after, now)) else { continue };
        queue(installation, Due { pattern: one.pattern, at }, now)?;
    }
    Ok(())
}

/// `None` when that time came before.
pub fn queue(installation: &Installation, due: Due, now: DateTime<Utc>) -> StoreResult<Option<JobId>> {
    let payload = serde_json::to_string(&due).expect("invariant: a number and a time");
    installation.store.write(|conn| {
        if !series::come(conn, due.pattern, due.at, "It waits for its turn.")? {
            return Ok(None);
        }
        let shop = installation.shop_id();
        let new =
            NewJob { shop, kind: JOB, payload: &payload, max_attempts: 2, run_after: now, created_by: None };
        let job = jobs::queue(conn, &new, now)?;
        tracing::info!(%job, pattern = %due.pattern, at = %due.at, "a repeated campaign is due");
        Ok(Some(job))
    })
}

/// The campaign of this time, made now unless it was before; `None` when there is nobody to write to.
pub fn begin(installation: &Installation, due: Due) -> Result<Option<CampaignId>, GenerateError> {
    let shop = installation.shop_id();
    let found = installation.store.read(|conn| {
        let run = series::run_of(conn, due.pattern, due.at)?;
        Ok((series::of(conn, due.pattern)?, campaigns::by_id(conn, shop, due.pattern)?, run))
    })?;
    let (Some(one), Some(pattern), run) = found else { return Err(GenerateError::NoCampaign(due.pattern)) };
    if let Some(campaign) = run.and_then(|run| run.campaign) {
        return Ok(Some(campaign));
    }
    let cause: Cause = one.cause()?;
    let snapshot = History::open(&installation.folder.history(shop))?.snapshot()?;
    let shelf = match cause.needs_shelf() {
        true => Some(Shelf::of(&Catalogue::new(snapshot.products()?))),
        false => None,
    };
    let until = known_until(installation, &snapshot)?;
    let mut plan: Plan = pattern.plan()?;
    let before: Option<Shelf> = one.shelf()?;
    let now_there = shelf.clone().unwrap_or_default();
    let span = (one.since.min(until), until);
    let somebody = cause::narrow(cause, &mut plan, &snapshot, span, (before.as_ref(), &now_there))?;
    let today = installation.now().with_timezone(&installation.zone()).date_naive();
    (plan.as_of, plan.starts_on, plan.ends_on) = (None, Some(today), None);
    let name = format!("{}, {}", pattern.name, today.format("%-d %b %Y"));
    make(installation, (&one, due), somebody.then_some((name.as_str(), &plan)), (until, shelf.as_ref()))
}

fn make(
    installation: &Installation,
    (one, due): (&Series, Due),
    copy: Option<(&str, &Plan)>,
    so_far: (DateTime<Utc>, Option<&Shelf>),
) -> Result<Option<CampaignId>, GenerateError> {
    let (shop, now) = (installation.shop_id(), installation.now());
    let made = installation.store.write(|conn| {
        let campaign = match copy {
            Some((name, plan)) => {
                let campaign = campaigns::add(conn, shop, name, plan, None, now)?;
                emails::copy(conn, one.pattern, campaign, now)?;
                Some(campaign)
            }
            None => None,
        };
        let note = if copy.is_some() { "Its picks are being made." } else { "Nobody was to be written to." };
        series::begin(conn, one.pattern, &Run { due_at: due.at, campaign, note: note.into() }, so_far)?;
        Ok(campaign)
    })?;
    Ok(made)
}

/// What happened later is not in the history yet.
fn known_until(installation: &Installation, snapshot: &Snapshot) -> StoreResult<DateTime<Utc>> {
    let shop = installation.shop_id();
    let runs = installation.store.read(|conn| syncs::latest(conn, shop, 50))?;
    let synced = runs.iter().find(|run| run.state == "done").map(|run| run.started_at);
    let now = installation.now();
    Ok(synced.or(snapshot.written_at()).map_or(now, |at| at.min(now)))
}

/// The picks are made: approves and sends them where that was wished, unless something about them looks wrong.
pub fn finish(
    installation: &Installation,
    due: Due,
    campaign: CampaignId,
    summary: &Summary,
) -> Result<(), SendingError> {
    let one = installation.store.read(|conn| series::of(conn, due.pattern))?;
    let Some(one) = one else { return Ok(()) };
    let doubts = warnings(summary);
    let now = installation.now();
    let note = installation.store.write(|conn| {
        if !one.approves {
            return Ok("Its picks wait for approval.".to_owned());
        }
        if let Some(doubt) = doubts.first() {
            return Ok(format!("Its picks wait for a person to look at them: {doubt}"));
        }
        campaigns::approve(conn, campaign, None, now)?;
        Ok("It is approved, to be sent.".to_owned())
    })?;
    let is_approved = one.approves && doubts.is_empty();
    let note = match is_approved && one.sends {
        true => {
            installation.store.write(|conn| Ok(sending::go(conn, installation, campaign, None)))??;
            "It is approved and being sent.".to_owned()
        }
        false => note,
    };
    Ok(installation.store.write(|conn| series::note(conn, due.pattern, due.at, &note))?)
}

/// What went wrong with it.
pub fn fail(installation: &Installation, due: Due, why: &str) -> StoreResult<()> {
    installation.store.write(|conn| series::note(conn, due.pattern, due.at, why))
}
