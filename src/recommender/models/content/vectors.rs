//! Items as vectors, one part for each way of being alike. It does not know who bought them.

use super::text;
use crate::recommender::models::dense::dot;
use crate::recommender::{Description, Descriptions, ModelError, Resources};
use rayon::prelude::*;
use twox_hash::XxHash3_64;

/// A way of being alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Part {
    Words,
    Pieces,
    Category,
    Brand,
    Price,
    Picture,
}

pub const PARTS: usize = 6;

/// Parts whose vectors are sparse; pictures are dense.
const SPARSE: usize = PARTS - 1;

/// *Shapes*: row i of the sparse parts lies at `starts[i]..starts[i + 1]`, ascending by feature; the features of part p
/// are those below `ends[p]` and not below the part before. Pictures are items × `picture_length`, zeros where there
/// is none. *Units*: each part of an item has length 1 counted with the features that no other item has, which
/// are not kept because nothing can meet in them; so a dot product is a cosine.
pub struct Vectors {
    starts: Vec<usize>,
    features: Vec<u32>,
    values: Vec<f32>,
    ends: [u32; SPARSE],
    pictures: Vec<f32>,
    picture_length: usize,
    /// Whether anything is known of any item.
    described: bool,
}

/// Part in the upper bits, hash of its name below: sorting keeps the parts together.
type Key = u64;

const HASH_BITS: u32 = 61;

fn key(part: Part, bytes: &[u8]) -> Key {
    ((part as u64) << HASH_BITS) | (XxHash3_64::oneshot(bytes) >> (64 - HASH_BITS))
}

fn part_of(key: Key) -> usize {
    (key >> HASH_BITS) as usize
}

/// Items between two looks at whether to go on.
const ITEMS_A_TASK: usize = 256;

impl Vectors {
    /// Words and pieces are counted as 1 + ln(times) and weighed by 1 + ln((1 + n) / (1 + items with it)), the
    /// smoothed inverse document frequency. *Source*: Salton, Buckley, “Term-weighting approaches in automatic text
    /// retrieval” (IPM 1988). Features are told apart by 61 bits of a hash: among ten million, two meet by chance once
    /// in some fifty thousand shops.
    ///
    /// Descriptions that are missing at the end count as empty, surplus ones are left out; so is a picture that is not
    /// as long as the first one, or not finite.
    ///
    /// *Cost*: O(features · ln features), parallel; some 30 bytes a feature while it runs, 8 after. *Errors*:
    /// [`ModelError::Cancelled`].
    pub fn of(
        descriptions: &Descriptions,
        items: usize,
        resources: &Resources<'_>,
    ) -> Result<Self, ModelError> {
        let nothing = Description::default();
        let descriptions: Vec<&Description> =
            descriptions.0.iter().chain(std::iter::repeat(&nothing)).take(items).collect();
        let mut rows: Vec<Vec<(Key, f32)>> = vec![Vec::new(); items];
        rows.par_chunks_mut(ITEMS_A_TASK).zip(descriptions.par_chunks(ITEMS_A_TASK)).try_for_each(
            |(rows, descriptions)| {
                if resources.progress.cancelled() {
                    return Err(ModelError::Cancelled);
                }
                for (row, description) in rows.iter_mut().zip(descriptions) {
                    *row = counted(description);
                }
                Ok(())
            },
        )?;
        let described = rows.iter().any(|row| !row.is_empty());
        let frequencies = frequencies(&rows);
        if resources.progress.cancelled() {
            return Err(ModelError::Cancelled);
        }
        rows.par_iter_mut().for_each(|row| weigh(row, &frequencies, items));
        let (shared, ends) = shared(&frequencies);
        let mut vectors = Self {
            starts: vec![0],
            features: vec![],
            values: vec![],
            ends,
            pictures: vec![],
            picture_length: 0,
            described,
        };
        let kept: Vec<Vec<(u32, f32)>> = rows
            .into_par_iter()
            .map(|row| {
                let feature = |(key, value)| Some((shared.binary_search(&key).ok()? as u32, value));
                row.into_iter().filter_map(feature).collect()
            })
            .collect();
        for row in kept {
            vectors.features.extend(row.iter().map(|&(feature, _)| feature));
            vectors.values.extend(row.iter().map(|&(_, value)| value));
            vectors.starts.push(vectors.features.len());
        }
        vectors.take_pictures(&descriptions);
        Ok(vectors)
    }

