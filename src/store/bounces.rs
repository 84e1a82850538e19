//! E-mails that could not be delivered.

use super::schema::bounces;
use super::{Conn, StoreResult};
use crate::ids::{CampaignId, ShopId};
use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use std::collections::HashMap;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    pub customer: String,
    pub campaign: CampaignId,
    /// Nothing will ever arrive there; else it may another time.
    pub is_hard: bool,
    /// Where it was sent; empty when nobody knows.
    pub address: String,
    pub reason: String,
    pub at: DateTime<Utc>,
}

/// Of one customer and campaign the last word counts, but nothing makes a hard one soft.
pub fn add(conn: &mut Conn, shop: ShopId, bounce: &Bounce) -> StoreResult<()> {
    let key = bounces::shop_id
        .eq(shop.0)
        .and(bounces::customer.eq(&bounce.customer))
        .and(bounces::campaign_id.eq(bounce.campaign.0));
    let before: Option<bool> = bounces::table.filter(key).select(bounces::is_hard).first(conn).optional()?;
    if before == Some(true) && !bounce.is_hard {
        return Ok(());
    }
    diesel::replace_into(bounces::table)
        .values((
            bounces::shop_id.eq(shop.0),
            bounces::customer.eq(&bounce.customer),
            bounces::campaign_id.eq(bounce.campaign.0),
            bounces::is_hard.eq(bounce.is_hard),
            bounces::address.eq(bounce.address.to_lowercase()),
            bounces::reason.eq(&bounce.reason),
            bounces::at.eq(bounce.at),
        ))
        .execute(conn)?;
    Ok(())
}

/// Customers to whom nothing arrives, with the address at which it does not.
pub fn dead_addresses(conn: &mut Conn, shop: ShopId) -> StoreResult<HashMap<String, String>> {
    let rows: Vec<(String, String)> = bounces::table
        .filter(bounces::shop_id.eq(shop.0).and(bounces::is_hard.eq(true)))
        .order(bounces::at)
        .select((bounces::customer, bounces::address))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Of the campaign's e-mails: for ever, and for now.
pub fn counts(conn: &mut Conn, campaign: CampaignId) -> StoreResult<(i64, i64)> {
    let rows: Vec<(bool, i64)> = bounces::table
        .filter(bounces::campaign_id.eq(campaign.0))
        .group_by(bounces::is_hard)
        .select((bounces::is_hard, count_star()))
        .load(conn)?;
    let of = |is_hard: bool| rows.iter().find(|(hard, _)| *hard == is_hard).map_or(0, |(_, count)| *count);
    Ok((of(true), of(false)))
}

/// What was said of each, by customer.
pub fn of_campaign(conn: &mut Conn, campaign: CampaignId) -> StoreResult<Vec<Bounce>> {
    type Row = (String, bool, String, String, DateTime<Utc>);
    let rows: Vec<Row> = bounces::table
        .filter(bounces::campaign_id.eq(campaign.0))
        .order(bounces::customer)
        .select((bounces::customer, bounces::is_hard, bounces::address, bounces::reason, bounces::at))
        .load(conn)?;
    let bounce = |(customer, is_hard, address, reason, at): Row| Bounce {
        customer,
        campaign,
        is_hard,
        address,
        reason,
        at,
    };
    Ok(rows.into_iter().map(bounce).collect())
}
