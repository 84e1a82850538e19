//! Keys with which programs ask Handpick. Keys are stored as hashes only.

use super::schema::api_keys;
use super::{Conn, StoreResult};
use crate::ids::{AccountId, KeyId, ShopId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub id: KeyId,
    pub name: String,
    /// What it may.
    pub scope: String,
    pub made_by: Option<AccountId>,
    pub made_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

type Row = (i32, String, String, Option<i32>, DateTime<Utc>, Option<DateTime<Utc>>, Option<DateTime<Utc>>);

macro_rules! columns {
    () => {
        (
            api_keys::id,
            api_keys::name,
            api_keys::scope,
            api_keys::made_by,
            api_keys::made_at,
            api_keys::revoked_at,
            api_keys::last_used_at,
        )
    };
}

fn key((id, name, scope, made_by, made_at, revoked_at, last_used_at): Row) -> Key {
    Key { id: KeyId(id), name, scope, made_by: made_by.map(AccountId), made_at, revoked_at, last_used_at }
}

/// `name` is who has it, `scope` what it may.
pub fn add(
    conn: &mut Conn,
    shop: ShopId,
    (name, scope, key_hash): (&str, &str, &str),
    by: Option<AccountId>,
    now: DateTime<Utc>,
) -> StoreResult<KeyId> {
    let id: i32 = diesel::insert_into(api_keys::table)
        .values((
            api_keys::shop_id.eq(shop.0),
            api_keys::name.eq(name),
            api_keys::scope.eq(scope),
            api_keys::key_hash.eq(key_hash),
            api_keys::made_by.eq(by.map(|account| account.0)),
            api_keys::made_at.eq(now),
        ))
        .returning(api_keys::id)
        .get_result(conn)?;
    Ok(KeyId(id))
}

/// Newest first, those taken back too.
pub fn all(conn: &mut Conn, shop: ShopId) -> StoreResult<Vec<Key>> {
    let rows: Vec<Row> = api_keys::table
        .filter(api_keys::shop_id.eq(shop.0))
        .order(api_keys::id.desc())
        .select(columns!())
        .load(conn)?;
    Ok(rows.into_iter().map(key).collect())
}

/// The key of that hash, unless it was taken back.
pub fn open(conn: &mut Conn, shop: ShopId, key_hash: &str) -> StoreResult<Option<Key>> {
    let row: Option<Row> = api_keys::table
        .filter(api_keys::shop_id.eq(shop.0).and(api_keys::key_hash.eq(key_hash)))
        .filter(api_keys::revoked_at.is_null())
        .select(columns!())
        .first(conn)
        .optional()?;
    Ok(row.map(key))
}

pub fn used(conn: &mut Conn, id: KeyId, now: DateTime<Utc>) -> StoreResult<()> {
    diesel::update(api_keys::table.find(id.0)).set(api_keys::last_used_at.eq(now)).execute(conn)?;
    Ok(())
}

/// It opens nothing any more. False when it was taken back before.
pub fn revoke(conn: &mut Conn, shop: ShopId, id: KeyId, now: DateTime<Utc>) -> StoreResult<bool> {
    let own = api_keys::table
        .filter(api_keys::shop_id.eq(shop.0).and(api_keys::id.eq(id.0)))
        .filter(api_keys::revoked_at.is_null());
    Ok(diesel::update(own).set(api_keys::revoked_at.eq(now)).execute(conn)? == 1)
}
