//! All equations at once.

use super::scaled::Scaled;
use super::tiles::{TILE, Tiles};
use crate::recommender::models::item_weights::ItemWeights;
use crate::recommender::{ModelError, Resources};
use rayon::prelude::*;

/// Bytes needed for `solved` items beside the interactions and the result.
pub fn bytes(solved: usize, threads: usize) -> u64 {
    Tiles::bytes(solved) + (threads * solved * 12) as u64
}

/// Columns of B, each with its `kept` weights of largest magnitude. *Shapes*: `solved` ascending, every item with
/// interactions.
pub fn columns(
    scaled: &Scaled,
    solved: &[u32],
    kept: usize,
    resources: &Resources<'_>,
) -> Result<ItemWeights, ModelError> {
    let mut place_of = vec![NOWHERE; scaled.sizes.len()];
    for (place, &item) in solved.iter().enumerate() {
        place_of[item as usize] = place as u32;
    }
    let mut matrix = Tiles::zeros(solved.len());
    resources.progress.phase("Solving for all items at once", Some(matrix.steps()));
    fill(&mut matrix, scaled, solved, &place_of, resources);
    matrix.invert(resources)?;
    let diagonal = matrix.diagonal();
    resources.progress.phase("Keeping what speaks loudest", Some(place_of.len() as u64));
    ItemWeights::compute(
        place_of.len(),
        kept,
        resources,
        || vec![0f32; solved.len()],
        |entries, target, row| {
            let place = place_of[target as usize];
            if place == NOWHERE {
                return 0;
            }
            matrix.copy_row(place as usize, entries);
            let own = diagonal[place as usize];
            entries[place as usize] = 0.0;
            for (&item, entry) in solved.iter().zip(entries.iter_mut()) {
                *entry = scaled.weight(item, target, -*entry / own);
            }
            super::keep_strongest(solved, entries, row)
        },
    )
}

/// The place of an item without interactions.
const NOWHERE: u32 = u32::MAX;

/// R̃ᵀR̃ + λI, on and below the diagonal.
fn fill(matrix: &mut Tiles, scaled: &Scaled, solved: &[u32], place_of: &[u32], resources: &Resources<'_>) {
    matrix.rows_mut().par_iter_mut().enumerate().for_each_init(
        || vec![0f32; solved.len()],
        |sums, (i, tiles)| {
            for within in 0..tiles[i].nrows() {
                if resources.progress.cancelled() {
                    return;
                }
                let item = solved[i * TILE + within];
                let (users, weights) = scaled.by_item.row(item);
                for (&user, &weight) in users.iter().zip(weights) {
                    let (others, other_weights) = scaled.by_user.row(user);
                    let others = others.iter().zip(other_weights).take_while(|&(&other, _)| other <= item);
                    for (&other, &other_weight) in others {
                        sums[place_of[other as usize] as usize] += weight * other_weight;
                    }
                }
                sums[i * TILE + within] += scaled.ridge;
                for (tile, sums) in tiles.iter_mut().zip(sums.chunks_mut(TILE)) {
                    for (column, sum) in sums.iter_mut().enumerate() {
                        tile[(within, column)] = std::mem::take(sum);
                    }
                }
            }
            resources.progress.advance(1);
        },
    );
}
