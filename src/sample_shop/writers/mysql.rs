//! Writes a sample shop to MySQL or MariaDB with prepared inserts of many rows.

use super::{PerTable, ShopWriter, WriteError};
use crate::sample_shop::schema::{Cell, Kind, Table};
use chrono::{Datelike, Timelike};
use mysql::prelude::Queryable;
use mysql::{Conn, Opts, Statement, Value};

/// Rows per statement: large enough that the round trip does not count, below the limit of 65 535 values.
const ROWS: usize = 1_000;
/// Statements per transaction.
const COMMIT_EVERY: u64 = 100;

pub struct Mysql {
    conn: Conn,
    full: PerTable<Option<Statement>>,
    pending: PerTable<Vec<Value>>,
    statements: u64,
}

impl Mysql {
    pub fn create(address: &str) -> Result<Self, WriteError> {
        let opts = Opts::from_url(address).map_err(|e| said(e.to_string()))?;
        let mut conn = Conn::new(opts).map_err(failed)?;
        for table in Table::ALL {
            let there: Option<i64> = conn
                .exec_first(
                    "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?",
                    (table.name(),),
                )
                .map_err(failed)?;
            if there.is_some() {
                let what = format!("a table {}", table.name());
                return Err(WriteError::Occupied { place: "the MySQL database".into(), what });
            }
        }
        for table in Table::ALL {
            conn.query_drop(format!("{} CHARACTER SET utf8mb4", table.create(type_of))).map_err(failed)?;
        }
        let mut full = [None, None, None, None];
        for table in Table::ALL {
            full[table as usize] = Some(conn.prep(insert(table, ROWS)).map_err(failed)?);
        }
        conn.query_drop("START TRANSACTION").map_err(failed)?;
        Ok(Self { conn, full: PerTable(full), pending: PerTable(Default::default()), statements: 0 })
    }

    fn send(&mut self, table: Table) -> Result<(), WriteError> {
        let values = std::mem::take(self.pending.of(table));
        let rows = values.len() / table.columns().len();
        match (rows, self.full.of(table).clone()) {
            (0, _) => return Ok(()),
            (ROWS, Some(statement)) => self.conn.exec_drop(statement, values).map_err(failed)?,
            _ => self.conn.exec_drop(insert(table, rows), values).map_err(failed)?,
        }
        self.statements += 1;
        if self.statements.is_multiple_of(COMMIT_EVERY) {
            self.conn.query_drop("COMMIT AND CHAIN").map_err(failed)?;
        }
        Ok(())
    }
}

impl ShopWriter for Mysql {
    fn row(&mut self, table: Table, cells: &[Cell<'_>]) -> Result<(), WriteError> {
        let pending = self.pending.of(table);
        pending.extend(cells.iter().map(value));
        if pending.len() == ROWS * table.columns().len() { self.send(table) } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>) -> Result<(), WriteError> {
        for table in Table::ALL {
            self.send(table)?;
        }
        self.conn.query_drop("COMMIT").map_err(failed)
    }
}

fn insert(table: Table, rows: usize) -> String {
    let row = format!("({})", vec!["?"; table.columns().len()].join(","));
    format!("INSERT INTO {} ({}) VALUES {}", table.name(), table.column_names(), vec![row; rows].join(","))
}

fn value(cell: &Cell<'_>) -> Value {
    match cell {
        Cell::Null => Value::NULL,
        Cell::Text(text) => Value::from(*text),
        Cell::Number(number) => Value::from(*number),
        Cell::Amount(amount) => Value::from(amount.to_string()),
        Cell::Truth(truth) => Value::from(*truth),
        Cell::Time(time) => Value::Date(
            time.year() as u16,
            time.month() as u8,
            time.day() as u8,
            time.hour() as u8,
            time.minute() as u8,
            time.second() as u8,
            0,
        ),
    }
}

fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Key => "VARCHAR(64) NOT NULL PRIMARY KEY",
        Kind::Text => "VARCHAR(255)",
        Kind::Number => "INT",
        Kind::Serial => "BIGINT NOT NULL PRIMARY KEY",
        Kind::Amount => "DECIMAL(12, 2)",
        Kind::Time => "DATETIME",
        Kind::Truth => "TINYINT(1) NOT NULL",
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
fn failed(error: mysql::Error) -> WriteError {
    said(error.to_string())
}

fn said(reason: String) -> WriteError {
    WriteError::Failed { place: "the MySQL database".into(), reason }
}
