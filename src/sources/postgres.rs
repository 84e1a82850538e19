//! PostgreSQL: one REPEATABLE READ, READ ONLY transaction; rows come by binary COPY, the fastest way out of the server.

use super::postgres_rows::{Rows, shape_of};
use super::{Column, Dialect, Driver, DriverError, Journal, Proof, RowSink, SourceError, encryption};
use crate::config::{Source, Tls};
use postgres::error::SqlState;
use postgres::{Client, NoTls, config::SslMode};
use std::io::BufRead;
use std::time::{Duration, Instant};
use tokio_postgres_rustls::MakeRustlsConnect;

const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
const PORT: u16 = 5432;

pub struct Postgres {
    client: Client,
    tls: Option<MakeRustlsConnect>,
    journal: Journal,
}

pub fn connect(source: &Source) -> Result<Postgres, SourceError> {
    let mut config = postgres::Config::new();
    let port = if source.port == 0 { PORT } else { source.port };
    let place = format!("{}:{port}", source.host);
    config
        .host(&source.host)
        .port(port)
        .user(&source.user)
        .dbname(&source.database)
        .application_name("handpick")
        .connect_timeout(Duration::from_secs(u64::from(source.connect_timeout_s.max(1))))
        .keepalives_idle(Duration::from_secs(30))
        .tcp_user_timeout(Duration::from_secs(120))
        .options(&format!(
            "-c default_transaction_read_only=on -c statement_timeout={}s -c lock_timeout={}s",
            source.statement_timeout_s, source.lock_timeout_s
        ));
    if !source.password.is_empty() {
        config.password(source.password.reveal());
    }
    let tls = match source.tls {
        Tls::Off => None,
        Tls::Verify => Some(MakeRustlsConnect::new(encryption(source)?)),
    };
    let client = match &tls {
        None => config.ssl_mode(SslMode::Disable).connect(NoTls),
        Some(tls) => config.ssl_mode(SslMode::Require).connect(tls.clone()),
    };
    let client = client.map_err(|error| connect_error(&error, source, place))?;
    let mut postgres = Postgres { client, tls, journal: Journal::default() };
    postgres.send(BEGIN)?;
    Ok(postgres)
}

impl Postgres {
    /// One of Handpick's own statements that answer no rows.
    fn send(&mut self, statement: &str) -> Result<(), DriverError> {
        let started = Instant::now();
        let outcome = self.client.batch_execute(statement).map_err(|error| explain(&error));
        self.journal.note(statement, started, 0, outcome.as_ref().map(|_| ()));
        outcome
    }

    /// A failed statement ends PostgreSQL's transaction; the next one sees a new state, and the reading failed anyway.
    fn begin_again(&mut self) {
        if self.client.is_closed() {
            return;
        }
        for statement in ["ROLLBACK", BEGIN] {
            if self.send(statement).is_err() {
                return; // The next statement will say so.
            }
        }
    }

    /// Rows of texts, for questions to the catalogue.
    fn texts(&mut self, select: &str) -> Result<Vec<Vec<String>>, DriverError> {
        let started = Instant::now();
        let outcome = self.client.query(select, &[]).map_err(|error| explain(&error));
        let rows = outcome.as_ref().map_or(0, |rows| rows.len() as u64);
        self.journal.note(select, started, rows, outcome.as_ref().map(|_| ()));
        if outcome.is_err() {
            self.begin_again();
        }
        let text =
            |row: &postgres::Row, at| row.try_get::<_, Option<String>>(at).ok().flatten().unwrap_or_default();
        Ok(outcome?.iter().map(|row| (0..row.len()).map(|at| text(row, at)).collect()).collect())
    }

    fn copy(
        &mut self,
        statement: &str,
        columns: &[Column],
        sink: &mut RowSink<'_>,
    ) -> Result<u64, DriverError> {
        let mut reader = self.client.copy_out(statement).map_err(|error| explain(&error))?;
        let mut rows = Rows::new(columns);
        loop {
            let chunk = reader.fill_buf().map_err(|error| lost(&error))?;
            if chunk.is_empty() {
                return rows.finish().map_err(DriverError::Other);
            }
            let length = chunk.len();
            rows.feed(chunk, sink)?;
            reader.consume(length);
        }
    }

