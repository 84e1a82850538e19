//! One version of the history, to be read: it stays readable while it is held, whatever is synced meanwhile.

use super::ahead::EventsAhead;
use super::events::{self, EVENT_COLUMNS};
use super::folder::Pin;
use super::manifest::{Manifest, Segment};
use super::people;
use super::rows::{Rows, Wanted};
use super::segment::{self, Batch, Batches, Part};
use super::{Counts, EventRange, HistoryError, Reading};
use crate::records::{Customer, Events, Product};
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{BooleanArray, RecordBatch};
use chrono::{DateTime, Utc};
use std::path::PathBuf;
use std::sync::Arc;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Snapshot(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    manifest: Manifest,
    pin: Pin,
}

impl Snapshot {
    pub(super) fn new(folder: PathBuf, manifest: Manifest, pin: Pin) -> Self {
        Self(Arc::new(Inner { folder, manifest, pin }))
    }

    pub fn version(&self) -> u64 {
        self.0.manifest.version
    }

    /// When this version was synced; `None` for the empty one.
    pub fn written_at(&self) -> Option<DateTime<Utc>> {
        self.0.manifest.written_at
    }

    /// From the manifest: no segment is opened.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        let (mut first, mut last) = (None, None);
        for segment in &self.0.manifest.segments {
            match segment.reading {
                Reading::Products => {
                    counts.products += segment.live();
                    counts.active_products += segment.active;
                }
                Reading::Customers => {
                    counts.customers += segment.live();
                    counts.active_customers += segment.active;
                }
                Reading::Events(_) => {
                    counts.events += segment.live();
                    first = [first, segment.first_us].into_iter().flatten().min();
                    last = last.max(segment.last_us);
                }
            }
        }
        counts.first_event_at = first.and_then(DateTime::from_timestamp_micros);
        counts.last_event_at = last.and_then(DateTime::from_timestamp_micros);
        counts
    }

    /// All products, the inactive ones too, by ascending id.
    pub fn products(&self) -> Result<Vec<Product>, HistoryError> {
        let mut products = Vec::new();
        let mut rows = LiveRows::new(self, |reading| *reading == Reading::Products, Part::All);
        while let Some(read) = rows.next() {
            let (at, batch) = read?;
            products.extend(people::products(&rows.path(at), &batch)?);
        }
        products.sort_unstable_by(|a: &Product, b: &Product| a.id.cmp(&b.id));
        Ok(products)
    }

    /// All customers, the inactive ones too, as they are stored.
    pub fn customers(&self) -> Result<CustomerRows, HistoryError> {
        let rows = LiveRows::new(self, |reading| *reading == Reading::Customers, Part::All);
        Ok(CustomerRows { rows, batch: Vec::new().into_iter() })
    }

    /// The events of `range` in batches, as they are stored: by source, and within it as it was read. Segments that
    /// hold nothing of the range are not opened.
    pub fn events(&self, range: EventRange) -> Result<EventsAhead, HistoryError> {
        let (first, last) = range.bounds_us();
        let mut rows =
            LiveRows::new(self, |reading| matches!(reading, Reading::Events(_)), Part::Named(&EVENT_COLUMNS));
        rows.segments.retain(|at| self.0.manifest.segments[*at].overlaps(first, last));
        EventsAhead::of(EventBatches { rows, first, last })
    }

    /// Compares every segment's bytes with what was written.
    pub fn verify(&self) -> Result<(), HistoryError> {
        self.0.manifest.segments.iter().try_for_each(|segment| segment::verify(&self.0.folder, segment))
    }
}

/// The rows that count of some segments, batch by batch, with the index of their segment.
struct LiveRows {
    snapshot: Snapshot,
    /// Still to be read, the next one last.
    segments: Vec<usize>,
    part: Part,
    open: Option<(usize, Batches, Option<Rows>)>,
}

impl LiveRows {
    fn new(snapshot: &Snapshot, of: impl Fn(&Reading) -> bool, part: Part) -> Self {
        let segments = snapshot.0.manifest.segments.iter().enumerate();
        let mut segments: Vec<usize> = segments.filter(|(_, s)| of(&s.reading)).map(|(at, _)| at).collect();
        segments.reverse();
        Self { snapshot: snapshot.clone(), segments, part, open: None }
    }

