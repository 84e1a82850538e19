//! Sync runs, watermarks and the statements sent to the client's database.

use super::schema::{source_marks, source_queries, sync_runs};
use super::{Conn, StoreResult};
use crate::ids::{JobId, ShopId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = sync_runs)]
pub struct SyncRun {
    pub id: i32,
    pub started_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    /// `running`, `done` or `failed`.
    pub state: String,
    pub full_sync: bool,
    pub history_version: Option<i64>,
    /// JSON: what was read, added, ignored.
    pub counts: Option<String>,
    pub error: Option<String>,
}

pub fn start(
    conn: &mut Conn,
    shop: ShopId,
    job: Option<JobId>,
    full_sync: bool,
    now: DateTime<Utc>,
) -> StoreResult<i32> {
    // A run that still says running belongs to a process that died: only one sync runs at a time.
    diesel::update(
        sync_runs::table.filter(sync_runs::shop_id.eq(shop.0).and(sync_runs::state.eq("running"))),
    )
    .set((
        sync_runs::state.eq("failed"),
        sync_runs::finished_at.eq(now),
        sync_runs::error.eq("Handpick was stopped while this sync ran; nothing of it was kept."),
    ))
    .execute(conn)?;
    let id = diesel::insert_into(sync_runs::table)
        .values((
            sync_runs::shop_id.eq(shop.0),
            sync_runs::job_id.eq(job.map(|job| job.0)),
            sync_runs::started_at.eq(now),
            sync_runs::state.eq("running"),
            sync_runs::full_sync.eq(full_sync),
        ))
        .returning(sync_runs::id)
        .get_result(conn)?;
    Ok(id)
}

pub fn succeed(
    conn: &mut Conn,
    run: i32,
    history_version: i64,
    counts: &str,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    diesel::update(sync_runs::table.find(run))
        .set((
            sync_runs::state.eq("done"),
            sync_runs::finished_at.eq(now),
            sync_runs::history_version.eq(history_version),
            sync_runs::counts.eq(counts),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn fail(conn: &mut Conn, run: i32, error: &str, now: DateTime<Utc>) -> StoreResult<()> {
    diesel::update(sync_runs::table.find(run))
        .set((sync_runs::state.eq("failed"), sync_runs::finished_at.eq(now), sync_runs::error.eq(error)))
        .execute(conn)?;
    Ok(())
}

/// Newest first.
pub fn latest(conn: &mut Conn, shop: ShopId, at_most: i64) -> StoreResult<Vec<SyncRun>> {
    Ok(sync_runs::table
        .filter(sync_runs::shop_id.eq(shop.0))
        .order(sync_runs::id.desc())
        .limit(at_most)
        .select(SyncRun::as_select())
        .load(conn)?)
}

/// How far the mapping `name` was read.
pub fn watermark(conn: &mut Conn, shop: ShopId, name: &str) -> StoreResult<Option<String>> {
    Ok(source_marks::table.find((shop.0, name)).select(source_marks::watermark).first(conn).optional()?)
}

pub fn set_watermark(
    conn: &mut Conn,
    shop: ShopId,
    name: &str,
    watermark: &str,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    diesel::replace_into(source_marks::table)
        .values((
            source_marks::shop_id.eq(shop.0),
            source_marks::name.eq(name),
            source_marks::watermark.eq(watermark),
            source_marks::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// A statement that was sent to the client's database, and what it cost.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = source_queries)]
pub struct SourceQuery {
    pub at: DateTime<Utc>,
    pub statement: String,
    pub row_count: i64,
    pub duration_ms: i64,
    pub error: Option<String>,
}

pub fn note_query(conn: &mut Conn, shop: ShopId, query: &SourceQuery) -> StoreResult<()> {
    diesel::insert_into(source_queries::table)
        .values((
            source_queries::shop_id.eq(shop.0),
            source_queries::at.eq(query.at),
            source_queries::statement.eq(&query.statement),
            source_queries::row_count.eq(query.row_count),
            source_queries::duration_ms.eq(query.duration_ms),
            source_queries::error.eq(&query.error),
        ))
        .execute(conn)?;
    Ok(())
}

/// Forgets all but the newest `keep` statements.
pub fn trim_queries(conn: &mut Conn, shop: ShopId, keep: i64) -> StoreResult<()> {
    let oldest: Option<i32> = source_queries::table
        .filter(source_queries::shop_id.eq(shop.0))
        .order(source_queries::id.desc())
        .offset(keep)
        .select(source_queries::id)
        .first(conn)
        .optional()?;
    if let Some(oldest) = oldest {
        let old = source_queries::shop_id.eq(shop.0).and(source_queries::id.le(oldest));
        diesel::delete(source_queries::table.filter(old)).execute(conn)?;
    }
    Ok(())
}

/// Newest first.
pub fn latest_queries(conn: &mut Conn, shop: ShopId, at_most: i64) -> StoreResult<Vec<SourceQuery>> {
    Ok(source_queries::table
        .filter(source_queries::shop_id.eq(shop.0))
        .order(source_queries::id.desc())
        .limit(at_most)
        .select(SourceQuery::as_select())
        .load(conn)?)
}
