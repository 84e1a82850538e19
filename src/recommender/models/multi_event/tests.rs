//! The likelihood ratio against published numbers, and what each kind of event is found to be worth.

use super::indicators::Logarithms;
use super::*;
use crate::progress::Silent;
use crate::recommender::evaluation::user_quality;
use crate::recommender::models::Random;
use crate::recommender::{Deed, Log, Past, top_k};

fn learned(params: Params, log: Option<&Log>, interactions: &Interactions) -> MultiEvent {
    let resources = Resources { seed: 1, max_memory_bytes: 1 << 30, progress: &Silent };
    fit(&params.check().unwrap(), Observed { interactions, log, items: None }, &resources).unwrap()
}

/// All deeds in one weight.
fn alike(users: usize, items: usize, deeds: &[Deed]) -> Interactions {
    Interactions::from_triples(users, items, deeds.iter().map(|deed| (deed.user, deed.item, 1.0)))
}

/// Σ 2 k ln(k / expected), computed on its own with 40 digits.
#[test]
fn likelihood_ratios_are_dunnings() {
    let logarithms = Logarithms::up_to(103_995);
    for ([both, one_only, other_only, neither], expected) in [
        ([1, 0, 0, 1], 2.772_588_722_239_781),
        ([10, 0, 0, 10], 27.725_887_222_397_812),
        ([5, 1995, 0, 100_000], 39.330_521_654_909_61),
        ([1000, 1000, 1000, 100_000], 5_734.342_524_574_862),
        ([4, 6, 40, 60], 0.0),
    ] {
        let all = both + one_only + other_only + neither;
        let ratio = logarithms.likelihood_ratio(both, both + one_only, both + other_only, all);
        assert!((ratio - expected).abs() < 1e-6 * (1.0 + expected), "{ratio} {expected}");
    }
}

/// 20 users bought 0 and 1 together, 20 others bought 2 or 3 alone.
#[test]
fn what_stands_together_by_chance_foretells_nothing() {
    let pairs = (0..20).flat_map(|user| [(user, 0, 1.0), (user, 1, 1.0)]);
    let alone = (20..40).map(|user| (user, 2 + user % 2, 1.0));
    let bought = Interactions::from_triples(40, 5, pairs.chain(alone).chain([(0, 2, 1.0)]));
    let model = learned(Params::default(), None, &bought);
    // One user of twenty bought 2 too: no more than chance.
    assert_eq!(model.indicators[0].row(0).0, [1]);
    assert_eq!(model.indicators[0].row(1), (&[0][..], &[1.0][..]), "the mean strength is 1");
    assert!((2..5).all(|item| model.indicators[0].row(item).0.is_empty()));
}

struct Shop {
    users: u32,
    items: u32,
    older: Vec<Deed>,
    newer: Vec<Deed>,
}

/// Each user has a taste, one of eight. Views are of the taste's first ten items, purchases of its last ten, which is
/// nothing anybody viewed; carts are of anything.
fn shop() -> Shop {
    let (tastes, users, items) = (8, 600, 8 * 20);
    let mut random = Random(5);
    let mut below = |n: u32| (random.uniform() * f64::from(n)) as u32;
    let mut deeds = Vec::new();
    for user in 0..users {
        let first = user % tastes * 20;
        for nth in 0..30 {
            let (kind, item) = match nth % 10 {
                0..3 if below(2) == 0 => (Kind::View, below(items)),
                0..3 => (Kind::View, first + below(10)),
                3..9 => (Kind::Cart, below(items)),
                // A fifth of the purchases are presents.
                _ if below(5) == 0 => (Kind::Purchase, below(items)),
                _ => (Kind::Purchase, first + 10 + below(10)),
            };
            deeds.push(Deed { user, item, kind, at: i64::from(below(1000)) });
        }
    }
    let (older, newer) = deeds.into_iter().partition(|deed| deed.at < 800);
    Shop { users, items, older, newer }
}

