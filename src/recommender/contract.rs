//! What every model must keep: one suite, run for each kind.

mod bad_input;
mod numbers;

use super::evaluation::evaluate;
use super::{
    Deed, Description, Descriptions, Interactions, Kind, LoadedData, LoadedTensor, Log, Model, ModelError,
    Observed, Params, Past, Resources, TensorData, User, load,
};
use crate::progress::{Progress, Silent};

fn resources(progress: &dyn Progress) -> Resources<'_> {
    Resources { seed: 7, max_memory_bytes: 1 << 30, progress }
}

/// Small where a model has a size: the checkerboard is small, and so are the others.
fn params(kind: &str) -> Params {
    let mut params = Params::default_of(kind).unwrap();
    match params.set("factors", "8") {
        Ok(()) | Err(ModelError::UnknownParameter(..)) => params,
        Err(error) => panic!("{kind}: {error}"),
    }
}

/// All that a model may learn from, so that every model has what it needs: the interactions, the same as a log, and
/// descriptions in which even items are unlike odd ones.
struct Shop {
    interactions: Interactions,
    log: Log,
    items: Descriptions,
}

impl Shop {
    fn new(interactions: Interactions) -> Self {
        let (users, items) = (interactions.users(), interactions.items());
        let deeds = (0..users as u32).flat_map(|user| {
            // Within a quarter of an hour, in no order that the numbers have, so that only who did what tells items
            // apart.
            let at = move |item: u32| {
                let within = i64::from((item * 7919 + user * 104_729) % 997);
                1_700_000_000 + i64::from(user) * 86_400 + within
            };
            let items = interactions.row(user).0.iter();
            items.map(move |&item| Deed { user, item, kind: Kind::Purchase, at: at(item) })
        });
        let log = Log::from_deeds(users, items, deeds.collect());
        let described = |item: u32| {
            let colour = if item.is_multiple_of(2) { "black" } else { "white" };
            Description {
                text: format!("{colour} square {item}"),
                category_path: vec!["board".into(), colour.into()],
                price: Some(if item.is_multiple_of(2) { 10.0 } else { 30.0 }),
                ..Description::default()
            }
        };
        Self { log, items: Descriptions((0..items as u32).map(described).collect()), interactions }
    }

    fn observed(&self) -> Observed<'_> {
        Observed { interactions: &self.interactions, log: Some(&self.log), items: Some(&self.items) }
    }

    /// The user as the model saw them, or as somebody new who did the same.
    fn user(&self, user: u32, row: Option<u32>) -> User<'_> {
        User { past: self.log.past(user), ..User::of(row, self.interactions.row(user)) }
    }
}

fn fit(kind: &str, shop: &Shop) -> Box<dyn Model> {
    params(kind).fit(shop.observed(), &resources(&Silent)).unwrap_or_else(|error| panic!("{kind}: {error}"))
}

/// Even users like even items, odd users odd ones; each lacks the one of its colour that equals its number / 2.
fn checkerboard() -> (Shop, Interactions) {
    let (users, items) = (40u32, 40u32);
    let missing = |user: u32| (user / 2 * 2 + user % 2) % items;
    let likes = |user: u32| (0..items).filter(move |item| item % 2 == user % 2);
    let train = (0..users).flat_map(|user| {
        likes(user).filter(move |&item| item != missing(user)).map(move |item| (user, item, 1.0))
    });
    let test = (0..users).map(|user| (user, missing(user), 1.0));
    let shape = (users as usize, items as usize);
    (
        Shop::new(Interactions::from_triples(shape.0, shape.1, train)),
        Interactions::from_triples(shape.0, shape.1, test),
    )
}

fn scores_of(model: &dyn Model, user: User<'_>) -> (bool, Vec<f32>) {
    let candidates: Vec<u32> = (0..model.items() as u32).collect();
    let mut scores = vec![0.0; candidates.len()];
    let personal = model.scorer(&candidates).score(user, &mut scores);
    (personal, scores)
}

fn scores(model: &dyn Model, shop: &Shop, user: u32, row: Option<u32>) -> (bool, Vec<f32>) {
    scores_of(model, shop.user(user, row))
}

pub(super) fn stored(model: &dyn Model) -> Vec<LoadedTensor> {
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

/// The kinds whose picks depend on the user.
fn personal_kinds() -> Vec<&'static str> {
    let (train, _) = checkerboard();
    let kinds: Vec<_> =
        Params::KINDS.iter().copied().filter(|kind| fit(kind, &train).is_personal()).collect();
    assert!(kinds.len() >= 2, "{kinds:?}");
    kinds
}

