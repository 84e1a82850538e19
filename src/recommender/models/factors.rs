//! A matrix of factors whose rows are filled up with zeros to whole vectors, and what alternating least squares does
//! with all rows at once: their Gram matrix, and turning them to its axes.

use super::Random;
use super::products::{add_squares, load_all};
use crate::recommender::simd::{self, Kernel, LANES, Simd};
use faer::diag::Diag;
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::{Mat, Par, dyn_stack};
use rayon::prelude::*;

/// *Shapes*: rows × d, row-major, each row in ⌈d / 16⌉ vectors; what is beyond d is 0 and stays so.
#[derive(Debug, Clone, PartialEq)]
pub struct Factors {
    pub d: usize,
    pub values: Vec<[f32; LANES]>,
}

/// Rows of one task, at least.
const ROWS_A_TASK: usize = 4096;

/// Sums of one Gram matrix at a time, at most: a large shop's would otherwise fill the memory.
const PARTS: usize = 16;

impl Factors {
    pub fn zeros(rows: usize, d: usize) -> Self {
        Self { d, values: vec![[0.0; LANES]; rows * d.div_ceil(LANES)] }
    }

    /// Normal-like numbers of deviation 0.1 / √d, each row from its own seed.
    pub fn random(rows: usize, d: usize, seed: u64) -> Self {
        let mut factors = Self::zeros(rows, d);
        let vectors = factors.vectors();
        factors.values.par_chunks_exact_mut(vectors).enumerate().for_each(|(row, values)| {
            let mut random = Random(seed ^ (row as u64 + 1).wrapping_mul(0xd134_2543_de82_ef95));
            for value in &mut values.as_flattened_mut()[..d] {
                // The sum of four uniform numbers of 16 bits, which has variance 1/3.
                let bits = random.next();
                let uniform = |part: u32| (bits >> (16 * part)) as u16 as f64 / 65536.0;
                let normal = ((0..4).map(uniform).sum::<f64>() - 2.0) * 3f64.sqrt();
                *value = (normal * 0.1 / (d as f64).sqrt()) as f32;
            }
        });
        factors
    }

    /// From rows × d numbers without filling.
    pub fn from_rows(d: usize, rows: &[f32]) -> Self {
        let mut factors = Self::zeros(rows.len() / d, d);
        let vectors = factors.vectors();
        for (values, row) in factors.values.chunks_exact_mut(vectors).zip(rows.chunks_exact(d)) {
            values.as_flattened_mut()[..d].copy_from_slice(row);
        }
        factors
    }

    pub fn rows(&self) -> usize {
        self.values.len() / self.vectors()
    }

    /// Vectors of a row.
    pub fn vectors(&self) -> usize {
        self.d.div_ceil(LANES)
    }

    /// A row without its filling.
    pub fn row(&self, row: usize) -> &[f32] {
        let vectors = self.vectors();
        &self.values[row * vectors..][..vectors].as_flattened()[..self.d]
    }

    pub fn row_mut(&mut self, row: usize) -> &mut [f32] {
        let (d, vectors) = (self.d, self.vectors());
        &mut self.values[row * vectors..][..vectors].as_flattened_mut()[..d]
    }

    pub fn is_finite(&self) -> bool {
        self.values.as_flattened().iter().all(|value| value.is_finite())
    }

    /// FᵀF, filled as the rows are: p × p with p = 16 `vectors`, correct on and above the diagonal.
    /// *Cost*: O(rows d²), parallel.
    pub fn gram(&self) -> Vec<[f32; LANES]> {
        let vectors = self.vectors();
        let size = vectors * LANES * vectors;
        // Says nothing of threads, so that sums do not depend on how many there are.
        let rows_a_task = ROWS_A_TASK.max(self.rows().div_ceil(PARTS));
        let parts: Vec<Vec<[f32; LANES]>> = self
            .values
            .par_chunks(rows_a_task * vectors)
            .map(|rows| {
                let mut sum = vec![[0f32; LANES]; size];
                simd::dispatch(Squares { rows, vectors, sum: &mut sum });
                sum
            })
            .collect();
        let mut total = vec![[0f32; LANES]; size];
        for part in parts {
            for (sum, value) in total.as_flattened_mut().iter_mut().zip(part.as_flattened()) {
                *sum += value;
            }
        }
        total
    }

    /// The diagonal of the Gram matrix, filled with zeros.
    pub fn squares(&self) -> Vec<f32> {
        diagonal(&self.gram(), self.vectors())
    }

    /// F ← F `turn`. *Shapes*: `turn` p × p. *Cost*: O(rows d²), parallel.
    pub fn turn(&mut self, turn: &[[f32; LANES]]) {
        let vectors = self.vectors();
        self.values.par_chunks_mut(ROWS_A_TASK / 8 * vectors).for_each(|rows| {
            simd::dispatch(Turned { rows, vectors, turn });
        });
    }
}

pub fn diagonal(gram: &[[f32; LANES]], vectors: usize) -> Vec<f32> {
    gram.as_flattened().iter().step_by(vectors * LANES + 1).copied().collect()
}

