//! MySQL and MariaDB: one READ ONLY transaction with a consistent snapshot; rows come as a prepared statement's.

use super::{
    Column, Dialect, Driver, DriverError, Journal, Proof, RowSink, Shape, SourceError, Value, encryption,
    value,
};
use crate::config::{Source, Tls};
use mysql::consts::{ColumnFlags, ColumnType};
use mysql::prelude::Queryable;
use mysql::{Conn, OptsBuilder, SslOpts};
use std::time::{Duration, Instant};

const PORT: u16 = 3306;
const BEGIN: &str = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";
/// The character set number that stands for bytes.
const BINARY: u16 = 63;

pub struct Mysql {
    /// `None` once a reading was broken off: what the server still sends has no reader any more.
    conn: Option<Conn>,
    journal: Journal,
}

pub fn connect(source: &Source) -> Result<Mysql, SourceError> {
    let port = if source.port == 0 { PORT } else { source.port };
    let place = format!("{}:{port}", source.host);
    let ssl = match source.tls {
        Tls::Off => None,
        Tls::Verify => {
            encryption(source)?; // Says what is wrong with the file, which the driver does not.
            let file = source.ca_file.clone();
            let own = (!file.as_os_str().is_empty()).then_some(file);
            Some(SslOpts::default().with_root_cert_path(own))
        }
    };
    let options = OptsBuilder::new()
        .ip_or_hostname(Some(source.host.as_str()))
        .tcp_port(port)
        .user(Some(source.user.as_str()))
        .pass((!source.password.is_empty()).then(|| source.password.reveal()))
        .db_name(Some(source.database.as_str()))
        .prefer_socket(false)
        .tcp_connect_timeout(Some(Duration::from_secs(u64::from(source.connect_timeout_s.max(1)))))
        .tcp_keepalive_time_ms(Some(30_000))
        .ssl_opts(ssl);
    let conn = Conn::new(options).map_err(|error| connect_error(&error, source, place))?;
    let mut mysql = Mysql { conn: Some(conn), journal: Journal::default() };
    mysql.make_read_only(source)?;
    Ok(mysql)
}

impl Mysql {
    fn conn(&mut self) -> Result<&mut Conn, DriverError> {
        self.conn.as_mut().ok_or_else(|| {
            DriverError::Other(SourceError::Lost { reason: "the last reading was broken off".to_owned() })
        })
    }

    fn make_read_only(&mut self, source: &Source) -> Result<(), DriverError> {
        let version = self.texts("SELECT VERSION()")?.into_iter().flatten().next().unwrap_or_default();
        let limit = if version.contains("MariaDB") {
            format!("max_statement_time = {}", source.statement_timeout_s)
        } else {
            format!("max_execution_time = {}", u64::from(source.statement_timeout_s) * 1000)
        };
        self.send("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")?;
        let lock = source.lock_timeout_s;
        self.send(&format!(
            "SET SESSION time_zone = '+00:00', lock_wait_timeout = {}, innodb_lock_wait_timeout = {}, \
             net_write_timeout = 600, {limit}",
            lock.max(1),
            lock.max(1)
        ))?;
        self.send(BEGIN)
    }

    fn send(&mut self, statement: &str) -> Result<(), DriverError> {
        let started = Instant::now();
        let outcome = self.conn()?.query_drop(statement).map_err(|error| explain(&error));
        self.journal.note(statement, started, 0, outcome.as_ref().map(|_| ()));
        outcome
    }

    fn texts(&mut self, select: &str) -> Result<Vec<Vec<String>>, DriverError> {
        let started = Instant::now();
        let outcome = self.conn()?.query::<mysql::Row, _>(select).map_err(|error| explain(&error));
        let rows = outcome.as_ref().map_or(0, |rows| rows.len() as u64);
        self.journal.note(select, started, rows, outcome.as_ref().map(|_| ()));
        let text = |value: mysql::Value| match value {
            mysql::Value::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            mysql::Value::NULL => String::new(),
            other => other.as_sql(true),
        };
        Ok(outcome?.into_iter().map(|row| row.unwrap().into_iter().map(text).collect()).collect())
    }

    fn rows(&mut self, select: &str, shapes: &[Shape], sink: &mut RowSink<'_>) -> Result<u64, DriverError> {
        let conn = self.conn()?;
        let statement = conn.prep(select).map_err(|error| explain(&error))?;
        let mut result = conn.exec_iter(&statement, ()).map_err(|error| explain(&error))?;
        let mut count = 0;
        for row in result.by_ref() {
            let row = row.map_err(|error| explain(&error))?;
            let mut values = Vec::with_capacity(shapes.len());
            for (at, shape) in shapes.iter().enumerate() {
                values.push(row.as_ref(at).map_or(Value::Null, |value| decode(value, *shape)));
            }
            count += 1;
            if let Err(error) = sink(&values) {
                // Dropped, the result would read the table to its end; forgotten, the connection is of no more use.
                std::mem::forget(result);
                self.conn = None;
                return Err(error.into());
            }
        }
        Ok(count)
    }
}

