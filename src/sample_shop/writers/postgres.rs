//! Writes a sample shop to PostgreSQL with COPY, in one transaction.

use super::{PerTable, ShopWriter, WriteError, text_of_time};
use crate::sample_shop::schema::{Cell, Kind, Table};
use postgres::{Client, NoTls};
use std::fmt::Write as _;
use std::io::Write as _;

/// Text collected before it is copied: one COPY can run at a time, and two tables grow together.
const COPY_AT: usize = 4 << 20;

pub struct Postgres {
    client: Client,
    pending: PerTable<String>,
}

impl Postgres {
    pub fn create(address: &str) -> Result<Self, WriteError> {
        let mut client = Client::connect(address, NoTls).map_err(failed)?;
        client.batch_execute("BEGIN").map_err(failed)?;
        for table in Table::ALL {
            let there = client
                .query_one("SELECT to_regclass($1) IS NOT NULL", &[&table.name()])
                .map_err(failed)?
                .get::<_, bool>(0);
            if there {
                let what = format!("a table {}", table.name());
                return Err(WriteError::Occupied { place: "the PostgreSQL database".into(), what });
            }
            client.batch_execute(&table.create(type_of)).map_err(failed)?;
        }
        Ok(Self { client, pending: PerTable(Default::default()) })
    }

    fn copy(&mut self, table: Table) -> Result<(), WriteError> {
        let text = self.pending.of(table);
        if text.is_empty() {
            return Ok(());
        }
        let statement = format!("COPY {} ({}) FROM STDIN", table.name(), table.column_names());
        let mut stream = self.client.copy_in(&statement).map_err(failed)?;
        stream.write_all(text.as_bytes()).map_err(|e| said(e.to_string()))?;
        stream.finish().map_err(failed)?;
        text.clear();
        Ok(())
    }
}

impl ShopWriter for Postgres {
    fn row(&mut self, table: Table, cells: &[Cell<'_>]) -> Result<(), WriteError> {
        let text = self.pending.of(table);
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                text.push('\t');
            }
            push(text, cell);
        }
        text.push('\n');
        if text.len() >= COPY_AT { self.copy(table) } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>) -> Result<(), WriteError> {
        for table in Table::ALL {
            self.copy(table)?;
        }
        self.client.batch_execute("COMMIT").map_err(failed)?;
        // Planner statistics, so that the first read is planned well.
        self.client.batch_execute("ANALYZE").map_err(failed)
    }
}

/// In COPY's text format.
fn push(text: &mut String, cell: &Cell<'_>) {
    let written = match cell {
        Cell::Null => text.write_str("\\N"),
        Cell::Text(plain) => plain.chars().try_for_each(|c| match c {
            '\\' => text.write_str("\\\\"),
            '\t' => text.write_str("\\t"),
            '\n' => text.write_str("\\n"),
            '\r' => text.write_str("\\r"),
            other => text.write_char(other),
        }),
        Cell::Number(number) => write!(text, "{number}"),
        Cell::Amount(amount) => write!(text, "{amount}"),
        Cell::Time(time) => write!(text, "{}+00", text_of_time(*time)),
        Cell::Truth(truth) => text.write_str(if *truth { "t" } else { "f" }),
    };
    written.expect("invariant: writing to a String cannot fail");
}

fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Key => "text PRIMARY KEY",
        Kind::Text => "text",
        Kind::Number => "integer",
        Kind::Serial => "bigint PRIMARY KEY",
        Kind::Amount => "numeric(12, 2)",
        Kind::Time => "timestamptz",
        Kind::Truth => "boolean NOT NULL",
    }
}

/// The server's own sentence; the driver's `Display` only says "db error".
#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
fn failed(error: postgres::Error) -> WriteError {
    said(error.as_db_error().map_or_else(|| error.to_string(), |server| server.message().to_owned()))
}

fn said(reason: String) -> WriteError {
    WriteError::Failed { place: "the PostgreSQL database".into(), reason }
}
