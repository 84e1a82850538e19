//! Who did what under one kind of event: the log as one matrix for each kind, and one user's past alike.

use super::Params;
use crate::recommender::{Interactions, Kind, Log, Past, top_k};

/// The kinds of events in the log, the strongest first.
pub fn kinds_in(log: &Log) -> Vec<Kind> {
    let mut found = [false; Kind::ALL.len()];
    for user in 0..log.users() as u32 {
        for &kind in log.past(user).kinds {
            found[kind as usize] = true;
        }
    }
    Kind::ALL.into_iter().filter(|&kind| found[kind as usize]).rev().collect()
}

/// The user's different items under `kind`, ascending, with what their age leaves of 1; the newest ones where they
/// are more than the parameters allow.
pub fn signs(past: Past<'_>, kind: Kind, params: &Params) -> Vec<(u32, f32)> {
    let newest = past.at.last().copied().unwrap_or(0);
    let mut signs: Vec<(u32, i64)> = past
        .items
        .iter()
        .zip(past.kinds)
        .zip(past.at)
        .rev()
        .filter(|((_, found), _)| **found == kind)
        .map(|((&item, _), &at)| (item, newest.saturating_sub(at)))
        .collect();
    // The sort is stable: the newest deed of each item is the first.
    signs.sort_by_key(|&(item, _)| item);
    signs.dedup_by_key(|&mut (item, _)| item);
    if signs.len() > params.max_items_per_user {
        signs.sort_by_key(|&(item, age)| (age, item));
        signs.truncate(params.max_items_per_user);
        signs.sort_unstable_by_key(|&(item, _)| item);
    }
    let half_life_seconds = f64::from(params.half_life_days) * 86_400.0;
    let left = |age: i64| {
        if half_life_seconds > 0.0 { (-(age as f64) / half_life_seconds).exp2() as f32 } else { 1.0 }
    };
    signs.into_iter().map(|(item, age)| (item, left(age))).collect()
}

/// Users × items, 1 where the user did `kind` with the item, before the second `until` where one is given.
pub fn seen(log: &Log, kind: Kind, items: usize, until: Option<i64>, params: &Params) -> Interactions {
    let ageless = Params { half_life_days: 0.0, ..*params };
    let rows = (0..log.users() as u32).flat_map(|user| {
        let past = before(log.past(user), until);
        signs(past, kind, &ageless).into_iter().map(move |(item, _)| (user, item, 1.0))
    });
    Interactions::from_triples(log.users(), items, rows)
}

/// What of the past lies before the second `until`.
pub fn before(past: Past<'_>, until: Option<i64>) -> Past<'_> {
    let end = until.map_or(past.at.len(), |until| past.at.partition_point(|&at| at < until));
    Past { items: &past.items[..end], kinds: &past.kinds[..end], at: &past.at[..end] }
}

/// The same for interactions without times: of users with more items than `most` the heaviest.
pub fn heaviest(interactions: &Interactions, most: usize) -> Interactions {
    let rows = (0..interactions.users() as u32).flat_map(|user| {
        let (items, weights) = interactions.row(user);
        let kept: Vec<u32> = if items.len() > most {
            top_k(weights, most, |_| false).into_iter().map(|at| items[at as usize]).collect()
        } else {
            items.to_vec()
        };
        kept.into_iter().map(move |item| (user, item, 1.0))
    });
    Interactions::from_triples(interactions.users(), interactions.items(), rows)
}
