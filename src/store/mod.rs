//! Handpick's own state in one SQLite file: all diesel is here, one file per table family.
//!
//! It answers questions and keeps rows; it decides nothing. Use cases open their transactions, visibly, with
//! [`Store::write`].

pub mod accounts;
pub mod api_keys;
pub mod audit;
pub mod bounces;
pub mod campaigns;
pub mod emails;
pub mod hindsights;
pub mod id_lists;
pub mod jobs;
pub mod listmonk;
pub mod mails;
pub mod model_choices;
pub mod models;
pub mod report_letters;
pub mod report_links;
pub mod reports;
pub mod responses;
pub mod rule_sets;
mod schema;
pub mod segments;
pub mod sendings;
pub mod series;
pub mod sessions;
pub mod shops;
pub mod syncs;
pub mod unsubscribes;
pub mod weather;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::path::{Path, PathBuf};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// A connection to the state, as the store's functions take it.
pub type Conn = SqliteConnection;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the state file {path} cannot be opened: {reason}")]
    Open { path: PathBuf, reason: String },
    #[error(
        "the state file {path} could not be brought up to date: {reason}. Its copy from before is {backup}"
    )]
    Migrate { path: PathBuf, backup: String, reason: String },
    #[error("no disk space left for the state file; free some space and try again")]
    DiskFull,
    #[error("somebody else changed this in the meantime")]
    Stale,
    #[error("“{0}” is taken already")]
    Taken(String),
    #[error("the state holds something this version cannot read ({what}): {reason}")]
    Unreadable { what: &'static str, reason: String },
    #[error("the state cannot be read or written: {0}")]
    Query(diesel::result::Error),
    #[error("no connection to the state file is free: {0}")]
    Busy(String),
}

pub type StoreResult<T> = Result<T, StoreError>;

impl From<diesel::result::Error> for StoreError {
    fn from(error: diesel::result::Error) -> Self {
        match &error {
            // SQLite has no error code in diesel's information; its text is fixed.
            diesel::result::Error::DatabaseError(_, info) if info.message().contains("disk is full") => {
                Self::DiskFull
            }
            _ => Self::Query(error),
        }
    }
}

/// Handle on the state file; cheap to clone.
#[derive(Clone)]
pub struct Store {
    pool: Pool<ConnectionManager<SqliteConnection>>,
    path: PathBuf,
}

#[derive(Debug)]
struct Pragmas;

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for Pragmas {
    fn on_acquire(&self, conn: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        conn.batch_execute(
            "PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;",
        )
        .map_err(diesel::r2d2::Error::QueryError)
    }
}

impl Store {
    /// Opens `path`, creating it when missing, and brings it up to date after a consistent copy was taken.
    pub fn open(path: &Path) -> StoreResult<Self> {
        let fail = |reason: String| StoreError::Open { path: path.to_owned(), reason };
        let url = path.to_str().ok_or_else(|| fail("its path is not UTF-8".into()))?;
        // WAL mode is a property of the file and is switched on once, by one connection, before the pool starts:
        // several connections switching at the same time would find each other's lock.
        let mut first = SqliteConnection::establish(url).map_err(|e| fail(e.to_string()))?;
        first
            .batch_execute("PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL;")
            .map_err(|e| fail(e.to_string()))?;
        migrate(&mut first, path)?;
        drop(first);
        let pool = Pool::builder()
            .max_size(8)
            .min_idle(Some(1))
            .connection_customizer(Box::new(Pragmas))
            .build(ConnectionManager::new(url))
            .map_err(|e| fail(e.to_string()))?;
        Ok(Self { pool, path: path.to_owned() })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs questions that change nothing.
    pub fn read<T>(&self, ask: impl FnOnce(&mut Conn) -> StoreResult<T>) -> StoreResult<T> {
        let mut conn = self.pool.get().map_err(|e| StoreError::Busy(e.to_string()))?;
        ask(&mut conn)
    }

    /// Runs `change` in one transaction that takes the write lock at once; an error undoes all of it.
    pub fn write<T>(&self, change: impl FnOnce(&mut Conn) -> StoreResult<T>) -> StoreResult<T> {
        let mut conn = self.pool.get().map_err(|e| StoreError::Busy(e.to_string()))?;
        conn.immediate_transaction(change)
    }
}

/// Applies pending migrations; a file that holds something is copied beside itself first.
fn migrate(conn: &mut SqliteConnection, path: &Path) -> StoreResult<()> {
    let fail = |backup: &str, reason: String| StoreError::Migrate {
        path: path.to_owned(),
        backup: backup.to_owned(),
        reason,
    };
    let pending = conn.pending_migrations(MIGRATIONS).map_err(|e| fail("not needed", e.to_string()))?;
    if pending.is_empty() {
        return Ok(());
    }
    let applied = conn.applied_migrations().map_err(|e| fail("not needed", e.to_string()))?;
    let backup = path.with_extension(format!("before-{}.db", pending[0].name()));
    if !applied.is_empty() && !backup.exists() {
        // VACUUM INTO writes a consistent copy even while other connections work.
        diesel::sql_query("VACUUM INTO ?")
            .bind::<diesel::sql_types::Text, _>(backup.to_string_lossy().into_owned())
            .execute(conn)
            .map_err(|e| fail("not made", e.to_string()))?;
    }
    conn.run_pending_migrations(MIGRATIONS)
        .map(|_| ())
        .map_err(|e| fail(&backup.to_string_lossy(), e.to_string()))
}

/// Reads a JSON column.
fn from_json<T: serde::de::DeserializeOwned>(what: &'static str, text: &str) -> StoreResult<T> {
    serde_json::from_str(text).map_err(|e| StoreError::Unreadable { what, reason: e.to_string() })
}

/// Writes a JSON column.
fn to_json<T: serde::Serialize>(what: &'static str, value: &T) -> StoreResult<String> {
    serde_json::to_string(value).map_err(|e| StoreError::Unreadable { what, reason: e.to_string() })
}
