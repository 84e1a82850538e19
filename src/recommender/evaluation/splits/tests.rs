//! What is held back, and that it does not hang on who else there is.

use super::*;
use crate::recommender::Kind;

fn row(user: u32, item: u32, at: i64) -> Row {
    Row { user, item, at }
}

#[test]
fn the_last_item_is_held_back_whole_or_as_one_deed() {
    // User 0 had item 1 before it was the last; user 1 has one item only; user 2 two at the same time.
    let rows =
        [row(0, 1, 5), row(0, 2, 6), row(0, 1, 9), row(1, 4, 1), row(1, 4, 2), row(2, 3, 7), row(2, 0, 7)];
    let held = |last| last_of_each(3, rows.iter().copied(), last);
    assert_eq!(held(Last::Item), [true, false, true, false, false, true, false]);
    assert_eq!(held(Last::Deed), [false, false, true, false, true, true, false]);
    assert_eq!(from_time(rows.iter().copied(), 7), [false, false, true, false, false, true, true]);
}

#[test]
fn a_share_of_each_is_drawn_alike_whoever_else_there_is() {
    let keys: Vec<u64> = (0..40).map(|n| n * n + 17).collect();
    let of = |users: std::ops::Range<u32>| -> Vec<Row> {
        users.flat_map(|user| (0..user % 11).map(move |item| row(user, item * 3 % 37, 0))).collect()
    };
    let draw = |rows: &[Row], seed| {
        let keys = Keys { users: &keys, items: &keys };
        share_of_each(rows.iter().copied(), 0.3, seed, keys)
    };
    let (all, few) = (of(0..40), of(20..30));
    let held = draw(&all, 1);
    for user in 0..40u32 {
        let of_user = all.iter().zip(&held).filter(|(row, held)| row.user == user && **held).count();
        let expected = [0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3][user as usize % 11];
        assert_eq!(of_user, expected, "user {user}");
    }
    let of_few: Vec<bool> = all
        .iter()
        .zip(&held)
        .filter(|(row, _)| (20..30).contains(&row.user))
        .map(|(_, &held)| held)
        .collect();
    assert_eq!(draw(&few, 1), of_few);
    assert_ne!(draw(&all, 2), held);
    let mut reversed = all.clone();
    reversed.reverse();
    let mut again = draw(&reversed, 1);
    again.reverse();
    assert_eq!(again, held);
    let everything = share_of_each(all.iter().copied(), 1.0, 1, Keys { users: &keys, items: &keys });
    let left = everything.iter().filter(|&&held| !held).count();
    assert_eq!(left, (0..40u32).filter(|user| user % 11 > 0).count());
}

#[test]
fn a_log_is_parted_with_its_kinds() {
    let deed = |user, item, kind, at| Deed { user, item, kind, at };
    let deeds = vec![deed(1, 0, Kind::Purchase, 9), deed(0, 1, Kind::View, 3), deed(1, 2, Kind::Cart, 4)];
    let log = Log::from_deeds(2, 3, deeds);
    let held = from_time(rows(&log), 9);
    let (before, after) = divide(&log, &held);
    assert_eq!((before.len(), after.len(), before.users(), after.items()), (2, 1, 2, 3));
    assert_eq!((after.past(1).kinds, before.past(1).items), (&[Kind::Purchase][..], &[2][..]));
}
