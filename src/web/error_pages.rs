//! Every error becomes a page with the sentence and what to do; under `/api`, JSON with the same sentence.

use super::{Section, Shell, WebError};
use crate::auth::{Refusal, session};
use crate::installation::Installation;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpRequest, HttpResponse};
use askama::Template;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "web/error.html")]
struct ErrorPage {
    shell: Shell,
    code: u16,
    title: &'static str,
    sentence: String,
}

#[derive(Template)]
#[template(path = "web/error_plain.html")]
struct PlainErrorPage {
    title: &'static str,
    sentence: String,
    code: u16,
}

impl PlainErrorPage {
    fn asset(&self, path: &str) -> String {
        super::assets::url(path)
    }
}

/// Middleware: replaces the bare answer of an error and clears a notice once it was shown.
pub async fn error_pages(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let is_page = request.method() == "GET" && !request.headers().contains_key("hx-request");
    let response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    if response.response().error().is_some() || (status.is_client_error() && is_bare(&response)) {
        let answer = answer(&response, status);
        let (request, old) = response.into_parts();
        if let Some(error) = old.error().filter(|_| status.is_server_error()) {
            tracing::error!(%error, "internal error");
        }
        return Ok(ServiceResponse::new(request, answer));
    }
    let shown =
        is_page && status == StatusCode::OK && response.request().cookie(session::NOTICE_COOKIE).is_some();
    if shown && is_html(&response) {
        let mut response = response;
        let mut gone = session::notice_cookie("");
        gone.make_removal();
        response.response_mut().add_cookie(&gone).unwrap_or(());
        return Ok(response);
    }
    Ok(response)
}

fn is_html(response: &ServiceResponse<BoxBody>) -> bool {
    let kind = response.headers().get("content-type").and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}

/// An error answer of the framework's own has no page.
fn is_bare(response: &ServiceResponse<BoxBody>) -> bool {
    !is_html(response) && !response.headers().contains_key("content-disposition")
}

fn answer(response: &ServiceResponse<BoxBody>, status: StatusCode) -> HttpResponse {
    let request = response.request();
    let error = response.response().error();
    let refusal = error.and_then(|error| error.as_error::<Refusal>());
    let json = request.path().starts_with("/api/");
    if matches!(refusal, Some(Refusal::NotSignedIn)) && !json {
        return to_sign_in(request);
    }
    let sentence = match (refusal, error.and_then(|error| error.as_error::<WebError>())) {
        (Some(Refusal::NotSignedIn), _) => "Sign in first.".to_owned(),
        (Some(Refusal::NotAllowed), _) => {
            "Your role does not allow this. Ask an owner or admin of this Handpick.".to_owned()
        }
        (Some(Refusal::NoKey), _) => {
            "Send a key that may read this, as “Authorization: Bearer …”. An admin makes keys on the page Accounts."
                .to_owned()
        }
        (_, Some(error)) if !matches!(error, WebError::Internal(_)) => error.to_string(),
        _ => general(status).to_owned(),
    };
    let mut answer = HttpResponse::build(status);
    if json {
        if status == StatusCode::UNAUTHORIZED {
            answer.insert_header(("WWW-Authenticate", "Bearer"));
        }
        return answer.json(serde_json::json!({ "error": sentence }));
    }
    answer.content_type("text/html; charset=utf-8").body(page(request, status, sentence))
}

fn page(request: &HttpRequest, status: StatusCode, sentence: String) -> String {
    let (code, title) = (status.as_u16(), title(status));
    let who = request
        .app_data::<Data<Arc<Installation>>>()
        .and_then(|installation| Some((installation, session::of_request(installation, request).ok()?)));
    let html = match who {
        Some((installation, who)) => ErrorPage {
            shell: Shell::new(installation, &who, Section::Nowhere),
            code,
            title,
            sentence: sentence.clone(),
        }
        .render(),
        None => PlainErrorPage { title, sentence: sentence.clone(), code }.render(),
    };
    html.unwrap_or(sentence)
}

/// After signing in, a page that was asked for is shown; a form that was sent is not sent again.
fn to_sign_in(request: &HttpRequest) -> HttpResponse {
    let asked = request.uri().path_and_query().map_or("/", |asked| asked.as_str());
    let address =
        if request.method() == "GET" && asked != "/" && !request.headers().contains_key("hx-request") {
            let encoded = super::encode(asked);
            format!("/sign-in?next={encoded}")
        } else {
            "/sign-in".to_owned()
        };
    if request.headers().contains_key("hx-request") {
        return HttpResponse::Unauthorized().insert_header(("HX-Redirect", address)).finish();
    }
    HttpResponse::SeeOther().insert_header(("Location", address)).finish()
}

fn title(status: StatusCode) -> &'static str {
    match status.as_u16() {
        403 => "Not allowed",
        404 => "Not found",
        409 => "Changed by somebody else",
        413 => "Too large",
        422 | 400 => "That does not work",
        429 => "Too many tries",
        500.. => "Something went wrong",
        _ => "That did not work",
    }
}

fn general(status: StatusCode) -> &'static str {
    match status.as_u16() {
        404 => "There is nothing at this address. Check it, or start from the dashboard.",
        413 => "What was sent is larger than this page takes. Send less at once.",
        400..=499 => "The request could not be understood. Go back and try again.",
        _ => {
            "Handpick could not finish this. Nothing was changed; the log has the details. Try again in a moment."
        }
    }
}
