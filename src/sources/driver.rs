//! What a client's database must be able to do for Handpick: describe a SELECT and stream its rows.

use super::{Proof, SourceError, Statement, Value};
use std::time::Instant;

/// Receives one row after another; an error ends the reading.
pub type RowSink<'a> = dyn FnMut(&[Value<'_>]) -> Result<(), SourceError> + 'a;

/// One connection in one read-only transaction that sees one consistent state of the database.
pub trait Driver: Send {
    fn dialect(&self) -> Dialect;

    /// Names and types of the columns `select` would answer with; it is prepared, not run.
    fn describe(&mut self, select: &str) -> Result<Vec<Column>, DriverError>;

    /// Runs `select`, whose columns were described as `columns`, in constant memory; answers how many rows came.
    fn stream(
        &mut self,
        select: &str,
        columns: &[Column],
        sink: &mut RowSink<'_>,
    ) -> Result<u64, DriverError>;

    /// Tables and views the account can see, with their schema where there are several.
    fn tables(&mut self) -> Result<Vec<String>, DriverError>;

    /// The server's clock, in microseconds since 1970, UTC.
    fn clock_us(&mut self) -> Result<i64, DriverError>;

    /// Tries a harmless write, which the server must refuse and of which nothing may remain.
    fn try_to_write(&mut self) -> Result<Proof, DriverError>;

    /// What the account could do outside Handpick's session, in plain words; empty when it can only read.
    fn account_powers(&mut self) -> Result<Vec<String>, DriverError>;

    fn journal(&mut self) -> &mut Journal;
}

/// What a driver knows of a failure. Which mapping it concerns is added by the session.
#[derive(Debug)]
pub enum DriverError {
    NoTable(String),
    NoColumn(String),
    Other(SourceError),
}

impl From<SourceError> for DriverError {
    fn from(error: SourceError) -> Self {
        Self::Other(error)
    }
}

impl From<DriverError> for SourceError {
    fn from(error: DriverError) -> Self {
        match error {
            DriverError::NoTable(answer) | DriverError::NoColumn(answer) => Self::Refused { answer },
            DriverError::Other(error) => error,
        }
    }
}

/// How a server writes SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Postgres,
    Mysql,
    Sqlite,
}

/// What kind of values a column holds, as far as the mapping must know before the first row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Bool,
    Integer,
    Float,
    Decimal,
    Text,
    /// A moment, whatever the zone it was written in.
    Instant,
    /// A date and time without zone.
    WallClock,
    Date,
    Uuid,
    Bytes,
    /// SQLite: each value has its own type.
    Any,
    Unsupported,
}

#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub shape: Shape,
    /// As the server calls it, for messages.
    pub type_name: String,
    /// PostgreSQL's type number or MySQL's type byte: what the driver decodes by.
    pub type_code: u32,
}

/// Every statement sent, for the page that shows what Handpick does to the database.
#[derive(Debug, Default)]
pub struct Journal(pub Vec<Statement>);

impl Journal {
    /// Notes `text` as sent, with the rows of `outcome` and the time since `started`.
    pub fn note<E: std::fmt::Display>(
        &mut self,
        text: impl Into<String>,
        started: Instant,
        rows: u64,
        outcome: Result<(), &E>,
    ) {
        let error = outcome.err().map(|error| error.to_string());
        self.0.push(Statement { text: text.into(), rows, duration: started.elapsed(), error });
    }
}

impl std::fmt::Display for DriverError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoTable(answer) | Self::NoColumn(answer) => f.write_str(answer),
            Self::Other(error) => error.fmt(f),
        }
    }
}
