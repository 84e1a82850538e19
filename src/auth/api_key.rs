//! Who a program is: a key in the `Authorization` header, its hash in the store, and one kind of question that it may ask.

use super::extract::Refusal;
use super::token;
use crate::ids::{AccountId, KeyId};
use crate::installation::Installation;
use crate::store::{StoreError, StoreResult, api_keys, audit};
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use chrono::TimeDelta;
use std::future::{Ready, ready};
use std::sync::Arc;

/// What a key may that reads reports.
const REPORTS: &str = "reports";

/// By the first letters, people who find a key in a file know what it opens.
const PREFIX: &str = "hp_";

/// When a key was last used is written down in steps of this, so that most requests only read.
const SEEN_EVERY_MINUTES: i64 = 5;

/// A program that may read reports.
#[derive(Debug, Clone, Copy)]
pub struct ReportsKey(pub KeyId);

impl FromRequest for ReportsKey {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(of_request(request, REPORTS).map(Self))
    }
}

fn of_request(request: &HttpRequest, scope: &str) -> Result<KeyId, Refusal> {
    let installation = request
        .app_data::<web::Data<Arc<Installation>>>()
        .ok_or_else(|| Refusal::Internal("no installation".into()))?;
    let value = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, key) = value.and_then(|value| value.split_once(' ')).ok_or(Refusal::NoKey)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::NoKey);
    }
    let (hash, now) = (token::hash(key.trim()), installation.now());
    let internal = |error: StoreError| Refusal::Internal(error.to_string());
    let found = installation
        .store
        .read(|conn| api_keys::open(conn, installation.shop_id(), &hash))
        .map_err(internal)?
        .ok_or(Refusal::NoKey)?;
    if found.scope != scope {
        return Err(Refusal::NotAllowed);
    }
    let is_fresh = found.last_used_at.is_some_and(|at| now - at < TimeDelta::minutes(SEEN_EVERY_MINUTES));
    if !is_fresh {
        installation.store.write(|conn| api_keys::used(conn, found.id, now)).map_err(internal)?;
    }
    Ok(found.id)
}

/// A new key with which the program called `name` reads reports. It is told this once: only its hash is kept.
pub fn make_reports_key(
    installation: &Installation,
    name: &str,
    by: Option<AccountId>,
) -> StoreResult<String> {
    let key = format!("{PREFIX}{}", token::random());
    let (shop, now) = (installation.shop_id(), installation.now());
    installation.store.write(|conn| {
        let id = api_keys::add(conn, shop, (name, REPORTS, &token::hash(&key)), by, now)?;
        audit::note(conn, shop, by, "made", &format!("key {id}"), now)
    })?;
    Ok(key)
}
