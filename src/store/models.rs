//! Fitted models: where the file is, how good it is.

use super::schema::models;
use super::{Conn, StoreResult};
use crate::ids::{JobId, ModelId, ShopId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

#[derive(Debug, Clone)]
pub struct StoredModel {
    pub id: ModelId,
    pub kind: String,
    /// Relative to the shop's model folder.
    pub file: String,
    pub checksum: String,
    pub history_version: i64,
    /// Events before this moment were used.
    pub cut_at: DateTime<Utc>,
    /// JSON.
    pub params: String,
    /// JSON, as training wrote it.
    pub metrics: String,
    /// One plain sentence: is it better than best-sellers, and by how much.
    pub verdict: String,
    pub beats_popular: bool,
    pub trained_at: DateTime<Utc>,
    pub train_ms: i64,
    /// Why its file could not be read when somebody tried; such a model is offered to nobody.
    pub unreadable: Option<String>,
}

impl StoredModel {
    /// Whether Handpick chose its kind itself.
    pub fn is_automatic(&self) -> bool {
        serde_json::from_str::<serde_json::Value>(&self.metrics).is_ok_and(|metrics| metrics["auto"] == true)
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = models)]
struct Row {
    id: i32,
    kind: String,
    file: String,
    checksum: String,
    history_version: i64,
    cut_at: DateTime<Utc>,
    params: String,
    metrics: String,
    verdict: String,
    beats_popular: bool,
    trained_at: DateTime<Utc>,
    train_ms: i64,
    unreadable: Option<String>,
}

impl From<Row> for StoredModel {
    fn from(row: Row) -> Self {
        Self {
            id: ModelId(row.id),
            kind: row.kind,
            file: row.file,
            checksum: row.checksum,
            history_version: row.history_version,
            cut_at: row.cut_at,
            params: row.params,
            metrics: row.metrics,
            verdict: row.verdict,
            beats_popular: row.beats_popular,
            trained_at: row.trained_at,
            train_ms: row.train_ms,
            unreadable: row.unreadable,
        }
    }
}

pub struct NewModel<'a> {
    pub shop: ShopId,
    pub job: Option<JobId>,
    pub kind: &'a str,
    pub file: &'a str,
    pub checksum: &'a str,
    pub history_version: i64,
    pub cut_at: DateTime<Utc>,
    pub params: &'a str,
    pub metrics: &'a str,
    pub verdict: &'a str,
    pub beats_popular: bool,
    pub trained_at: DateTime<Utc>,
    pub train_ms: i64,
}

pub fn add(conn: &mut Conn, new: &NewModel<'_>) -> StoreResult<ModelId> {
    let id = diesel::insert_into(models::table)
        .values((
            models::shop_id.eq(new.shop.0),
            models::job_id.eq(new.job.map(|job| job.0)),
            models::kind.eq(new.kind),
            models::file.eq(new.file),
            models::checksum.eq(new.checksum),
            models::history_version.eq(new.history_version),
            models::cut_at.eq(new.cut_at),
            models::params.eq(new.params),
            models::metrics.eq(new.metrics),
            models::verdict.eq(new.verdict),
            models::beats_popular.eq(new.beats_popular),
            models::trained_at.eq(new.trained_at),
            models::train_ms.eq(new.train_ms),
        ))
        .returning(models::id)
        .get_result(conn)?;
    Ok(ModelId(id))
}

pub fn by_id(conn: &mut Conn, shop: ShopId, id: ModelId) -> StoreResult<Option<StoredModel>> {
    let row = models::table
        .filter(models::shop_id.eq(shop.0).and(models::id.eq(id.0)))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(StoredModel::from))
}

/// Passes the model over from now on: its file cannot be read.
pub fn note_unreadable(conn: &mut Conn, id: ModelId, why: &str) -> StoreResult<()> {
    diesel::update(models::table.find(id.0)).set(models::unreadable.eq(why)).execute(conn)?;
    Ok(())
}

/// Those that can be used, newest first.
pub fn latest(conn: &mut Conn, shop: ShopId, at_most: i64) -> StoreResult<Vec<StoredModel>> {
    let rows = models::table
        .filter(models::shop_id.eq(shop.0).and(models::unreadable.is_null()))
        .order(models::id.desc())
        .limit(at_most)
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(StoredModel::from).collect())
}

/// All that were ever trained, newest first.
pub fn trained(conn: &mut Conn, shop: ShopId, at_most: i64) -> StoreResult<Vec<StoredModel>> {
    let rows = models::table
        .filter(models::shop_id.eq(shop.0))
        .order(models::id.desc())
        .limit(at_most)
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(StoredModel::from).collect())
}

/// The models that can be used and know nothing of or after `until`, newest cut first, then newest.
pub fn cut_before(conn: &mut Conn, shop: ShopId, until: DateTime<Utc>) -> StoreResult<Vec<StoredModel>> {
    let rows = models::table
        .filter(models::shop_id.eq(shop.0).and(models::cut_at.le(until)).and(models::unreadable.is_null()))
        .order((models::cut_at.desc(), models::id.desc()))
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(StoredModel::from).collect())
}
