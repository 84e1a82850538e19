//! How every command comes to its installation: configuration, lock, state, shop.

use crate::app;
use crate::config::{self, Config};
use crate::data_folder::DataFolder;
use crate::installation::Installation;
use crate::store::{Store, shops};
use crate::telemetry;
use anyhow::Context;
use chrono::{DateTime, Utc};
use std::path::Path;

/// Loads the configuration, locks the data folder, opens the state and starts the log.
pub fn open(config: &Path) -> anyhow::Result<Installation> {
    open_with(config::load(config)?, app::clock)
}

/// The same with a configuration and a clock of the caller's (the demo's, a test's).
pub fn open_with(config: Config, clock: fn() -> DateTime<Utc>) -> anyhow::Result<Installation> {
    let folder = DataFolder::lock(&config.data.dir)?;
    telemetry::start(&config.log, &folder.logs()).context("the log could not be started")?;
    let store = Store::open(&folder.state_file())?;
    let mut new_secret = [0u8; 32];
    rand::fill(&mut new_secret);
    let described = &config.shop;
    let shop = store.write(|conn| {
        shops::ensure(conn, &described.name, &described.currency, &described.time_zone, &new_secret, clock())
    })?;
    Ok(Installation { config, folder, store, shop, clock })
}
