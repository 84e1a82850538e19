//! Where a sample shop is written: this is the only code of Handpick that writes to a database other than its own,
//! and it refuses one that already holds the tables.

mod csv;
mod mysql;
mod postgres;
mod sqlite;

use super::schema::{Cell, Table};
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error(
        "“{0}” is not a place to write to; give sqlite:FILE, csv:DIR, postgres://USER:PASSWORD@HOST/DATABASE or mysql://USER:PASSWORD@HOST/DATABASE"
    )]
    NoPlace(String),
    #[error("{place} already has {what}; choose an empty place, nothing was written")]
    Occupied { place: String, what: String },
    #[error("{place} cannot be written: {reason}")]
    Failed { place: String, reason: String },
    #[error("cancelled")]
    Cancelled,
}

/// Takes rows, table by table or mixed. What was written is there only after [`ShopWriter::finish`], where the
/// database can promise that.
pub trait ShopWriter {
    /// One row of `table`, its cells in the order of [`Table::columns`].
    fn row(&mut self, table: Table, cells: &[Cell<'_>]) -> Result<(), WriteError>;

    fn finish(self: Box<Self>) -> Result<(), WriteError>;
}

/// A place to write to, as `--to` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Sqlite(PathBuf),
    Csv(PathBuf),
    Postgres(String),
    Mysql(String),
}

impl std::str::FromStr for Place {
    type Err = WriteError;

    fn from_str(text: &str) -> Result<Self, WriteError> {
        match text.split_once(':') {
            Some(("sqlite", file)) if !file.is_empty() => Ok(Self::Sqlite(file.into())),
            Some(("csv", dir)) if !dir.is_empty() => Ok(Self::Csv(dir.into())),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(text.to_owned())),
            Some(("mysql" | "mariadb", rest)) => Ok(Self::Mysql(format!("mysql:{rest}"))),
            _ => Err(WriteError::NoPlace(text.to_owned())),
        }
    }
}

/// Creates the tables and answers a writer for them.
pub fn open(place: &Place) -> Result<Box<dyn ShopWriter>, WriteError> {
    Ok(match place {
        Place::Sqlite(file) => Box::new(sqlite::Sqlite::create(file)?),
        Place::Csv(dir) => Box::new(csv::Csv::create(dir)?),
        Place::Postgres(address) => Box::new(postgres::Postgres::create(address)?),
        Place::Mysql(address) => Box::new(mysql::Mysql::create(address)?),
    })
}

pub use sqlite::Sqlite;

/// One value for each table.
struct PerTable<T>([T; Table::ALL.len()]);

impl<T> PerTable<T> {
    fn of(&mut self, table: Table) -> &mut T {
        &mut self.0[table as usize]
    }
}

/// `2026-11-24 09:05:00`, in UTC, as every one of the four places reads it.
fn text_of_time(time: chrono::DateTime<chrono::Utc>) -> String {
    use chrono::{Datelike, Timelike};
    use std::fmt::Write;
    // Formatting by chrono's pattern language costs ten times as much, a few seconds at load M.
    let mut text = String::with_capacity(19);
    write!(
        text,
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        time.year(),
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
    .expect("invariant: writing to a String cannot fail");
    text
}
