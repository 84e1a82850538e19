//! Permission as a type: a handler that takes `Marketer` cannot be reached by anybody else.

use super::session;
use crate::installation::Installation;
use crate::store::accounts::{Account, Role};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, web};
use std::future::{Ready, ready};
use std::sync::Arc;

/// A signed-in account, with the token that its forms must carry.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub account: Account,
    pub csrf: String,
    /// What the page before wants said; empty for nothing.
    pub notice: String,
}

/// May look at everything that is not an admin's.
#[derive(Debug, Clone)]
pub struct Analyst(pub SignedIn);

/// May make campaigns.
#[derive(Debug, Clone)]
pub struct Marketer(pub SignedIn);

/// May manage accounts, the connection and the logs.
#[derive(Debug, Clone)]
pub struct Admin(pub SignedIn);

/// Why a request may not pass.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("not signed in")]
    NotSignedIn,
    #[error("not allowed")]
    NotAllowed,
    /// A program came without a key, or with one that opens nothing.
    #[error("no key")]
    NoKey,
    #[error("{0}")]
    Internal(String),
}

fn signed_in(request: &HttpRequest) -> Result<SignedIn, Refusal> {
    let installation = request
        .app_data::<web::Data<Arc<Installation>>>()
        .ok_or_else(|| Refusal::Internal("no installation".into()))?;
    session::of_request(installation, request)
}

macro_rules! extractor {
    ($name:ident, $may:expr) => {
        impl FromRequest for $name {
            type Error = Refusal;
            type Future = Ready<Result<Self, Refusal>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let may: fn(Role) -> bool = $may;
                ready(signed_in(request).and_then(|who| {
                    if may(who.account.role) { Ok(Self(who)) } else { Err(Refusal::NotAllowed) }
                }))
            }
        }
    };
}

extractor!(Analyst, |_| true);
extractor!(Marketer, Role::may_market);
extractor!(Admin, Role::may_administer);

impl FromRequest for SignedIn {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(signed_in(request))
    }
}

impl actix_web::ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotSignedIn | Self::NoKey => StatusCode::UNAUTHORIZED,
            Self::NotAllowed => StatusCode::FORBIDDEN,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}
