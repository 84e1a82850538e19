//! The models of a shop: runs over time, each one's card, and the decision which of them speaks to customers.

use super::ask;
use super::drift::Drift;
use super::lookout::Lookout;
use super::manner;
use super::plot::{self, Columns};
use super::run::{By, Figure, Part, Run, limits};
use crate::auth::{Analyst, Marketer};
use crate::ids::{AccountId, ModelId};
use crate::installation::Installation;
use crate::store::model_choices::{self, ModelChoice};
use crate::store::models::{self, StoredModel};
use crate::store::{accounts, audit};
use crate::web::{self, Form, Page, Section, Shell, WebError};
use actix_web::web::{Data, Path};
use askama::Template;
use serde_json::Value;
use std::sync::Arc;

const RUNS_SHOWN: i64 = 40;
const CHOICES_SHOWN: i64 = 10;
const LONGEST_NOTE: usize = 500;
/// The picture of the runs.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 180.0;

#[derive(Template)]
#[template(path = "explorer/models.html")]
struct ModelsPage {
    shell: Shell,
    runs: Vec<Line>,
    points: Vec<Point>,
    most: String,
    /// Other figures, run by run.
    plots: Vec<Columns>,
    in_use: String,
    is_decided: bool,
    choices: Vec<Decision>,
}

struct Line {
    id: ModelId,
    name: &'static str,
    trained: String,
    cut: String,
    own: String,
    popular: String,
    verdict: String,
    is_in_use: bool,
    is_readable: bool,
}

/// A run in the picture, in points of the picture.
struct Point {
    x: String,
    y: String,
    /// Top and bottom of the range.
    range: Option<(String, String)>,
    popular_y: String,
    label: String,
    is_in_use: bool,
}

struct Decision {
    what: String,
    note: String,
    who: String,
    at: String,
}

/// GET /explorer/models
pub async fn list(Analyst(who): Analyst, installation: Data<Arc<Installation>>) -> Page {
    let installation = installation.get_ref().clone();
    let shell = Shell::new(&installation, &who, Section::Explorer);
    let page = web::blocking(move || all(&installation, shell)).await?;
    web::page(&page)
}

fn all(installation: &Installation, shell: Shell) -> Result<ModelsPage, WebError> {
    let shop = installation.shop_id();
    let (stored, in_use, decided) = installation.store.read(|conn| {
        let stored = models::trained(conn, shop, RUNS_SHOWN)?;
        Ok((stored, model_choices::in_use(conn, shop)?, model_choices::chosen(conn, shop)?))
    })?;
    let id = in_use.as_ref().map(|model| model.id);
    let runs: Vec<(StoredModel, Run)> =
        stored.into_iter().map(|model| (Run::of(&model), model)).map(|(run, model)| (model, run)).collect();
    let most = runs.iter().flat_map(|(_, run)| [run.own, run.popular]).flatten();
    let most = most.map(|one| one.range.map_or(one.share, |range| range.1)).fold(0.0, f64::max);
    Ok(ModelsPage {
        points: points(installation, &runs, most, id),
        most: web::percent(most),
        plots: plots(installation, &runs, id),
        in_use: in_use.map(|model| titled(installation, &model)).unwrap_or_default(),
        is_decided: decided.is_some(),
        choices: decisions(installation)?,
        runs: runs.iter().map(|(model, run)| line(installation, model, run, id)).collect(),
        shell,
    })
}

fn titled(installation: &Installation, model: &StoredModel) -> String {
    let trained = web::date_time(model.trained_at, installation.zone());
    format!("“{}” of {trained}", web::model_name(&model.kind))
}

fn line(installation: &Installation, model: &StoredModel, run: &Run, in_use: Option<ModelId>) -> Line {
    let words = |measured: Option<super::run::Measured>| measured.map_or("–".into(), |one| one.in_words());
    Line {
        id: model.id,
        name: web::model_name(&model.kind),
        trained: web::date_time(model.trained_at, installation.zone()),
        cut: web::date(model.cut_at, installation.zone()),
        own: words(run.own),
        popular: words(run.popular),
        verdict: model.verdict.clone(),
        is_in_use: in_use == Some(model.id),
        is_readable: model.unreadable.is_none(),
    }
}