#[test]
fn the_checkerboards_missing_square_comes_first() {
    let (train, test) = checkerboard();
    for kind in personal_kinds() {
        let model = fit(kind, &train);
        let found = evaluate(&*model, train.observed(), &train.interactions, &test, 1, &Silent).unwrap();
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
        let one = in_pool(1);
        let others = [in_pool(2), in_pool(8)];
        let reloaded = load(kind, stored(&*one)).unwrap();
        for user in 0..4 {
            let expected = scores(&*one, &train, user, Some(user));
            for other in &others {
                assert_eq!(scores(&**other, &train, user, Some(user)), expected, "{kind}: threads");
            }
            assert_eq!(scores(&*reloaded, &train, user, Some(user)), expected, "{kind}: storage");
            let mut few = [0.0; 2];
            one.scorer(&[3, 30]).score(train.user(user, Some(user)), &mut few);
            assert_eq!(few, [expected.1[3], expected.1[30]], "{kind}: candidates");
        }
    }
}

#[test]
fn the_best_of_many_users_are_the_best_of_each() {
    let (train, _) = checkerboard();
    let candidates: Vec<u32> = (0..40).collect();
    for &kind in Params::KINDS {
        let model = fit(kind, &train);
        // The last is somebody nothing is known of.
        let mut users: Vec<User<'_>> = (0..40).map(|user| train.user(user, Some(user))).collect();
        users.push(User::default());
        let mut scratch = vec![0.0; 40];
        let skip = |n: usize, place: usize| (n + place).is_multiple_of(5);
        let together = model.scorer(&candidates).best(&users, 7, &skip, &mut scratch);
        assert_eq!(together.len(), users.len(), "{kind}");
        for (n, (&user, together)) in users.iter().zip(together).enumerate() {
            let (personal, scores) = scores_of(&*model, user);
            assert_eq!(together.is_some(), personal, "{kind}: user {n}");
            let Some(places) = together else { continue };
            // Rounding may change places of equals, never the scores that stand there.
            let expected = super::top_k(&scores, 7, |place| skip(n, place));
            assert_eq!(places.len(), expected.len(), "{kind}: user {n}");
            for (&place, expected) in places.iter().zip(expected) {
                let (found, expected) = (scores[place as usize], scores[expected as usize]);
                let close = (found - expected).abs() <= 1e-4 * expected.abs().max(1.0);
                assert!(close && !skip(n, place as usize), "{kind}: user {n}: {found} {expected}");
            }
        }
    }
}

