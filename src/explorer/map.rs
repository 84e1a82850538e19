//! The map of products: drawn by a job and kept beside the model, looked at as points, and read as a table.

use super::answer::answer;
use super::ask::{self, Asked, Choice, model_choices};
use super::lookout::{Lookout, internal};
use super::show::{Card, card};
use crate::auth::{Analyst, Marketer};
use crate::ids::ModelId;
use crate::installation::Installation;
use crate::jobs::{JobError, JobProgress, JobResult};
use crate::picker::catalogue::Catalogue;
use crate::picker::ledger::Standing;
use crate::picker::nearness;
use crate::progress::Progress;
use crate::recommender::Resources;
use crate::recommender::map::{self, MapError};
use crate::store::id_lists::{self, ListKind};
use crate::store::jobs::{self, Job, NewJob};
use crate::store::model_choices as choices;
use crate::store::models::{self, StoredModel};
use crate::web::{self, Form, Page, Shell, WebError};
use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use askama::Template;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// The job's kind.
pub const JOB: &str = "map";

const OFFERED: i64 = 30;
/// Lines of the table: those that sell best.
const LINES: usize = 100;
const NEIGHBOURS: usize = 3;

#[derive(Debug, Serialize, Deserialize)]
struct Request {
    model: ModelId,
}

/// A map on disk. The products with their places from −1 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Drawn {
    products: Vec<String>,
    places: Vec<[f32; 2]>,
}

fn file(installation: &Installation, model: &StoredModel) -> PathBuf {
    installation.folder.models(installation.shop_id()).join(format!("{}.map.json", model.file))
}

fn read(installation: &Installation, model: &StoredModel) -> Result<Option<Drawn>, WebError> {
    match std::fs::read(file(installation, model)) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(internal(error)),
    }
}

/// The body of the job: the products for sale that the model knows, laid out by what it holds to be alike.
pub fn job(installation: &Installation, job: &Job, progress: &JobProgress) -> JobResult {
    let failed = |error: &dyn std::fmt::Display| JobError::Failed(error.to_string());
    let request: Request = serde_json::from_str(&job.payload).map_err(|error| failed(&error))?;
    let shop = installation.shop_id();
    let found = installation.store.read(|conn| models::by_id(conn, shop, request.model));
    let stored = found.map_err(|error| JobError::Again(error.to_string()))?;
    let stored = stored.ok_or_else(|| failed(&"the model does not exist any more"))?;
    // Read for itself: a job must not push out what people look at.
    let lookout = Lookout::default();
    let live = lookout.model(installation, &stored).map_err(|error| failed(&error))?;
    let standing = lookout.standing(installation, None).map_err(|error| failed(&error))?;
    let catalogue = &standing.ledger.catalogue;
    let known = catalogue.products().iter().filter(|product| product.active);
    let items: Vec<u32> = known.filter_map(|product| live.products.number(&product.id)).collect();
    let vectors = nearness::vectors(&live, &items, progress).ok_or(JobError::Cancelled)?;
    let rows = || vectors.chunks_exact(nearness::LENGTH);
    let is_said = |row: &&[f32]| row.iter().any(|value| *value != 0.0);
    let products: Vec<String> = (items.iter().zip(rows()))
        .filter(|(_, row)| is_said(row))
        .map(|(&item, _)| live.products.id(item).to_owned())
        .collect();
    let vectors: Vec<f32> = rows().filter(is_said).flatten().copied().collect();
    let training = &installation.config.training;
    let resources = Resources {
        seed: training.seed,
        max_memory_bytes: u64::from(training.max_memory_mb) << 20,
        progress,
    };
    let drawn = map::map(&vectors, nearness::LENGTH, &resources).map_err(|error| match error {
        MapError::Cancelled => JobError::Cancelled,
        error => failed(&error),
    })?;
    progress.phase("Keeping the map", None);
    let count = products.len();
    keep(&file(installation, &stored), &Drawn { products, places: drawn.places })
        .map_err(|error| failed(&error))?;
    Ok(serde_json::json!({ "page": format!("/explorer/map?model={}", stored.id), "products": count }))
}

/// Beside the file first, then renamed: a reader sees the whole map or none.
fn keep(path: &std::path::Path, drawn: &Drawn) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(std::path::Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&mut new, drawn)?;
    new.as_file().sync_all()?;
    new.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[derive(Template)]
