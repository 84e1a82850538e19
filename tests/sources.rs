//! One contract, three databases: whatever a driver does, the same rows come out of the same table.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "in a test, a panic is the failure and its output the story"
)]

mod support;

use handpick::config::{DatabaseKind, EpochUnit, Field, Mapping, Secret, Source};
use handpick::records::{Customer, EventKind, Events, Product};
use handpick::sources::{self, Reading, Reason, Session, Severity, SourceError, Stop};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use support::{MariaDb, PostgreSql};

/// A database with the sample tables, and how to talk to it as its owner.
trait Database {
    fn source(&self) -> Source;
    fn sql(&self, sql: &str);
    /// Column types: moment, wall clock, exact amount, text.
    fn types(&self) -> [&'static str; 4];
}

impl Database for PostgreSql {
    fn source(&self) -> Source {
        PostgreSql::source(self)
    }
    fn sql(&self, sql: &str) {
        PostgreSql::sql(self, sql);
    }
    fn types(&self) -> [&'static str; 4] {
        ["timestamptz", "timestamp", "numeric(14,4)", "text"]
    }
}

impl Database for MariaDb {
    fn source(&self) -> Source {
        MariaDb::source(self)
    }
    fn sql(&self, sql: &str) {
        use mysql::prelude::Queryable;
        let mut client = self.client();
        client.query_drop("SET time_zone = '+00:00', sql_mode = 'ANSI_QUOTES'").expect("a session");
        for statement in sql.split(';').filter(|statement| !statement.trim().is_empty()) {
            client.query_drop(statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
    }
    fn types(&self) -> [&'static str; 4] {
        ["timestamp(6) null", "datetime(6)", "decimal(14,4)", "varchar(80)"]
    }
}

struct SqliteFile {
    folder: tempfile::TempDir,
    /// Kept open, so that readers meet a live write-ahead log.
    connection: rusqlite::Connection,
}

impl SqliteFile {
    fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let connection = rusqlite::Connection::open(folder.path().join("shop.db")).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL").unwrap();
        Self { folder, connection }
    }
}

impl Database for SqliteFile {
    fn source(&self) -> Source {
        Source { kind: DatabaseKind::Sqlite, file: self.folder.path().join("shop.db"), ..Source::default() }
    }
    fn sql(&self, sql: &str) {
        self.connection.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    fn types(&self) -> [&'static str; 4] {
        ["text", "text", "text", "text"]
    }
}

/// Servers are dear: the tests share one of each, every test with tables of its own. Statics are never dropped, so
/// the last test to end would leave them running: they are stopped by a guard counted per test.
struct Servers {
    postgres: PostgreSql,
    mariadb: MariaDb,
}

static SERVERS: LazyLock<std::sync::Mutex<std::sync::Weak<Servers>>> = LazyLock::new(Default::default);

fn servers() -> std::sync::Arc<Servers> {
    let mut shared = SERVERS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let started =
            std::sync::Arc::new(Servers { postgres: PostgreSql::start(), mariadb: MariaDb::start() });
        *shared = std::sync::Arc::downgrade(&started);
        started
    })
}

fn on_every_database(test: impl Fn(&dyn Database)) {
    let servers = servers();
    let sqlite = SqliteFile::make();
    for (name, database) in [
        ("SQLite", &sqlite as &dyn Database),
        ("PostgreSQL", &servers.postgres),
        ("MariaDB", &servers.mariadb),
    ] {
        println!("on {name}");
        test(database);
    }
}

fn column(name: &str) -> Field {
    Field::Column(name.to_owned())
}

fn constant(value: &str) -> Field {
    Field::Constant { value: value.to_owned() }
}

fn translated(column: &str, values: &[(&str, &str)]) -> Field {
    let values = values.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
    Field::Translated { column: column.to_owned(), values }
}

fn mapping(table: &str, fields: &[(&str, Field)]) -> Mapping {
    let fields: BTreeMap<_, _> =
        fields.iter().map(|(name, field)| ((*name).to_owned(), field.clone())).collect();
    Mapping { table: table.to_owned(), fields, ..Mapping::default() }
}

fn open(source: &Source) -> Session {
    sources::connect(source, "EUR").unwrap()
}

fn products(session: &mut Session, mapping: &Mapping) -> (Vec<Product>, Reading) {
    let mut all = Vec::new();
    let reading = session
        .read_products(mapping, None, &mut |batch| {
            all.extend_from_slice(batch);
            Ok(())
        })
        .unwrap();
    (all, reading)
}

fn customers(session: &mut Session, mapping: &Mapping) -> Vec<Customer> {
    let mut all = Vec::new();
    session
        .read_customers(mapping, None, &mut |batch| {
            all.extend_from_slice(batch);
            Ok(())
        })
        .unwrap();
    all
}

fn events(
    session: &mut Session,
    mapping: &Mapping,
    since: Option<&str>,
) -> Result<(Events, Reading), SourceError> {
    let mut all = Events::default();
    let reading = session.read_events(mapping, since, &mut |batch| {
        batch.iter().for_each(|event| all.push(event));
        Ok(())
    })?;
    Ok((all, reading))
}

#[test]
fn products_with_all_their_types() {
    on_every_database(|database| {
        let [moment, clock, amount, text] = database.types();
        database.sql(&format!(
            "CREATE TABLE wares (sku bigint, \"Name\" {text}, price {amount}, was double precision, stock int, \
             live {text}, made {moment}, since {clock});
             INSERT INTO wares VALUES (7, ' Größe 7 ', '12.3456', 19.99, 3, 'Y', '2011-07-01 11:00:00', '2011-07-01 12:00:00');
             INSERT INTO wares VALUES (8, NULL, '0.0001', NULL, NULL, 'disabled', NULL, NULL);
             INSERT INTO wares VALUES (NULL, 'no id', '1', 1, 1, 'Y', NULL, NULL);
             INSERT INTO wares VALUES (9, 'negative', '-1', 1, 1, 'Y', NULL, NULL)"
        ));
        let fields = [
            ("id", column("sku")),
            ("title", column("name")),
            ("price", column("price")),
            ("list_price", column("was")),
            ("stock", column("stock")),
            ("active", column("live")),
            ("created_at", column("made")),
            ("currency", constant("GBP")),
        ];
        let mut session = open(&database.source());
        let (read, reading) = products(&mut session, &mapping("wares", &fields));
        assert_eq!(reading.rows, 4);
        assert_eq!(reading.ignored, [(Reason::NoId, 1), (Reason::NegativePrice, 1)]);
        assert_eq!(reading.examples, [(Reason::NegativePrice, "9".to_owned())]);
        assert_eq!((read[0].id.as_str(), read[0].title.as_str()), ("7", "Größe 7"));
        assert_eq!(read[0].price.unwrap().to_string(), "12.3456");
        assert_eq!(read[0].list_price.unwrap().to_string(), "19.99");
        assert_eq!((read[0].stock, read[0].active), (Some(3), true));
        assert_eq!(read[0].created_at.unwrap().to_rfc3339(), "2011-07-01T11:00:00+00:00");
        assert_eq!(read[0].currency.as_deref(), Some("GBP"));
        assert_eq!(
            (read[1].title.as_str(), read[1].active, read[1].price.unwrap().ten_thousandths()),
            ("8", false, 1)
        );
        // A wall clock is the zone's: noon in London's summer is eleven in UTC.
        let zoned = Source { time_zone: "Europe/London".into(), ..database.source() };
        let fields = [("id", column("sku")), ("title", column("name")), ("created_at", column("since"))];
        let (read, _) = products(&mut open(&zoned), &mapping("wares", &fields));
        assert_eq!(read[0].created_at.unwrap().to_rfc3339(), "2011-07-01T11:00:00+00:00");
    });
}

#[test]
fn customers_and_the_ids_that_stand_for_nobody() {
    on_every_database(|database| {
        database.sql(
            "CREATE TABLE people (id varchar(20), mail varchar(80), blocked smallint, born date, seen bigint);
             INSERT INTO people VALUES ('c1', 'a@b.example', 0, '2011-12-09', 1323434999000);
             INSERT INTO people VALUES ('c2', '', 1, NULL, NULL);
             INSERT INTO people VALUES ('guest', NULL, 0, NULL, NULL);
             INSERT INTO people VALUES ('  ', NULL, 0, NULL, NULL)",
        );
        let source = Source { anonymous_customers: vec!["guest".into()], ..database.source() };
        let blocked = translated("blocked", &[("0", "yes"), ("1", "no")]);
        let fields = [
            ("id", column("id")),
            ("email", column("mail")),
            ("mailable", blocked),
            ("created_at", column("born")),
        ];
        let read = customers(&mut open(&source), &mapping("people", &fields));
        assert_eq!(read.len(), 2);
        assert_eq!((read[0].email.as_deref(), read[0].mailable), (Some("a@b.example"), Some(true)));
        assert_eq!((read[1].email.as_deref(), read[1].mailable), (None, Some(false)));
        assert_eq!(read[0].created_at.unwrap().to_rfc3339(), "2011-12-09T00:00:00+00:00");
        let epoch = Field::Epoch { column: "seen".into(), unit: EpochUnit::Milliseconds };
        let read =
            customers(&mut open(&source), &mapping("people", &[("id", column("id")), ("created_at", epoch)]));
        assert_eq!(read[0].created_at.unwrap().to_rfc3339(), "2011-12-09T12:49:59+00:00");
    });
}

/// Lines as shops have them: bought, given back, free, without customer, without product, of no quantity.
fn make_lines(database: &dyn Database, table: &str) -> Mapping {
    let [_, clock, amount, text] = database.types();
    database.sql(&format!(
        "CREATE TABLE {table} (line int, placed {clock}, buyer int, ware {text}, pieces int, price {amount}, state {text});
         INSERT INTO {table} VALUES (1, '2011-01-01 10:00:00', 5, 'A', 3, '1.10', 'paid');
         INSERT INTO {table} VALUES (2, '2011-01-02 10:00:00', 5, 'A', -1, '1.10', 'paid');
         INSERT INTO {table} VALUES (3, '2011-01-03 10:00:00', NULL, 'B', 1, '0', 'paid');
         INSERT INTO {table} VALUES (4, '2011-01-04 10:00:00', 6, NULL, 1, '2.00', 'paid');
         INSERT INTO {table} VALUES (5, '2011-01-05 10:00:00', 6, 'B', 0, '2.00', 'paid');
         INSERT INTO {table} VALUES (6, NULL, 6, 'B', 1, '2.00', 'paid');
         INSERT INTO {table} VALUES (7, '2011-01-07 10:00:00', 6, 'B', 1, '-2.00', 'paid');
         INSERT INTO {table} VALUES (8, '2011-01-08 10:00:00', 6, 'B', 1, '2.00', 'strange');
         INSERT INTO {table} VALUES (9, '2011-01-09 10:00:00', 6, 'B', 1, '2.00', 'test')"
    ));
    mapping(
        table,
        &[
            ("id", column("line")),
            ("kind", translated("state", &[("paid", "purchase"), ("test", "ignore")])),
            ("at", column("placed")),
            ("customer", column("buyer")),
            ("product", column("ware")),
            ("order", column("line")),
            ("quantity", column("pieces")),
            ("price", column("price")),
            ("currency", constant("GBP")),
        ],
    )
}

#[test]
fn events_with_refunds_and_what_is_ignored() {
    on_every_database(|database| {
        let lines = make_lines(database, "lines_a");
        let (read, reading) = events(&mut open(&database.source()), &lines, None).unwrap();
        let shown: Vec<_> = read
            .iter()
            .map(|e| {
                (
                    e.id.unwrap().to_owned(),
                    e.kind,
                    e.customer.map(str::to_owned),
                    e.quantity,
                    e.value.unwrap().to_string(),
                )
            })
            .collect();
        let five = Some("5".to_owned());
        assert_eq!(
            shown,
            [
                ("1".to_owned(), EventKind::Purchase, five.clone(), 3.0, "3.30".to_owned()),
                ("2".to_owned(), EventKind::Refund, five, 1.0, "1.10".to_owned()),
                ("3".to_owned(), EventKind::Purchase, None, 1.0, "0.00".to_owned()),
            ]
        );
        assert_eq!(read.get(0).at().to_rfc3339(), "2011-01-01T10:00:00+00:00");
        assert_eq!(read.get(0).source, "lines_a");
        let mut ignored = reading.ignored.clone();
        ignored.sort();
        let expected = [
            Reason::NoProduct,
            Reason::NoTime,
            Reason::ZeroQuantity,
            Reason::NegativePrice,
            Reason::UnknownKind,
            Reason::LeftOut,
        ];
        assert_eq!(ignored, expected.map(|reason| (reason, 1)));
        let example = reading.examples.iter().find(|(reason, _)| *reason == Reason::ZeroQuantity);
        assert_eq!(example.map(|(_, id)| id.as_str()), Some("5"));
    });
}

#[test]
fn a_watermark_reads_what_is_new_and_the_overlap() {
    on_every_database(|database| {
        let mut lines = make_lines(database, "lines_b");
        lines.fields.remove("kind");
        let mut session = open(&database.source());
        lines.watermark = "placed".into();
        let (_, first) = events(&mut session, &lines, None).unwrap();
        let mark = first.watermark.unwrap();
        assert!(mark.starts_with("2011-01-09 10:00:00"), "{mark}");
        // 48 hours before the mark and later: lines 7 (negative price), 8 and 9.
        let (_, again) = events(&mut session, &lines, Some(&mark)).unwrap();
        assert_eq!((again.rows, again.watermark.as_deref()), (3, Some(mark.as_str())));
        lines.watermark = "line".into();
        let (_, by_number) = events(&mut session, &lines, Some("7")).unwrap();
        assert_eq!((by_number.rows, by_number.watermark.as_deref()), (3, Some("9")));
        let (_, nothing) = events(&mut session, &lines, Some("100")).unwrap();
        assert_eq!((nothing.rows, nothing.watermark.as_deref()), (0, Some("100")));
    });
}

#[test]
fn one_order_dated_in_the_far_future_does_not_hide_the_next() {
    on_every_database(|database| {
        let mut lines = make_lines(database, "lines_c");
        database.sql("INSERT INTO lines_c VALUES (10, '2099-01-01 00:00:00', 6, 'B', 1, '1', 'paid')");
        lines.watermark = "placed".into();
        let (_, reading) = events(&mut open(&database.source()), &lines, None).unwrap();
        assert!(reading.watermark.unwrap().as_str() < "2099");
    });
}

#[test]
fn a_select_is_a_source_too_but_only_a_select() {
    on_every_database(|database| {
        make_lines(database, "lines_d");
        let mut lines = mapping("", &[("at", column("placed")), ("product", column("ware"))]);
        lines.name = "chosen".into();
        lines.select =
            "WITH chosen AS (SELECT placed, ware FROM lines_d WHERE pieces = 3) SELECT * FROM chosen -- all"
                .into();
        let mut session = open(&database.source());
        let (read, _) = events(&mut session, &lines, None).unwrap();
        assert_eq!((read.len(), session.count(&lines).unwrap()), (1, 1));
        for select in
            ["DELETE FROM lines_d", "SELECT 1; DELETE FROM lines_d", "SELECT * FROM lines_d FOR UPDATE"]
        {
            lines.select = select.into();
            let refused = events(&mut session, &lines, None).unwrap_err();
            assert!(matches!(refused, SourceError::Mapping { .. }), "{select}: {refused}");
            assert!(!refused.is_passing());
        }
    });
}

#[test]
fn wrong_names_are_answered_with_the_nearest() {
    on_every_database(|database| {
        let mut lines = make_lines(database, "lines_e");
        let mut session = open(&database.source());
        lines.fields.insert("customer".into(), column("byer"));
        let error = events(&mut session, &lines, None).unwrap_err();
        assert!(error.to_string().contains("Did you mean “buyer”?"), "{error}");
        lines.table = "line_e".into();
        let error = events(&mut session, &lines, None).unwrap_err();
        assert!(matches!(&error, SourceError::NoTable { hint, .. } if hint.contains("“lines_e”")), "{error}");
        lines.table = "lines_e".into();
        lines.fields.insert("custmer".into(), column("buyer"));
        let error = events(&mut session, &lines, None).unwrap_err();
        assert!(error.to_string().contains("Did you mean “customer”?"), "{error}");
        // The session goes on after every one of them.
        lines.fields.remove("custmer");
        lines.fields.insert("customer".into(), column("buyer"));
        assert_eq!(events(&mut session, &lines, None).unwrap().0.len(), 3);
    });
}

#[test]
fn the_session_cannot_write_and_nothing_remains() {
    on_every_database(|database| {
        let mut session = open(&database.source());
        let proof = session.prove_read_only().unwrap();
        assert!(proof.refused, "{proof:?}");
        let statements = session.statements();
        assert!(statements.iter().any(|sent| sent.text == proof.statement && sent.error.is_some()));
        // The name is free: nothing was made.
        database.sql("CREATE TABLE handpick_write_probe (id int); DROP TABLE handpick_write_probe");
    });
}

/// Even an account that may do everything cannot write through Handpick's session.
#[test]
fn the_owner_cannot_write_either_and_is_warned() {
    let servers = servers();
    let postgres = Source { user: "hp".into(), password: Secret::default(), ..servers.postgres.source() };
    let mariadb = Source { user: "root".into(), password: Secret::default(), ..servers.mariadb.source() };
    for (owner, reader) in [(postgres, servers.postgres.source()), (mariadb, servers.mariadb.source())] {
        let mut session = open(&owner);
        let proof = session.prove_read_only().unwrap();
        assert!(proof.refused, "{proof:?}");
        assert!(proof.answer.to_lowercase().contains("read"), "{proof:?}");
        assert!(!session.account_powers().unwrap().is_empty());
        assert_eq!(open(&reader).account_powers().unwrap(), Vec::<String>::new());
        let strict = Source { require_read_only_account: true, ..owner };
        assert!(matches!(sources::connect(&strict, "EUR"), Err(SourceError::AccountCanWrite { .. })));
        let strict = Source { require_read_only_account: true, ..reader };
        assert!(sources::connect(&strict, "EUR").is_ok());
    }
}

#[test]
fn failures_to_connect_say_which_and_whether_to_retry() {
    let servers = servers();
    for source in [servers.postgres.source(), servers.mariadb.source()] {
        let wrong = Source { password: Secret::new("wrong"), ..source.clone() };
        let error = sources::connect(&wrong, "EUR").err().unwrap();
        assert!(matches!(error, SourceError::WrongPassword { .. }) && !error.is_passing(), "{error}");
        assert!(!error.to_string().contains("wrong"));
        let wrong = Source { database: "nowhere".into(), ..source.clone() };
        let error = sources::connect(&wrong, "EUR").err().unwrap();
        assert!(matches!(error, SourceError::UnknownDatabase { .. }) && !error.is_passing(), "{error}");
        let wrong = Source { port: support::free_port(), connect_timeout_s: 2, ..source.clone() };
        let error = sources::connect(&wrong, "EUR").err().unwrap();
        assert!(matches!(error, SourceError::Unreachable { .. }) && error.is_passing(), "{error}");
        let wrong = Source { tls: handpick::config::Tls::Verify, ..source };
        let error = sources::connect(&wrong, "EUR").err().unwrap();
        assert!(matches!(error, SourceError::Tls { .. }) && !error.is_passing(), "{error}");
    }
    let missing = Source { kind: DatabaseKind::Sqlite, file: "/nowhere/shop.db".into(), ..Source::default() };
    assert!(matches!(sources::connect(&missing, "EUR"), Err(SourceError::File { .. })));
}

fn many_rows() -> Mapping {
    mapping("many", &[("id", column("id")), ("at", column("placed")), ("product", column("ware"))])
}

const MANY: u64 = 400_000;

#[test]
fn a_server_that_dies_in_the_middle_is_a_lost_connection() {
    let (postgres, mariadb) = (PostgreSql::start(), MariaDb::start());
    let clock = "timestamp '2011-01-01' + g * interval '1 second'";
    postgres.sql(&format!("CREATE TABLE many AS SELECT g AS id, {clock} AS placed, 'ware' || g AS ware FROM generate_series(1, {MANY}) g"));
    let clock = "timestamp '2011-01-01 00:00:00' + INTERVAL seq SECOND";
    mariadb.sql(&format!("CREATE TABLE many AS SELECT seq AS id, {clock} AS placed, concat('ware', seq) AS ware FROM seq_1_to_{MANY}"));
    let stops: [(Source, &dyn Fn()); 2] =
        [(postgres.source(), &|| postgres.stop()), (mariadb.source(), &|| mariadb.stop())];
    for (source, stop) in stops {
        let mut session = open(&source);
        let mut batches = 0;
        let outcome = session.read_events(&many_rows(), None, &mut |_| {
            batches += 1;
            if batches == 2 {
                stop();
            }
            Ok(())
        });
        let error = outcome.unwrap_err();
        assert!(matches!(error, SourceError::Lost { .. }) && error.is_passing(), "{error}");
        let error = sources::connect(&source, "EUR").err().unwrap();
        assert!(error.is_passing(), "{error}");
    }
}

#[test]
fn a_reading_can_be_stopped_timed_out_and_slowed() {
    let servers = servers();
    servers.postgres.sql(&format!("CREATE TABLE many AS SELECT g AS id, timestamp '2011-01-01' AS placed, 'w' AS ware FROM generate_series(1, {MANY}) g"));
    servers.mariadb.sql(&format!("CREATE TABLE many AS SELECT seq AS id, timestamp '2011-01-01 00:00:00' AS placed, 'w' AS ware FROM seq_1_to_{MANY}"));
    for source in [servers.postgres.source(), servers.mariadb.source()] {
        let started = std::time::Instant::now();
        let mut session = open(&source);
        let outcome = session.read_events(&many_rows(), None, &mut |_| Err(Stop("cancelled".into())));
        assert!(matches!(outcome, Err(SourceError::Stopped(_))));
        drop(session);
        assert!(started.elapsed().as_secs() < 5);
        let slow = Source { rows_per_second: MANY as u32, ..source };
        let started = std::time::Instant::now();
        let (read, _) = events(&mut open(&slow), &many_rows(), None).unwrap();
        assert_eq!(read.len() as u64, MANY);
        assert!(started.elapsed().as_millis() >= 900, "{:?}", started.elapsed());
    }
    let impatient = Source { statement_timeout_s: 1, ..servers.postgres.source() };
    let mut endless = mapping("", &[("at", column("at")), ("product", column("ware"))]);
    endless.name = "endless".into();
    endless.select =
        "SELECT now() AS at, a.ware FROM many a CROSS JOIN many b WHERE a.id < 0 OR b.id < -1".into();
    let error = events(&mut open(&impatient), &endless, None).unwrap_err();
    assert!(matches!(error, SourceError::TimedOut) && error.is_passing(), "{error}");
}

#[test]
fn a_locked_table_is_a_passing_failure() {
    let servers = servers();
    make_lines(&servers.postgres, "lines_locked");
    let mut owner = servers.postgres.client();
    let mut holding = owner.transaction().unwrap();
    holding.batch_execute("LOCK TABLE lines_locked IN ACCESS EXCLUSIVE MODE").unwrap();
    let source = Source { lock_timeout_s: 1, ..servers.postgres.source() };
    let lines = mapping("lines_locked", &[("at", column("placed")), ("product", column("ware"))]);
    let error = events(&mut open(&source), &lines, None).unwrap_err();
    assert!(matches!(error, SourceError::Locked) && error.is_passing(), "{error}");
}

#[test]
fn ids_of_every_kind_and_the_types_that_are_refused() {
    let servers = servers();
    servers.postgres.sql(
        "CREATE TYPE mood AS ENUM ('sad', 'happy');
         CREATE TABLE odd_types (u uuid, n numeric(30,0), m mood, b bytea, c char(8), i interval, big numeric, inf timestamptz);
         INSERT INTO odd_types VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 123456789012345678901234, 'happy', '\\x00', 'ab', '1 day', 'NaN', 'infinity')",
    );
    let mut session = open(&servers.postgres.source());
    for (name, expected) in [
        ("u", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ("n", "123456789012345678901234"),
        ("m", "happy"),
        ("c", "ab"),
    ] {
        let (read, _) =
            products(&mut session, &mapping("odd_types", &[("id", column(name)), ("title", column("m"))]));
        assert_eq!(read[0].id, expected);
    }
    for name in ["b", "i", "inf"] {
        let ids = mapping("odd_types", &[("id", column(name)), ("title", column("m"))]);
        let error = session.read_products(&ids, None, &mut |_| Ok(())).unwrap_err();
        assert!(matches!(error, SourceError::Mapping { .. }), "{error}");
    }
    let infinite = mapping("odd_types", &[("at", column("inf")), ("product", column("c"))]);
    assert_eq!(events(&mut session, &infinite, None).unwrap().1.ignored, [(Reason::UnreadableTime, 1)]);
    let nan = mapping(
        "odd_types",
        &[("at", constant("2011-01-01")), ("product", column("c")), ("value", column("big"))],
    );
    assert_eq!(events(&mut session, &nan, None).unwrap().1.ignored, [(Reason::UnreadableAmount, 1)]);
    servers.mariadb.sql(
        "CREATE TABLE shop.odd_types (bits bit(9), y year, e enum('x','y'), raw binary(4), z datetime, u bigint unsigned)",
    );
    servers.mariadb.sql("SET sql_mode = ''");
    servers.mariadb.sql("INSERT IGNORE INTO shop.odd_types VALUES (b'100000001', 2011, 'y', 'abcd', '0000-00-00', 18446744073709551615)");
    let mut session = open(&servers.mariadb.source());
    for (name, expected) in [("bits", "257"), ("y", "2011"), ("e", "y"), ("u", "18446744073709551615")] {
        let (read, _) =
            products(&mut session, &mapping("odd_types", &[("id", column(name)), ("title", column("e"))]));
        assert_eq!(read[0].id, expected);
    }
    let raw = mapping("odd_types", &[("id", column("raw")), ("title", column("e"))]);
    assert!(session.read_products(&raw, None, &mut |_| Ok(())).is_err());
    let zero = mapping("odd_types", &[("at", column("z")), ("product", column("e"))]);
    assert_eq!(events(&mut session, &zero, None).unwrap().1.ignored, [(Reason::UnreadableTime, 1)]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one shop with every oddity, and each of them expected by name")]
fn the_check_finds_what_is_odd() {
    on_every_database(|database| {
        let [_, clock, amount, text] = database.types();
        database.sql(&format!(
            "CREATE TABLE k_products (id {text}, title {text}, price {amount});
             INSERT INTO k_products VALUES ('A', 'a', '1'); INSERT INTO k_products VALUES ('A', 'again', '1');
             INSERT INTO k_products VALUES (NULL, 'none', '1');
             CREATE TABLE k_customers (id int, mail {text});
             CREATE TABLE k_lines (id int, placed {clock}, buyer int, ware {text}, currency {text})"
        ));
        let mut rows = String::new();
        for buyer in 1..=40 {
            rows += &format!("INSERT INTO k_customers VALUES ({buyer}, 'someone@shop.example');");
            rows += &format!("INSERT INTO k_lines VALUES ({buyer}, '2011-01-01', {buyer}, 'A', 'EUR');");
        }
        for line in 100..200 {
            rows += &format!("INSERT INTO k_lines VALUES ({line}, '2011-01-01', 1, 'A', 'EUR');");
        }
        rows += "INSERT INTO k_lines VALUES (300, '2098-01-01', 2, 'A', 'EUR');
                 INSERT INTO k_lines VALUES (300, '2011-01-01', 77, 'Z', 'QQQ');
                 INSERT INTO k_lines VALUES (301, '2011-01-01', NULL, 'A', 'EUR')";
        database.sql(&rows);
        let line_fields = [
            ("id", column("id")),
            ("at", column("placed")),
            ("customer", column("buyer")),
            ("product", column("ware")),
            ("currency", column("currency")),
        ];
        let product_fields = [("id", column("id")), ("title", column("title")), ("price", column("price"))];
        let source = Source {
            products: Some(mapping("k_products", &product_fields)),
            customers: Some(mapping("k_customers", &[("id", column("id")), ("email", column("mail"))])),
            events: vec![mapping("k_lines", &line_fields), mapping("k_linez", &line_fields)],
            ..database.source()
        };
        let mut session = open(&source);
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let report = sources::check(&mut session, &source, now).unwrap();
        let found = |words: &str| {
            report
                .findings
                .iter()
                .find(|finding| finding.what.contains(words))
                .unwrap_or_else(|| panic!("{words}: {report:#?}"))
        };
        let counted = |words: &str| (found(words).count, found(words).example.clone().unwrap_or_default());
        assert_eq!(counted("products whose id came before"), (1, "A".into()));
        assert_eq!(counted("events whose id came before"), (1, "300".into()));
        assert_eq!(counted("have no id").0, 1);
        assert_eq!(counted("in the future"), (1, "300".into()));
        assert_eq!(counted("product is not among"), (1, "Z".into()));
        assert_eq!(counted("customer is not among"), (1, "77".into()));
        assert_eq!(counted("one customer with"), (101, "1".into()));
        assert_eq!(counted("unknown currency"), (1, "QQQ".into()));
        assert_eq!(counted("without a customer").0, 1);
        assert!(found("k_linez").what.contains("“k_lines”"));
        assert!(report.has_problems() && report.proof.refused);
        assert_eq!(
            report.kinds.iter().map(|kind| (kind.rows, kind.usable)).collect::<Vec<_>>(),
            [(3, 2), (40, 40), (143, 143)]
        );
        assert_eq!(report.kinds[2].preview.rows.len(), 10);
        assert!(!serde_json::to_string(&report).unwrap().contains("someone@"));
        assert_eq!(found("one customer with").severity, Severity::Problem);
    });
}

/// The servers' own logs are the witnesses.
#[test]
fn the_servers_saw_only_reads() {
    let (postgres, mariadb) = (PostgreSql::start(), MariaDb::start());
    for database in [&postgres as &dyn Database, &mariadb] {
        let mut lines = make_lines(database, "lines_log");
        lines.watermark = "placed".into();
        let source = Source { events: vec![lines.clone()], ..database.source() };
        let mut session = open(&source);
        let (_, reading) = events(&mut session, &lines, None).unwrap();
        events(&mut session, &lines, reading.watermark.as_deref()).unwrap();
        assert_eq!(session.count(&lines).unwrap(), 9);
        lines.table = "lines_lag".into();
        assert!(events(&mut session, &lines, None).is_err());
        session.account_powers().unwrap();
    }
    let reads = ["SELECT ", "COPY (SELECT ", "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", "ROLLBACK"];
    let own = ["START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", "SET SESSION ", "SHOW GRANTS"];
    for seen in [postgres.statements_of_reader(), mariadb.statements_of_reader()] {
        assert!(seen.len() >= 8, "{seen:#?}");
        for statement in &seen {
            assert!(reads.iter().chain(&own).any(|start| statement.starts_with(start)), "{statement}");
        }
        assert!(seen.iter().any(|statement| statement.contains("lines_log")));
    }
}
