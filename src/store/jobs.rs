//! The durable queue: what was asked for, how far it is, how it ended.

use super::schema::jobs;
use super::{Conn, StoreResult};
use crate::ids::{AccountId, JobId, ShopId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    Queued,
    Running,
    Done,
    Failed,
    Cancelled,
}

impl JobState {
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    fn from_name(name: &str) -> Self {
        match name {
            "queued" => Self::Queued,
            "running" => Self::Running,
            "done" => Self::Done,
            "cancelled" => Self::Cancelled,
            // The table's CHECK admits no other word.
            _ => Self::Failed,
        }
    }

    /// Nothing more will happen to it.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

#[derive(Debug, Clone)]
pub struct Job {
    pub id: JobId,
    pub shop: ShopId,
    pub kind: String,
    /// JSON, as its kind understands it.
    pub payload: String,
    pub state: JobState,
    pub phase: String,
    pub done: i64,
    pub total: Option<i64>,
    pub attempts: i32,
    pub max_attempts: i32,
    pub run_after: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub phase_started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    pub cancel_requested: bool,
    pub result: Option<String>,
    pub error: Option<String>,
    pub created_by: Option<AccountId>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = jobs)]
struct Row {
    id: i32,
    shop_id: i32,
    kind: String,
    payload: String,
    state: String,
    phase: String,
    done: i64,
    total: Option<i64>,
    attempts: i32,
    max_attempts: i32,
    run_after: DateTime<Utc>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    phase_started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    cancel_requested: bool,
    result: Option<String>,
    error: Option<String>,
    created_by: Option<i32>,
}

impl From<Row> for Job {
    fn from(row: Row) -> Self {
        Self {
            id: JobId(row.id),
            shop: ShopId(row.shop_id),
            kind: row.kind,
            payload: row.payload,
            state: JobState::from_name(&row.state),
            phase: row.phase,
            done: row.done,
            total: row.total,
            attempts: row.attempts,
            max_attempts: row.max_attempts,
            run_after: row.run_after,
            created_at: row.created_at,
            started_at: row.started_at,
            phase_started_at: row.phase_started_at,
            finished_at: row.finished_at,
            cancel_requested: row.cancel_requested,
            result: row.result,
            error: row.error,
            created_by: row.created_by.map(AccountId),
        }
    }
}

/// What is asked for when a job is queued.
pub struct NewJob<'a> {
    pub shop: ShopId,
    pub kind: &'a str,
    pub payload: &'a str,
    pub max_attempts: i32,
    pub run_after: DateTime<Utc>,
    pub created_by: Option<AccountId>,
}

/// Removes what is over and was before `before`: for kinds that run every hour and leave nothing behind.
pub fn forget(conn: &mut Conn, shop: ShopId, kind: &str, before: DateTime<Utc>) -> StoreResult<usize> {
    let over = jobs::shop_id.eq(shop.0).and(jobs::kind.eq(kind)).and(jobs::finished_at.lt(before));
    Ok(diesel::delete(jobs::table.filter(over)).execute(conn)?)
}

pub fn queue(conn: &mut Conn, new: &NewJob<'_>, now: DateTime<Utc>) -> StoreResult<JobId> {
    let id = diesel::insert_into(jobs::table)
        .values((
            jobs::shop_id.eq(new.shop.0),
            jobs::kind.eq(new.kind),
            jobs::payload.eq(new.payload),
            jobs::state.eq(JobState::Queued.name()),
            jobs::max_attempts.eq(new.max_attempts),
            jobs::run_after.eq(new.run_after),
            jobs::created_at.eq(now),
            jobs::created_by.eq(new.created_by.map(|account| account.0)),
        ))
        .returning(jobs::id)
        .get_result(conn)?;
    Ok(JobId(id))
}

pub fn by_id(conn: &mut Conn, shop: ShopId, id: JobId) -> StoreResult<Option<Job>> {
    let row = jobs::table
        .filter(jobs::shop_id.eq(shop.0).and(jobs::id.eq(id.0)))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Job::from))
}

/// The job of this kind and payload that is queued or running, if there is one.
pub fn unfinished(conn: &mut Conn, shop: ShopId, kind: &str) -> StoreResult<Vec<Job>> {
    let rows = jobs::table
        .filter(
            jobs::shop_id.eq(shop.0).and(jobs::kind.eq(kind)).and(jobs::state.eq_any(["queued", "running"])),
        )
        .order(jobs::id)
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Job::from).collect())
}

/// Newest first.
pub fn latest(conn: &mut Conn, shop: ShopId, at_most: i64) -> StoreResult<Vec<Job>> {
    let rows = jobs::table
        .filter(jobs::shop_id.eq(shop.0))
        .order(jobs::id.desc())
        .limit(at_most)
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Job::from).collect())
}

