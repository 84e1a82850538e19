//! The copies on disk: a file for each picture, and a note for each that cannot be had.

use super::copy::{PictureError, looked_at, redrawn};
use crate::config;
use crate::keyed::hex;
use crate::outside::http::Client;
use crate::recommender::picture;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

/// A copy is fetched anew after so long: shops change pictures under the same address.
const FRESH: Duration = Duration::from_secs(30 * 86_400);
/// What could not be had is tried again after so long.
const GIVE_UP: Duration = Duration::from_secs(86_400);
/// So many new copies, then the shelf is measured.
const MEASURED_EVERY: u32 = 200;

/// Why a picture has no copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub why: String,
}

/// Shared by whoever shows pictures; any thread may use it.
pub struct Pictures {
    folder: PathBuf,
    client: Client,
    settings: config::Pictures,
    added: AtomicU32,
}

impl Pictures {
    /// Copies are kept in `folder`, which is made when the first is.
    pub fn new(folder: PathBuf, settings: &config::Pictures) -> Self {
        let client = Client::new(settings.allow_private);
        Self { folder, client, settings: settings.clone(), added: AtomicU32::new(0) }
    }

    /// The copy, if it is there and fresh.
    pub fn here(&self, url: &str, now: DateTime<Utc>) -> Option<Vec<u8>> {
        read(&self.place(url), FRESH, now)
    }

    /// The copy, however old; nothing is ever fetched for it.
    pub fn kept(&self, url: &str) -> Option<Vec<u8>> {
        fs::read(self.place(url)).ok()
    }

    /// The copy of the picture at `url`, fetched when there is none. It takes as long as its server.
    pub fn copy(&self, url: &str, now: DateTime<Utc>) -> Result<Vec<u8>, Missing> {
        if let Some(copy) = self.here(url, now) {
            return Ok(copy);
        }
        let place = self.place(url);
        let note = place.with_extension("why");
        if let Some(why) = read(&note, GIVE_UP, now) {
            return Err(Missing { why: String::from_utf8_lossy(&why).into_owned() });
        }
        match self.fetch(url) {
            Ok(copy) => {
                if let Err(error) = self.keep(&place, &copy) {
                    tracing::warn!(%error, "a picture's copy could not be kept");
                }
                Ok(copy)
            }
            Err(error) => {
                let why = error.to_string();
                if let Err(error) = self.keep(&note, why.as_bytes()) {
                    tracing::warn!(%error, "that a picture is missing could not be noted");
                }
                // An older copy is better than none.
                fs::read(&place).map_err(|_| Missing { why })
            }
        }
    }

    /// What the copy looks like, as a model compares pictures; `None` where there is no copy. It is computed once and kept
    /// beside the copy.
    pub fn look(&self, url: &str) -> Option<Vec<f32>> {
        let copy = self.place(url);
        let beside = copy.with_extension("look");
        let drawn = fs::metadata(&copy).ok()?.modified().ok()?;
        let is_of_this = fs::metadata(&beside).and_then(|about| about.modified()).is_ok_and(|at| at >= drawn);
        let kept = if is_of_this { fs::read(&beside).ok().and_then(|bytes| numbers(&bytes)) } else { None };
        kept.or_else(|| {
            let look = looked_at(&fs::read(&copy).ok()?)?;
            let bytes: Vec<u8> = look.iter().flat_map(|number| number.to_le_bytes()).collect();
            if let Err(error) = self.keep(&beside, &bytes) {
                tracing::warn!(%error, "what a picture looks like could not be kept");
            }
            Some(look)
        })
    }

    /// Why the last try failed; `None` for one that was not tried, or is there.
    pub fn missing(&self, url: &str) -> Option<Missing> {
        let place = self.place(url);
        let why = fs::read_to_string(place.with_extension("why")).ok().filter(|_| !place.exists())?;
        Some(Missing { why })
    }

    pub fn is_here(&self, url: &str) -> bool {
        self.place(url).exists()
    }

    fn fetch(&self, url: &str) -> Result<Vec<u8>, PictureError> {
        redrawn(&self.client.get(url, u64::from(self.settings.max_mb) * 1_000_000)?)
    }

    fn place(&self, url: &str) -> PathBuf {
        let name = hex(&Sha256::digest(url.as_bytes()));
        self.folder.join(&name[..2]).join(format!("{name}.jpg"))
    }

    /// Under its name only once it is whole.
    fn keep(&self, place: &Path, bytes: &[u8]) -> io::Result<()> {
        let folder = place.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        io::Write::write_all(&mut file, bytes)?;
        file.persist(place).map_err(|error| error.error)?;
        if place.extension().is_some_and(|kind| kind == "jpg") {
            fs::remove_file(place.with_extension("why")).or_else(absent)?;
        }
        if self.added.fetch_add(1, Ordering::Relaxed) % MEASURED_EVERY == MEASURED_EVERY - 1 {
            self.make_room()?;
        }
        Ok(())
    }

    /// Removes the oldest until a tenth of what is allowed is free again.
    fn make_room(&self) -> io::Result<()> {
        let most = u64::from(self.settings.cache_mb) * 1_000_000;
        let mut all = Vec::new();
        for shelf in fs::read_dir(&self.folder)? {
            for file in fs::read_dir(shelf?.path())? {
                let (path, about) = file.and_then(|file| Ok((file.path(), file.metadata()?)))?;
                all.push((about.modified()?, about.len(), path));
            }
        }
        let mut total: u64 = all.iter().map(|(_, bytes, _)| bytes).sum();
        if total <= most {
            return Ok(());
        }
        all.sort_unstable();
        for (_, bytes, path) in all {
            if total <= most / 10 * 9 {
                break;
            }
            fs::remove_file(path).or_else(absent)?;
            total -= bytes;
        }
        Ok(())
    }
}

/// As many as describe a picture, or nothing.
fn numbers(bytes: &[u8]) -> Option<Vec<f32>> {
    let (numbers, rest) = bytes.as_chunks::<4>();
    let numbers: Vec<f32> = numbers.iter().map(|&number| f32::from_le_bytes(number)).collect();
    let is_whole =
        rest.is_empty() && numbers.len() == picture::LENGTH && numbers.iter().all(|n| n.is_finite());
    is_whole.then_some(numbers)
}

fn absent(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// The file's bytes, unless it is older; `None` when there is none.
fn read(path: &Path, at_most: Duration, now: DateTime<Utc>) -> Option<Vec<u8>> {
    let written = fs::metadata(path).ok()?.modified().ok()?;
    let age = SystemTime::from(now).duration_since(written).unwrap_or_default();
    (age <= at_most).then(|| fs::read(path).ok()).flatten()
}
