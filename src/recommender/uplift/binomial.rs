//! Draws from the binomial distribution, exact and in constant time: what the bootstrap saves its time with.

use crate::recommender::distribution::ln_gamma;
use crate::recommender::models::Random;

/// Below so many expected successes the waiting times between them are drawn one by one.
const FEW: f64 = 10.0;

/// How many of n succeed, each with chance p.
///
/// *Cost*: a draw takes constant time, or about np steps when np or n(1 − p) is below 10.
///
/// *Source*: transformed rejection with squeeze, algorithm BTRS of W. Hörmann, The generation of binomial random
/// variates, Journal of Statistical Computation and Simulation 46, 1993, 101–110; few successes by geometric waiting
/// times (L. Devroye, Non-Uniform Random Variate Generation, 1986, chapter X.4).
pub(super) struct Binomial {
    n: u64,
    /// Of the rarer outcome, at most ½.
    p: f64,
    is_flipped: bool,
}

impl Binomial {
    /// `successes` ≤ n of n on average.
    pub fn of(successes: u64, n: u64) -> Self {
        let rarer = successes.min(n - successes);
        Self { n, p: rarer as f64 / (n as f64).max(1.0), is_flipped: rarer < successes }
    }

    /// With a chance `p` of at most ½.
    #[cfg(test)]
    pub fn with(n: u64, p: f64) -> Self {
        Self { n, p, is_flipped: false }
    }

    pub fn draw(&self, random: &mut Random) -> u64 {
        let rarer = if self.p == 0.0 {
            0
        } else if self.n as f64 * self.p < FEW {
            self.by_waiting(random)
        } else {
            self.by_rejection(random)
        };
        if self.is_flipped { self.n - rarer } else { rarer }
    }

    fn by_waiting(&self, random: &mut Random) -> u64 {
        let log_failure = (-self.p).ln_1p();
        let (mut successes, mut trials) = (0, 0.0);
        loop {
            trials += ((1.0 - random.uniform()).ln() / log_failure).floor() + 1.0;
            if trials > self.n as f64 {
                return successes;
            }
            successes += 1;
        }
    }

    fn by_rejection(&self, random: &mut Random) -> u64 {
        let (n, p) = (self.n as f64, self.p);
        let deviation = (n * p * (1.0 - p)).sqrt();
        let b = 1.15 + 2.53 * deviation;
        let a = -0.0873 + 0.0248 * b + 0.01 * p;
        let mode = ((n + 1.0) * p).floor();
        loop {
            let (u, v) = (random.uniform() - 0.5, random.uniform());
            let from_edge = 0.5 - u.abs();
            let k = ((2.0 * a / from_edge + b) * u + n * p + 0.5).floor();
            if from_edge >= 0.07 && v <= 0.92 - 4.2 / b {
                return k as u64;
            }
            if !(0.0..=n).contains(&k) {
                continue;
            }
            let height = v * (2.83 + 5.1 / b) * deviation / (a / (from_edge * from_edge) + b);
            let ln_ways = |k: f64| -ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0);
            if height.ln() <= ln_ways(k) - ln_ways(mode) + (k - mode) * (p / (1.0 - p)).ln() {
                return k as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommender::distribution::chi_square_upper;

    /// χ² of 200,000 draws against the probabilities, over the values that are expected at least 20 times.
    #[test]
    fn draws_are_as_frequent_as_their_probabilities() {
        const DRAWS: u64 = 200_000;
        for (successes, n) in [(3, 1000), (12, 40), (30, 45), (20_000, 1_000_000), (999_995, 1_000_000)] {
            let (binomial, mut random) = (Binomial::of(successes, n), Random(7));
            let draws: Vec<u64> = (0..DRAWS).map(|_| binomial.draw(&mut random)).collect();
            let p = successes as f64 / n as f64;
            let probability = |k: u64| {
                let (k, n) = (k as f64, n as f64);
                let ways = ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0);
                (ways + k * p.ln() + (n - k) * (1.0 - p).ln()).exp()
            };
            let (low, high) = (draws.iter().min().unwrap(), draws.iter().max().unwrap());
            let mut counts = vec![0u64; (high - low + 1) as usize];
            draws.iter().for_each(|draw| counts[(draw - low) as usize] += 1);
            let cells: Vec<f64> = (*low..)
                .zip(&counts)
                .map(|(k, &count)| (count as f64, probability(k) * DRAWS as f64))
                .filter(|(_, expected)| *expected >= 20.0)
                .map(|(count, expected)| (count - expected).powi(2) / expected)
                .collect();
            let p_value = chi_square_upper(cells.iter().sum(), cells.len() as u32);
            assert!(
                cells.len() > 5 && p_value > 0.001,
                "{successes} of {n}: {p_value}, {} cells",
                cells.len()
            );
        }
    }

    #[test]
    fn nobody_and_everybody_are_certain() {
        let mut random = Random(1);
        for (successes, n) in [(0, 0), (0, 9), (9, 9)] {
            assert_eq!(Binomial::of(successes, n).draw(&mut random), successes);
        }
    }
}