    /// Otherwise the driver would read the rest of the table before it lets go of it.
    fn cancel(&self) {
        let token = self.client.cancel_token();
        let outcome = match &self.tls {
            None => token.cancel_query(NoTls),
            Some(tls) => token.cancel_query(tls.clone()),
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "the running statement could not be cancelled; it ends by itself");
        }
    }
}

impl Driver for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn describe(&mut self, select: &str) -> Result<Vec<Column>, DriverError> {
        let started = Instant::now();
        let outcome = self.client.prepare(select).map_err(|error| explain(&error));
        self.journal.note(format!("PREPARE: {select}"), started, 0, outcome.as_ref().map(|_| ()));
        if outcome.is_err() {
            self.begin_again();
        }
        let column = |column: &postgres::Column| Column {
            name: column.name().to_owned(),
            shape: shape_of(column.type_()),
            type_name: column.type_().name().to_owned(),
            type_code: column.type_().oid(),
        };
        Ok(outcome?.columns().iter().map(column).collect())
    }

    fn stream(
        &mut self,
        select: &str,
        columns: &[Column],
        sink: &mut RowSink<'_>,
    ) -> Result<u64, DriverError> {
        let statement = format!("COPY ({select}) TO STDOUT (FORMAT binary)");
        let started = Instant::now();
        let mut token_needed = true;
        let outcome = self.copy(&statement, columns, &mut |row| {
            let took = sink(row);
            token_needed = took.is_err();
            took
        });
        if outcome.is_err() {
            if token_needed {
                self.cancel();
            }
            self.begin_again();
        }
        let rows = outcome.as_ref().copied().unwrap_or_default();
        self.journal.note(statement, started, rows, outcome.as_ref().map(|_| ()));
        outcome
    }

    fn tables(&mut self) -> Result<Vec<String>, DriverError> {
        let rows = self.texts(
            "SELECT CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN c.relname::text \
             ELSE n.nspname || '.' || c.relname END \
             FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') \
             AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1 LIMIT 5000",
        )?;
        Ok(rows.into_iter().flatten().collect())
    }

    fn clock_us(&mut self) -> Result<i64, DriverError> {
        let rows = self.texts("SELECT (extract(epoch FROM now()) * 1000000)::bigint::text")?;
        let text = rows.first().and_then(|row| row.first()).map(String::as_str).unwrap_or_default();
        text.parse().map_err(|_| {
            DriverError::Other(SourceError::Garbled { reason: format!("“{text}” is not the time") })
        })
    }

    /// A temporary table would vanish with the session, and the savepoint takes it back before that.
    fn try_to_write(&mut self) -> Result<Proof, DriverError> {
        const STATEMENT: &str = "CREATE TEMPORARY TABLE handpick_write_probe (id integer)";
        self.send("SAVEPOINT handpick_write_probe")?;
        let started = Instant::now();
        let outcome = self.client.batch_execute(STATEMENT);
        self.journal.note(STATEMENT, started, 0, outcome.as_ref().map(|_| ()));
        let (refused, answer) = match &outcome {
            Ok(()) => (false, "The server carried it out.".to_owned()),
            Err(error) => match error.as_db_error() {
                Some(answer) => (true, answer.message().to_owned()),
                None => return Err(explain(error)),
            },
        };
        self.send("ROLLBACK TO SAVEPOINT handpick_write_probe")?;
        Ok(Proof { refused, statement: STATEMENT.to_owned(), answer })
    }

    fn account_powers(&mut self) -> Result<Vec<String>, DriverError> {
        let mut powers = Vec::new();
        let role = self.texts(
            "SELECT rolsuper::text, rolcreaterole::text, rolcreatedb::text, \
             has_database_privilege(current_database(), 'CREATE')::text \
             FROM pg_catalog.pg_roles WHERE rolname = current_user",
        )?;
        let words = ["is a superuser", "may create roles", "may create databases", "may create schemas"];
        for (word, held) in words.iter().zip(role.first().into_iter().flatten()) {
            if held == "true" {
                powers.push((*word).to_owned());
            }
        }
        if powers.first().is_some_and(|power| power == words[0]) {
            return Ok(vec![words[0].to_owned()]); // Which includes all that follows.
        }
        let tables = self.texts(
            "SELECT count(*)::text, min(n.nspname || '.' || c.relname) \
             FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname !~ '^(pg_|information_schema$)' \
             AND pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')",
        )?;
        if let Some([count, example]) = tables.first().map(Vec::as_slice)
            && count != "0"
        {
            powers.push(format!("may change {count} tables (such as {example})"));
        }
        let schemas = self.texts(
            "SELECT nspname::text FROM pg_catalog.pg_namespace WHERE nspname !~ '^(pg_|information_schema$)' \
             AND pg_catalog.has_schema_privilege(oid, 'CREATE') ORDER BY 1 LIMIT 1",
        )?;
        if let Some(schema) = schemas.into_iter().flatten().next() {
            powers.push(format!("may create tables (in the schema {schema})"));
        }
        Ok(powers)
    }

    fn journal(&mut self) -> &mut Journal {
        &mut self.journal
    }
}

