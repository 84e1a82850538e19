//! The models page: what was learned, how good it is beside best-sellers, and the button that learns anew.

use super::race::Race;
use super::verdict::ENOUGH_CUSTOMERS;
use super::{JOB, Request};
use crate::auth::{Analyst, Marketer};
use crate::installation::Installation;
use crate::store::jobs::{self, NewJob};
use crate::store::model_choices;
use crate::store::models::{self, StoredModel};
use crate::web::ways::{self, Ways};
use crate::web::{self, Form, Page, Section, Shell, WebError};
use actix_web::web::Data;
use askama::Template;
use std::sync::Arc;

const MODELS_SHOWN: i64 = 20;

#[derive(Template)]
#[template(path = "training/models.html")]
struct Models {
    shell: Shell,
    /// The queued or running training, if there is one.
    job: Option<String>,
    models: Vec<Shown>,
    ways: Ways,
}

struct Shown {
    name: &'static str,
    verdict: String,
    badge: &'static str,
    badge_text: &'static str,
    trained_at: String,
    cut_at: String,
    seconds: String,
    /// Label, the model's figure, best-sellers'.
    figures: Vec<(&'static str, String, String)>,
    race: Option<Race>,
}

/// GET /models
pub async fn list(Analyst(who): Analyst, installation: Data<Arc<Installation>>) -> Page {
    let shell = Shell::new(&installation, &who, Section::Models);
    let installation = installation.get_ref().clone();
    let page = web::blocking(move || look(&installation, shell)).await?;
    web::page(&page)
}

/// POST /models/train: queues a training, or leads to the one that is queued already.
pub async fn train(Marketer(who): Marketer, installation: Data<Arc<Installation>>, form: Form) -> Page {
    form.check(&who)?;
    let model = form.text("model").to_owned();
    if !ways::is_offered(&model) {
        return Err(WebError::BadInput(format!("“{model}” is not a model. Choose one of the list.")));
    }
    let payload = serde_json::json!(Request { model, ..Request::default() }).to_string();
    let installation = installation.get_ref().clone();
    web::blocking(move || {
        let (shop, now) = (installation.shop_id(), installation.now());
        installation.store.write(|conn| {
            if !jobs::unfinished(conn, shop, JOB)?.is_empty() {
                return Ok(());
            }
            let new = NewJob {
                shop,
                kind: JOB,
                payload: &payload,
                max_attempts: 3,
                run_after: now,
                created_by: Some(who.account.id),
            };
            jobs::queue(conn, &new, now).map(|_| ())
        })?;
        Ok(())
    })
    .await?;
    web::go_to_with("/models", "The training is queued. This page shows how far it is.")
}

fn look(installation: &Installation, shell: Shell) -> Result<Models, WebError> {
    let shop = installation.shop_id();
    let (stored, job, decided) = installation.store.read(|conn| {
        let job = jobs::unfinished(conn, shop, JOB)?.first().map(|job| job.id.to_string());
        Ok((models::trained(conn, shop, MODELS_SHOWN)?, job, model_choices::chosen(conn, shop)?))
    })?;
    let zone = installation.zone();
    let usable: Vec<_> = stored.iter().filter(|model| model.unreadable.is_none()).cloned().collect();
    let ways = ways::ways(&usable, "auto").decided(decided.as_ref());
    let models = stored.into_iter().map(|model| shown(model, zone)).collect();
    Ok(Models { shell, job, models, ways })
}

fn shown(model: StoredModel, zone: chrono_tz::Tz) -> Shown {
    let name = web::model_name(&model.kind);
    let metrics: serde_json::Value = serde_json::from_str(&model.metrics).unwrap_or_default();
    let customers = metrics["test_customers"].as_u64().unwrap_or_default();
    let figure = |label, key: &str| {
        let share = |who: &str| metrics[who][key].as_f64().map(web::percent).unwrap_or_default();
        (label, share("model"), share("popular"))
    };
    let figures = [
        figure("Customers with a right pick", "hit_rate"),
        figure("Purchases found", "recall"),
        figure("Products ever picked", "coverage"),
    ];
    let (badge, badge_text) = match (model.beats_popular, model.kind.as_str()) {
        _ if model.unreadable.is_some() => ("badge-warn", "Cannot be read, not used"),
        (true, _) => ("badge-ok", "Better than best-sellers"),
        (_, "popular") => ("badge-neutral", "Best-sellers"),
        _ if customers < ENOUGH_CUSTOMERS as u64 => ("badge-neutral", "Not measured"),
        _ => ("badge-warn", "Not better"),
    };
    Shown {
        name,
        verdict: model.verdict,
        badge,
        badge_text,
        trained_at: web::date_time(model.trained_at, zone),
        cut_at: web::date(model.cut_at, zone),
        seconds: web::decimal(model.train_ms as f64 / 1000.0, 1),
        figures: if customers > 0 { figures.into() } else { Vec::new() },
        race: Race::of(&metrics, &model.kind),
    }
}
