//! SQLite: the file opened read-only, under an authorizer that admits nothing but SELECT.

use super::{Column, Dialect, Driver, DriverError, Journal, Proof, RowSink, Shape, SourceError, Value};
use crate::config::Source;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub struct Sqlite {
    connection: Connection,
    journal: Journal,
    /// Milliseconds after `opened` at which the running statement must end.
    deadline_ms: Arc<AtomicU64>,
    opened: Instant,
    statement_timeout: Duration,
    may_write: bool,
}

/// How many steps of SQLite's machine pass between two looks at the clock: some tenths of a millisecond.
const STEPS: i32 = 20_000;

pub fn connect(source: &Source) -> Result<Sqlite, SourceError> {
    let path = source.file.display().to_string();
    let unreadable =
        |error: rusqlite::Error| SourceError::File { path: path.clone(), reason: error.to_string() };
    let metadata = std::fs::metadata(&source.file)
        .map_err(|error| SourceError::File { path: path.clone(), reason: error.to_string() })?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&source.file, flags).map_err(unreadable)?;
    connection.busy_timeout(Duration::from_secs(u64::from(source.lock_timeout_s))).map_err(unreadable)?;
    let (opened, deadline_ms) = (Instant::now(), Arc::new(AtomicU64::new(u64::MAX)));
    let deadline = Arc::clone(&deadline_ms);
    let late = move || opened.elapsed().as_millis() > u128::from(deadline.load(Ordering::Relaxed));
    connection.progress_handler(STEPS, Some(late)).map_err(unreadable)?;
    let mut sqlite = Sqlite {
        connection,
        journal: Journal::default(),
        deadline_ms,
        opened,
        statement_timeout: Duration::from_secs(u64::from(source.statement_timeout_s)),
        may_write: !metadata.permissions().readonly(),
    };
    // The transaction begins before the authorizer, which would refuse it; its first read fixes what it sees.
    sqlite.send("BEGIN").and_then(|()| sqlite.send("SELECT count(*) FROM sqlite_master")).map_err(
        |error| match SourceError::from(error) {
            SourceError::Refused { answer } => SourceError::File { path: path.clone(), reason: answer },
            error => error,
        },
    )?;
    sqlite.connection.authorizer(Some(only_select)).map_err(unreadable)?;
    Ok(sqlite)
}

fn only_select(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Function { function_name } if function_name.eq_ignore_ascii_case("load_extension") => {
            Authorization::Deny
        }
        AuthAction::Select
        | AuthAction::Read { .. }
        | AuthAction::Function { .. }
        | AuthAction::Recursive => Authorization::Allow,
        _ => Authorization::Deny,
    }
}

impl Sqlite {
    fn send(&mut self, statement: &str) -> Result<(), DriverError> {
        let started = Instant::now();
        let outcome = self.connection.execute_batch(statement).map_err(|error| explain(&error));
        self.journal.note(statement, started, 0, outcome.as_ref().map(|_| ()));
        outcome
    }

    fn rows(&mut self, select: &str, columns: usize, sink: &mut RowSink<'_>) -> Result<u64, DriverError> {
        let until = (self.opened.elapsed() + self.statement_timeout).as_millis();
        self.deadline_ms.store(u64::try_from(until).unwrap_or(u64::MAX), Ordering::Relaxed);
        let mut statement = self.connection.prepare(select).map_err(|error| explain(&error))?;
        if !statement.readonly() {
            return Err(SourceError::Refused { answer: "the statement would write".to_owned() }.into());
        }
        let mut rows = statement.query([]).map_err(|error| explain(&error))?;
        let mut count = 0;
        while let Some(row) = rows.next().map_err(|error| explain(&error))? {
            let mut values: Vec<Value<'_>> = Vec::with_capacity(columns);
            for at in 0..columns {
                values.push(match row.get_ref(at).map_err(|error| explain(&error))? {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(number) => Value::Int(number),
                    ValueRef::Real(number) => Value::Float(number),
                    ValueRef::Text(bytes) => {
                        std::str::from_utf8(bytes).map_or(Value::Unreadable, Value::Text)
                    }
                    ValueRef::Blob(_) => Value::Unreadable,
                });
            }
            count += 1;
            sink(&values)?;
        }
        Ok(count)
    }
}

impl Driver for Sqlite {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn describe(&mut self, select: &str) -> Result<Vec<Column>, DriverError> {
        let started = Instant::now();
        let outcome = self.connection.prepare(select).map_err(|error| explain(&error));
        self.journal.note(format!("PREPARE: {select}"), started, 0, outcome.as_ref().map(|_| ()));
        let statement = outcome?;
        let column = |name: &str| Column {
            name: name.to_owned(),
            shape: Shape::Any,
            type_name: "dynamic".to_owned(),
            type_code: 0,
        };
        Ok(statement.column_names().into_iter().map(column).collect())
    }

    fn stream(
        &mut self,
        select: &str,
        columns: &[Column],
        sink: &mut RowSink<'_>,
    ) -> Result<u64, DriverError> {
        let started = Instant::now();
        let outcome = self.rows(select, columns.len(), sink);
        let rows = outcome.as_ref().copied().unwrap_or_default();
        self.journal.note(select, started, rows, outcome.as_ref().map(|_| ()));
        outcome
    }

    fn tables(&mut self) -> Result<Vec<String>, DriverError> {
        const SELECT: &str = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name";
        let columns = self.describe(SELECT)?;
        let mut tables = Vec::new();
        self.stream(SELECT, &columns, &mut |row| {
            tables.push(row[0].to_text());
            Ok(())
        })?;
        Ok(tables)
    }

    fn clock_us(&mut self) -> Result<i64, DriverError> {
        const SELECT: &str = "SELECT CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)";
        let columns = self.describe(SELECT)?;
        let mut clock = 0;
        self.stream(SELECT, &columns, &mut |row| {
            clock = row[0].pieces().unwrap_or_default();
            Ok(())
        })?;
        Ok(clock)
    }

    fn try_to_write(&mut self) -> Result<Proof, DriverError> {
        const STATEMENT: &str = "CREATE TABLE handpick_write_probe (id INTEGER)";
        let started = Instant::now();
        // Prepared and not run: the authorizer speaks while a statement is prepared.
        let outcome = self.connection.prepare(STATEMENT).map(|_| ());
        self.journal.note(STATEMENT, started, 0, outcome.as_ref().map(|_| ()));
        let (refused, answer) = match outcome {
            Ok(()) => (false, "SQLite would carry it out.".to_owned()),
            Err(error) => (true, error.to_string()),
        };
        Ok(Proof { refused, statement: STATEMENT.to_owned(), answer })
    }

    fn account_powers(&mut self) -> Result<Vec<String>, DriverError> {
        let power = "may write to the file, as the operating system's permissions stand";
        Ok(if self.may_write { vec![power.to_owned()] } else { Vec::new() })
    }

    fn journal(&mut self) -> &mut Journal {
        &mut self.journal
    }
}

fn explain(error: &rusqlite::Error) -> DriverError {
    let answer = error.to_string();
    if answer.contains("no such table") {
        return DriverError::NoTable(answer);
    }
    if answer.contains("no such column") {
        return DriverError::NoColumn(answer);
    }
    DriverError::Other(match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => SourceError::TimedOut,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => SourceError::Locked,
        Some(ErrorCode::SystemIoFailure) => SourceError::Lost { reason: answer },
        _ => SourceError::Refused { answer },
    })
}
