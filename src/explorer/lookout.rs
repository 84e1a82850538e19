//! What the explorer keeps at hand between two looks: reading the history and opening a model take seconds, a look must
//! not.

use super::ask::View;
use super::sample::Sample;
use crate::history::{History, HistoryError, Snapshot};
use crate::ids::ModelId;
use crate::installation::Installation;
use crate::picker::groups::{Group, Number, groups};
use crate::picker::ledger::{Ledger, Standing};
use crate::picker::live_model::LiveModel;
use crate::picker::opening;
use crate::picker::plan::Plan;
use crate::progress::Silent;
use crate::recommender::segments::SegmentError;
use crate::store::models::StoredModel;
use crate::web::WebError;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use std::sync::{Arc, Mutex, PoisonError};

/// Moments, models and samples kept: two of each to be compared, and some to go back to.
const KEPT: usize = 4;

#[derive(Default)]
pub struct Lookout {
    /// By the history's version; never two at once, for each may be large.
    ledgers: Shelf<u64, Ledger, 1>,
    standings: Shelf<Moment, Standing, KEPT>,
    models: Shelf<ModelId, LiveModel, KEPT>,
    samples: Shelf<SampleKey, Sample, KEPT>,
    groups: Shelf<Moment, Vec<Group>, KEPT>,
}

/// A version of the history, and from when it is looked at.
type Moment = (u64, DateTime<Utc>);

/// What a sample's picks depend on.
#[derive(Clone, PartialEq)]
struct SampleKey {
    moment: Moment,
    model: ModelId,
    plan: Plan,
}

/// What was asked for last, by what it depends on. Whoever asks for what is just being made for somebody else waits for
/// it; nobody else does.
struct Shelf<K, V, const MOST: usize>(Mutex<Vec<(K, Place<V>)>>);

type Place<V> = Arc<Mutex<Option<Arc<V>>>>;

impl<K, V, const MOST: usize> Default for Shelf<K, V, MOST> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: PartialEq, V, const MOST: usize> Shelf<K, V, MOST> {
    fn get(&self, key: K, make: impl FnOnce() -> Result<V, WebError>) -> Result<Arc<V>, WebError> {
        let place = self.place(key);
        let mut held = place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*held {
            return Ok(known.clone());
        }
        let made = Arc::new(make()?);
        *held = Some(made.clone());
        Ok(made)
    }

    /// The one asked for last stands last.
    fn place(&self, key: K) -> Place<V> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = match kept.iter().position(|(known, _)| *known == key) {
            Some(at) => kept.remove(at),
            None => (key, Place::default()),
        };
        let place = entry.1.clone();
        if kept.len() == MOST {
            kept.remove(0);
        }
        kept.push(entry);
        place
    }

    fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

pub fn internal(error: impl std::fmt::Display) -> WebError {
    WebError::Internal(error.to_string())
}

fn snapshot(installation: &Installation) -> Result<Snapshot, HistoryError> {
    History::open(&installation.folder.history(installation.shop_id()))?.snapshot()
}

impl Lookout {
    /// The shop as it stood before `as_of`; now when nobody says when.
    pub fn standing(
        &self,
        installation: &Installation,
        as_of: Option<DateTime<Utc>>,
    ) -> Result<Arc<Standing>, WebError> {
        let snapshot = snapshot(installation).map_err(internal)?;
        let ledger = self.ledgers.get(snapshot.version(), || {
            // Before the new one is read, so that two never lie in memory.
            self.standings.clear();
            self.samples.clear();
            self.groups.clear();
            Ledger::open(&snapshot).map_err(internal)
        })?;
        let as_of = as_of.unwrap_or_else(|| end_of_hour(installation.now()));
        self.standings.get((ledger.version, as_of), || Ok(Standing::at(ledger.clone(), as_of)))
    }

    pub fn model(
        &self,
        installation: &Installation,
        stored: &StoredModel,
    ) -> Result<Arc<LiveModel>, WebError> {
        self.models.get(stored.id, || {
            opening::open(installation, stored).map_err(|_| {
                WebError::Conflict(format!(
                    "The file of model {} is missing or damaged, so it is not used any more. Open the explorer again to \
                     see another model, or train one anew.",
                    stored.id
                ))
            })
        })
    }

    /// What the view's model picks for a sample of customers.
    pub fn sample(&self, view: &View) -> Result<Arc<Sample>, WebError> {
        let key =
            SampleKey { moment: moment(&view.standing), model: view.stored.id, plan: view.plan.clone() };
        self.samples.get(key, || {
            Sample::of(view)
                .map_err(|refusal| WebError::Conflict(format!("Nothing can be picked: {refusal}.")))
        })
    }

    /// Customers who are alike, the largest group first; none where too few bought something.
    pub fn groups(&self, standing: &Standing) -> Result<Arc<Vec<Group>>, WebError> {
        self.groups.get(moment(standing), || {
            let Standing { ledger, activity, .. } = standing;
            // Campaigns look from the last event: so that both find the same.
            let as_of = ledger.pasts.last().map_or(standing.as_of, |last| last.min(standing.as_of));
            match groups(activity, &ledger.catalogue, as_of, Number::Best, &Silent) {
                Err(SegmentError::NoUsers) => Ok(Vec::new()),
                found => found.map_err(internal),
            }
        })
    }
}

fn moment(standing: &Standing) -> Moment {
    (standing.ledger.version, standing.as_of)
}

/// So that looks within an hour are looks at one moment; what happened within it is never later.
fn end_of_hour(now: DateTime<Utc>) -> DateTime<Utc> {
    let hour = TimeDelta::hours(1);
    now.duration_trunc(hour).map_or(now, |start| start + hour)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_shelf_keeps_what_was_asked_for_last() {
        let shelf = Shelf::<u32, u32, 2>::default();
        let made = Cell::new(0);
        let get = |key: u32| {
            let make = || {
                made.set(made.get() + 1);
                Ok(10 * key)
            };
            *shelf.get(key, make).unwrap()
        };
        assert_eq!([get(1), get(2), get(1), get(3)], [10, 20, 10, 30]);
        assert_eq!(made.get(), 3, "the first was asked for again, and found");
        assert_eq!((get(1), made.get()), (10, 3));
        assert_eq!((get(2), made.get()), (20, 4), "it had to go for the third");
        assert!(shelf.get(9, || Err(internal("no"))).is_err());
        assert_eq!(get(9), 90, "what failed is tried again");
    }
}
