//! What the explorer keeps at hand between two looks: reading the history and opening a model take seconds, a look must
//! not.

use super::ask::View;
use super::sample::Sample;
use crate::history::{History, HistoryError, Snapshot};
use crate::ids::ModelId;
use crate::installation::Installation;
use crate::picker::ledger::{Ledger, Standing};
use crate::picker::model_file::{self, LiveModel};
use crate::picker::plan::Plan;
use crate::store::models::StoredModel;
use crate::web::WebError;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use std::sync::{Arc, Mutex, PoisonError};

/// Moments and models kept: two of each to be compared, and one more to go back to.
const KEPT: usize = 3;

#[derive(Default)]
pub struct Lookout(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    ledger: Option<Arc<Ledger>>,
    /// The one looked at last comes last.
    standings: Vec<Arc<Standing>>,
    models: Vec<(ModelId, Arc<LiveModel>)>,
    samples: Vec<(SampleKey, Arc<Sample>)>,
}

/// What a sample's picks depend on.
#[derive(Clone, PartialEq)]
struct SampleKey {
    version: u64,
    as_of: DateTime<Utc>,
    model: ModelId,
    plan: Plan,
}

/// Takes what `is_meant` to the end of `kept`, and answers it.
fn recall<T: Clone>(kept: &mut Vec<T>, is_meant: impl Fn(&T) -> bool) -> Option<T> {
    let at = kept.iter().position(is_meant)?;
    let found = kept.remove(at);
    kept.push(found.clone());
    Some(found)
}

fn keep<T>(kept: &mut Vec<T>, new: T) {
    if kept.len() == KEPT {
        kept.remove(0);
    }
    kept.push(new);
}

pub fn internal(error: impl std::fmt::Display) -> WebError {
    WebError::Internal(error.to_string())
}

fn snapshot(installation: &Installation) -> Result<Snapshot, HistoryError> {
    History::open(&installation.folder.history(installation.shop_id()))?.snapshot()
}

impl Lookout {
    /// The shop as it stood before `as_of`; now when nobody says when. Whoever asks while somebody else's look is being
    /// prepared waits for it rather than read everything again.
    pub fn standing(
        &self,
        installation: &Installation,
        as_of: Option<DateTime<Utc>>,
    ) -> Result<Arc<Standing>, WebError> {
        let snapshot = snapshot(installation).map_err(internal)?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ledger = match &kept.ledger {
            Some(ledger) if ledger.version == snapshot.version() => ledger.clone(),
            _ => {
                kept.standings.clear();
                kept.samples.clear();
                // Before the new one is read, so that two never lie in memory.
                kept.ledger = None;
                kept.ledger.insert(Arc::new(Ledger::open(&snapshot).map_err(internal)?)).clone()
            }
        };
        let as_of = as_of.unwrap_or_else(|| end_of_hour(installation.now()));
        if let Some(known) = recall(&mut kept.standings, |standing| standing.as_of == as_of) {
            return Ok(known);
        }
        let standing = Arc::new(Standing::at(ledger, &snapshot, as_of).map_err(internal)?);
        keep(&mut kept.standings, standing.clone());
        Ok(standing)
    }

    pub fn model(
        &self,
        installation: &Installation,
        stored: &StoredModel,
    ) -> Result<Arc<LiveModel>, WebError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, live)) = recall(&mut kept.models, |(id, _)| *id == stored.id) {
            return Ok(live);
        }
        let file = installation.folder.models(installation.shop_id()).join(&stored.file);
        let live = model_file::load(&file, Some(&stored.checksum)).map_err(|error| {
            tracing::warn!(%error, model = %stored.id, "a model cannot be opened");
            WebError::Conflict(format!(
                "The file of model {} is missing or damaged. Choose another model, or train one anew.",
                stored.id
            ))
        })?;
        let live = Arc::new(live);
        keep(&mut kept.models, (stored.id, live.clone()));
        Ok(live)
    }
}

impl Lookout {
    /// What the view's model picks for a sample of customers.
    pub fn sample(&self, view: &View) -> Result<Arc<Sample>, WebError> {
        let key = SampleKey {
            version: view.standing.ledger.version,
            as_of: view.standing.as_of,
            model: view.stored.id,
            plan: view.plan.clone(),
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, sample)) = recall(&mut kept.samples, |(known, _)| *known == key) {
            return Ok(sample);
        }
        let sample = Sample::of(view)
            .map_err(|refusal| WebError::Conflict(format!("Nothing can be picked: {refusal}.")))?;
        let sample = Arc::new(sample);
        keep(&mut kept.samples, (key, sample.clone()));
        Ok(sample)
    }
}

/// So that looks within an hour are looks at one moment; what happened within it is never later.
fn end_of_hour(now: DateTime<Utc>) -> DateTime<Utc> {
    let hour = TimeDelta::hours(1);
    now.duration_trunc(hour).map_or(now, |start| start + hour)
}
