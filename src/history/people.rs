//! Products and customers between their structs and Arrow's columns.

use super::HistoryError;
use super::events::{Columns, key_columns, key_fields, timestamp};
use super::keys::{Hasher, Key};
use crate::money::Money;
use crate::records::{Customer, Product};
use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Decimal64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

fn schema(fields: impl IntoIterator<Item = (&'static str, DataType)>) -> SchemaRef {
    let fields =
        fields.into_iter().map(|(name, kind)| Field::new(name, kind, !matches!(name, "id" | "active")));
    Arc::new(Schema::new(fields.chain(key_fields()).collect::<Vec<_>>()))
}

pub(super) static PRODUCTS: LazyLock<SchemaRef> = LazyLock::new(|| {
    let money = DataType::Decimal64(18, 4);
    schema([
        ("id", DataType::Utf8),
        ("title", DataType::Utf8),
        ("category", DataType::Utf8),
        ("brand", DataType::Utf8),
        ("price", money.clone()),
        ("list_price", money.clone()),
        ("currency", DataType::Utf8),
        ("stock", DataType::Int64),
        ("image", DataType::Utf8),
        ("url", DataType::Utf8),
        ("created_at", timestamp()),
        ("active", DataType::Boolean),
        ("cost", money),
        ("group", DataType::Utf8),
        ("attributes", DataType::Utf8),
    ])
});

pub(super) static CUSTOMERS: LazyLock<SchemaRef> = LazyLock::new(|| {
    schema([
        ("id", DataType::Utf8),
        ("email", DataType::Utf8),
        ("first_name", DataType::Utf8),
        ("last_name", DataType::Utf8),
        ("language", DataType::Utf8),
        ("country", DataType::Utf8),
        ("created_at", timestamp()),
        ("mailable", DataType::Boolean),
        ("active", DataType::Boolean),
    ])
});

fn texts<'a, T: 'a>(rows: &'a [T], of: impl Fn(&'a T) -> Option<&'a str>) -> ArrayRef {
    Arc::new(rows.iter().map(of).collect::<StringArray>())
}

fn amounts<T>(rows: &[T], of: impl Fn(&T) -> Option<Money>) -> ArrayRef {
    let amounts: Decimal64Array = rows.iter().map(|row| of(row).map(Money::ten_thousandths)).collect();
    Arc::new(amounts.with_data_type(DataType::Decimal64(18, 4)))
}

fn times<T>(rows: &[T], of: impl Fn(&T) -> Option<DateTime<Utc>>) -> ArrayRef {
    let times: TimestampMicrosecondArray =
        rows.iter().map(|row| of(row).map(|at| at.timestamp_micros())).collect();
    Arc::new(times.with_timezone("UTC"))
}

fn columns(schema: &SchemaRef, mut columns: Vec<ArrayRef>, keys: &[Key]) -> Columns {
    columns.extend(key_columns(keys));
    let batch = RecordBatch::try_new(schema.clone(), columns)
        .expect("invariant: the columns are made in the schema's order, of equal length");
    let active = keys.iter().filter(|key| key.is_active()).count() as u64;
    Columns { batch, first_us: None, last_us: None, has_ids: true, active }
}

pub(super) fn of_products(rows: &[Product], hasher: &mut Hasher) -> Columns {
    let keys: Vec<Key> = rows.iter().map(|row| hasher.product(row)).collect();
    let arrays: Vec<ArrayRef> = vec![
        texts(rows, |row| Some(&row.id)),
        texts(rows, |row| Some(&row.title)),
        texts(rows, |row| row.category.as_deref()),
        texts(rows, |row| row.brand.as_deref()),
        amounts(rows, |row| row.price),
        amounts(rows, |row| row.list_price),
        texts(rows, |row| row.currency.as_deref()),
        Arc::new(rows.iter().map(|row| row.stock).collect::<Int64Array>()),
        texts(rows, |row| row.image.as_deref()),
        texts(rows, |row| row.url.as_deref()),
        times(rows, |row| row.created_at),
        Arc::new(rows.iter().map(|row| Some(row.active)).collect::<BooleanArray>()),
        amounts(rows, |row| row.cost),
        texts(rows, |row| row.group.as_deref()),
        Arc::new(rows.iter().map(attributes_written).collect::<StringArray>()),
    ];
    columns(&PRODUCTS, arrays, &keys)
}

/// As a JSON object, which whoever else reads the file understands.
fn attributes_written(product: &Product) -> Option<String> {
    let all: BTreeMap<&str, &str> =
        product.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    (!all.is_empty()).then(|| serde_json::to_string(&all).unwrap_or_default())
}

fn attributes_read(text: &str) -> Vec<(String, String)> {
    let all: BTreeMap<String, String> = serde_json::from_str(text).unwrap_or_default();
    all.into_iter().collect()
}

