//! The best few candidates by the dot product of factors, for many users at once and without a matrix of scores: what
//! every factor model ranks with.
//!
//! The scores of eight users for some hundred candidates lie in the first-level cache when the few that can still win
//! are chosen from them. A dot product is summed in the order of the factors, one product after the other, wherever it
//! stands: its bits are the same for one user and for many, for all items and for few.

use super::simd::{self, Kernel, LANES, Simd};

/// Floats of candidates that go through the second-level cache together: 256 kB.
const CHUNK: usize = 1 << 16;

/// Users of one tile.
const USERS: usize = 8;

/// The factors of candidates as the kernel reads them.
///
/// *Shapes*: panels of 16 candidates × d, factor after factor; the last one is filled up with zeros.
pub struct Panels {
    d: usize,
    candidates: usize,
    panels: Vec<[f32; LANES]>,
}

impl Panels {
    /// *Shapes*: each row of `factors` has `d` numbers, at least one. *Cost*: 4 d bytes for each candidate.
    pub fn new<'a>(d: usize, factors: impl ExactSizeIterator<Item = &'a [f32]>) -> Self {
        let candidates = factors.len();
        let mut panels = vec![[0f32; LANES]; candidates.div_ceil(LANES) * d];
        for (place, row) in factors.enumerate() {
            let panel = &mut panels[place / LANES * d..][..d];
            for (column, &value) in panel.iter_mut().zip(row) {
                column[place % LANES] = value;
            }
        }
        Self { d, candidates, panels }
    }

    /// The dot product of `user` with every candidate, in their order.
    pub fn scores(&self, user: &[f32], scores: &mut [f32]) {
        simd::dispatch(ScoreOne { panels: self, user, scores });
    }

    /// For each of `users` the places of the `k` candidates with the highest dot products, best first, as
    /// [`super::top_k`] orders them; `skip(n, place)` holds for what the n-th user must not get.
    ///
    /// *Cost*: O(users · candidates · d) time; 16 kB of scratch and O(users · k) memory.
    pub fn best(&self, users: &[&[f32]], k: usize, skip: &dyn Fn(usize, usize) -> bool) -> Vec<Vec<u32>> {
        let k = k.min(self.candidates);
        if k == 0 {
            return vec![Vec::new(); users.len()];
        }
        simd::dispatch(BestOfAll { panels: self, users, k, skip })
    }

    /// The dot products of every one of `users` with every candidate, for models that add something to them.
    ///
    /// *Shapes*: `scores` is users × candidates, row-major. The sums are those of [`Panels::scores`], to the last bit.
    pub fn products(&self, users: &[&[f32]], scores: &mut [f32]) {
        simd::dispatch(Products { panels: self, users, scores });
    }
}

struct Products<'a> {
    panels: &'a Panels,
    users: &'a [&'a [f32]],
    scores: &'a mut [f32],
}

impl Kernel for Products<'_> {
    type Output = ();

    /// Candidates that fit in the second-level cache are read by all users before the next ones are.
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Panels { d, candidates, ref panels } = *self.panels;
        let groups: Vec<Vec<[f32; USERS]>> =
            self.users.chunks(USERS).map(|users| side_by_side(users, d)).collect();
        let panels_a_chunk = (CHUNK / (d * LANES)).max(1);
        let mut products = [[0f32; LANES]; USERS];
        for (chunk, panels) in panels.chunks(panels_a_chunk * d).enumerate() {
            for (group, users) in groups.iter().enumerate() {
                let rows = &mut self.scores[group * USERS * candidates..];
                for (panel, numbers) in panels.chunks_exact(d).enumerate() {
                    let first = (chunk * panels_a_chunk + panel) * LANES;
                    let width = LANES.min(candidates - first);
                    tile(simd, users, numbers, &mut products);
                    for (row, products) in rows.chunks_exact_mut(candidates).zip(&products) {
                        row[first..first + width].copy_from_slice(&products[..width]);
                    }
                }
            }
        }
    }
}

