//! The models page: what was learned, how good it is beside best-sellers, and the button that learns anew.

use super::{JOB, Request};
use crate::auth::{Analyst, Marketer};
use crate::installation::Installation;
use crate::recommender::Params;
use crate::store::jobs::{self, NewJob};
use crate::store::models::{self, StoredModel};
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
    choices: Vec<(&'static str, &'static str, &'static str)>,
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

/// How Handpick came to choose the model.
struct Race {
    reason: String,
    /// The best first.
    ways: Vec<Way>,
}

/// One way of picking that was tried.
struct Way {
    name: &'static str,
    /// How good its lists were, of 100 for the best.
    quality: i64,
    /// Of 100 customers.
    found: i64,
    is_chosen: bool,
}

/// Kind and what it is good for, in plain words.
const CHOICES: [(&str, &str); 9] = [
    ("auto", "Tries all of them and their mixture on the last weeks, and keeps what did best."),
    ("blend", "Several ways vote; how much each counts is learned from your customers."),
    ("ease", "Weighs what speaks for a product against what speaks otherwise. Often the best single way."),
    ("als", "Learns tastes from all customers together. Good when people buy often."),
    ("item_knn", "Picks what others bought with the customer's own products. Says why."),
    (
        "session",
        "Picks what others took lately who did the same as this customer just did. Good for seasons.",
    ),
    ("multi_event", "Learns which looks, carts and purchases foretell the next purchase."),
    ("spectral", "Lets a customer's purchases flow through the whole shop. Good for wide ranges."),
    ("popular", "The same for everybody: what sells best lately. The measure for the others."),
];

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
    if model != "auto" && !Params::KINDS.contains(&model.as_str()) {
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
    let (stored, job) = installation.store.read(|conn| {
        let job = jobs::unfinished(conn, shop, JOB)?.first().map(|job| job.id.to_string());
        Ok((models::latest(conn, shop, MODELS_SHOWN)?, job))
    })?;
    let zone = installation.zone();
    let models = stored.into_iter().map(|model| shown(model, zone)).collect();
    let choices = CHOICES.map(|(kind, words)| (kind, web::model_name(kind), words)).into();
    Ok(Models { shell, job, models, choices })
}

fn shown(model: StoredModel, zone: chrono_tz::Tz) -> Shown {
    let name = web::model_name(&model.kind);
    let metrics: serde_json::Value = serde_json::from_str(&model.metrics).unwrap_or_default();
    let measured = metrics["test_customers"].as_u64().unwrap_or_default() > 0;
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
        (true, _) => ("badge-ok", "Better than best-sellers"),
        (_, "popular") => ("badge-neutral", "Best-sellers"),
        _ if !measured => ("badge-neutral", "Not measured"),
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
        figures: if measured { figures.into() } else { Vec::new() },
        race: race(&metrics, &model.kind),
    }
}

/// `None` for a model that somebody asked for, and where nothing could be measured.
fn race(metrics: &serde_json::Value, chosen: &str) -> Option<Race> {
    if metrics["auto"] != true {
        return None;
    }
    let tried: Vec<(&str, f64, f64)> = metrics["tried"]
        .as_array()?
        .iter()
        .filter_map(|tried| {
            let figure = |key: &str| tried["quality"][key].as_f64();
            Some((tried["kind"].as_str()?, figure("ndcg")?, figure("hit_rate")?))
        })
        .collect();
    let best = tried.iter().map(|tried| tried.1).fold(0.0, f64::max);
    if tried.len() < 2 || best <= 0.0 {
        return None;
    }
    let of_hundred = |share: f64| (share * 100.0).round() as i64;
    let way = |&(kind, quality, found): &(&str, f64, f64)| Way {
        name: web::model_name(kind),
        quality: of_hundred(quality / best),
        found: of_hundred(found),
        is_chosen: kind == chosen,
    };
    let reason = match chosen {
        "popular" => {
            "No other way was better than best-sellers beyond chance, so Handpick keeps to them.".into()
        }
        _ => format!(
            "Handpick tried {} ways of picking; “{}” had the best lists. The more of what customers bought next stood in \
             a list, and the nearer to its top, the better the list.",
            tried.len(),
            web::model_name(chosen)
        ),
    };
    Some(Race { reason, ways: tried.iter().map(way).collect() })
}

#[cfg(test)]
mod tests {
    use super::race;
    use serde_json::json;

    fn tried(kind: &str, ndcg: f64, hits: f64) -> serde_json::Value {
        json!({"kind": kind, "quality": {"ndcg": ndcg, "hit_rate": hits}})
    }

    #[test]
    fn a_race_is_told_beside_its_best() {
        let all = [tried("ease", 0.2, 0.5), tried("als", 0.15, 0.516), tried("popular", 0.05, 0.2)];
        let told = race(&json!({"auto": true, "tried": all}), "ease").unwrap();
        let figures: Vec<(i64, i64)> = told.ways.iter().map(|way| (way.quality, way.found)).collect();
        assert_eq!(figures, [(100, 50), (75, 52), (25, 20)]);
        assert!(told.ways[0].is_chosen && !told.ways[1].is_chosen);
        assert!(told.reason.contains("3 ways") && told.reason.contains("“For and against”"));
        let told = race(&json!({"auto": true, "tried": all}), "popular").unwrap();
        assert!(told.ways[2].is_chosen && told.reason.contains("beyond chance"));
    }

    #[test]
    fn without_a_race_nothing_is_told() {
        let all = [tried("ease", 0.2, 0.5), tried("popular", 0.05, 0.2)];
        assert!(race(&json!({"auto": false, "tried": all}), "ease").is_none());
        assert!(race(&json!({"auto": true, "tried": []}), "popular").is_none());
        assert!(
            race(&json!({"auto": true, "tried": [tried("a", 0.0, 0.0), tried("b", 0.0, 0.0)]}), "a")
                .is_none()
        );
        // Models of earlier versions.
        assert!(race(&json!({"auto": true}), "als").is_none() && race(&json!(null), "als").is_none());
    }
}
