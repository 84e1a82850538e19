//! Which sessions are found, and what they vote for, against numbers worked by hand.

use super::*;
use crate::progress::Silent;
use crate::recommender::{Deed, Interactions, Kind, Log, Past};

fn plain() -> Params {
    Params { length_damping: 0.0, rarity: 0.0, earlier_sessions: 0.5, ..Params::default() }
}

/// From (user, item, minute); `items` counts them.
fn learned(params: Params, items: usize, deeds: &[(u32, u32, i64)]) -> Session {
    let users = deeds.iter().map(|deed| deed.0 as usize + 1).max().unwrap_or(1);
    let told = deeds
        .iter()
        .map(|&(user, item, minute)| Deed { user, item, kind: Kind::View, at: minute * 60 })
        .collect();
    let log = Log::from_deeds(users, items, told);
    let triples = deeds.iter().map(|&(user, item, _)| (user, item, 1.0));
    let interactions = Interactions::from_triples(users, items, triples);
    let observed = Observed { interactions: &interactions, log: Some(&log), items: None };
    let resources = Resources { seed: 1, max_memory_bytes: 1 << 30, progress: &Silent };
    fit(&params.check().unwrap(), observed, &resources).unwrap()
}

fn scores(model: &Session, items: &[u32], minutes: &[i64]) -> Vec<f32> {
    let candidates: Vec<u32> = (0..model.items() as u32).collect();
    let mut scores = vec![0.0; candidates.len()];
    let at: Vec<i64> = minutes.iter().map(|minute| minute * 60).collect();
    let kinds = vec![Kind::View; items.len()];
    let user = User { past: Past { items, kinds: &kinds, at: &at }, ..User::default() };
    let personal = model.scorer(&candidates).score(user, &mut scores);
    assert_eq!(personal, scores.iter().any(|&score| score > 0.0));
    for item in candidates {
        let parts = model.explain(user, item, usize::MAX);
        let sum: f32 = parts.iter().map(|part| part.amount).sum();
        assert!((sum - scores[item as usize]).abs() < 1e-5, "{item}: {parts:?} {}", scores[item as usize]);
        assert!(parts.iter().all(|part| items.contains(&part.item)));
    }
    scores
}

#[test]
fn sessions_are_cut_at_long_pauses_and_kept_newest_first() {
    let model = learned(plain(), 5, &[(0, 0, 0), (0, 1, 30), (0, 3, 61), (0, 2, 70), (1, 4, 50), (1, 0, 50)]);
    let held: Vec<&[u32]> = (0..3).map(|session| model.held_by(session)).collect();
    assert_eq!(held, [&[2, 3][..], &[0, 4], &[0, 1]]);
    assert_eq!(model.sessions_with(0), [1, 2]);
}

#[test]
fn only_the_newest_sessions_of_an_item_are_kept() {
    let params = Params { recent_sessions: 2, ..plain() };
    let deeds: Vec<_> =
        (0..5).flat_map(|user| [(user, 0, i64::from(user)), (user, 1, i64::from(user))]).collect();
    let model = learned(params, 3, &deeds);
    assert_eq!((model.sessions_with(0), model.starts.len()), (&[0, 1][..], 3));
}

/// Two moments: item 0 an hour-less ago (π = ½, λ = 0.9), item 1 now (π = 1, λ = 1). Session {0, 2} has r = ½ and
/// votes 0.45, session {1, 3} votes 1, session {0, 1, 4} has r = 1.5 and shares item 1 last: 1.5.
#[test]
fn votes_are_as_by_hand() {
    let seen = [(0, 0, 0), (0, 2, 0), (1, 1, 0), (1, 3, 0), (2, 0, 0), (2, 1, 0), (2, 4, 0)];
    let model = learned(plain(), 5, &seen);
    let found = scores(&model, &[0, 1], &[100, 110]);
    for (score, expected) in found.iter().zip([1.95, 2.5, 0.45, 1.0, 1.5]) {
        assert!((score - expected).abs() < 1e-6, "{found:?}");
    }
    // The same within one second: one moment, everything counts 1.
    assert_eq!(scores(&model, &[0, 1], &[100, 100])[2..], [1.0, 1.0, 2.0]);
    // Item 0 in a session before: half of ½.
    assert_eq!(scores(&model, &[0, 1], &[10, 110])[2..], [0.225, 1.0, 1.25]);
    // Damped by length, and rarer items preferred: 4 stood in one of three sessions.
    let weighed = learned(Params { length_damping: 1.0, rarity: 1.0, ..plain() }, 5, &seen);
    let expected = 2.0 / 3.0 * 4f32.ln();
    assert!((scores(&weighed, &[0, 1], &[5, 5])[4] - expected).abs() < 1e-6);
}

