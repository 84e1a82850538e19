//! Campaigns that repeat, and what came of each time.

use super::schema::{series, series_runs};
use super::{Conn, StoreResult, from_json, to_json};
use crate::ids::{AccountId, CampaignId, ShopId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

#[derive(Debug, Clone)]
pub struct Series {
    /// The campaign that each time is a copy of.
    pub pattern: CampaignId,
    /// When, in the shop's zone, as a cron line.
    pub cron: String,
    cause: String,
    /// Picks need nobody's approval.
    pub approves: bool,
    /// What is approved is sent at once.
    pub sends: bool,
    pub is_on: bool,
    /// What happened before is over for it.
    pub since: DateTime<Utc>,
    shelf: String,
}

impl Series {
    pub fn cause<T: DeserializeOwned>(&self) -> StoreResult<T> {
        from_json("cause of a repeated campaign", &self.cause)
    }

    /// What was kept with the last time; `None` before the first.
    pub fn shelf<T: DeserializeOwned>(&self) -> StoreResult<Option<T>> {
        let is_there = !self.shelf.is_empty();
        is_there.then(|| from_json("shelf of a repeated campaign", &self.shelf)).transpose()
    }
}

type Row = (i32, String, String, bool, bool, bool, DateTime<Utc>, String);

fn of_row((pattern, cron, cause, approves, sends, is_on, since, shelf): Row) -> Series {
    Series { pattern: CampaignId(pattern), cron, cause, approves, sends, is_on, since, shelf }
}

macro_rules! columns {
    () => {
        (
            series::pattern_id,
            series::cron,
            series::cause,
            series::approves,
            series::sends,
            series::is_on,
            series::since,
            series::shelf,
        )
    };
}

pub fn all(conn: &mut Conn, shop: ShopId) -> StoreResult<Vec<Series>> {
    let rows: Vec<Row> = series::table
        .filter(series::shop_id.eq(shop.0))
        .order(series::pattern_id)
        .select(columns!())
        .load(conn)?;
    Ok(rows.into_iter().map(of_row).collect())
}

pub fn of(conn: &mut Conn, pattern: CampaignId) -> StoreResult<Option<Series>> {
    let row: Option<Row> = series::table.find(pattern.0).select(columns!()).first(conn).optional()?;
    Ok(row.map(of_row))
}

/// What somebody decided about a series.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a, C> {
    pub cron: &'a str,
    pub cause: &'a C,
    pub approves: bool,
    pub sends: bool,
    pub is_on: bool,
}

/// A new series begins now; an old one goes on from where it was, unless it was off.
pub fn put<C: Serialize>(
    conn: &mut Conn,
    (shop, pattern): (ShopId, CampaignId),
    wish: &Wish<'_, C>,
    by: AccountId,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let before = of(conn, pattern)?.filter(|before| before.is_on);
    let since = before.map_or(now, |before| before.since);
    let changed = (
        series::cron.eq(wish.cron),
        series::cause.eq(to_json("cause of a repeated campaign", wish.cause)?),
        series::approves.eq(wish.approves),
        series::sends.eq(wish.sends),
        series::is_on.eq(wish.is_on),
        series::since.eq(since),
        series::updated_at.eq(now),
        series::updated_by.eq(by.0),
    );
    diesel::insert_into(series::table)
        .values((series::pattern_id.eq(pattern.0), series::shop_id.eq(shop.0), changed.clone()))
        .on_conflict(series::pattern_id)
        .do_update()
        .set(changed)
        .execute(conn)?;
    Ok(())
}

/// One time that was due.
#[derive(Debug, Clone)]
pub struct Run {
    pub due_at: DateTime<Utc>,
    pub campaign: Option<CampaignId>,
    pub note: String,
}

/// Newest first.
pub fn runs(conn: &mut Conn, pattern: CampaignId, most: i64) -> StoreResult<Vec<Run>> {
    let rows: Vec<(DateTime<Utc>, Option<i32>, String)> = series_runs::table
        .filter(series_runs::pattern_id.eq(pattern.0))
        .order(series_runs::due_at.desc())
        .limit(most)
        .select((series_runs::due_at, series_runs::campaign_id, series_runs::note))
        .load(conn)?;
    let run = |(due_at, campaign, note): (_, Option<i32>, _)| Run {
        due_at,
        campaign: campaign.map(CampaignId),
        note,
    };
    Ok(rows.into_iter().map(run).collect())
}

/// The run of that time, if it was begun.
pub fn run_of(conn: &mut Conn, pattern: CampaignId, due_at: DateTime<Utc>) -> StoreResult<Option<Run>> {
    let row: Option<(Option<i32>, String)> = series_runs::table
        .find((pattern.0, due_at))
        .select((series_runs::campaign_id, series_runs::note))
        .first(conn)
        .optional()?;
    Ok(row.map(|(campaign, note)| Run { due_at, campaign: campaign.map(CampaignId), note }))
}

/// A time has come. False when it was known already.
pub fn come(conn: &mut Conn, pattern: CampaignId, due_at: DateTime<Utc>, note: &str) -> StoreResult<bool> {
    let added = diesel::insert_or_ignore_into(series_runs::table)
        .values((
            series_runs::pattern_id.eq(pattern.0),
            series_runs::due_at.eq(due_at),
            series_runs::note.eq(note),
        ))
        .execute(conn)?;
    Ok(added == 1)
}

/// The time's campaign is made, or there is none to make: what happened before `until` is over from now on, and the
/// shelf is as it is now.
pub fn begin<S: Serialize>(
    conn: &mut Conn,
    pattern: CampaignId,
    run: &Run,
    (until, shelf): (DateTime<Utc>, Option<&S>),
) -> StoreResult<()> {
    diesel::update(series_runs::table.find((pattern.0, run.due_at)))
        .set((
            series_runs::campaign_id.eq(run.campaign.map(|campaign| campaign.0)),
            series_runs::note.eq(&run.note),
        ))
        .execute(conn)?;
    let shelf = shelf.map(|shelf| to_json("shelf of a repeated campaign", shelf)).transpose()?;
    diesel::update(series::table.find(pattern.0))
        .set((series::since.eq(until), series::shelf.eq(shelf.unwrap_or_default())))
        .execute(conn)?;
    Ok(())
}

pub fn note(conn: &mut Conn, pattern: CampaignId, due_at: DateTime<Utc>, note: &str) -> StoreResult<()> {
    diesel::update(series_runs::table.find((pattern.0, due_at)))
        .set(series_runs::note.eq(note))
        .execute(conn)?;
    Ok(())
}