impl Driver for Mysql {
    fn dialect(&self) -> Dialect {
        Dialect::Mysql
    }

    fn describe(&mut self, select: &str) -> Result<Vec<Column>, DriverError> {
        let started = Instant::now();
        let conn = self.conn()?;
        let outcome = conn.prep(select).map_err(|error| explain(&error));
        let columns = outcome.as_ref().map(|statement| {
            let column = |column: &mysql::Column| Column {
                name: column.name_str().into_owned(),
                shape: shape_of(column),
                type_name: type_name(column),
                type_code: 0,
            };
            statement.columns().iter().map(column).collect()
        });
        let columns = columns.ok();
        self.journal.note(format!("PREPARE: {select}"), started, 0, outcome.as_ref().map(|_| ()));
        outcome.map(|_| columns.unwrap_or_default())
    }

    fn stream(
        &mut self,
        select: &str,
        columns: &[Column],
        sink: &mut RowSink<'_>,
    ) -> Result<u64, DriverError> {
        let started = Instant::now();
        let shapes: Vec<Shape> = columns.iter().map(|column| column.shape).collect();
        let outcome = self.rows(select, &shapes, sink);
        let rows = outcome.as_ref().copied().unwrap_or_default();
        self.journal.note(select, started, rows, outcome.as_ref().map(|_| ()));
        outcome
    }

    fn tables(&mut self) -> Result<Vec<String>, DriverError> {
        let select = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() \
                      ORDER BY table_name LIMIT 5000";
        Ok(self.texts(select)?.into_iter().flatten().collect())
    }

    fn clock_us(&mut self) -> Result<i64, DriverError> {
        let text = self
            .texts("SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)")?
            .into_iter()
            .flatten()
            .next()
            .unwrap_or_default();
        text.parse().map_err(|_| {
            DriverError::Other(SourceError::Garbled { reason: format!("“{text}” is not the time") })
        })
    }

    /// The server refuses it before it looks at anything, and the table could hold nothing anyway.
    fn try_to_write(&mut self) -> Result<Proof, DriverError> {
        const STATEMENT: &str = "CREATE TABLE handpick_write_probe (id INT)";
        let started = Instant::now();
        let outcome = self.conn()?.query_drop(STATEMENT);
        self.journal.note(STATEMENT, started, 0, outcome.as_ref().map(|_| ()));
        let proof = |refused, answer: String| Proof { refused, statement: STATEMENT.to_owned(), answer };
        match outcome {
            Err(mysql::Error::MySqlError(answer)) => Ok(proof(true, answer.message)),
            Err(error) => Err(explain(&error)),
            Ok(()) => {
                self.send("DROP TABLE handpick_write_probe")?;
                Ok(proof(false, "The server carried it out.".to_owned()))
            }
        }
    }

    fn account_powers(&mut self) -> Result<Vec<String>, DriverError> {
        const HARMLESS: [&str; 8] = [
            "SELECT",
            "USAGE",
            "SHOW VIEW",
            "SHOW DATABASES",
            "PROCESS",
            "REPLICATION CLIENT",
            "BINLOG MONITOR",
            "SLAVE MONITOR",
        ];
        let mut powers = Vec::new();
        for grant in self.texts("SHOW GRANTS")?.into_iter().flatten() {
            let Some((privileges, place)) =
                grant.strip_prefix("GRANT ").and_then(|rest| rest.split_once(" ON "))
            else {
                continue;
            };
            let place = place.split(" TO ").next().unwrap_or_default();
            let more: Vec<&str> = split_privileges(privileges)
                .into_iter()
                .filter(|privilege| {
                    let name = privilege.split('(').next().unwrap_or_default().trim();
                    !HARMLESS.contains(&name)
                })
                .collect();
            if !more.is_empty() {
                powers.push(format!("may {} on {place}", more.join(", ")));
            }
        }
        Ok(powers)
    }

    fn journal(&mut self) -> &mut Journal {
        &mut self.journal
    }
}

/// `SELECT (a, b), INSERT` has two.
fn split_privileges(list: &str) -> Vec<&str> {
    let mut depth = 0;
    list.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    })
    .map(str::trim)
    .collect()
}

