//! The best few candidates by the dot product of factors, for many users at once and without a matrix of scores: what
//! every factor model ranks with.
//!
//! The scores of eight users for some hundred candidates lie in the first-level cache when the few that can still win
//! are chosen from them. A dot product is summed in the order of the factors, one product after the other, wherever it
//! stands: its bits are the same for one user and for many, for all items and for few.

mod selection;
#[cfg(test)]
mod tests;

use super::simd::{self, Kernel, LANES, Simd};
use selection::{Kept, Row, few_above_the_bar};
pub(super) use selection::{key, score_of};

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
