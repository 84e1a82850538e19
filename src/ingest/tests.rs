//! Whole syncs from a small SQLite database in the role of the shop's.

use super::*;
use crate::config::{Config, DatabaseKind, Field, Mapping, Source};
use crate::data_folder::DataFolder;
use crate::history::{EventRange, History};
use crate::installation::Installation;
use crate::progress::{Progress, Silent};
use crate::store::{Store, shops, syncs};
use chrono::{DateTime, Utc};
use std::path::Path;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_760_000_000, 0).unwrap()
}

fn mapping(name: &str, table: &str, watermark: &str, fields: &[(&str, &str)]) -> Mapping {
    let column = |(field, column): &(&str, &str)| ((*field).to_owned(), Field::Column((*column).to_owned()));
    Mapping {
        name: name.into(),
        table: table.into(),
        watermark: watermark.into(),
        fields: fields.iter().map(column).collect(),
        ..Mapping::default()
    }
}

fn constant(mut mapping: Mapping, field: &str, value: &str) -> Mapping {
    mapping.fields.insert(field.into(), Field::Constant { value: value.into() });
    mapping
}

fn source(folder: &Path) -> Source {
    let lines =
        [("at", "at"), ("customer", "who"), ("product", "sku"), ("quantity", "n"), ("price", "price")];
    Source {
        kind: DatabaseKind::Sqlite,
        file: folder.join("shop.db"),
        overlap_hours: 1,
        anonymous_customers: vec!["guest".into()],
        customers: Some(mapping("", "people", "", &[("id", "id"), ("email", "mail")])),
        products: Some(mapping("", "goods", "", &[("id", "sku"), ("title", "title"), ("price", "price")])),
        events: vec![constant(mapping("orders", "lines", "at", &lines), "kind", "purchase")],
        ..Source::default()
    }
}

/// The shop's own hand on its database.
fn shop(folder: &Path, statements: &str) {
    rusqlite::Connection::open(folder.join("shop.db")).unwrap().execute_batch(statements).unwrap();
}

fn fill(folder: &Path) {
    shop(
        folder,
        "CREATE TABLE people (id INTEGER, mail TEXT);
         INSERT INTO people VALUES (1, 'a@example.org'), (2, 'b@example.org'), (NULL, 'x');
         CREATE TABLE goods (sku TEXT, title TEXT, price NUMERIC);
         INSERT INTO goods VALUES ('p', 'Pen', 1.5), ('q', 'Quill', 9);
         CREATE TABLE lines (at TEXT, who TEXT, sku TEXT, n INTEGER, price NUMERIC);
         INSERT INTO lines VALUES ('2025-09-01 10:00:00', '1', 'p', 2, 1.5), ('2025-09-01 10:00:00', '1', 'p', 2, 1.5),
            ('2025-09-02 10:00:00', 'guest', 'q', 1, 9), ('2025-09-03 10:00:00', '2', 'q', -1, 9);",
    );
}

fn installation(folder: &Path, source: Source) -> Installation {
    let config = Config { source: Some(source), ..Config::default() };
    let folder = DataFolder::lock(&folder.join("data")).unwrap();
    let store = Store::open(&folder.state_file()).unwrap();
    let shop = store.write(|conn| shops::ensure(conn, "Shop", "EUR", "UTC", b"secret", now())).unwrap();
    Installation { config, folder, store, shop, clock: now }
}

fn history(installation: &Installation) -> History {
    History::open(&installation.folder.history(installation.shop_id())).unwrap()
}

fn event_lines(installation: &Installation) -> Vec<String> {
    let mut lines = Vec::new();
    for events in history(installation).snapshot().unwrap().events(EventRange::all()).unwrap() {
        lines.extend(events.unwrap().iter().map(|event| {
            let (who, what) = (event.customer.unwrap_or("-"), event.product.unwrap_or("-"));
            format!("{} {who} {} {what}", event.at().format("%d"), event.kind.name())
        }));
    }
    lines.sort();
    lines
}

#[test]
fn a_first_sync_reads_everything_and_the_next_what_is_new() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    let installation = installation(folder.path(), source(folder.path()));
    let first = sync(&installation, Kind::Incremental, None, &Silent).unwrap();
    let all = ["01 1 purchase p", "01 1 purchase p", "02 - purchase q", "03 2 refund q"];
    assert_eq!(event_lines(&installation), all);
    assert_eq!(
        (first.history.new_events, first.history.new_customers, first.history.new_products),
        (4, 2, 2)
    );
    assert_eq!((first.rows(), first.ignored()), (9, 1));
    assert_eq!(first.mappings[0].story(), "3 rows; 1 have no id");
    assert_eq!(first.story(), "9 rows read: 4 new events, 2 new customers, 2 new products.");

    shop(
        folder.path(),
        "INSERT INTO lines VALUES ('2025-09-03 10:30:00', '1', 'q', 1, 9);
         UPDATE goods SET price = 2 WHERE sku = 'p'; DELETE FROM goods WHERE sku = 'q'",
    );
    let second = sync(&installation, Kind::Incremental, None, &Silent).unwrap();
    // The overlap reads the refund again.
    assert_eq!((second.mappings[2].rows, second.mappings[2].whole), (2, false));
    assert_eq!((second.history.new_events, second.history.repeated_events), (1, 1));
    assert_eq!((second.history.changed_products, second.history.vanished_products), (1, 1));
    assert_eq!(event_lines(&installation).len(), 5);
    let third = sync(&installation, Kind::Full, None, &Silent).unwrap();
    assert_eq!((third.history.new_events, third.history.repeated_events), (0, 5));
    assert!(third.mappings[2].whole);

    let runs = installation.store.read(|conn| syncs::latest(conn, installation.shop_id(), 9)).unwrap();
    assert_eq!(runs.iter().map(|run| run.state.as_str()).collect::<Vec<_>>(), ["done"; 3]);
    let queries =
        installation.store.read(|conn| syncs::latest_queries(conn, installation.shop_id(), 99)).unwrap();
    assert!(queries.iter().any(|query| query.statement.contains("lines") && query.row_count == 4));
}

