//! Training: from the history to a verified model file, measured against best-sellers on days held back.

mod job;
mod looks;
pub mod pages;
mod parts;
mod race;
mod verdict;

pub use job::job;

use crate::history::{EventRange, History, HistoryError, Snapshot};
use crate::ids::JobId;
use crate::installation::Installation;
use crate::picker::behaviour::{self, Behaviour, BehaviourError, Detail, Products, Weighing};
use crate::picker::model_file::{self, ModelFileError, ModelHeader};
use crate::progress::Progress;
use crate::recommender::auto::{self, Arena, Effort, Outcome, Tried};
use crate::recommender::evaluation::{Evaluation, evaluate};
use crate::recommender::{ModelError, Params, Resources};
use crate::store::models::{self, NewModel, StoredModel};
use crate::store::{StoreError, model_choices};
use chrono::{DateTime, TimeDelta, Utc};
use parts::Parts;
use serde::{Deserialize, Serialize};
use std::time::Instant;
use verdict::Measured;

/// The job's kind.
pub const JOB: &str = "train";

/// Picks a customer is shown when a model is measured.
pub const LIST_LENGTH: usize = 20;

/// An older model is trained again before it picks for a campaign.
const MAX_AGE_DAYS: i64 = 7;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Request {
    /// `auto` or a model's kind.
    pub model: String,
    #[serde(default)]
    pub set: Vec<(String, String)>,
    /// Nothing at or after this moment is used; `None` means now.
    #[serde(default)]
    pub as_of: Option<DateTime<Utc>>,
    /// How much `auto` tries.
    #[serde(default)]
    pub effort: Effort,
}

impl Request {
    /// The parameters that were asked for; `None` leaves the choice to a race.
    pub fn params(&self) -> Result<Option<Params>, ModelError> {
        if self.model == "auto" {
            return match self.set.first() {
                None => Ok(None),
                Some((key, _)) => Err(ModelError::UnknownParameter(
                    key.clone(),
                    "none, for auto chooses them itself".into(),
                )),
            };
        }
        let mut params = Params::default_of(&self.model)?;
        for (key, value) in &self.set {
            params.set(key, value)?;
        }
        Ok(Some(params))
    }
}

#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    #[error(
        "there is nothing to learn from: the history has no purchases before {0}. Sync the shop's data first, or choose a later time."
    )]
    NoHistory(String),
    #[error("{0}")]
    Model(ModelError),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    File(#[from] ModelFileError),
    #[error("the threads for training cannot be started: {0}")]
    Threads(String),
    #[error("cancelled")]
    Cancelled,
}

impl From<ModelError> for TrainingError {
    fn from(error: ModelError) -> Self {
        if error == ModelError::Cancelled { Self::Cancelled } else { Self::Model(error) }
    }
}

impl From<BehaviourError> for TrainingError {
    fn from(error: BehaviourError) -> Self {
        match error {
            BehaviourError::History(error) => Self::History(error),
            BehaviourError::Cancelled => Self::Cancelled,
        }
    }
}

/// The model that somebody decided on, if it is of this kind; else the newest of this kind (or that *auto* chose) that
/// knows nothing after `as_of` and is fresh enough; trains one when there is none.
pub fn model_for(
    installation: &Installation,
    kind: &str,
    as_of: Option<DateTime<Utc>>,
    job: Option<JobId>,
    progress: &dyn Progress,
) -> Result<StoredModel, TrainingError> {
    if kind != "auto" {
        Params::default_of(kind)?;
    }
    let snapshot = History::open(&installation.folder.history(installation.shop_id()))?.snapshot()?;
    let until = cut(&snapshot, as_of.unwrap_or_else(|| installation.now()));
    let shop = installation.shop_id();
    let (known, chosen) = installation
        .store
        .read(|conn| Ok((models::cut_before(conn, shop, until)?, model_choices::chosen(conn, shop)?)))?;
    // Whoever decided on a model wants it however old it is, but never one that knows what came later.
    let chosen = chosen.filter(|model| model.cut_at <= until && (kind == "auto" || model.kind == kind));
    let fresh = known.into_iter().find(|model| {
        let fits = if kind == "auto" { model.is_automatic() } else { model.kind == kind };
        fits && until - model.cut_at <= TimeDelta::days(MAX_AGE_DAYS)
    });
    match chosen.or(fresh) {
        Some(model) => Ok(model),
        None => {
            // Somebody waits for a campaign; whoever asks for a training can wait for more to be tried.
            let request =
                Request { model: kind.to_owned(), as_of, effort: Effort::Quick, ..Request::default() };
            train(installation, &request, job, progress)
        }
    }
}

