//! The inverse of a large symmetric positive definite matrix, in place and in tiles.
//!
//! Only the tiles on and below the diagonal exist. Each step is a set of products of whole tiles, every product in
//! one thread and every sum in a fixed order: the result is the same for any number of threads.

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

/// A symmetric matrix; of a tile on the diagonal only the lower half means something until it is inverted.
pub struct Tiles {
    n: usize,
    /// `rows[i][j]` for j ≤ i.
    rows: Vec<Vec<Mat<f32>>>,
}

impl Tiles {
    /// Bytes that a matrix of `n` rows takes.
    pub fn bytes(n: usize) -> u64 {
        let tiles = n.div_ceil(TILE) as u64;
        tiles * (tiles + 1) / 2 * (TILE * TILE * 4) as u64
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

    /// Steps that [`Tiles::invert`] tells its progress of.
    pub fn steps(&self) -> u64 {
        3 * self.rows.len() as u64
    }

    /// Becomes its inverse.
    ///
    /// A = L Lᵀ, then W = L⁻¹, then A⁻¹ = Wᵀ W, each in place. *Cost*: n³ multiplications and additions together, no
    /// memory but the matrix. *Errors*: [`ModelError::NotFinite`] when it is not positive definite,
    /// [`ModelError::Cancelled`].
    pub fn invert(&mut self, resources: &Resources<'_>) -> Result<(), ModelError> {
        let stages: [fn(&mut Self, usize) -> Result<(), ModelError>; 3] =
            [Self::factor, Self::invert_factor, Self::square];
        for stage in stages {
            for step in 0..self.rows.len() {
                if resources.progress.cancelled() {
                    return Err(ModelError::Cancelled);
                }
                stage(self, step)?;
                resources.progress.advance(1);
            }
        }
        Ok(())
    }

    /// Cholesky: column `k` of L, and what it takes from the columns to the right.
    fn factor(&mut self, k: usize) -> Result<(), ModelError> {
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
        updated.for_each(|(i, j, tile)| {
            matmul(tile.as_mut(), Accum::Add, &column[i], column[j].transpose(), -1.0, Par::Seq);
        });
        for (row, tile) in lower.iter_mut().zip(column) {
            row[k] = tile;
        }
        Ok(())
    }

    /// W = L⁻¹: afterwards rows up to `k` are W's, and the rows below hold what is still to be multiplied by the inverse
    /// of their own diagonal.
    fn invert_factor(&mut self, k: usize) -> Result<(), ModelError> {
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
            left.par_iter_mut().zip(before_ref).for_each(|(tile, above)| {
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
    fn square(&mut self, m: usize) -> Result<(), ModelError> {
        let (upper, lower) = self.rows.split_at_mut(m);
        let row = &mut lower[0];
        let own = &*row;
        let updated = upper
            .par_iter_mut()
            .enumerate()
            .flat_map(|(i, row)| row.par_iter_mut().enumerate().map(move |(j, tile)| (i, j, tile)));
        updated.for_each(|(i, j, tile)| {
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
