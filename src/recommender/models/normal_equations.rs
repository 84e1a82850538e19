//! One row's factors from the fixed factors of the other side: (α₀G + Σ c h hᵀ + ridge I) x = Σ c h, exactly.
//!
//! The fixed factors are turned to the axes of their Gram matrix first ([`super::factors`]), so that all but the sum is
//! a diagonal D, whatever the row's ridge. A row with n < d entries then needs no d × d system: by the push-through
//! identity x = D⁻¹Hᵀ (C⁻¹ + H D⁻¹ Hᵀ)⁻¹ 1, whose system is n × n. *Source*: the kernel form is that of Pilászy,
//! Zibriczky, Tikk, “Fast ALS-based matrix factorization” (RecSys 2010), section 4; with the weight of unobserved pairs
//! it needs D to be cheap to invert for every row, and the turning is our own way to that.
//!
//! On shops' data nine of ten rows are shorter than 64, and exact solving takes a third to a fifth of the d × d way's
//! arithmetic: as little as three steps of conjugate gradients, which it replaced.

use super::factors::Factors;
use super::products::{add_squares, multiply_rows, solve};
use crate::recommender::simd::{self, Kernel, LANES, Simd};

/// What all rows of one side share.
#[derive(Clone, Copy)]
pub struct Fixed<'a> {
    pub factors: &'a Factors,
    /// α₀ times the diagonal of their Gram matrix, filled with zeros.
    pub base: &'a [f32],
}

/// One row's entries.
#[derive(Clone, Copy)]
pub struct Entries<'a> {
    /// Rows of the fixed factors.
    pub others: &'a [u32],
    pub weights: &'a [f32],
    /// c = weight · scale
    pub scale: f32,
    /// Above 0.
    pub ridge: f32,
}

/// Memory for one row after another.
pub struct Scratch {
    /// Fixed factors gathered and scaled.
    gathered: Vec<[f32; LANES]>,
    system: Vec<[f32; LANES]>,
    inverses: Vec<f32>,
    solved: Vec<[f32; LANES]>,
    scales: Vec<[f32; LANES]>,
}

impl Scratch {
    /// *Shapes*: for factors of `vectors` a row.
    pub fn new(vectors: usize) -> Self {
        let p = vectors * LANES;
        Self {
            gathered: vec![[0.0; LANES]; p.max(ROWS_AT_ONCE) * vectors],
            system: vec![[0.0; LANES]; p * (vectors + 1)],
            inverses: vec![0.0; p],
            solved: vec![[0.0; LANES]; vectors],
            scales: vec![[0.0; LANES]; vectors],
        }
    }

    pub fn bytes(vectors: usize) -> usize {
        let p = vectors * LANES;
        LANES * 4 * (p.max(ROWS_AT_ONCE) * vectors + p * (vectors + 1) + 3 * vectors)
    }
}

/// Rows of a long row's entries that are gathered before they are multiplied: they stay in the first-level cache.
const ROWS_AT_ONCE: usize = 64;

/// Solves a run of rows, `entries(n)` for the n-th of `rows`. False when a system was not positive definite.
/// *Shapes*: `rows` are filled as factors are. *Cost*: n² d + n³ / 3 for n < d entries, n d² + d³ / 3 beyond.
pub fn solve_rows<'a>(
    fixed: Fixed<'_>,
    rows: &mut [[f32; LANES]],
    entries: impl Fn(usize) -> Entries<'a>,
    scratch: &mut Scratch,
) -> bool {
    simd::dispatch(SolveRows { fixed, rows, entries, scratch })
}

struct SolveRows<'s, E> {
    fixed: Fixed<'s>,
    rows: &'s mut [[f32; LANES]],
    entries: E,
    scratch: &'s mut Scratch,
}

