//! The running installation: what pages, jobs and commands are given to work with.

use crate::config::Config;
use crate::data_folder::DataFolder;
use crate::ids::ShopId;
use crate::store::Store;
use crate::store::shops::Shop;
use chrono::{DateTime, Utc};

/// Shared behind an `Arc`; everything in it may be used from any thread.
pub struct Installation {
    pub config: Config,
    pub folder: DataFolder,
    pub store: Store,
    pub shop: Shop,
    /// The clock is an argument: tests and the demo bring their own.
    pub clock: fn() -> DateTime<Utc>,
}

impl Installation {
    pub fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// The zone in which the shop's days begin.
    pub fn zone(&self) -> chrono_tz::Tz {
        // The configuration's check accepted it; a state file from elsewhere falls back.
        self.shop.time_zone.parse().unwrap_or(chrono_tz::UTC)
    }

    pub fn shop_id(&self) -> ShopId {
        self.shop.id
    }
}
