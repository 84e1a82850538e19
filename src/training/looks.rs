//! Lets a model see the products' pictures that have a copy here: the like of each other are picked for each other, and a
//! product that nobody bought yet can be picked for what it looks like.

use crate::history::{HistoryError, Snapshot};
use crate::installation::Installation;
use crate::picker::behaviour::Behaviour;
use crate::pictures::Pictures;
use rayon::prelude::*;

/// Fills in what the pictures look like. Nothing is fetched: that is the work of another job.
///
/// *Cost*: some milliseconds for each copy that was not looked at before, on all threads.
pub fn show(
    installation: &Installation,
    snapshot: &Snapshot,
    behaviour: &mut Behaviour,
) -> Result<(), HistoryError> {
    let Some(descriptions) = &mut behaviour.descriptions else { return Ok(()) };
    let folder = installation.folder.pictures(installation.shop_id());
    if !installation.config.pictures.fetch || !folder.exists() {
        return Ok(());
    }
    let mut addresses = vec![None; descriptions.0.len()];
    for product in snapshot.products()? {
        if let Some(number) = behaviour.products.number(&product.id) {
            addresses[number as usize] = product.image;
        }
    }
    let pictures = Pictures::new(folder, &installation.config.pictures);
    descriptions.0.par_iter_mut().zip(&addresses).for_each(|(description, address)| {
        let look = address.as_deref().and_then(|url| pictures.look(url.trim()));
        description.picture = look.unwrap_or_default();
    });
    Ok(())
}
