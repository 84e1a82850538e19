//! The history's folder: opening, sweeping, and who is using which version in this process.

use super::manifest::{self, Manifest};
use super::{HistoryError, Snapshot, Update, files};
use chrono::{DateTime, SecondsFormat, Utc};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

/// Older versions stay readable this long, so that a training or a report can name the version it saw.
const VERSIONS_KEPT: usize = 20;

pub(super) const KINDS: [&str; 3] = ["events", "products", "customers"];

/// A history on disk. Cheap to open and to clone; the process that uses it holds the data folder's lock.
#[derive(Debug, Clone)]
pub struct History {
    pub(super) folder: PathBuf,
    pub(super) users: Arc<Users>,
}

/// Who works in a folder: shared by all handles on it, because a sweep must not remove what an update of another
/// handle is writing, or a reader is about to open.
#[derive(Debug, Default)]
pub(super) struct Users {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    updating: bool,
    /// How many snapshots of each version are alive.
    reading: BTreeMap<u64, usize>,
    /// Segments whose checksum was found right.
    verified: HashSet<String>,
}

static FOLDERS: LazyLock<Mutex<HashMap<PathBuf, Arc<Users>>>> = LazyLock::new(Mutex::default);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl History {
    /// Creates the folder when it is missing, and removes what a killed update left behind.
    pub fn open(folder: &Path) -> Result<Self, HistoryError> {
        for part in KINDS.into_iter().chain(["versions", "spill"]) {
            let part = folder.join(part);
            std::fs::create_dir_all(&part).map_err(HistoryError::file(&part, "created"))?;
        }
        let folder = folder.canonicalize().map_err(HistoryError::file(folder, "opened"))?;
        let users = lock(&FOLDERS).entry(folder.clone()).or_default().clone();
        let history = Self { folder, users };
        // A version this program cannot read is found here, not in the middle of a sync.
        history.newest()?;
        history.sweep()?;
        Ok(history)
    }

    /// The newest version; version 0 is empty.
    pub fn snapshot(&self) -> Result<Snapshot, HistoryError> {
        self.pinned(self.newest_version()?)
    }

    pub fn snapshot_at(&self, version: u64) -> Result<Snapshot, HistoryError> {
        let kept = manifest::kept(&self.folder)?;
        let (oldest, newest) = (kept.first().copied().unwrap_or(0), kept.last().copied().unwrap_or(0));
        if version != 0 && !kept.contains(&version) {
            return Err(HistoryError::VersionGone { wanted: version, oldest, newest });
        }
        self.pinned(version)
    }

    /// What was known at that time: the newest version that had been written then.
    pub fn snapshot_as_of(&self, at: DateTime<Utc>) -> Result<Snapshot, HistoryError> {
        let kept = manifest::kept(&self.folder)?;
        let mut oldest_at = None;
        for version in kept.iter().rev() {
            let written_at = Manifest::read(&self.folder, *version)?.written_at;
            if written_at.is_none_or(|written| written <= at) {
                return self.pinned(*version);
            }
            oldest_at = written_at;
        }
        match (kept.first(), oldest_at) {
            (Some(first), Some(oldest_at)) if *first > 1 => Err(HistoryError::TimeGone {
                at: at.to_rfc3339_opts(SecondsFormat::Secs, true),
                oldest_at: oldest_at.to_rfc3339_opts(SecondsFormat::Secs, true),
            }),
            _ => self.pinned(0),
        }
    }

    /// Begins an update; one at a time.
    pub fn begin(&self) -> Result<Update<'_>, HistoryError> {
        let turn = Turn::take(&self.users)?;
        Ok(Update::new(self, self.newest()?, turn))
    }

    pub(super) fn newest(&self) -> Result<Manifest, HistoryError> {
        Manifest::read(&self.folder, self.newest_version()?)
    }

    fn newest_version(&self) -> Result<u64, HistoryError> {
        Ok(manifest::kept(&self.folder)?.last().copied().unwrap_or(0))
    }

    fn pinned(&self, version: u64) -> Result<Snapshot, HistoryError> {
        let pin = Pin::new(&self.users, version);
        Ok(Snapshot::new(self.folder.clone(), Manifest::read(&self.folder, version)?, pin))
    }

    /// Removes versions beyond the kept ones, and every file that no kept version names. Does nothing while an
    /// update runs: its files are named by no version yet.
    pub(super) fn sweep(&self) -> Result<(), HistoryError> {
        let state = lock(&self.users.state);
        if state.updating { Ok(()) } else { self.sweep_in(&state) }
    }

    /// The same, by the running update itself once it is published.
    pub(super) fn sweep_after_commit(&self) -> Result<(), HistoryError> {
        self.sweep_in(&lock(&self.users.state))
    }

    fn sweep_in(&self, state: &State) -> Result<(), HistoryError> {
        let kept = manifest::kept(&self.folder)?;
        let (old, recent) = kept.split_at(kept.len().saturating_sub(VERSIONS_KEPT));
        let (stay, go): (Vec<u64>, Vec<u64>) = old.iter().partition(|v| state.reading.contains_key(v));
        let mut named = HashSet::new();
        for version in stay.iter().chain(recent) {
            let manifest = Manifest::read(&self.folder, *version)?;
            named.extend(
                manifest
                    .segments
                    .iter()
                    .flat_map(|segment| segment.files().map(str::to_owned).collect::<Vec<_>>()),
            );
        }
        for version in go {
            files::remove(&manifest::path_of(&self.folder, version));
        }
        named.extend(manifest::kept(&self.folder)?.into_iter().map(manifest::name_of));
        for part in KINDS.into_iter().chain(["versions", "spill"]) {
            remove_unnamed(&self.folder, part, &named)?;
        }
        Ok(())
    }
}

fn remove_unnamed(folder: &Path, part: &str, named: &HashSet<String>) -> Result<(), HistoryError> {
    let part_folder = folder.join(part);
    let unreadable = HistoryError::file(&part_folder, "read");
    for entry in std::fs::read_dir(&part_folder).map_err(&unreadable)? {
        let entry = entry.map_err(&unreadable)?;
        if !named.contains(&format!("{part}/{}", entry.file_name().to_string_lossy())) {
            files::remove(&entry.path());
        }
    }
    Ok(())
}

/// The right to update; given back when dropped.
#[derive(Debug)]
pub(super) struct Turn(Arc<Users>);

impl Turn {
    fn take(users: &Arc<Users>) -> Result<Self, HistoryError> {
        let mut state = lock(&users.state);
        if std::mem::replace(&mut state.updating, true) {
            return Err(HistoryError::Busy);
        }
        Ok(Self(users.clone()))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        lock(&self.0.state).updating = false;
    }
}

/// Keeps a version's files while somebody reads them.
#[derive(Debug)]
pub(super) struct Pin {
    users: Arc<Users>,
    version: u64,
}

impl Pin {
    fn new(users: &Arc<Users>, version: u64) -> Self {
        *lock(&users.state).reading.entry(version).or_default() += 1;
        Self { users: users.clone(), version }
    }

    pub fn is_verified(&self, file: &str) -> bool {
        lock(&self.users.state).verified.contains(file)
    }

    pub fn set_verified(&self, file: &str) {
        lock(&self.users.state).verified.insert(file.to_owned());
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut state = lock(&self.users.state);
        if let Some(readers) = state.reading.get_mut(&self.version) {
            *readers -= 1;
            if *readers == 0 {
                state.reading.remove(&self.version);
            }
        }
    }
}
