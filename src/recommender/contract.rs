//! What every model must keep: one suite, run for each kind.

use super::evaluation::evaluate;
use super::{
    Interactions, LoadedData, LoadedTensor, Model, ModelError, Params, Resources, TensorData, User, load,
};
use crate::progress::{Progress, Silent};

fn resources(progress: &dyn Progress) -> Resources<'_> {
    Resources { seed: 7, max_memory_bytes: 1 << 30, progress }
}

fn params(kind: &str) -> Params {
    let mut params = Params::default_of(kind).unwrap();
    if kind == "als" {
        params.set("factors", "8").unwrap();
    }
    params
}

fn fit(kind: &str, interactions: &Interactions) -> Box<dyn Model> {
    params(kind).fit(interactions, &resources(&Silent)).unwrap()
}

/// Even users like even items, odd users odd ones; each lacks the one of its colour that equals its number / 2.
fn checkerboard() -> (Interactions, Interactions) {
    let (users, items) = (40u32, 40u32);
    let missing = |user: u32| (user / 2 * 2 + user % 2) % items;
    let likes = |user: u32| (0..items).filter(move |item| item % 2 == user % 2);
    let train = (0..users).flat_map(|user| {
        likes(user).filter(move |&item| item != missing(user)).map(move |item| (user, item, 1.0))
    });
    let test = (0..users).map(|user| (user, missing(user), 1.0));
    let shape = (users as usize, items as usize);
    (Interactions::from_triples(shape.0, shape.1, train), Interactions::from_triples(shape.0, shape.1, test))
}

fn scores(model: &dyn Model, interactions: &Interactions, user: u32, row: Option<u32>) -> (bool, Vec<f32>) {
    let candidates: Vec<u32> = (0..model.items() as u32).collect();
    let (items, weights) = interactions.row(user);
    let mut scores = vec![0.0; candidates.len()];
    let personal = model.scorer(&candidates).score(User::of(row, (items, weights)), &mut scores);
    (personal, scores)
}

fn stored(model: &dyn Model) -> Vec<LoadedTensor> {
    let read = |data: TensorData<'_>| match data {
        TensorData::F32(data) => LoadedData::F32(data.into_owned()),
        TensorData::U32(data) => LoadedData::U32(data.into_owned()),
        TensorData::U64(data) => LoadedData::U64(data.into_owned()),
    };
    model
        .tensors()
        .into_iter()
        .map(|tensor| LoadedTensor {
            name: tensor.name.into_owned(),
            shape: tensor.shape,
            data: read(tensor.data),
        })
        .collect()
}

#[test]
fn the_checkerboards_missing_square_comes_first() {
    let (train, test) = checkerboard();
    for kind in ["item_knn", "als", "ease"] {
        let found = evaluate(&*fit(kind, &train), &train, &train, &test, 1, &Silent).unwrap();
        assert_eq!((found.quality.recall, found.users), (1.0, 40), "{kind}");
    }
}

#[test]
fn scores_do_not_depend_on_threads_candidates_or_storage() {
    let (train, _) = checkerboard();
    for &kind in Params::KINDS {
        let in_pool = |threads| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap()
                .install(|| fit(kind, &train))
        };
        let (one, four) = (in_pool(1), in_pool(4));
        let reloaded = load(kind, stored(&*one)).unwrap();
        for user in 0..4 {
            let expected = scores(&*one, &train, user, Some(user));
            assert_eq!(scores(&*four, &train, user, Some(user)), expected, "{kind}: threads");
            assert_eq!(scores(&*reloaded, &train, user, Some(user)), expected, "{kind}: storage");
            let (items, weights) = train.row(user);
            let mut few = [0.0; 2];
            one.scorer(&[3, 30]).score(User::of(Some(user), (items, weights)), &mut few);
            assert_eq!(few, [expected.1[3], expected.1[30]], "{kind}: candidates");
        }
    }
}

