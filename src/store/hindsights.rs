//! How many bought of the customers whom a campaign's products would have found some time ago.

use super::schema::hindsights;
use super::{Conn, StoreResult};
use crate::ids::CampaignId;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// The answer to just this question, as JSON.
pub fn told(conn: &mut Conn, campaign: CampaignId, asked: &str) -> StoreResult<Option<String>> {
    Ok(hindsights::table
        .filter(hindsights::campaign_id.eq(campaign.0).and(hindsights::asked.eq(asked)))
        .select(hindsights::told)
        .first(conn)
        .optional()?)
}

pub fn keep(
    conn: &mut Conn,
    campaign: CampaignId,
    (asked, told): (&str, &str),
    now: DateTime<Utc>,
) -> StoreResult<()> {
    diesel::replace_into(hindsights::table)
        .values((
            hindsights::campaign_id.eq(campaign.0),
            hindsights::asked.eq(asked),
            hindsights::told.eq(told),
            hindsights::at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}
