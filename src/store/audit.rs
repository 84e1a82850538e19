//! The audit trail: who did what, when.

use super::schema::audit;
use super::{Conn, StoreResult};
use crate::ids::{AccountId, ShopId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

#[derive(Debug, Clone)]
pub struct Entry {
    pub at: DateTime<Utc>,
    pub account: Option<AccountId>,
    /// A verb: “approved campaign”.
    pub action: String,
    /// What it was done to, by id: “campaign 12”.
    pub subject: String,
}

pub fn note(
    conn: &mut Conn,
    shop: ShopId,
    account: Option<AccountId>,
    action: &str,
    subject: &str,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    diesel::insert_into(audit::table)
        .values((
            audit::shop_id.eq(shop.0),
            audit::at.eq(now),
            audit::account_id.eq(account.map(|id| id.0)),
            audit::action.eq(action),
            audit::subject.eq(subject),
        ))
        .execute(conn)?;
    Ok(())
}

/// Newest first.
pub fn latest(conn: &mut Conn, shop: ShopId, at_most: i64) -> StoreResult<Vec<Entry>> {
    let rows: Vec<(DateTime<Utc>, Option<i32>, String, String)> = audit::table
        .filter(audit::shop_id.eq(shop.0))
        .order(audit::id.desc())
        .limit(at_most)
        .select((audit::at, audit::account_id, audit::action, audit::subject))
        .load(conn)?;
    let entry = |(at, account, action, subject): (_, Option<i32>, _, _)| Entry {
        at,
        account: account.map(AccountId),
        action,
        subject,
    };
    Ok(rows.into_iter().map(entry).collect())
}