impl<'a, E: Fn(usize) -> Entries<'a>> Kernel for SolveRows<'_, E> {
    type Output = bool;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> bool {
        let vectors = self.fixed.factors.vectors();
        let count = self.rows.len() / vectors;
        let mut entries = (self.entries)(0);
        for (n, x) in self.rows.chunks_exact_mut(vectors).enumerate() {
            let next = (self.entries)((n + 1).min(count - 1));
            expect(simd, self.fixed, next);
            let solved = if entries.others.is_empty() {
                x.fill([0.0; LANES]);
                true
            } else if entries.others.len() < vectors * LANES {
                few_entries(simd, self.fixed, entries, x, self.scratch)
            } else {
                many_entries(simd, self.fixed, entries, x, self.scratch)
            };
            if !solved {
                return false;
            }
            entries = next;
        }
        true
    }
}

/// Asks for the factors of a row's entries while the row before is solved: they lie all over the memory, and waiting for
/// them took a quarter of the time.
#[inline(always)]
fn expect<S: Simd>(simd: S, fixed: Fixed<'_>, entries: Entries<'_>) {
    let vectors = fixed.factors.vectors();
    for &other in &entries.others[..entries.others.len().min(ROWS_AT_ONCE)] {
        for vector in &fixed.factors.values[other as usize * vectors..][..vectors] {
            simd.expect(vector);
        }
    }
}

/// The n × n way.
#[inline(always)]
fn few_entries<S: Simd>(
    simd: S,
    fixed: Fixed<'_>,
    entries: Entries<'_>,
    x: &mut [[f32; LANES]],
    scratch: &mut Scratch,
) -> bool {
    let vectors = x.len();
    let Scratch { gathered, system, inverses, solved, scales } = scratch;
    for (scale, &base) in scales.as_flattened_mut().iter_mut().zip(fixed.base) {
        *scale = 1.0 / (base + entries.ridge).sqrt();
    }
    let n = entries.others.len();
    let m = n.next_multiple_of(4);
    let g = &mut gathered[..m * vectors];
    for (&other, row) in entries.others.iter().zip(g.chunks_exact_mut(vectors)) {
        let h = &fixed.factors.values[other as usize * vectors..][..vectors];
        for ((out, h), scale) in row.iter_mut().zip(h).zip(scales.iter()) {
            simd.store(simd.mul(simd.load(h), simd.load(scale)), out);
        }
    }
    g[n * vectors..].fill([0.0; LANES]);
    let width = m / LANES + 1;
    let system = &mut system[..m * width];
    multiply_rows(simd, g, vectors, system, width);
    for (i, row) in system.chunks_exact_mut(width).enumerate() {
        let row = row.as_flattened_mut();
        row[m] = if i < n { 1.0 } else { 0.0 };
        row[i] += if i < n { 1.0 / (entries.weights[i] * entries.scale) } else { 1.0 };
    }
    if !solve(simd, system, m, width, &mut inverses[..m], solved) {
        return false;
    }
    let y = &solved.as_flattened()[..n];
    for ((out, scale), j) in x.iter_mut().zip(scales.iter()).zip(0..) {
        // Two sums, because each waits for the one before.
        let mut sums = [simd.splat(0.0); 2];
        for (pair, y) in g.chunks(2 * vectors).zip(y.chunks(2)) {
            for (n, &y) in y.iter().enumerate() {
                sums[n] = simd.mul_add(simd.splat(y), simd.load(&pair[n * vectors + j]), sums[n]);
            }
        }
        simd.store(simd.mul(simd.load(scale), simd.add(sums[0], sums[1])), out);
    }
    true
}

