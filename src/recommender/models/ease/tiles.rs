//! The inverse of a large symmetric positive definite matrix, in place and in tiles.
//!
//! Only the tiles on and below the diagonal exist. Each step is a set of products of whole tiles, every product in
//! one thread and every sum in a fixed order: the result is the same for any number of threads.

use crate::progress::Progress;
use crate::recommender::{ModelError, Resources};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::matmul::matmul;
use faer::linalg::triangular_inverse::invert_lower_triangular;
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{Accum, Mat, Par};
use rayon::prelude::*;

/// Rows and columns of a tile: large enough for products to run at full speed, small enough for a thousand items to
/// keep two threads busy.
pub const TILE: usize = 384;

/// One step of an inversion.
type Stage = fn(&mut Tiles, usize, &dyn Progress) -> Result<(), ModelError>;

/// A symmetric matrix; of a tile on the diagonal only the lower half means something until it is inverted.
pub struct Tiles {
    n: usize,
    /// `rows[i][j]` for j ≤ i.
    rows: Vec<Vec<Mat<f32>>>,
}

impl Tiles {
    /// Bytes that a matrix of `n` rows takes.
    pub fn bytes(n: usize) -> u64 {
        let row = |from: usize| (TILE.min(n - from) * n.min(from + TILE) * 4) as u64;
        (0..n).step_by(TILE).map(row).sum()
    }

    pub fn zeros(n: usize) -> Self {
        let size = |tile: usize| TILE.min(n - tile * TILE);
        let row = |i: usize| (0..=i).map(|j| Mat::zeros(size(i), size(j))).collect();
        Self { n, rows: (0..n.div_ceil(TILE)).map(row).collect() }
    }

    /// Rows of tiles, to be written in parallel: row i holds the tiles of rows `i · TILE..`, from the left.
    pub fn rows_mut(&mut self) -> &mut [Vec<Mat<f32>>] {
        &mut self.rows
    }

    /// Copies row `row` of the whole matrix. *Shapes*: `out` has n numbers.
    pub fn copy_row(&self, row: usize, out: &mut [f32]) {
        let (own, within) = (row / TILE, row % TILE);
        for (tile, out) in self.rows[own].iter().zip(out.chunks_mut(TILE)) {
            for (column, out) in out.iter_mut().enumerate() {
                *out = tile[(within, column)];
            }
        }
        for (rows, out) in
            self.rows[own + 1..].iter().zip(out[(own * TILE + TILE).min(self.n)..].chunks_mut(TILE))
        {
            out.copy_from_slice(&rows[own].col_as_slice(within)[..out.len()]);
        }
    }

    pub fn diagonal(&self) -> Vec<f32> {
        (0..self.n).map(|at| self.rows[at / TILE][at / TILE][(at % TILE, at % TILE)]).collect()
    }

    /// Steps that are told to a progress: of [`Tiles::invert`], and one a row of tiles for who fills them.
    pub fn steps(&self) -> u64 {
        4 * self.rows.len() as u64
    }

    /// Becomes its inverse.
    ///
    /// A = L Lᵀ, then W = L⁻¹, then A⁻¹ = Wᵀ W, each in place. *Cost*: n³ multiplications and additions together, no
    /// memory but the matrix. *Errors*: [`ModelError::NotFinite`] when it is not positive definite,
    /// [`ModelError::Cancelled`].
    pub fn invert(&mut self, resources: &Resources<'_>) -> Result<(), ModelError> {
        let stages: [Stage; 3] = [Self::factor, Self::invert_factor, Self::square];
        for stage in stages {
            for step in 0..self.rows.len() {
                // Asked before, as what fills the matrix may have been cancelled, and after, as the step may have.
                if resources.progress.cancelled() {
                    return Err(ModelError::Cancelled);
                }
                stage(self, step, resources.progress)?;
                if resources.progress.cancelled() {
                    return Err(ModelError::Cancelled);
                }
                resources.progress.advance(1);
            }
        }
        Ok(())
    }

    /// Cholesky: column `k` of L, and what it takes from the columns to the right.
    fn factor(&mut self, k: usize, progress: &dyn Progress) -> Result<(), ModelError> {
        let pivot = &mut self.rows[k][k];
        let mut memory =
            MemBuffer::new(cholesky_in_place_scratch::<f32>(pivot.nrows(), Par::Seq, Default::default()));
        cholesky_in_place(
            pivot.as_mut(),
            Default::default(),
            Par::Seq,
            MemStack::new(&mut memory),
            Default::default(),
        )
        .map_err(|_| ModelError::NotFinite)?;
        let (upper, lower) = self.rows.split_at_mut(k + 1);
        let pivot = &upper[k][k];
        // X Lᵀ = A, transposed: L Xᵀ = Aᵀ.
        lower.par_iter_mut().for_each(|row| {
            solve_lower_triangular_in_place(pivot.as_ref(), row[k].transpose_mut(), Par::Seq);
        });
        let column: Vec<Mat<f32>> =
            lower.iter_mut().map(|row| std::mem::replace(&mut row[k], Mat::new())).collect();
        let updated = lower
            .par_iter_mut()
            .enumerate()
            .flat_map(|(i, row)| row[k + 1..].par_iter_mut().enumerate().map(move |(j, tile)| (i, j, tile)));
        updated.filter(|_| !progress.cancelled()).for_each(|(i, j, tile)| {
            matmul(tile.as_mut(), Accum::Add, &column[i], column[j].transpose(), -1.0, Par::Seq);
        });
        for (row, tile) in lower.iter_mut().zip(column) {
            row[k] = tile;
        }
        Ok(())
    }

