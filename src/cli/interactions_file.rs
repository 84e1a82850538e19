//! Files of interactions, CSV or Parquet, with the columns `user,item[,weight][,timestamp][,event]`.
//!
//! Ids are any strings; every complaint names the file and the row.

#[cfg(test)]
mod tests;

use crate::index::Index;
use crate::picker::behaviour::Weighing;
use crate::recommender::Kind;
use anyhow::{Context, anyhow, bail, ensure};
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::path::Path;

/// The dictionaries that several files share.
#[derive(Default)]
pub struct Dictionaries {
    pub users: Index,
    pub items: Index,
}

/// One interaction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    pub user: u32,
    pub item: u32,
    pub weight: f32,
    /// Microseconds since 1970, UTC; `None` when the file has no such column.
    pub at_us: Option<i64>,
    /// `None` when the file has no such column.
    pub kind: Option<Kind>,
}

impl Line {
    pub fn triple(&self) -> (u32, u32, f32) {
        (self.user, self.item, self.weight)
    }
}

/// Reads a whole file; Parquet by its first four bytes, else CSV.
pub fn read(path: &Path, known: &mut Dictionaries) -> anyhow::Result<Vec<Line>> {
    let name = path.display();
    ensure!(!path.is_dir(), "{name} is a folder; a file is needed");
    let mut file = File::open(path).with_context(|| format!("{name} cannot be opened"))?;
    let mut magic = [0u8; 4];
    let is_parquet = std::io::Read::read_exact(&mut file, &mut magic).is_ok() && &magic == b"PAR1";
    let file = File::open(path).with_context(|| format!("{name} cannot be opened"))?;
    let lines = if is_parquet { parquet(file, known) } else { csv(file, known) };
    let lines = lines.with_context(|| name.to_string())?;
    ensure!(!lines.is_empty(), "{name}: it has a header, but no rows");
    Ok(lines)
}

/// A time as files and the command line have it: RFC 3339, `2024-05-01 13:00:00`, `2024-05-01` (both UTC), or seconds,
/// milliseconds or microseconds since 1970, told apart by their size.
pub fn time_us(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        return epoch_us(number);
    }
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.with_timezone(&Utc).timestamp_micros());
    }
    for form in ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M"] {
        if let Ok(at) = NaiveDateTime::parse_from_str(text, form) {
            return Some(at.and_utc().timestamp_micros());
        }
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros())
}

/// Seconds up to the year 5138, then milliseconds up to the same, then microseconds.
fn epoch_us(number: f64) -> Option<i64> {
    let scale = match number.abs() {
        size if !size.is_finite() => return None,
        size if size < 1e11 => 1e6,
        size if size < 1e14 => 1e3,
        _ => 1.0,
    };
    Some((number * scale).round() as i64)
}

/// Where the columns stand.
#[derive(Debug)]
struct Columns {
    user: usize,
    item: usize,
    weight: Option<usize>,
    timestamp: Option<usize>,
    event: Option<usize>,
}

/// What a row says in the columns that need not be there; what cannot be read stands in the error.
#[derive(Default)]
struct Said {
    weight: Option<Result<f32, String>>,
    at_us: Option<Result<i64, String>>,
    kind: Option<Result<Kind, String>>,
}

fn columns(names: &[String]) -> anyhow::Result<Columns> {
    let is_called = |name: &String, wanted: &str| name.trim().eq_ignore_ascii_case(wanted);
    let find = |wanted: &str| names.iter().position(|name| is_called(name, wanted));
    for wanted in ["user", "item", "weight", "timestamp", "event"] {
        ensure!(
            names.iter().filter(|name| is_called(name, wanted)).count() < 2,
            "it has several columns “{wanted}”; leave only one"
        );
    }
    if let [only] = names
        && let Some(mark) = [';', '\t', '|'].into_iter().find(|&mark| only.contains(mark))
    {
        let mark = if mark == '\t' { "tabs".to_owned() } else { format!("“{mark}”") };
        bail!("its columns are parted by {mark}; commas are needed");
    }
    let must = |wanted| {
        find(wanted).ok_or_else(|| {
            let found = names.join(", ");
            let meant = nearest(wanted, names).map_or(String::new(), |name| format!(" (is it “{name}”?)"));
            anyhow!("it has no column “{wanted}”{meant}; needed are user,item[,weight][,timestamp][,event] in the first line, found are: {found}")
        })
    };
    Ok(Columns {
        user: must("user")?,
        item: must("item")?,
        weight: find("weight"),
        timestamp: find("timestamp"),
        event: find("event"),
    })
}

