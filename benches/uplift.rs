//! The bootstrap of revenue over 2 × 1,000,000 customers, 2 % of whom bought, beside drawing every customer and beside
//! only adding up as many amounts.
//!
//! `cargo bench --bench uplift -- [PEOPLE_PER_GROUP]`, by default 1000000, for the speed;
//! `cargo bench --bench uplift -- coverage` for how often the intervals hold the truth (two minutes).
//!
//! The peer is NumPy on the same machine, one resample of both groups and a hundred of them timed:
//! `rng.choice(treated, treated.size).mean() - rng.choice(control, control.size).mean()`.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may panic")]

use handpick::recommender::uplift::{
    Interval, Moments, Resampling, Spending, bootstrap_of_means, difference_of_means,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rayon::prelude::*;
use std::hint::black_box;
use std::time::Instant;

const BUYERS: f64 = 0.02;
const PLAIN: usize = 20;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "coverage") {
        return coverage();
    }
    let people = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    let mut random = StdRng::seed_from_u64(1);
    let (t, c) = (spent(&mut random, people, BUYERS, 1.0), spent(&mut random, people, BUYERS, 1.0));
    let resampling = Resampling::default();
    let resamples = f64::from(resampling.resamples);
    let drawn = resamples * (t.len() + c.len()) as f64;
    println!(
        "2 x {people} people, {} buyers, {resamples} resamples, {} threads",
        t.len() + c.len(),
        rayon::current_num_threads()
    );

    let begun = Instant::now();
    let found = bootstrap_of_means(of(&t, people), of(&c, people), resampling).unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "bootstrap: {seconds:.2} s, {:.2e} people drawn/s, {:.2e} amounts drawn/s; {:.4} from {:.4} to {:.4}, {} cut",
        resamples * 2.0 * people as f64 / seconds,
        drawn / seconds,
        found.difference.estimate,
        found.difference.low,
        found.difference.high,
        found.cut
    );

    let begun = Instant::now();
    let sum: f64 = (0..resampling.resamples)
        .into_par_iter()
        .map(|_| black_box(&t).iter().sum::<f64>() + black_box(&c).iter().sum::<f64>())
        .sum();
    let adding = begun.elapsed().as_secs_f64();
    println!(
        "adding up as many amounts in order: {adding:.2} s ({sum:.0}); the bootstrap {:.1} x",
        seconds / adding
    );

    let everybody: Vec<Vec<f64>> = [&t, &c]
        .map(|bought| {
            let mut all = vec![0.0; people as usize];
            all[..bought.len()].copy_from_slice(bought);
            all
        })
        .into();
    let begun = Instant::now();
    let sum: f64 = (0..PLAIN as u64)
        .into_par_iter()
        .map(|seed| {
            let mut random = StdRng::seed_from_u64(seed);
            let mut drawn =
                |all: &[f64]| (0..people).map(|_| all[random.random_range(0..all.len())]).sum::<f64>();
            drawn(&everybody[0]) - drawn(&everybody[1])
        })
        .sum();
    let plain = begun.elapsed().as_secs_f64() / PLAIN as f64 * resamples;
    println!(
        "drawing every customer: {plain:.0} s, from {PLAIN} resamples ({sum:.0}); the bootstrap {:.0} x faster",
        plain / seconds
    );
}

fn of(amounts: &[f64], people: u64) -> Spending<'_> {
    Spending { amounts, people }
}

/// Log-normal amounts with mean 50 of those who buy.
fn spent(random: &mut StdRng, people: u64, chance: f64, sigma: f64) -> Vec<f64> {
    let bought = (0..people).filter(|_| random.random::<f64>() < chance).count();
    let amount = |_| 50.0 * (sigma * normal(random) - sigma * sigma / 2.0).exp();
    (0..bought).map(amount).collect()
}

fn normal(random: &mut StdRng) -> f64 {
    let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.random::<f64>()).cos()
}

/// Of 1,500 campaigns that earn nothing, the share whose interval holds 0.
fn coverage() {
    const CAMPAIGNS: u64 = 1_500;
    let sizes = [
        (3_000, 2_500, 0.02),
        (18_000, 2_000, 0.02),
        (10_000, 10_000, 0.03),
        (18_000, 2_000, 0.1),
        (90_000, 10_000, 0.03),
        (50_000, 50_000, 0.02),
    ];
    for (sigma, cut_above) in
        [(0.7, 0.999), (1.0, 0.999), (1.5, 0.999), (0.7, 0.99), (1.0, 0.99), (1.5, 0.99)]
    {
        for (n_t, n_c, chance) in sizes {
            let held: Vec<[bool; 2]> = (0..CAMPAIGNS)
                .into_par_iter()
                .map(|seed| {
                    let mut random = StdRng::seed_from_u64(seed);
                    let (t, c) =
                        (spent(&mut random, n_t, chance, sigma), spent(&mut random, n_c, chance, sigma));
                    let resampling = Resampling { resamples: 1000, cut_above, seed };
                    let found = bootstrap_of_means(of(&t, n_t), of(&c, n_c), resampling).unwrap();
                    let cut = |amounts: &[f64], people| {
                        Moments::of_group(amounts.iter().map(|amount| amount.min(found.ceiling)), people)
                    };
                    let welch = difference_of_means(&cut(&t, n_t), &cut(&c, n_c)).unwrap().difference;
                    [found.difference, welch].map(holds_zero)
                })
                .collect();
            let percent = |which: usize| {
                100.0 * held.iter().filter(|held| held[which]).count() as f64 / CAMPAIGNS as f64
            };
            println!(
                "sigma {sigma}, cut at {cut_above}, {n_t} and {n_c} people, {:.0} buyers in the smaller: BCa {:.1} %, Welch {:.1} %",
                n_t.min(n_c) as f64 * chance,
                percent(0),
                percent(1)
            );
        }
    }
}

fn holds_zero(interval: Interval) -> bool {
    !interval.excludes_zero()
}