    fn segment(&self, at: usize) -> &Segment {
        &self.snapshot.0.manifest.segments[at]
    }

    fn path(&self, at: usize) -> PathBuf {
        self.snapshot.0.folder.join(&self.segment(at).file)
    }

    fn open(&self, at: usize) -> Result<(usize, Batches, Option<Rows>), HistoryError> {
        let Inner { folder, pin, .. } = &*self.snapshot.0;
        let segment = self.segment(at);
        // Once per process: the bytes come from the disk only once, and summing them is quicker than decoding.
        if !pin.is_verified(&segment.file) {
            segment::verify(folder, segment)?;
            pin.set_verified(&segment.file);
        }
        Ok((at, Batches::open(folder, segment, self.part)?, segment.skipped_rows(folder)?))
    }

    fn fail<T>(&mut self, error: HistoryError) -> Option<Result<T, HistoryError>> {
        // After an error there is nothing more: half a history must not look like a whole one.
        self.open = None;
        self.segments.clear();
        Some(Err(error))
    }

    fn next(&mut self) -> Option<Result<(usize, RecordBatch), HistoryError>> {
        loop {
            if self.open.is_none() {
                let at = self.segments.pop()?;
                match self.open(at) {
                    Ok(open) => self.open = Some(open),
                    Err(error) => return self.fail(error),
                }
            }
            let (at, batches, skips) = self.open.as_mut()?;
            let chosen = match batches.next() {
                None => {
                    self.open = None;
                    continue;
                }
                Some(batch) => batch.and_then(|batch: Batch| {
                    segment::choose(batches.path(), batch, skips.as_ref(), Wanted::Outside)
                }),
            };
            match chosen {
                Ok(rows) if rows.num_rows() == 0 => {}
                Ok(rows) => return Some(Ok((*at, rows))),
                Err(error) => return self.fail(error),
            }
        }
    }
}

/// Batches of events, each read when it is asked for.
pub struct EventBatches {
    rows: LiveRows,
    first: i64,
    last: i64,
}

impl EventBatches {
    fn events(&self, at: usize, rows: RecordBatch) -> Result<Events, HistoryError> {
        let path = self.rows.path(at);
        let segment = self.rows.segment(at);
        let inside =
            segment.first_us >= Some(self.first) && segment.last_us.is_some_and(|us| us <= self.last);
        let rows = if inside { rows } else { self.within(&path, &rows)? };
        let source = match &segment.reading {
            Reading::Events(source) => source.as_str(),
            _ => "",
        };
        let mut events = Events::default();
        events::append(&path, source, &rows, &mut events)?;
        Ok(events)
    }

    fn within(&self, path: &std::path::Path, rows: &RecordBatch) -> Result<RecordBatch, HistoryError> {
        let times = rows
            .column_by_name("at")
            .and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>())
            .ok_or_else(|| HistoryError::Damaged {
                path: path.to_owned(),
                reason: "it has no times".into(),
            })?;
        let mask: BooleanArray =
            times.values().iter().map(|us| Some((self.first..=self.last).contains(us))).collect();
        arrow_select::filter::filter_record_batch(rows, &mask).map_err(HistoryError::damaged_rows(path))
    }
}

impl Iterator for EventBatches {
    type Item = Result<Events, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let events = match self.rows.next()? {
                Ok((at, rows)) => self.events(at, rows),
                Err(error) => Err(error),
            };
            match events {
                Ok(events) if events.is_empty() => {}
                Ok(events) => return Some(Ok(events)),
                Err(error) => return self.rows.fail(error),
            }
        }
    }
}

/// Customers, one by one.
pub struct CustomerRows {
    rows: LiveRows,
    batch: std::vec::IntoIter<Customer>,
}

impl Iterator for CustomerRows {
    type Item = Result<Customer, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(customer) = self.batch.next() {
                return Some(Ok(customer));
            }
            let customers =
                self.rows.next()?.and_then(|(at, rows)| people::customers(&self.rows.path(at), &rows));
            match customers {
                Ok(customers) => self.batch = customers.into_iter(),
                Err(error) => return self.rows.fail(error),
            }
        }
    }
}
