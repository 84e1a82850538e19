//! The items most like an item, without comparing all pairs. It does not choose what being alike means.
//!
//! An inverted index finds candidates, which are then compared exactly. A feature of many items tells little of each
//! and costs most; so an item looks at its most telling features first and at a bounded number of others in all.

use super::vectors::{PARTS, Part, Vectors};
use crate::recommender::models::dense::dot;
use crate::recommender::models::item_weights::{ItemWeights, Row};
use crate::recommender::{ModelError, Resources, top_k};
use rayon::prelude::*;

/// Other items that one item looks at, counted with repetition. With 20,000 the lists of 92,000 grocery products were no
/// nearer than by two in a thousand, and found as many new products that customers went for.
const MOST_LOOKS: usize = 8_000;

/// Items looked at for one feature. Where it has more, every item looks at those that follow itself, so that the
/// lists do not all name the first ones.
const MOST_OF_A_FEATURE: usize = 1_000;

/// Candidates compared exactly for each neighbour kept.
const CANDIDATES_A_NEIGHBOUR: usize = 4;

/// Groups of pictures; an item's picture belongs to the nearest few.
const MOST_GROUPS: usize = 512;
const GROUPS_A_PICTURE: usize = 2;

/// Items between two looks at whether to go on.
const ITEMS_A_TASK: usize = 256;

/// *Shapes*: for each item at most `neighbours` others with similarity Σ_p `weights[p]` · cosine_p above 0.
///
/// *Cost*: items × (8,000 additions + 4 · neighbours · features of an item), parallel; an index of 8 bytes a feature and
/// 8 bytes × (items + features known) per thread. *Errors*: [`ModelError::Cancelled`].
pub fn lists(
    vectors: &Vectors,
    weights: &[f32; PARTS],
    neighbours: usize,
    resources: &Resources<'_>,
) -> Result<ItemWeights, ModelError> {
    let items = vectors.items();
    let index = Index::of(vectors, weights);
    let groups = Groups::of(vectors, weights[Part::Picture as usize], resources)?;
    resources.progress.phase("Comparing products", Some(items as u64));
    let scratch = || Scratch {
        sums: vec![0.0; items],
        touched: Vec::new(),
        own: vec![0.0; vectors.features()],
        order: Vec::new(),
    };
    ItemWeights::compute(items, neighbours, resources, scratch, |scratch, item, row| {
        scratch.find(item, &index, &groups);
        scratch.compare(item, vectors, weights, row)
    })
}

/// The items of each feature, ascending, with values that carry the root of their part's weight.
struct Index<'a> {
    vectors: &'a Vectors,
    /// Of each feature.
    roots: Vec<f32>,
    starts: Vec<usize>,
    items: Vec<u32>,
    values: Vec<f32>,
}

impl<'a> Index<'a> {
    fn of(vectors: &'a Vectors, weights: &[f32; PARTS]) -> Self {
        let features = vectors.features();
        let roots: Vec<f32> =
            (0..features as u32).map(|feature| weights[vectors.part(feature)].sqrt()).collect();
        let mut starts = vec![0usize; features + 1];
        let all = 0..vectors.items() as u32;
        for feature in all.clone().flat_map(|item| vectors.row(item).0) {
            starts[*feature as usize + 1] += 1;
        }
        for feature in 0..features {
            starts[feature + 1] += starts[feature];
        }
        let mut next = starts.clone();
        let (mut items, mut values) = (vec![0; starts[features]], vec![0.0; starts[features]]);
        for item in all {
            let (row, row_values) = vectors.row(item);
            for (&feature, value) in row.iter().zip(row_values) {
                let at = next[feature as usize];
                next[feature as usize] += 1;
                items[at] = item;
                values[at] = value * roots[feature as usize];
            }
        }
        Self { vectors, roots, starts, items, values }
    }
}

/// Pictures near each other, as far as finding candidates needs it: every n-th picture is a group's middle.
///
/// *Source*: the coarse cells of Jégou, Douze, Schmid, “Product quantization for nearest neighbor search” (TPAMI 2011),
/// with sampled middles.
struct Groups {
    weight: f32,
    members: Vec<Vec<u32>>,
    of_item: Vec<Vec<u32>>,
}

