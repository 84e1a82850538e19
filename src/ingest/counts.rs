//! What a sync did, as it is stored, shown and printed.

use crate::history::Committed;
use crate::sources;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SyncCounts {
    pub mappings: Vec<MappingCounts>,
    /// What of it was news.
    pub history: Committed,
}

/// One mapping's reading.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingCounts {
    pub name: String,
    /// The whole table was read, not only what came after the last sync.
    pub whole: bool,
    /// Rows the database sent.
    pub rows: u64,
    /// Rows that could not be used, most first.
    pub ignored: Vec<Ignored>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ignored {
    pub rows: u64,
    /// Continues the number: `12 have no time`.
    pub reason: String,
    /// The id of one such row.
    pub example: Option<String>,
}

impl SyncCounts {
    pub fn rows(&self) -> u64 {
        self.mappings.iter().map(|mapping| mapping.rows).sum()
    }

    pub fn ignored(&self) -> u64 {
        self.mappings.iter().flat_map(|mapping| &mapping.ignored).map(|ignored| ignored.rows).sum()
    }
}

impl MappingCounts {
    pub(super) fn new(name: &str, whole: bool, reading: &sources::Reading) -> Self {
        let ignored = reading.ignored.iter().map(|(reason, rows)| Ignored {
            rows: *rows,
            reason: reason.words().to_owned(),
            example: reading.examples.iter().find(|(of, _)| of == reason).map(|(_, id)| id.clone()),
        });
        Self { name: name.to_owned(), whole, rows: reading.rows, ignored: ignored.collect() }
    }
}
