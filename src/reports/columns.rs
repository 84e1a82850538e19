//! A table as Parquet: a column for each of the table's, numbers as numbers, days as days.

use super::table::{Cell, Table, Unit};
use arrow_array::builder::{Date32Builder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use chrono::NaiveDate;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use std::sync::Arc;

/// Counts are 64-bit integers, other numbers doubles, days dates; what is not known is null. *Errors*: what the writer
/// says; memory takes everything.
pub fn parquet(table: &Table) -> Result<Vec<u8>, ParquetError> {
    let field = |(at, column): (usize, &super::table::Column)| {
        let kind = match column.unit {
            Unit::Text => DataType::Utf8,
            Unit::Date => DataType::Date32,
            Unit::Count => DataType::Int64,
            _ => DataType::Float64,
        };
        let array = array(column.unit, table.rows.iter().map(|row| &row[at]));
        (Field::new(column.key(), kind, true), array)
    };
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = table.columns.iter().enumerate().map(field).unzip();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), arrays)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).unwrap_or_default()))
        .set_created_by(format!("handpick {}", env!("CARGO_PKG_VERSION")))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties))?;
    writer.write(&batch)?;
    writer.into_inner()
}

fn array<'a>(unit: Unit, cells: impl Iterator<Item = &'a Cell>) -> ArrayRef {
    let number = |cell: &Cell| if let Cell::Number(number) = cell { Some(*number) } else { None };
    match unit {
        Unit::Text => {
            let mut texts = StringBuilder::new();
            cells.for_each(|cell| {
                texts.append_option(if let Cell::Text(text) = cell { Some(text) } else { None })
            });
            Arc::new(texts.finish())
        }
        Unit::Date => {
            let mut days = Date32Builder::new();
            cells.for_each(|cell| {
                days.append_option(if let Cell::Date(date) = cell { Some(since_1970(*date)) } else { None })
            });
            Arc::new(days.finish())
        }
        Unit::Count => {
            let mut counts = Int64Builder::new();
            cells.for_each(|cell| counts.append_option(number(cell).map(|number| number.round() as i64)));
            Arc::new(counts.finish())
        }
        _ => {
            let mut numbers = Float64Builder::new();
            cells.for_each(|cell| numbers.append_option(number(cell)));
            Arc::new(numbers.finish())
        }
    }
}

fn since_1970(date: NaiveDate) -> i32 {
    date.signed_duration_since(NaiveDate::default()).num_days() as i32
}
