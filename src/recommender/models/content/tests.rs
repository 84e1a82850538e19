//! New products are found by what they share with what somebody has.

use super::*;
use crate::progress::Silent;
use crate::recommender::{Description, Interactions};

const RESOURCES: Resources<'_> = Resources { seed: 5, max_memory_bytes: 1 << 30, progress: &Silent };

fn fitted(
    params: Params,
    interactions: &Interactions,
    descriptions: &Descriptions,
) -> Result<Content, ModelError> {
    let observed = Observed { items: Some(descriptions), ..interactions.into() };
    fit(&params.check()?, observed, &RESOURCES)
}

fn product(text: &str, category: &[&str], brand: &str) -> Description {
    Description {
        text: text.into(),
        category_path: category.iter().map(|&level| level.into()).collect(),
        brand: Some(brand.into()),
        ..Description::default()
    }
}

#[test]
fn what_nobody_bought_is_found_by_what_it_is() {
    let descriptions = Descriptions(vec![
        product("Chef's knife 20 cm", &["Home", "Kitchen"], "Sharp"),
        product("Cutting board", &["Home", "Kitchen"], "Wood"),
        product("Running shoe", &["Sport", "Shoes"], "Quick"),
        product("Trail shoe", &["Sport", "Shoes"], "Quick"),
        // Nobody has bought these yet.
        product("Paring knife 8 cm", &["Home", "Kitchen"], "Sharp"),
        product("Road shoe", &["Sport", "Shoes"], "Quick"),
    ]);
    let bought = Interactions::from_triples(2, 6, [(0, 0, 1.0), (0, 1, 1.0), (1, 2, 1.0), (1, 3, 1.0)]);
    let model = fitted(Params::default(), &bought, &descriptions).unwrap();
    let new = [4, 5];
    let mut scores = [0.0; 2];
    assert!(model.scorer(&new).score(User::of(Some(0), bought.row(0)), &mut scores));
    assert!(scores[0] > scores[1], "{scores:?}");
    assert!(model.scorer(&new).score(User::of(None, bought.row(1)), &mut scores), "somebody new with items");
    assert!(scores[1] > scores[0], "{scores:?}");
    assert!(!model.scorer(&new).score(User::default(), &mut scores), "somebody of whom nothing is known");
    assert_eq!(scores, [0.0; 2]);
    let why = model.explain(User::of(Some(0), bought.row(0)), 4, 1);
    assert_eq!(why[0].item, 0, "the other knife speaks for the knife");
}

/// Customers stay with a brand; names are drawn from the same few words and tell nothing.
fn loyal_to_brands() -> (Interactions, Descriptions) {
    let described = |item: u32| Description {
        text: format!("word{} word{}", item * 7 % 11, item * 5 % 13),
        brand: Some(format!("brand{}", item % 10)),
        ..Description::default()
    };
    let bought = (0..200u32)
        .flat_map(|user| (0..4).map(move |n| (user, user % 10 + 10 * ((user / 10 + n * 3) % 20), 1.0)));
    (Interactions::from_triples(200, 200, bought), Descriptions((0..200).map(described).collect()))
}

#[test]
fn what_customers_go_by_is_learned() {
    let (bought, descriptions) = loyal_to_brands();
    let model = fitted(Params::default(), &bought, &descriptions).unwrap();
    let brand = model.part_weights[vectors::Part::Brand as usize];
    assert!(brand > 0.8, "{:?}", model.part_weights);
    assert!((model.part_weights.iter().sum::<f32>() - 1.0).abs() < 1e-6);
}

#[test]
fn where_too_little_was_bought_the_given_weights_hold() {
    let (_, descriptions) = loyal_to_brands();
    let few = Interactions::from_triples(2, 200, [(0, 0, 1.0), (0, 10, 1.0), (1, 5, 1.0)]);
    let params = Params {
        words: 3.0,
        brand: 1.0,
        pieces: 0.0,
        category: 0.0,
        price: 0.0,
        picture: 0.0,
        ..Params::default()
    };
    assert_eq!(fitted(params, &few, &descriptions).unwrap().part_weights, [0.75, 0.0, 0.0, 0.25, 0.0, 0.0]);
    let (bought, _) = loyal_to_brands();
    let given = Params { learn: false, ..params };
    assert_eq!(fitted(given, &bought, &descriptions).unwrap().part_weights, [0.75, 0.0, 0.0, 0.25, 0.0, 0.0]);
}

#[test]
fn without_descriptions_it_says_what_to_do() {
    let (bought, _) = loyal_to_brands();
    let checked = Params::default().check().unwrap();
    assert_eq!(fit(&checked, (&bought).into(), &RESOURCES).err(), Some(ModelError::NoDescriptions));
    let empty = Descriptions(vec![Description::default(); 200]);
    assert_eq!(fitted(Params::default(), &bought, &empty).err(), Some(ModelError::NoDescriptions));
    assert!(ModelError::NoDescriptions.to_string().contains("titles"));
}

#[test]
fn where_nothing_is_alike_nobody_is_scored() {
    let descriptions = Descriptions(vec![product("cup", &["Home"], "A"), product("hat", &["Wear"], "B")]);
    let bought = Interactions::from_triples(1, 2, [(0, 0, 1.0)]);
    let model = fitted(Params::default(), &bought, &descriptions).unwrap();
    let mut scores = [1.0; 2];
    assert!(!model.scorer(&[0, 1]).score(User::of(Some(0), bought.row(0)), &mut scores));
    assert_eq!(scores, [0.0; 2]);
}

#[test]
fn weights_and_memory_are_checked() {
    let (bought, descriptions) = loyal_to_brands();
    let refused = |params: Params| matches!(params.check(), Err(ModelError::Parameter { .. }));
    assert!(refused(Params { brand: -1.0, ..Params::default() }));
    assert!(refused(Params { price: f32::NAN, ..Params::default() }));
    let none = Params {
        words: 0.0,
        pieces: 0.0,
        category: 0.0,
        brand: 0.0,
        price: 0.0,
        picture: 0.0,
        ..Params::default()
    };
    assert!(refused(none));
    let small = Resources { max_memory_bytes: 10_000, ..RESOURCES };
    let observed = Observed { items: Some(&descriptions), ..(&bought).into() };
    let checked = Params::default().check().unwrap();
    assert!(matches!(fit(&checked, observed, &small), Err(ModelError::TooLarge { .. })));
}
