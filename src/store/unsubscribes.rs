//! Who wants no e-mail any more, because a link in one said so.

use super::schema::unsubscribes;
use super::{Conn, StoreResult};
use crate::ids::{CampaignId, ShopId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use std::collections::HashSet;

/// A second time changes nothing.
pub fn add(
    conn: &mut Conn,
    shop: ShopId,
    customer: &str,
    campaign: CampaignId,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    diesel::insert_or_ignore_into(unsubscribes::table)
        .values((
            unsubscribes::shop_id.eq(shop.0),
            unsubscribes::customer.eq(customer),
            unsubscribes::campaign_id.eq(campaign.0),
            unsubscribes::at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn customers(conn: &mut Conn, shop: ShopId) -> StoreResult<HashSet<String>> {
    let all: Vec<String> = unsubscribes::table
        .filter(unsubscribes::shop_id.eq(shop.0))
        .select(unsubscribes::customer)
        .load(conn)?;
    Ok(all.into_iter().collect())
}

pub fn is_unsubscribed(conn: &mut Conn, shop: ShopId, customer: &str) -> StoreResult<bool> {
    let found =
        unsubscribes::table.filter(unsubscribes::shop_id.eq(shop.0).and(unsubscribes::customer.eq(customer)));
    Ok(diesel::select(diesel::dsl::exists(found)).get_result(conn)?)
}

/// Who unsubscribed by this campaign's e-mails.
pub fn count(conn: &mut Conn, campaign: CampaignId) -> StoreResult<i64> {
    Ok(unsubscribes::table.filter(unsubscribes::campaign_id.eq(campaign.0)).count().get_result(conn)?)
}
