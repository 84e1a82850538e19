//! The best of what may be shown to one customer, from scores as a model gives them: promoted, held back and barred in one
//! pass, and put in order only as far as somebody looks.

use crate::recommender::dot_top::{key, score_of};
use crate::recommender::simd::{self, Kernel, LANES, Simd};
use std::collections::BinaryHeap;

/// Candidates of a word of bits.
pub const WORD: usize = u64::BITS as usize;

/// What a factor of candidates for one customer may come to, however many there are.
pub const LEAST_FACTOR: f32 = 1e-6;
pub const MOST_FACTOR: f32 = 1e6;

/// One customer's candidates.
///
/// *Shapes*: `scores` and `factors` have 64 numbers for each word of `allowed`, in the order of the candidates; what is
/// beyond the last candidate is not allowed. *Units*: factors are positive.
#[derive(Clone, Copy)]
pub struct Offer<'a> {
    /// Only those above zero are put in order.
    pub scores: &'a [f32],
    /// What each score is multiplied by, whoever the customer is.
    pub factors: &'a [f32],
    /// Candidate 64 w + b is bit b of word w.
    pub allowed: &'a [u64],
    /// What is multiplied for this customer, one after another: the candidates, and by how much.
    pub multipliers: &'a [(&'a [u64], f32)],
}

/// Memory of one thread, and in it the ranking of one customer.
#[derive(Default)]
pub struct Ranking {
    /// Minus infinity for what is not in the running.
    adjusted: Vec<f32>,
    /// The best, in order, as numbers that order like (score, earlier place).
    few: Vec<u64>,
    /// All else, once somebody looks so far.
    rest: BinaryHeap<u64>,
    has_rest: bool,
}

impl Ranking {
    /// Ranks the candidates of `offer`: at least `few` of them are put in order at once, if there are as many.
    ///
    /// A score is multiplied by its factor, and this by the product of its multipliers, which is kept between
    /// [`LEAST_FACTOR`] and [`MOST_FACTOR`] from one to the next.
    ///
    /// *Cost*: O(candidates · (2 + multipliers)) time in vectors of 16, and a sort of little more than `few`.
    pub fn rank(&mut self, offer: &Offer<'_>, few: usize) {
        self.adjusted.resize(offer.scores.len(), f32::NEG_INFINITY);
        self.few.clear();
        self.rest.clear();
        self.has_rest = false;
        let bar = simd::dispatch(Adjust { offer, adjusted: &mut self.adjusted, few });
        simd::dispatch(Gather { adjusted: &self.adjusted, bar, few: &mut self.few });
        self.few.sort_unstable_by(|a, b| b.cmp(a));
    }

    /// The candidate with the `nth` best score, from 0, with it; equal ones in their own order. `None` when there are not so
    /// many.
    ///
    /// To be asked for one after another: what lies behind those put in order is ordered while it is asked for.
    pub fn nth(&mut self, nth: usize) -> Option<(usize, f32)> {
        if nth >= self.few.len() {
            if !self.has_rest {
                self.has_rest = true;
                let last = self.few.last().copied().unwrap_or(u64::MAX);
                let all = (0..).zip(&self.adjusted).filter(|(_, score)| **score > f32::NEG_INFINITY);
                let mut rest = std::mem::take(&mut self.rest).into_vec();
                rest.extend(all.map(|(place, &score)| key(score, place)).filter(|key| *key < last));
                self.rest = rest.into();
            }
            while self.few.len() <= nth {
                self.few.push(self.rest.pop()?);
            }
        }
        let key = self.few[nth];
        Some((!(key as u32) as usize, score_of(key)))
    }
}

/// Adjusts all scores, and says a bar that at least `few` of them reach: the best of 64 groups are different candidates.
struct Adjust<'a> {
    offer: &'a Offer<'a>,
    adjusted: &'a mut [f32],
    few: usize,
}

