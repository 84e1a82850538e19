//! The one-time link that makes the first account.

use super::token;
use crate::ids::AccountId;
use crate::installation::Installation;
use crate::store::accounts::{self, NewAccount, Role};
use crate::store::{StoreResult, sessions};
use chrono::TimeDelta;

const VALID_DAYS: i64 = 7;

/// A new link's token while nobody has an account. The one before ends.
pub fn link(installation: &Installation) -> StoreResult<Option<String>> {
    let now = installation.now();
    installation.store.write(|conn| {
        if !accounts::all(conn, installation.shop_id())?.is_empty() {
            return Ok(None);
        }
        let token = token::random();
        sessions::add_setup_link(conn, &token::hash(&token), now, now + TimeDelta::days(VALID_DAYS))?;
        Ok(Some(token))
    })
}

pub fn is_open(installation: &Installation, token: &str) -> StoreResult<bool> {
    let now = installation.now();
    installation.store.read(|conn| sessions::setup_link_is_open(conn, &token::hash(token), now))
}

/// Uses the link up and makes the owner; `None` when it was used before.
pub fn make_owner(
    installation: &Installation,
    token: &str,
    email: &str,
    name: &str,
    password_hash: &str,
) -> StoreResult<Option<AccountId>> {
    let now = installation.now();
    let new = NewAccount { shop: installation.shop_id(), email, name, role: Role::Owner, password_hash };
    installation.store.write(|conn| {
        // An operator may have added accounts at the console since the link was printed.
        let late = !accounts::all(conn, installation.shop_id())?.is_empty();
        if late || !sessions::use_setup_link(conn, &token::hash(token), now)? {
            return Ok(None);
        }
        accounts::add(conn, &new, now).map(Some)
    })
}