#[test]
fn the_nearest_vote_and_ties_go_to_the_newer() {
    let seen = [(0, 0, 0), (0, 1, 0), (1, 0, 5), (1, 2, 5), (2, 0, 5), (2, 3, 5)];
    let model = learned(Params { neighbours: 1, ..plain() }, 4, &seen);
    assert_eq!(scores(&model, &[0], &[9]), [1.0, 0.0, 1.0, 0.0]);
    let model = learned(Params { neighbours: 2, ..plain() }, 4, &seen);
    assert_eq!(scores(&model, &[0], &[9]), [2.0, 0.0, 1.0, 1.0]);
}

#[test]
fn old_moments_and_earlier_sessions_can_be_left_out() {
    let seen = [(0, 0, 0), (0, 2, 0), (1, 1, 0), (1, 3, 0)];
    let last_only = learned(Params { earlier_sessions: 0.0, ..plain() }, 4, &seen);
    assert_eq!(scores(&last_only, &[0, 1], &[0, 50]), [0.0, 1.0, 0.0, 1.0]);
    let one_moment = learned(Params { moments: 1, ..plain() }, 4, &seen);
    assert_eq!(scores(&one_moment, &[0, 1], &[49, 50]), [0.0, 1.0, 0.0, 1.0]);
    // Seen again: the newest time counts.
    assert_eq!(scores(&one_moment, &[1, 0, 1], &[48, 49, 50]), [0.0, 1.0, 0.0, 1.0]);
}

#[test]
fn whatever_teaches_nothing_gives_a_model_that_says_nothing() {
    // One item; one user; sessions of one item each.
    for deeds in [&[(0, 0, 0)][..], &[(0, 0, 0), (0, 0, 0)], &[(0, 0, 0), (0, 1, 100)]] {
        let model = learned(plain(), 2, deeds);
        assert_eq!(scores(&model, &[0], &[0]), [0.0, 0.0]);
    }
    let all_at_once = learned(plain(), 3, &[(0, 0, 7), (0, 1, 7), (1, 1, 7), (1, 2, 7)]);
    assert_eq!(scores(&all_at_once, &[0], &[7]), [1.0, 1.0, 0.0]);
    // An item that stood in no session.
    assert_eq!(scores(&learned(plain(), 4, &[(0, 0, 7), (0, 1, 7)]), &[3], &[7]), [0.0; 4]);
}

#[test]
fn extreme_times_and_an_empty_log_are_fine() {
    let deed = |item, at| Deed { user: 0, item, kind: Kind::View, at };
    let log = Log::from_deeds(1, 2, vec![deed(0, i64::MIN), deed(1, i64::MAX)]);
    let interactions = Interactions::from_triples(1, 2, [(0, 0, 1.0), (0, 1, 1.0)]);
    let resources = Resources { seed: 1, max_memory_bytes: 1 << 30, progress: &Silent };
    let fit = |log: &Log| {
        let observed = Observed { interactions: &interactions, log: Some(log), items: None };
        fit(&plain().check().unwrap(), observed, &resources).unwrap()
    };
    let model = fit(&log);
    let user = User { past: log.past(0), ..User::default() };
    assert!(!model.scorer(&[0, 1]).score(user, &mut [0.0; 2]));
    assert_eq!(fit(&Log::default()).held_by(0), [0, 1]);
}
