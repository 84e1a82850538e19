//! Events between their columns in memory and Arrow's.

use super::HistoryError;
use super::keys::{Hasher, Key};
use crate::money::Money;
use crate::records::{EventKind, Events, TextColumn};
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal64Type, Float64Type, Int8Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, Decimal64Array, DictionaryArray, Float64Array, Int8Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray,
};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// What every segment carries beside its own columns.
pub(super) const KEY_COLUMNS: [&str; 3] = ["key_high", "key_low", "content"];

/// The columns of an event that are read back, by name; the source is in the manifest.
pub(super) const EVENT_COLUMNS: [&str; 9] =
    ["kind", "at", "quantity", "value", "id", "customer", "product", "order", "currency"];

pub(super) fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn words() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8))
}

pub(super) fn key_fields() -> impl Iterator<Item = Field> {
    KEY_COLUMNS.into_iter().map(|name| Field::new(name, DataType::Int64, false))
}

pub(super) static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name| Field::new(name, DataType::Utf8, true);
    let mut fields = vec![
        Field::new("kind", words(), false),
        Field::new("at", timestamp(), false),
        Field::new("quantity", DataType::Float64, false),
        Field::new("value", DataType::Decimal64(18, 4), true),
        text("id"),
        text("customer"),
        text("product"),
        text("order"),
        text("currency"),
        Field::new("source", words(), false),
    ];
    fields.extend(key_fields());
    Arc::new(Schema::new(fields))
});

/// A batch as it is written, and what the segment must know of it.
pub(super) struct Columns {
    pub batch: RecordBatch,
    pub first_us: Option<i64>,
    pub last_us: Option<i64>,
    pub has_ids: bool,
    pub active: u64,
}

pub(super) fn to_columns(source: &str, events: &Events, hasher: &mut Hasher) -> Columns {
    let keys: Vec<Key> = events.iter().map(|event| hasher.event(source, &event)).collect();
    let kinds = StringArray::from_iter_values(EventKind::ALL.iter().map(|kind| kind.name()));
    let kinds = dictionary(events.kinds.iter().map(|kind| *kind as i8).collect(), kinds);
    let sources = dictionary(vec![0; events.len()], StringArray::from_iter_values([source]));
    let values: Decimal64Array =
        events.values.iter().map(|value| value.map(Money::ten_thousandths)).collect();
    let mut columns: Vec<ArrayRef> = vec![
        kinds,
        Arc::new(TimestampMicrosecondArray::from(events.at_us.clone()).with_timezone("UTC")),
        Arc::new(Float64Array::from(events.quantities.clone())),
        Arc::new(values.with_data_type(DataType::Decimal64(18, 4))),
        text(&events.ids),
        text(&events.customers),
        text(&events.products),
        text(&events.orders),
        text(&events.currencies),
        sources,
    ];
    columns.extend(key_columns(&keys));
    let batch = RecordBatch::try_new(SCHEMA.clone(), columns)
        .expect("invariant: the columns are made in the schema's order, of equal length");
    Columns {
        batch,
        first_us: events.at_us.iter().min().copied(),
        last_us: events.at_us.iter().max().copied(),
        has_ids: keys.iter().any(|key| key.has_id()),
        active: events.len() as u64,
    }
}

pub(super) fn key_columns(keys: &[Key]) -> [ArrayRef; 3] {
    [
        Arc::new(Int64Array::from_iter_values(keys.iter().map(|key| key.high()))),
        Arc::new(Int64Array::from_iter_values(keys.iter().map(|key| key.low()))),
        Arc::new(Int64Array::from_iter_values(keys.iter().map(|key| key.content as i64))),
    ]
}

fn dictionary(numbers: Vec<i8>, words: StringArray) -> ArrayRef {
    let array = DictionaryArray::<Int8Type>::try_new(Int8Array::from(numbers), Arc::new(words));
    Arc::new(array.expect("invariant: every number has its word"))
}

fn text(column: &TextColumn) -> ArrayRef {
    let offsets = OffsetBuffer::new(ScalarBuffer::from(column.offsets().to_vec()));
    let present = NullBuffer::from(column.present());
    let present = (present.null_count() > 0).then_some(present);
    let array = StringArray::try_new(offsets, Buffer::from(column.text().as_bytes()), present);
    Arc::new(array.expect("invariant: the column's offsets lie between its texts"))
}

/// Appends the rows of `batch`, read with [`EVENT_COLUMNS`], to `events`.
pub(super) fn append(
    path: &Path,
    source: &str,
    batch: &RecordBatch,
    events: &mut Events,
) -> Result<(), HistoryError> {
    let damaged = |reason: String| HistoryError::Damaged { path: path.to_owned(), reason };
    let column =
        |name: &str| batch.column_by_name(name).ok_or_else(|| damaged(format!("it has no column “{name}”")));
    let typed = |name: &str| damaged(format!("its column “{name}” has another type"));

    let kinds = column("kind")?.as_dictionary_opt::<Int8Type>().ok_or_else(|| typed("kind"))?;
    let words = kinds.values().as_string_opt::<i32>().ok_or_else(|| typed("kind"))?;
    let words: Vec<Option<EventKind>> =
        words.iter().map(|word| word.and_then(EventKind::from_name)).collect();
    for number in kinds.keys().values() {
        let kind = words.get(*number as usize).copied().flatten();
        events.kinds.push(kind.ok_or_else(|| damaged("it has an event of an unknown kind".into()))?);
    }
    let at = column("at")?.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(|| typed("at"))?;
    events.at_us.extend_from_slice(at.values());
    let quantities =
        column("quantity")?.as_primitive_opt::<Float64Type>().ok_or_else(|| typed("quantity"))?;
    events.quantities.extend_from_slice(quantities.values());
    let values = column("value")?.as_primitive_opt::<Decimal64Type>().ok_or_else(|| typed("value"))?;
    events.values.extend(values.iter().map(|value| value.map(Money::from_ten_thousandths)));
    for (name, texts) in [
        ("id", &mut events.ids),
        ("customer", &mut events.customers),
        ("product", &mut events.products),
        ("order", &mut events.orders),
        ("currency", &mut events.currencies),
    ] {
        let array = column(name)?.as_string_opt::<i32>().ok_or_else(|| typed(name))?;
        append_text(array, texts).map_err(|reason| damaged(format!("column “{name}”: {reason}")))?;
    }
    for _ in 0..batch.num_rows() {
        events.sources.push(Some(source));
    }
    Ok(())
}

fn append_text(array: &StringArray, texts: &mut TextColumn) -> Result<(), std::str::Utf8Error> {
    let offsets = array.value_offsets();
    let (start, end) = (offsets[0] as usize, offsets[array.len()] as usize);
    let text = std::str::from_utf8(&array.value_data()[start..end])?;
    texts.extend(text, offsets, (0..array.len()).map(|at| array.is_valid(at)));
    Ok(())
}