#[template(path = "explorer/map.html")]
struct MapPage {
    shell: Shell,
    models: Vec<Choice>,
    model: ModelId,
    /// False for ways that show everybody the same: there is nothing to lay out.
    is_personal: bool,
    job: Option<String>,
    drawn: Option<usize>,
    lines: Vec<Line>,
    /// What the points are coloured by.
    colour: String,
}

struct Line {
    card: Card,
    category: String,
    near: Vec<Card>,
}

/// GET /explorer/map?model=…
pub async fn show(
    Analyst(who): Analyst,
    asked: Query<Asked>,
    installation: Data<Arc<Installation>>,
    lookout: Data<Lookout>,
) -> Page {
    answer(&who, &installation, lookout, asked, look).await
}

/// The model that was asked for, or the one in use.
fn asked_for(installation: &Installation, id: &str) -> Result<StoredModel, WebError> {
    if !id.trim().is_empty() {
        return ask::model(installation, id);
    }
    let in_use = installation.store.read(|conn| choices::in_use(conn, installation.shop_id()))?;
    in_use.ok_or_else(|| {
        WebError::NotFound(
            "There is no model yet whose map could be drawn. Train one on the page “Models”.".into(),
        )
    })
}

fn look(
    installation: &Installation,
    lookout: &Lookout,
    shell: Shell,
    asked: &Asked,
) -> Result<MapPage, WebError> {
    let stored = asked_for(installation, &asked.model)?;
    let shop = installation.shop_id();
    let (offered, jobs) = installation
        .store
        .read(|conn| Ok((models::latest(conn, shop, OFFERED)?, jobs::unfinished(conn, shop, JOB)?)))?;
    let live = lookout.model(installation, &stored)?;
    let standing = lookout.standing(installation, None)?;
    let drawn = read(installation, &stored)?;
    Ok(MapPage {
        models: model_choices(installation, &offered, stored.id)?,
        model: stored.id,
        is_personal: live.model.is_personal(),
        job: jobs.first().map(|job| job.id.to_string()),
        lines: drawn.as_ref().map(|drawn| lines(installation, &standing, drawn)).unwrap_or_default(),
        drawn: drawn.map(|drawn| drawn.products.len()),
        colour: asked.colour.clone(),
        shell,
    })
}

/// What sells best, each with its nearest on the map.
fn lines(installation: &Installation, standing: &Standing, drawn: &Drawn) -> Vec<Line> {
    let (catalogue, sales) = (&standing.ledger.catalogue, &standing.activity.sales);
    let mut known: Vec<(u32, [f32; 2])> = (drawn.products.iter().zip(&drawn.places))
        .filter_map(|(id, place)| Some((catalogue.number(id)?, *place)))
        .collect();
    known.sort_by(|a, b| sales[b.0 as usize].total_cmp(&sales[a.0 as usize]).then(a.0.cmp(&b.0)));
    let line = |&(number, place): &(u32, [f32; 2])| {
        let distance = |other: [f32; 2]| (other[0] - place[0]).powi(2) + (other[1] - place[1]).powi(2);
        let mut others: Vec<(f32, u32)> =
            known.iter().filter(|one| one.0 != number).map(|one| (distance(one.1), one.0)).collect();
        others.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let product = catalogue.product(number);
        Line {
            card: card(installation, product),
            category: product.category.clone().unwrap_or_default(),
            near: others
                .iter()
                .take(NEIGHBOURS)
                .map(|&(_, near)| card(installation, catalogue.product(near)))
                .collect(),
        }
    };
    known.iter().take(LINES).map(line).collect()
}

/// The points for the browser's drawing, column by column.
#[derive(Default, Serialize)]
struct Points {
    ids: Vec<String>,
    titles: Vec<String>,
    images: Vec<Option<String>>,
    prices: Vec<String>,
    x: Vec<f32>,
    y: Vec<f32>,
    /// Of the widest category and of the brand; empty where the shop does not say.
    categories: Vec<String>,
    brands: Vec<String>,
    amounts: Vec<Option<f64>>,
    sales: Vec<f64>,
}

/// GET /explorer/map.json?model=…
pub async fn points(
    Analyst(_): Analyst,
    asked: Query<Asked>,
    installation: Data<Arc<Installation>>,
    lookout: Data<Lookout>,
) -> Page {
    let installation = installation.get_ref().clone();
    let points = web::blocking(move || {
        let stored = asked_for(&installation, &asked.model)?;
        let standing = lookout.standing(&installation, None)?;
        let drawn = read(&installation, &stored)?
            .ok_or_else(|| WebError::NotFound("This model's map is not drawn yet.".into()))?;
        Ok(of_drawn(&installation, &standing, &drawn))
    })
    .await?;
    Ok(HttpResponse::Ok().json(points))
}