/// The oldest run on the left; those that were not measured are left out.
fn points(
    installation: &Installation,
    runs: &[(StoredModel, Run)],
    most: f64,
    in_use: Option<ModelId>,
) -> Vec<Point> {
    let measured: Vec<_> =
        runs.iter().rev().filter_map(|(model, run)| Some((model, run.own?, run.popular?))).collect();
    let step = WIDTH / measured.len().max(1) as f64;
    let y = |share: f64| web::decimal(HEIGHT - HEIGHT * share / most.max(f64::MIN_POSITIVE), 1);
    let point = |(at, (model, own, popular)): (
        usize,
        &(&StoredModel, super::run::Measured, super::run::Measured),
    )| {
        Point {
            x: web::decimal(step * (at as f64 + 0.5), 1),
            y: y(own.share),
            range: own.range.map(|(low, high)| (y(high), y(low))),
            popular_y: y(popular.share),
            label: format!("{}: {}", titled(installation, model), own.in_words()),
            is_in_use: in_use == Some(model.id),
        }
    };
    measured.iter().enumerate().map(point).collect()
}

/// What lists look like, run by run, the oldest on the left; the one in use is marked.
fn plots(installation: &Installation, runs: &[(StoredModel, Run)], in_use: Option<ModelId>) -> Vec<Columns> {
    let told = [
        ("coverage", "Products ever picked", "of all products, in anybody's list"),
        ("popularity", "How popular the picks are", "of all customers had bought the product in a place"),
        ("personalisation", "How different the lists are", "of two customers' lists differs"),
    ];
    let plot = |(key, title, what): (&str, &str, &str)| {
        let measured: Vec<(&StoredModel, f64)> =
            runs.iter().rev().filter_map(|(model, run)| Some((model, run.share(key)?))).collect();
        let (_, newest) = measured.last()?;
        let value = |(model, share): &(&StoredModel, f64)| {
            (*share, format!("{}: {}", titled(installation, model), web::percent(*share)))
        };
        let values: Vec<_> = measured.iter().map(value).collect();
        Some(Columns {
            title: title.to_owned(),
            told: format!("Newest run: {} {what}", web::percent(*newest)),
            columns: plot::columns(&values, |at| Some(measured[at].0.id) == in_use),
            ends: ("oldest run".into(), "newest run".into()),
        })
    };
    told.into_iter().filter_map(plot).collect()
}

fn decisions(installation: &Installation) -> Result<Vec<Decision>, WebError> {
    let shop = installation.shop_id();
    let (choices, people) = installation
        .store
        .read(|conn| Ok((model_choices::latest(conn, shop, CHOICES_SHOWN)?, accounts::all(conn, shop)?)))?;
    let who = |by: Option<AccountId>| {
        let account = people.iter().find(|account| Some(account.id) == by);
        account.map_or("somebody", |account| account.name.as_str()).to_owned()
    };
    let mut decisions = Vec::new();
    for choice in choices {
        let model = match choice.model {
            Some(model) => installation.store.read(|conn| models::by_id(conn, shop, model))?,
            None => None,
        };
        decisions.push(Decision {
            what: match model {
                Some(model) => format!("Use {}", titled(installation, &model)),
                None => "Let Handpick choose again".into(),
            },
            note: choice.note,
            who: who(choice.by),
            at: web::date_time(choice.at, installation.zone()),
        });
    }
    Ok(decisions)
}

#[derive(Template)]
#[template(path = "explorer/model.html")]
struct ModelPage {
    shell: Shell,
    id: ModelId,
    name: &'static str,
    trained: String,
    verdict: String,
    is_in_use: bool,
    is_decided: bool,
    facts: Vec<(&'static str, String)>,
    figures: Vec<Figure>,
    lead: Option<String>,
    customers: String,
    picks: u64,
    days: String,
    params: Vec<(String, String)>,
    limits: &'static [&'static str],
    since: Drift,
    activity: Vec<Part>,
    alike: Vec<Part>,
}

/// GET /explorer/models/{id}
pub async fn show(
    Analyst(who): Analyst,
    id: Path<String>,
    installation: Data<Arc<Installation>>,
    lookout: Data<Lookout>,
) -> Page {
    let installation = installation.get_ref().clone();
    let shell = Shell::new(&installation, &who, Section::Explorer);
    let page = web::blocking(move || one(&installation, &lookout, shell, &id)).await?;
    web::page(&page)
}

