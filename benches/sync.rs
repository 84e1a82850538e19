//! How fast order lines come out of PostgreSQL and MariaDB, beside the servers' own clients in the same run.
//!
//! `cargo bench --bench sync [ROWS]`. The lines are those of a mid-size shop: a numeric id, customer, product and
//! order, a quantity, an exact price, a time without zone. What is measured is everything a sync does before the
//! history: the server's work, the wire, decoding, mapping, checking, batches of columns.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[path = "../tests/support/mod.rs"]
mod support;

use handpick::config::{Field, Mapping, Source};
use mysql::prelude::Queryable;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::{MariaDb, PostgreSql};

const ROUNDS: usize = 5;
const COLUMNS: &str = "id, placed, customer, product, order_no, quantity, price";

fn main() {
    let rows: u64 = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(1_000_000);
    println!("{rows} order lines, {ROUNDS} rounds, best of each\n");
    postgres(rows);
    mariadb(rows);
}

fn mapping() -> Mapping {
    let fields = [
        ("id", "id"),
        ("at", "placed"),
        ("customer", "customer"),
        ("product", "product"),
        ("order", "order_no"),
        ("quantity", "quantity"),
        ("price", "price"),
    ];
    let fields = fields.map(|(field, column)| (field.to_owned(), Field::Column(column.to_owned())));
    Mapping { table: "order_lines".into(), fields: fields.into(), ..Mapping::default() }
}

fn postgres(rows: u64) {
    let server = PostgreSql::start();
    server.sql(&format!(
        "CREATE TABLE order_lines AS SELECT g AS id, timestamp '2024-01-01' + g * interval '31 seconds' AS placed, \
         (g * 7919 % 200000)::bigint AS customer, 'SKU-' || (g * 104729 % 20000) AS product, g / 3 AS order_no, \
         1 + (g % 4)::int AS quantity, (g % 9973)::numeric / 100 AS price FROM generate_series(1, {rows}::bigint) g"
    ));
    server.sql("ANALYZE order_lines");
    let copy = format!("COPY (SELECT {COLUMNS} FROM order_lines) TO STDOUT (FORMAT binary)");
    let client = || {
        let mut psql = Command::new("psql");
        psql.args(["-h", "127.0.0.1", "-U", "hp", "-d", "postgres", "-qc", &copy]);
        quietly(psql.arg("-p").arg(server.port.to_string()));
    };
    compare("PostgreSQL", "psql COPY binary", rows, &server.source(), &client);
}

fn mariadb(rows: u64) {
    let server = MariaDb::start();
    server.sql(&format!(
        "CREATE TABLE order_lines AS SELECT seq AS id, timestamp '2024-01-01 00:00:00' + INTERVAL (seq * 31) SECOND AS placed, \
         seq * 7919 % 200000 AS customer, concat('SKU-', seq * 104729 % 20000) AS product, seq DIV 3 AS order_no, \
         1 + seq % 4 AS quantity, CAST(seq % 9973 / 100 AS decimal(12,4)) AS price FROM seq_1_to_{rows}"
    ));
    let select = format!("SELECT {COLUMNS} FROM order_lines");
    let client = || {
        let mut mariadb = Command::new("mariadb");
        mariadb.args(["--no-defaults", "-h", "127.0.0.1", "-u", "reader", "-preader", "--quick", "--batch"]);
        quietly(mariadb.arg("-P").arg(server.port.to_string()).args(["shop", "-e", &select]));
    };
    compare("MariaDB", "mariadb --quick", rows, &server.source(), &client);
    let cursor = || {
        let mut client = server.client();
        let statement = client.prep(&select).expect("a statement");
        let result = client.exec_iter(&statement, ()).expect("rows");
        assert_eq!(result.count() as u64, rows);
    };
    compare("MariaDB", "bare prepared binary rows", rows, &server.source(), &cursor);
}

fn quietly(command: &mut Command) {
    let status = command.stdout(Stdio::null()).status().expect("the server's client");
    assert!(status.success(), "{command:?}");
}

/// Turn and turn about, so that a busy machine slows both.
fn compare(server: &str, client_name: &str, rows: u64, source: &Source, client: &dyn Fn()) {
    let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        client();
        theirs = theirs.min(started.elapsed());
        let started = Instant::now();
        assert_eq!(read(source), rows);
        ours = ours.min(started.elapsed());
    }
    let per_second = |time: Duration| rows as f64 / time.as_secs_f64() / 1e6;
    println!(
        "{server}: Handpick {:.2} s ({:.2} million rows/s), {client_name} {:.2} s ({:.2} million rows/s), ratio {:.2}",
        ours.as_secs_f64(),
        per_second(ours),
        theirs.as_secs_f64(),
        per_second(theirs),
        theirs.as_secs_f64() / ours.as_secs_f64()
    );
}

/// Connecting is part of it, as it is for the clients.
fn read(source: &Source) -> u64 {
    let mut session = handpick::sources::connect(source, "EUR").expect("a session");
    let mut events = 0;
    session
        .read_events(&mapping(), None, &mut |batch| {
            events += batch.len() as u64;
            Ok(())
        })
        .expect("a reading");
    events
}
