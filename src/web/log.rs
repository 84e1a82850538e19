//! One line in the log for each request: id, method, path, status, duration. Never the query, never a token.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use std::time::Instant;
use tracing::Instrument;

pub async fn log_request(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = format!("{:012x}", rand::random::<u64>() >> 16);
    let path = loggable(request.path()).to_owned();
    let span = tracing::info_span!("request", request = %id, method = %request.method(), path = %path);
    let started = Instant::now();
    async move {
        let mut response = next.call(request).await?;
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
        }
        let (status, duration_ms) = (response.status().as_u16(), started.elapsed().as_millis() as u64);
        // What went wrong was logged where the error became a page.
        if path.starts_with("/assets/") || path.ends_with("/progress") {
            tracing::debug!(status, duration_ms, "answered");
        } else {
            tracing::info!(status, duration_ms, "answered");
        }
        Ok(response)
    }
    .instrument(span)
    .await
}

/// The tokens of the set-up link and of links to a report open what is behind them: they do not belong in a file.
fn loggable(path: &str) -> &str {
    match path {
        path if path.starts_with("/setup/") => "/setup/…",
        path if path.starts_with("/r/") => "/r/…",
        path => path,
    }
}
