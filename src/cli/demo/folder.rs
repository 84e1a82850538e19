//! The demo's folder: whose it is, and whether the demo in it is complete.

use crate::data_folder::DataFolder;
use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What a complete demo was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub seed: u64,
    pub until: DateTime<Utc>,
}

pub struct Folder {
    path: PathBuf,
}

/// Says that the folder is the demo's own, before anything else lies in it.
const OWNED: &str = "this-is-a-demo";
const COMPLETE: &str = "demo.json";
/// All that a demo makes.
const MADE: [&str; 8] = [
    "sample-shop.db",
    "sample-shop.db.unfinished",
    "handpick.db",
    "handpick.db-wal",
    "handpick.db-shm",
    "handpick.toml",
    "shops",
    "logs",
];

impl Folder {
    /// A missing or empty folder becomes the demo's; one that holds anything else is refused.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let path = std::path::absolute(path)?;
        let unusable = || format!("the folder {} cannot be used; choose another with --data", path.display());
        std::fs::create_dir_all(&path).with_context(unusable)?;
        let is_ours = path.join(OWNED).exists();
        if !is_ours && std::fs::read_dir(&path).with_context(unusable)?.next().is_some() {
            bail!(
                "{} holds something that is not a demo; choose an empty folder with --data",
                path.display()
            );
        }
        std::fs::write(path.join(OWNED), "Made by handpick demo. Nothing here is of value.\n")
            .with_context(unusable)?;
        Ok(Self { path })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn shop_file(&self) -> PathBuf {
        self.path.join("sample-shop.db")
    }

    pub fn config_file(&self) -> PathBuf {
        self.path.join("handpick.toml")
    }

    pub fn is_complete(&self) -> bool {
        self.path.join(COMPLETE).exists()
    }

    pub fn complete(&self, record: &Record) -> anyhow::Result<()> {
        std::fs::write(self.path.join(COMPLETE), serde_json::to_string(record)?)?;
        Ok(())
    }

    /// Removes what an interrupted start left behind.
    pub fn start_over(&self) -> anyhow::Result<()> {
        let _nobody_else = DataFolder::lock(&self.path)?;
        for name in MADE {
            let path = self.path.join(name);
            let removed =
                if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
            match removed {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("{} cannot be removed", path.display()));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_folder_is_emptied() {
        let dir = tempfile::tempdir().unwrap();
        let own = Folder::open(&dir.path().join("demo")).unwrap();
        std::fs::write(own.shop_file(), "half").unwrap();
        own.start_over().unwrap();
        assert!(!own.shop_file().exists() && !own.is_complete());
        own.complete(&Record { seed: 1, until: DateTime::UNIX_EPOCH }).unwrap();
        assert!(Folder::open(own.path()).unwrap().is_complete());

        let precious = dir.path().join("precious");
        std::fs::create_dir(&precious).unwrap();
        std::fs::write(precious.join("thesis.txt"), "years").unwrap();
        assert!(Folder::open(&precious).is_err());
    }
}
