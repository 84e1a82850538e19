//! Syncing: the shop's database into its history, by hand or by schedule, and the page that shows how it went.

mod counts;
mod error;
mod hours;
mod job;
mod marks;
pub mod pages;
mod pipeline;
mod sync;
#[cfg(test)]
mod tests;

pub use counts::{Ignored, MappingCounts, SyncCounts};
pub use error::SyncError;
pub use job::job;
pub use sync::{event_source, sync};

/// How much a sync reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// What came after the last sync, where the mapping names a watermark.
    Incremental,
    /// Every table from its beginning.
    Full,
}

/// What a queued sync carries: `{"full": false}`.
#[derive(Debug, Clone, Copy, Default, serde::Serialize, serde::Deserialize)]
pub struct Request {
    #[serde(default)]
    pub full: bool,
}

impl Request {
    pub fn kind(self) -> Kind {
        if self.full { Kind::Full } else { Kind::Incremental }
    }
}

/// The job's kind in the queue.
pub const JOB: &str = "sync";

/// A database that is down gets this many tries, with growing pauses, before the job fails.
pub const ATTEMPTS: i32 = 6;