    /// W = L⁻¹: afterwards rows up to `k` are W's, and the rows below hold what is still to be multiplied by the inverse
    /// of their own diagonal.
    fn invert_factor(&mut self, k: usize, progress: &dyn Progress) -> Result<(), ModelError> {
        let (upper, lower) = self.rows.split_at_mut(k + 1);
        let (before, pivot) = upper[k].split_at_mut(k);
        let pivot = &mut pivot[0];
        // −A_mk A_kk⁻¹ from X A_kk = −A_mk, transposed: A_kkᵀ Xᵀ = −A_mkᵀ.
        lower.par_iter_mut().for_each(|row| {
            for column in row[k].col_iter_mut() {
                for value in column.iter_mut() {
                    *value = -*value;
                }
            }
            solve_upper_triangular_in_place(pivot.transpose(), row[k].transpose_mut(), Par::Seq);
        });
        let before_ref = &*before;
        lower.par_iter_mut().for_each(|row| {
            let (left, right) = row.split_at_mut(k);
            let factor = &right[0];
            let tiles = left.par_iter_mut().zip(before_ref).filter(|_| !progress.cancelled());
            tiles.for_each(|(tile, above)| {
                matmul(tile.as_mut(), Accum::Add, factor, above, 1.0, Par::Seq);
            });
        });
        before.par_iter_mut().for_each(|tile| {
            solve_lower_triangular_in_place(pivot.as_ref(), tile.as_mut(), Par::Seq);
        });
        let mut inverse = Mat::zeros(pivot.nrows(), pivot.ncols());
        invert_lower_triangular(inverse.as_mut(), pivot.as_ref(), Par::Seq);
        *pivot = inverse;
        Ok(())
    }

    /// Wᵀ W: afterwards rows up to `m` hold the sum over the rows of W up to `m`.
    fn square(&mut self, m: usize, progress: &dyn Progress) -> Result<(), ModelError> {
        let (upper, lower) = self.rows.split_at_mut(m);
        let row = &mut lower[0];
        let own = &*row;
        let updated = upper
            .par_iter_mut()
            .enumerate()
            .flat_map(|(i, row)| row.par_iter_mut().enumerate().map(move |(j, tile)| (i, j, tile)));
        updated.filter(|_| !progress.cancelled()).for_each(|(i, j, tile)| {
            matmul(tile.as_mut(), Accum::Add, own[i].transpose(), &own[j], 1.0, Par::Seq);
        });
        let pivot = own[m].clone();
        row.par_iter_mut().for_each(|tile| {
            let w = std::mem::replace(tile, Mat::new());
            let mut product = Mat::zeros(w.nrows(), w.ncols());
            matmul(product.as_mut(), Accum::Replace, pivot.transpose(), &w, 1.0, Par::Seq);
            *tile = product;
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;

    /// Three rows of tiles, the last one narrow; entries fall away from a dominant diagonal.
    fn matrix(n: usize) -> Tiles {
        let mut tiles = Tiles::zeros(n);
        for (i, row) in tiles.rows_mut().iter_mut().enumerate() {
            for (j, tile) in row.iter_mut().enumerate() {
                for r in 0..tile.nrows() {
                    for c in 0..tile.ncols() {
                        tile[(r, c)] = entry(i * TILE + r, j * TILE + c);
                    }
                }
            }
        }
        tiles
    }

    fn entry(row: usize, column: usize) -> f32 {
        let (high, low) = (row.max(column), row.min(column));
        if high == low { 4.0 } else { ((high * 7 + low * 3) % 11) as f32 / (20.0 * (1 + high - low) as f32) }
    }

    #[test]
    fn the_inverse_times_the_matrix_is_one_for_any_number_of_threads() {
        let n = 2 * TILE + 5;
        let resources = Resources { seed: 1, max_memory_bytes: 0, progress: &Silent };
        let inverse = |threads| {
            let mut inverse = matrix(n);
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| inverse.invert(&resources)).unwrap();
            let mut rows = vec![0f32; n * n];
            rows.chunks_mut(n).enumerate().for_each(|(row, out)| inverse.copy_row(row, out));
            assert!(inverse.diagonal().iter().enumerate().all(|(at, value)| *value == rows[at * n + at]));
            rows
        };
        let rows = inverse(1);
        assert!(rows == inverse(3));
        for row in [0, 1, TILE, 2 * TILE + 4] {
            for column in 0..n {
                let product: f64 =
                    (0..n).map(|at| f64::from(rows[row * n + at]) * f64::from(entry(at, column))).sum();
                let expected = f64::from(u8::from(row == column));
                assert!((product - expected).abs() < 1e-4, "{row} {column} {product}");
            }
        }
    }

    #[test]
    fn what_is_not_positive_definite_is_refused_and_bytes_are_counted() {
        let mut zero = Tiles::zeros(3);
        let resources = Resources { seed: 1, max_memory_bytes: 0, progress: &Silent };
        assert_eq!(zero.invert(&resources), Err(ModelError::NotFinite));
        let n = TILE + 2;
        assert_eq!(Tiles::bytes(n), 4 * (TILE * TILE + 2 * n) as u64);
    }
}
