//! The objective falls, a warm start saves iterations, and odd shops work.

use super::*;
use crate::progress::Silent;
use crate::recommender::models::Random;
use crate::recommender::{LoadedData, LoadedTensor};

const RESOURCES: Resources<'static> = Resources { seed: 3, max_memory_bytes: 1 << 30, progress: &Silent };

fn params(factors: usize, iterations: usize) -> ValidParams {
    Params { factors, iterations, ..Params::default() }.check().unwrap()
}

/// Two groups of users with a taste each, and some noise.
fn shop(users: u32, items: u32) -> Interactions {
    let mut random = Random(11);
    let mut triples = Vec::new();
    for user in 0..users {
        for item in 0..items {
            let likely = if item % 3 == user % 3 { 0.5 } else { 0.05 };
            if random.uniform() < likely {
                triples.push((user, item, 1.0 + random.uniform() as f32));
            }
        }
    }
    Interactions::from_triples(users as usize, items as usize, triples)
}

/// Equation 4 of the paper, in f64: Σ c (1 − x·h)² + α₀ Σ (x·h)² + Σ ridge ‖x‖² + Σ ridge ‖h‖².
fn objective(model: &Als, interactions: &Interactions) -> f64 {
    let dot =
        |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum() };
    let (side, by_item) = (&model.side, interactions.transpose());
    let mut sum = 0.0;
    for user in 0..interactions.users() {
        let (items, weights) = interactions.row(user as u32);
        let x = model.users.row(user);
        let entries = side.entries(items, weights, model.items.rows());
        sum += f64::from(entries.ridge) * dot(x, x);
        for item in 0..model.items.rows() {
            sum += f64::from(side.unobserved_weight) * dot(x, model.items.row(item)).powi(2);
        }
        for (&item, &weight) in items.iter().zip(weights) {
            let missed = 1.0 - dot(x, model.items.row(item as usize));
            sum += f64::from(weight * entries.scale) * missed * missed;
        }
    }
    for item in 0..model.items.rows() {
        let (users, weights) = by_item.row(item as u32);
        let h = model.items.row(item);
        sum += f64::from(side.entries(users, weights, interactions.users()).ridge) * dot(h, h);
    }
    sum
}

#[test]
fn every_iteration_lowers_the_objective() {
    let shop = shop(60, 45);
    let of =
        |iterations| objective(&fit(&params(20, iterations), (&shop).into(), &RESOURCES).unwrap(), &shop);
    let found: Vec<f64> = [1, 2, 4, 8, 16].map(of).to_vec();
    assert!(found.is_sorted_by(|a, b| *b < *a * 1.000_01), "{found:?}");
}

#[test]
fn an_older_model_saves_iterations_even_when_items_are_renumbered() {
    let yesterday = shop(90, 60);
    let older = fit(&params(16, 20), (&yesterday).into(), &RESOURCES).unwrap();
    // Today the items stand in the opposite order, the first five are new, and some more was bought.
    let triples = (0..90).flat_map(|user| {
        let (items, weights) = yesterday.row(user);
        items.iter().zip(weights).map(move |(&item, &weight)| (user, 64 - item, weight))
    });
    let more = (0..90).map(|user| (user, user * 5 % 65, 1.0));
    let today = Interactions::from_triples(90, 65, triples.chain(more));
    let item_of = |item: u32| (item >= 5).then(|| 64 - item);
    let from = fit_from(&params(16, 1), (&today).into(), &older, &item_of, &RESOURCES).unwrap();
    let warm = objective(&from, &today);
    let cold =
        |iterations| objective(&fit(&params(16, iterations), (&today).into(), &RESOURCES).unwrap(), &today);
    assert!(warm < cold(3), "one iteration from yesterday's: {warm}, three from chance: {}", cold(3));
    // More and fewer factors than the older model had, and items it does not know, are no errors.
    for factors in [3, 40] {
        let nowhere = |item: u32| Some(item + 60);
        assert!(fit_from(&params(factors, 1), (&today).into(), &older, &nowhere, &RESOURCES).is_ok());
    }
}