impl Groups {
    fn of(vectors: &Vectors, weight: f32, resources: &Resources<'_>) -> Result<Self, ModelError> {
        let items = vectors.items() as u32;
        let seen: Vec<u32> = (0..items)
            .filter(|&item| weight > 0.0 && vectors.picture(item).iter().any(|&value| value != 0.0))
            .collect();
        let groups = ((seen.len() as f64).sqrt() as usize).min(MOST_GROUPS);
        let middles: Vec<u32> = (0..groups).map(|group| seen[group * seen.len() / groups]).collect();
        let nearest = |&item: &u32| {
            let of_middle = |&middle: &u32| dot(vectors.picture(item), vectors.picture(middle));
            let similarities: Vec<f32> = middles.iter().map(of_middle).collect();
            top_k(&similarities, GROUPS_A_PICTURE, |_| false)
        };
        let mut of_item = vec![Vec::new(); items as usize];
        let mut members = vec![Vec::new(); groups];
        for seen in seen.chunks(ITEMS_A_TASK * 16) {
            if resources.progress.cancelled() {
                return Err(ModelError::Cancelled);
            }
            let found: Vec<Vec<u32>> = seen.par_iter().map(nearest).collect();
            for (&item, groups) in seen.iter().zip(found) {
                for &group in &groups {
                    members[group as usize].push(item);
                }
                of_item[item as usize] = groups;
            }
        }
        Ok(Self { weight, members, of_item })
    }
}

struct Scratch {
    /// What the index says of each other item; those that are not 0 are `touched`.
    sums: Vec<f32>,
    touched: Vec<u32>,
    /// The item's own value of each feature, times its part's weight.
    own: Vec<f32>,
    order: Vec<(f32, u32)>,
}

impl Scratch {
    fn add(&mut self, other: u32, amount: f32) {
        let sum = &mut self.sums[other as usize];
        if *sum == 0.0 {
            self.touched.push(other);
        }
        *sum += amount;
    }

    /// Fills `touched`.
    fn find(&mut self, item: u32, index: &Index<'_>, groups: &Groups) {
        let mut looks = MOST_LOOKS;
        for &group in &groups.of_item[item as usize] {
            // Half of what a picture can give: pictures of one group are more alike than others.
            let amount = groups.weight / 2.0;
            looks -= window(&groups.members[group as usize], item, looks, |_, other| self.add(other, amount));
        }
        let (row, values) = index.vectors.row(item);
        self.order.clear();
        let scaled = |(&feature, value): (&u32, &f32)| (value * index.roots[feature as usize], feature);
        self.order.extend(row.iter().zip(values).map(scaled).filter(|(value, _)| *value > 0.0));
        self.order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for at in 0..self.order.len() {
            let (value, feature) = self.order[at];
            let range = index.starts[feature as usize]..index.starts[feature as usize + 1];
            let values = &index.values[range.clone()];
            looks -=
                window(&index.items[range], item, looks, |at, other| self.add(other, value * values[at]));
            if looks == 0 {
                break;
            }
        }
    }

