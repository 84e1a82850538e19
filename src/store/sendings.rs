//! A campaign being sent: whether its e-mails go out, wait or went.

use super::schema::{mails, sendings};
use super::{Conn, StoreError, StoreResult};
use crate::ids::{AccountId, CampaignId, ShopId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendingState {
    Running,
    Paused,
    Cancelled,
    Done,
}

impl SendingState {
    pub const ALL: [SendingState; 4] = [Self::Running, Self::Paused, Self::Cancelled, Self::Done];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
            Self::Done => "done",
        }
    }

    fn from_name(name: &str) -> Self {
        // The table's CHECK admits no other word; of a stranger nothing is sent.
        Self::ALL.into_iter().find(|state| state.name() == name).unwrap_or(Self::Paused)
    }
}

#[derive(Debug, Clone)]
pub struct Sending {
    pub campaign: CampaignId,
    pub state: SendingState,
    /// Whether every recipient has a row.
    pub is_prepared: bool,
    /// Why nothing goes out at the moment; empty while all is well.
    pub problem: String,
    /// Nothing goes out before.
    pub rest_until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

type Row = (i32, String, bool, String, Option<DateTime<Utc>>, DateTime<Utc>, Option<DateTime<Utc>>);

fn sending(row: Row) -> Sending {
    let (campaign, state, is_prepared, problem, rest_until, created_at, finished_at) = row;
    let state = SendingState::from_name(&state);
    let campaign = CampaignId(campaign);
    Sending { campaign, state, is_prepared, problem, rest_until, created_at, finished_at }
}

#[diesel::dsl::auto_type]
fn columns() -> _ {
    sendings::table.select((
        sendings::campaign_id,
        sendings::state,
        sendings::prepared,
        sendings::problem,
        sendings::rest_until,
        sendings::created_at,
        sendings::finished_at,
    ))
}

/// Begins; [`StoreError::Stale`] when it began before.
pub fn start(
    conn: &mut Conn,
    shop: ShopId,
    campaign: CampaignId,
    by: Option<AccountId>,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    one(diesel::insert_or_ignore_into(sendings::table)
        .values((
            sendings::campaign_id.eq(campaign.0),
            sendings::shop_id.eq(shop.0),
            sendings::state.eq(SendingState::Running.name()),
            sendings::created_at.eq(now),
            sendings::created_by.eq(by.map(|account| account.0)),
        ))
        .execute(conn)?)
}

pub fn of_campaign(conn: &mut Conn, campaign: CampaignId) -> StoreResult<Option<Sending>> {
    let row: Option<Row> = columns().filter(sendings::campaign_id.eq(campaign.0)).first(conn).optional()?;
    Ok(row.map(sending))
}

/// The campaigns whose e-mails are to go out now, the oldest first.
pub fn due(conn: &mut Conn, shop: ShopId, now: DateTime<Utc>) -> StoreResult<Vec<CampaignId>> {
    let ids: Vec<i32> = sendings::table
        .filter(sendings::shop_id.eq(shop.0).and(sendings::state.eq(SendingState::Running.name())))
        .filter(sendings::rest_until.is_null().or(sendings::rest_until.le(now)))
        .order((sendings::created_at, sendings::campaign_id))
        .select(sendings::campaign_id)
        .load(conn)?;
    Ok(ids.into_iter().map(CampaignId).collect())
}

pub fn is_running(conn: &mut Conn, campaign: CampaignId) -> StoreResult<bool> {
    let found = sendings::table
        .filter(sendings::campaign_id.eq(campaign.0).and(sendings::state.eq(SendingState::Running.name())));
    Ok(diesel::select(diesel::dsl::exists(found)).get_result(conn)?)
}

/// Every recipient has a row now.
pub fn finish_preparing(conn: &mut Conn, campaign: CampaignId) -> StoreResult<()> {
    diesel::update(sendings::table.find(campaign.0)).set(sendings::prepared.eq(true)).execute(conn)?;
    Ok(())
}

/// Nothing goes out before `until`, because of `problem`, if it is one.
pub fn rest(conn: &mut Conn, campaign: CampaignId, until: DateTime<Utc>, problem: &str) -> StoreResult<()> {
    diesel::update(sendings::table.find(campaign.0))
        .set((sendings::rest_until.eq(until), sendings::problem.eq(problem)))
        .execute(conn)?;
    Ok(())
}

/// Something goes out again, or is to be tried at once.
pub fn wake(conn: &mut Conn, campaign: CampaignId) -> StoreResult<()> {
    let is_at_rest = sendings::rest_until.is_not_null().or(sendings::problem.ne(""));
    diesel::update(sendings::table.filter(sendings::campaign_id.eq(campaign.0).and(is_at_rest)))
        .set((sendings::rest_until.eq(None::<DateTime<Utc>>), sendings::problem.eq("")))
        .execute(conn)?;
    Ok(())
}

/// [`StoreError::Stale`] when it does not run. `problem` says what a person has to mend first, if anything.
pub fn pause(conn: &mut Conn, campaign: CampaignId, problem: &str) -> StoreResult<()> {
    one(change(conn, campaign, &["running"], SendingState::Paused, problem, None)?)
}

pub fn go_on(conn: &mut Conn, campaign: CampaignId) -> StoreResult<()> {
    one(change(conn, campaign, &["paused"], SendingState::Running, "", None)?)
}

/// For good: what waits is not sent any more.
pub fn cancel(conn: &mut Conn, campaign: CampaignId, now: DateTime<Utc>) -> StoreResult<()> {
    one(change(conn, campaign, &["running", "paused"], SendingState::Cancelled, "", Some(now))?)?;
    diesel::update(mails::table.filter(mails::campaign_id.eq(campaign.0).and(mails::state.eq("queued"))))
        .set(mails::state.eq("cancelled"))
        .execute(conn)?;
    Ok(())
}

/// Nothing is left to send.
pub fn finish(conn: &mut Conn, campaign: CampaignId, now: DateTime<Utc>) -> StoreResult<()> {
    change(conn, campaign, &["running"], SendingState::Done, "", Some(now))?;
    Ok(())
}

/// E-mails wait again though all was done.
pub fn reopen(conn: &mut Conn, campaign: CampaignId) -> StoreResult<()> {
    change(conn, campaign, &["done"], SendingState::Running, "", None)?;
    Ok(())
}

/// As if it had never begun; for a campaign of which nobody got anything.
pub fn forget(conn: &mut Conn, campaign: CampaignId) -> StoreResult<()> {
    diesel::delete(sendings::table.find(campaign.0)).execute(conn)?;
    Ok(())
}

fn change(
    conn: &mut Conn,
    campaign: CampaignId,
    from: &[&str],
    to: SendingState,
    problem: &str,
    finished_at: Option<DateTime<Utc>>,
) -> StoreResult<usize> {
    let row = sendings::table.filter(sendings::campaign_id.eq(campaign.0).and(sendings::state.eq_any(from)));
    let changed = diesel::update(row)
        .set((
            sendings::state.eq(to.name()),
            sendings::problem.eq(problem),
            sendings::rest_until.eq(None::<DateTime<Utc>>),
            sendings::finished_at.eq(finished_at),
        ))
        .execute(conn)?;
    Ok(changed)
}

fn one(changed: usize) -> StoreResult<()> {
    if changed == 1 { Ok(()) } else { Err(StoreError::Stale) }
}
