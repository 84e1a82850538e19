//! The history against a naive model in memory.

use super::*;
use crate::money::Money;
use crate::progress::Silent;
use crate::records::{Event, EventKind, Events, Product};
use proptest::prelude::*;
use std::collections::BTreeMap;

pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

/// An event as a test says it: which id, which second, whose, which of a few contents.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line {
    pub id: Option<u8>,
    pub second: u8,
    pub customer: u8,
    pub amount: u8,
}

pub(super) fn batch(lines: &[Line]) -> Events {
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

pub(super) fn lines_of(snapshot: &Snapshot, range: EventRange) -> Vec<(String, Line)> {
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