/// The eigenvectors of a Gram matrix as [`Factors::gram`] gives it, as columns, the strongest first; filled with
/// zeros. `None` when a number is not finite. *Cost*: O(d³) on one thread, so that the result never depends on how
/// many there are.
pub fn axes(gram: &[[f32; LANES]], d: usize) -> Option<Vec<[f32; LANES]>> {
    let (vectors, gram) = (d.div_ceil(LANES), gram.as_flattened());
    let p = vectors * LANES;
    let symmetric = Mat::from_fn(d, d, |row, column| f64::from(gram[row.min(column) * p + row.max(column)]));
    let (mut values, mut columns) = (Diag::<f64>::zeros(d), Mat::<f64>::zeros(d, d));
    if gram.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let need = self_adjoint_evd_scratch::<f64>(d, ComputeEigenvectors::Yes, Par::Seq, Default::default());
    let mut memory = dyn_stack::MemBuffer::new(need);
    let stack = dyn_stack::MemStack::new(&mut memory);
    self_adjoint_evd(
        symmetric.as_ref(),
        values.as_mut(),
        Some(columns.as_mut()),
        Par::Seq,
        stack,
        Default::default(),
    )
    .ok()?;
    let mut axes = vec![[0f32; LANES]; p * vectors];
    for (row, axes) in axes.as_flattened_mut().chunks_exact_mut(p).take(d).enumerate() {
        for (column, value) in axes[..d].iter_mut().enumerate() {
            *value = columns[(row, d - 1 - column)] as f32;
        }
    }
    Some(axes)
}

struct Squares<'a> {
    rows: &'a [[f32; LANES]],
    vectors: usize,
    sum: &'a mut [[f32; LANES]],
}

impl Kernel for Squares<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // As many rows as stay in the first-level cache while each pair of columns passes over them.
        for rows in self.rows.chunks((256 / self.vectors).max(8) * self.vectors) {
            add_squares(simd, rows, self.vectors, self.sum, self.vectors);
        }
    }
}

struct Turned<'a> {
    rows: &'a mut [[f32; LANES]],
    vectors: usize,
    turn: &'a [[f32; LANES]],
}

impl Kernel for Turned<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let vectors = self.vectors;
        let mut turned = vec![[0f32; LANES]; 4 * vectors];
        let mut four = vec![[0f32; LANES]; 4 * vectors];
        for rows in self.rows.chunks_mut(4 * vectors) {
            // The last rows may be fewer; what is left of the ones before is computed once more and not stored.
            four[..rows.len()].copy_from_slice(rows);
            let mut first = 0;
            while first < vectors {
                first += match (vectors - first, S::SUMS >= 16) {
                    (4.., true) => product::<S, 4>(simd, &four, self.turn, vectors, first, &mut turned),
                    (2.., true) => product::<S, 2>(simd, &four, self.turn, vectors, first, &mut turned),
                    _ => product::<S, 1>(simd, &four, self.turn, vectors, first, &mut turned),
                };
            }
            rows.copy_from_slice(&turned[..rows.len()]);
        }
    }
}

/// `N` vectors of columns of four rows times `turn`.
#[inline(always)]
fn product<S: Simd, const N: usize>(
    simd: S,
    four: &[[f32; LANES]],
    turn: &[[f32; LANES]],
    vectors: usize,
    first: usize,
    turned: &mut [[f32; LANES]],
) -> usize {
    let mut sums = [[simd.splat(0.0); N]; 4];
    let flat = four.as_flattened();
    let p = vectors * LANES;
    let rows = [&flat[..p], &flat[p..][..p], &flat[2 * p..][..p], &flat[3 * p..][..p]];
    for (k, turn) in turn.chunks_exact(vectors).enumerate().take(p) {
        let turn = &turn[first..][..N];
        let loaded = load_all::<S, N>(simd, turn);
        for row in 0..4 {
            let value = simd.splat(rows[row][k]);
            for n in 0..N {
                sums[row][n] = simd.mul_add(value, loaded[n], sums[row][n]);
            }
        }
    }
    for row in 0..4 {
        for n in 0..N {
            simd.store(sums[row][n], &mut turned[row * vectors + first + n]);
        }
    }
    N
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turned_to_its_axes_the_gram_matrix_is_diagonal_and_products_stay() {
        for d in [1, 5, 16, 40, 96] {
            let mut factors = Factors::random(300, d, 3);
            let before: f32 = factors.row(2).iter().zip(factors.row(9)).map(|(a, b)| a * b).sum();
            let trace: f32 = factors.squares().iter().sum();
            let turn = axes(&factors.gram(), d).unwrap();
            factors.turn(&turn);
            let after: f32 = factors.row(2).iter().zip(factors.row(9)).map(|(a, b)| a * b).sum();
            assert!((before - after).abs() < 1e-5, "{d}: {before} {after}");
            let (gram, p) = (factors.gram(), factors.vectors() * LANES);
            for row in 0..p {
                for column in row + 1..p {
                    assert!(gram.as_flattened()[row * p + column].abs() < 1e-5 * trace, "{d}");
                }
            }
            let squares = factors.squares();
            assert!(squares.is_sorted_by(|a, b| *a >= b - 1e-5), "{d}: {squares:?}");
            assert!(squares[d..].iter().all(|&square| square == 0.0));
        }
    }

    /// Worked by hand: rows (1, 2) and (3, 4).
    #[test]
    fn a_gram_matrix_is_that_of_the_textbook() {
        let factors = Factors::from_rows(2, &[1.0, 2.0, 3.0, 4.0]);
        let gram = factors.gram();
        assert_eq!((gram[0][0], gram[0][1], gram[1][1]), (10.0, 14.0, 20.0));
        assert_eq!((factors.rows(), factors.row(1)), (2, &[3.0, 4.0][..]));
        assert!(axes(&Factors::from_rows(1, &[f32::NAN]).gram(), 1).is_none());
    }
}
