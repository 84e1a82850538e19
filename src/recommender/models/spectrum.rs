//! The strongest singular vectors of a sparse matrix, by randomised subspace iteration.
//!
//! *Source*: Halko, Martinsson, Tropp, “Finding structure with randomness” (SIAM Review 2011), algorithm 4.4 with
//! Rayleigh–Ritz at the end. The basis is made orthonormal through the Cholesky factor of its Gram matrix, which one
//! matrix product pays for: between two products the basis stays well conditioned.

use super::Random;
use crate::recommender::simd::{self, Kernel, LANES, Simd};
use crate::recommender::{Interactions, ModelError, Resources};
use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::solve_lower_triangular_in_place;
use faer::{Accum, Mat, MatMut, MatRef, Par, Side};
use rayon::prelude::*;

/// The strongest `d` right singular vectors, as rows × d, row-major, and the squares of their singular values,
/// falling.
pub struct Spectrum {
    pub vectors: Vec<f32>,
    pub eigenvalues: Vec<f32>,
}

/// Vectors beyond those asked for, which make the last of them accurate.
const OVERSAMPLING: usize = 32;

/// Rows of one task; fixed, so that nothing depends on the number of threads.
const ROWS_A_TASK: usize = 256;

/// *Shapes*: `by_user` users × items, `by_item` its transpose; `d` at most the number of items.
/// *Cost*: O(iterations · (n d + items d²)) time; 4 d (users + 2 items) bytes. *Errors*: [`ModelError::NotFinite`],
/// [`ModelError::Cancelled`].
pub fn spectrum(
    by_user: &Interactions,
    by_item: &Interactions,
    d: usize,
    iterations: usize,
    resources: &Resources<'_>,
) -> Result<Spectrum, ModelError> {
    let items = by_item.users();
    let rank = (d + OVERSAMPLING).min(items).min(by_user.users().max(1));
    // Whole vectors; beyond the rank they are noise of no eigenvalue.
    let width = rank.next_multiple_of(LANES);
    let d = d.min(rank);
    let mut basis = random(items, width, resources.seed);
    let mut of_users = vec![0f32; by_user.users() * width];
    let mut product = vec![0f32; items * width];
    orthonormalise(&mut basis, width)?;
    resources.progress.phase("Finding the main directions of taste", Some(iterations as u64));
    for _ in 0..iterations {
        multiply(by_user, &basis, &mut of_users, width, resources)?;
        multiply(by_item, &of_users, &mut product, width, resources)?;
        std::mem::swap(&mut basis, &mut product);
        orthonormalise(&mut basis, width)?;
        resources.progress.advance(1);
    }
    // Rayleigh–Ritz: the eigenvectors of P within the subspace, P = RᵀR.
    multiply(by_user, &basis, &mut of_users, width, resources)?;
    let inner = gram(&of_users, width);
    let eigen = inner.self_adjoint_eigen(Side::Lower).map_err(|_| ModelError::NotFinite)?;
    let order: Vec<usize> = (0..width).rev().take(d).collect();
    let rotation = Mat::<f32>::from_fn(width, d, |row, column| eigen.U()[(row, order[column])] as f32);
    let found = |at: usize| eigen.S().column_vector()[at];
    let least = ROUNDING * found(width - 1);
    let eigenvalues =
        order.iter().map(|&at| if found(at) > least { found(at) as f32 } else { 0.0 }).collect();
    let mut vectors = vec![0f32; items * d];
    matmul(
        MatMut::from_row_major_slice_mut(&mut vectors, items, d),
        Accum::Replace,
        MatRef::from_row_major_slice(&basis, items, width),
        rotation.as_ref(),
        1.0,
        Par::rayon(0),
    );
    Ok(Spectrum { vectors, eigenvalues })
}

fn random(rows: usize, width: usize, seed: u64) -> Vec<f32> {
    let mut basis = vec![0f32; rows * width];
    basis.par_chunks_mut(width).enumerate().for_each(|(row, values)| {
        let mut random = Random(seed ^ (row as u64 + 1).wrapping_mul(0xd134_2543_de82_ef95));
        values.fill_with(|| (random.uniform() - 0.5) as f32);
    });
    basis
}

