//! What happens to the history when things go wrong, and what its versions keep.

use super::tests::{Line, at, batch, lines_of};
use super::*;
use crate::progress::{Progress, Silent};
use crate::records::{Customer, Event, EventKind, Events};
use std::path::Path;

fn some_lines(count: u8) -> Vec<Line> {
    (0..count).map(|n| Line { id: Some(n), second: n, customer: n % 3, amount: n % 5 }).collect()
}

fn add(history: &History, lines: &[Line], now: DateTime<Utc>) -> Committed {
    let mut update = history.begin().unwrap();
    update.events("orders", &batch(lines)).unwrap();
    update.commit(&[], now, &Silent).unwrap()
}

fn files(folder: &Path, part: &str) -> usize {
    std::fs::read_dir(folder.join(part)).unwrap().count()
}

#[test]
fn an_update_that_is_dropped_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    add(&history, &some_lines(5), at(1));
    let mut update = history.begin().unwrap();
    update.events("orders", &batch(&some_lines(9))).unwrap();
    assert!(matches!(history.begin(), Err(HistoryError::Busy)));
    // Somebody else opening the folder meanwhile sweeps nothing of it.
    History::open(folder.path()).unwrap();
    assert_eq!(files(folder.path(), "events"), 2);
    drop(update);
    assert_eq!(files(folder.path(), "events"), 1);
    assert_eq!(history.snapshot().unwrap().counts().events, 5);
    assert_eq!(add(&history, &some_lines(9), at(2)).new_events, 4);
}

/// What a kill leaves before the version's file is renamed: segments, skips, spilled keys, the unfinished version.
#[test]
fn what_a_killed_update_left_is_swept() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    add(&history, &some_lines(5), at(1));
    for left in ["events/000000000002-0000.parquet", "events/000000000002-0001.skip", "spill/0001"] {
        std::fs::write(folder.path().join(left), b"half").unwrap();
    }
    std::fs::write(folder.path().join("versions/000000000002.unfinished"), b"{\"for").unwrap();
    let history = History::open(folder.path()).unwrap();
    assert_eq!(lines_of(&history.snapshot().unwrap(), EventRange::all()).len(), 5);
    assert_eq!((files(folder.path(), "events"), files(folder.path(), "spill")), (1, 0));
    assert_eq!(files(folder.path(), "versions"), 1);
    assert_eq!(add(&history, &some_lines(7), at(2)).version, 2);
}

#[test]
fn damage_is_named_and_never_read_as_data() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    add(&history, &some_lines(50), at(1));
    let segment = std::fs::read_dir(folder.path().join("events")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&segment).unwrap();
    let middle = bytes.len() / 3;
    bytes[middle] ^= 0x10;
    std::fs::write(&segment, &bytes).unwrap();
    let mut events = history.snapshot().unwrap().events(EventRange::all()).unwrap();
    assert!(
        matches!(events.next(), Some(Err(HistoryError::Damaged { path, .. })) if path.ends_with(segment.file_name().unwrap()))
    );
    assert!(events.next().is_none());
    std::fs::write(&segment, &bytes[..middle]).unwrap();
    let error = history.snapshot().unwrap().verify().unwrap_err().to_string();
    assert!(error.contains("bytes, expected"), "{error}");
    std::fs::write(folder.path().join("versions/000000000001.json"), b"{").unwrap();
    assert!(matches!(History::open(folder.path()), Err(HistoryError::Damaged { .. })));
    std::fs::write(folder.path().join("versions/000000000001.json"), b"{\"format\":9}").unwrap();
    assert!(matches!(History::open(folder.path()), Err(HistoryError::NewerFormat { found: 9, .. })));
}

#[test]
fn a_version_can_be_named_and_a_time_too_and_a_reader_keeps_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    assert_eq!(history.snapshot().unwrap().version(), 0);
    let first = {
        add(&history, &some_lines(1), at(1));
        history.snapshot().unwrap()
    };
    for n in 2..40 {
        add(&history, &some_lines(n), at(n.into()));
    }
    assert_eq!(lines_of(&first, EventRange::all()).len(), 1);
    assert_eq!(history.snapshot_as_of(at(30)).unwrap().counts().events, 30);
    assert!(matches!(history.snapshot_at(5), Err(HistoryError::VersionGone { wanted: 5, newest: 39, .. })));
    drop(first);
    add(&history, &some_lines(40), at(40));
    assert!(matches!(history.snapshot_as_of(at(3)), Err(HistoryError::TimeGone { .. })));
    // Merged: 40 syncs of a row each do not end as 40 segments.
    assert!(history.newest().unwrap().segments.len() < 10);
}

#[test]
fn a_reading_that_brings_nothing_new_makes_no_version() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    add(&history, &some_lines(9), at(1));
    let again = add(&history, &some_lines(9), at(2));
    assert_eq!((again.version, again.new_events, again.repeated_events), (1, 0, 9));
    assert_eq!(files(folder.path(), "events"), 1);
}

