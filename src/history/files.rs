//! Files that are either whole and on the platter, or not there.

use super::HistoryError;
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// Writes `bytes` to a file beside `path`, syncs it, and renames it: a reader finds the old file or the new one.
pub(super) fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), HistoryError> {
    let unfinished = path.with_extension("unfinished");
    let written = File::create(&unfinished)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&unfinished, path));
    if let Err(error) = written {
        // Best effort: the sweep at the next start removes it otherwise.
        remove(&unfinished);
        return Err(HistoryError::of_io(path, "written", &error));
    }
    if let Some(folder) = path.parent() { sync_folder(folder) } else { Ok(()) }
}

/// Makes renames and new files in `folder` survive a power cut.
pub(super) fn sync_folder(folder: &Path) -> Result<(), HistoryError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(HistoryError::file(folder, "synced"))
}

/// Removes a file that nothing refers to; one that stays is only a waste, so it is no error.
pub(super) fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(file = %path.display(), %error, "an unneeded history file could not be removed");
    }
}
