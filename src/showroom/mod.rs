//! Products' pictures: Handpick's copies of the shop's, which of them are missing, and the sample shop's, drawn when a
//! page asks for them.

mod copies;
mod pages;

pub use copies::{Queue, copy};
pub use pages::{JOB, fetch, job, show};

use crate::sample_shop;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, web};

/// The address says all: nothing is looked up. `/sample-shop/images/{shape}/{id}.svg`
pub async fn image(path: web::Path<(String, String)>) -> HttpResponse {
    let (shape, id) = path.into_inner();
    match sample_shop::picture(&shape, &id) {
        Some(svg) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "image/svg+xml"))
            .insert_header((CACHE_CONTROL, "public, max-age=86400"))
            .body(svg),
        None => HttpResponse::NotFound().finish(),
    }
}
