//! Small dense algebra for factor models, single precision, and a seeded stream of numbers.

/// a += weight · x xᵀ.
pub fn add_outer(a: &mut [f32], x: &[f32], weight: f32) {
    for (row, &value) in a.chunks_exact_mut(x.len()).zip(x) {
        add_scaled(row, x, weight * value);
    }
}

/// y += factor · x.
pub fn add_scaled(y: &mut [f32], x: &[f32], factor: f32) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y += factor * x;
    }
}

/// Eight running sums, which the compiler keeps in vector registers; the order of adding is fixed.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0f32; 8];
    let (a_chunks, b_chunks) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// Solves A x = b by Cholesky, in place: `a` becomes its factor, `b` the solution.
/// *Shapes*: `a` d × d, symmetric positive definite. *Cost*: d³/3. False when A is not positive definite.
pub fn solve(a: &mut [f32], b: &mut [f32]) -> bool {
    let d = b.len();
    for column in 0..d {
        let (above, below) = a.split_at_mut(column * d + d);
        let pivot_row = &mut above[column * d..];
        let pivot = pivot_row[column] - dot(&pivot_row[..column], &pivot_row[..column]);
        if pivot.is_nan() || pivot <= 0.0 {
            return false;
        }
        let root = pivot.sqrt();
        pivot_row[column] = root;
        let pivot_row = &pivot_row[..column];
        for row in below.chunks_exact_mut(d) {
            row[column] = (row[column] - dot(&row[..column], pivot_row)) / root;
        }
    }
    for row in 0..d {
        b[row] = (b[row] - dot(&a[row * d..row * d + row], &b[..row])) / a[row * d + row];
    }
    for row in (0..d).rev() {
        b[row] /= a[row * d + row];
        let solved = b[row];
        let (before, _) = b.split_at_mut(row);
        add_scaled(before, &a[row * d..row * d + row], -solved);
    }
    true
}

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): the same numbers for the same seed on every machine.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 (included) to 1 (excluded).
    pub fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_system_is_solved() {
        // 4x + 2y = 10, 2x + 3y = 9: x = 1.5, y = 2.
        let mut b = [10.0, 9.0];
        assert!(solve(&mut [4.0, 2.0, 2.0, 3.0], &mut b));
        assert!((b[0] - 1.5).abs() < 1e-6 && (b[1] - 2.0).abs() < 1e-6, "{b:?}");
        assert!(!solve(&mut [0.0, 1.0, 1.0, 0.0], &mut [1.0, 1.0]));
    }

    #[test]
    fn the_seeded_stream_is_the_published_one() {
        // First outputs for seed 1234567, as in the reference implementation's test vectors.
        let mut random = Random(1_234_567);
        assert_eq!([random.next(), random.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }
}
