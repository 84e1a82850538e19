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

    pub fn shop_id(&self) -> ShopId {
        self.shop.id
    }
}
