//! Products of small dense matrices and Cholesky's method, as kernels: what the normal equations of one row are made of
//! and solved with.
//!
//! Matrices are row-major in whole vectors of 16 numbers, and symmetric ones are kept on and above the diagonal; what
//! lies below is never read into a result.

use crate::recommender::simd::{LANES, Simd};

/// Calls `$call::<S, N>` for as many columns as registers hold at once until `$vectors` are done.
macro_rules! by_registers {
    ($simd:ty, $first:ident in $range:expr => $call:ident($($argument:expr),*)) => {{
        let std::ops::Range { start, end } = $range;
        let mut $first = start;
        while $first < end {
            $first += match (end - $first, <$simd>::SUMS >= 16) {
                (4.., true) => { $call::<$simd, 4>($($argument),*); 4 }
                (3, true) => { $call::<$simd, 3>($($argument),*); 3 }
                (2, true) => { $call::<$simd, 2>($($argument),*); 2 }
                _ => { $call::<$simd, 1>($($argument),*); 1 }
            };
        }
    }};
}

// Loops instead of `std::array::from_fn`, which is not always inlined and then computes without the wide vectors.

#[inline(always)]
pub fn load_all<S: Simd, const N: usize>(simd: S, from: &[[f32; LANES]]) -> [S::V; N] {
    let mut loaded = [simd.splat(0.0); N];
    for n in 0..N {
        loaded[n] = simd.load(&from[n]);
    }
    loaded
}

#[inline(always)]
fn four_rows(rows: &[[f32; LANES]], vectors: usize) -> [&[[f32; LANES]]; 4] {
    let (first, rest) = rows.split_at(vectors);
    let (second, rest) = rest.split_at(vectors);
    let (third, fourth) = rest.split_at(vectors);
    [first, second, third, fourth]
}

/// a += Σ rᵀr over the rows r. *Shapes*: `rows` of `vectors` each; `a` with a row for each of their numbers, `width`
/// vectors long, at least `vectors`.
#[inline(always)]
pub fn add_squares<S: Simd>(
    simd: S,
    rows: &[[f32; LANES]],
    vectors: usize,
    a: &mut [[f32; LANES]],
    width: usize,
) {
    for i in (0..vectors * LANES).step_by(4) {
        let four = &mut a[i * width..][..4 * width];
        by_registers!(S, j in i / LANES..vectors => add_outer(simd, rows, vectors, i, j, four, width));
    }
}

/// Four rows of `a`, from the i-th, and `N` vectors of columns from the j-th.
#[inline(always)]
fn add_outer<S: Simd, const N: usize>(
    simd: S,
    rows: &[[f32; LANES]],
    vectors: usize,
    i: usize,
    j: usize,
    four: &mut [[f32; LANES]],
    width: usize,
) {
    let mut sums = [[simd.splat(0.0); N]; 4];
    for r in 0..4 {
        for n in 0..N {
            sums[r][n] = simd.load(&four[r * width + j + n]);
        }
    }
    let (vector, lane) = (i / LANES, i % LANES / 4);
    for row in rows.chunks_exact(vectors) {
        let columns = &row[j..][..N];
        let values = &row[vector].as_chunks::<4>().0[lane];
        let columns = load_all::<S, N>(simd, columns);
        for r in 0..4 {
            let value = simd.splat(values[r]);
            for n in 0..N {
                sums[r][n] = simd.mul_add(value, columns[n], sums[r][n]);
            }
        }
    }
    for r in 0..4 {
        for n in 0..N {
            simd.store(sums[r][n], &mut four[r * width + j + n]);
        }
    }
}

/// a = g gᵀ on and above the diagonal. *Shapes*: `g` m rows of `vectors`, m a multiple of 4; `a` m rows of `width`
/// vectors.
#[inline(always)]
pub fn multiply_rows<S: Simd>(
    simd: S,
    g: &[[f32; LANES]],
    vectors: usize,
    a: &mut [[f32; LANES]],
    width: usize,
) {
    let stride = width * LANES;
    let a = a.as_flattened_mut();
    for (i, left) in g.chunks_exact(4 * vectors).enumerate() {
        for (j, right) in g.chunks_exact(4 * vectors).enumerate().skip(i) {
            let mut products = [0f32; LANES];
            simd.store(sixteen_dots(simd, left, right, vectors), &mut products);
            for (r, products) in products.as_chunks::<4>().0.iter().enumerate() {
                a[(4 * i + r) * stride + 4 * j..][..4].copy_from_slice(products);
            }
        }
    }
}

/// Dot products of each of four rows with each of four others.
#[inline(always)]
fn sixteen_dots<S: Simd>(simd: S, left: &[[f32; LANES]], right: &[[f32; LANES]], vectors: usize) -> S::V {
    let mut sums = [simd.splat(0.0); LANES];
    let (l, r) = (four_rows(left, vectors), four_rows(right, vectors));
    if S::SUMS >= 16 {
        for v in 0..vectors {
            let right = [simd.load(&r[0][v]), simd.load(&r[1][v]), simd.load(&r[2][v]), simd.load(&r[3][v])];
            for i in 0..4 {
                let left = simd.load(&l[i][v]);
                for j in 0..4 {
                    sums[4 * i + j] = simd.mul_add(left, right[j], sums[4 * i + j]);
                }
            }
        }
    } else {
        for i in 0..4 {
            for v in 0..vectors {
                let left = simd.load(&l[i][v]);
                for j in 0..4 {
                    sums[4 * i + j] = simd.mul_add(left, simd.load(&r[j][v]), sums[4 * i + j]);
                }
            }
        }
    }
    simd.sums(sums)
}

