//! Computed reports.

use super::schema::reports;
use super::{Conn, StoreResult, from_json, to_json};
use crate::ids::CampaignId;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

/// A report as its room wrote it, with when and from which history.
#[derive(Debug, Clone)]
pub struct StoredReport<T> {
    pub computed_at: DateTime<Utc>,
    pub history_version: i64,
    pub report: T,
}

/// Replaces the campaign's earlier report.
pub fn put<T: Serialize>(
    conn: &mut Conn,
    campaign: CampaignId,
    history_version: i64,
    report: &T,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let report = to_json("report", report)?;
    diesel::replace_into(reports::table)
        .values((
            reports::campaign_id.eq(campaign.0),
            reports::computed_at.eq(now),
            reports::history_version.eq(history_version),
            reports::report.eq(report),
        ))
        .execute(conn)?;
    Ok(())
}

/// The caller has made sure that the campaign is the shop's.
pub fn of<T: DeserializeOwned>(
    conn: &mut Conn,
    campaign: CampaignId,
) -> StoreResult<Option<StoredReport<T>>> {
    let row: Option<(DateTime<Utc>, i64, String)> = reports::table
        .find(campaign.0)
        .select((reports::computed_at, reports::history_version, reports::report))
        .first(conn)
        .optional()?;
    row.map(|(computed_at, history_version, report)| {
        Ok(StoredReport { computed_at, history_version, report: from_json("report", &report)? })
    })
    .transpose()
}
