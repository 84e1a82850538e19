//! Uploaded lists of customer or product ids.

use super::schema::id_lists;
use super::{Conn, StoreResult};
use crate::ids::{AccountId, ListId, ShopId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    Customers,
    Products,
}

impl ListKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Products => "products",
        }
    }
}

/// A list without its ids.
#[derive(Debug, Clone)]
pub struct IdList {
    pub id: ListId,
    pub name: String,
    pub id_count: i64,
    pub created_at: DateTime<Utc>,
}

pub fn add(
    conn: &mut Conn,
    shop: ShopId,
    kind: ListKind,
    name: &str,
    ids: &[String],
    by: Option<AccountId>,
    now: DateTime<Utc>,
) -> StoreResult<ListId> {
    let id = diesel::insert_into(id_lists::table)
        .values((
            id_lists::shop_id.eq(shop.0),
            id_lists::kind.eq(kind.name()),
            id_lists::name.eq(name),
            id_lists::ids.eq(ids.join("\n")),
            id_lists::id_count.eq(ids.len() as i64),
            id_lists::created_at.eq(now),
            id_lists::created_by.eq(by.map(|account| account.0)),
        ))
        .returning(id_lists::id)
        .get_result(conn)?;
    Ok(ListId(id))
}

/// Newest first.
pub fn of_kind(conn: &mut Conn, shop: ShopId, kind: ListKind) -> StoreResult<Vec<IdList>> {
    let rows: Vec<(i32, String, i64, DateTime<Utc>)> = id_lists::table
        .filter(id_lists::shop_id.eq(shop.0).and(id_lists::kind.eq(kind.name())))
        .order(id_lists::id.desc())
        .select((id_lists::id, id_lists::name, id_lists::id_count, id_lists::created_at))
        .load(conn)?;
    let list = |(id, name, id_count, created_at)| IdList { id: ListId(id), name, id_count, created_at };
    Ok(rows.into_iter().map(list).collect())
}

/// The ids of a list, or `None` when the shop has no such list of this kind.
pub fn ids(conn: &mut Conn, shop: ShopId, kind: ListKind, id: ListId) -> StoreResult<Option<Vec<String>>> {
    let text: Option<String> = id_lists::table
        .filter(id_lists::shop_id.eq(shop.0).and(id_lists::id.eq(id.0)).and(id_lists::kind.eq(kind.name())))
        .select(id_lists::ids)
        .first(conn)
        .optional()?;
    Ok(text.map(|text| text.lines().map(str::to_owned).collect()))
}