    /// Compares what `find` found, keeps the best, and clears the scratch.
    fn compare(&mut self, item: u32, vectors: &Vectors, weights: &[f32; PARTS], kept: Row<'_>) -> usize {
        let Row { others: kept_others, weights: kept_weights } = kept;
        let found: Vec<f32> = self.touched.iter().map(|&other| self.sums[other as usize]).collect();
        let candidates = CANDIDATES_A_NEIGHBOUR * kept_others.len();
        let mut best: Vec<u32> = top_k(&found, candidates, |at| self.touched[at] == item)
            .into_iter()
            .map(|at| self.touched[at as usize])
            .collect();
        best.sort_unstable();
        let (row, values) = vectors.row(item);
        for (&feature, value) in row.iter().zip(values) {
            self.own[feature as usize] = value * weights[vectors.part(feature)];
        }
        let picture = vectors.picture(item);
        let similarity = |&other: &u32| {
            let (row, values) = vectors.row(other);
            let sparse: f32 = row.iter().zip(values).map(|(&at, value)| self.own[at as usize] * value).sum();
            sparse + weights[Part::Picture as usize] * dot(picture, vectors.picture(other))
        };
        let similarities: Vec<f32> = best.iter().map(similarity).collect();
        // What is opposite in its picture and alike in nothing is no neighbour.
        let mut places = top_k(&similarities, kept_others.len(), |at| similarities[at] <= 0.0);
        places.sort_unstable();
        let places_and_rows = places.iter().zip(kept_others.iter_mut().zip(kept_weights.iter_mut()));
        for (&place, (other, weight)) in places_and_rows {
            *other = best[place as usize];
            *weight = similarities[place as usize];
        }
        for &feature in row {
            self.own[feature as usize] = 0.0;
        }
        for other in self.touched.drain(..) {
            self.sums[other as usize] = 0.0;
        }
        places.len()
    }
}

/// Calls `each` with the place and item of at most `looks` of `all` (ascending), around from those that follow `item`;
/// says how many.
fn window(all: &[u32], item: u32, looks: usize, mut each: impl FnMut(usize, u32)) -> usize {
    let count = all.len().min(looks).min(MOST_OF_A_FEATURE);
    let from = if count < all.len() { all.partition_point(|&other| other <= item) } else { 0 };
    let to = all.len().min(from + count);
    (from..to).chain(0..count - (to - from)).for_each(|at| each(at, all[at]));
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;
    use crate::recommender::models::Random;
    use crate::recommender::{Description, Descriptions};

    #[test]
    fn a_long_list_is_looked_at_from_the_item_on_and_around() {
        let looked = |item, looks| {
            let mut seen = Vec::new();
            let count = window(&[2, 4, 6, 8], item, looks, |at, other| seen.push((at, other)));
            assert_eq!(count, seen.len());
            seen
        };
        assert_eq!(looked(6, 2), [(3, 8), (0, 2)]);
        assert_eq!(looked(8, 3), [(0, 2), (1, 4), (2, 6)]);
        assert_eq!(looked(6, 9).len(), 4);
        assert!(looked(6, 0).is_empty());
    }

    /// Where nothing is cut, the lists are those of comparing all pairs.
    #[test]
    fn a_small_catalogue_is_compared_in_full() {
        let mut random = Random(3);
        let mut draw = |n: usize| (random.uniform() * n as f64) as usize;
        let described = |_| Description {
            text: format!("word{} word{} word{}", draw(9), draw(9), draw(30)),
            brand: Some(format!("brand{}", draw(4))),
            price: Some(1.0 + draw(100) as f32),
            picture: (0..3).map(|_| draw(9) as f32 - 4.0).collect(),
            ..Description::default()
        };
        let descriptions = Descriptions((0..120).map(described).collect());
        let resources = Resources { seed: 1, max_memory_bytes: 1 << 30, progress: &Silent };
        let vectors = Vectors::of(&descriptions, 120, &resources).unwrap();
        let weights = [0.3, 0.2, 0.1, 0.2, 0.1, 0.1];
        let found = lists(&vectors, &weights, 10, &resources).unwrap();
        for item in 0..120 {
            let of_pair = |other: u32| -> f32 {
                let cosines = vectors.cosines(item, other);
                cosines.iter().zip(weights).map(|(cosine, weight)| cosine * weight).sum()
            };
            let all: Vec<f32> = (0..120).map(of_pair).collect();
            let expected = top_k(&all, 10, |other| other as u32 == item || all[other] <= 0.0);
            let (others, similarities) = found.row(item);
            let (mut best, mut expected): (Vec<f32>, Vec<f32>) =
                (similarities.to_vec(), expected.iter().map(|&other| all[other as usize]).collect());
            best.sort_by(f32::total_cmp);
            expected.sort_by(f32::total_cmp);
            for (other, similarity) in others.iter().zip(similarities) {
                assert!((similarity - all[*other as usize]).abs() < 1e-5);
            }
            assert!(best.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5), "{best:?} {expected:?}");
        }
    }
}