/// Solves A y = b by Cholesky's method, A = UᵀU, in place. False when A is not positive definite.
///
/// *Shapes*: `a` m rows of `width` vectors, A on and above the diagonal and b in column m; m a multiple of 4, and
/// m < 16 `width`; `y` ⌈m / 16⌉ vectors at least; `inverses` m. *Cost*: m³ / 3.
///
/// Four rows at a time: their sums stay in registers while the rows above are subtracted, and the chain of square
/// roots and divisions, which is as long as A is high, waits once for four rows.
#[inline(always)]
pub fn solve<S: Simd>(
    simd: S,
    a: &mut [[f32; LANES]],
    m: usize,
    width: usize,
    inverses: &mut [f32],
    y: &mut [[f32; LANES]],
) -> bool {
    for (i, inverses) in (0..m).step_by(4).zip(inverses.chunks_exact_mut(4)) {
        let (above, rest) = a.split_at_mut(i * width);
        let four = &mut rest[..4 * width];
        by_registers!(S, j in i / LANES..width => subtract_above(simd, above, i, j, four, width));
        if !finish_four(simd, i, four, width, inverses) {
            return false;
        }
    }
    substitute_back(simd, a, m, width, inverses, y);
    true
}

#[inline(always)]
fn subtract_above<S: Simd, const N: usize>(
    simd: S,
    above: &[[f32; LANES]],
    i: usize,
    j: usize,
    four: &mut [[f32; LANES]],
    width: usize,
) {
    let mut sums = [[simd.splat(0.0); N]; 4];
    for r in 0..4 {
        for n in 0..N {
            sums[r][n] = simd.load(&four[r * width + j + n]);
        }
    }
    let (vector, lane) = (i / LANES, i % LANES / 4);
    for row in above.chunks_exact(width) {
        let columns = &row[j..][..N];
        let values = &row[vector].as_chunks::<4>().0[lane];
        let columns = load_all::<S, N>(simd, columns);
        for r in 0..4 {
            let value = simd.splat(values[r]);
            for n in 0..N {
                sums[r][n] = simd.sub_mul(value, columns[n], sums[r][n]);
            }
        }
    }
    for r in 0..4 {
        for n in 0..N {
            simd.store(sums[r][n], &mut four[r * width + j + n]);
        }
    }
}

/// The four rows from the i-th, from which the rows above are subtracted already.
#[inline(always)]
fn finish_four<S: Simd>(
    simd: S,
    i: usize,
    four: &mut [[f32; LANES]],
    width: usize,
    inverses: &mut [f32],
) -> bool {
    let (vector, lane) = (i / LANES, i % LANES / 4);
    let mut u = [[0f32; 4]; 4];
    for r in 0..4 {
        u[r] = four[r * width + vector].as_chunks::<4>().0[lane];
    }
    for r in 0..4 {
        let pivot = u[r][r];
        if pivot.is_nan() || pivot <= 0.0 {
            return false;
        }
        inverses[r] = 1.0 / pivot.sqrt();
        for value in &mut u[r][r + 1..] {
            *value *= inverses[r];
        }
        for t in r + 1..4 {
            for s in t..4 {
                u[t][s] -= u[r][t] * u[r][s];
            }
        }
    }
    let (first, rest) = four.split_at_mut(width);
    let (second, rest) = rest.split_at_mut(width);
    let (third, fourth) = rest.split_at_mut(width);
    for j in vector..width {
        let mut x = [&first[j], &second[j], &third[j], &fourth[j]].map(|vector| simd.load(vector));
        for r in 0..4 {
            x[r] = simd.mul(x[r], simd.splat(inverses[r]));
            for t in r + 1..4 {
                x[t] = simd.sub_mul(simd.splat(u[r][t]), x[r], x[t]);
            }
        }
        for (vector, x) in [&mut first[j], &mut second[j], &mut third[j], &mut fourth[j]].into_iter().zip(x) {
            simd.store(x, vector);
        }
    }
    true
}

/// U y = the column m of U's rows.
#[inline(always)]
fn substitute_back<S: Simd>(
    simd: S,
    a: &[[f32; LANES]],
    m: usize,
    width: usize,
    inverses: &[f32],
    y: &mut [[f32; LANES]],
) {
    let vectors = m.div_ceil(LANES);
    // What is not solved yet counts as 0, and so does what is beyond m.
    let y = &mut y[..vectors];
    y.fill([0.0; LANES]);
    for i in (0..m).step_by(4).rev() {
        let four = &a[i * width..][..4 * width];
        let mut sums = [simd.splat(0.0); 4];
        for j in i / LANES..vectors {
            let solved = simd.load(&y[j]);
            for r in 0..4 {
                sums[r] = simd.mul_add(simd.load(&four[r * width + j]), solved, sums[r]);
            }
        }
        let mut solved = [0f32; 4];
        for r in (0..4).rev() {
            let row = four[r * width..][..width].as_flattened();
            let mut left = row[m] - simd.sum(sums[r]);
            for s in r + 1..4 {
                left -= row[i + s] * solved[s];
            }
            solved[r] = left * inverses[i + r];
        }
        y.as_flattened_mut()[i..][..4].copy_from_slice(&solved);
    }
}