fn one(
    installation: &Installation,
    lookout: &Lookout,
    shell: Shell,
    id: &str,
) -> Result<ModelPage, WebError> {
    let (stored, shop, zone) = (ask::model(installation, id)?, installation.shop_id(), installation.zone());
    let live = lookout.model(installation, &stored)?;
    let standing = lookout.standing(installation, None)?;
    let (in_use, decided) = installation
        .store
        .read(|conn| Ok((model_choices::in_use(conn, shop)?, model_choices::chosen(conn, shop)?)))?;
    let run = Run::of(&stored);
    let mut facts = vec![
        ("Learned from", format!("all that happened before {}", web::date_time(stored.cut_at, zone))),
        ("Customers it knows", web::whole(live.customers.len() as i64)),
        ("Products it knows", web::whole(live.products.len() as i64)),
        ("Time taken", format!("{} s, with measuring", web::decimal(stored.train_ms as f64 / 1000.0, 1))),
        ("Data it saw", format!("version {} of the history", stored.history_version)),
        ("Random numbers from", format!("seed {}", live.header.seed)),
    ];
    facts.extend(manner::in_words(&stored.params));
    let day = |at| web::date(at, zone);
    Ok(ModelPage {
        id: stored.id,
        name: web::model_name(&stored.kind),
        trained: web::date_time(stored.trained_at, zone),
        is_in_use: in_use.is_some_and(|model| model.id == stored.id),
        is_decided: decided.is_some(),
        facts,
        figures: run.figures(),
        lead: run.lead(),
        customers: web::whole(run.customers as i64),
        picks: run.picks(),
        days: run.days().map(|(from, until)| format!("{} to {}", day(from), day(until))).unwrap_or_default(),
        params: params(&stored.params),
        limits: limits(&stored.kind),
        since: Drift::of(&standing, &live, stored.cut_at),
        activity: run.parts(By::Activity),
        alike: run.parts(By::Alike),
        verdict: stored.verdict,
        shell,
    })
}

/// As people may compare them: names without the papers' underscores.
fn params(json: &str) -> Vec<(String, String)> {
    let Ok(Value::Object(params)) = serde_json::from_str(json) else { return Vec::new() };
    let shown = |(name, value): (&String, &Value)| {
        let value = match value {
            Value::String(text) => text.replace('_', " "),
            Value::Number(number) => match number.as_f64() {
                // Single precision, written in double, has digits that nobody set.
                Some(float) if !number.is_i64() && !number.is_u64() => (float as f32).to_string(),
                _ => number.to_string(),
            },
            other => other.to_string(),
        };
        (name.replace('_', " "), value)
    };
    params.iter().filter(|(name, _)| *name != "model").map(shown).collect()
}

fn note(form: &Form) -> Result<String, WebError> {
    let note = form.text("note");
    if note.is_empty() || note.chars().count() > LONGEST_NOTE {
        return Err(WebError::BadInput(format!(
            "Say in a few words why, so that others know later: 1 to {LONGEST_NOTE} letters."
        )));
    }
    Ok(note.to_owned())
}

/// POST /explorer/models/{id}/use: from now on this model speaks to customers.
pub async fn use_it(
    Marketer(who): Marketer,
    id: Path<String>,
    installation: Data<Arc<Installation>>,
    lookout: Data<Lookout>,
    form: Form,
) -> Page {
    form.check(&who)?;
    let (note, by) = (note(&form)?, who.account.id);
    let installation = installation.get_ref().clone();
    let page = web::blocking(move || {
        let stored = ask::model(&installation, &id)?;
        // One that cannot be opened would leave every campaign without picks.
        lookout.model(&installation, &stored)?;
        decide(&installation, Some(stored.id), note, by)?;
        Ok(format!("/explorer/models/{}", stored.id))
    })
    .await?;
    web::go_to_with(&page, "From now on this model picks for campaigns that leave the choice to Handpick.")
}

/// POST /explorer/models/free: Handpick chooses again.
pub async fn free(Marketer(who): Marketer, installation: Data<Arc<Installation>>, form: Form) -> Page {
    form.check(&who)?;
    let (note, by) = (note(&form)?, who.account.id);
    let installation = installation.get_ref().clone();
    web::blocking(move || decide(&installation, None, note, by)).await?;
    web::go_to_with("/explorer/models", "Handpick chooses the model again: the newest that it found best.")
}

fn decide(
    installation: &Installation,
    model: Option<ModelId>,
    note: String,
    by: AccountId,
) -> Result<(), WebError> {
    let (shop, at) = (installation.shop_id(), installation.now());
    let subject = match model {
        Some(model) => format!("model {model}: {note}"),
        None => format!("the choice of the model: {note}"),
    };
    let action = if model.is_some() { "decided on" } else { "gave back" };
    let choice = ModelChoice { model, note, at, by: Some(by) };
    installation.store.write(|conn| {
        model_choices::add(conn, shop, &choice)?;
        audit::note(conn, shop, Some(by), action, &subject, at)
    })?;
    Ok(())
}