/// The kind that nobody waits for: all others come before it.
const CAN_WAIT: &str = "foresight";

/// Takes the oldest job that is due, one that can wait last, and marks it running. Call it inside a write transaction.
pub fn take_due(conn: &mut Conn, now: DateTime<Utc>) -> StoreResult<Option<Job>> {
    let due: Option<i32> = jobs::table
        .filter(jobs::state.eq("queued").and(jobs::run_after.le(now)))
        .order((jobs::kind.eq(CAN_WAIT), jobs::id))
        .select(jobs::id)
        .first(conn)
        .optional()?;
    let Some(id) = due else { return Ok(None) };
    let row = diesel::update(jobs::table.find(id))
        .set((
            jobs::state.eq("running"),
            jobs::attempts.eq(jobs::attempts + 1),
            jobs::started_at.eq(now),
            jobs::phase.eq("Starting"),
            jobs::phase_started_at.eq(now),
            jobs::done.eq(0),
            jobs::total.eq(None::<i64>),
            jobs::error.eq(None::<String>),
        ))
        .returning(Row::as_returning())
        .get_result(conn)?;
    Ok(Some(Job::from(row)))
}

/// Stores progress and answers whether somebody asked to cancel.
pub fn report_progress(
    conn: &mut Conn,
    id: JobId,
    phase: &str,
    phase_started_at: DateTime<Utc>,
    done: i64,
    total: Option<i64>,
) -> StoreResult<bool> {
    let cancel = diesel::update(jobs::table.find(id.0))
        .set((
            jobs::phase.eq(phase),
            jobs::phase_started_at.eq(phase_started_at),
            jobs::done.eq(done),
            jobs::total.eq(total),
        ))
        .returning(jobs::cancel_requested)
        .get_result(conn)?;
    Ok(cancel)
}

/// A queued job is cancelled at once, a running one when it next looks. False when it is over already.
pub fn request_cancel(conn: &mut Conn, shop: ShopId, id: JobId, now: DateTime<Utc>) -> StoreResult<bool> {
    let of_shop = jobs::table.filter(jobs::shop_id.eq(shop.0).and(jobs::id.eq(id.0)));
    let queued = diesel::update(of_shop.filter(jobs::state.eq("queued")))
        .set((jobs::state.eq("cancelled"), jobs::finished_at.eq(now)))
        .execute(conn)?;
    let running = diesel::update(of_shop.filter(jobs::state.eq("running")))
        .set(jobs::cancel_requested.eq(true))
        .execute(conn)?;
    Ok(queued + running > 0)
}

/// How a job ended.
pub enum Ending<'a> {
    Done {
        result: &'a str,
    },
    Failed {
        error: &'a str,
    },
    Cancelled,
    /// Not over: to be tried again.
    Again {
        error: &'a str,
        run_after: DateTime<Utc>,
    },
}

pub fn end(conn: &mut Conn, id: JobId, ending: &Ending<'_>, now: DateTime<Utc>) -> StoreResult<()> {
    let job = jobs::table.find(id.0);
    match ending {
        Ending::Done { result } => diesel::update(job)
            .set((jobs::state.eq("done"), jobs::result.eq(*result), jobs::finished_at.eq(now)))
            .execute(conn)?,
        Ending::Failed { error } => diesel::update(job)
            .set((jobs::state.eq("failed"), jobs::error.eq(*error), jobs::finished_at.eq(now)))
            .execute(conn)?,
        Ending::Cancelled => {
            diesel::update(job).set((jobs::state.eq("cancelled"), jobs::finished_at.eq(now))).execute(conn)?
        }
        Ending::Again { error, run_after } => diesel::update(job)
            .set((jobs::state.eq("queued"), jobs::error.eq(*error), jobs::run_after.eq(*run_after)))
            .execute(conn)?,
    };
    Ok(())
}

/// After a restart nothing runs: what was running is queued again, or failed when its tries are used up.
pub fn recover(conn: &mut Conn, now: DateTime<Utc>) -> StoreResult<usize> {
    let running = jobs::state.eq("running");
    let cancelled = diesel::update(jobs::table.filter(running.and(jobs::cancel_requested.eq(true))))
        .set((jobs::state.eq("cancelled"), jobs::finished_at.eq(now)))
        .execute(conn)?;
    let failed = diesel::update(jobs::table.filter(running.and(jobs::attempts.ge(jobs::max_attempts))))
        .set((
            jobs::state.eq("failed"),
            jobs::error.eq("Handpick was stopped while this ran, more than once. Start it again."),
            jobs::finished_at.eq(now),
        ))
        .execute(conn)?;
    let queued = diesel::update(jobs::table.filter(running))
        .set((jobs::state.eq("queued"), jobs::run_after.eq(now)))
        .execute(conn)?;
    Ok(cancelled + failed + queued)
}