fn of_drawn(installation: &Installation, standing: &Standing, drawn: &Drawn) -> Points {
    let catalogue: &Catalogue = &standing.ledger.catalogue;
    let mut points = Points::default();
    for (id, place) in drawn.products.iter().zip(&drawn.places) {
        let Some(number) = catalogue.number(id) else { continue };
        let product = catalogue.product(number);
        let shown = card(installation, product);
        points.ids.push(shown.id);
        points.titles.push(shown.title);
        points.images.push(shown.image);
        points.prices.push(shown.price);
        points.x.push(place[0]);
        points.y.push(place[1]);
        points.categories.push(catalogue.department_of(number).unwrap_or_default().to_owned());
        points.brands.push(product.brand.clone().unwrap_or_default());
        points.amounts.push(product.price.map(|price| price.as_f64()));
        points.sales.push(standing.activity.sales[number as usize]);
    }
    points
}

/// POST /explorer/map/draw: queues the drawing, or leads to the one that is queued already.
pub async fn draw(Marketer(who): Marketer, installation: Data<Arc<Installation>>, form: Form) -> Page {
    form.check(&who)?;
    let model = form.text("model").to_owned();
    let installation = installation.get_ref().clone();
    let page = web::blocking(move || {
        let stored = ask::model(&installation, &model)?;
        let (shop, now) = (installation.shop_id(), installation.now());
        let payload = serde_json::json!(Request { model: stored.id }).to_string();
        installation.store.write(|conn| {
            if !jobs::unfinished(conn, shop, JOB)?.is_empty() {
                return Ok(());
            }
            let new = NewJob {
                shop,
                kind: JOB,
                payload: &payload,
                max_attempts: 2,
                run_after: now,
                created_by: Some(who.account.id),
            };
            jobs::queue(conn, &new, now).map(|_| ())
        })?;
        Ok(format!("/explorer/map?model={}", stored.id))
    })
    .await?;
    web::go_to_with(&page, "The map is being drawn. This page shows how far it is.")
}

/// POST /explorer/map/list: what was chosen on the map becomes a list of products for campaigns.
pub async fn list(
    Marketer(who): Marketer,
    installation: Data<Arc<Installation>>,
    lookout: Data<Lookout>,
    form: Form,
) -> Page {
    form.check(&who)?;
    let installation = installation.get_ref().clone();
    let (name, model) = (form.text("name").to_owned(), form.text("model").to_owned());
    let mut ids: Vec<String> = form.all("product").map(str::to_owned).collect();
    ids.extend(form.text("products").lines().map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()));
    ids.sort_unstable();
    ids.dedup();
    if name.is_empty() || name.chars().count() > 100 {
        return Err(WebError::BadInput("Give the list a name of 1 to 100 letters.".into()));
    }
    if ids.is_empty() {
        return Err(WebError::BadInput(
            "Choose products first: on the map, or in the table below it.".into(),
        ));
    }
    let sentence = web::blocking(move || {
        let standing = lookout.standing(&installation, None)?;
        if let Some(unknown) = ids.iter().find(|id| standing.ledger.catalogue.number(id).is_none()) {
            return Err(WebError::BadInput(format!("The shop has no product “{unknown}”.")));
        }
        let (shop, now) = (installation.shop_id(), installation.now());
        let by = Some(who.account.id);
        installation
            .store
            .write(|conn| id_lists::add(conn, shop, ListKind::Products, &name, &ids, by, now).map(|_| ()))?;
        Ok(format!(
            "The list “{name}” is made, with {} of the shop's products. Choose it in a campaign's step “Products”.",
            web::whole(ids.len() as i64)
        ))
    })
    .await?;
    web::go_to_with(&format!("/explorer/map?model={}", web::encode(&model)), &sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_read_back_as_it_was_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("model.map.json");
        let drawn =
            Drawn { products: vec!["a b".into(), "ü".into()], places: vec![[0.5, -1.0], [0.0, 0.25]] };
        keep(&path, &drawn).expect("it is written");
        let bytes = std::fs::read(&path).expect("it is there");
        assert_eq!(serde_json::from_slice::<Drawn>(&bytes).expect("it is whole"), drawn);
    }
}
