//! What can go wrong with the history on disk.

use parquet::errors::ParquetError;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, thiserror::Error)]
pub enum HistoryError {
    #[error(
        "no disk space left for the history in {path}; free some space and try again. What was there before is intact"
    )]
    DiskFull { path: PathBuf },
    #[error("{path} cannot be {doing}: {reason}")]
    File { path: PathBuf, doing: &'static str, reason: String },
    /// The bytes on disk are not those that were written.
    #[error(
        "{path} is damaged ({reason}); restore it from a backup, or move the history folder away and read everything again"
    )]
    Damaged { path: PathBuf, reason: String },
    #[error(
        "{path} was written by a newer Handpick (format {found}, this one reads up to {known}); update Handpick"
    )]
    NewerFormat { path: PathBuf, found: u32, known: u32 },
    #[error("version {wanted} of the history is no longer kept; the oldest is {oldest}, the newest {newest}")]
    VersionGone { wanted: u64, oldest: u64, newest: u64 },
    #[error("what was known at {at} is no longer kept; the oldest version was written at {oldest_at}")]
    TimeGone { at: String, oldest_at: String },
    #[error("another update of the history is still running; wait until it has ended")]
    Busy,
    #[error("cancelled; the history is as it was")]
    Cancelled,
    #[error("the history cannot be read on a thread of its own: {reason}")]
    Reader { reason: String },
}

impl HistoryError {
    /// Worth another try later without anybody's doing.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Busy)
    }

    pub(super) fn file(path: &Path, doing: &'static str) -> impl Fn(std::io::Error) -> Self {
        move |error| Self::of_io(path, doing, &error)
    }

    pub(super) fn of_io(path: &Path, doing: &'static str, error: &std::io::Error) -> Self {
        if matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded) {
            return Self::DiskFull { path: path.to_owned() };
        }
        Self::File { path: path.to_owned(), doing, reason: error.to_string() }
    }

    /// What the Parquet reader could not make sense of.
    pub(super) fn damaged(path: &Path) -> impl Fn(ParquetError) -> Self {
        move |error| Self::Damaged { path: path.to_owned(), reason: error.to_string() }
    }

    pub(super) fn damaged_rows(path: &Path) -> impl Fn(arrow_schema::ArrowError) -> Self {
        move |error| Self::Damaged { path: path.to_owned(), reason: error.to_string() }
    }
}
