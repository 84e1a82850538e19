//! What no shop should send, and some will: each is a typed error or a defined result, for every model.

use super::*;
use crate::recommender::Past;
use proptest::prelude::*;

/// A shop of these (user, item, weight).
fn shop(users: usize, items: usize, triples: &[(u32, u32, f32)]) -> Shop {
    Shop::new(Interactions::from_triples(users, items, triples.iter().copied()))
}

/// Learns and scores everybody, known and new; an error is an answer, a score that is not finite is none.
fn try_all(kind: &str, shop: &Shop) -> Result<Vec<Vec<f32>>, ModelError> {
    let model = params(kind).fit(shop.observed(), &resources(&Silent))?;
    assert_eq!(model.items(), shop.interactions.items(), "{kind}");
    let mut all = Vec::new();
    for user in 0..shop.interactions.users() as u32 {
        for row in [Some(user), None] {
            let (_, scores) = scores(&*model, shop, user, row);
            assert!(scores.iter().all(|score| score.is_finite()), "{kind}: {scores:?}");
            all.push(scores);
        }
    }
    Ok(all)
}

#[test]
fn weights_that_are_no_numbers_are_left_out() {
    let sound = [(0, 0, 1.0), (0, 1, 2.0), (1, 0, 1.0), (1, 2, 1.0), (2, 1, 1.0), (2, 2, 1.0)];
    let nonsense =
        [(0, 2, f32::NAN), (1, 1, f32::INFINITY), (2, 0, f32::NEG_INFINITY), (2, 3, -1.0), (1, 3, 0.0)];
    let both: Vec<_> = sound.into_iter().chain(nonsense).collect();
    for &kind in Params::KINDS {
        let expected = try_all(kind, &shop(3, 4, &sound)).unwrap();
        assert_eq!(try_all(kind, &shop(3, 4, &both)).unwrap(), expected, "{kind}");
    }
}

#[test]
fn weights_beyond_all_measure_are_an_error_or_finite_scores() {
    for huge in [1e6, 1e20, f32::MAX] {
        let triples = [(0, 0, huge), (0, 0, huge), (0, 1, 1.0), (1, 0, huge), (1, 1, huge), (2, 1, 1e-30)];
        for &kind in Params::KINDS {
            match try_all(kind, &shop(3, 3, &triples)) {
                Ok(_) | Err(ModelError::NotFinite) => {}
                Err(error) => panic!("{kind}: {huge}: {error}"),
            }
        }
    }
}

#[test]
fn the_smallest_shops_work() {
    let one_of_each = shop(1, 1, &[(0, 0, 1.0)]);
    let one_user = shop(1, 5, &[(0, 1, 1.0), (0, 3, 1.0)]);
    let one_item = shop(5, 1, &[(0, 0, 1.0), (4, 0, 2.0)]);
    let somebody_without = shop(4, 3, &[(0, 0, 1.0), (0, 1, 1.0), (3, 0, 1.0)]);
    for &kind in Params::KINDS {
        for shop in [&one_of_each, &one_user, &one_item, &somebody_without] {
            try_all(kind, shop).unwrap_or_else(|error| panic!("{kind}: {error}"));
        }
        let model = fit(kind, &somebody_without);
        assert!(
            !scores(&*model, &somebody_without, 1, Some(1)).0,
            "{kind}: a row without items is nobody known"
        );
    }
}

#[test]
fn users_who_are_all_the_same_get_the_same() {
    let triples: Vec<_> = (0..30u32).flat_map(|user| (0..4u32).map(move |item| (user, item, 1.0))).collect();
    for &kind in Params::KINDS {
        let shop = shop(30, 6, &triples);
        let model = fit(kind, &shop);
        let (_, first) = scores(&*model, &shop, 0, Some(0));
        let (_, last) = scores(&*model, &shop, 29, Some(29));
        for (first, last) in first.iter().zip(&last) {
            assert!(first.is_finite() && (first - last).abs() < 1e-4, "{kind}: {first} {last}");
        }
    }
}

#[test]
fn lists_longer_than_there_are_items_hold_all_items() {
    let (train, test) = checkerboard();
    for &kind in Params::KINDS {
        let model = fit(kind, &train);
        let nothing = Interactions::from_triples(40, 40, []);
        let found = evaluate(&*model, train.observed(), &nothing, &test, 1000, &Silent).unwrap();
        assert_eq!((found.quality.recall, found.quality.coverage), (1.0, 1.0), "{kind}");
        let places = model.scorer(&[5]).best(&[train.user(0, Some(0))], 9, &|_, _| false, &mut [0.0]);
        assert!(places[0].as_ref().is_none_or(|places| places == &[0]), "{kind}");
    }
}

