//! What is learned from and what is to be found: ways to part one log in two.
//!
//! Each answers which rows are held back, in the order the rows were given, so that whatever else the caller knows of
//! a row (its weight, its kind) is parted alike.

use crate::recommender::models::Random;
use crate::recommender::{Deed, Log};

#[cfg(test)]
mod tests;

/// One thing somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub user: u32,
    pub item: u32,
    /// In any unit.
    pub at: i64,
}

/// What of a user's last item is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Last {
    /// All deeds with that item: nobody learns that the user ever met it. For finding what is new to somebody.
    Item,
    /// The last deed only: what came before it stays, also with the same item. For finding what is bought again.
    Deed,
}

/// Holds back what happened at `cut` or later: the only split in which nothing learned comes after what is to be found.
pub fn from_time(rows: impl Iterator<Item = Row>, cut: i64) -> Vec<bool> {
    rows.map(|row| row.at >= cut).collect()
}

/// Holds back each user's last item, of those with at least two; of several at one time the highest number. Users with
/// a single item (or a single deed, for [`Last::Deed`]) are only learned from.
///
/// *Cost*: two passes, 24 bytes a user.
///
/// # Panics
/// When a user is not below `users`, as slices do.
pub fn last_of_each(users: usize, rows: impl Iterator<Item = Row> + Clone, last: Last) -> Vec<bool> {
    let mut ends: Vec<Option<(i64, u32)>> = vec![None; users];
    for row in rows.clone() {
        let end = &mut ends[row.user as usize];
        *end = (*end).max(Some((row.at, row.item)));
    }
    let is_last = |row: &Row| match (ends[row.user as usize], last) {
        (Some((_, item)), Last::Item) => row.item == item,
        (end, Last::Deed) => end == Some((row.at, row.item)),
        (None, _) => false,
    };
    let mut learns = vec![false; users];
    for row in rows.clone() {
        learns[row.user as usize] |= !is_last(&row);
    }
    rows.map(|row| learns[row.user as usize] && is_last(&row)).collect()
}

/// Ids as numbers that do not depend on who else there is, such as their hashes.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'a> {
    pub users: &'a [u64],
    pub items: &'a [u64],
}

/// Holds back the given share of each user's items, rounded to whole ones, drawn by chance; at least one is left to
/// learn from. All rows of one item go the same way. Times are not looked at.
///
/// The draw depends on the seed and the keys of the user and the item alone: other users, or the order of the rows,
/// change nothing. *Shapes*: a key for every number. *Units*: `share` from 0 to 1. *Cost*: O(n log n), 16 bytes a row.
///
/// # Panics
/// When a user or item has no key, as slices do.
pub fn share_of_each(
    rows: impl Iterator<Item = Row> + Clone,
    share: f64,
    seed: u64,
    keys: Keys<'_>,
) -> Vec<bool> {
    let drawn = |row: &Row| {
        let of_user = Random(seed ^ keys.users[row.user as usize]).next();
        Random(of_user ^ keys.items[row.item as usize]).next()
    };
    let mut draws: Vec<(u32, u64)> = rows.clone().map(|row| (row.user, drawn(&row))).collect();
    draws.sort_unstable();
    draws.dedup();
    let users = draws.last().map_or(0, |&(user, _)| user as usize + 1);
    // The lowest draws are held back: below which each user's are.
    let mut bars = vec![0u64; users];
    for of_user in draws.chunk_by(|a, b| a.0 == b.0) {
        let held = ((of_user.len() as f64 * share).round() as usize).min(of_user.len() - 1);
        bars[of_user[0].0 as usize] = of_user[held].1;
    }
    rows.map(|row| drawn(&row) < bars[row.user as usize]).collect()
}

/// The log's deeds as rows, in seconds.
pub fn rows(log: &Log) -> impl Iterator<Item = Row> + Clone {
    log.deeds().map(|deed| Row { user: deed.user, item: deed.item, at: deed.at })
}

/// Two logs of the same users and items: what is learned from, and what is held back.
///
/// *Shapes*: `held` as long as the log, in the order of [`rows`].
pub fn divide(log: &Log, held: &[bool]) -> (Log, Log) {
    let part = |of: bool| -> Vec<Deed> {
        log.deeds().zip(held).filter(|&(_, &held)| held == of).map(|(deed, _)| deed).collect()
    };
    let log_of = |deeds| Log::from_deeds(log.users(), log.items(), deeds);
    (log_of(part(false)), log_of(part(true)))
}
