//! The history against a naive model in memory, and what happens to it when things go wrong.

use super::*;
use crate::money::Money;
use crate::progress::{Progress, Silent};
use crate::records::{Customer, Event, EventKind, Events, Product};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

/// An event as a test says it: which id, which second, whose, which of a few contents.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    id: Option<u8>,
    second: u8,
    customer: u8,
    amount: u8,
}

fn batch(lines: &[Line]) -> Events {
    let mut events = Events::default();
    for line in lines {
        let id = line.id.map(|id| format!("e{id}"));
        let customer = format!("c{}", line.customer);
        events.push(Event {
            id: id.as_deref(),
            kind: EventKind::ALL[line.amount as usize % 7],
            at_us: at(line.second.into()).timestamp_micros(),
            customer: (line.customer > 0).then_some(customer.as_str()),
            product: Some("π"),
            order: None,
            quantity: f64::from(line.amount),
            value: (line.amount > 1).then(|| Money::from_units(line.amount.into())),
            currency: Some("EUR"),
            source: "",
        });
    }
    events
}

fn lines_of(snapshot: &Snapshot, range: EventRange) -> Vec<(String, Line)> {
    let mut lines = Vec::new();
    for events in snapshot.events(range).unwrap() {
        for event in events.unwrap().iter() {
            let digits = |text: Option<&str>| text.map(|text| text[1..].parse().unwrap());
            assert_eq!((event.product, event.currency, event.order), (Some("π"), Some("EUR"), None));
            assert_eq!(event.kind, EventKind::ALL[event.quantity as usize % 7]);
            assert_eq!(event.value, (event.quantity > 1.0).then(|| Money::from_units(event.quantity as i64)));
            let line = Line {
                id: digits(event.id),
                second: (event.at() - at(0)).num_seconds() as u8,
                customer: digits(event.customer).unwrap_or(0),
                amount: event.quantity as u8,
            };
            lines.push((event.source.to_owned(), line));
        }
    }
    lines.sort();
    lines
}

/// What the history should hold, the simplest way.
#[derive(Default)]
struct Model {
    by_id: BTreeMap<(String, u8), Line>,
    /// How often each line without an id happened.
    plain: BTreeMap<(String, Line), usize>,
    /// Id → (title, active).
    products: BTreeMap<u8, (u8, bool)>,
}

impl Model {
    fn read(&mut self, source: &str, lines: &[Line]) {
        let mut seen = BTreeMap::<Line, usize>::new();
        for line in lines {
            match line.id {
                Some(id) => {
                    self.by_id.insert((source.into(), id), line.clone());
                }
                None => *seen.entry(line.clone()).or_default() += 1,
            }
        }
        for (line, count) in seen {
            let known = self.plain.entry((source.into(), line)).or_default();
            *known = count.max(*known);
        }
    }

    fn lines(&self) -> Vec<(String, Line)> {
        let by_id = self.by_id.iter().map(|((source, _), line)| (source.clone(), line.clone()));
        let plain = self.plain.iter().flat_map(|(line, count)| std::iter::repeat_n(line.clone(), *count));
        let mut lines: Vec<_> = by_id.chain(plain).collect();
        lines.sort();
        lines
    }

    fn read_products(&mut self, products: &[(u8, u8)], coverage: Coverage) {
        if coverage == Coverage::Everything {
            self.products.values_mut().for_each(|product| product.1 = false);
        }
        for (id, title) in products {
            self.products.insert(*id, (*title, true));
        }
    }
}

fn product(id: u8, title: u8) -> Product {
    Product { id: id.to_string(), title: title.to_string(), active: true, ..Product::default() }
}

#[derive(Debug, Clone)]
struct Sync {
    source: &'static str,
    lines: Vec<Line>,
    products: Vec<(u8, u8)>,
    everything: bool,
    cut: usize,
}

fn syncs() -> impl Strategy<Value = Vec<Sync>> {
    let line = (proptest::option::of(0u8..12), 0u8..30, 0u8..3, 0u8..4)
        .prop_map(|(id, second, customer, amount)| Line { id, second, customer, amount });
    let sync = (
        prop_oneof![Just("orders"), Just("web")],
        proptest::collection::vec(line, 0..40),
        proptest::collection::vec((0u8..10, 0u8..3), 0..12),
        any::<bool>(),
        1usize..9,
    )
        .prop_map(|(source, lines, products, everything, cut)| Sync {
            source,
            lines,
            products,
            everything,
            cut,
        });
    proptest::collection::vec(sync, 1..14)
}

fn apply(history: &History, sync: &Sync, now: DateTime<Utc>) -> Committed {
    let coverage = if sync.everything { Coverage::Everything } else { Coverage::Part };
    let mut update = history.begin().unwrap();
    for lines in sync.lines.chunks(sync.cut) {
        update.events(sync.source, &batch(lines)).unwrap();
    }
    for products in sync.products.chunks(sync.cut) {
        let products: Vec<Product> = products.iter().map(|(id, title)| product(*id, *title)).collect();
        update.products(&products).unwrap();
    }
    let coverage = [(Reading::Products, coverage), (Reading::Events(sync.source.into()), coverage)];
    update.commit(&coverage, now, &Silent).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_sequence_of_readings_gives_what_the_model_holds(syncs in syncs()) {
        let folder = tempfile::tempdir().unwrap();
        let mut model = Model::default();
        let mut versions = BTreeMap::new();
        for (number, sync) in syncs.iter().enumerate() {
            // Opened anew each time: nothing lives in memory only.
            let history = History::open(folder.path()).unwrap();
            let before = history.snapshot().unwrap().counts();
            let committed = apply(&history, sync, at(1000 + number as i64));
            model.read(sync.source, &sync.lines);
            let coverage = if sync.everything { Coverage::Everything } else { Coverage::Part };
            model.read_products(&sync.products, coverage);

            let snapshot = history.snapshot().unwrap();
            let counts = snapshot.counts();
            let lines = model.lines();
            prop_assert_eq!(lines_of(&snapshot, EventRange::all()), lines.clone());
            prop_assert_eq!(counts.events, lines.len() as u64);
            prop_assert_eq!(counts.events - before.events, committed.new_events);
            let products: BTreeMap<u8, (u8, bool)> = snapshot.products().unwrap().into_iter()
                .map(|p| (p.id.parse().unwrap(), (p.title.parse().unwrap(), p.active))).collect();
            prop_assert_eq!(&products, &model.products);
            prop_assert_eq!(counts.products, products.len() as u64);
            prop_assert_eq!(counts.active_products, products.values().filter(|p| p.1).count() as u64);
            snapshot.verify().unwrap();
            versions.insert(committed.version, lines);

            let range = EventRange::between(at(5), at(20));
            let within: Vec<_> = model.lines().into_iter().filter(|(_, l)| (5..20).contains(&l.second)).collect();
            prop_assert_eq!(lines_of(&snapshot, range), within);
        }
        // Older versions stay as they were.
        let history = History::open(folder.path()).unwrap();
        for (version, lines) in versions {
            let snapshot = history.snapshot_at(version).unwrap();
            prop_assert_eq!(lines_of(&snapshot, EventRange::all()), lines);
        }
    }
}

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