/// The name that was probably meant: one that has the wanted one in it, or is up to two letters away.
pub(super) fn nearest<'a>(wanted: &str, names: &'a [String]) -> Option<&'a str> {
    let distance = |name: &str| {
        let name = name.trim().to_lowercase();
        if name.contains(wanted) { 1 } else { strsim::damerau_levenshtein(wanted, &name) }
    };
    let near =
        names.iter().map(|name| (distance(name), name.as_str())).filter(|(distance, _)| *distance <= 2);
    near.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

fn csv(file: File, known: &mut Dictionaries) -> anyhow::Result<Vec<Line>> {
    let mut reader = csv::ReaderBuilder::new().buffer_capacity(1 << 20).from_reader(file);
    let header = reader.headers().map_err(plainly)?;
    let names: Vec<String> =
        header.iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect();
    ensure!(
        names.iter().any(|name| !name.is_empty()),
        "it is empty; needed are user,item[,weight][,timestamp][,event] in the first line, then a line for each interaction"
    );
    let columns = columns(&names)?;
    let mut lines = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        if !reader.read_record(&mut record).map_err(plainly)? {
            return Ok(lines);
        }
        let row = record.position().map_or(0, csv::Position::line);
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let said = Said {
            weight: columns.weight.map(|at| weight_of(cell(at))),
            at_us: columns.timestamp.map(|at| time_us(cell(at)).ok_or_else(|| cell(at).to_owned())),
            kind: columns.event.map(|at| kind_of(cell(at))),
        };
        let line = line(known, cell(columns.user), cell(columns.item), said);
        lines.push(line.with_context(|| format!("line {row}"))?);
    }
}

/// A fault of the file in the words that all others have.
pub(super) fn plainly(error: csv::Error) -> anyhow::Error {
    let line = error.position().map_or(0, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            anyhow!(
                "line {line}: the first line has {expected_len} cells, this one {len}; a comma inside a cell needs quotes \
                 around the cell"
            )
        }
        csv::ErrorKind::Utf8 { .. } => {
            // Of the first line the reader does not tell where it is.
            let line = line.max(1);
            anyhow!("line {line}: it is not text in UTF-8; save the file in that encoding")
        }
        _ => error.into(),
    }
}

fn weight_of(text: &str) -> Result<f32, String> {
    text.trim().parse().map_err(|_| text.to_owned())
}

/// By its name, in any case.
pub fn kind_of(text: &str) -> Result<Kind, String> {
    match text.trim().to_lowercase().as_str() {
        "view" => Ok(Kind::View),
        "click" => Ok(Kind::Click),
        "cart" => Ok(Kind::Cart),
        "purchase" => Ok(Kind::Purchase),
        _ => Err(text.to_owned()),
    }
}

/// What an event counts where the file gives no weight: as much as in a shop's own history.
fn worth(kind: Kind) -> f32 {
    let weighing = Weighing::default();
    match kind {
        Kind::View | Kind::Click => weighing.view,
        Kind::Cart => weighing.cart,
        Kind::Purchase => weighing.purchase,
    }
}

