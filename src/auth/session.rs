//! Sign-in sessions: a random token in a cookie, its hash in the store.

use super::extract::{Refusal, SignedIn};
use super::token;
use crate::ids::AccountId;
use crate::installation::Installation;
use crate::store::{StoreResult, sessions};
use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite};
use chrono::TimeDelta;

const COOKIE: &str = "handpick_session";
/// One sentence for the next page.
pub const NOTICE_COOKIE: &str = "handpick_notice";
/// The expiry slides in steps of this, so that most requests only read.
const SLIDE_EVERY_MINUTES: i64 = 5;

/// Whose request this is.
pub fn of_request(installation: &Installation, request: &HttpRequest) -> Result<SignedIn, Refusal> {
    let cookie = request.cookie(COOKIE).ok_or(Refusal::NotSignedIn)?;
    let hash = token::hash(cookie.value());
    let now = installation.now();
    let internal = |error: crate::store::StoreError| Refusal::Internal(error.to_string());
    let found = installation.store.read(|conn| sessions::account(conn, &hash, now)).map_err(internal)?;
    let (account, seen) = found.ok_or(Refusal::NotSignedIn)?;
    if now - seen >= TimeDelta::minutes(SLIDE_EVERY_MINUTES) {
        let expires_at = now + lasting(installation);
        installation.store.write(|conn| sessions::seen(conn, &hash, now, expires_at)).map_err(internal)?;
    }
    let notice = request.cookie(NOTICE_COOKIE).and_then(|cookie| unpack(cookie.value())).unwrap_or_default();
    Ok(SignedIn { account, csrf: token::derived(cookie.value(), "csrf"), notice })
}

/// Opens a session and answers the cookie that holds it.
pub fn open(installation: &Installation, account: AccountId) -> StoreResult<Cookie<'static>> {
    let token = token::random();
    let now = installation.now();
    installation.store.write(|conn| {
        sessions::open(conn, &token::hash(&token), account, now, now + lasting(installation))
    })?;
    Ok(cookie(installation, COOKIE, token))
}

/// Ends the request's session, if it has one, and answers the cookie that removes it.
pub fn close(installation: &Installation, request: &HttpRequest) -> StoreResult<Cookie<'static>> {
    if let Some(cookie) = request.cookie(COOKIE) {
        installation.store.write(|conn| sessions::close(conn, &token::hash(cookie.value())))?;
    }
    let mut removal = cookie(installation, COOKIE, String::new());
    removal.make_removal();
    Ok(removal)
}

/// A sentence that the next page shows. Hexadecimal, for a cookie holds no spaces.
pub fn notice_cookie(sentence: &str) -> Cookie<'static> {
    let packed: String = sentence.bytes().map(|byte| format!("{byte:02x}")).collect();
    Cookie::build(NOTICE_COOKIE, packed).path("/").http_only(true).same_site(SameSite::Lax).finish()
}

fn unpack(packed: &str) -> Option<String> {
    if packed.len() > 2000 || !packed.is_ascii() {
        return None;
    }
    let bytes = packed
        .as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok()));
    String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()
}

fn lasting(installation: &Installation) -> TimeDelta {
    TimeDelta::hours(i64::from(installation.config.server.session_hours.max(1)))
}

fn cookie(installation: &Installation, name: &'static str, value: String) -> Cookie<'static> {
    let secure = installation.config.server.public_url.starts_with("https://");
    Cookie::build(name, value).path("/").http_only(true).same_site(SameSite::Lax).secure(secure).finish()
}
