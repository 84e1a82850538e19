//! Products as vectors in which those are near each other that a model shows to the same people.

use super::live_model::LiveModel;
use crate::progress::Progress;
use crate::recommender::{Kind, Past, User};
use rayon::prelude::*;

/// Numbers of a vector. Distances between rows of scores survive in so few but for some twentieth of their length
/// (Johnson, Lindenstrauss 1984; with signs as Achlioptas, JCSS 2003).
pub const LENGTH: usize = 64;

/// Products between two looks at whether to go on.
const AT_ONCE: usize = 256;

/// *Shapes*: for each of `items` a vector of [`LENGTH`] and length 1, row-major; all 0 for one of which the model says
/// nothing. `None` when it was cancelled.
///
/// A product's row is what the model scores for somebody who bought it alone, itself included as strongly as its
/// nearest, multiplied by a fixed matrix of signs: the same for every run. *Cost*: a score of every item for every one.
pub fn vectors(live: &LiveModel, items: &[u32], progress: &dyn Progress) -> Option<Vec<f32>> {
    let candidates: Vec<u32> = (0..live.model.items() as u32).collect();
    let mut vectors = vec![0f32; items.len() * LENGTH];
    progress.phase("Comparing products", Some(items.len() as u64));
    for (items, vectors) in items.chunks(AT_ONCE).zip(vectors.chunks_mut(AT_ONCE * LENGTH)) {
        if progress.cancelled() {
            return None;
        }
        let at = [live.header.cut_at.timestamp()];
        vectors.par_chunks_mut(LENGTH).zip(items).for_each_init(
            || (live.model.scorer(&candidates), vec![0f32; candidates.len()]),
            |(scorer, scores), (vector, &item)| {
                let own = [item];
                let past = Past { items: &own, kinds: &[Kind::Purchase], at: &at };
                scores.fill(0.0);
                if scorer.score(User { past, ..User::of(None, (&own, &[1.0])) }, scores) {
                    scores[item as usize] = scores.iter().copied().fold(0.0, f32::max);
                    project(scores, vector);
                }
            },
        );
        progress.advance(items.len() as u64);
    }
    Some(vectors)
}

fn project(scores: &[f32], vector: &mut [f32]) {
    for (item, &score) in scores.iter().enumerate().filter(|(_, score)| **score > 0.0) {
        let signs = signs(item as u64);
        for (bit, value) in vector.iter_mut().enumerate() {
            *value += if signs >> bit & 1 == 1 { score } else { -score };
        }
    }
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|value| *value /= length);
    }
}

/// 64 signs of an item: SplitMix64.
fn signs(item: u64) -> u64 {
    let mut bits = item.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::super::model_file::tests_header;
    use super::*;
    use crate::progress::Silent;
    use crate::recommender::{Interactions, Params, Resources};

    #[test]
    fn products_that_the_same_people_buy_are_near_each_other() {
        // Two camps of ten products that never meet.
        let bought = (0..60u32).flat_map(|user| {
            (0..5u32).map(move |nth| (user, (user * 7 + nth * 3) % 10 + 10 * (user % 2), 1.0))
        });
        let bought = Interactions::from_triples(60, 21, bought);
        let resources = Resources { seed: 1, max_memory_bytes: 1 << 30, progress: &Silent };
        let model = Params::default_of("item_knn").unwrap().fit(&bought, &resources).unwrap();
        let ids = (0..21).map(|n| n.to_string()).collect();
        let live =
            LiveModel { header: tests_header(), customers: crate::index::Index::new(), products: ids, model };
        let items: Vec<u32> = (0..21).collect();
        let vectors = vectors(&live, &items, &Silent).unwrap();
        let row = |item: usize| &vectors[item * LENGTH..][..LENGTH];
        let likeness = |a: usize, b: usize| -> f32 { row(a).iter().zip(row(b)).map(|(a, b)| a * b).sum() };
        assert!(row(20).iter().all(|value| *value == 0.0), "nobody bought it");
        for (a, b) in [(0, 1), (3, 9), (10, 19)] {
            assert!((likeness(a, a) - 1.0).abs() < 1e-5);
            // So few numbers blur a likeness by an eighth; of the other camp nothing is in common.
            let (own, other) = (likeness(a, b), likeness(a, (b + 10) % 20));
            assert!(own > 0.3 && own > other + 0.1, "{a} {b}: {own} {other}");
        }
    }
}
