//! The sample shop: repeatable, exact, as large as asked, and with tastes in it that can be found.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

use chrono::{DateTime, TimeDelta, Utc};
use handpick::money::Money;
use handpick::progress::Silent;
use handpick::sample_shop::{self, Effect, Mailed, MailedArm, Place, Size, Table, Wish, WriteError};
use rusqlite::Connection;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

const SIZE: Size = Size { customers: 3_000, products: 400, events: 90_000 };

fn wish(seed: u64) -> Wish {
    let until: DateTime<Utc> = "2026-11-01T10:30:00Z".parse().unwrap();
    Wish { size: SIZE, seed, until }
}

fn write(place: &Place, wish: &Wish) -> Result<(), WriteError> {
    sample_shop::generate(wish, sample_shop::open(place)?, &Silent)
}

fn sqlite(dir: &Path, name: &str, seed: u64) -> PathBuf {
    let file = dir.join(name);
    write(&Place::Sqlite(file.clone()), &wish(seed)).unwrap();
    file
}

fn number(conn: &Connection, question: &str) -> i64 {
    conn.query_row(question, [], |row| row.get(0)).unwrap()
}

#[test]
fn the_same_seed_makes_the_same_shop_and_another_seed_another() {
    let dir = tempfile::tempdir().unwrap();
    let read = |name: &str, seed| std::fs::read(sqlite(dir.path(), name, seed)).unwrap();
    let first = read("a.db", 1);
    assert!(first == read("b.db", 1));
    assert!(first != read("c.db", 2));
}

#[test]
fn there_is_as_much_as_was_asked_in_the_order_of_time_within_two_years() {
    let dir = tempfile::tempdir().unwrap();
    let conn = Connection::open(sqlite(dir.path(), "shop.db", 1)).unwrap();
    let count = |table: &str| number(&conn, &format!("SELECT count(*) FROM {table}"));
    assert_eq!((count("products"), count("customers")), (400, 3_000));
    assert_eq!(count("order_lines") + count("page_events"), 90_000);
    for (table, key, time) in
        [("order_lines", "line_id", "ordered_at"), ("page_events", "event_id", "happened_at")]
    {
        let backwards = format!(
            "SELECT count(*) FROM (SELECT {time} < lag({time}) OVER (ORDER BY {key}) AS back FROM {table}) WHERE back"
        );
        assert_eq!(number(&conn, &backwards), 0, "{table}");
        let outside = format!(
            "SELECT count(*) FROM {table} WHERE {time} < '2024-11-01 10:30:00' OR {time} >= '2026-11-01 10:30:00'"
        );
        assert_eq!(number(&conn, &outside), 0, "{table}");
    }
    let unknown = "SELECT count(*) FROM order_lines WHERE sku NOT IN (SELECT sku FROM products)
                   OR customer_id NOT IN (SELECT customer_id FROM customers)";
    assert_eq!(number(&conn, unknown), 0);
    let too_early = "SELECT count(*) FROM order_lines JOIN customers USING (customer_id)
                     WHERE ordered_at < created_at";
    assert!(number(&conn, too_early) * 100 < count("order_lines"));
}

#[test]
fn amounts_are_exact_returns_are_negative_and_mail_goes_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let conn = Connection::open(sqlite(dir.path(), "shop.db", 1)).unwrap();
    let mut statement =
        conn.prepare("SELECT unit_price FROM order_lines UNION SELECT price FROM products").unwrap();
    let prices: Vec<String> =
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    for price in prices {
        let money: Money = price.parse().unwrap();
        let whole_cents = money.ten_thousandths() % 100 == 0;
        assert!(money > Money::ZERO && whole_cents && money.to_string() == price, "{price}");
    }
    let lines = number(&conn, "SELECT count(*) FROM order_lines WHERE quantity > 0");
    let returned = number(&conn, "SELECT count(*) FROM order_lines WHERE quantity < 0");
    assert!((lines / 60..lines / 20).contains(&returned), "{returned} of {lines}");
    let orphans = "SELECT count(*) FROM order_lines AS back WHERE quantity < 0 AND NOT EXISTS (
        SELECT 1 FROM order_lines AS line WHERE line.order_no = back.order_no AND line.sku = back.sku
        AND line.quantity >= -back.quantity AND line.unit_price = back.unit_price)";
    assert_eq!(number(&conn, orphans), 0);
    let elsewhere = "SELECT count(*) FROM customers WHERE email NOT LIKE '%@example.com'
        AND email NOT LIKE '%@example.org' AND email NOT LIKE '%@example.net'";
    assert_eq!(number(&conn, elsewhere), 0);
}