struct ScoreOne<'a> {
    panels: &'a Panels,
    user: &'a [f32],
    scores: &'a mut [f32],
}

impl Kernel for ScoreOne<'_> {
    type Output = ();

    /// Four panels at once, because a sum waits four cycles for the one before.
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Panels { d, ref panels, .. } = *self.panels;
        for (scores, panels) in self.scores.chunks_mut(4 * LANES).zip(panels.chunks(4 * d)) {
            let mut out = [[0f32; LANES]; 4];
            if panels.len() == 4 * d {
                let (a, b) = panels.split_at(2 * d);
                let ((a, b), (c, e)) = (a.split_at(d), b.split_at(d));
                let mut sums = [simd.splat(0.0); 4];
                for ((((a, b), c), e), &value) in a.iter().zip(b).zip(c).zip(e).zip(self.user) {
                    let value = simd.splat(value);
                    for (sum, panel) in sums.iter_mut().zip([a, b, c, e]) {
                        *sum = simd.mul_add(value, simd.load(panel), *sum);
                    }
                }
                for (sum, out) in sums.into_iter().zip(&mut out) {
                    simd.store(sum, out);
                }
            } else {
                for (panel, out) in panels.chunks_exact(d).zip(&mut out) {
                    let mut sum = simd.splat(0.0);
                    for (panel, &value) in panel.iter().zip(self.user) {
                        sum = simd.mul_add(simd.splat(value), simd.load(panel), sum);
                    }
                    simd.store(sum, out);
                }
            }
            scores.copy_from_slice(&out.as_flattened()[..scores.len()]);
        }
    }
}

struct BestOfAll<'a> {
    panels: &'a Panels,
    users: &'a [&'a [f32]],
    k: usize,
    skip: &'a dyn Fn(usize, usize) -> bool,
}

impl Kernel for BestOfAll<'_> {
    type Output = Vec<Vec<u32>>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Vec<Vec<u32>> {
        let Panels { d, candidates, ref panels } = *self.panels;
        let groups: Vec<Vec<[f32; USERS]>> =
            self.users.chunks(USERS).map(|users| side_by_side(users, d)).collect();
        let panels_a_chunk = (CHUNK / (d * LANES)).clamp(1, MOST_PANELS);
        let mut scores = vec![[[0f32; LANES]; USERS]; panels_a_chunk.min(panels.len() / d)];
        if panels.len() <= panels_a_chunk * d {
            return self.of_one_chunk(simd, &groups, &mut scores);
        }
        let mut kept: Vec<Kept> = self.users.iter().map(|_| Kept::new(self.k)).collect();
        for (chunk, panels) in panels.chunks(panels_a_chunk * d).enumerate() {
            let first = chunk * panels_a_chunk * LANES;
            let width = (candidates - first).min(panels_a_chunk * LANES);
            for (group, users) in groups.iter().enumerate() {
                for (panel, scores) in panels.chunks_exact(d).zip(&mut scores) {
                    tile(simd, users, panel, scores);
                }
                for (user, kept) in kept[group * USERS..].iter_mut().take(USERS).enumerate() {
                    let rows = Row { tiles: &scores[..width.div_ceil(LANES)], user, first, width };
                    let number = group * USERS + user;
                    kept.choose(simd, &rows, &|place| (self.skip)(number, place));
                }
            }
        }
        kept.into_iter().map(Kept::places).collect()
    }
}

impl BestOfAll<'_> {
    /// A user's list is ready when the scores of all candidates are: a campaign's case.
    #[inline(always)]
    fn of_one_chunk<S: Simd>(
        self,
        simd: S,
        groups: &[Vec<[f32; USERS]>],
        scores: &mut [[[f32; LANES]; USERS]],
    ) -> Vec<Vec<u32>> {
        let Panels { d, candidates: width, ref panels } = *self.panels;
        let mut lists = Vec::with_capacity(self.users.len());
        for users in groups {
            for (panel, scores) in panels.chunks_exact(d).zip(scores.iter_mut()) {
                tile(simd, users, panel, scores);
            }
            for user in 0..USERS.min(self.users.len() - lists.len()) {
                let number = lists.len();
                let skip = |place: usize| (self.skip)(number, place);
                let row = Row { tiles: scores, user, first: 0, width };
                lists.push(few_above_the_bar(simd, &row, self.k, &skip).unwrap_or_else(|| {
                    let mut kept = Kept::new(self.k);
                    kept.scan(simd, &row, &skip);
                    kept.places()
                }));
            }
        }
        lists
    }
}

