//! What a campaign earned: figures, uplift with intervals, exports and pages.

pub mod api;
pub mod attribution;
pub mod calculator;
pub mod changes;
pub mod chart;
mod columns;
mod compare;
mod days;
mod definitions;
pub mod delivery;
pub mod detail;
mod drawing;
pub mod export;
mod foreign;
pub mod foretelling;
pub mod formats;
pub mod kpi;
pub mod letters;
pub mod links;
pub mod outcome;
pub mod overlap;
pub mod pages;
mod paper;
mod pdf;
mod products;
pub mod programme;
pub mod programme_pages;
pub mod rates;
pub mod report;
pub mod segments;
pub mod side_by_side;
mod summary;
pub mod table;
pub mod tables;
pub mod together;
pub mod verdict;
mod view;
pub mod window;
pub mod workbook;

use crate::history::{EventRange, History, HistoryError, Snapshot};
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::picker::foresight::Foresight;
use crate::picker::picks_file::{self, PicksFileError};
use crate::picker::plan::{Arm, Plan};
use crate::picker::summary::Summary;
use crate::responses;
use crate::store::campaigns::{self, Campaign};
use crate::store::reports::{Frozen, StoredReport};
use crate::store::{Conn, StoreError, StoreResult, reports, syncs};
use chrono::{DateTime, Utc};
use kpi::{Question, Tally};
use rates::{Rates, RatesError};
use report::{PickFigures, Report};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
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
    #[error(transparent)]
    Rates(#[from] RatesError),
}

/// A campaign with its report.
#[derive(Debug, Clone)]
pub struct Reported {
    pub id: CampaignId,
    pub name: String,
    pub report: Report,
    /// Since when the report stays as it is; `None` while the window is open.
    pub frozen: Option<Frozen>,
}

/// What is stored: the report, and the picks it speaks of.
#[derive(Serialize, Deserialize)]
struct Stored {
    generation: String,
    report: Report,
}

/// The campaign's report. Once its window has closed, the first one made stays as it is; before, it is computed anew when
/// the history, the dates or the picks are not those of the stored one. Blocks: call it off the async workers.
pub fn report_of(installation: &Installation, id: CampaignId) -> Result<Reported, ReportError> {
    let (campaign, generation) = generated(installation, id)?;
    let found = stored(installation, id)?.filter(|found| found.report.generation == generation);
    if let Some(found) = found.as_ref().filter(|found| found.frozen.is_some()) {
        let (name, frozen) = (campaign.name, found.frozen.clone());
        return Ok(Reported { id, name, report: found.report.report.clone(), frozen });
    }
    let snapshot = History::open(&installation.folder.history(installation.shop_id()))?.snapshot()?;
    let (window, known) = window_of(installation, &campaign, &snapshot)?;
    let history_version = i64::try_from(snapshot.version()).unwrap_or(i64::MAX);
    let same = found
        .filter(|found| found.history_version == history_version && found.report.report.window == window);
    let report = match same {
        Some(found) if !window.is_closed() => {
            return Ok(Reported { id, name: campaign.name, report: found.report.report, frozen: None });
        }
        Some(found) => found.report.report,
        None => compute(installation, &campaign, &generation, &snapshot, (window, known))?,
    };
    let frozen = window.is_closed().then(|| Frozen {
        at: installation.now(),
        fingerprint: fingerprint(&report, &generation, history_version, known),
    });
    keep(installation, id, history_version, Stored { generation, report }, frozen, campaign.name)
}

/// The campaign's report from today's history, whatever is stored; nothing is changed. Blocks.
pub fn computed_again(installation: &Installation, id: CampaignId) -> Result<Report, ReportError> {
    let (campaign, generation) = generated(installation, id)?;
    let snapshot = History::open(&installation.folder.history(installation.shop_id()))?.snapshot()?;
    let window = window_of(installation, &campaign, &snapshot)?;
    compute(installation, &campaign, &generation, &snapshot, window)
}

/// Lets go of a frozen report: the next one is made from today's history. *Errors*: the store's.
pub fn thaw(conn: &mut Conn, id: CampaignId) -> StoreResult<()> {
    reports::forget(conn, id)
}

/// The campaign and the folder of its picks.
fn generated(installation: &Installation, id: CampaignId) -> Result<(Campaign, String), ReportError> {
    let shop = installation.shop_id();
    let campaign = installation
        .store
        .read(|conn| campaigns::by_id(conn, shop, id))?
        .ok_or_else(|| ReportError::NoCampaign(id.to_string()))?;
    match campaign.generation.clone() {
        Some(generation) => Ok((campaign, generation)),
        None => Err(ReportError::NotGenerated(campaign.name)),
    }
}