/// Products by customer: what `question` finds.
fn by_customer(conn: &Connection, question: &str) -> HashMap<String, HashSet<String>> {
    let mut found: HashMap<String, HashSet<String>> = HashMap::new();
    let mut statement = conn.prepare(question).unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        found.entry(row.get(0).unwrap()).or_default().insert(row.get(1).unwrap());
    }
    found
}

/// What customers bought before the last eight weeks, in them, and what they looked at or bought before.
fn split(conn: &Connection) -> [HashMap<String, HashSet<String>>; 3] {
    let lines = "SELECT customer_id, sku FROM order_lines WHERE quantity > 0 AND customer_id IS NOT NULL";
    let before = format!("{lines} AND ordered_at < '2026-09-06'");
    let after = format!("{lines} AND ordered_at >= '2026-09-06'");
    let seen = format!(
        "{before} UNION SELECT customer_id, sku FROM page_events
         WHERE customer_id IS NOT NULL AND happened_at < '2026-09-06'"
    );
    [by_customer(conn, &before), by_customer(conn, &after), by_customer(conn, &seen)]
}

/// The 20 with the highest scores that are not in `known`.
fn best<'a>(scores: &HashMap<&'a str, f64>, known: &HashSet<String>) -> Vec<&'a str> {
    let mut ranked: Vec<(&str, f64)> =
        scores.iter().filter(|(sku, _)| !known.contains(**sku)).map(|(sku, score)| (*sku, *score)).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    ranked.into_iter().take(20).map(|(sku, _)| sku).collect()
}

#[test]
fn what_was_bought_together_foretells_more_than_best_sellers_which_foretell_something() {
    let dir = tempfile::tempdir().unwrap();
    let conn = Connection::open(sqlite(dir.path(), "shop.db", 1)).unwrap();
    let [before, after, seen] = split(&conn);
    let mut popular: HashMap<&str, f64> = HashMap::new();
    let mut together: HashMap<&str, HashMap<&str, f64>> = HashMap::new();
    for basket in before.values() {
        for sku in basket {
            *popular.entry(sku).or_default() += 1.0;
        }
    }
    let mut noticed: HashMap<&str, f64> = HashMap::new();
    for basket in seen.values() {
        for a in basket {
            *noticed.entry(a).or_default() += 1.0;
            for b in basket.iter().filter(|b| *b != a) {
                *together.entry(a).or_default().entry(b).or_default() += 1.0;
            }
        }
    }
    let (mut wanted, mut by_popular, mut by_together) = (0, 0, 0);
    for (customer, bought) in &after {
        let Some(known) = before.get(customer) else { continue };
        let news: HashSet<&str> = bought.difference(known).map(String::as_str).collect();
        let mut scores: HashMap<&str, f64> = HashMap::new();
        for (a, neighbours) in seen[customer].iter().filter_map(|a| together.get(a.as_str()).map(|n| (a, n)))
        {
            for (b, count) in neighbours {
                *scores.entry(b).or_default() += count / (noticed[a.as_str()] * noticed[b]).sqrt();
            }
        }
        wanted += news.len();
        by_popular += best(&popular, known).iter().filter(|sku| news.contains(*sku)).count();
        by_together += best(&scores, known).iter().filter(|sku| news.contains(*sku)).count();
    }
    println!("of {wanted}: best-sellers {by_popular}, bought together {by_together}");
    let chance = wanted as f64 * 20.0 / 400.0;
    assert!(by_popular as f64 > 1.5 * chance, "best-sellers find {by_popular}, chance {chance}");
    assert!(by_together as f64 > 1.3 * by_popular as f64, "{by_together} against {by_popular}");
}