    fn take_pictures(&mut self, descriptions: &[&Description]) {
        let usable = |picture: &[f32]| dot(picture, picture).is_finite() && dot(picture, picture) > 0.0;
        let first = descriptions.iter().find(|description| usable(&description.picture));
        let Some(length) = first.map(|description| description.picture.len()) else { return };
        self.picture_length = length;
        self.described = true;
        self.pictures = vec![0.0; length * descriptions.len()];
        for (row, description) in self.pictures.chunks_exact_mut(length).zip(descriptions) {
            if description.picture.len() == length && usable(&description.picture) {
                let scale = 1.0 / dot(&description.picture, &description.picture).sqrt();
                for (value, &given) in row.iter_mut().zip(&description.picture) {
                    *value = given * scale;
                }
            }
        }
    }

    pub fn items(&self) -> usize {
        self.starts.len() - 1
    }

    /// Number of sparse features.
    pub fn features(&self) -> usize {
        self.ends[SPARSE - 1] as usize
    }

    /// True when nothing is known of any item.
    pub fn is_empty(&self) -> bool {
        !self.described
    }

    /// Features, ascending, and their values.
    pub fn row(&self, item: u32) -> (&[u32], &[f32]) {
        let range = self.starts[item as usize]..self.starts[item as usize + 1];
        (&self.features[range.clone()], &self.values[range])
    }

    pub fn part(&self, feature: u32) -> usize {
        self.ends.iter().position(|&end| feature < end).unwrap_or(SPARSE)
    }

    /// Of length 1, zeros, or empty when no item has a picture.
    pub fn picture(&self, item: u32) -> &[f32] {
        &self.pictures[item as usize * self.picture_length..][..self.picture_length]
    }

    /// Part by part.
    pub fn cosines(&self, a: u32, b: u32) -> [f32; PARTS] {
        let mut cosines = [0.0; PARTS];
        let ((a_features, a_values), (b_features, b_values)) = (self.row(a), self.row(b));
        let (mut at, mut part) = (0, 0);
        for (feature, value) in a_features.iter().zip(a_values) {
            while at < b_features.len() && b_features[at] < *feature {
                at += 1;
            }
            while part < SPARSE - 1 && *feature >= self.ends[part] {
                part += 1;
            }
            if b_features.get(at) == Some(feature) {
                cosines[part] += value * b_values[at];
            }
        }
        cosines[Part::Picture as usize] = dot(self.picture(a), self.picture(b));
        cosines
    }
}

/// A description's features and how often each occurs, ascending.
fn counted(description: &Description) -> Vec<(Key, f32)> {
    let mut row: Vec<(Key, f32)> = Vec::new();
    text::words(&description.text, |word| {
        row.push((key(Part::Words, word.as_bytes()), 1.0));
        text::pieces(word, |piece| row.push((key(Part::Pieces, piece.as_bytes()), 1.0)));
    });
    let mut path = String::new();
    let levels = description.category_path.iter().map(|level| level.trim().to_lowercase());
    for (depth, level) in levels.filter(|level| !level.is_empty()).enumerate() {
        path.push_str(&level);
        path.push('\n');
        // The l-th level counts l: of three shared levels of three, the last makes half of the cosine.
        row.push((key(Part::Category, path.as_bytes()), ((depth + 1) as f32).sqrt()));
    }
    if let Some(brand) = description.brand.as_deref().map(|brand| brand.trim().to_lowercase())
        && !brand.is_empty()
    {
        row.push((key(Part::Brand, brand.as_bytes()), 1.0));
    }
    row.extend(price_steps(description.price));
    row.sort_by_key(|&(key, _)| key);
    row.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    row
}

/// Steps of the price scale to the doubling.
const STEPS_A_DOUBLING: f32 = 2.0;

/// Steps over which one price still meets another.
const REACH: f32 = 2.0;

/// A price lies on the steps around it, the nearer the more, so that 9.99 and 10.01 are alike wherever steps begin.
fn price_steps(price: Option<f32>) -> Vec<(Key, f32)> {
    let Some(price) = price.filter(|price| price.is_finite() && *price > 0.0) else { return Vec::new() };
    let place = price.log2() * STEPS_A_DOUBLING;
    let first = (place - REACH).floor() as i32 + 1;
    (first..first + 2 * REACH as i32)
        .map(|step| (key(Part::Price, &step.to_le_bytes()), 1.0 - (place - step as f32).abs() / REACH))
        .filter(|&(_, value)| value > 0.0)
        .collect()
}

/// Every key and in how many rows it stands, ascending.
fn frequencies(rows: &[Vec<(Key, f32)>]) -> Vec<(Key, u32)> {
    let mut keys: Vec<Key> = rows.iter().flatten().map(|&(key, _)| key).collect();
    keys.par_sort_unstable();
    keys.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u32)).collect()
}

/// Keys that more than one item has, ascending, and where each part ends among them.
fn shared(frequencies: &[(Key, u32)]) -> (Vec<Key>, [u32; SPARSE]) {
    let shared: Vec<Key> = frequencies.iter().filter(|(_, items)| *items > 1).map(|&(key, _)| key).collect();
    let ends = std::array::from_fn(|part| shared.partition_point(|&key| part_of(key) <= part) as u32);
    (shared, ends)
}

