//! The data folder: where everything Handpick knows is kept, and the lock that keeps a second process out.

use crate::ids::{CampaignId, ShopId};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum DataFolderError {
    #[error("the data folder {path} cannot be used: {reason}. Choose another with data.dir or --data.")]
    Unusable { path: PathBuf, reason: String },
    #[error(
        "the data folder {path} is in use by another Handpick process; stop it, or choose another folder"
    )]
    Locked { path: PathBuf },
}

/// An existing, writable folder. Only a locked one may be written to.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    /// Held, never read: dropping it, or the process's death, releases the lock.
    _lock: File,
}

impl DataFolder {
    /// Creates the folder when it is missing and locks it for this process.
    pub fn lock(path: &Path) -> Result<Self, DataFolderError> {
        let unusable = |error: std::io::Error| DataFolderError::Unusable {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        std::fs::create_dir_all(path).map_err(unusable)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("lock"))
            .map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataFolderError::Locked { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn state_file(&self) -> PathBuf {
        self.path.join("handpick.db")
    }

    pub fn logs(&self) -> PathBuf {
        self.path.join("logs")
    }

    pub fn shop(&self, shop: ShopId) -> PathBuf {
        self.path.join("shops").join(shop.to_string())
    }

    pub fn history(&self, shop: ShopId) -> PathBuf {
        self.shop(shop).join("history")
    }

    pub fn models(&self, shop: ShopId) -> PathBuf {
        self.shop(shop).join("models")
    }

    /// Copies of the products' pictures: they may be removed at any time.
    pub fn pictures(&self, shop: ShopId) -> PathBuf {
        self.shop(shop).join("pictures")
    }

    /// The shop's logo as somebody gave it, for what leaves without a way to load one.
    pub fn logo(&self, shop: ShopId) -> PathBuf {
        self.shop(shop).join("logo.jpg")
    }

    pub fn campaign(&self, shop: ShopId, campaign: CampaignId) -> PathBuf {
        self.shop(shop).join("campaigns").join(campaign.to_string())
    }
}
