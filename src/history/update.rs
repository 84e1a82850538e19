//! One update of the history: rows stream in, the commit decides what is news and publishes a version.

use super::compact::{self, Candidate, FULL};
use super::folder::Turn;
use super::keys::Hasher;
use super::manifest::{Manifest, Segment, Skipped};
use super::reconcile::{Comparison, Found};
use super::rows::Wanted;
use super::segment::{Batches, Part, Writer, choose};
use super::{Committed, Coverage, History, HistoryError, Reading, events, files, people};
use crate::progress::Progress;
use crate::records::{Customer, Events, Product};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Dropped without a commit, nothing happened.
pub struct Update<'a> {
    history: &'a History,
    base: Manifest,
    written: BTreeMap<Reading, Written>,
    names: Names,
    hasher: Hasher,
    published: bool,
    /// Given back last, when the files are cleared away.
    _turn: Turn,
}

/// What a reading wrote so far.
#[derive(Default)]
struct Written {
    open: Option<Writer>,
    done: Vec<Segment>,
}

/// Gives new files their names and remembers them.
struct Names {
    version: u64,
    given: Vec<String>,
}

impl Names {
    fn next(&mut self, reading: &Reading, ending: &str) -> String {
        let kind = match reading {
            Reading::Events(_) => "events",
            Reading::Products => "products",
            Reading::Customers => "customers",
        };
        let name = format!("{kind}/{:012}-{:04}.{ending}", self.version, self.given.len());
        self.given.push(name.clone());
        name
    }
}

impl<'a> Update<'a> {
    pub(super) fn new(history: &'a History, base: Manifest, turn: Turn) -> Self {
        let names = Names { version: base.version + 1, given: Vec::new() };
        Self {
            history,
            base,
            written: BTreeMap::new(),
            names,
            hasher: Hasher::default(),
            published: false,
            _turn: turn,
        }
    }

    /// Adds events of `source`, whatever source the batch itself names.
    pub fn events(&mut self, source: &str, batch: &Events) -> Result<(), HistoryError> {
        let columns = events::to_columns(source, batch, &mut self.hasher);
        self.write(&Reading::Events(source.to_owned()), &columns)
    }

    pub fn products(&mut self, batch: &[Product]) -> Result<(), HistoryError> {
        let columns = people::of_products(batch, &mut self.hasher);
        self.write(&Reading::Products, &columns)
    }

    pub fn customers(&mut self, batch: &[Customer]) -> Result<(), HistoryError> {
        let columns = people::of_customers(batch, &mut self.hasher);
        self.write(&Reading::Customers, &columns)
    }

    fn write(&mut self, reading: &Reading, columns: &events::Columns) -> Result<(), HistoryError> {
        if columns.batch.num_rows() == 0 {
            return Ok(());
        }
        let written = self.written.entry(reading.clone()).or_default();
        let open = match &mut written.open {
            Some(open) => open,
            None => {
                let name = self.names.next(reading, "parquet");
                written.open.insert(Writer::create(&self.history.folder, name, reading)?)
            }
        };
        open.write(columns)?;
        if open.rows() >= FULL
            && let Some(full) = written.open.take()
        {
            written.done.push(full.finish()?);
        }
        Ok(())
    }

    /// Decides what is news and publishes it as the next version; nothing new, no new version.
    ///
    /// `coverage` says what was read completely; a reading that it does not name is a part.
    pub fn commit(
        mut self,
        coverage: &[(Reading, Coverage)],
        now: DateTime<Utc>,
        progress: &dyn Progress,
    ) -> Result<Committed, HistoryError> {
        let mut committed = Committed { version: self.base.version, ..Committed::default() };
        let written = std::mem::take(&mut self.written);
        let named = coverage.iter().map(|(reading, _)| reading);
        let readings: BTreeSet<Reading> = written.keys().chain(named).cloned().collect();
        let mut written = finish(written)?;
        let mut segments: Vec<Segment> =
            self.base.segments.iter().filter(|s| !readings.contains(&s.reading)).cloned().collect();
        for reading in &readings {
            let coverage =
                coverage.iter().find(|(named, _)| named == reading).map_or(Coverage::Part, |c| c.1);
            let new = written.remove(reading).unwrap_or_default();
            segments.extend(self.reconciled(reading, coverage, &new, &mut committed, progress)?);
        }
        // One order whatever the order of the readings: products, customers, then the sources by name.
        segments.sort_by(|a, b| a.reading.cmp(&b.reading));
        if changed(&committed) {
            if progress.cancelled() {
                return Err(HistoryError::Cancelled);
            }
            self.publish(segments, now)?;
            committed.version = self.base.version + 1;
        }
        Ok(committed)
    }

    fn publish(&mut self, segments: Vec<Segment>, now: DateTime<Utc>) -> Result<(), HistoryError> {
        let folder = &self.history.folder;
        for kind in super::folder::KINDS {
            files::sync_folder(&folder.join(kind))?;
        }
        self.base.next(segments, now).publish(folder)?;
        self.published = true;
        // The update is safe; what cannot be swept now is swept at the next start.
        if let Err(error) = self.history.sweep_after_commit() {
            tracing::warn!(%error, "old history files could not be removed");
        }
        Ok(())
    }

