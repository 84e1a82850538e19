//! The few best of a row of scores that were just computed, without sorting the row.

use super::USERS;
use crate::recommender::simd::{LANES, Simd};

/// One user's scores for the candidates from `first` on.
pub(super) struct Row<'a> {
    pub tiles: &'a [[[f32; LANES]; USERS]],
    pub user: usize,
    pub first: usize,
    pub width: usize,
}

/// The best of what one user was shown, as numbers that order like (score, earlier place).
pub(super) struct Kept {
    k: usize,
    /// Only what is above it can still get in.
    bar: f32,
    best: Vec<u64>,
}

impl Kept {
    pub fn new(k: usize) -> Self {
        Self { k, bar: f32::NEG_INFINITY, best: Vec::with_capacity(2 * k) }
    }

    #[inline(always)]
    pub fn choose<S: Simd>(&mut self, simd: S, row: &Row<'_>, skip: &dyn Fn(usize) -> bool) {
        if row.first == 0
            && let Some(bar) = first_bar(simd, row, self.k)
        {
            self.bar = bar;
            self.scan(simd, row, skip);
            if self.best.len() >= self.k {
                return;
            }
            // Some of those above the bar were skipped: once more without it.
            self.best.clear();
            self.bar = f32::NEG_INFINITY;
        }
        self.scan(simd, row, skip);
    }

    #[inline(always)]
    pub fn scan<S: Simd>(&mut self, simd: S, row: &Row<'_>, skip: &dyn Fn(usize) -> bool) {
        for (n, tile) in row.tiles.iter().enumerate() {
            let scores = &tile[row.user];
            let mut above = simd.above(simd.load(scores), simd.splat(self.bar));
            while above != 0 {
                let lane = above.trailing_zeros() as usize;
                above &= above - 1;
                let (at, score) = (n * LANES + lane, scores[lane]);
                // A later place loses a tie, so that only a better score gets in; NaN never was above.
                if at < row.width && score > self.bar && score.is_finite() && !skip(row.first + at) {
                    self.best.push(key(score, row.first + at));
                    if self.best.len() == 2 * self.k {
                        self.prune();
                    }
                }
            }
        }
    }

    #[cold]
    fn prune(&mut self) {
        self.best.select_nth_unstable_by(self.k - 1, |a, b| b.cmp(a));
        self.best.truncate(self.k);
        self.bar = score_of(self.best[self.k - 1]);
    }

    pub fn places(mut self) -> Vec<u32> {
        self.best.sort_unstable_by(|a, b| b.cmp(a));
        self.best.truncate(self.k);
        self.best.into_iter().map(|key| !(key as u32)).collect()
    }
}

/// Just below a score that at least `k` of the first candidates reach, some spare ones included: the maxima of groups
/// of them are different candidates, and k of those are as good as the k-th of the maxima. Without it the first
/// hundreds of candidates nearly all pass, and take longer than their dot products.
#[inline(always)]
fn first_bar<S: Simd>(simd: S, row: &Row<'_>, k: usize) -> Option<f32> {
    let wanted = k + k / 4 + 1;
    let groups = (2 * wanted).div_ceil(LANES);
    if groups > MOST_GROUPS || row.width < 2 * groups * LANES {
        return None;
    }
    let mut maxima = [[f32::NEG_INFINITY; LANES]; MOST_GROUPS];
    for tiles in row.tiles[..row.width / LANES].chunks(groups) {
        for (maxima, tile) in maxima.iter_mut().zip(tiles) {
            let higher = simd.max(simd.load(&tile[row.user]), simd.load(maxima));
            simd.store(higher, maxima);
        }
    }
    let bar = match groups {
        // Counting what is above each is faster than sorting while it is a few instructions for each.
        0..=2 => highest_reached_by::<S, 2>(simd, &maxima, wanted),
        3..=4 => highest_reached_by::<S, 4>(simd, &maxima, wanted),
        _ => {
            let maxima = &mut maxima.as_flattened_mut()[..groups * LANES];
            *maxima.select_nth_unstable_by(wanted - 1, |a, b| b.total_cmp(a)).1
        }
    };
    bar.is_finite().then(|| bar.next_down())
}

