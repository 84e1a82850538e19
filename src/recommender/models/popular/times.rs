//! When things sold: lately, and at which time of year.

use crate::recommender::{Interactions, Log};

const DAY: i64 = 86_400;
const YEAR: i64 = 365 * DAY;
/// What sold in so many days from today on, in earlier years, is of the season.
const AHEAD: i64 = 45 * DAY;
/// And so many days before, for what is sold early.
const BEHIND: i64 = 15 * DAY;
/// Deeds that an item's season is believed from: below, it is drawn to that of all items.
const BELIEVED: f64 = 10.0;

/// The same pairs, each weighing less the longer ago its deeds were; a pair's weight is shared by its deeds alike.
/// Pairs that the log does not know are taken as of its end.
pub fn decayed(interactions: &Interactions, log: &Log, half_life_days: f32) -> Interactions {
    let end = end(log);
    let half_life = f64::from(half_life_days) * DAY as f64;
    let mut shares: Vec<(f64, u32)> = Vec::new();
    let mut triples = Vec::with_capacity(interactions.len());
    for user in 0..interactions.users() as u32 {
        let (items, weights) = interactions.row(user);
        shares.clear();
        shares.resize(items.len(), (0.0, 0));
        if (user as usize) < log.users() {
            let past = log.past(user);
            for (item, at) in past.items.iter().zip(past.at) {
                if let Ok(place) = items.binary_search(item) {
                    shares[place].0 += (-((end - at) as f64) / half_life).exp2();
                    shares[place].1 += 1;
                }
            }
        }
        for ((&item, &weight), &(sum, deeds)) in items.iter().zip(weights).zip(&shares) {
            let share = if deeds == 0 { 1.0 } else { sum / f64::from(deeds) };
            triples.push((user, item, weight * share as f32));
        }
    }
    Interactions::from_triples(interactions.users(), interactions.items(), triples)
}

/// For each item, how many times its deeds lay in the season that comes next, measured by those of all items; `None`
/// before there is a year to compare with.
pub fn season(log: &Log) -> Option<Vec<f32>> {
    let end = end(log);
    let first = log.deeds().map(|deed| deed.at).min()?;
    if end - first < YEAR {
        return None;
    }
    let is_season = |at: i64| {
        let since = (end - at).rem_euclid(YEAR);
        // The last weeks themselves are no earlier year.
        end - at > BEHIND && (since <= BEHIND || since >= YEAR - AHEAD)
    };
    let mut of_items = vec![(0f64, 0f64); log.items()];
    let (mut within, mut all) = (0f64, 0f64);
    for deed in log.deeds() {
        let (season, every) = &mut of_items[deed.item as usize];
        *every += 1.0;
        all += 1.0;
        if is_season(deed.at) {
            *season += 1.0;
            within += 1.0;
        }
    }
    let usual = within / all;
    if usual <= 0.0 {
        return None;
    }
    let factor =
        |&(season, every): &(f64, f64)| ((season + BELIEVED * usual) / ((every + BELIEVED) * usual)) as f32;
    Some(of_items.iter().map(factor).collect())
}

fn end(log: &Log) -> i64 {
    log.deeds().map(|deed| deed.at).max().unwrap_or_default()
}