#[test]
fn somebody_new_is_told_from_somebody_known() {
    let (train, _) = checkerboard();
    for &kind in Params::KINDS {
        let model = fit(kind, &train);
        assert!(!scores_of(&*model, User::default()).0, "{kind}: nothing known");
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
    for &kind in Params::KINDS {
        let model = fit(kind, &train);
        let user = train.user(2, Some(2));
        let parts = model.explain(user, 4, usize::MAX);
        // A model that does not reason from the user's items has nothing to say.
        if parts.is_empty() {
            continue;
        }
        let (_, all) = scores(&*model, &train, 2, Some(2));
        let sum: f32 = parts.iter().map(|part| part.amount).sum();
        assert!((sum - all[4]).abs() < 1e-4, "{kind}: {sum} {}", all[4]);
        assert!(parts.is_sorted_by(|a, b| a.amount >= b.amount), "{kind}");
        assert!(parts.iter().all(|part| user.items.binary_search(&part.item).is_ok()), "{kind}");
        assert_eq!(model.explain(user, 4, 2), parts[..2], "{kind}");
        assert!(model.explain(user, 4, 0).is_empty(), "{kind}");
    }
}

/// Where scores are sums over the user's items, an explanation says what would be missing without one of them.
#[test]
fn leaving_an_item_out_takes_away_what_it_is_said_to_add() {
    let (train, _) = checkerboard();
    for kind in ["item_knn", "ease", "content", "spectral"] {
        let model = fit(kind, &train);
        let (items, weights) = train.interactions.row(2);
        // One of the other colour speaks against, if anything does.
        let items: Vec<u32> = items.iter().copied().chain([39]).collect();
        let weights: Vec<f32> = weights.iter().copied().chain([1.0]).collect();
        let score = |left_out: Option<u32>| {
            let kept = items.iter().zip(&weights).filter(|(item, _)| Some(**item) != left_out);
            let (items, weights): (Vec<u32>, Vec<f32>) = kept.unzip();
            scores_of(&*model, User::of(None, (&items, &weights))).1[4]
        };
        let whole = score(None);
        let parts = model.explain(User::of(None, (&items, &weights)), 4, usize::MAX);
        assert!(parts.len() > 3, "{kind}");
        for part in parts {
            let missing = whole - score(Some(part.item));
            assert!((missing - part.amount).abs() < 1e-4, "{kind}: {missing} {part:?}");
        }
    }
}

/// Two tastes with exceptions, so that models have reasons of different strength.
fn tastes() -> Shop {
    let likes = |user: u32| {
        (0..40u32).filter(move |item| {
            let chance = (item * 7919 + user * 104_729 + item * user * 31) % 100;
            if item % 2 == user % 2 { chance < 40 } else { chance < 6 }
        })
    };
    let all = (0..80u32).flat_map(|user| likes(user).map(move |item| (user, item, 1.0)));
    Shop::new(Interactions::from_triples(80, 40, all))
}

/// Also where scores are no sums, and the others count differently without one: what spoke for a product most did
/// speak for it.
#[test]
fn without_what_spoke_most_the_score_is_lower() {
    let shop = tastes();
    for kind in personal_kinds() {
        let model = fit(kind, &shop);
        let mut tried = 0;
        for user in 0..80 {
            let whole = shop.user(user, None);
            let (_, scores) = scores_of(&*model, whole);
            let best = super::top_k(&scores, 1, |item| whole.items.contains(&(item as u32)));
            let Some(&best) = best.first().filter(|&&best| scores[best as usize] > 0.0) else { continue };
            let Some(spoke) = model.explain(whole, best, 1).first().copied() else { continue };
            let is_kept = |item: u32| item != spoke.item;
            let row = whole.items.iter().zip(whole.weights).filter(|(item, _)| is_kept(**item));
            let (items, weights): (Vec<u32>, Vec<f32>) = row.unzip();
            let deeds = (0..whole.past.items.len()).filter(|&at| is_kept(whole.past.items[at]));
            let deeds: Vec<_> =
                deeds.map(|at| (whole.past.items[at], whole.past.kinds[at], whole.past.at[at])).collect();
            let past_items: Vec<u32> = deeds.iter().map(|deed| deed.0).collect();
            let kinds: Vec<Kind> = deeds.iter().map(|deed| deed.1).collect();
            let at: Vec<i64> = deeds.iter().map(|deed| deed.2).collect();
            let past = Past { items: &past_items, kinds: &kinds, at: &at };
            let (_, without) = scores_of(&*model, User { past, ..User::of(None, (&items, &weights)) });
            let (before, after) = (scores[best as usize], without[best as usize]);
            assert!(after < before, "{kind}: user {user}, {spoke:?} of {before}: {after} without it");
            tried += 1;
        }
        assert!(tried > 40, "{kind}: {tried}");
    }
}

#[test]
fn nothing_to_learn_from_is_refused() {
    for &kind in Params::KINDS {
        for empty in [Interactions::from_triples(2, 2, [(0, 0, f32::NAN)]), Interactions::default()] {
            let refused = Params::default_of(kind).unwrap().fit(&empty, &resources(&Silent)).err();
            assert_eq!(refused, Some(ModelError::NoInteractions), "{kind}");
        }
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
        ("session", "moments", "0"),
        ("ease", "regularisation", "0"),
        ("multi_event", "neighbours", "0"),
    ] {
        let mut params = Params::default_of(kind).unwrap();
        params.set(key, value).unwrap();
        assert!(
            matches!(params.fit(train.observed(), &resources(&Silent)), Err(ModelError::Parameter { .. })),
            "{key}"
        );
    }
    let mut als = Params::default_of("als").unwrap();
    assert!(matches!(als.set("factor", "8"), Err(ModelError::UnknownParameter(..))));
    assert!(matches!(als.set("factors", "many"), Err(ModelError::Unreadable { .. })));
    let small = Resources { max_memory_bytes: 1000, ..resources(&Silent) };
    for kind in personal_kinds() {
        let refused = params(kind).fit(train.observed(), &small).err();
        assert!(matches!(refused, Some(ModelError::TooLarge { .. })), "{kind}: {refused:?}");
    }
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
    for kind in personal_kinds() {
        assert_eq!(
            params(kind).fit(train.observed(), &resources(&Cancelled)).err(),
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
