//! A form whose CSRF token was checked against the session before the handler sees it.

use super::WebError;
use crate::auth::{self, SignedIn};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use std::future::Future;
use std::pin::Pin;

/// The fields of a posted form, in order, names possibly repeated (checkboxes, rows).
#[derive(Debug, Clone, Default)]
pub struct Form {
    fields: Vec<(String, String)>,
}

impl Form {
    /// For tests and for forms that came as multipart.
    pub fn new(fields: Vec<(String, String)>) -> Self {
        Self { fields }
    }

    /// The first value of `name`, trimmed; empty when the form has none.
    pub fn text(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.trim())
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.trim())
    }

    pub fn is_checked(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field == name)
    }

    /// Refuses a form that does not carry the session's token in `csrf`.
    pub fn check(&self, who: &SignedIn) -> Result<(), WebError> {
        if auth::same(self.text("csrf"), &who.csrf) { Ok(()) } else { Err(WebError::BadToken) }
    }
}

impl FromRequest for Form {
    type Error = WebError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, WebError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let fields = actix_web::web::Form::<Vec<(String, String)>>::from_request(request, payload);
        Box::pin(async move {
            let fields = fields.await.map_err(|error| WebError::BadInput(error.to_string()))?;
            Ok(Self { fields: fields.into_inner() })
        })
    }
}