impl Kernel for Adjust<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f32 {
        let Offer { scores, factors, allowed, multipliers } = *self.offer;
        // Most sets of rules cannot reach the bounds.
        let (least, most) = multipliers.iter().fold((1f32, 1f32), |(least, most), (_, factor)| {
            (least * factor.min(1.0), most * factor.max(1.0))
        });
        let is_bounded = least >= LEAST_FACTOR && most <= MOST_FACTOR;
        let (zero, out) = (simd.splat(0.0), simd.splat(f32::NEG_INFINITY));
        let mut maxima = [[f32::NEG_INFINITY; LANES]; WORD / LANES];
        let scores = scores.as_chunks::<LANES>().0.chunks_exact(WORD / LANES);
        let factors = factors.as_chunks::<LANES>().0.chunks_exact(WORD / LANES);
        let adjusted = self.adjusted.as_chunks_mut::<LANES>().0.chunks_exact_mut(WORD / LANES);
        let words = scores.zip(factors).zip(adjusted).zip(allowed);
        for (word, (((scores, factors), adjusted), &allowed)) in words.enumerate() {
            let mut own = [simd.splat(1.0); WORD / LANES];
            for &(bits, by) in multipliers {
                let (bits, by) = (bits[word], simd.splat(by));
                if bits == 0 {
                    continue;
                }
                for (quarter, factor) in own.iter_mut().enumerate() {
                    let lanes = (bits >> (quarter * LANES)) as u32 & 0xffff;
                    let mut multiplied = simd.mul(*factor, by);
                    if !is_bounded {
                        multiplied = simd.max(multiplied, simd.splat(LEAST_FACTOR));
                        let above = simd.above(multiplied, simd.splat(MOST_FACTOR));
                        multiplied = simd.choose(above, simd.splat(MOST_FACTOR), multiplied);
                    }
                    *factor = simd.choose(lanes, multiplied, *factor);
                }
            }
            for quarter in 0..WORD / LANES {
                let score = simd.load(&scores[quarter]);
                let score_of_all = simd.mul(score, simd.load(&factors[quarter]));
                let lanes = (allowed >> (quarter * LANES)) as u32 & simd.above(score, zero);
                let score = simd.choose(lanes & 0xffff, simd.mul(score_of_all, own[quarter]), out);
                simd.store(score, &mut adjusted[quarter]);
                let higher = simd.max(score, simd.load(&maxima[quarter]));
                simd.store(higher, &mut maxima[quarter]);
            }
        }
        if self.few > WORD {
            return f32::NEG_INFINITY;
        }
        let maxima = maxima.as_flattened_mut();
        *maxima.select_nth_unstable_by(self.few.max(1) - 1, |a, b| b.total_cmp(a)).1
    }
}

/// Those that reach the bar, or when it is minus infinity all that are in the running.
struct Gather<'a> {
    adjusted: &'a [f32],
    bar: f32,
    few: &'a mut Vec<u64>,
}

impl Kernel for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let bar = simd.splat(self.bar.next_down());
        let (chunks, _) = self.adjusted.as_chunks::<WORD>();
        for (word, scores) in chunks.iter().enumerate() {
            let (quarters, _) = scores.as_chunks::<LANES>();
            let mut lanes = quarters.iter().zip(0..).fold(0, |lanes, (quarter, n)| {
                lanes | u64::from(simd.above(simd.load(quarter), bar)) << (LANES * n)
            });
            while lanes != 0 {
                let lane = lanes.trailing_zeros() as usize;
                lanes &= lanes - 1;
                self.few.push(key(scores[lane], word * WORD + lane));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn has(bits: &[u64], at: usize) -> bool {
        bits[at / WORD] >> (at % WORD) & 1 == 1
    }

    proptest! {
        /// To the last bit, for every kind of vector that this machine has, however far somebody looks.
        #[test]
        fn is_what_a_full_sort_gives(
            words in prop::collection::vec(
                (prop::collection::vec((-2i8..9, 0usize..4), WORD), any::<u64>(), any::<[u64; 5]>()), 0..4),
            strong in any::<bool>(),
            few in 1usize..80,
        ) {
            let all: Vec<(i8, usize)> = words.iter().flat_map(|word| word.0.clone()).collect();
            let scores: Vec<f32> = all.iter().map(|one| f32::from(one.0) / 3.0).collect();
            let factors: Vec<f32> = all.iter().map(|one| [1.0, 0.7, 1.5, 3.3][one.1]).collect();
            let allowed: Vec<u64> = words.iter().map(|word| word.1).collect();
            let bits: Vec<Vec<u64>> = (0..5).map(|n| words.iter().map(|word| word.2[n]).collect()).collect();
            let by = if strong { [100.0, 90.0, 80.0, 70.0, 0.01] } else { [1.5, 0.3, 2.0, 1.1, 0.9] };
            let multipliers: Vec<(&[u64], f32)> = bits.iter().map(Vec::as_slice).zip(by).collect();
            let mut expected: Vec<(usize, f32)> = (0..scores.len())
                .filter(|&at| has(&allowed, at) && scores[at] > 0.0)
                .map(|at| {
                    let own = multipliers.iter().filter(|(bits, _)| has(bits, at));
                    let factor = own.fold(1f32, |all, (_, by)| (all * by).clamp(LEAST_FACTOR, MOST_FACTOR));
                    (at, scores[at] * factors[at] * factor)
                })
                .collect();
            expected.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            let offer = Offer { scores: &scores, factors: &factors, allowed: &allowed, multipliers: &multipliers };
            let mut ranking = Ranking::default();
            for _ in 0..2 {
                ranking.rank(&offer, few);
                prop_assert!(ranking.few.len() >= few.min(expected.len()).min(WORD));
                let ranked: Vec<_> = (0..).map_while(|nth| ranking.nth(nth)).collect();
                prop_assert_eq!(&ranked, &expected);
            }
        }
    }
}