#[test]
fn sqlite_and_csv_hold_the_same_rows() {
    let dir = tempfile::tempdir().unwrap();
    let conn = Connection::open(sqlite(dir.path(), "shop.db", 3)).unwrap();
    let folder = dir.path().join("csv");
    write(&Place::Csv(folder.clone()), &wish(3)).unwrap();
    for table in Table::ALL {
        let mut reader = csv::Reader::from_path(folder.join(format!("{}.csv", table.name()))).unwrap();
        let key = table.columns()[0].name;
        let mut statement = conn.prepare(&format!("SELECT * FROM {} ORDER BY {key}", table.name())).unwrap();
        let mut rows = statement.query([]).unwrap();
        for record in reader.records() {
            let (record, row) = (record.unwrap(), rows.next().unwrap().unwrap());
            for (at, field) in record.iter().enumerate() {
                let value = match row.get_ref(at).unwrap() {
                    rusqlite::types::ValueRef::Null => String::new(),
                    rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                    other => other.as_str().unwrap().to_owned(),
                };
                assert_eq!(field, value, "{}", table.name());
            }
        }
        assert!(rows.next().unwrap().is_none());
    }
}

#[test]
fn a_place_that_is_taken_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("precious.db");
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE products (sku TEXT)").unwrap();
    let before = std::fs::read(&file).unwrap();
    let refused = write(&Place::Sqlite(file.clone()), &wish(1));
    assert!(matches!(refused, Err(WriteError::Occupied { .. })));
    assert_eq!(std::fs::read(&file).unwrap(), before);
    std::fs::write(dir.path().join("order_lines.csv"), "mine").unwrap();
    let refused = write(&Place::Csv(dir.path().to_owned()), &wish(1));
    assert!(matches!(refused, Err(WriteError::Occupied { .. })));
    assert!("oracle:x".parse::<Place>().is_err());
}

#[test]
fn the_printed_configuration_maps_every_table_and_keeps_the_password_out() {
    let place: Place = "postgres://reader:secret@db.example.com:6432/shop".parse().unwrap();
    let text = sample_shop::config_text(&place).unwrap();
    assert!(!text.contains("secret"));
    let source = sample_shop::mapping(&place).unwrap().unwrap();
    assert_eq!(
        (source.host.as_str(), source.port, source.database.as_str()),
        ("db.example.com", 6432, "shop")
    );
    let mappings: Vec<_> = source.products.iter().chain(&source.customers).chain(&source.events).collect();
    let tables: Vec<&str> = mappings.iter().map(|mapping| mapping.table.as_str()).collect();
    assert_eq!(tables, Table::ALL.map(Table::name));
    for (mapping, table) in mappings.iter().zip(Table::ALL) {
        for field in mapping.fields.values() {
            if let handpick::config::Field::Column(column) = field {
                assert!(table.columns().iter().any(|known| known.name == column), "{column}");
            }
        }
    }
}

#[test]
fn fitting_picks_bring_more_orders_and_the_holdout_none() {
    let dir = tempfile::tempdir().unwrap();
    let file = sqlite(dir.path(), "shop.db", 1);
    let conn = Connection::open(&file).unwrap();
    let [before, ..] = split(&conn);
    // What somebody bought is a good guess at a taste; what a stranger bought is a bad one.
    let mut everybody: Vec<(&String, Vec<String>)> = before
        .iter()
        .map(|(customer, bought)| {
            let mut bought: Vec<String> = bought.iter().cloned().collect();
            bought.sort();
            (customer, bought)
        })
        .collect();
    everybody.sort();
    let sent_at = wish(1).until - TimeDelta::days(35);
    let effect = Effect { of_mail: 0.02, of_fit: 0.5, days: 21.0 };
    let orders = |arm, stranger: usize| {
        let mailed: Vec<Mailed> = (0..everybody.len())
            .map(|at| Mailed {
                customer: everybody[at].0.clone(),
                arm,
                products: everybody[(at + stranger) % everybody.len()].1.clone(),
            })
            .collect();
        sample_shop::respond(&file, &wish(1), sent_at, &mailed, &effect).unwrap().orders
    };
    let (fitting, strange) = (orders(MailedArm::Picks, 0), orders(MailedArm::Baseline, 57));
    assert!(fitting as f64 > 1.4 * strange as f64 && strange > 0, "{fitting} against {strange}");
    assert_eq!(orders(MailedArm::Holdout, 0), 0);
    let lines = number(&conn, "SELECT count(*) FROM order_lines");
    assert_eq!(number(&conn, "SELECT max(line_id) FROM order_lines"), lines);
}

