//! Computed reports, and since when one stays as it is.

use super::schema::reports;
use super::{Conn, StoreResult, from_json, to_json};
use crate::ids::CampaignId;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A report as its room wrote it, with when and from which history.
#[derive(Debug, Clone)]
pub struct StoredReport<T> {
    pub computed_at: DateTime<Utc>,
    pub history_version: i64,
    pub frozen: Option<Frozen>,
    pub report: T,
}

/// Since when a report stays as it is, and the checksum of what it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    pub at: DateTime<Utc>,
    pub fingerprint: String,
}

/// Replaces the campaign's earlier report.
pub fn put<T: Serialize>(conn: &mut Conn, campaign: CampaignId, stored: &StoredReport<T>) -> StoreResult<()> {
    let report = to_json("report", &stored.report)?;
    diesel::replace_into(reports::table)
        .values((
            reports::campaign_id.eq(campaign.0),
            reports::computed_at.eq(stored.computed_at),
            reports::history_version.eq(stored.history_version),
            reports::report.eq(report),
            reports::frozen_at.eq(stored.frozen.as_ref().map(|frozen| frozen.at)),
            reports::fingerprint.eq(stored.frozen.as_ref().map(|frozen| &frozen.fingerprint)),
        ))
        .execute(conn)?;
    Ok(())
}

/// The next one is made anew.
pub fn forget(conn: &mut Conn, campaign: CampaignId) -> StoreResult<()> {
    diesel::delete(reports::table.find(campaign.0)).execute(conn)?;
    Ok(())
}

type Row = (DateTime<Utc>, i64, String, Option<DateTime<Utc>>, Option<String>);

/// The caller has made sure that the campaign is the shop's. *Errors*: a report that another version of Handpick wrote
/// may be unreadable.
pub fn of<T: DeserializeOwned>(
    conn: &mut Conn,
    campaign: CampaignId,
) -> StoreResult<Option<StoredReport<T>>> {
    let row: Option<Row> = reports::table
        .find(campaign.0)
        .select((
            reports::computed_at,
            reports::history_version,
            reports::report,
            reports::frozen_at,
            reports::fingerprint,
        ))
        .first(conn)
        .optional()?;
    row.map(|(computed_at, history_version, report, frozen_at, fingerprint)| {
        let frozen = frozen_at.map(|at| Frozen { at, fingerprint: fingerprint.unwrap_or_default() });
        Ok(StoredReport { computed_at, history_version, frozen, report: from_json("report", &report)? })
    })
    .transpose()
}

/// Whether the campaign's report stays as it is.
pub fn is_frozen(conn: &mut Conn, campaign: CampaignId) -> StoreResult<bool> {
    let frozen = reports::campaign_id.eq(campaign.0).and(reports::frozen_at.is_not_null());
    Ok(diesel::select(diesel::dsl::exists(reports::table.filter(frozen))).get_result(conn)?)
}
