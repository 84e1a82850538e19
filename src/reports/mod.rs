//! What a campaign earned: figures, uplift with intervals, exports and pages.

pub mod attribution;
pub mod calculator;
mod compare;
pub mod detail;
pub mod export;
mod figures;
pub mod kpi;
pub mod outcome;
pub mod pages;
pub mod programme;
pub mod programme_pages;
pub mod report;
pub mod tables;
pub mod verdict;
pub mod window;
pub mod workbook;

use crate::history::{EventRange, History, HistoryError, Snapshot};
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::picker::picks_file::{self, PicksFileError};
use crate::picker::plan::Plan;
use crate::picker::summary::Summary;
use crate::responses;
use crate::store::campaigns::{self, Campaign};
use crate::store::{StoreError, reports, syncs};
use chrono::{DateTime, Utc};
use kpi::{Question, Tally};
use report::Report;
use serde::{Deserialize, Serialize};
use window::{Dates, Window};

/// Why there is no report; the sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("There is no campaign {0}. See the list of campaigns.")]
    NoCampaign(String),
    #[error(
        "The campaign “{0}” has no picks yet, so there is nothing to report. Generate and send it first."
    )]
    NotGenerated(String),
    #[error(
        "The campaign “{0}” was neither marked as sent nor given a first day, so nobody knows which purchases count. \
         Mark it as sent, or set its dates."
    )]
    NoDates(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error(transparent)]
    Picks(#[from] PicksFileError),
}

/// A campaign with its report.
#[derive(Debug, Clone)]
pub struct Reported {
    pub id: CampaignId,
    pub name: String,
    pub report: Report,
}

/// What is stored: the report, and the picks it speaks of.
#[derive(Serialize, Deserialize)]
struct Stored {
    generation: String,
    report: Report,
}

/// The campaign's report, computed anew when the history, the dates or the picks are not those of the stored one.
/// Blocks: call it off the async workers.
pub fn report_of(installation: &Installation, id: CampaignId) -> Result<Reported, ReportError> {
    let shop = installation.shop_id();
    let campaign = installation
        .store
        .read(|conn| campaigns::by_id(conn, shop, id))?
        .ok_or_else(|| ReportError::NoCampaign(id.to_string()))?;
    let Some(generation) = campaign.generation.clone() else {
        return Err(ReportError::NotGenerated(campaign.name));
    };
    let snapshot = History::open(&installation.folder.history(shop))?.snapshot()?;
    let (window, known) = window_of(installation, &campaign, &snapshot)?;
    let version = i64::try_from(snapshot.version()).unwrap_or(i64::MAX);
    if let Some(report) = stored(installation, id, version, &generation, window)? {
        return Ok(Reported { id, name: campaign.name, report });
    }
    let report = compute(installation, &campaign, &generation, &snapshot, (window, known))?;
    let stored = Stored { generation, report };
    installation.store.write(|conn| reports::put(conn, id, version, &stored, installation.now()))?;
    Ok(Reported { id, name: campaign.name, report: stored.report })
}

fn stored(
    installation: &Installation,
    id: CampaignId,
    version: i64,
    generation: &str,
    window: Window,
) -> Result<Option<Report>, StoreError> {
    match installation.store.read(|conn| reports::of::<Stored>(conn, id)) {
        Ok(found) => Ok(found
            .filter(|found| found.history_version == version && found.report.generation == generation)
            .map(|found| found.report.report)
            .filter(|report| report.window == window)),
        // Written by another version of Handpick: it is computed again.
        Err(StoreError::Unreadable { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// When the campaign's outcome counts. The history is known up to the beginning of the last complete sync, for what
/// happened while it read may be missing; without one, up to its last version.
fn window_of(
    installation: &Installation,
    campaign: &Campaign,
    snapshot: &Snapshot,
) -> Result<(Window, DateTime<Utc>), ReportError> {
    let plan: Plan = campaign.plan()?;
    let zone = installation.zone();
    let shop = installation.shop_id();
    let synced = installation.store.read(|conn| syncs::latest(conn, shop, 50))?;
    let last_sync = synced.iter().find(|run| run.state == "done").map(|run| run.started_at);
    let known =
        last_sync.or(snapshot.written_at()).map_or(installation.now(), |at| at.min(installation.now()));
    let dates = Dates {
        // A campaign on the past was, as it were, sent at the moment it was picked for.
        sent_at: campaign.sent_at.or(plan.as_of.filter(|_| plan.starts_on.is_none())),
        starts_on: plan.starts_on,
        ends_on: plan.ends_on,
    };
    let window = Window::of(dates, zone, known).ok_or_else(|| ReportError::NoDates(campaign.name.clone()))?;
    Ok((window, known))
}

fn compute(
    installation: &Installation,
    campaign: &Campaign,
    generation: &str,
    snapshot: &Snapshot,
    (window, known): (Window, DateTime<Utc>),
) -> Result<Report, ReportError> {
    let plan: Plan = campaign.plan()?;
    let summary: Option<Summary> = campaign.summary()?;
    let question = Question {
        window,
        zone: installation.zone(),
        currency: installation.shop.currency.clone(),
        controls: plan.controls,
        eligible_products: summary.map(|summary| summary.products.len() as u64).filter(|all| *all > 0),
        known,
    };
    let (from, until) = question.span();
    let folder = installation.folder.campaign(installation.shop_id(), campaign.id).join(generation);
    let mut tally = Tally::new(question, picks_file::arms(&folder)?);
    for pick in picks_file::picks(&folder)? {
        let pick = pick?;
        tally.pick(&pick.customer, &pick.product, pick.slot, pick.origin);
    }
    for (customer, at) in installation.store.read(|conn| responses::clicks(conn, campaign.id))? {
        tally.click(&customer, at);
    }
    for batch in snapshot.events(EventRange::between(from, until))? {
        batch?.iter().for_each(|event| tally.event(&event));
    }
    Ok(tally.finish())
}