/// Counts become values of length 1 in each part.
fn weigh(row: &mut [(Key, f32)], frequencies: &[(Key, u32)], items: usize) {
    for part in row.chunk_by_mut(|a, b| part_of(a.0) == part_of(b.0)) {
        if part_of(part[0].0) <= Part::Pieces as usize {
            for (key, value) in part.iter_mut() {
                let with =
                    frequencies.binary_search_by_key(key, |&(key, _)| key).map_or(0, |at| frequencies[at].1);
                *value = (1.0 + value.ln()) * (1.0 + ((1 + items) as f32 / (1 + with) as f32).ln());
            }
        }
        let length = part.iter().map(|&(_, value)| value * value).sum::<f32>().sqrt();
        for (_, value) in part {
            *value /= length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;

    fn vectors(descriptions: Vec<Description>) -> Vectors {
        let resources = Resources { seed: 1, max_memory_bytes: 1 << 30, progress: &Silent };
        let items = descriptions.len();
        Vectors::of(&Descriptions(descriptions), items, &resources).unwrap()
    }

    fn path(levels: &[&str]) -> Vec<String> {
        levels.iter().map(|level| (*level).to_owned()).collect()
    }

    /// Items 0 and 1 share “red”, in two of three texts; “cup” and “hat” are in one each. With f(n) = 1 + ln(4 / (1 + n)),
    /// cos = f(2)² / (f(2)² + f(1)²), as worked by hand.
    #[test]
    fn a_cosine_of_words_is_as_by_hand() {
        let text = |text: &str| Description { text: text.into(), ..Description::default() };
        let vectors = vectors(vec![text("red cup"), text("Red hat"), text("blue")]);
        let (two, one) = (1.0 + (4f32 / 3.0).ln(), 1.0 + 2f32.ln());
        let cosines = vectors.cosines(0, 1);
        assert!((cosines[0] - two * two / (two * two + one * one)).abs() < 1e-6, "{cosines:?}");
        assert!(cosines[1] > 0.0 && cosines[2..] == [0.0; 4]);
        assert_eq!(vectors.cosines(0, 2), [0.0; PARTS]);
    }

    #[test]
    fn deeper_levels_count_more_and_a_level_counts_only_within_its_parent() {
        let of = |levels: &[&str]| Description { category_path: path(levels), ..Description::default() };
        let all = vec![
            of(&["Home", "Kitchen", "Knives"]),
            of(&["home ", "Kitchen", "Pans"]),
            of(&["Home", "Garden", "Knives"]),
            of(&["Home", "Kitchen", "Knives"]),
        ];
        let vectors = vectors(all);
        let with_first = |item| vectors.cosines(0, item)[Part::Category as usize];
        // (1 + 2) / 6, 1 / 6 and 6 / 6.
        for (item, expected) in [(1, 0.5), (2, 1.0 / 6.0), (3, 1.0)] {
            assert!((with_first(item) - expected).abs() < 1e-6, "{item}: {}", with_first(item));
        }
    }

    #[test]
    fn near_prices_are_alike_wherever_the_steps_begin() {
        let of = |price| Description { price: Some(price), ..Description::default() };
        let prices = [9.9, 10.1, 14.0, 100.0, 0.0, f32::NAN, -1.0];
        let vectors = vectors(prices.into_iter().map(of).collect());
        let with_first = |item| vectors.cosines(0, item)[Part::Price as usize];
        assert!(with_first(1) > 0.99, "{}", with_first(1));
        assert!(with_first(2) > 0.3 && with_first(2) < 0.9, "{}", with_first(2));
        assert!((3..7).all(|item| with_first(item) == 0.0));
    }

    #[test]
    fn pictures_that_cannot_be_compared_are_left_out() {
        let of = |picture: &[f32]| Description { picture: picture.to_vec(), ..Description::default() };
        let all = [&[3.0, 4.0][..], &[6.0, 8.0], &[1.0], &[f32::NAN, 1.0], &[0.0, 0.0], &[]];
        let vectors = vectors(all.into_iter().map(of).collect());
        let with_first = |item| vectors.cosines(0, item)[Part::Picture as usize];
        assert!((with_first(1) - 1.0).abs() < 1e-6 && (2..6).all(|item| with_first(item) == 0.0));
    }

    #[test]
    fn missing_descriptions_are_empty_ones() {
        let resources = Resources { seed: 1, max_memory_bytes: 1 << 30, progress: &Silent };
        let vectors = Vectors::of(&Descriptions::default(), 3, &resources).unwrap();
        assert!(vectors.is_empty() && vectors.items() == 3);
        assert_eq!(vectors.cosines(0, 2), [0.0; PARTS]);
    }
}