/// Where the model's knowledge ends: a history that stopped earlier is not older for it.
fn cut(snapshot: &Snapshot, as_of: DateTime<Utc>) -> DateTime<Utc> {
    let after_last = snapshot.counts().last_event_at.map(|at| at + TimeDelta::seconds(1));
    after_last.map_or(as_of, |after_last| after_last.min(as_of))
}

/// Measures, learns from everything, writes the model file and notes it in the store.
pub fn train(
    installation: &Installation,
    request: &Request,
    job: Option<JobId>,
    progress: &dyn Progress,
) -> Result<StoredModel, TrainingError> {
    let threads = installation.config.training.threads as usize;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| TrainingError::Threads(error.to_string()))?;
    pool.install(|| attempt(installation, request, job, progress))
}

fn attempt(
    installation: &Installation,
    request: &Request,
    job: Option<JobId>,
    progress: &dyn Progress,
) -> Result<StoredModel, TrainingError> {
    let started = Instant::now();
    let snapshot = History::open(&installation.folder.history(installation.shop_id()))?.snapshot()?;
    let cut_at = cut(&snapshot, request.as_of.unwrap_or_else(|| installation.now()));
    let run = Run { installation, snapshot: &snapshot, cut_at, progress };
    let choice = run.choose(request)?;
    let Choice { params, measured, .. } = &choice;
    let everything =
        run.read("Reading what customers did", cut_at, Run::detail(params, Products::DescribedNow))?;
    let model = params.fit(everything.observed(), &run.resources())?;
    let trained_at = installation.now();
    let header = ModelHeader {
        kind: params.kind().to_owned(),
        params: serde_json::json!(params),
        history_version: snapshot.version(),
        cut_at,
        trained_at,
        seed: installation.config.training.seed,
        metrics: run.metrics(&choice, request.model == "auto"),
    };
    let file = format!("{}-{}.safetensors", params.kind(), trained_at.format("%Y%m%dT%H%M%S%3f"));
    let path = installation.folder.models(installation.shop_id()).join(&file);
    progress.phase("Writing the model", None);
    let checksum = model_file::write(&path, &header, &everything.customers, &everything.products, &*model)?;
    let new = NewModel {
        shop: installation.shop_id(),
        job,
        kind: params.kind(),
        file: &file,
        checksum: &checksum,
        history_version: snapshot.version() as i64,
        cut_at,
        params: &serde_json::json!(params).to_string(),
        metrics: &header.metrics.to_string(),
        verdict: &measured.sentence(params.kind(), LIST_LENGTH),
        beats_popular: measured.beats_popular(),
        trained_at,
        train_ms: started.elapsed().as_millis() as i64,
    };
    let shop = installation.shop_id();
    let stored = installation.store.write(|conn| {
        let id = models::add(conn, &new)?;
        models::by_id(conn, shop, id)
    })?;
    stored.ok_or_else(|| TrainingError::Store(StoreError::Stale))
}

/// What to learn with, how good it was, and how good everything was that was tried.
struct Choice {
    params: Params,
    measured: Measured,
    parts: Parts,
    tried: Vec<Tried>,
    /// What could not learn, and why.
    left_out: Vec<(&'static str, ModelError)>,
    /// Why Handpick chose it, when it did.
    reason: Option<String>,
}

/// One training run: what it reads and until when.
struct Run<'a> {
    installation: &'a Installation,
    snapshot: &'a Snapshot,
    cut_at: DateTime<Utc>,
    progress: &'a dyn Progress,
}