/// Mean NDCG among 10 of the newer purchases.
fn quality(shop: &Shop, model: &MultiEvent, log: &Log, interactions: &Interactions) -> f64 {
    let candidates: Vec<u32> = (0..shop.items).collect();
    let mut scorer = model.scorer(&candidates);
    let (mut sum, mut asked) = (0.0, 0.0);
    for user in 0..shop.users {
        let past = log.past(user);
        let bought = |deeds: &[Deed]| {
            let of_user = deeds.iter().filter(|deed| deed.user == user && deed.kind == Kind::Purchase);
            let mut items: Vec<u32> = of_user.map(|deed| deed.item).collect();
            items.sort_unstable();
            items.dedup();
            items
        };
        let owned = bought(&shop.older);
        let mut relevant = bought(&shop.newer);
        relevant.retain(|item| owned.binary_search(item).is_err());
        if relevant.is_empty() {
            continue;
        }
        let mut scores = vec![0.0; candidates.len()];
        scorer.score(User { past, ..User::of(Some(user), interactions.row(user)) }, &mut scores);
        let ranked = top_k(&scores, 10, |item| owned.binary_search(&(item as u32)).is_ok());
        sum += user_quality(&ranked, &relevant, 10).ndcg;
        asked += 1.0;
    }
    sum / asked
}