    fn reconciled(
        &mut self,
        reading: &Reading,
        coverage: Coverage,
        new: &[Segment],
        committed: &mut Committed,
        progress: &dyn Progress,
    ) -> Result<Vec<Segment>, HistoryError> {
        let folder = self.history.folder.clone();
        let mut old: Vec<Segment> = self.base.of(reading).cloned().collect();
        if coverage == Coverage::Anew && matches!(reading, Reading::Events(_)) {
            committed.dropped_events += old.drain(..).map(|segment| segment.live()).sum::<u64>();
        }
        let found = Comparison { folder: &folder, reading, coverage, old: &old, new, progress }.run()?;
        count(committed, reading, &found);
        let inactive = self.inactive_copies(reading, &old, &found)?;
        let mut candidates = Vec::new();
        for ((segment, skips), active) in old.iter().chain(new).zip(found.skips).zip(found.active) {
            candidates.push(Candidate { segment: Segment { active, ..segment.clone() }, skips });
        }
        for segment in inactive {
            let skips = super::rows::Rows::none(segment.rows as usize);
            candidates.push(Candidate { segment, skips });
        }
        candidates.retain(|candidate| candidate.live() > 0);
        self.settled(&folder, reading, candidates, progress)
    }

    /// The vanished rows once more, no longer active.
    fn inactive_copies(
        &mut self,
        reading: &Reading,
        old: &[Segment],
        found: &Found,
    ) -> Result<Vec<Segment>, HistoryError> {
        if found.vanished_rows == 0 {
            return Ok(Vec::new());
        }
        let folder = &self.history.folder;
        let mut writer = Writer::create(folder, self.names.next(reading, "parquet"), reading)?;
        for (segment, vanished) in old.iter().zip(&found.vanished).filter(|(_, rows)| !rows.is_empty()) {
            let batches = Batches::open(folder, segment, Part::All)?;
            let path = batches.path().to_owned();
            for batch in batches {
                let rows = choose(&path, batch?, Some(vanished), Wanted::Inside)?;
                writer.write(&deactivated(&path, reading, &rows, &mut self.hasher)?)?;
            }
        }
        Ok(vec![writer.finish()?])
    }

    /// Merges what should be merged and writes down the skips of the rest.
    fn settled(
        &mut self,
        folder: &Path,
        reading: &Reading,
        candidates: Vec<Candidate>,
        progress: &dyn Progress,
    ) -> Result<Vec<Segment>, HistoryError> {
        let victims = compact::choose_victims(&candidates);
        let chosen: Vec<&Candidate> = victims.iter().map(|at| &candidates[*at]).collect();
        let mut merged = if chosen.is_empty() {
            Vec::new()
        } else {
            compact::merge(folder, reading, &chosen, || self.names.next(reading, "parquet"), progress)?
        };
        let mut segments = Vec::new();
        for (at, Candidate { segment, skips }) in candidates.into_iter().enumerate() {
            if victims.contains(&at) {
                segments.append(&mut merged);
                continue;
            }
            let count = skips.count();
            let skipped = if segment.skipped.as_ref().map_or(0, |skipped| skipped.rows) == count {
                segment.skipped.clone()
            } else {
                let file = self.names.next(reading, "skip");
                let checksum = skips.save(&folder.join(&file))?;
                Some(Skipped { file, rows: count, checksum })
            };
            segments.push(Segment { skipped, ..segment });
        }
        Ok(segments)
    }
}

impl Drop for Update<'_> {
    fn drop(&mut self) {
        if !self.published {
            // Open writers remove their own file; the finished ones are removed here.
            self.written.clear();
            for name in &self.names.given {
                files::remove(&self.history.folder.join(name));
            }
        }
    }
}

fn finish(written: BTreeMap<Reading, Written>) -> Result<BTreeMap<Reading, Vec<Segment>>, HistoryError> {
    let mut finished = BTreeMap::new();
    for (reading, Written { open, mut done }) in written {
        if let Some(open) = open {
            done.push(open.finish()?);
        }
        finished.insert(reading, done);
    }
    Ok(finished)
}

fn deactivated(
    path: &Path,
    reading: &Reading,
    rows: &arrow_array::RecordBatch,
    hasher: &mut Hasher,
) -> Result<events::Columns, HistoryError> {
    if *reading == Reading::Products {
        let mut products = people::products(path, rows)?;
        products.iter_mut().for_each(|product| product.active = false);
        Ok(people::of_products(&products, hasher))
    } else {
        let mut customers = people::customers(path, rows)?;
        customers.iter_mut().for_each(|customer| customer.active = false);
        Ok(people::of_customers(&customers, hasher))
    }
}

fn count(committed: &mut Committed, reading: &Reading, found: &Found) {
    match reading {
        Reading::Events(_) => {
            committed.new_events += found.new_rows;
            committed.repeated_events += found.repeated;
            committed.replaced_events += found.replaced;
        }
        Reading::Products => {
            committed.new_products += found.new_rows;
            committed.changed_products += found.replaced;
            committed.vanished_products += found.vanished_rows;
        }
        Reading::Customers => {
            committed.new_customers += found.new_rows;
            committed.changed_customers += found.replaced;
            committed.vanished_customers += found.vanished_rows;
        }
    }
}

fn changed(committed: &Committed) -> bool {
    let known = Committed {
        version: committed.version,
        repeated_events: committed.repeated_events,
        ..Committed::default()
    };
    *committed != known
}
