//! When a report is due, and for whom. What comes due while Handpick is off goes out when it is back: the last week's
//! only, and every campaign's.

use super::super::ReportError;
use super::super::window_of;
use super::{JOB, What};
use crate::history::History;
use crate::installation::Installation;
use crate::store::campaigns::{self, Campaign, CampaignState};
use crate::store::jobs::{self, NewJob};
use crate::store::report_letters::{self as letters, Reader};
use crate::store::{StoreError, StoreResult};
use chrono::{DateTime, Utc};
use croner::Cron;

/// Notes what came due until `now`, and queues the job when something waits for its turn. Without a mail server or
/// addresses it does nothing. Blocks.
pub fn queue_due(installation: &Installation, now: DateTime<Utc>) -> Result<(), ReportError> {
    if !installation.config.mail.is_on() {
        return Ok(());
    }
    come(installation, now)?;
    Ok(queue(installation, now)?)
}

fn queue(installation: &Installation, now: DateTime<Utc>) -> StoreResult<()> {
    let shop = installation.shop_id();
    installation.store.write(|conn| {
        let is_due = letters::next_due(conn, shop)?.is_some_and(|at| at <= now);
        if is_due && jobs::unfinished(conn, shop, JOB)?.is_empty() {
            let new =
                NewJob { shop, kind: JOB, payload: "{}", max_attempts: 3, run_after: now, created_by: None };
            let job = jobs::queue(conn, &new, now)?;
            tracing::info!(%job, "reports are to be sent");
        }
        Ok(())
    })
}

/// A row for each report and address that is due by `now`. Blocks.
pub fn come(installation: &Installation, now: DateTime<Utc>) -> Result<(), ReportError> {
    let shop = installation.shop_id();
    let readers = installation.store.read(|conn| letters::readers(conn, shop))?;
    if readers.is_empty() {
        return Ok(());
    }
    let all = installation.store.read(|conn| campaigns::all(conn, shop))?;
    let is_out = |one: &Campaign| matches!(one.state, CampaignState::Sent | CampaignState::Closed);
    let sent: Vec<Campaign> = all.into_iter().filter(|one| is_out(one) && one.generation.is_some()).collect();
    // Before the first campaign a week has nothing to tell.
    if !sent.is_empty() {
        weeks(installation, &readers, now)?;
    }
    closed(installation, &readers, &sent, now)
}

fn note(
    installation: &Installation,
    what: What,
    readers: &[&Reader],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (shop, key) = (installation.shop_id(), what.key());
    if new(installation, &key, readers)?.is_empty() {
        return Ok(());
    }
    installation.store.write(|conn| {
        readers.iter().try_for_each(|reader| letters::come(conn, shop, (&key, &reader.address), now))
    })
}

/// Those to whom the report was never to go.
fn new<'a>(
    installation: &Installation,
    key: &str,
    readers: &[&'a Reader],
) -> Result<Vec<&'a Reader>, StoreError> {
    let shop = installation.shop_id();
    installation.store.read(|conn| {
        let mut new = Vec::new();
        for reader in readers {
            if !letters::is_known(conn, shop, key, &reader.address)? {
                new.push(*reader);
            }
        }
        Ok(new)
    })
}

/// The last time that the weekly report was due.
fn weeks(installation: &Installation, readers: &[Reader], now: DateTime<Utc>) -> Result<(), StoreError> {
    // The configuration's check accepted every line that is not empty.
    let Ok(cron) = installation.config.schedule.reports.parse::<Cron>() else { return Ok(()) };
    let local = now.with_timezone(&installation.zone());
    let Ok(at) = cron.find_previous_occurrence(&local, true) else { return Ok(()) };
    let due: Vec<&Reader> =
        readers.iter().filter(|reader| reader.is_weekly && at.with_timezone(&Utc) > reader.since).collect();
    note(installation, What::Week(at.date_naive()), &due, now)
}

/// Campaigns whose last day came after the address was written down, and is known.
fn closed(
    installation: &Installation,
    readers: &[Reader],
    sent: &[Campaign],
    now: DateTime<Utc>,
) -> Result<(), ReportError> {
    let readers: Vec<&Reader> = readers.iter().filter(|reader| reader.is_at_close).collect();
    let mut open = Vec::new();
    for campaign in sent {
        if !new(installation, &What::Campaign(campaign.id).key(), &readers)?.is_empty() {
            open.push(campaign);
        }
    }
    if open.is_empty() {
        return Ok(());
    }
    let snapshot = History::open(&installation.folder.history(installation.shop_id()))?.snapshot()?;
    for campaign in open {
        let (window, _) = match window_of(installation, campaign, &snapshot) {
            Err(ReportError::NoDates(_)) => continue,
            found => found?,
        };
        if window.is_closed() {
            let due: Vec<&Reader> =
                readers.iter().copied().filter(|reader| window.until > reader.since).collect();
            note(installation, What::Campaign(campaign.id), &due, now)?;
        }
    }
    Ok(())
}
