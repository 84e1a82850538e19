//! The best few of many.

/// Positions of the `k` highest of `scores`, best first; equal scores in the order of their positions. Positions
/// where `skip` holds, and scores that are not finite, are left out.
///
/// *Cost*: O(n + k log k).
pub fn top_k(scores: &[f32], k: usize, skip: impl Fn(usize) -> bool) -> Vec<u32> {
    let mut best: Vec<u32> =
        (0..scores.len()).filter(|&at| scores[at].is_finite() && !skip(at)).map(|at| at as u32).collect();
    let order = |a: &u32, b: &u32| scores[*b as usize].total_cmp(&scores[*a as usize]).then(a.cmp(b));
    if k == 0 {
        return Vec::new();
    }
    if best.len() > k {
        best.select_nth_unstable_by(k - 1, order);
        best.truncate(k);
    }
    best.sort_unstable_by(order);
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_scores_keep_their_order_and_skipped_ones_do_not_appear() {
        let scores = [1.0, 3.0, 3.0, f32::NAN, 2.0, 9.0];
        assert_eq!(top_k(&scores, 3, |at| at == 5), [1, 2, 4]);
        assert_eq!(top_k(&scores, 10, |_| false), [5, 1, 2, 4, 0]);
        assert!(top_k(&scores, 0, |_| false).is_empty());
    }
}
