//! One table of what can go wrong on a page: code, status, sentence.

use crate::store::StoreError;
use actix_web::ResponseError;
use actix_web::http::StatusCode;

#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The sentence says what is not there.
    #[error("{0}")]
    NotFound(String),
    /// The sentence says what was wrong and what to do.
    #[error("{0}")]
    BadInput(String),
    /// The form was open too long, or was not ours.
    #[error("This form is no longer valid. Go back, reload the page and try again.")]
    BadToken,
    #[error("{0}")]
    Conflict(String),
    #[error("{0}")]
    TooLarge(String),
    #[error("{0}")]
    TooMany(String),
    /// The role does not allow it here.
    #[error("{0}")]
    NotAllowed(String),
    /// For the log; people see a general sentence with the request's id.
    #[error("{0}")]
    Internal(String),
}

impl From<StoreError> for WebError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Stale => Self::Conflict(error.to_string()),
            StoreError::Taken(_) => Self::BadInput(error.to_string()),
            _ => Self::Internal(error.to_string()),
        }
    }
}

impl ResponseError for WebError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::BadInput(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::BadToken => StatusCode::FORBIDDEN,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::NotAllowed(_) => StatusCode::FORBIDDEN,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}
