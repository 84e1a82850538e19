//! What every request passes and every answer carries: the refusal of other sites' forms, and security headers.

use super::WebError;
use crate::installation::Installation;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse};
use std::sync::Arc;

/// Pictures come from wherever the shop keeps them; everything else only from here, and nothing inline. A handler that
/// shows what is no page of ours, an e-mail, brings its own.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' http: https: data:; \
    font-src 'self'; connect-src 'self'; manifest-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; \
    base-uri 'none'";

pub async fn headers(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ] {
        if !headers.contains_key(name) {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}

/// Refuses what another site's page sends in a signed-in person's name. The token in each form is the first wall;
/// this is the second.
pub async fn same_site(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    if request.method().is_safe() || is_own(&request) {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    tracing::warn!("refused a form from another site");
    Ok(request.into_response(HttpResponse::from_error(WebError::BadToken)))
}

fn is_own(request: &ServiceRequest) -> bool {
    let text = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    // Scripts send neither header: the form's token decides.
    let Some(origin) = text("origin") else { return true };
    let public = request
        .app_data::<Data<Arc<Installation>>>()
        .map(|installation| installation.config.server.public_url.trim_end_matches('/').to_owned())
        .unwrap_or_default();
    let host = text("host").unwrap_or_default();
    let origin_host = origin.split_once("://").map_or("", |(_, host)| host);
    (!public.is_empty() && origin == public) || (!host.is_empty() && origin_host == host)
}
