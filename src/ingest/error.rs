//! Why a sync did not happen, or was undone.

use crate::history::HistoryError;
use crate::sources::SourceError;
use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    #[error("no database is configured; describe it in the [source] section of the configuration")]
    NoSource,
    #[error("source.allowed_hours: {reason}")]
    WrongHours { reason: String },
    #[error(
        "the shop lets Handpick read its database from {hours} o'clock only; try again then, or change source.allowed_hours"
    )]
    NotNow { hours: String },
    #[error("two mappings are called “{name}”; give each of source.events a name of its own")]
    SameName { name: String },
    #[error("cancelled; the history is as it was")]
    Cancelled,
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    History(HistoryError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<HistoryError> for SyncError {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Cancelled => Self::Cancelled,
            error => Self::History(error),
        }
    }
}

impl SyncError {
    /// Worth another try later, without anybody changing anything.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Source(error) => error.is_passing(),
            Self::History(error) => error.is_passing(),
            Self::Store(error) => matches!(error, StoreError::Busy(_)),
            _ => false,
        }
    }
}
