//! The lists are those of a full sort, whatever the vectors of the machine.

use super::selection::{key, score_of};
use super::*;
use crate::recommender::models::Random;
use crate::recommender::top_k;

fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut random = Random(seed);
    (0..count).map(|_| (random.uniform() - 0.5) as f32).collect()
}

/// Coarse numbers, so that many dot products are equal.
fn steps(count: usize, seed: u64) -> Vec<f32> {
    numbers(count, seed).into_iter().map(|number| (number * 4.0).round()).collect()
}

#[test]
fn lists_are_those_of_top_k_over_the_scores() {
    for (users, candidates, d, k) in [
        (1, 1, 1, 1),
        (3, 5, 2, 9),
        (9, 200, 7, 10),
        (19, 200, 64, 10),
        (19, 500, 12, 25),
        (9, 510, 12, 60),
        (20, 1300, 64, 20),
        (17, 700, 33, 200),
        (8, 40, 600, 3),
    ] {
        for make in [numbers, steps] {
            let (tastes, items) = (make(users * d, 1), make(candidates * d, 2));
            let panels = Panels::new(d, items.chunks_exact(d));
            let tastes: Vec<&[f32]> = tastes.chunks_exact(d).collect();
            // Some users may have nothing that is good, some nothing at all.
            let skip = |user: usize, place: usize| match user % 4 {
                0 => false,
                1 => !place.is_multiple_of(3),
                2 => place < candidates - candidates / 16,
                _ => true,
            };
            let lists = panels.best(&tastes, k, &skip);
            for (user, taste) in tastes.iter().enumerate() {
                let mut scores = vec![0.0; candidates];
                panels.scores(taste, &mut scores);
                let expected = top_k(&scores, k, |place| skip(user, place));
                assert_eq!(lists[user], expected, "{users} {candidates} {d} {k}");
                for (&score, item) in scores.iter().zip(items.chunks_exact(d)) {
                    let exact: f64 = taste.iter().zip(item).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
                    assert!((f64::from(score) - exact).abs() < 1e-5 * (1.0 + exact.abs()));
                }
            }
        }
    }
}

#[test]
fn what_is_not_finite_is_left_out_and_the_rest_is_found() {
    let d = 2;
    let items: Vec<f32> =
        (0..400).flat_map(|n| if n % 2 == 0 { [f32::MAX, f32::NAN] } else { [n as f32, 0.0] }).collect();
    let panels = Panels::new(d, items.chunks_exact(d));
    assert_eq!(panels.best(&[&[1.0, 1.0]], 3, &|_, _| false), [[399, 397, 395]]);
    assert_eq!(panels.best(&[], 3, &|_, _| false), Vec::<Vec<u32>>::new());
    assert_eq!(panels.best(&[&[1.0, 1.0]], 0, &|_, _| false), [Vec::<u32>::new()]);
}

#[test]
fn keys_order_like_scores_and_then_like_earlier_places() {
    let scores = [f32::MIN, -1.0, -1e-30, 0.0, 1e-30, 2.0, f32::MAX];
    for pair in scores.windows(2) {
        assert!(key(pair[0], 0) < key(pair[1], 9) && score_of(key(pair[0], 3)) == pair[0]);
    }
    assert!(key(1.0, 2) > key(1.0, 3) && key(-0.0, 5) == key(0.0, 5));
}

#[derive(Clone)]
struct Scores<'a>(&'a Panels, &'a [&'a [f32]]);

impl Kernel for Scores<'_> {
    type Output = Vec<Vec<u32>>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Vec<Vec<u32>> {
        BestOfAll { panels: self.0, users: self.1, k: 7, skip: &|_, _| false }.run(simd)
    }
}

#[test]
fn every_kind_of_vector_finds_the_same() {
    let (tastes, items) = (steps(30 * 24, 3), steps(500 * 24, 4));
    let panels = Panels::new(24, items.chunks_exact(24));
    let tastes: Vec<&[f32]> = tastes.chunks_exact(24).collect();
    let found = simd::dispatch_all(Scores(&panels, &tastes));
    assert!(found.iter().all(|lists| *lists == found[0]));
}
