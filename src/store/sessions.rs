//! Sign-in sessions, set-up links and the attempts that are rate-limited. Tokens are stored as hashes only.

use super::accounts::{Account, Row};
use super::schema::{accounts, sessions, setup_links, sign_in_attempts};
use super::{Conn, StoreResult};
use crate::ids::AccountId;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

pub fn open(
    conn: &mut Conn,
    token_hash: &str,
    account: AccountId,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> StoreResult<()> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::token_hash.eq(token_hash),
            sessions::account_id.eq(account.0),
            sessions::created_at.eq(now),
            sessions::last_seen_at.eq(now),
            sessions::expires_at.eq(expires_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// Whose session this is, when it has not expired and the account is not disabled; with when it was last seen.
pub fn account(
    conn: &mut Conn,
    token_hash: &str,
    now: DateTime<Utc>,
) -> StoreResult<Option<(Account, DateTime<Utc>)>> {
    let found = sessions::table
        .inner_join(accounts::table)
        .filter(sessions::token_hash.eq(token_hash))
        .filter(sessions::expires_at.gt(now))
        .filter(accounts::disabled_at.is_null())
        .select((Row::as_select(), sessions::last_seen_at))
        .first::<(Row, DateTime<Utc>)>(conn)
        .optional()?;
    Ok(found.map(|(row, seen)| (Account::from(row), seen)))
}

/// The session is in use: it lasts until `expires_at` now.
pub fn seen(
    conn: &mut Conn,
    token_hash: &str,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> StoreResult<()> {
    diesel::update(sessions::table.find(token_hash))
        .set((sessions::last_seen_at.eq(now), sessions::expires_at.eq(expires_at)))
        .execute(conn)?;
    Ok(())
}

pub fn close(conn: &mut Conn, token_hash: &str) -> StoreResult<()> {
    diesel::delete(sessions::table.find(token_hash)).execute(conn)?;
    Ok(())
}

/// Everywhere: after a new password, or when an account is disabled.
pub fn close_all_of(conn: &mut Conn, account: AccountId) -> StoreResult<()> {
    diesel::delete(sessions::table.filter(sessions::account_id.eq(account.0))).execute(conn)?;
    Ok(())
}

pub fn add_setup_link(
    conn: &mut Conn,
    token_hash: &str,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> StoreResult<()> {
    // One link is open at a time: printing a new one ends the one before.
    diesel::delete(setup_links::table).execute(conn)?;
    diesel::insert_into(setup_links::table)
        .values((
            setup_links::token_hash.eq(token_hash),
            setup_links::created_at.eq(now),
            setup_links::expires_at.eq(expires_at),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn setup_link_is_open(conn: &mut Conn, token_hash: &str, now: DateTime<Utc>) -> StoreResult<bool> {
    let open = setup_links::table
        .filter(setup_links::token_hash.eq(token_hash))
        .filter(setup_links::used_at.is_null())
        .filter(setup_links::expires_at.gt(now));
    Ok(diesel::select(diesel::dsl::exists(open)).get_result(conn)?)
}

/// False when it was used, expired or never given: the caller must then create nothing.
pub fn use_setup_link(conn: &mut Conn, token_hash: &str, now: DateTime<Utc>) -> StoreResult<bool> {
    let used = diesel::update(
        setup_links::table
            .filter(setup_links::token_hash.eq(token_hash))
            .filter(setup_links::used_at.is_null())
            .filter(setup_links::expires_at.gt(now)),
    )
    .set(setup_links::used_at.eq(now))
    .execute(conn)?;
    Ok(used == 1)
}

/// Notes a failed sign-in by `who` (a hash).
pub fn note_attempt(conn: &mut Conn, who: &str, now: DateTime<Utc>) -> StoreResult<()> {
    diesel::insert_into(sign_in_attempts::table)
        .values((sign_in_attempts::who.eq(who), sign_in_attempts::at.eq(now)))
        .execute(conn)?;
    Ok(())
}

pub fn attempts_since(conn: &mut Conn, who: &str, since: DateTime<Utc>) -> StoreResult<i64> {
    let attempts = sign_in_attempts::table
        .filter(sign_in_attempts::who.eq(who).and(sign_in_attempts::at.gt(since)))
        .count()
        .get_result(conn)?;
    Ok(attempts)
}

pub fn forget_attempts(conn: &mut Conn, who: &str) -> StoreResult<()> {
    diesel::delete(sign_in_attempts::table.filter(sign_in_attempts::who.eq(who))).execute(conn)?;
    Ok(())
}

/// Removes what has expired.
pub fn clean(conn: &mut Conn, now: DateTime<Utc>, attempts_before: DateTime<Utc>) -> StoreResult<()> {
    diesel::delete(sessions::table.filter(sessions::expires_at.le(now))).execute(conn)?;
    diesel::delete(setup_links::table.filter(setup_links::expires_at.le(now))).execute(conn)?;
    diesel::delete(sign_in_attempts::table.filter(sign_in_attempts::at.le(attempts_before))).execute(conn)?;
    Ok(())
}
