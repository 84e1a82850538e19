//! At which time of year things sold.

use crate::recommender::Log;

const DAY: i64 = 86_400;
const YEAR: i64 = 365 * DAY;
/// What sold in so many days from today on, in earlier years, is of the season.
const AHEAD: i64 = 45 * DAY;
/// And so many days before, for what is sold early.
const BEHIND: i64 = 15 * DAY;
/// Deeds that an item's season is believed from: below, it is drawn to that of all items.
const BELIEVED: f64 = 10.0;

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
