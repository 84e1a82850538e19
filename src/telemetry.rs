//! The log: for people on the console, as JSON in files that change each day.
//!
//! Lines carry the id of their request or job. Names, addresses and secrets are never given to it: customers and
//! accounts appear by id, request paths without their query.

use crate::config::Log;
use std::path::Path;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

pub const FILE_PREFIX: &str = "handpick";
pub const FILE_SUFFIX: &str = "jsonl";

#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("log.level: {0}")]
    Level(String),
    #[error("the log folder cannot be written: {0}")]
    Folder(String),
}

/// Starts the log. A process that has one already keeps it (tests open several installations).
pub fn start(log: &Log, folder: &Path) -> Result<(), TelemetryError> {
    let level = || EnvFilter::try_new(&log.level).map_err(|error| TelemetryError::Level(error.to_string()));
    let unwritable = |error: String| TelemetryError::Folder(error);
    std::fs::create_dir_all(folder).map_err(|error| unwritable(error.to_string()))?;
    // Written at once, without a queue: the line before a crash is the one that is looked for.
    let files = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(FILE_PREFIX)
        .filename_suffix(FILE_SUFFIX)
        .max_log_files(log.keep_days.max(1) as usize)
        .build(folder)
        .map_err(|error| unwritable(error.to_string()))?;
    let in_files = fmt::layer().json().flatten_event(true).with_writer(files).with_filter(level()?);
    let console = fmt::layer().with_writer(std::io::stderr).with_target(false).compact();
    let started =
        tracing_subscriber::registry().with(in_files).with(console.with_filter(level()?)).try_init();
    if started.is_err() {
        tracing::debug!("this process logs already");
    }
    Ok(())
}