#[test]
fn views_that_foretell_are_believed_and_carts_that_do_not_are_not() {
    let shop = shop();
    let (users, items) = (shop.users as usize, shop.items as usize);
    let log = Log::from_deeds(users, items, shop.older.clone());
    let interactions = alike(users, items, &shop.older);
    // So low a bar lets noise in, which the shares must deal with.
    let params = Params { min_likelihood_ratio: 1.0, ..Params::default() };
    let mut model = learned(params, Some(&log), &interactions);
    let of = |kind| model.shares().find(|&(found, _)| found == kind).unwrap().1;
    assert!(of(Kind::View) > 0.3 && of(Kind::Cart) < 0.1, "{:?} {:?}", model.shares, model.kinds);
    assert!((model.shares.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    let found = quality(&shop, &model, &log, &interactions);
    model.shares = vec![1.0 / 3.0; 3];
    let equal = quality(&shop, &model, &log, &interactions);
    let one_kind: Vec<Deed> = shop.older.iter().map(|deed| Deed { kind: Kind::Purchase, ..*deed }).collect();
    let merged = Log::from_deeds(users, items, one_kind);
    let merged = quality(&shop, &learned(params, Some(&merged), &interactions), &merged, &interactions);
    assert!(found > equal + 0.02 && found > merged + 0.02, "learned {found}, equal {equal}, merged {merged}");
}

fn deed(user: u32, item: u32, kind: Kind, at: i64) -> Deed {
    Deed { user, item, kind, at }
}

/// 20 users view 0, then buy 1 and 2; 20 others buy 3.
fn viewers() -> Vec<Deed> {
    let viewers = (0..20).flat_map(|user| {
        [deed(user, 0, Kind::View, 1), deed(user, 1, Kind::Purchase, 2), deed(user, 2, Kind::Purchase, 2)]
    });
    viewers.chain((20..40).map(|user| deed(user, 3, Kind::Purchase, 2))).collect()
}

#[test]
fn explanations_add_up_over_kinds_and_old_deeds_count_less() {
    let deeds = viewers();
    let log = Log::from_deeds(40, 4, deeds.clone());
    let params = Params { half_life_days: 1.0, ..Params::default() };
    let model = learned(params, Some(&log), &alike(40, 4, &deeds));
    // So few users: both kinds count alike.
    assert_eq!(model.shares().collect::<Vec<_>>(), [(Kind::Purchase, 0.5), (Kind::View, 0.5)]);
    let kinds = [Kind::View, Kind::Purchase, Kind::View];
    // One day before the newest deed, an item counts half.
    let user =
        User { past: Past { items: &[0, 1, 3], kinds: &kinds, at: &[0, 43_200, 86_400] }, ..User::default() };
    let mut scores = [0.0; 4];
    assert!(model.scorer(&[0, 1, 2, 3]).score(user, &mut scores));
    let expected = [0.0, 0.5 * 0.5, 0.5 * 0.5 + 0.5 * 0.5f32.sqrt(), 0.0];
    for item in 0..4 {
        assert!((scores[item] - expected[item]).abs() < 1e-6, "{scores:?}");
        let parts = model.explain(user, item as u32, usize::MAX);
        let sum: f32 = parts.iter().map(|part| part.amount).sum();
        assert!((sum - scores[item]).abs() < 1e-6, "{parts:?}");
    }
    let strongest: Vec<u32> = model.explain(user, 2, 2).iter().map(|part| part.item).collect();
    assert_eq!(strongest, [1, 0]);
    // Without a past the items are purchases.
    assert!(model.scorer(&[2]).score(User::of(None, (&[1], &[1.0])), &mut scores[..1]));
    assert!(!model.scorer(&[2]).score(User::of(None, (&[0], &[1.0])), &mut scores[..1]));
}

#[test]
fn whatever_teaches_nothing_gives_a_model_that_says_nothing() {
    let silent = |model: &MultiEvent| {
        let candidates: Vec<u32> = (0..model.items() as u32).collect();
        let mut scores = vec![1.0; candidates.len()];
        !model.scorer(&candidates).score(User::of(None, (&[0], &[1.0])), &mut scores)
            && scores.iter().all(|&score| score == 0.0)
    };
    for (users, items, deeds) in [
        (1, 1, vec![deed(0, 0, Kind::Purchase, 7)]),
        (1, 2, vec![deed(0, 0, Kind::Purchase, 7), deed(0, 1, Kind::Purchase, 7)]),
        (2, 2, vec![deed(0, 0, Kind::View, 7), deed(1, 1, Kind::Purchase, 7)]),
        (3, 2, vec![deed(0, 0, Kind::View, i64::MIN), deed(0, 1, Kind::Cart, i64::MAX)]),
    ] {
        let log = Log::from_deeds(users, items, deeds.clone());
        assert!(silent(&learned(Params::default(), Some(&log), &alike(users, items, &deeds))));
    }
    let bought = Interactions::from_triples(3, 2, [(0, 0, 1.0)]);
    let model = learned(Params::default(), Some(&Log::default()), &bought);
    assert!(silent(&model), "an empty log is no log");
    assert_eq!(model.kinds, [Kind::Purchase]);
}

#[test]
fn without_purchases_the_strongest_kind_is_the_target_and_one_second_is_no_past() {
    let at_once: Vec<Deed> = (0..200)
        .flat_map(|user| [deed(user, user % 4, Kind::View, 9), deed(user, 4 + user % 4, Kind::Cart, 9)])
        .collect();
    let log = Log::from_deeds(200, 8, at_once.clone());
    let model = learned(Params::default(), Some(&log), &alike(200, 8, &at_once));
    assert_eq!(model.shares().collect::<Vec<_>>(), [(Kind::Cart, 0.5), (Kind::View, 0.5)]);
    assert_eq!(model.indicators[1].row(2).0, [6]);
}

#[test]
fn only_the_newest_items_of_a_busy_user_count_and_storage_keeps_all_kinds() {
    let mut deeds = viewers();
    deeds.extend((0..4).map(|item| deed(0, item, Kind::Purchase, 10 + i64::from(item))));
    let log = Log::from_deeds(40, 4, deeds.clone());
    let params = Params { max_items_per_user: 2, ..Params::default() };
    let seen = recall::seen(&log, Kind::Purchase, 4, None, &params);
    assert_eq!((seen.row(0).0, seen.row(1).0), (&[2, 3][..], &[1, 2][..]));
    let model = learned(params, Some(&log), &alike(40, 4, &deeds));
    let mut arrays = Arrays::new(crate::recommender::contract::stored(&model));
    let reloaded = MultiEvent::load(&mut arrays).unwrap();
    assert_eq!((&reloaded.indicators, reloaded.shares), (&model.indicators, model.shares.clone()));
    assert_eq!((reloaded.kinds, reloaded.params), (model.kinds, model.params));
}
