//! Which products have no picture that can be shown, and why; and a job that fetches all of them.

use crate::auth::{Analyst, Marketer};
use crate::history::{History, HistoryError};
use crate::installation::Installation;
use crate::jobs::{JobError, JobProgress, JobResult};
use crate::pictures::Pictures;
use crate::progress::Progress;
use crate::records::Product;
use crate::store::jobs::{self, Job, NewJob};
use crate::web::{self, Form, Page, Section, Shell, WebError};
use actix_web::web::Data;
use askama::Template;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// The job's kind in the queue; its payload is nothing.
pub const JOB: &str = "pictures";
/// Asked at a time: pictures lie on few servers.
const AT_ONCE: usize = 4;
/// Products that the page names.
const NAMED: usize = 100;

#[derive(Template)]
#[template(path = "showroom/pictures.html")]
struct PicturesPage {
    shell: Shell,
    is_on: bool,
    job: Option<String>,
    facts: Vec<(&'static str, String)>,
    /// Id, title and why.
    missing: Vec<(String, String, String)>,
    more: String,
}

fn products(installation: &Installation) -> Result<Vec<Product>, HistoryError> {
    let snapshot = History::open(&installation.folder.history(installation.shop_id()))?.snapshot()?;
    let mut products = snapshot.products()?;
    products.retain(|product| product.active);
    Ok(products)
}

fn address(product: &Product) -> Option<&str> {
    product.image.as_deref().map(str::trim).filter(|url| !url.is_empty())
}

/// GET /shop/pictures
pub async fn show(
    Analyst(who): Analyst,
    installation: Data<Arc<Installation>>,
    pictures: Data<Pictures>,
) -> Page {
    let shell = Shell::new(&installation, &who, Section::Shop);
    let (installation, pictures) = (installation.get_ref().clone(), pictures.into_inner());
    let page = web::blocking(move || look(&installation, &pictures, shell)).await?;
    web::page(&page)
}

fn look(installation: &Installation, pictures: &Pictures, shell: Shell) -> Result<PicturesPage, WebError> {
    let products = products(installation).map_err(|error| WebError::Internal(error.to_string()))?;
    let is_on = installation.config.pictures.fetch;
    let job = installation.store.read(|conn| jobs::unfinished(conn, installation.shop_id(), JOB))?;
    let (mut here, mut untried, mut none) = (0, 0, 0);
    let mut missing = Vec::new();
    for product in &products {
        let why = match address(product) {
            None => {
                none += 1;
                "the shop names no picture".to_owned()
            }
            Some(_) if !is_on => continue,
            Some(url) if pictures.is_here(url) => {
                here += 1;
                continue;
            }
            Some(url) => match pictures.missing(url) {
                Some(missing) => missing.why,
                None => {
                    untried += 1;
                    continue;
                }
            },
        };
        missing.push((product.id.clone(), product.title.clone(), why));
    }
    let count = |number: usize| web::whole(number as i64);
    let mut facts =
        vec![("products for sale", count(products.len())), ("without a picture's address", count(none))];
    if is_on {
        let failed = missing.len() - none;
        facts.extend([
            ("copies here", count(here)),
            ("cannot be had", count(failed)),
            ("not tried yet", count(untried)),
        ]);
    }
    let more = missing.len().saturating_sub(NAMED);
    missing.truncate(NAMED);
    let more = if more > 0 { format!("… and {} more.", count(more)) } else { String::new() };
    Ok(PicturesPage { shell, is_on, job: job.first().map(|job| job.id.to_string()), facts, missing, more })
}

/// POST /shop/pictures/fetch
pub async fn fetch(Marketer(who): Marketer, form: Form, installation: Data<Arc<Installation>>) -> Page {
    form.check(&who)?;
    if !installation.config.pictures.fetch {
        return Err(WebError::Conflict(
            "Fetching pictures is off; an admin turns it on in [pictures].".into(),
        ));
    }
    let (shop, now) = (installation.shop_id(), installation.now());
    installation.store.write(|conn| {
        if jobs::unfinished(conn, shop, JOB)?.is_empty() {
            let created_by = Some(who.account.id);
            let new = NewJob { shop, kind: JOB, payload: "{}", max_attempts: 2, run_after: now, created_by };
            jobs::queue(conn, &new, now)?;
        }
        Ok(())
    })?;
    web::go_to_with(
        "/shop/pictures",
        "The pictures are being fetched. You can leave this page; the work goes on.",
    )
}

/// The job *pictures*: a copy of every product's picture that has none yet.
pub fn job(installation: &Installation, _: &Job, progress: &JobProgress) -> JobResult {
    let folder = installation.folder.pictures(installation.shop_id());
    let pictures = Pictures::new(folder, &installation.config.pictures);
    let products = products(installation).map_err(|error| JobError::Failed(error.to_string()))?;
    let urls: Vec<&str> = products.iter().filter_map(address).filter(|url| url.starts_with("http")).collect();
    progress.phase("Fetching pictures", Some(urls.len() as u64));
    let (next, failed) = (AtomicUsize::new(0), AtomicU64::new(0));
    let now = installation.now();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(url) = urls.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if progress.cancelled() {
                        return;
                    }
                    failed.fetch_add(u64::from(pictures.copy(url, now).is_err()), Ordering::Relaxed);
                    progress.advance(1);
                }
            });
        }
    });
    if progress.cancelled() {
        return Err(JobError::Cancelled);
    }
    let failed = failed.into_inner();
    Ok(
        serde_json::json!({ "page": "/shop/pictures", "pictures": urls.len() as u64 - failed, "failed": failed }),
    )
}
