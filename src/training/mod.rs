//! Training: from the history to a verified model file, measured against best-sellers on days held back.

mod job;
pub mod pages;
mod verdict;

pub use job::job;

use crate::history::{EventRange, History, HistoryError, Snapshot};
use crate::ids::JobId;
use crate::installation::Installation;
use crate::picker::behaviour::{self, Behaviour, BehaviourError, Weighing};
use crate::picker::model_file::{self, ModelFileError, ModelHeader};
use crate::progress::Progress;
use crate::recommender::evaluation::{Evaluation, Quality, evaluate};
use crate::recommender::{ModelError, Params, Resources};
use crate::store::StoreError;
use crate::store::models::{self, NewModel, StoredModel};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::time::Instant;
use verdict::Measured;

/// The job's kind.
pub const JOB: &str = "train";

/// Picks a customer is shown when a model is measured.
pub const LIST_LENGTH: usize = 20;

/// An older model is trained again before it picks for a campaign.
const MAX_AGE_DAYS: i64 = 7;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    /// `auto` or a model's kind.
    pub model: String,
    #[serde(default)]
    pub set: Vec<(String, String)>,
    /// Nothing at or after this moment is used; `None` means now.
    #[serde(default)]
    pub as_of: Option<DateTime<Utc>>,
}

impl Request {
    /// The models to try: every one for `auto`, or the one that was asked for.
    pub fn params(&self) -> Result<Vec<Params>, ModelError> {
        if self.model == "auto" {
            return Params::KINDS.iter().map(|kind| Params::default_of(kind)).collect();
        }
        let mut params = Params::default_of(&self.model)?;
        for (key, value) in &self.set {
            params.set(key, value)?;
        }
        Ok(vec![params])
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

/// The newest model of this kind (or that *auto* chose) that knows nothing after `as_of` and is fresh enough; trains
/// one when there is none.
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
    let known = installation.store.read(|conn| models::cut_before(conn, installation.shop_id(), until))?;
    let fresh = known.into_iter().find(|model| {
        let fits = if kind == "auto" { is_automatic(model) } else { model.kind == kind };
        fits && until - model.cut_at <= TimeDelta::days(MAX_AGE_DAYS)
    });
    match fresh {
        Some(model) => Ok(model),
        None => {
            let request = Request { model: kind.to_owned(), set: Vec::new(), as_of };
            train(installation, &request, job, progress)
        }
    }
}

fn is_automatic(model: &StoredModel) -> bool {
    serde_json::from_str::<serde_json::Value>(&model.metrics).is_ok_and(|metrics| metrics["auto"] == true)
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
    let Choice { params, measured, tried } = run.choose(request)?;
    let everything = run.read("Reading what customers did", cut_at)?;
    let model = params.fit(&everything.interactions, &run.resources())?;
    let trained_at = installation.now();
    let header = ModelHeader {
        kind: params.kind().to_owned(),
        params: params.clone(),
        history_version: snapshot.version(),
        cut_at,
        trained_at,
        seed: installation.config.training.seed,
        metrics: run.metrics(&measured, &tried, request.model == "auto"),
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
    tried: Vec<(&'static str, Quality)>,
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

    /// What customers did in the days of history that count, as it looked at `until`.
    fn read(&self, phase: &str, until: DateTime<Utc>) -> Result<Behaviour, TrainingError> {
        self.progress.phase(phase, Some(self.snapshot.counts().events));
        let days = TimeDelta::days(self.installation.config.training.history_days.into());
        let range = EventRange::between(self.cut_at - days, until);
        let behaviour = behaviour::read(self.snapshot, range, until, &Weighing::default(), self.progress)?;
        if behaviour.interactions.is_empty() && until == self.cut_at {
            return Err(TrainingError::NoHistory(until.format("%Y-%m-%d").to_string()));
        }
        Ok(behaviour)
    }

    /// The parameters to learn with, and how good they were on the days held back.
    fn choose(&self, request: &Request) -> Result<Choice, TrainingError> {
        let candidates = request.params()?;
        let before = self.read("Reading what customers did before the days held back", self.test_from())?;
        // What was only looked at may still be picked, in a campaign and here.
        let bought = EventRange::before(self.test_from());
        let owned = behaviour::read_known(self.snapshot, bought, &Weighing::purchases(), &before)?;
        let range = EventRange::between(self.test_from(), self.cut_at);
        let test = behaviour::read_known(self.snapshot, range, &Weighing::purchases(), &before)?;
        let seed = self.installation.config.training.seed;
        if before.interactions.is_empty() {
            let first = candidates.into_iter().next().unwrap_or(Params::default_of("popular")?);
            let measured = Measured::new(Evaluation::default(), Evaluation::default(), seed);
            return Ok(Choice { params: first, measured, tried: Vec::new() });
        }
        let measure = |params: &Params| -> Result<Evaluation, TrainingError> {
            let model = params.fit(&before.interactions, &self.resources())?;
            Ok(evaluate(&*model, &before.interactions, &owned, &test, LIST_LENGTH, self.progress)?)
        };
        let popular = Params::default_of("popular")?;
        let best_sellers = measure(&popular)?;
        let (mut best, mut tried) = (None, Vec::new());
        for params in candidates {
            let found = if params == popular { best_sellers.clone() } else { measure(&params)? };
            tried.push((params.kind(), found.quality));
            let measured = Measured::new(found, best_sellers.clone(), seed);
            // When Handpick chooses, only what beats best-sellers with confidence may replace them.
            let better = best.as_ref().is_none_or(|(_, best): &(Params, Measured)| {
                measured.beats_popular() && measured.difference[1] > best.difference[1]
            });
            if better {
                best = Some((params, measured));
            }
        }
        let (params, measured) = best.ok_or(TrainingError::Model(ModelError::NoInteractions))?;
        Ok(Choice { params, measured, tried })
    }

    fn metrics(
        &self,
        measured: &Measured,
        tried: &[(&'static str, Quality)],
        automatic: bool,
    ) -> serde_json::Value {
        let tried: Vec<_> = tried
            .iter()
            .map(|(kind, quality)| serde_json::json!({ "kind": kind, "quality": quality }))
            .collect();
        serde_json::json!({
            "k": LIST_LENGTH,
            "auto": automatic,
            "tried": tried,
            "model": measured.model.quality,
            "popular": measured.popular.quality,
            "difference": { "ndcg": measured.difference },
            "test_customers": measured.model.users,
            "test_from": self.test_from(),
            "test_until": self.cut_at,
        })
    }
}
