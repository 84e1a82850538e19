//! How far a campaign's recipients were given to the shop's listmonk.

use super::schema::listmonk_pushes;
use super::{Conn, StoreResult};
use crate::ids::CampaignId;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

#[derive(Debug, Clone, Default, PartialEq, Eq, Queryable)]
pub struct Push {
    /// Of picks: another one begins anew.
    pub generation: String,
    pub list_name: String,
    /// Of the recipients, in their order.
    pub looked_at: i64,
    pub given: i64,
    pub refused: i64,
    /// Why the first of them was refused.
    pub refusal: String,
    pub finished_at: Option<DateTime<Utc>>,
}

pub fn of_campaign(conn: &mut Conn, campaign: CampaignId) -> StoreResult<Option<Push>> {
    Ok(listmonk_pushes::table
        .find(campaign.0)
        .select((
            listmonk_pushes::generation,
            listmonk_pushes::list_name,
            listmonk_pushes::looked_at,
            listmonk_pushes::given,
            listmonk_pushes::refused,
            listmonk_pushes::refusal,
            listmonk_pushes::finished_at,
        ))
        .first(conn)
        .optional()?)
}

pub fn keep(conn: &mut Conn, campaign: CampaignId, push: &Push) -> StoreResult<()> {
    diesel::replace_into(listmonk_pushes::table)
        .values((
            listmonk_pushes::campaign_id.eq(campaign.0),
            listmonk_pushes::generation.eq(&push.generation),
            listmonk_pushes::list_name.eq(&push.list_name),
            listmonk_pushes::looked_at.eq(push.looked_at),
            listmonk_pushes::given.eq(push.given),
            listmonk_pushes::refused.eq(push.refused),
            listmonk_pushes::refusal.eq(&push.refusal),
            listmonk_pushes::finished_at.eq(push.finished_at),
        ))
        .execute(conn)?;
    Ok(())
}