fn connect_error(error: &postgres::Error, source: &Source, place: String) -> SourceError {
    let reason = reason_of(error);
    match error.code() {
        Some(&SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
            SourceError::WrongPassword { place, user: source.user.clone() }
        }
        Some(&SqlState::INVALID_CATALOG_NAME) => {
            SourceError::UnknownDatabase { place, database: source.database.clone() }
        }
        Some(
            &SqlState::CANNOT_CONNECT_NOW
            | &SqlState::TOO_MANY_CONNECTIONS
            | &SqlState::ADMIN_SHUTDOWN
            | &SqlState::CRASH_SHUTDOWN,
        ) => SourceError::NotReady { place, reason },
        Some(_) => SourceError::Refused { answer: reason },
        None if error.to_string().contains("TLS") => SourceError::Tls { place, reason },
        None if error.to_string().contains("password missing") => {
            SourceError::WrongPassword { place, user: source.user.clone() }
        }
        None => SourceError::Unreachable { place, reason },
    }
}

fn explain(error: &postgres::Error) -> DriverError {
    let answer = reason_of(error);
    DriverError::Other(match error.code() {
        Some(&SqlState::UNDEFINED_TABLE | &SqlState::INVALID_SCHEMA_NAME) => {
            return DriverError::NoTable(answer);
        }
        Some(&SqlState::UNDEFINED_COLUMN) => return DriverError::NoColumn(answer),
        Some(&SqlState::QUERY_CANCELED) => SourceError::TimedOut,
        Some(&SqlState::LOCK_NOT_AVAILABLE) => SourceError::Locked,
        Some(&SqlState::INSUFFICIENT_PRIVILEGE) => SourceError::NotAllowed { answer },
        Some(&SqlState::ADMIN_SHUTDOWN | &SqlState::CRASH_SHUTDOWN | &SqlState::CANNOT_CONNECT_NOW) => {
            SourceError::Lost { reason: answer }
        }
        Some(_) => SourceError::Refused { answer },
        None => SourceError::Lost { reason: answer },
    })
}

/// Errors of a stream arrive wrapped.
fn lost(error: &std::io::Error) -> DriverError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<postgres::Error>()) {
        Some(inner) => explain(inner),
        None => DriverError::Other(SourceError::Lost { reason: error.to_string() }),
    }
}

/// The server's sentence, or the deepest cause of a failure on the way to it.
fn reason_of(error: &postgres::Error) -> String {
    if let Some(answer) = error.as_db_error() {
        return answer.message().to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
