//! Filters of customers, kept under a name.

use super::schema::segments;
use super::{Conn, StoreResult};
use crate::ids::{AccountId, ShopId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Segment {
    pub id: i32,
    pub name: String,
    /// The filters as JSON.
    pub audience: String,
}

/// By name.
pub fn all(conn: &mut Conn, shop: ShopId) -> StoreResult<Vec<Segment>> {
    Ok(segments::table
        .filter(segments::shop_id.eq(shop.0))
        .order(segments::name)
        .select((segments::id, segments::name, segments::audience))
        .load(conn)?)
}

pub fn by_id(conn: &mut Conn, shop: ShopId, id: i32) -> StoreResult<Option<Segment>> {
    Ok(segments::table
        .filter(segments::shop_id.eq(shop.0).and(segments::id.eq(id)))
        .select((segments::id, segments::name, segments::audience))
        .first(conn)
        .optional()?)
}

/// In the place of what the name stood for before.
pub fn keep(
    conn: &mut Conn,
    shop: ShopId,
    (name, audience): (&str, &str),
    by: AccountId,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let changed =
        (segments::audience.eq(audience), segments::updated_at.eq(now), segments::updated_by.eq(by.0));
    diesel::insert_into(segments::table)
        .values((segments::shop_id.eq(shop.0), segments::name.eq(name), changed))
        .on_conflict((segments::shop_id, segments::name))
        .do_update()
        .set(changed)
        .execute(conn)?;
    Ok(())
}

pub fn forget(conn: &mut Conn, shop: ShopId, id: i32) -> StoreResult<()> {
    diesel::delete(segments::table.filter(segments::shop_id.eq(shop.0).and(segments::id.eq(id))))
        .execute(conn)?;
    Ok(())
}