/// Checks one row's values.
fn line(known: &mut Dictionaries, user: &str, item: &str, said: Said) -> anyhow::Result<Line> {
    ensure!(!user.is_empty(), "the user is empty");
    ensure!(!item.is_empty(), "the item is empty");
    for (what, id) in [("user", user), ("item", item)] {
        ensure!(
            !id.contains('\n'),
            "the {what} goes on over the end of the line; is there a quotation mark that is not closed?"
        );
    }
    let kind = said
        .kind
        .transpose()
        .map_err(|found| anyhow!("the event is “{found}”; expected view, click, cart or purchase"))?;
    let weight = match said.weight.unwrap_or(Ok(kind.map_or(1.0, worth))) {
        Ok(weight) if weight.is_finite() && weight >= 0.0 => weight,
        Ok(weight) => bail!("the weight is {weight}; expected a number of at least 0"),
        Err(found) => bail!("the weight is “{found}”; expected a number of at least 0"),
    };
    let at_us = said.at_us.transpose().map_err(|found| {
        anyhow!("the timestamp is “{found}”; expected seconds since 1970, or 2024-05-01T13:00:00Z")
    })?;
    Ok(Line { user: known.users.intern(user), item: known.items.intern(item), weight, at_us, kind })
}

fn parquet(file: File, known: &mut Dictionaries) -> anyhow::Result<Vec<Line>> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(|file| file.with_batch_size(8192).build())
        .context("it begins like Parquet, but it is damaged or not whole; write it anew")?;
    let mut lines = Vec::new();
    for batch in reader {
        let batch = batch?;
        let names: Vec<String> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        let columns = columns(&names)?;
        for at in 0..batch.num_rows() {
            let text = |column| cell(&batch, column, at);
            let row = lines.len() + 1;
            let mut read = || -> anyhow::Result<Line> {
                let weight = columns.weight.map(text).transpose()?;
                let event = columns.event.map(text).transpose()?;
                let said = Said {
                    weight: weight.as_deref().map(weight_of),
                    at_us: columns.timestamp.map(|column| time(&batch, column, at)).transpose()?,
                    kind: event.as_deref().map(kind_of),
                };
                line(known, &text(columns.user)?, &text(columns.item)?, said)
            };
            lines.push(read().with_context(|| format!("row {row}"))?);
        }
    }
    Ok(lines)
}

/// A value as text; NULL is empty.
fn cell(batch: &RecordBatch, column: usize, at: usize) -> anyhow::Result<String> {
    let array = batch.column(column);
    if array.is_null(at) {
        return Ok(String::new());
    }
    let text = match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(at).to_owned(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(at).to_owned(),
        DataType::Utf8View => array.as_string_view().value(at).to_owned(),
        DataType::Int8 => array.as_primitive::<Int8Type>().value(at).to_string(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(at).to_string(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(at).to_string(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(at).to_string(),
        DataType::UInt8 => array.as_primitive::<UInt8Type>().value(at).to_string(),
        DataType::UInt16 => array.as_primitive::<UInt16Type>().value(at).to_string(),
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(at).to_string(),
        DataType::UInt64 => array.as_primitive::<UInt64Type>().value(at).to_string(),
        DataType::Float32 => array.as_primitive::<Float32Type>().value(at).to_string(),
        DataType::Float64 => array.as_primitive::<Float64Type>().value(at).to_string(),
        other => {
            let name = batch.schema().field(column).name().clone();
            bail!("the column “{name}” is of the type {other}; expected text or numbers")
        }
    };
    Ok(text)
}

fn time(batch: &RecordBatch, column: usize, at: usize) -> anyhow::Result<Result<i64, String>> {
    let array = batch.column(column);
    if array.is_null(at) {
        return Ok(Err(String::new()));
    }
    let us = match array.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => {
            array.as_primitive::<TimestampSecondType>().value(at).checked_mul(1_000_000)
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            array.as_primitive::<TimestampMillisecondType>().value(at).checked_mul(1000)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Some(array.as_primitive::<TimestampMicrosecondType>().value(at))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            Some(array.as_primitive::<TimestampNanosecondType>().value(at).div_euclid(1000))
        }
        DataType::Date32 => Some(i64::from(array.as_primitive::<Date32Type>().value(at)) * 86_400_000_000),
        _ => {
            let text = cell(batch, column, at)?;
            return Ok(time_us(&text).ok_or(text));
        }
    };
    Ok(us.ok_or_else(|| "out of range".to_owned()))
}
