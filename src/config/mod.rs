//! The configuration: one TOML file, every key also settable from the environment. `config.example.toml` lists
//! every key with its default.
//!
//! It reads and checks; it connects to nothing.

mod check;
mod environment;
mod error;
mod listmonk;
mod load;
mod mail;
mod mailbox;
mod pictures;
mod secret;
mod source;
mod weather;

pub use error::ConfigError;
pub use listmonk::Listmonk;
pub use load::{load, parse};
pub use mail::{Mail, MailTls};
pub use mailbox::Mailbox;
pub use pictures::Pictures;
pub use secret::Secret;
pub use source::{DatabaseKind, EpochUnit, Field, Mapping, Source, Tls};
pub use weather::Weather;

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Everything an admin can set.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub shop: Shop,
    pub server: Server,
    pub data: Data,
    pub log: Log,
    pub training: Training,
    pub schedule: Schedule,
    pub mail: Mail,
    pub mailbox: Mailbox,
    pub pictures: Pictures,
    pub weather: Weather,
    pub listmonk: Listmonk,
    pub source: Option<Source>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shop {
    pub name: String,
    /// Prices and orders that name no currency are in this one (ISO 4217).
    pub currency: String,
    /// Days on pages and in reports are days in this zone (IANA name).
    pub time_zone: String,
    /// What other currencies were worth in the shop's, day by day: CSV with the columns day, currency and rate. Reports
    /// convert orders at their day's; empty: orders in another currency are left out of them.
    pub rates_file: PathBuf,
}

impl Default for Shop {
    fn default() -> Self {
        Self {
            name: "My shop".into(),
            currency: "EUR".into(),
            time_zone: "UTC".into(),
            rates_file: PathBuf::new(),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Address and port to serve on. Only this machine can reach 127.0.0.1.
    pub listen: String,
    /// How browsers reach Handpick, when a proxy stands in front: `https://handpick.intranet`.
    pub public_url: String,
    /// Uploads larger than this are refused.
    pub max_upload_mb: u32,
    /// A sign-in lasts this long without use.
    pub session_hours: u32,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".into(),
            public_url: String::new(),
            max_upload_mb: 50,
            session_hours: 12,
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    /// Where everything Handpick knows is kept.
    pub dir: PathBuf,
}

impl Default for Data {
    fn default() -> Self {
        Self { dir: "handpick-data".into() }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// error, warn, info, debug or trace; or directives such as `info,handpick::sources=debug`.
    pub level: String,
    /// Log files older than this are removed.
    pub keep_days: u32,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".into(), keep_days: 14 }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Training {
    /// Cores used for training and picking; 0 uses all.
    pub threads: u32,
    /// Events older than this are not used.
    pub history_days: u32,
    /// The last days are held back to measure how good a model is.
    pub test_days: u32,
    /// A run that would need more memory than this is refused with what to change.
    pub max_memory_mb: u32,
    /// Every chance decision follows from this number.
    pub seed: u64,
}

impl Default for Training {
    fn default() -> Self {
        Self { threads: 0, history_days: 730, test_days: 28, max_memory_mb: 4096, seed: 1 }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schedule {
    /// When the shop's database is synced, as five cron fields in the shop's zone; empty: only by hand.
    pub sync: String,
    /// When the models are trained again; empty: only by hand.
    pub train: String,
    /// When the mailbox is read to which e-mails come back; empty: only by hand.
    pub mailbox: String,
    /// When the weekly report goes out to the addresses that asked for it; empty: never.
    pub reports: String,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            sync: "15 3 * * *".into(),
            train: "15 4 * * 0".into(),
            mailbox: "5 * * * *".into(),
            reports: "0 7 * * 1".into(),
        }
    }
}