impl Run<'_> {
    fn resources(&self) -> Resources<'_> {
        let training = &self.installation.config.training;
        Resources {
            seed: training.seed,
            max_memory_bytes: u64::from(training.max_memory_mb) << 20,
            progress: self.progress,
        }
    }

    fn test_from(&self) -> DateTime<Utc> {
        self.cut_at - TimeDelta::days(self.installation.config.training.test_days.into())
    }

    /// What a model must see; `described` are the products it must know of where it learns from what they are.
    fn detail(params: &Params, described: Products) -> Detail {
        let products = if params.needs_items() { described } else { Products::Touched };
        Detail { events: params.needs_log(), products }
    }

    /// What customers did in the days of history that count, as it looked at `until`.
    fn read(&self, phase: &str, until: DateTime<Utc>, detail: Detail) -> Result<Behaviour, TrainingError> {
        self.progress.phase(phase, Some(self.snapshot.counts().events));
        let days = TimeDelta::days(self.installation.config.training.history_days.into());
        let range = EventRange::between(self.cut_at - days, until);
        let weighing = Weighing::default();
        let mut behaviour = behaviour::read(self.snapshot, range, until, &weighing, detail, self.progress)?;
        looks::show(self.installation, self.snapshot, &mut behaviour)?;
        if behaviour.interactions.is_empty() && until == self.cut_at {
            return Err(TrainingError::NoHistory(until.format("%Y-%m-%d").to_string()));
        }
        Ok(behaviour)
    }

    /// The parameters to learn with, and how good they were on the days held back.
    fn choose(&self, request: &Request) -> Result<Choice, TrainingError> {
        let asked = request.params()?;
        let everything = Detail { events: true, products: Products::DescribedThen };
        let detail = asked.as_ref().map_or(everything, |params| Self::detail(params, everything.products));
        let phase = "Reading what customers did before the days held back";
        let before = self.read(phase, self.test_from(), detail)?;
        // What was only looked at may still be picked, in a campaign and here.
        let bought = EventRange::before(self.test_from());
        let owned = behaviour::read_known(self.snapshot, bought, &Weighing::purchases(), &before)?;
        let range = EventRange::between(self.test_from(), self.cut_at);
        let test = behaviour::read_known(self.snapshot, range, &Weighing::purchases(), &before)?;
        let seed = self.installation.config.training.seed;
        let popular = Params::default_of("popular")?;
        if before.interactions.is_empty() {
            let measured = Measured::new(Evaluation::default(), Evaluation::default(), seed);
            return Ok(Choice {
                params: asked.unwrap_or(popular),
                measured,
                parts: Parts::default(),
                tried: Vec::new(),
                left_out: Vec::new(),
                reason: None,
            });
        }
        let arena = Arena { train: before.observed(), owned: &owned, test: &test, k: LIST_LENGTH };
        let Some(params) = asked else {
            let outcome = auto::race(arena, request.effort, &self.resources())?;
            let reason = Some(outcome.reason());
            let Outcome { params, tried, left_out, .. } = outcome;
            let measured = Measured::new(outcome.winner, outcome.popular, seed);
            let parts = self.parts(&measured, &before)?;
            return Ok(Choice { params, measured, parts, tried, left_out, reason });
        };
        let measure = |params: &Params| -> Result<Evaluation, TrainingError> {
            let model = params.fit(arena.train, &self.resources())?;
            Ok(evaluate(&*model, arena.train, &owned, &test, LIST_LENGTH, self.progress)?)
        };
        let best_sellers = measure(&popular)?;
        let found = if params == popular { best_sellers.clone() } else { measure(&params)? };
        let tried = vec![Tried::beside(&found, params.clone(), &found, seed)];
        let measured = Measured::new(found, best_sellers, seed);
        let parts = self.parts(&measured, &before)?;
        Ok(Choice { params, measured, parts, tried, left_out: Vec::new(), reason: None })
    }

    fn parts(&self, measured: &Measured, before: &Behaviour) -> Result<Parts, HistoryError> {
        let seed = self.installation.config.training.seed;
        Parts::of(measured, before, (self.snapshot, self.test_from()), seed, self.progress)
    }

    fn metrics(&self, choice: &Choice, automatic: bool) -> serde_json::Value {
        let Choice { measured, parts, tried, left_out, reason, .. } = choice;
        let tried: Vec<_> = tried
            .iter()
            .map(|tried| {
                let Tried { params, quality, ndcg, hit_rate, behind } = tried;
                let intervals = serde_json::json!({ "ndcg": ndcg, "hit_rate": hit_rate, "behind": behind });
                serde_json::json!({ "kind": params.kind(), "quality": quality, "intervals": intervals })
            })
            .collect();
        let left_out: Vec<_> = left_out
            .iter()
            .map(|(kind, why)| serde_json::json!({ "kind": kind, "why": why.to_string() }))
            .collect();
        serde_json::json!({
            "k": LIST_LENGTH,
            "auto": automatic,
            "reason": reason,
            "tried": tried,
            "left_out": left_out,
            "model": measured.model.quality,
            "popular": measured.popular.quality,
            "difference": { "ndcg": measured.difference },
            "parts": parts,
            "test_customers": measured.model.users,
            "test_from": self.test_from(),
            "test_until": self.cut_at,
        })
    }
}