/// Row counts by table, the sum of all lines, and the last moment, as text.
const DIGEST: &str =
    "SELECT concat((SELECT count(*) FROM products), ' ', (SELECT count(*) FROM customers), ' ',
    (SELECT count(*) FROM order_lines), ' ', (SELECT count(*) FROM page_events), ' ',
    (SELECT sum(quantity * unit_price) FROM order_lines), ' ', (SELECT max(name) FROM products), ' ',
    (SELECT count(*) FROM customers WHERE newsletter))";

fn digest_of_sqlite() -> String {
    let dir = tempfile::tempdir().unwrap();
    let conn = Connection::open(sqlite(dir.path(), "shop.db", 1)).unwrap();
    let exact = DIGEST
        .replace("sum(quantity * unit_price)", "0")
        .replace("concat(", "(")
        .replace(", ' ',", "||' '||");
    let text: String = conn.query_row(&exact, [], |row| row.get(0)).unwrap();
    let mut statement = conn.prepare("SELECT quantity, unit_price FROM order_lines").unwrap();
    let amount = |row: &rusqlite::Row<'_>| -> rusqlite::Result<i64> {
        let (quantity, price): (i64, String) = (row.get(0)?, row.get(1)?);
        Ok(quantity * price.parse::<Money>().unwrap().ten_thousandths())
    };
    let sum: i64 = statement.query_map([], amount).unwrap().map(Result::unwrap).sum();
    let mut parts: Vec<&str> = text.splitn(6, ' ').collect();
    let sum = Money::from_ten_thousandths(sum).to_string();
    parts[4] = &sum;
    parts.join(" ")
}

#[test]
fn postgresql_gets_the_same_shop_once() {
    let server = support::PostgreSql::start();
    let place: Place = format!("postgres://hp@127.0.0.1:{}/postgres", server.port).parse().unwrap();
    write(&place, &wish(1)).unwrap();
    let digest: String = server.client().query_one(DIGEST, &[]).unwrap().get(0);
    assert_eq!(digest, digest_of_sqlite());
    assert!(matches!(write(&place, &wish(1)), Err(WriteError::Occupied { .. })));
}

#[test]
fn mariadb_gets_the_same_shop_once() {
    use mysql::prelude::Queryable;
    let server = support::MariaDb::start();
    let place: Place = format!("mysql://root@127.0.0.1:{}/shop", server.port).parse().unwrap();
    write(&place, &wish(1)).unwrap();
    let digest: Option<String> = server.client().query_first(DIGEST).unwrap();
    assert_eq!(digest, Some(digest_of_sqlite()));
    assert!(matches!(write(&place, &wish(1)), Err(WriteError::Occupied { .. })));
}

/// Seconds for the benchmarks' note: `cargo test --release --test sample_shop -- --ignored --nocapture`.
#[test]
#[ignore = "measures; half a minute"]
fn load_m_is_made_in_seconds() {
    let dir = tempfile::tempdir().unwrap();
    for place in [Place::Csv(dir.path().join("csv")), Place::Sqlite(dir.path().join("m.db"))] {
        let started = std::time::Instant::now();
        write(&place, &Wish { size: Size::M, ..wish(1) }).unwrap();
        println!("{place:?}: {:.1} s", started.elapsed().as_secs_f64());
    }
}