/// The `wanted`-th highest of the first `GROUPS` vectors. Those that are not used are as low as can be.
#[inline(always)]
fn highest_reached_by<S: Simd, const GROUPS: usize>(
    simd: S,
    maxima: &[[f32; LANES]; MOST_GROUPS],
    wanted: usize,
) -> f32 {
    let mut vectors = [simd.splat(0.0); GROUPS];
    for group in 0..GROUPS {
        vectors[group] = simd.load(&maxima[group]);
    }
    let mut lowest = f32::INFINITY;
    for &value in maxima[..GROUPS].as_flattened() {
        let splat = simd.splat(value);
        let higher: u32 = vectors.iter().map(|&group| simd.above(group, splat).count_ones()).sum();
        if (higher as usize) < wanted && value < lowest {
            lowest = value;
        }
    }
    lowest
}

/// The list when few scores are above the first bar, and enough of them may be had; `None` when there is no bar, or too
/// many or too few are above it. Puts them in order before it asks what to skip, which costs more than all the rest.
#[inline(always)]
pub(super) fn few_above_the_bar<S: Simd>(
    simd: S,
    row: &Row<'_>,
    k: usize,
    skip: &dyn Fn(usize) -> bool,
) -> Option<Vec<u32>> {
    let bar = first_bar(simd, row, k)?;
    let (mut above, mut count) = ([0u64; FEW], 0);
    let bar = simd.splat(bar);
    // Bits of four tiles in one word: the end of a loop over bits is guessed wrongly once for 64 scores.
    for (n, tiles) in row.tiles.chunks(4).enumerate() {
        let left = row.width - n * 4 * LANES;
        let mut lanes = tiles.iter().zip(0..).fold(0, |lanes, (tile, n)| {
            lanes | u64::from(simd.above(simd.load(&tile[row.user]), bar)) << (LANES * n)
        });
        if left < 4 * LANES {
            lanes &= (1 << left) - 1;
        }
        while lanes != 0 {
            let lane = lanes.trailing_zeros() as usize;
            lanes &= lanes - 1;
            let score = tiles[lane / LANES][row.user][lane % LANES];
            if score.is_finite() {
                *above.get_mut(count)? = key(score, n * 4 * LANES + lane);
                count += 1;
            }
        }
    }
    let mut ordered = [0u32; FEW];
    let (eights, _) = above.as_chunks::<8>();
    for &key in &above[..count] {
        let mut higher = 0;
        for eight in &eights[..count.div_ceil(8)] {
            higher += eight.iter().map(|&other| u32::from(other > key)).sum::<u32>();
        }
        // The place is in the key, so that no two are equal.
        ordered[higher as usize] = !(key as u32);
    }
    let mut list = Vec::with_capacity(k);
    for &place in &ordered[..count] {
        if !skip(place as usize) {
            list.push(place);
            if list.len() == k {
                return Some(list);
            }
        }
    }
    None
}

/// Scores that are ordered by counting.
const FEW: usize = 64;

/// Vectors of maxima.
const MOST_GROUPS: usize = 8;

/// Orders like the score, then like the earlier place. −0 is 0.
pub(in crate::recommender) fn key(score: f32, place: usize) -> u64 {
    let bits = (score + 0.0).to_bits();
    let ordered = if bits >> 31 == 1 { !bits } else { bits | 1 << 31 };
    u64::from(ordered) << 32 | u64::from(!(place as u32))
}

pub(in crate::recommender) fn score_of(key: u64) -> f32 {
    let ordered = (key >> 32) as u32;
    f32::from_bits(if ordered >> 31 == 1 { ordered & !(1 << 31) } else { !ordered })
}