#[test]
fn small_and_odd_shops_are_learned() {
    for (users, items, factors) in [(1, 1, 8), (1, 9, 4), (9, 1, 4), (5, 4, 64), (12, 30, 17), (40, 7, 3)] {
        let triples = (0..users).flat_map(|user| (0..items).map(move |item| (user, item, (user + item) % 2)));
        // The last user did nothing, unless alone.
        let triples = triples.filter(|&(user, _, _)| user == 0 || user + 1 < users);
        let triples = triples.map(|(user, item, weight)| (user, item, weight as f32 + 0.5));
        let shop = Interactions::from_triples(users as usize, items as usize, triples);
        let model = fit(&params(factors, 5), (&shop).into(), &RESOURCES).unwrap();
        let candidates: Vec<u32> = (0..items).collect();
        let mut scorer = model.scorer(&candidates);
        let mut scores = vec![9.0; items as usize];
        for user in 0..users {
            let known = User::of(Some(user), shop.row(user));
            let nothing = known.items.is_empty();
            assert_eq!(scorer.score(known, &mut scores), !nothing, "{users} {items} {factors}");
            assert!(scores.iter().all(|score| score.is_finite() && (!nothing || *score == 0.0)));
        }
    }
}

#[test]
fn lists_are_those_of_the_scores_for_known_new_and_silent_users() {
    use crate::recommender::top_k;
    let shop = shop(70, 90);
    let model = fit(&params(20, 4), (&shop).into(), &RESOURCES).unwrap();
    let candidates: Vec<u32> = (0..90).filter(|item| item % 4 != 1).collect();
    let mut scorer = model.scorer(&candidates);
    let users: Vec<User<'_>> = (0..70)
        .map(|user| match user % 5 {
            0 => User::of(None, shop.row(user)),
            1 => User::default(),
            2 => User::of(Some(user + 1000), shop.row(user)),
            _ => User::of(Some(user), shop.row(user)),
        })
        .collect();
    let skip = |n: usize, place: usize| users[n].items.binary_search(&candidates[place]).is_ok();
    let mut scores = vec![0.0; candidates.len()];
    let lists = scorer.best(&users, 6, &skip, &mut scores);
    for (n, (&user, list)) in users.iter().zip(&lists).enumerate() {
        let personal = scorer.score(user, &mut scores);
        let expected = personal.then(|| top_k(&scores, 6, |place| skip(n, place)));
        assert_eq!(list, &expected, "{n}");
        assert_eq!(personal, n % 5 != 1);
    }
}

#[test]
fn factors_in_another_order_are_turned_when_loaded() {
    let shop = shop(30, 25);
    let model = fit(&params(5, 6), (&shop).into(), &RESOURCES).unwrap();
    // A rotation of the first two factors by 36.87°.
    let turned = |factors: &Factors| -> Vec<f32> {
        (0..factors.rows())
            .flat_map(|row| {
                let row = factors.row(row);
                [0.8 * row[0] - 0.6 * row[1], 0.6 * row[0] + 0.8 * row[1], row[2], row[3], row[4]]
            })
            .collect()
    };
    let tensor = |name: &str, rows, data| LoadedTensor {
        name: name.into(),
        shape: vec![rows, 5],
        data: LoadedData::F32(data),
    };
    let side = &model.side;
    let settings =
        vec![side.regularisation, side.unobserved_weight, side.frequency_exponent, side.mean_weight];
    let tensors = vec![
        tensor("user_factors", 30, turned(&model.users)),
        tensor("item_factors", 25, turned(&model.items)),
        LoadedTensor { name: "settings".into(), shape: vec![4], data: LoadedData::F32(settings) },
    ];
    let loaded = Als::load(&mut Arrays::new(tensors)).unwrap();
    let candidates: Vec<u32> = (0..25).collect();
    for user in 0..30 {
        for row in [None, Some(user)] {
            let (mut expected, mut found) = ([0.0; 25], [0.0; 25]);
            model.scorer(&candidates).score(User::of(Some(user), shop.row(user)), &mut expected);
            loaded.scorer(&candidates).score(User::of(row, shop.row(user)), &mut found);
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-4, "{row:?}: {found} {expected}");
            }
        }
    }
}