/// What is stored. One that another version of Handpick wrote is made again, but never when it is frozen.
fn stored(installation: &Installation, id: CampaignId) -> Result<Option<StoredReport<Stored>>, StoreError> {
    match installation.store.read(|conn| reports::of::<Stored>(conn, id)) {
        Err(StoreError::Unreadable { .. })
            if !installation.store.read(|conn| reports::is_frozen(conn, id))? =>
        {
            Ok(None)
        }
        found => found,
    }
}

fn keep(
    installation: &Installation,
    id: CampaignId,
    history_version: i64,
    report: Stored,
    frozen: Option<Frozen>,
    name: String,
) -> Result<Reported, ReportError> {
    let stored = StoredReport { computed_at: installation.now(), history_version, frozen, report };
    let kept = installation.store.write(|conn| {
        // Somebody else may have made it in the meantime: the first one frozen stays.
        let earlier = match reports::of::<Stored>(conn, id) {
            Err(StoreError::Unreadable { .. }) => None,
            found => found?,
        };
        if let Some(earlier) = earlier
            && earlier.frozen.is_some()
            && earlier.report.generation == stored.report.generation
        {
            return Ok(earlier);
        }
        reports::put(conn, id, &stored)?;
        // As everybody after will read it: a number written down may come back with another last digit.
        Ok(reports::of(conn, id)?.unwrap_or(stored))
    })?;
    Ok(Reported { id, name, report: kept.report.report, frozen: kept.frozen })
}

/// SHA-256 of what a report was made from: picks, history, window, currency and zone.
fn fingerprint(report: &Report, generation: &str, history_version: i64, known: DateTime<Utc>) -> String {
    let Report { window, currency, time_zone, .. } = report;
    let made_from = format!(
        "{generation}\n{history_version}\n{}\n{}\n{}\n{currency}\n{time_zone}",
        window.from.to_rfc3339(),
        window.until.to_rfc3339(),
        known.to_rfc3339()
    );
    Sha256::digest(made_from).iter().map(|byte| format!("{byte:02x}")).collect()
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

/// Empty where an admin gave none.
fn rates(installation: &Installation) -> Result<Rates, RatesError> {
    match &installation.config.shop.rates_file {
        path if path.as_os_str().is_empty() => Ok(Rates::default()),
        path => Rates::read(path),
    }
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
    let variety = summary.as_ref().and_then(|summary| summary.variety);
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
    let products = snapshot.products()?.into_iter();
    let mut tally = Tally::new(question, picks_file::arms(&folder)?)
        .converting(rates(installation)?)
        .knowing(products.map(|product| (product.id, product.title, product.category)))
        .expecting(Foresight::of(&folder).map(|told| told.steps));
    for pick in picks_file::picks(&folder)? {
        let pick = pick?;
        tally.pick(&pick.customer, &pick.product, pick.slot, (pick.origin, pick.score));
    }
    for pick in picks_file::unsent(&folder)? {
        let pick = pick?;
        tally.unsent(&pick.customer, &pick.product, (pick.origin, pick.score));
    }
    for other in others(installation, campaign, window)? {
        let generation = other.generation.clone().unwrap_or_default();
        let place = installation.folder.campaign(installation.shop_id(), other.id).join(generation);
        let arms = picks_file::arms(&place)?;
        let mailed = arms.iter().filter(|(_, arm)| *arm != Arm::Holdout);
        tally.other(&other.name, mailed.map(|(customer, _)| customer.as_str()));
    }
    for kind in picks_file::kinds(&folder)? {
        let (customer, words) = kind?;
        tally.kind(&customer, &words);
    }
    for (customer, at) in installation.store.read(|conn| responses::clicks(conn, campaign.id))? {
        tally.click(&customer, at);
    }
    for batch in snapshot.events(EventRange::between(from, until))? {
        batch?.iter().for_each(|event| tally.event(&event));
    }
    let delivery = installation.store.read(|conn| delivery::delivery(conn, campaign.id))?;
    let report = tally.finish();
    Ok(Report { delivery, picks: PickFigures { variety, ..report.picks }, ..report })
}

/// Campaigns whose e-mails went out between the window's first and last day.
fn others(
    installation: &Installation,
    campaign: &Campaign,
    window: Window,
) -> Result<Vec<Campaign>, StoreError> {
    let shop = installation.shop_id();
    let mut others = installation.store.read(|conn| campaigns::all(conn, shop))?;
    others.retain(|other| {
        let is_inside = other.sent_at.is_some_and(|at| window.from <= at && at < window.until);
        let folder = installation.folder.campaign(shop, other.id);
        // To whom a campaign went whose picks are gone cannot be told.
        let is_known = other.generation.as_ref().is_some_and(|name| folder.join(name).exists());
        other.id != campaign.id && is_inside && is_known
    });
    others.sort_by_key(|other| other.sent_at);
    Ok(others)
}