#[test]
fn somebody_new_is_told_from_somebody_known() {
    let (train, _) = checkerboard();
    for &kind in Params::KINDS {
        let model = fit(kind, &train);
        let empty = Interactions::from_triples(1, 40, []);
        assert!(!scores(&*model, &empty, 0, None).0, "{kind}: nothing known");
        let (personal, of_new) = scores(&*model, &train, 5, None);
        assert_eq!(personal, model.is_personal(), "{kind}");
        let (_, of_known) = scores(&*model, &train, 5, Some(5));
        for (new, known) in of_new.iter().zip(&of_known) {
            assert!((new - known).abs() < 1e-4, "{kind}: {new} {known}");
        }
    }
}

#[test]
fn explanations_add_up_to_the_score() {
    let (train, _) = checkerboard();
    for kind in ["item_knn", "als", "ease"] {
        let model = fit(kind, &train);
        let (items, weights) = train.row(2);
        let (_, all) = scores(&*model, &train, 2, Some(2));
        let parts = model.explain(User::of(Some(2), (items, weights)), 4, usize::MAX);
        let sum: f32 = parts.iter().map(|part| part.amount).sum();
        assert!((sum - all[4]).abs() < 1e-4, "{kind}: {sum} {}", all[4]);
        assert!(parts.is_sorted_by(|a, b| a.amount >= b.amount));
        assert_eq!(model.explain(User::of(Some(2), (items, weights)), 4, 2), parts[..2]);
    }
}

#[test]
fn nothing_to_learn_from_is_refused() {
    for &kind in Params::KINDS {
        let empty = Interactions::from_triples(2, 2, [(0, 0, f32::NAN)]);
        let refused = Params::default_of(kind).unwrap().fit(&empty, &resources(&Silent)).err();
        assert_eq!(refused, Some(ModelError::NoInteractions));
    }
    assert!(matches!(Params::default_of("magic"), Err(ModelError::UnknownModel(..))));
}

#[test]
fn parameters_are_checked_and_memory_is_bounded() {
    let (train, _) = checkerboard();
    for (kind, key, value) in [
        ("als", "factors", "0"),
        ("als", "regularisation", "-1"),
        ("item_knn", "neighbours", "0"),
        ("ease", "regularisation", "0"),
    ] {
        let mut params = Params::default_of(kind).unwrap();
        params.set(key, value).unwrap();
        assert!(
            matches!(params.fit(&train, &resources(&Silent)), Err(ModelError::Parameter { .. })),
            "{key}"
        );
    }
    let mut als = Params::default_of("als").unwrap();
    assert!(matches!(als.set("factor", "8"), Err(ModelError::UnknownParameter(..))));
    assert!(matches!(als.set("factors", "many"), Err(ModelError::Unreadable { .. })));
    let small = Resources { max_memory_bytes: 1000, ..resources(&Silent) };
    assert!(matches!(als.fit(&train, &small), Err(ModelError::TooLarge { .. })));
}

#[test]
fn cancelling_ends_the_work() {
    struct Cancelled;
    impl Progress for Cancelled {
        fn phase(&self, _: &str, _: Option<u64>) {}
        fn advance(&self, _: u64) {}
        fn cancelled(&self) -> bool {
            true
        }
    }
    let (train, _) = checkerboard();
    for kind in ["item_knn", "als", "ease"] {
        assert_eq!(
            params(kind).fit(&train, &resources(&Cancelled)).err(),
            Some(ModelError::Cancelled),
            "{kind}"
        );
    }
}

#[test]
fn damaged_arrays_are_refused() {
    let (train, _) = checkerboard();
    for &kind in Params::KINDS {
        let whole = stored(&*fit(kind, &train));
        for missing in 0..whole.len() {
            let mut tensors = whole.clone();
            tensors.remove(missing);
            assert!(matches!(load(kind, tensors), Err(ModelError::Damaged(_))), "{kind}");
        }
    }
}