#[test]
fn users_and_items_the_model_never_saw_are_nobody_and_nothing() {
    let (train, _) = checkerboard();
    for &kind in Params::KINDS {
        let model = fit(kind, &train);
        let (personal, _) = scores_of(&*model, User { row: Some(1_000_000), ..User::default() });
        assert!(!personal, "{kind}: a row beyond");
        // Products that came after the training.
        let (items, weights) = ([2, 40, u32::MAX], [1.0; 3]);
        let kinds = [Kind::Purchase; 3];
        let past = Past { items: &items, kinds: &kinds, at: &[1, 2, 3] };
        let with_new = User { row: None, items: &items, weights: &weights, past };
        let (_, found) = scores_of(&*model, with_new);
        assert!(found.iter().all(|score| score.is_finite()), "{kind}");
        let none = model.explain(with_new, 4, usize::MAX).into_iter().find(|part| part.item >= 40);
        assert_eq!(none, None, "{kind}");
        let (items, past) = ([40, 41], Past { items: &[40, 41], kinds: &kinds[..2], at: &[1, 2] });
        let only_new = User { row: None, items: &items, weights: &weights[..2], past };
        assert!(!scores_of(&*model, only_new).0, "{kind}: only products it never saw");
    }
}

#[test]
fn a_log_or_descriptions_that_lack_are_an_error_or_a_defined_result() {
    let (train, _) = checkerboard();
    let none = Log::from_deeds(40, 40, vec![]);
    let blank = Descriptions(vec![Description::default(); 40]);
    for &kind in Params::KINDS {
        for (log, items) in
            [(None, None), (Some(&train.log), None), (None, Some(&train.items)), (Some(&none), Some(&blank))]
        {
            let observed = Observed { interactions: &train.interactions, log, items };
            let Ok(model) = params(kind).fit(observed, &resources(&Silent)) else { continue };
            let user = User::of(Some(3), train.interactions.row(3));
            let (_, scores) = scores_of(&*model, user);
            assert!(scores.iter().all(|score| score.is_finite()), "{kind}");
        }
    }
}

#[test]
fn no_parameter_brings_a_model_down() {
    let (train, _) = checkerboard();
    for &kind in Params::KINDS {
        let fields = serde_json::to_value(params(kind)).unwrap();
        for name in fields.as_object().unwrap().keys().filter(|name| *name != "model") {
            for value in ["-1", "0", "-0.5", "1e39", "1e30", "null", "\"\""] {
                let mut params = params(kind);
                if params.set(name, value).is_err() {
                    continue;
                }
                if let Ok(model) = params.fit(train.observed(), &resources(&Silent)) {
                    let (_, scores) = scores(&*model, &train, 0, Some(0));
                    assert!(scores.iter().all(|score| score.is_finite()), "{kind}: {name} = {value}");
                }
            }
        }
    }
}

#[test]
fn little_memory_is_refused_or_enough() {
    let (train, _) = checkerboard();
    for &kind in Params::KINDS {
        for max_memory_bytes in [0, 1, 1000, 10_000] {
            match params(kind).fit(train.observed(), &Resources { max_memory_bytes, ..resources(&Silent) }) {
                Ok(model) => assert_eq!(model.items(), 40, "{kind}"),
                Err(ModelError::TooLarge { needed_mb, allowed_mb, advice }) => {
                    assert!(needed_mb >= allowed_mb && !advice.is_empty(), "{kind}");
                }
                Err(error) => panic!("{kind}: {error}"),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn any_small_shop_is_learned_twice_alike(
        (users, items, triples) in (1usize..9, 1usize..9).prop_flat_map(|(users, items)| {
            let triple = (0..users as u32, 0..items as u32, prop_oneof![Just(1.0f32), 0.001f32..1000.0, -1.0f32..0.0]);
            (Just(users), Just(items), proptest::collection::vec(triple, 0..40))
        })
    ) {
        for &kind in Params::KINDS {
            let shop = shop(users, items, &triples);
            let once = try_all(kind, &shop);
            prop_assert_eq!(&once, &try_all(kind, &shop), "{}", kind);
            let refused = shop.interactions.is_empty().then_some(ModelError::NoInteractions);
            prop_assert_eq!(once.err(), refused, "{}", kind);
        }
    }
}