#[test]
fn an_event_that_moved_in_time_replaces_its_namesake() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    add(&history, &some_lines(9), at(1));
    let moved = Line { second: 200, ..some_lines(1)[0].clone() };
    let committed = add(&history, std::slice::from_ref(&moved), at(2));
    assert_eq!((committed.replaced_events, committed.new_events), (1, 0));
    let lines = lines_of(&history.snapshot().unwrap(), EventRange::all());
    assert_eq!(
        lines.iter().filter(|(_, line)| line.id == Some(0)).collect::<Vec<_>>(),
        [&("orders".into(), moved)]
    );
}

#[test]
fn vanished_customers_become_inactive_and_may_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    let anna = Customer {
        id: "1".into(),
        email: Some("anna@example.org".into()),
        first_name: Some("Anna".into()),
        last_name: None,
        language: Some("de-AT".into()),
        country: Some("AT".into()),
        created_at: Some(at(0)),
        mailable: Some(false),
        active: true,
    };
    let ben = Customer { id: "2".into(), active: true, ..Customer::default() };
    let sync = |customers: &[Customer], now| {
        let mut update = history.begin().unwrap();
        update.customers(customers).unwrap();
        update.commit(&[(Reading::Customers, Coverage::Everything)], at(now), &Silent).unwrap();
        let mut read: Vec<Customer> =
            history.snapshot().unwrap().customers().unwrap().collect::<Result<_, _>>().unwrap();
        read.sort_by(|a, b| a.id.cmp(&b.id));
        read
    };
    assert_eq!(sync(&[ben.clone(), anna.clone()], 1), [anna.clone(), ben.clone()]);
    let gone = Customer { active: false, ..anna.clone() };
    assert_eq!(sync(std::slice::from_ref(&ben), 2), [gone, ben.clone()]);
    assert_eq!(history.snapshot().unwrap().counts().active_customers, 1);
    assert_eq!(sync(&[anna.clone(), ben.clone()], 3), [anna, ben]);
}

/// Stops at its second look.
struct Impatient(std::sync::atomic::AtomicU32);

impl Progress for Impatient {
    fn phase(&self, _: &str, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
    fn cancelled(&self) -> bool {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 0
    }
}

#[test]
fn a_cancelled_commit_leaves_the_old_version() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    let mut update = history.begin().unwrap();
    update.events("orders", &batch(&some_lines(9))).unwrap();
    let cancelled = update.commit(&[], at(1), &Impatient(0.into()));
    assert!(matches!(cancelled, Err(HistoryError::Cancelled)));
    assert_eq!(history.snapshot().unwrap().version(), 0);
    assert_eq!(files(folder.path(), "events"), 0);
}

/// Through the files of `spill`, as a large history is.
#[test]
fn more_rows_than_a_partition_holds_are_compared_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    let read = |from: u32, until: u32, now| {
        let mut update = history.begin().unwrap();
        let mut events = Events::default();
        for start in (from..until).step_by(50_000) {
            events.clear();
            for n in start..until.min(start + 50_000) {
                let customer = n.to_string();
                events.push(Event {
                    id: None,
                    kind: EventKind::Purchase,
                    // Each event happens twice.
                    at_us: at(i64::from(n / 2)).timestamp_micros(),
                    customer: Some(&customer[..customer.len() - 1]),
                    product: Some("p"),
                    order: None,
                    quantity: 1.0,
                    value: None,
                    currency: None,
                    source: "orders",
                });
            }
            update.events("orders", &events).unwrap();
        }
        update.commit(&[(Reading::Events("orders".into()), Coverage::Part)], at(now), &Silent).unwrap()
    };
    let first = read(0, 600_000, 1);
    assert_eq!((first.new_events, first.repeated_events), (600_000, 0));
    let second = read(500_000, 700_000, 2);
    assert_eq!((second.new_events, second.repeated_events), (100_000, 100_000));
    let third = read(0, 700_000, 3);
    assert_eq!((third.new_events, third.version), (0, 2));
    assert_eq!(history.snapshot().unwrap().counts().events, 700_000);
    assert_eq!(files(folder.path(), "spill"), 0);
}

#[test]
fn a_source_that_is_read_in_another_way_forgets_its_old_lines_only() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    let plain = |amount| Line { id: None, second: 1, customer: 1, amount };
    let mut update = history.begin().unwrap();
    update.events("orders", &batch(&[plain(1), plain(2)])).unwrap();
    update.events("web", &batch(&[plain(3)])).unwrap();
    update.commit(&[], at(1), &Silent).unwrap();
    let mut update = history.begin().unwrap();
    update.events("orders", &batch(&[plain(4)])).unwrap();
    let committed =
        update.commit(&[(Reading::Events("orders".into()), Coverage::Anew)], at(2), &Silent).unwrap();
    assert_eq!((committed.dropped_events, committed.new_events), (2, 1));
    let lines = lines_of(&history.snapshot().unwrap(), EventRange::all());
    assert_eq!(lines, [("orders".into(), plain(4)), ("web".into(), plain(3))]);
}
