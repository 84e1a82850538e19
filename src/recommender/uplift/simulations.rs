//! What must hold over many drawn campaigns: intervals cover, peeking does not deceive, what was planted is found.
//!
//! Seeds are fixed, so that a figure here never changes by chance.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use super::binomial::Binomial;
use super::*;
use crate::recommender::models::Random;
use rayon::prelude::*;

/// The share of so many drawn campaigns for which `holds`.
fn share(campaigns: u64, holds: impl Fn(&mut Random) -> bool + Sync) -> f64 {
    let count = (0..campaigns).into_par_iter().filter(|&campaign| holds(&mut random(campaign))).count();
    count as f64 / campaigns as f64
}

fn random(campaign: u64) -> Random {
    Random(campaign.wrapping_mul(0xd134_2543_de82_ef95) ^ 11)
}

fn covers(interval: Interval, truth: f64) -> bool {
    interval.low <= truth && truth <= interval.high
}

fn buyers(random: &mut Random, people: u64, chance: f64) -> Proportion {
    Proportion { successes: Binomial::with(people, chance).draw(random), people }
}

fn normal(random: &mut Random) -> f64 {
    let radius = (-2.0 * (1.0 - random.uniform()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.uniform()).cos()
}

/// What the buyers of a group pay: log-normal, mean `mean`, σ of the logarithm.
fn baskets(random: &mut Random, bought: u64, mean: f64, sigma: f64) -> Vec<f64> {
    (0..bought).map(|_| mean * (sigma * normal(random) - sigma * sigma / 2.0).exp()).collect()
}

fn assert_between(name: &str, found: f64, low: f64, high: f64) {
    assert!(low <= found && found <= high, "{name}: {found}, not from {low} to {high}");
}

#[test]
fn intervals_of_proportions_cover() {
    for (n_t, n_c, p_t, p_c) in [(18_000, 2_000, 0.03, 0.02), (500, 500, 0.1, 0.1), (9_000, 1_000, 0.25, 0.2)]
    {
        let drawn = |random: &mut Random| (buyers(random, n_t, p_t), buyers(random, n_c, p_c));
        let difference = share(10_000, |random| {
            let (t, c) = drawn(random);
            covers(difference_of_proportions(t, c).unwrap().difference, p_t - p_c)
        });
        assert_between("difference", difference, 0.94, 0.96);
        let ratio = share(10_000, |random| {
            let (t, c) = drawn(random);
            covers(ratio_of_proportions(t, c).unwrap(), p_t / p_c - 1.0)
        });
        assert_between("ratio", ratio, 0.94, 0.96);
    }
}

#[test]
fn intervals_of_means_cover() {
    let drawn = |random: &mut Random, chance: f64| {
        let bought = buyers(random, 4_000, chance).successes;
        Moments::of_group(baskets(random, bought, 50.0, 0.7), 4_000)
    };
    let found = share(10_000, |random| {
        let (t, c) = (drawn(random, 0.06), drawn(random, 0.05));
        covers(difference_of_means(&t, &c).unwrap().difference, 50.0 * 0.01)
    });
    assert_between("difference", found, 0.94, 0.96);
    let found = share(10_000, |random| {
        let (t, c) = (drawn(random, 0.06), drawn(random, 0.05));
        covers(ratio_of_means(&t, &c).unwrap(), 0.2)
    });
    assert_between("ratio", found, 0.94, 0.96);
}

/// 300 buyers each of 10,000, with log-normal baskets: some pay eight times the median.
#[test]
fn bootstrap_intervals_cover_heavy_tails() {
    let found = share(2_000, |random| {
        let seed = random.next();
        let mut drawn = || {
            let bought = buyers(random, 10_000, 0.03).successes;
            baskets(random, bought, 50.0, 0.7)
        };
        let (t, c) = (drawn(), drawn());
        let resampling = Resampling { resamples: 500, seed, ..Resampling::default() };
        let of = |amounts| Spending { amounts, people: 10_000 };
        covers(bootstrap_of_means(of(&t), of(&c), resampling).unwrap().difference, 0.0)
    });
    assert_between("bootstrap", found, 0.935, 0.96);
}

/// A tenth of the audience is held out, and few of it buy: where Welch's interval covers 89 to 93 % of the skewed ones.
#[test]
fn few_buyers_with_heavy_tails_are_covered() {
    for (buys, sigma, campaigns) in
        [(0.01, 0.7, 4_000), (0.01, 1.0, 4_000), (0.01, 1.5, 4_000), (0.03, 1.0, 4_000), (0.1, 1.5, 1_500)]
    {
        let found: Vec<(bool, bool)> = (0..campaigns)
            .into_par_iter()
            .filter_map(|campaign| {
                let random = &mut random(campaign);
                let drawn = |random: &mut Random, people: u64| {
                    let bought = buyers(random, people, buys).successes;
                    baskets(random, bought, 50.0, sigma)
                };
                let (t, c) = (drawn(random, 9_000), drawn(random, 1_000));
                let moments = |amounts: &[f64], people| Moments::of_group(amounts.iter().copied(), people);
                let welch = difference_of_means(&moments(&t, 9_000), &moments(&c, 1_000)).unwrap().difference;
                let (t, c) =
                    (Spending { amounts: &t, people: 9_000 }, Spending { amounts: &c, people: 1_000 });
                // With fewer than ten nothing is said.
                let found = cautious_difference(t, c).ok()?;
                Some((covers(found, 0.0), covers(welch, 0.0)))
            })
            .collect();
        let part = |of: fn(&(bool, bool)) -> bool| {
            found.iter().filter(|one| of(one)).count() as f64 / found.len() as f64
        };
        let name = format!("{buys} buy, σ {sigma}");
        assert_between(&name, part(|one| one.0), 0.945, 0.995);
        assert!(part(|one| one.0) >= part(|one| one.1));
    }
}

/// Purchases of one campaign's customers, counted on 30 days; nobody was really influenced.
#[test]
fn daily_peeking_at_buyers_rarely_deceives() {
    const PEOPLE: (u64, u64) = (18_000, 2_000);
    let plan = Plan::for_proportions(PEOPLE.0, PEOPLE.1, 0.03).unwrap();
    let deceived = |by: fn(Proportion, Proportion, Plan) -> bool| {
        share(10_000, |random| {
            let (mut t, mut c) = ((0, PEOPLE.0), (0, PEOPLE.1));
            (0..30).any(|_| {
                for group in [&mut t, &mut c] {
                    group.0 += buyers(random, group.1 - group.0, 0.001).successes;
                }
                let of = |(successes, people)| Proportion { successes, people };
                by(of(t), of(c), plan)
            })
        })
    };
    let sequential =
        deceived(|t, c, plan| sequential_proportions(t, c, plan).unwrap().difference.excludes_zero());
    assert_between("sequential", sequential, 0.002, 0.05);
    let fixed = deceived(|t, c, _| difference_of_proportions(t, c).unwrap().difference.excludes_zero());
    assert_between("fixed", fixed, 0.15, 0.5);
}

/// New customers on each of 30 days, the treated of whom do buy more: at all looks together the truth stays inside.
#[test]
fn daily_peeking_at_new_customers_keeps_the_truth_inside() {
    let plan = Plan::for_proportions(6_000, 6_000, 0.06).unwrap();
    let found = share(5_000, |random| {
        let (mut t, mut c) = (0, 0);
        (1..=30).all(|day| {
            t += buyers(random, 200, 0.07).successes;
            c += buyers(random, 200, 0.05).successes;
            let of = |successes| Proportion { successes, people: 200 * day };
            covers(sequential_proportions(of(t), of(c), plan).unwrap().difference, 0.02)
        })
    });
    assert_between("covered at all looks", found, 0.95, 0.999);
}

#[test]
fn daily_peeking_at_revenue_rarely_deceives_and_finds_what_is_there() {
    let plan = Plan::for_means(9_000, 3_000, 0.03 * (50.0f64 * 50.0) * 0.49f64.exp()).unwrap();
    let shown = |uplift: f64| {
        share(3_000, |random| {
            let (mut t, mut c) = (Moments::default(), Moments::default());
            (0..30).any(|_| {
                for (group, people, chance) in [(&mut t, 300, 0.03 * uplift), (&mut c, 100, 0.03)] {
                    let bought = buyers(random, people, chance).successes;
                    group.merge(&Moments::of_group(baskets(random, bought, 50.0, 0.7), people));
                }
                sequential_means(&t, &c, plan).is_ok_and(|found| found.difference.excludes_zero())
            })
        })
    };
    assert_between("deceived", shown(1.0), 0.0, 0.05);
    assert_between("found", shown(2.0), 0.9, 1.0);
}

/// Before and after share a habit of variance 1, each with noise of 0.16 of its own.
#[test]
fn cuped_is_unbiased_and_narrower() {
    const CAMPAIGNS: u64 = 10_000;
    let drawn = |random: &mut Random, people: u64, uplift: f64| {
        let mut pairs = PairedMoments::default();
        for _ in 0..people {
            let (habit, before, after) = (normal(random), normal(random), normal(random));
            pairs.push(3.0 + habit + 0.4 * before, 4.0 + uplift + habit + 0.4 * after);
        }
        pairs
    };
    let found: Vec<CupedUplift> = (0..CAMPAIGNS)
        .into_par_iter()
        .map(|campaign| {
            let random = &mut random(campaign);
            cuped(&drawn(random, 180, 0.3), &drawn(random, 60, 0.0)).unwrap()
        })
        .collect();
    let mean = |of: &dyn Fn(&CupedUplift) -> f64| found.iter().map(of).sum::<f64>() / CAMPAIGNS as f64;
    let rho = 1.0f64 / 1.16;
    let error = (1.16 * (1.0 - rho * rho) * (1.0 / 180.0 + 1.0 / 60.0) / CAMPAIGNS as f64).sqrt();
    let estimate = mean(&|found| found.adjusted.difference.estimate);
    assert_between("mean estimate", estimate, 0.3 - 3.0 * error, 0.3 + 3.0 * error);
    assert_between("variance saved", mean(&|found| found.variance_saved), rho * rho - 0.01, rho * rho + 0.01);
    let width = |uplift: &MeanUplift| uplift.difference.high - uplift.difference.low;
    let narrower = mean(&|found| width(&found.adjusted) / width(&found.unadjusted));
    assert_between("width", narrower, 0.49, 0.52);
    let covered = mean(&|found| f64::from(u8::from(covers(found.adjusted.difference, 0.3))));
    assert_between("covered", covered, 0.94, 0.96);
}

/// Twelve campaigns whose true effects vary (τ = 0.15 in the logarithm) about a fifth more buyers.
#[test]
fn pooling_finds_what_was_planted() {
    const SHOPS: u64 = 4_000;
    let (planted, tau) = (1.2f64.ln(), 0.15);
    let found: Vec<(Pooled, f64)> = (0..SHOPS)
        .into_par_iter()
        .map(|shop| {
            let random = &mut random(shop);
            let effects: Vec<Effect> = (0..12u64)
                .map(|campaign| {
                    let people = 8_000 + 2_000 * campaign;
                    let uplift = (planted + tau * normal(random)).exp();
                    let (t, c) = (buyers(random, people, 0.02 * uplift), buyers(random, people, 0.02));
                    Effect::ratio_of_proportions(t, c).unwrap()
                })
                .collect();
            (pool(&effects).unwrap(), planted + tau * normal(random))
        })
        .collect();
    let mean = |of: &dyn Fn(&(Pooled, f64)) -> f64| found.iter().map(of).sum::<f64>() / SHOPS as f64;
    assert_between("mean", mean(&|(pooled, _)| pooled.mean.estimate), planted - 0.004, planted + 0.004);
    assert_between("τ²", mean(&|(pooled, _)| pooled.tau_squared), tau * tau - 0.002, tau * tau + 0.002);
    let covered = mean(&|(pooled, _)| f64::from(u8::from(covers(pooled.mean, planted))));
    assert_between("covered", covered, 0.94, 0.96);
    let next = mean(&|(pooled, next)| f64::from(u8::from(covers(pooled.prediction.unwrap(), *next))));
    assert_between("the next one", next, 0.93, 0.97);
    let common = mean(&|(pooled, _)| f64::from(u8::from(covers(pooled.common, planted))));
    assert_between("taken for equal", common, 0.5, 0.85);
}

#[test]
fn true_chances_are_called_calibrated() {
    let drawn = |random: &mut Random, shift: f64| {
        let chances: Vec<f64> = (0..5_000).map(|_| 0.05 + 0.4 * random.uniform()).collect();
        let came: Vec<bool> = chances.iter().map(|chance| random.uniform() < *chance).collect();
        let said: Vec<f64> = chances.iter().map(|chance| chance + shift).collect();
        calibrate(&said, &came, 10).unwrap()
    };
    let covered = share(1_000, |random| {
        let bins = drawn(random, 0.0).bins;
        covers(bins[4].actual, bins[4].predicted)
    });
    assert_between("covered", covered, 0.93, 0.97);
    let (honest, boastful) = (drawn(&mut random(1), 0.0), drawn(&mut random(1), 0.05));
    assert_between("honest", honest.expected_error, 0.0, 0.03);
    assert_between("boastful", boastful.expected_error, 0.04, 0.07);
    assert!(honest.brier < boastful.brier);
}

/// Of traits that the lots have spread, one in twenty is suspect in small groups and none in large ones.
#[test]
fn chance_alone_is_rarely_suspect() {
    let suspect = |people: u64| {
        share(4_000, |random| {
            let of = |random: &mut Random| Moments::of_group((0..people).map(|_| normal(random)), people);
            standardised_difference(&of(random), &of(random)).unwrap().is_suspect()
        })
    };
    assert_between("of 100", suspect(100), 0.04, 0.06);
    assert_between("of 2,000", suspect(2_000), 0.0, 0.005);
}
