//! Writes a sample shop as an SQLite file.

use super::{ShopWriter, WriteError};
use crate::sample_shop::schema::{Cell, Kind, Table};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, ToSql};
use std::path::{Path, PathBuf};

/// Rows per transaction.
const COMMIT_EVERY: u64 = 200_000;

pub struct Sqlite {
    conn: Connection,
    insert: [String; Table::ALL.len()],
    rows: u64,
    /// Where the file lies while it is written, and its name when done; `None` when rows are added to a shop.
    rename: Option<(PathBuf, PathBuf)>,
    place: String,
}

impl Sqlite {
    /// The file appears under its name only when it is complete.
    pub fn create(file: &Path) -> Result<Self, WriteError> {
        let place = file.display().to_string();
        if file.exists() {
            return Err(WriteError::Occupied { place, what: "a file of this name".into() });
        }
        let failed = |reason: String| WriteError::Failed { place: place.clone(), reason };
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent).map_err(|e| failed(e.to_string()))?;
        }
        let mut unfinished = file.as_os_str().to_owned();
        unfinished.push(".unfinished");
        let unfinished = PathBuf::from(unfinished);
        if unfinished.exists() {
            std::fs::remove_file(&unfinished).map_err(|e| failed(e.to_string()))?;
        }
        let conn = Connection::open(&unfinished).map_err(|e| failed(e.to_string()))?;
        // A file that is renamed when complete needs no journal to be safe.
        let mut setup = String::from("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;");
        for table in Table::ALL {
            setup.push_str(&table.create(type_of));
            setup.push(';');
        }
        conn.execute_batch(&setup).map_err(|e| failed(e.to_string()))?;
        Ok(Self::on(conn, Some((unfinished, file.to_owned())), place))
    }

    /// Adds rows to the sample shop in `file`, in one transaction.
    pub(in crate::sample_shop) fn append(file: &Path) -> Result<Self, WriteError> {
        let place = file.display().to_string();
        let failed = |e: rusqlite::Error| WriteError::Failed { place: place.clone(), reason: e.to_string() };
        let conn = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
        conn.execute_batch("BEGIN IMMEDIATE").map_err(failed)?;
        Ok(Self::on(conn, None, place))
    }

    fn on(conn: Connection, rename: Option<(PathBuf, PathBuf)>, place: String) -> Self {
        let insert = Table::ALL.map(|table| {
            let marks = vec!["?"; table.columns().len()].join(", ");
            format!("INSERT INTO {} VALUES ({marks})", table.name())
        });
        conn.set_prepared_statement_cache_capacity(16);
        Self { conn, insert, rows: 0, rename, place }
    }

    pub(in crate::sample_shop) fn connection(&self) -> &Connection {
        &self.conn
    }

    fn write(&mut self, table: Table, cells: &[Cell<'_>]) -> rusqlite::Result<()> {
        self.conn
            .prepare_cached(&self.insert[table as usize])?
            .execute(rusqlite::params_from_iter(cells.iter()))?;
        self.rows += 1;
        if self.rename.is_some() && self.rows.is_multiple_of(COMMIT_EVERY) {
            self.conn.execute_batch("COMMIT; BEGIN")?;
        }
        Ok(())
    }
}

impl ShopWriter for Sqlite {
    fn row(&mut self, table: Table, cells: &[Cell<'_>]) -> Result<(), WriteError> {
        self.write(table, cells)
            .map_err(|error| WriteError::Failed { place: self.place.clone(), reason: error.to_string() })
    }

    fn finish(self: Box<Self>) -> Result<(), WriteError> {
        let failed = |reason: String| WriteError::Failed { place: self.place.clone(), reason };
        self.conn.execute_batch("COMMIT").map_err(|e| failed(e.to_string()))?;
        self.conn.flush_prepared_statement_cache();
        self.conn.close().map_err(|(_, e)| failed(e.to_string()))?;
        match self.rename {
            Some((from, to)) => std::fs::rename(from, to).map_err(|e| failed(e.to_string())),
            None => Ok(()),
        }
    }
}

/// Amounts are text, because SQLite's NUMERIC would make them binary fractions.
fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Key => "TEXT NOT NULL PRIMARY KEY",
        Kind::Text | Kind::Amount | Kind::Time => "TEXT",
        Kind::Number => "INTEGER",
        Kind::Truth => "INTEGER NOT NULL",
        Kind::Serial => "INTEGER PRIMARY KEY",
    }
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Cell::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Cell::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Cell::Number(number) => ToSqlOutput::from(*number),
            Cell::Truth(truth) => ToSqlOutput::from(*truth),
            Cell::Amount(amount) => ToSqlOutput::from(amount.to_string()),
            Cell::Time(time) => ToSqlOutput::from(super::text_of_time(*time)),
        })
    }
}
