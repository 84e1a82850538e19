//! Opens a model that the store knows.

use super::live_model::LiveModel;
use super::model_file::{self, ModelFileError};
use crate::installation::Installation;
use crate::store::models::{self, StoredModel};

/// Opens the model's file. One that is missing, damaged or of a form no longer read is passed over from then on, so that
/// whoever asks again is given another model, or has one trained.
pub fn open(installation: &Installation, stored: &StoredModel) -> Result<LiveModel, ModelFileError> {
    let file = installation.folder.models(installation.shop_id()).join(&stored.file);
    let opened = model_file::load(&file, Some(&stored.checksum));
    if let Err(error) = &opened
        && error.is_lasting()
    {
        tracing::warn!(%error, model = %stored.id, "a model cannot be read; it is not used any more");
        let why = error.to_string();
        let noted = installation.store.write(|conn| models::note_unreadable(conn, stored.id, &why));
        if let Err(error) = noted {
            tracing::warn!(%error, model = %stored.id, "that a model cannot be read could not be noted");
        }
    }
    opened
}
