//! The client's databases, read-only: PostgreSQL, MySQL/MariaDB and SQLite behind one trait.
//!
//! Nothing here writes to a client's database, and nothing here keeps what it reads: rows are handed on in batches.

mod driver;
mod error;
mod events;
mod findings;
mod mysql;
mod plan;
mod postgres;
mod postgres_rows;
mod reason;
mod select;
mod session;
mod sqlite;
mod things;
mod time;
mod value;
mod watermark;

pub use error::{SourceError, nearest_names};
pub use findings::{CheckReport, Finding, KindReport, Preview, Severity, check};
pub use reason::Reason;
pub use session::{Session, connect};
pub use time::written_moment;

use driver::{Column, Dialect, Driver, DriverError, Journal, RowSink, Shape};
use value::Value;

/// The source's encrypted line.
fn encryption(source: &crate::config::Source) -> Result<rustls::ClientConfig, SourceError> {
    let wrong = |reason| SourceError::Tls { place: source.host.clone(), reason };
    crate::tls::client(&source.ca_file).map_err(wrong)
}

/// Rows handed on at a time.
const BATCH: usize = 8192;

/// What a reading came to.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// Rows the database sent.
    pub rows: u64,
    /// Rows that could not be used, by why, most first.
    pub ignored: Vec<(Reason, u64)>,
    /// One row for each reason of `ignored`: the id of the event, order or product it had.
    pub examples: Vec<(Reason, String)>,
    /// The highest watermark seen, to be stored once what was read is committed.
    pub watermark: Option<String>,
}

/// The receiver of a batch gave up: cancelled, disk full.
#[derive(Debug, Clone)]
pub struct Stop(pub String);

/// A statement that was sent, and what it cost.
#[derive(Debug, Clone)]
pub struct Statement {
    pub text: String,
    pub rows: u64,
    pub duration: std::time::Duration,
    pub error: Option<String>,
}

/// What came of a harmless write that the server must refuse.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Proof {
    pub refused: bool,
    pub statement: String,
    /// The server's own words.
    pub answer: String,
}
