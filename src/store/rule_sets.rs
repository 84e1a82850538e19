//! Rules kept under a name, with every change.

use super::schema::{accounts, rule_set_versions, rule_sets};
use super::{Conn, StoreResult};
use crate::ids::{AccountId, ShopId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct RuleSet {
    pub id: i32,
    pub name: String,
}

/// What a name stood for from a moment on.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Version {
    pub version: i32,
    /// As JSON.
    pub rules: String,
    /// The version that it brought back.
    pub restores: Option<i32>,
    pub at: DateTime<Utc>,
    /// The name of whoever made it.
    pub by: Option<String>,
}

/// By name.
pub fn all(conn: &mut Conn, shop: ShopId) -> StoreResult<Vec<RuleSet>> {
    Ok(rule_sets::table
        .filter(rule_sets::shop_id.eq(shop.0))
        .order(rule_sets::name)
        .select((rule_sets::id, rule_sets::name))
        .load(conn)?)
}

pub fn by_id(conn: &mut Conn, shop: ShopId, id: i32) -> StoreResult<Option<RuleSet>> {
    Ok(rule_sets::table
        .filter(rule_sets::shop_id.eq(shop.0).and(rule_sets::id.eq(id)))
        .select((rule_sets::id, rule_sets::name))
        .first(conn)
        .optional()?)
}

/// The newest first; empty when the shop has no such set.
pub fn versions(conn: &mut Conn, shop: ShopId, id: i32) -> StoreResult<Vec<Version>> {
    Ok(rule_set_versions::table
        .inner_join(rule_sets::table)
        .left_join(accounts::table)
        .filter(rule_sets::shop_id.eq(shop.0).and(rule_sets::id.eq(id)))
        .order(rule_set_versions::version.desc())
        .select((
            rule_set_versions::version,
            rule_set_versions::rules,
            rule_set_versions::restores,
            rule_set_versions::at,
            accounts::name.nullable(),
        ))
        .load(conn)?)
}

/// The set of this name, made when there is none.
pub fn named(conn: &mut Conn, shop: ShopId, name: &str) -> StoreResult<RuleSet> {
    diesel::insert_into(rule_sets::table)
        .values((rule_sets::shop_id.eq(shop.0), rule_sets::name.eq(name)))
        .on_conflict((rule_sets::shop_id, rule_sets::name))
        .do_nothing()
        .execute(conn)?;
    Ok(rule_sets::table
        .filter(rule_sets::shop_id.eq(shop.0).and(rule_sets::name.eq(name)))
        .select((rule_sets::id, rule_sets::name))
        .first(conn)?)
}

/// What the set stands for from now on; nothing happens when it stands for these rules already.
pub fn keep(
    conn: &mut Conn,
    set: i32,
    (rules, restores): (&str, Option<i32>),
    by: AccountId,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let newest: Option<(i32, String)> = rule_set_versions::table
        .filter(rule_set_versions::set_id.eq(set))
        .order(rule_set_versions::version.desc())
        .select((rule_set_versions::version, rule_set_versions::rules))
        .first(conn)
        .optional()?;
    if newest.as_ref().is_some_and(|(_, known)| known == rules) {
        return Ok(());
    }
    diesel::insert_into(rule_set_versions::table)
        .values((
            rule_set_versions::set_id.eq(set),
            rule_set_versions::version.eq(newest.map_or(0, |(version, _)| version) + 1),
            rule_set_versions::rules.eq(rules),
            rule_set_versions::restores.eq(restores),
            rule_set_versions::at.eq(now),
            rule_set_versions::account_id.eq(by.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// With all its versions. Campaigns keep the rules that they took over.
pub fn forget(conn: &mut Conn, shop: ShopId, id: i32) -> StoreResult<()> {
    diesel::delete(rule_sets::table.filter(rule_sets::shop_id.eq(shop.0).and(rule_sets::id.eq(id))))
        .execute(conn)?;
    Ok(())
}