pub(super) fn of_customers(rows: &[Customer], hasher: &mut Hasher) -> Columns {
    let keys: Vec<Key> = rows.iter().map(|row| hasher.customer(row)).collect();
    let arrays: Vec<ArrayRef> = vec![
        texts(rows, |row| Some(&row.id)),
        texts(rows, |row| row.email.as_deref()),
        texts(rows, |row| row.first_name.as_deref()),
        texts(rows, |row| row.last_name.as_deref()),
        texts(rows, |row| row.language.as_deref()),
        texts(rows, |row| row.country.as_deref()),
        times(rows, |row| row.created_at),
        Arc::new(rows.iter().map(|row| row.mailable).collect::<BooleanArray>()),
        Arc::new(rows.iter().map(|row| Some(row.active)).collect::<BooleanArray>()),
    ];
    columns(&CUSTOMERS, arrays, &keys)
}

/// A read batch whose columns are asked for by name.
struct Named<'a> {
    path: &'a Path,
    batch: &'a RecordBatch,
}

impl<'a> Named<'a> {
    fn column<T: ?Sized>(
        &self,
        name: &str,
        typed: impl Fn(&'a ArrayRef) -> Option<&'a T>,
    ) -> Result<&'a T, HistoryError> {
        self.batch.column_by_name(name).and_then(typed).ok_or_else(|| HistoryError::Damaged {
            path: self.path.to_owned(),
            reason: format!("its column “{name}” is missing or has another type"),
        })
    }

    fn text(&self, name: &str) -> Result<&'a StringArray, HistoryError> {
        self.column(name, |array| array.as_string_opt())
    }

    fn numbers<T: ArrowPrimitiveType>(
        &self,
        name: &str,
    ) -> Result<&'a arrow_array::PrimitiveArray<T>, HistoryError> {
        self.column(name, |array| array.as_primitive_opt())
    }

    fn flags(&self, name: &str) -> Result<&'a BooleanArray, HistoryError> {
        self.column(name, |array| array.as_boolean_opt())
    }
}

fn owned(array: &StringArray, at: usize) -> Option<String> {
    array.is_valid(at).then(|| array.value(at).to_owned())
}

fn number<T: ArrowPrimitiveType>(array: &arrow_array::PrimitiveArray<T>, at: usize) -> Option<T::Native> {
    array.is_valid(at).then(|| array.value(at))
}

fn flag(array: &BooleanArray, at: usize) -> Option<bool> {
    array.is_valid(at).then(|| array.value(at))
}

pub(super) fn products(path: &Path, batch: &RecordBatch) -> Result<Vec<Product>, HistoryError> {
    let named = Named { path, batch };
    let (id, title) = (named.text("id")?, named.text("title")?);
    let (category, brand) = (named.text("category")?, named.text("brand")?);
    let price = named.numbers::<Decimal64Type>("price")?;
    let list_price = named.numbers::<Decimal64Type>("list_price")?;
    let (currency, stock) = (named.text("currency")?, named.numbers::<Int64Type>("stock")?);
    let (image, url) = (named.text("image")?, named.text("url")?);
    let created_at = named.numbers::<TimestampMicrosecondType>("created_at")?;
    let active = named.flags("active")?;
    // Histories from before these were known do not have them.
    let cost = named.numbers::<Decimal64Type>("cost").ok();
    let group = named.text("group").ok();
    let attributes = named.text("attributes").ok();
    let rows = (0..batch.num_rows()).map(|at| Product {
        id: id.value(at).to_owned(),
        title: title.value(at).to_owned(),
        category: owned(category, at),
        brand: owned(brand, at),
        price: number(price, at).map(Money::from_ten_thousandths),
        list_price: number(list_price, at).map(Money::from_ten_thousandths),
        cost: cost.and_then(|cost| number(cost, at)).map(Money::from_ten_thousandths),
        currency: owned(currency, at),
        group: group.and_then(|group| owned(group, at)),
        attributes: attributes
            .and_then(|all| owned(all, at))
            .map(|text| attributes_read(&text))
            .unwrap_or_default(),
        stock: number(stock, at),
        image: owned(image, at),
        url: owned(url, at),
        created_at: number(created_at, at).and_then(DateTime::from_timestamp_micros),
        active: active.value(at),
    });
    Ok(rows.collect())
}

pub(super) fn customers(path: &Path, batch: &RecordBatch) -> Result<Vec<Customer>, HistoryError> {
    let named = Named { path, batch };
    let (id, email) = (named.text("id")?, named.text("email")?);
    let (first_name, last_name) = (named.text("first_name")?, named.text("last_name")?);
    let (language, country) = (named.text("language")?, named.text("country")?);
    let created_at = named.numbers::<TimestampMicrosecondType>("created_at")?;
    let (mailable, active) = (named.flags("mailable")?, named.flags("active")?);
    let rows = (0..batch.num_rows()).map(|at| Customer {
        id: id.value(at).to_owned(),
        email: owned(email, at),
        first_name: owned(first_name, at),
        last_name: owned(last_name, at),
        language: owned(language, at),
        country: owned(country, at),
        created_at: number(created_at, at).and_then(DateTime::from_timestamp_micros),
        mailable: flag(mailable, at),
        active: active.value(at),
    });
    Ok(rows.collect())
}
