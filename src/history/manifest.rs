//! A version of the history: which segments it is made of and which of their rows it skips.
//!
//! One JSON file per version under `versions/`; publishing a version is the rename of that file.

use super::files::write_durably;
use super::rows::Rows;
use super::{HistoryError, Reading};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const FORMAT: u32 = 1;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub format: u32,
    pub version: u64,
    pub written_at: Option<DateTime<Utc>>,
    pub segments: Vec<Segment>,
}

/// One Parquet file and which of its rows count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Segment {
    /// Relative to the history's folder.
    pub file: String,
    pub reading: Reading,
    pub rows: u64,
    pub bytes: u64,
    /// XXH3 of the file's bytes.
    #[serde(with = "hex")]
    pub checksum: u64,
    /// Bounds of the rows' times, microseconds since 1970; `None` for products and customers.
    pub first_us: Option<i64>,
    pub last_us: Option<i64>,
    /// Some of the rows carry the shop's own event id.
    pub has_ids: bool,
    /// Rows that count and are active (products and customers).
    pub active: u64,
    pub skipped: Option<Skipped>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Skipped {
    pub file: String,
    pub rows: u64,
    #[serde(with = "hex")]
    pub checksum: u64,
}

/// JSON numbers lose the last bits of a checksum in many readers; text does not.
mod hex {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{value:016x}"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        u64::from_str_radix(&String::deserialize(deserializer)?, 16).map_err(D::Error::custom)
    }
}

impl Segment {
    pub fn live(&self) -> u64 {
        self.rows - self.skipped.as_ref().map_or(0, |skipped| skipped.rows)
    }

    pub fn overlaps(&self, first_us: i64, last_us: i64) -> bool {
        self.first_us.is_none_or(|first| first <= last_us) && self.last_us.is_none_or(|last| last >= first_us)
    }

    /// The rows to leave out; `None` when every row counts.
    pub fn skipped_rows(&self, folder: &Path) -> Result<Option<Rows>, HistoryError> {
        let Some(skipped) = &self.skipped else { return Ok(None) };
        Rows::load(&folder.join(&skipped.file), self.rows as usize, skipped.checksum).map(Some)
    }

    pub fn files(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.file.as_str()).chain(self.skipped.as_ref().map(|skipped| skipped.file.as_str()))
    }
}

impl Manifest {
    pub fn empty() -> Self {
        Self { format: FORMAT, version: 0, written_at: None, segments: Vec::new() }
    }

    pub fn next(&self, segments: Vec<Segment>, now: DateTime<Utc>) -> Self {
        Self { format: FORMAT, version: self.version + 1, written_at: Some(now), segments }
    }

    pub fn read(folder: &Path, version: u64) -> Result<Self, HistoryError> {
        if version == 0 {
            return Ok(Self::empty());
        }
        let path = path_of(folder, version);
        let text = std::fs::read(&path).map_err(HistoryError::file(&path, "read"))?;
        let damaged = |reason: String| HistoryError::Damaged { path: path.clone(), reason };
        // The format is looked at first: a newer one may hold anything else.
        let format = serde_json::from_slice::<Format>(&text).map_err(|e| damaged(e.to_string()))?.format;
        if format > FORMAT {
            return Err(HistoryError::NewerFormat { path, found: format, known: FORMAT });
        }
        let manifest: Self = serde_json::from_slice(&text).map_err(|e| damaged(e.to_string()))?;
        if manifest.version != version {
            return Err(damaged(format!("it says version {}", manifest.version)));
        }
        Ok(manifest)
    }

    /// From here on this is the newest version.
    pub fn publish(&self, folder: &Path) -> Result<(), HistoryError> {
        let path = path_of(folder, self.version);
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| HistoryError::of_io(&path, "written", &error.into()))?;
        write_durably(&path, &text)
    }

    pub fn of<'a>(&'a self, reading: &'a Reading) -> impl Iterator<Item = &'a Segment> {
        self.segments.iter().filter(move |segment| segment.reading == *reading)
    }
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// Relative to the history's folder.
pub(super) fn name_of(version: u64) -> String {
    format!("versions/{version:012}.json")
}

pub(super) fn path_of(folder: &Path, version: u64) -> PathBuf {
    folder.join(name_of(version))
}

/// The versions that are kept, oldest first; empty for a new history.
pub(super) fn kept(folder: &Path) -> Result<Vec<u64>, HistoryError> {
    let versions = folder.join("versions");
    let unreadable = HistoryError::file(&versions, "read");
    let mut kept = Vec::new();
    for entry in std::fs::read_dir(&versions).map_err(&unreadable)? {
        let name = entry.map_err(&unreadable)?.file_name();
        let number: Option<u64> =
            name.to_str().and_then(|name| name.strip_suffix(".json")).and_then(|n| n.parse().ok());
        kept.extend(number);
    }
    kept.sort_unstable();
    Ok(kept)
}
