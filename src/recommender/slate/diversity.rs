//! Varied lists: how different the items of a list are, and a list that trades some relevance for variety.
//!
//! *Source*: J. Carbonell and J. Goldstein, “The use of MMR, diversity-based reranking for reordering documents and
//! producing summaries”, SIGIR 1998: maximal marginal relevance. C.-N. Ziegler et al., “Improving recommendation lists
//! through topic diversification”, WWW 2005, equation 5: intra-list similarity, here as 1 − its mean over pairs.

/// How different the items of a list are: the mean over all pairs of 1 − their likeness. `None` for fewer than two.
///
/// *Units*: likeness, and so the answer, from 0 to 1. *Cost*: every pair once.
pub fn intra_list(items: &[usize], likeness: impl Fn(usize, usize) -> f32) -> Option<f64> {
    let (mut sum, mut pairs) = (0.0, 0u32);
    for (at, &a) in items.iter().enumerate() {
        for &b in &items[at + 1..] {
            sum += 1.0 - f64::from(likeness(a, b));
            pairs += 1;
        }
    }
    (pairs > 0).then(|| sum / f64::from(pairs))
}

/// Candidates, of which one after another is taken: each time the one with the highest (1 − λ) relevance − λ likeness to
/// the nearest of those taken before, λ the variety.
///
/// We depart from the paper in the scale of the first term only: relevance is the score in parts of the best, so that the
/// same λ means the same for every model.
pub struct Varied {
    relevance: Vec<f32>,
    /// Likeness to the nearest of those taken.
    nearest: Vec<f32>,
    variety: f32,
}

impl Varied {
    /// *Units*: scores above zero, best first; `variety` from 0, which keeps their order, to 1.
    pub fn new(scores: impl Iterator<Item = f32>, variety: f32) -> Self {
        let mut relevance: Vec<f32> = scores.collect();
        let best = relevance.first().copied().unwrap_or(1.0);
        relevance.iter_mut().for_each(|score| *score /= best);
        Self { nearest: vec![0.0; relevance.len()], relevance, variety }
    }

    /// The next to take of those that `admits` admits; the earlier one among equals.
    ///
    /// *Cost*: O(candidates).
    pub fn next(&self, admits: impl Fn(usize) -> bool) -> Option<usize> {
        let mut best: Option<(usize, f32)> = None;
        for (at, (relevance, nearest)) in self.relevance.iter().zip(&self.nearest).enumerate() {
            let worth = (1.0 - self.variety) * relevance - self.variety * nearest;
            if best.is_none_or(|(_, most)| worth > most) && admits(at) {
                best = Some((at, worth));
            }
        }
        best.map(|(at, _)| at)
    }

    /// Something was taken that is so much like each of the candidates.
    pub fn take(&mut self, likeness: impl Fn(usize) -> f32) {
        for (at, nearest) in self.nearest.iter_mut().enumerate() {
            *nearest = nearest.max(likeness(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two of a kind are alike.
    fn likeness(a: usize, b: usize) -> f32 {
        if a / 2 == b / 2 { 0.8 } else { 0.1 }
    }

    fn list(scores: &[f32], variety: f32, k: usize) -> Vec<usize> {
        let mut varied = Varied::new(scores.iter().copied(), variety);
        let mut taken = Vec::new();
        while let Some(next) = (taken.len() < k).then(|| varied.next(|at| !taken.contains(&at))).flatten() {
            varied.take(|at| likeness(at, next));
            taken.push(next);
        }
        taken
    }

    #[test]
    fn the_mean_over_pairs_is_worked_out_by_hand() {
        assert_eq!(intra_list(&[4], likeness), None);
        let found = intra_list(&[0, 1, 2], likeness).unwrap();
        assert!((found - (0.2 + 0.9 + 0.9) / 3.0).abs() < 1e-6, "{found}");
    }

    #[test]
    fn no_variety_keeps_the_order_and_more_of_it_never_makes_lists_more_alike() {
        let scores = [10.0, 9.5, 9.0, 4.0, 3.0, 2.0];
        assert_eq!(list(&scores, 0.0, 3), [0, 1, 2]);
        // By hand, λ = 0.5: after 0 the second is worth (0.95 − 0.8) ÷ 2, the third (0.9 − 0.1) ÷ 2.
        assert_eq!(list(&scores, 0.5, 3), [0, 2, 4]);
        let alike = |variety| intra_list(&list(&scores, variety, 3), likeness).unwrap();
        assert!(alike(0.0) < alike(0.5) && alike(0.5) <= alike(1.0));
    }

    #[test]
    fn what_is_not_admitted_is_passed_over() {
        let varied = Varied::new([3.0, 2.0].into_iter(), 0.3);
        assert_eq!((varied.next(|at| at != 0), varied.next(|_| false)), (Some(1), None));
    }
}