/// out = M x, a sum over each row's cells; `x` and `out` have rows of `width`, a multiple of [`LANES`].
pub fn multiply(
    matrix: &Interactions,
    x: &[f32],
    out: &mut [f32],
    width: usize,
    resources: &Resources<'_>,
) -> Result<(), ModelError> {
    out.par_chunks_mut(ROWS_A_TASK * width).enumerate().try_for_each(|(task, rows)| {
        if resources.progress.cancelled() {
            return Err(ModelError::Cancelled);
        }
        let first = (task * ROWS_A_TASK) as u32;
        for (at, row) in rows.chunks_exact_mut(width).enumerate() {
            simd::dispatch(SparseRow { row: matrix.row(first + at as u32), x, out: row });
        }
        Ok(())
    })
}

/// One row of a product: the sum of `x`'s rows that the cells name, by the cells' weights.
struct SparseRow<'a> {
    row: (&'a [u32], &'a [f32]),
    x: &'a [f32],
    out: &'a mut [f32],
}

impl Kernel for SparseRow<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { row: (others, weights), x, out } = self;
        out.fill(0.0);
        for (&other, &weight) in others.iter().zip(weights) {
            let (from, _) = x[other as usize * out.len()..][..out.len()].as_chunks::<LANES>();
            let (to, _) = out.as_chunks_mut::<LANES>();
            let weight = simd.splat(weight);
            for (to, from) in to.iter_mut().zip(from) {
                simd.store(simd.mul_add(weight, simd.load(from), simd.load(to)), to);
            }
        }
    }
}

/// xᵀx, summed in double precision over blocks of rows.
fn gram(x: &[f32], width: usize) -> Mat<f64> {
    let mut total = Mat::<f64>::zeros(width, width);
    for rows in x.chunks(1024 * width) {
        let block = MatRef::from_row_major_slice(rows, rows.len() / width, width);
        let mut part = Mat::<f32>::zeros(width, width);
        matmul(part.as_mut(), Accum::Replace, block.transpose(), block, 1.0, Par::rayon(0));
        for column in 0..width {
            for row in 0..width {
                total[(row, column)] += f64::from(part[(row, column)]);
            }
        }
    }
    total
}

/// Tried one after the other, in mean diagonals.
const RIDGES: [f64; 4] = [1e-7, 1e-5, 1e-3, 1e-1];

/// An eigenvalue below this share of the largest is rounding.
const ROUNDING: f64 = 1e-6;

/// Makes the columns of `basis` (rows × width) orthonormal, as far as they are independent.
fn orthonormalise(basis: &mut [f32], width: usize) -> Result<(), ModelError> {
    let inner = gram(basis, width);
    let trace: f64 = (0..width).map(|at| inner[(at, at)]).sum();
    if !trace.is_finite() || trace <= 0.0 {
        return Err(ModelError::NotFinite);
    }
    // A matrix of fewer directions than were asked for leaves columns that are nearly alike; a little on the diagonal
    // keeps them short instead of making noise of them.
    let factor = RIDGES.iter().find_map(|ridge| {
        let mut inner = inner.clone();
        (0..width).for_each(|at| inner[(at, at)] += ridge * trace / width as f64);
        inner.llt(Side::Lower).ok()
    });
    let factor = factor.ok_or(ModelError::NotFinite)?;
    let lower = factor.L();
    let lower = Mat::<f32>::from_fn(width, width, |row, column| lower[(row, column)] as f32);
    // Q = Z L⁻ᵀ, that is L Qᵀ = Zᵀ.
    let rows = basis.len() / width;
    let basis = MatMut::from_row_major_slice_mut(basis, rows, width);
    solve_lower_triangular_in_place(lower.as_ref(), basis.transpose_mut(), Par::rayon(0));
    Ok(())
}
