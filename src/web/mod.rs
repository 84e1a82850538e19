//! What every page shares: the shell around it, forms with CSRF protection, uploads, errors, assets.

pub mod assets;
pub mod colour;
mod error;
mod error_pages;
mod form;
mod log;
mod rule_words;
mod shell;
mod show;
mod trace_words;
mod upload;
pub mod wall;
pub mod ways;

pub use assets::routes as asset_routes;
pub use error::WebError;
pub use error_pages::error_pages;
pub use form::Form;
pub use log::log_request;
pub use rule_words::rule_in_words;
pub use shell::{Section, Shell};
pub use show::{date, date_time, decimal, encode, job_title, money, percent, whole};
pub use trace_words::{TraceWords, trace_in_words};
pub use upload::{Upload, UploadedFile};
pub use ways::model_name;

use actix_web::HttpResponse;
use askama::Template;

/// What a page handler answers.
pub type Page = Result<HttpResponse, WebError>;

/// Renders `template` as an HTML page.
pub fn page(template: &impl Template) -> Page {
    let html = template.render().map_err(|error| WebError::Internal(error.to_string()))?;
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(html))
}

/// After a form was accepted: the browser goes to `path` (GET).
pub fn go_to(path: &str) -> Page {
    Ok(HttpResponse::SeeOther().insert_header(("Location", path)).finish())
}

/// The same, with one sentence that the page there shows.
pub fn go_to_with(path: &str, sentence: &str) -> Page {
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header(("Location", path)).cookie(crate::auth::session::notice_cookie(sentence));
    Ok(answer.finish())
}

/// Runs work that blocks (store, files) off the async workers.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, WebError> + Send + 'static,
) -> Result<T, WebError> {
    actix_web::web::block(work).await.map_err(|error| WebError::Internal(error.to_string()))?
}
