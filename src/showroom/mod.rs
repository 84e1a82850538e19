//! The sample shop's product pictures, drawn when a page asks for them.
//!
//! It looks nothing up: the address says all, so that a picture is the same for whoever may see it.

use crate::sample_shop;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, web};

/// `/sample-shop/images/{shape}/{id}.svg`
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
