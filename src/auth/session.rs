//! Sign-in sessions: a random token in a cookie, its hash in the store.

use super::extract::{Refusal, SignedIn};
use crate::installation::Installation;
use actix_web::HttpRequest;

/// Whose request this is.
pub fn of_request(_installation: &Installation, _request: &HttpRequest) -> Result<SignedIn, Refusal> {
    Err(Refusal::NotSignedIn)
}
