//! Lists worked out by hand: of late, of the season, of a group.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use super::*;
use crate::progress::Silent;
use crate::recommender::{Deed, Kind, Log};

const RESOURCES: Resources<'_> = Resources { seed: 1, max_memory_bytes: 1 << 30, progress: &Silent };
const DAY: i64 = 86_400;

fn scores(params: Params, interactions: &Interactions, log: &Log) -> Vec<f32> {
    let observed = Observed { log: Some(log), ..interactions.into() };
    let model = fit(&params.check().unwrap(), observed, &RESOURCES).unwrap();
    let all: Vec<u32> = (0..interactions.items() as u32).collect();
    let mut scores = vec![0.0; all.len()];
    assert!(!model.scorer(&all).score(User::default(), &mut scores));
    scores
}

fn bought(deeds: &[(u32, u32, i64)], users: usize, items: usize) -> (Interactions, Log) {
    let log = deeds.iter().map(|&(user, item, day)| Deed { user, item, kind: Kind::Purchase, at: day * DAY });
    let interactions =
        Interactions::from_triples(users, items, deeds.iter().map(|deed| (deed.0, deed.1, 1.0)));
    (interactions, Log::from_deeds(users, items, log.collect()))
}

#[test]
fn what_sold_long_ago_counts_less() {
    let (interactions, log) = bought(&[(0, 0, 70), (1, 0, 80), (0, 1, 100), (1, 0, 100)], 2, 2);
    assert_eq!(scores(Params::default(), &interactions, &log), [3.0, 1.0]);
    let lately = Params { half_life_days: 10.0, ..Params::default() };
    // 2⁻³; and of two, 20 days ago and today, the half of 2 (2⁻² + 1).
    assert_eq!(scores(lately, &interactions, &log), [0.125 + 1.25, 1.0]);
    // Without times all count as they do.
    let model = fit(&lately.check().unwrap(), (&interactions).into(), &RESOURCES).unwrap();
    assert_eq!(model.scores, [3.0, 1.0]);
}

#[test]
fn the_season_raises_what_it_raised_a_year_ago() {
    // Item 0 sells in the weeks that come next, item 1 half a year away, both on the last day once.
    let mut deeds = vec![(0, 0, 800), (0, 1, 800)];
    deeds.extend((0..20).flat_map(|n| [(1 + n, 0, 800 - 730 + 10), (1 + n, 1, 800 - 180)]));
    let (interactions, log) = bought(&deeds, 21, 2);
    let season = Params { season: 1.0, ..Params::default() };
    let found = scores(season, &interactions, &log);
    // Of 42 deeds 20 are of the season: 10/21. (20 + 100/21)/(31 · 10/21), and (100/21)/(31 · 10/21), of 21 each.
    assert!((found[0] - 21.0 * 1.677_419).abs() < 1e-2, "{found:?}");
    assert!((found[1] - 21.0 * 0.322_580_6).abs() < 1e-2, "{found:?}");
    let (interactions, log) = bought(&[(0, 0, 100), (0, 1, 300)], 1, 2);
    assert_eq!(scores(season, &interactions, &log), [1.0, 1.0], "there is no earlier year");
}

#[test]
fn each_group_has_its_own_best_sellers_and_strangers_everybodys() {
    // Two tastes without anything in common; the first has more users.
    let pairs = (0..300u32).flat_map(|user| {
        let taste = u32::from(user >= 200);
        (0..6).filter(move |n| (user + n) % 3 != 0).map(move |n| (user, taste * 6 + n, 1.0))
    });
    let interactions = Interactions::from_triples(301, 12, pairs);
    let params = Params { segments: 2, ..Params::default() };
    let model = fit(&params.check().unwrap(), (&interactions).into(), &RESOURCES).unwrap();
    assert!(model.is_personal());
    let all: Vec<u32> = (0..12).collect();
    let best = |items: &[u32]| {
        let mut scores = vec![0.0; 12];
        let weights = vec![1.0; items.len()];
        let personal = model.scorer(&all).score(User::of(None, (items, &weights)), &mut scores);
        let top = scores.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(at, _)| at / 6);
        (personal, top.unwrap())
    };
    assert_eq!((best(&[0, 1]), best(&[7]), best(&[])), ((true, 0), (true, 1), (false, 0)));
    assert!(Params { segments: 101, ..Params::default() }.check().is_err());
}
