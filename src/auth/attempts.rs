//! The limit on failed sign-ins, per e-mail and per network address. Both are kept as hashes.

use super::token;
use crate::store::{Conn, StoreResult, sessions};
use chrono::{DateTime, TimeDelta, Utc};

const AT_MOST: i64 = 10;
const WITHIN_MINUTES: i64 = 15;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    MayTry,
    TooMany,
}

fn keys(email: &str, peer: &str) -> [String; 2] {
    [token::hash(&format!("e-mail {}", email.to_lowercase())), token::hash(&format!("peer {peer}"))]
}

/// Counts this attempt as failed until [`forget_failures`] says otherwise, so that many at once cannot slip past
/// the limit. Call it inside a write transaction.
pub fn try_once(conn: &mut Conn, email: &str, peer: &str, now: DateTime<Utc>) -> StoreResult<Limit> {
    let since = now - TimeDelta::minutes(WITHIN_MINUTES);
    for key in keys(email, peer) {
        if sessions::attempts_since(conn, &key, since)? >= AT_MOST {
            return Ok(Limit::TooMany);
        }
    }
    for key in keys(email, peer) {
        sessions::note_attempt(conn, &key, now)?;
    }
    Ok(Limit::MayTry)
}

/// The password was right.
pub fn forget_failures(conn: &mut Conn, email: &str, peer: &str) -> StoreResult<()> {
    for key in keys(email, peer) {
        sessions::forget_attempts(conn, &key)?;
    }
    Ok(())
}