/// More panels than this would push the scores out of the first-level cache.
const MOST_PANELS: usize = 32;

/// Factor after factor, for eight users each; nobody is a row of zeros.
#[inline(always)]
fn side_by_side(users: &[&[f32]], d: usize) -> Vec<[f32; USERS]> {
    let mut packed = vec![[0f32; USERS]; d];
    for (place, user) in users.iter().enumerate() {
        for (packed, &value) in packed.iter_mut().zip(*user) {
            packed[place] = value;
        }
    }
    packed
}

#[inline(always)]
fn tile<S: Simd>(
    simd: S,
    users: &[[f32; USERS]],
    panel: &[[f32; LANES]],
    scores: &mut [[f32; LANES]; USERS],
) {
    match S::SUMS {
        8.. => part_of_tile::<S, 0, 8>(simd, users, panel, scores),
        4.. => {
            part_of_tile::<S, 0, 4>(simd, users, panel, scores);
            part_of_tile::<S, 4, 4>(simd, users, panel, scores);
        }
        _ => {
            part_of_tile::<S, 0, 2>(simd, users, panel, scores);
            part_of_tile::<S, 2, 2>(simd, users, panel, scores);
            part_of_tile::<S, 4, 2>(simd, users, panel, scores);
            part_of_tile::<S, 6, 2>(simd, users, panel, scores);
        }
    }
}

#[inline(always)]
fn part_of_tile<S: Simd, const FIRST: usize, const COUNT: usize>(
    simd: S,
    users: &[[f32; USERS]],
    panel: &[[f32; LANES]],
    scores: &mut [[f32; LANES]; USERS],
) {
    let mut sums = [simd.splat(0.0); COUNT];
    for (users, candidates) in users.iter().zip(panel) {
        let candidates = simd.load(candidates);
        for user in 0..COUNT {
            sums[user] = simd.mul_add(simd.splat(users[FIRST + user]), candidates, sums[user]);
        }
    }
    for user in 0..COUNT {
        simd.store(sums[user], &mut scores[FIRST + user]);
    }
}

/// One user's scores for the candidates from `first` on.
struct Row<'a> {
    tiles: &'a [[[f32; LANES]; USERS]],
    user: usize,
    first: usize,
    width: usize,
}

/// The best of what one user was shown, as numbers that order like (score, earlier place).
struct Kept {
    k: usize,
    /// Only what is above it can still get in.
    bar: f32,
    best: Vec<u64>,
}

impl Kept {
    fn new(k: usize) -> Self {
        Self { k, bar: f32::NEG_INFINITY, best: Vec::with_capacity(2 * k) }
    }

    #[inline(always)]
    fn choose<S: Simd>(&mut self, simd: S, row: &Row<'_>, skip: &dyn Fn(usize) -> bool) {
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
    fn scan<S: Simd>(&mut self, simd: S, row: &Row<'_>, skip: &dyn Fn(usize) -> bool) {
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

    fn places(mut self) -> Vec<u32> {
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
fn few_above_the_bar<S: Simd>(
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
fn key(score: f32, place: usize) -> u64 {
    let bits = (score + 0.0).to_bits();
    let ordered = if bits >> 31 == 1 { !bits } else { bits | 1 << 31 };
    u64::from(ordered) << 32 | u64::from(!(place as u32))
}

fn score_of(key: u64) -> f32 {
    let ordered = (key >> 32) as u32;
    f32::from_bits(if ordered >> 31 == 1 { ordered & !(1 << 31) } else { !ordered })
}

#[cfg(test)]
#[path = "dot_top_tests.rs"]
mod tests;