/// The d × d way.
#[inline(always)]
fn many_entries<S: Simd>(
    simd: S,
    fixed: Fixed<'_>,
    entries: Entries<'_>,
    x: &mut [[f32; LANES]],
    scratch: &mut Scratch,
) -> bool {
    let vectors = x.len();
    let (p, width) = (vectors * LANES, vectors + 1);
    let Scratch { gathered, system, inverses, solved, scales: right } = scratch;
    let system = &mut system[..p * width];
    system.fill([0.0; LANES]);
    for (diagonal, &base) in system.as_flattened_mut().iter_mut().step_by(width * LANES + 1).zip(fixed.base) {
        *diagonal = base + entries.ridge;
    }
    right.fill([0.0; LANES]);
    for (others, weights) in entries.others.chunks(ROWS_AT_ONCE).zip(entries.weights.chunks(ROWS_AT_ONCE)) {
        let g = &mut gathered[..others.len() * vectors];
        for ((&other, &weight), row) in others.iter().zip(weights).zip(g.chunks_exact_mut(vectors)) {
            let h = &fixed.factors.values[other as usize * vectors..][..vectors];
            let root = simd.splat((weight * entries.scale).sqrt());
            for ((out, h), right) in row.iter_mut().zip(h).zip(right.iter_mut()) {
                let scaled = simd.mul(simd.load(h), root);
                simd.store(scaled, out);
                simd.store(simd.mul_add(scaled, root, simd.load(right)), right);
            }
        }
        add_squares(simd, g, vectors, system, width);
    }
    for (row, &b) in system.chunks_exact_mut(width).zip(right.as_flattened()) {
        row[vectors][0] = b;
    }
    if !solve(simd, system, p, width, inverses, solved) {
        return false;
    }
    x.copy_from_slice(&solved[..vectors]);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommender::models::Random;
    use crate::recommender::models::dense;

    #[derive(Clone)]
    struct Row<'a>(Fixed<'a>, Entries<'a>);

    impl Kernel for Row<'_> {
        type Output = Vec<f32>;

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> Vec<f32> {
            let vectors = self.0.factors.vectors();
            let mut x = vec![[7.0; LANES]; vectors];
            let mut scratch = Scratch::new(vectors);
            let (rows, entries) = (&mut x[..], |_| self.1);
            assert!(SolveRows { fixed: self.0, rows, entries, scratch: &mut scratch }.run(simd));
            x.into_flattened()
        }
    }

    #[test]
    fn both_ways_and_every_kind_of_vector_solve_the_textbooks_system() {
        for (d, n) in [(1, 1), (1, 40), (5, 3), (16, 15), (16, 16), (20, 90), (64, 21), (64, 63), (96, 200)] {
            let factors = Factors::random(300, d, 5);
            let mut random = Random(9);
            let filled = factors.vectors() * LANES;
            let base: Vec<f32> =
                (0..filled).map(|k| if k < d { random.uniform() as f32 } else { 0.0 }).collect();
            let others: Vec<u32> = (0..n).map(|at| (at * 7 % 300) as u32).collect();
            let weights: Vec<f32> = (0..n).map(|_| 0.2 + random.uniform() as f32).collect();
            let entries = Entries { others: &others, weights: &weights, scale: 1.5, ridge: 0.03 };
            let (mut a, mut b) = (vec![0f32; d * d], vec![0f32; d]);
            for (k, &base) in base.iter().take(d).enumerate() {
                a[k * d + k] = base + 0.03;
            }
            for (&other, &weight) in others.iter().zip(&weights) {
                dense::add_outer(&mut a, factors.row(other as usize), weight * 1.5);
                dense::add_scaled(&mut b, factors.row(other as usize), weight * 1.5);
            }
            assert!(dense::solve(&mut a, &mut b));
            for x in simd::dispatch_all(Row(Fixed { factors: &factors, base: &base }, entries)) {
                let size = b.iter().map(|value| value.abs()).fold(0.0, f32::max);
                for (x, expected) in x.iter().zip(&b) {
                    assert!((x - expected).abs() < 1e-4 * size, "{d} {n}: {x} {expected}");
                }
                assert!(x[d..].iter().all(|&value| value == 0.0), "{d} {n}");
            }
        }
    }

    #[test]
    fn what_is_not_positive_definite_is_told() {
        let factors = Factors::from_rows(1, &[f32::NAN]);
        let entries = Entries { others: &[0], weights: &[1.0], scale: 1.0, ridge: 0.1 };
        let mut x = [[0.0; LANES]];
        let fixed = Fixed { factors: &factors, base: &[0.0; LANES] };
        assert!(!solve_rows(fixed, &mut x, |_| entries, &mut Scratch::new(1)));
    }
}
