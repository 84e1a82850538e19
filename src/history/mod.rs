//! The shop's history on disk, as Parquet: append, dedupe, compact, read as of a version.
//!
//! ```text
//! history/versions/000000000012.json   one version: its segments, and which of their rows it skips
//! history/{events,products,customers}/ the segments: Parquet, written once, never changed
//! history/spill/                       keys on their way through the disk during a commit
//! ```
//!
//! An [`Update`] writes new segments and, at its commit, decides which rows are news: the rows' 128-bit keys (of the
//! shop's own event id, else of the whole content) are compared partition by partition, so that memory stays flat
//! whatever the history's size. Rows are never removed from a segment; a version says which rows it skips, and
//! segments that are mostly skipped, or small, are merged. The rename of the version's file publishes it: before, a
//! crash leaves the old version and some files that the next [`History::open`] sweeps.
//!
//! Two equal lines of one reading are two lines; read again they are still two. Lines equal in every field that
//! are read in different syncs cannot be told from a second reading of the same line when they lie in the overlap: a
//! shop with such lines should map an event id. An event that a full reading no longer holds is kept: shops purge
//! old orders, and what a person did remains true.

mod ahead;
mod compact;
mod error;
mod events;
#[cfg(test)]
mod fault_tests;
mod files;
mod folder;
mod keys;
mod manifest;
mod people;
mod reconcile;
mod rows;
mod segment;
mod snapshot;
mod spill;
#[cfg(test)]
mod tests;
mod update;

pub use ahead::EventsAhead;
pub use error::HistoryError;
pub use folder::History;
pub use snapshot::{CustomerRows, Snapshot};
pub use update::Update;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What was read: each is reconciled with what the history knows of the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reading {
    Products,
    Customers,
    /// The events of one source.
    Events(String),
}

/// How much of its source a reading covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// All of it: a product or customer that is missing vanished from the shop and becomes inactive.
    /// Missing events are kept.
    Everything,
    /// What is new since the last reading; what is missing is untouched.
    Part,
    /// All of it, read in another way than before (the mapping changed): what was known of the events is dropped,
    /// because a line without an id would not be recognised. For products and customers as `Everything`.
    Anew,
}

/// What a commit found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committed {
    /// The version that holds the update; the one before when nothing was new.
    pub version: u64,
    pub new_events: u64,
    /// Known already, or twice in this reading under one id.
    pub repeated_events: u64,
    /// Same id, other content: the new reading took the old one's place.
    pub replaced_events: u64,
    /// Known from an earlier way of reading the same source, and dropped with it.
    pub dropped_events: u64,
    pub new_products: u64,
    pub changed_products: u64,
    pub vanished_products: u64,
    pub new_customers: u64,
    pub changed_customers: u64,
    pub vanished_customers: u64,
}

/// How much a snapshot holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub events: u64,
    pub products: u64,
    pub customers: u64,
    pub active_products: u64,
    pub active_customers: u64,
    /// Bounds of the events' times. An event that was replaced may have set them.
    pub first_event_at: Option<DateTime<Utc>>,
    pub last_event_at: Option<DateTime<Utc>>,
}

/// A span of time, half open: `from ≤ at < until`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventRange {
    pub from: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
}

impl EventRange {
    pub fn all() -> Self {
        Self::default()
    }

    pub fn before(until: DateTime<Utc>) -> Self {
        Self { from: None, until: Some(until) }
    }

    pub fn between(from: DateTime<Utc>, until: DateTime<Utc>) -> Self {
        Self { from: Some(from), until: Some(until) }
    }

    /// First and last microsecond inside.
    fn bounds_us(self) -> (i64, i64) {
        let from = self.from.map_or(i64::MIN, |from| from.timestamp_micros());
        let last = self.until.map_or(i64::MAX, |until| until.timestamp_micros().saturating_sub(1));
        (from, last)
    }
}
