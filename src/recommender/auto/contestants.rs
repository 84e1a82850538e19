//! Who takes part in a race: for each kind of model its defaults, and what else is worth trying in another shop.

use crate::recommender::{ModelError, Observed, Params};

/// The kinds that can learn from what there is. Blends are made of the others.
pub fn kinds(observed: Observed<'_>) -> Vec<&'static str> {
    let can_learn = |&kind: &&str| match kind {
        "popular" | "blend" => false,
        "content" => observed.items.is_some(),
        // Without times a session is all that somebody ever did, and item-to-item does that better.
        "session" | "multi_event" => observed.log.is_some_and(|log| !log.is_empty()),
        _ => true,
    };
    Params::KINDS.iter().copied().filter(can_learn).collect()
}

/// Parameters by name, beside the defaults. Each list changes what differed most between shops in our trials; what
/// differed little stays as it is.
const ITEM_KNN: [&[(&str, &str)]; 5] = [
    &[("asymmetry", "0.7")],
    &[("asymmetry", "0.7"), ("user_damping", "0.8")],
    &[("shrinkage", "20")],
    &[("user_damping", "0.3"), ("shrinkage", "0.5")],
    &[("similarity", "bm25")],
];
const ALS: [&[(&str, &str)]; 4] = [
    &[("regularisation", "0.02")],
    &[("regularisation", "0.003")],
    &[("unobserved_total", "30")],
    &[("unobserved_total", "4")],
];
const EASE: [&[(&str, &str)]; 4] = [
    &[("regularisation", "3")],
    &[("regularisation", "20")],
    &[("user_damping", "0.4")],
    &[("item_damping", "0.4"), ("popularity", "0")],
];
const SPECTRAL: [&[(&str, &str)]; 4] = [
    &[("low_pass_share", "0.1")],
    &[("low_pass_share", "0.6")],
    &[("sharpening", "1")],
    &[("factors", "64"), ("sharpening", "0")],
];
const SESSION: [&[(&str, &str)]; 3] = [
    &[("recent_sessions", "20")],
    &[("recent_sessions", "200")],
    &[("recent_sessions", "500"), ("rarity", "1"), ("earlier_sessions", "0.3")],
];
const MULTI_EVENT: [&[(&str, &str)]; 2] = [&[("neighbours", "10")], &[("half_life_days", "0")]];

/// Where there are times: how soon what was done is old. A wholesaler's products of the season need a month; where
/// nothing changes nothing may be forgotten.
const RECENCY: [&[(&str, &str)]; 3] =
    [&[("half_life_days", "120")], &[("half_life_days", "60")], &[("half_life_days", "25")]];

/// The defaults first.
pub fn of(kind: &str, observed: Observed<'_>) -> Result<Vec<Params>, ModelError> {
    let others: &[&[(&str, &str)]] = match kind {
        "item_knn" => &ITEM_KNN,
        "als" => &ALS,
        "ease" => &EASE,
        "spectral" => &SPECTRAL,
        "session" => &SESSION,
        "multi_event" => &MULTI_EVENT,
        _ => &[],
    };
    let is_timed = observed.log.is_some_and(|log| !log.is_empty());
    let recency: &[&[(&str, &str)]] = match kind {
        "item_knn" | "als" | "ease" | "spectral" if is_timed => &RECENCY,
        _ => &[],
    };
    let defaults = Params::default_of(kind)?;
    let mut all = vec![defaults.clone()];
    for changes in others.iter().chain(recency) {
        let mut params = defaults.clone();
        for (key, value) in *changes {
            params.set(key, value)?;
        }
        all.push(params);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommender::{Deed, Interactions, Kind, Log};

    #[test]
    fn every_contestant_can_start_and_differs_from_the_others() {
        let bought = Interactions::from_triples(1, 1, [(0, 0, 1.0)]);
        let log = Log::from_deeds(1, 1, vec![Deed { user: 0, item: 0, kind: Kind::Purchase, at: 1 }]);
        let timed = Observed { log: Some(&log), ..(&bought).into() };
        for kind in Params::KINDS {
            let all = of(kind, timed).unwrap();
            assert!(all.iter().all(|params| params.kind() == *kind && params.check().is_ok()), "{kind}");
            assert!((1..all.len()).all(|n| !all[..n].contains(&all[n])), "{kind}");
        }
    }
}
