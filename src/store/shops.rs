//! Shops: whose data, models and campaigns everything is.

use super::schema::shops;
use super::{Conn, StoreResult};
use crate::ids::{ShopId, THE_SHOP};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

#[derive(Debug, Clone)]
pub struct Shop {
    pub id: ShopId,
    pub name: String,
    pub currency: String,
    pub time_zone: String,
    /// Keys the assignment of customers to arms.
    pub secret: Vec<u8>,
    pub created_at: DateTime<Utc>,
}

/// The one shop of an on-premise installation, as the configuration describes it. It is created on the first
/// call with `new_secret`; later calls keep the secret and take over name, currency and zone.
pub fn ensure(
    conn: &mut Conn,
    name: &str,
    currency: &str,
    time_zone: &str,
    new_secret: &[u8],
    now: DateTime<Utc>,
) -> StoreResult<Shop> {
    let described = (shops::name.eq(name), shops::currency.eq(currency), shops::time_zone.eq(time_zone));
    diesel::insert_into(shops::table)
        .values((
            shops::id.eq(THE_SHOP.0),
            described,
            shops::secret.eq(new_secret),
            shops::created_at.eq(now),
        ))
        .on_conflict(shops::id)
        .do_update()
        .set(described)
        .execute(conn)?;
    by_id(conn, THE_SHOP)
}

pub fn by_id(conn: &mut Conn, id: ShopId) -> StoreResult<Shop> {
    type Row = (i32, String, String, String, Vec<u8>, DateTime<Utc>);
    let (id, name, currency, time_zone, secret, created_at): Row = shops::table.find(id.0).first(conn)?;
    Ok(Shop { id: ShopId(id), name, currency, time_zone, secret, created_at })
}