fn shape_of(column: &mysql::Column) -> Shape {
    let binary = column.character_set() == BINARY;
    match column.column_type() {
        ColumnType::MYSQL_TYPE_TINY
        | ColumnType::MYSQL_TYPE_SHORT
        | ColumnType::MYSQL_TYPE_LONG
        | ColumnType::MYSQL_TYPE_INT24
        | ColumnType::MYSQL_TYPE_LONGLONG
        | ColumnType::MYSQL_TYPE_YEAR
        | ColumnType::MYSQL_TYPE_BIT => Shape::Integer,
        ColumnType::MYSQL_TYPE_FLOAT | ColumnType::MYSQL_TYPE_DOUBLE => Shape::Float,
        ColumnType::MYSQL_TYPE_DECIMAL | ColumnType::MYSQL_TYPE_NEWDECIMAL => Shape::Decimal,
        ColumnType::MYSQL_TYPE_TIMESTAMP | ColumnType::MYSQL_TYPE_TIMESTAMP2 => Shape::Instant,
        ColumnType::MYSQL_TYPE_DATETIME | ColumnType::MYSQL_TYPE_DATETIME2 => Shape::WallClock,
        ColumnType::MYSQL_TYPE_DATE | ColumnType::MYSQL_TYPE_NEWDATE => Shape::Date,
        ColumnType::MYSQL_TYPE_ENUM | ColumnType::MYSQL_TYPE_SET | ColumnType::MYSQL_TYPE_JSON => Shape::Text,
        ColumnType::MYSQL_TYPE_VARCHAR
        | ColumnType::MYSQL_TYPE_VAR_STRING
        | ColumnType::MYSQL_TYPE_STRING
        | ColumnType::MYSQL_TYPE_TINY_BLOB
        | ColumnType::MYSQL_TYPE_MEDIUM_BLOB
        | ColumnType::MYSQL_TYPE_LONG_BLOB
        | ColumnType::MYSQL_TYPE_BLOB => {
            if binary && column.flags().contains(ColumnFlags::BINARY_FLAG) {
                Shape::Bytes
            } else {
                Shape::Text
            }
        }
        ColumnType::MYSQL_TYPE_NULL => Shape::Any,
        _ => Shape::Unsupported,
    }
}

fn type_name(column: &mysql::Column) -> String {
    let name = format!("{:?}", column.column_type());
    name.strip_prefix("MYSQL_TYPE_").unwrap_or(&name).to_lowercase()
}

fn decode(value: &mysql::Value, shape: Shape) -> Value<'_> {
    match value {
        mysql::Value::NULL => Value::Null,
        mysql::Value::Int(number) => Value::Int(*number),
        mysql::Value::UInt(number) => Value::Unsigned(*number),
        mysql::Value::Float(number) => Value::Float(f64::from(*number)),
        mysql::Value::Double(number) => Value::Float(*number),
        mysql::Value::Date(year, month, day, hour, minute, second, us) => {
            let date = chrono::NaiveDate::from_ymd_opt((*year).into(), (*month).into(), (*day).into());
            let at = date.and_then(|date| {
                date.and_hms_micro_opt((*hour).into(), (*minute).into(), (*second).into(), *us)
            });
            let us = at.map(|at| at.and_utc().timestamp_micros());
            match us {
                None => Value::Unreadable, // 0000-00-00 and its kind
                Some(us) if shape == Shape::Instant => Value::Instant(us),
                Some(us) => Value::WallClock(us),
            }
        }
        mysql::Value::Time(..) => Value::Unreadable,
        mysql::Value::Bytes(bytes) => match (shape, std::str::from_utf8(bytes)) {
            (Shape::Decimal, Ok(text)) => {
                value::parse_decimal(text).map_or(Value::Unreadable, Value::Decimal)
            }
            // BIT: up to eight bytes, the highest first.
            (Shape::Integer, _) => {
                Value::Unsigned(bytes.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
            }
            (_, Ok(text)) => Value::Text(text),
            (_, Err(_)) => Value::Unreadable,
        },
    }
}

fn connect_error(error: &mysql::Error, source: &Source, place: String) -> SourceError {
    let user = source.user.clone();
    match error {
        mysql::Error::MySqlError(answer) => match answer.code {
            1045 | 1698 | 1251 => SourceError::WrongPassword { place, user },
            1044 | 1049 => SourceError::UnknownDatabase { place, database: source.database.clone() },
            1040 | 1053 | 1203 => SourceError::NotReady { place, reason: answer.message.clone() },
            _ => SourceError::Refused { answer: answer.message.clone() },
        },
        mysql::Error::TlsError(tls) => SourceError::Tls { place, reason: format!("{tls:?}") },
        mysql::Error::DriverError(mysql::DriverError::TlsNotSupported) => {
            SourceError::Tls { place, reason: "the server offers no encryption".to_owned() }
        }
        mysql::Error::IoError(io)
            if io.kind() == std::io::ErrorKind::InvalidData && source.tls == Tls::Verify =>
        {
            SourceError::Tls { place, reason: io.to_string() }
        }
        other => SourceError::Unreachable { place, reason: other.to_string() },
    }
}

fn explain(error: &mysql::Error) -> DriverError {
    let mysql::Error::MySqlError(answer) = error else {
        return DriverError::Other(SourceError::Lost { reason: error.to_string() });
    };
    let text = answer.message.clone();
    DriverError::Other(match answer.code {
        1146 | 1051 | 1049 => return DriverError::NoTable(text),
        1054 => return DriverError::NoColumn(text),
        1205 => SourceError::Locked,
        1317 | 1969 | 3024 => SourceError::TimedOut,
        1142..=1143 | 1044 | 1227 => SourceError::NotAllowed { answer: text },
        1053 | 1077 | 1927 | 4031 => SourceError::Lost { reason: text },
        _ => SourceError::Refused { answer: text },
    })
}
