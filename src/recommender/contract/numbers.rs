//! Numbers are names: whoever numbers customers and products otherwise gets the same scores for them.

use super::*;
use crate::recommender::models::Random;

/// 0 to n − 1 in another order.
fn shuffled(n: usize, random: &mut Random) -> Vec<u32> {
    let mut order: Vec<u32> = (0..n as u32).collect();
    for at in (1..n).rev() {
        order.swap(at, (random.uniform() * (at + 1) as f64) as usize);
    }
    order
}

/// The same shop, in which user u is called `users[u]` and item i `items[i]`.
fn renumbered(shop: &Shop, users: &[u32], items: &[u32]) -> Shop {
    let (user, item) = (|user: u32| users[user as usize], |item: u32| items[item as usize]);
    let triples = (0..users.len() as u32).flat_map(|row| {
        let (items, weights) = shop.interactions.row(row);
        items.iter().zip(weights).map(move |(&of_row, &weight)| (user(row), item(of_row), weight))
    });
    let deeds = shop.log.deeds().map(|deed| Deed { user: user(deed.user), item: item(deed.item), ..deed });
    let mut described = vec![Description::default(); items.len()];
    for (at, description) in shop.items.0.iter().enumerate() {
        described[items[at] as usize] = description.clone();
    }
    Shop {
        interactions: Interactions::from_triples(users.len(), items.len(), triples),
        log: Log::from_deeds(users.len(), items.len(), deeds.collect()),
        items: Descriptions(described),
    }
}

/// Tastes that overlap, and weights of which no two are equal.
fn overlapping(random: &mut Random) -> Shop {
    let mut triples = Vec::new();
    for user in 0..40u32 {
        for item in 0..24u32 {
            let distance = (user * 24 / 40).abs_diff(item);
            if random.uniform() < 1.2 / (1.0 + f64::from(distance)) {
                triples.push((user, item, 1.0 + random.uniform() as f32));
            }
        }
    }
    Shop::new(Interactions::from_triples(40, 24, triples))
}

/// The largest difference of a score, in units of the root mean square of all.
fn difference(params: &Params, seed: u64) -> f32 {
    let mut random = Random(seed);
    let shop = overlapping(&mut random);
    let (users, items) = (shuffled(40, &mut random), shuffled(24, &mut random));
    let other = renumbered(&shop, &users, &items);
    let learn = |shop: &Shop| params.fit(shop.observed(), &resources(&Silent)).unwrap();
    let (model, of_other) = (learn(&shop), learn(&other));
    let (mut largest, mut squares) = (0f32, 0f32);
    for user in 0..40u32 {
        let (_, expected) = scores(&*model, &shop, user, Some(user));
        let renamed = users[user as usize];
        let (_, found) = scores(&*of_other, &other, renamed, Some(renamed));
        for (item, expected) in expected.iter().enumerate() {
            largest = largest.max((found[items[item] as usize] - expected).abs());
            squares += expected * expected;
        }
    }
    largest / (squares / (40.0 * 24.0)).sqrt()
}

#[test]
fn who_is_called_what_changes_no_score() {
    for kind in ["popular", "item_knn", "session", "multi_event", "content", "ease"] {
        for seed in 0..8 {
            let difference = difference(&params(kind), seed);
            assert!(difference < 1e-4, "{kind}: {difference}");
        }
    }
}

/// These begin with random numbers for each row. With as many factors as items and time to finish there is one answer
/// only, wherever they begin.
#[test]
fn who_is_called_what_changes_little_where_learning_begins_by_chance() {
    for (kind, most) in [("als", 0.05), ("spectral", 0.01)] {
        let mut params = params(kind);
        params.set("factors", "24").unwrap();
        params.set("iterations", "100").unwrap();
        for seed in 0..8 {
            let difference = difference(&params, seed);
            assert!(difference < most, "{kind}: {difference}");
        }
    }
}
