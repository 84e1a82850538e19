//! Links to one report each: who made them, until when they open it, and that they were taken back. Tokens are stored as
//! hashes only.

use super::schema::report_links as links;
use super::{Conn, StoreResult};
use crate::ids::{AccountId, CampaignId, LinkId, ShopId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub id: LinkId,
    pub campaign: CampaignId,
    pub note: String,
    pub made_by: Option<AccountId>,
    pub made_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// What somebody wants to give out.
#[derive(Debug, Clone, Copy)]
pub struct NewLink<'a> {
    pub shop: ShopId,
    pub campaign: CampaignId,
    pub token_hash: &'a str,
    pub note: &'a str,
    pub by: AccountId,
    pub ends_at: DateTime<Utc>,
}

macro_rules! columns {
    () => {
        (
            links::id,
            links::campaign_id,
            links::note,
            links::made_by,
            links::made_at,
            links::ends_at,
            links::revoked_at,
            links::last_used_at,
        )
    };
}

type Row = (
    i32,
    i32,
    String,
    Option<i32>,
    DateTime<Utc>,
    DateTime<Utc>,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
);

fn link((id, campaign, note, made_by, made_at, ends_at, revoked_at, last_used_at): Row) -> Link {
    Link {
        id: LinkId(id),
        campaign: CampaignId(campaign),
        note,
        made_by: made_by.map(AccountId),
        made_at,
        ends_at,
        revoked_at,
        last_used_at,
    }
}

pub fn add(conn: &mut Conn, new: &NewLink<'_>, now: DateTime<Utc>) -> StoreResult<LinkId> {
    let id: i32 = diesel::insert_into(links::table)
        .values((
            links::shop_id.eq(new.shop.0),
            links::campaign_id.eq(new.campaign.0),
            links::token_hash.eq(new.token_hash),
            links::note.eq(new.note),
            links::made_by.eq(new.by.0),
            links::made_at.eq(now),
            links::ends_at.eq(new.ends_at),
        ))
        .returning(links::id)
        .get_result(conn)?;
    Ok(LinkId(id))
}

/// Newest first; of one campaign, or of all.
pub fn all(conn: &mut Conn, shop: ShopId, of: Option<CampaignId>) -> StoreResult<Vec<Link>> {
    let mut asked = links::table.filter(links::shop_id.eq(shop.0)).into_boxed();
    if let Some(campaign) = of {
        asked = asked.filter(links::campaign_id.eq(campaign.0));
    }
    let rows: Vec<Row> = asked.order(links::id.desc()).select(columns!()).load(conn)?;
    Ok(rows.into_iter().map(link).collect())
}

/// The link of the token, while it is open.
pub fn open(
    conn: &mut Conn,
    shop: ShopId,
    token_hash: &str,
    now: DateTime<Utc>,
) -> StoreResult<Option<Link>> {
    let row: Option<Row> = links::table
        .filter(links::shop_id.eq(shop.0).and(links::token_hash.eq(token_hash)))
        .filter(links::revoked_at.is_null().and(links::ends_at.gt(now)))
        .select(columns!())
        .first(conn)
        .optional()?;
    Ok(row.map(link))
}

pub fn used(conn: &mut Conn, id: LinkId, now: DateTime<Utc>) -> StoreResult<()> {
    diesel::update(links::table.find(id.0)).set(links::last_used_at.eq(now)).execute(conn)?;
    Ok(())
}

/// It opens nothing any more. False for one that is not the campaign's, or was taken back before.
pub fn revoke(
    conn: &mut Conn,
    (campaign, id): (CampaignId, LinkId),
    now: DateTime<Utc>,
) -> StoreResult<bool> {
    let own = links::table
        .filter(links::id.eq(id.0).and(links::campaign_id.eq(campaign.0)))
        .filter(links::revoked_at.is_null());
    Ok(diesel::update(own).set(links::revoked_at.eq(now)).execute(conn)? == 1)
}
