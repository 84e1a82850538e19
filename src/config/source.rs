//! The `[source]` section: the client's database and how its tables map to products, customers and events.

use super::Secret;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DatabaseKind {
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
    Sqlite,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// No encryption: for a database on the same machine.
    Off,
    /// Encrypted, and the server's certificate must be signed by `ca_file` (or a public authority).
    Verify,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Source {
    pub kind: DatabaseKind,
    pub host: String,
    /// 0 stands for the kind's usual port.
    pub port: u16,
    pub database: String,
    pub user: String,
    pub password: Secret,
    /// The database file, when `kind` is `sqlite`.
    pub file: PathBuf,
    pub tls: Tls,
    pub ca_file: PathBuf,
    /// Zone of times that carry none.
    pub time_zone: String,
    /// Refuse to work with an account that could write outside Handpick's read-only session.
    pub require_read_only_account: bool,
    pub connect_timeout_s: u32,
    pub statement_timeout_s: u32,
    pub lock_timeout_s: u32,
    /// 0 reads as fast as the database gives.
    pub rows_per_second: u32,
    /// Hours in which syncs may run, such as `22-6`; empty means always.
    pub allowed_hours: String,
    /// Incremental syncs read again what is at most this much older than the watermark.
    pub overlap_hours: u32,
    /// Customer ids that stand for nobody in particular ("guest"): their events count for no customer.
    pub anonymous_customers: Vec<String>,
    pub products: Option<Mapping>,
    pub customers: Option<Mapping>,
    /// One mapping for each table that holds events.
    pub events: Vec<Mapping>,
}

impl Default for Source {
    fn default() -> Self {
        Self {
            kind: DatabaseKind::Postgres,
            host: "127.0.0.1".into(),
            port: 0,
            database: String::new(),
            user: String::new(),
            password: Secret::default(),
            file: PathBuf::new(),
            tls: Tls::Off,
            ca_file: PathBuf::new(),
            time_zone: "UTC".into(),
            require_read_only_account: false,
            connect_timeout_s: 10,
            statement_timeout_s: 3600,
            lock_timeout_s: 5,
            rows_per_second: 0,
            allowed_hours: String::new(),
            overlap_hours: 48,
            anonymous_customers: Vec::new(),
            products: None,
            customers: None,
            events: Vec::new(),
        }
    }
}

/// Where one kind of thing is read from: a table or a SELECT, and which of its columns means what.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// A short name for messages and watermarks; the table's name when empty.
    pub name: String,
    /// A table or view, with its schema if need be: `public.orders`.
    pub table: String,
    /// Or one SELECT statement.
    pub select: String,
    /// The column that grows with every insert or change; empty reads everything each time.
    pub watermark: String,
    /// Handpick's field → the column that holds it, or a constant.
    pub fields: BTreeMap<String, Field>,
    /// Of products only: what else is said of them, under names of your own → the column that holds it.
    pub attributes: BTreeMap<String, Field>,
}

/// Where one field comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Field {
    /// `price = "unit_price"`
    Column(String),
    /// `currency = { value = "GBP" }`
    Constant { value: String },
    /// `kind = { column = "type", values = { "ORDER" = "purchase" } }`
    Translated { column: String, values: BTreeMap<String, String> },
    /// `at = { column = "created", unit = "milliseconds" }`
    Epoch { column: String, unit: EpochUnit },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EpochUnit {
    Seconds,
    Milliseconds,
    Microseconds,
}
