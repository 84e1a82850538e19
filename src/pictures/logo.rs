//! The shop's logo for what cannot load one when it is read: a file that somebody gave, else the copy of the logo of the
//! e-mails. It never fetches anything.

use super::Pictures;
use super::copy::{PictureError, redrawn};
use crate::installation::Installation;
use std::fs;
use std::io::Write;

/// As JPEG; `None` where there is neither a file nor a copy of what `url` shows.
pub fn logo(installation: &Installation, url: &str) -> Option<Vec<u8>> {
    let shop = installation.shop_id();
    let given = fs::read(installation.folder.logo(shop)).ok();
    given.or_else(|| {
        let folder = installation.folder.pictures(shop);
        Pictures::new(folder, &installation.config.pictures).kept(url)
    })
}

/// Keeps what was given, drawn anew; the file before it is gone. `None` takes it away.
pub fn keep_logo(installation: &Installation, given: Option<&[u8]>) -> Result<(), PictureError> {
    let place = installation.folder.logo(installation.shop_id());
    let Some(given) = given else {
        return match fs::remove_file(&place) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        };
    };
    let copy = redrawn(given)?;
    let folder = place.parent().unwrap_or(&place);
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&copy)?;
    file.persist(&place).map_err(|error| PictureError::Disk(error.error))?;
    Ok(())
}