#[test]
fn a_changed_mapping_does_not_double_the_events() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    sync(&installation(folder.path(), source(folder.path())), Kind::Incremental, None, &Silent).unwrap();
    let mut changed = source(folder.path());
    changed.events[0] = constant(changed.events[0].clone(), "currency", "GBP");
    let installation = installation(folder.path(), changed);
    let counts = sync(&installation, Kind::Incremental, None, &Silent).unwrap();
    assert_eq!((counts.history.new_events, counts.history.dropped_events), (4, 4));
    assert_eq!(event_lines(&installation).len(), 4);
}

/// The line of 3.00 in an order whose currency one euro bought two of, and one of 9.00 without a rate.
#[test]
fn an_orders_own_rate_turns_its_amounts_into_the_shops() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    shop(
        folder.path(),
        "ALTER TABLE lines ADD COLUMN rate NUMERIC; UPDATE lines SET rate = 2 WHERE sku = 'p'",
    );
    let mut source = source(folder.path());
    source.events[0] = constant(source.events[0].clone(), "currency", "USD");
    source.events[0].fields.insert("rate".into(), Field::Column("rate".into()));
    let installation = installation(folder.path(), source);
    sync(&installation, Kind::Incremental, None, &Silent).unwrap();
    let mut amounts = Vec::new();
    for events in history(&installation).snapshot().unwrap().events(EventRange::all()).unwrap() {
        amounts.extend(events.unwrap().iter().map(|event| {
            let value = event.value.unwrap().as_f64();
            (event.product.unwrap().to_owned(), value, event.currency.map(str::to_owned))
        }));
    }
    amounts.sort_by(|a, b| a.0.cmp(&b.0));
    let (own, other) = (None, Some("USD".to_owned()));
    let expected = [("p", 1.5, own.clone()), ("p", 1.5, own), ("q", 9.0, other.clone()), ("q", 9.0, other)];
    assert_eq!(amounts, expected.map(|(product, value, currency)| (product.to_owned(), value, currency)));
}

/// The watermarks are stored after the history's version: a kill in between loses them.
#[test]
fn watermarks_lost_to_a_kill_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    let installation = installation(folder.path(), source(folder.path()));
    sync(&installation, Kind::Incremental, None, &Silent).unwrap();
    let (shop, text) = (installation.shop_id(), "lost");
    installation.store.write(|conn| syncs::set_watermark(conn, shop, "events/orders", text, now())).unwrap();
    let counts = sync(&installation, Kind::Incremental, None, &Silent).unwrap();
    assert_eq!((counts.history.new_events, counts.history.repeated_events), (0, 4));
}

#[test]
fn a_lost_history_is_read_again_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    let installation = installation(folder.path(), source(folder.path()));
    sync(&installation, Kind::Incremental, None, &Silent).unwrap();
    std::fs::remove_dir_all(installation.folder.history(installation.shop_id())).unwrap();
    assert_eq!(sync(&installation, Kind::Incremental, None, &Silent).unwrap().history.new_events, 4);
}

#[test]
fn a_failed_reading_leaves_the_history_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    let installation = installation(folder.path(), source(folder.path()));
    sync(&installation, Kind::Incremental, None, &Silent).unwrap();
    // Customers and products can still be read; the events' table is gone.
    shop(folder.path(), "INSERT INTO people VALUES (3, 'c@example.org'); ALTER TABLE lines RENAME TO gone");
    let error = sync(&installation, Kind::Incremental, None, &Silent).unwrap_err();
    assert!(!error.is_passing() && error.to_string().contains("lines"), "{error}");
    assert_eq!(history(&installation).snapshot().unwrap().counts().customers, 2);
    let runs = installation.store.read(|conn| syncs::latest(conn, installation.shop_id(), 1)).unwrap();
    assert_eq!(
        (runs[0].state.as_str(), runs[0].error.as_deref()),
        ("failed", Some(error.to_string().as_str()))
    );
    shop(folder.path(), "ALTER TABLE gone RENAME TO lines");
    assert_eq!(sync(&installation, Kind::Incremental, None, &Silent).unwrap().history.new_customers, 1);
}

struct Cancelled;

impl Progress for Cancelled {
    fn phase(&self, _: &str, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
    fn cancelled(&self) -> bool {
        true
    }
}

#[test]
fn a_cancelled_sync_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    let installation = installation(folder.path(), source(folder.path()));
    let error = sync(&installation, Kind::Incremental, None, &Cancelled).unwrap_err();
    assert!(matches!(error, SyncError::Cancelled), "{error}");
    assert_eq!(history(&installation).snapshot().unwrap().version(), 0);
}

#[test]
fn refusals_say_what_to_change() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    let refused = |change: fn(&mut Source)| {
        let mut changed = source(folder.path());
        change(&mut changed);
        sync(&installation(folder.path(), changed), Kind::Incremental, None, &Silent).unwrap_err()
    };
    // 1 760 000 000 is 08:53 UTC.
    assert!(matches!(refused(|source| source.allowed_hours = "9-8".into()), SyncError::NotNow { .. }));
    assert!(matches!(refused(|source| source.allowed_hours = "late".into()), SyncError::WrongHours { .. }));
    let twice = refused(|source| source.events.push(source.events[0].clone()));
    assert!(matches!(twice, SyncError::SameName { name } if name == "orders"));
}
