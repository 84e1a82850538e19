//! Similarities against hand-worked tables, and what must not change them.

use super::*;
use crate::progress::Silent;
use crate::recommender::{Interactions, Model};
use proptest::prelude::*;

const SIMILARITIES: [Similarity; 5] =
    [Similarity::Cosine, Similarity::Bm25, Similarity::Tfidf, Similarity::Jaccard, Similarity::LogLikelihood];

fn resources(max_memory_bytes: u64) -> Resources<'static> {
    Resources { seed: 1, max_memory_bytes, progress: &Silent }
}

fn fitted(interactions: &Interactions, params: Params) -> ItemKnn {
    fit(&params.check().unwrap(), interactions.into(), &resources(1 << 30)).unwrap()
}

/// Items × items, with 0 for what is not kept.
fn dense(model: &ItemKnn) -> Vec<Vec<f32>> {
    let row = |item| {
        let mut row = vec![0.0; model.items()];
        let (others, weights) = model.0.row(item);
        for (&other, &weight) in others.iter().zip(weights) {
            row[other as usize] = weight;
        }
        row
    };
    (0..model.items() as u32).map(row).collect()
}

fn near(a: f32, b: f32) -> bool {
    (a - b).abs() <= 1e-4 * (1.0 + a.abs())
}

#[test]
fn a_similarity_is_chosen_by_its_name() {
    let mut params = crate::recommender::Params::default_of("item_knn").unwrap();
    params.set("similarity", "log_likelihood").unwrap();
    assert!(params.set("similarity", "likeness").is_err());
    assert!(params.set("similarity", "bm25").is_ok());
}

#[test]
fn one_item_one_user_and_equal_rows_are_no_trouble() {
    for similarity in SIMILARITIES {
        let params = Params { similarity, ..Params::default() };
        assert_eq!(dense(&fitted(&Interactions::from_triples(1, 1, [(0, 0, 1.0)]), params)), [[0.0]]);
        let one_user = Interactions::from_triples(1, 3, [(0, 0, 1.0), (0, 2, 1.0)]);
        assert!(dense(&fitted(&one_user, params))[1].iter().all(|&weight| weight == 0.0));
        let equal = (0..6).flat_map(|user| (0..4).map(move |item| (user, item, 1.0)));
        let rows = dense(&fitted(&Interactions::from_triples(6, 4, equal), params));
        assert!((1..4).all(|item| rows[0][item] == rows[0][1]), "{similarity:?}");
    }
}

#[test]
fn memory_is_bounded() {
    let some = Interactions::from_triples(2, 2, [(0, 0, 1.0), (1, 1, 1.0)]);
    let refused = fit(&Params::default().check().unwrap(), (&some).into(), &resources(50)).err();
    assert!(matches!(refused, Some(ModelError::TooLarge { .. })));
}

const USERS: u32 = 12;
const ITEMS: u32 = 9;

fn cells() -> impl Strategy<Value = Vec<(u32, u32, f32)>> {
    let cell = (0..USERS, 0..ITEMS, 1u8..9).prop_map(|(user, item, weight)| (user, item, f32::from(weight)));
    proptest::collection::vec(cell, 1..60)
}

proptest! {
    #[test]
    fn other_numbers_for_users_and_items_change_nothing_else(cells in cells(), turn in 1..ITEMS) {
        for similarity in SIMILARITIES {
            let params = Params { similarity, ..Params::default() };
            let (users, items) = (USERS as usize, ITEMS as usize);
            let moved = |item: u32| (item * 2 + turn) % ITEMS;
            let turned = cells.iter().map(|&(user, item, weight)| (USERS - 1 - user, moved(item), weight));
            let plain = dense(&fitted(&Interactions::from_triples(users, items, cells.clone()), params));
            let other = dense(&fitted(&Interactions::from_triples(users, items, turned), params));
            for a in 0..ITEMS {
                for b in 0..ITEMS {
                    let (x, y) = (plain[a as usize][b as usize], other[moved(a) as usize][moved(b) as usize]);
                    prop_assert!(near(x, y), "{:?}: {} {}", similarity, x, y);
                }
            }
        }
    }

    #[test]
    fn somebody_unrelated_changes_nothing(cells in cells()) {
        let (users, items) = (USERS as usize + 1, ITEMS as usize + 2);
        let apart = [(USERS, ITEMS, 1.0), (USERS, ITEMS + 1, 3.0)];
        let more = cells.iter().copied().chain(apart);
        let with = fitted(&Interactions::from_triples(users, items, more), Params::default());
        let without = fitted(&Interactions::from_triples(users, items, cells), Params::default());
        for item in 0..ITEMS {
            prop_assert_eq!(with.0.row(item), without.0.row(item));
        }
    }
}
