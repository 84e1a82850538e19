//! Every set of instructions gives the same numbers.

use super::*;

#[derive(Clone)]
struct Everything;

impl Kernel for Everything {
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Vec<f32> {
        let numbers: [f32; LANES] = std::array::from_fn(|lane| lane as f32);
        let (n, two) = (simd.load(&numbers), simd.splat(2.0));
        let many: [S::V; LANES] = std::array::from_fn(|row| simd.mul(n, simd.splat(row as f32)));
        let vectors = [
            simd.add(n, two),
            simd.mul(n, two),
            simd.max(n, two),
            simd.mul_add(n, n, two),
            simd.sub_mul(n, n, two),
            simd.sums(many),
            simd.choose(0xa5a4, n, two),
        ];
        let mut all = vec![simd.sum(n), simd.above(n, two) as f32];
        for vector in vectors {
            let mut stored = [0.0; LANES];
            simd.store(vector, &mut stored);
            all.extend(stored);
        }
        all
    }
}

#[test]
fn every_kind_of_vector_computes_what_one_number_at_a_time_does() {
    let n = |f: fn(f32) -> f32| (0..16).map(move |lane| f(lane as f32));
    let expected: Vec<f32> = [120.0, 65528.0]
        .into_iter()
        .chain(n(|n| n + 2.0))
        .chain(n(|n| n * 2.0))
        .chain(n(|n| n.max(2.0)))
        .chain(n(|n| n * n + 2.0))
        .chain(n(|n| 2.0 - n * n))
        .chain(n(|n| n * 120.0))
        .chain(n(|n| if 0xa5a4 >> n as u32 & 1 == 1 { n } else { 2.0 }))
        .collect();
    for found in dispatch_all(Everything) {
        assert_eq!(found, expected);
    }
}
