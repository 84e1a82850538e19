//! The pictures' copies, for whoever has a sealed address: pages, and mail programs of people who sign in nowhere.

use crate::installation::Installation;
use crate::pictures::{self, Pictures};
use crate::web;
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Data, Path};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Pictures fetched at a time: a slow server of theirs must not keep people here waiting for pages.
const AT_ONCE: u32 = 8;
const PAUSE: Duration = Duration::from_millis(100);
/// So many pauses, then there is no picture this time.
const PATIENCE: u32 = 150;

/// How many are being fetched.
#[derive(Default)]
pub struct Queue(AtomicU32);

/// Gives the place back when it is dropped, however the work ends.
struct Turn<'a>(&'a AtomicU32);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Queue {
    async fn turn(&self) -> Option<Turn<'_>> {
        for _ in 0..PATIENCE {
            let taken = self
                .0
                .fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| (now < AT_ONCE).then_some(now + 1));
            if taken.is_ok() {
                return Some(Turn(&self.0));
            }
            actix_web::rt::time::sleep(PAUSE).await;
        }
        None
    }
}

/// GET /p/{token}.jpg
pub async fn copy(
    token: Path<String>,
    installation: Data<Arc<Installation>>,
    pictures: Data<Pictures>,
    queue: Data<Queue>,
) -> HttpResponse {
    let Some(url) = pictures::url_of(&installation, &token) else { return HttpResponse::NotFound().finish() };
    if !installation.config.pictures.fetch {
        return HttpResponse::NotFound().finish();
    }
    let (pictures, now) = (pictures.into_inner(), installation.now());
    if let Some(copy) = pictures.here(&url, now) {
        return jpeg(copy, "public, max-age=604800");
    }
    let Some(_turn) = queue.turn().await else { return jpeg(pictures::placeholder(), "no-store") };
    let found = web::blocking(move || Ok(pictures.copy(&url, now))).await;
    match found {
        Ok(Ok(copy)) => jpeg(copy, "public, max-age=604800"),
        // Where a picture is missing, something quiet stands in its place.
        Ok(Err(_)) | Err(_) => jpeg(pictures::placeholder(), "public, max-age=3600"),
    }
}

fn jpeg(bytes: Vec<u8>, keep: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "image/jpeg"))
        .insert_header((CACHE_CONTROL, keep))
        .body(bytes)
}
