//! The tables of the sample shop, as a shop's own developers might have laid them out.

use crate::money::Money;
use chrono::{DateTime, Utc};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A short text that is the table's key or part of one.
    Key,
    Text,
    Number,
    /// A row's number, growing with every row: the key of tables that grow.
    Serial,
    Amount,
    Time,
    Truth,
}

pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    Products,
    Customers,
    OrderLines,
    PageEvents,
}

/// One value of a row, borrowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    Null,
    Text(&'a str),
    Number(i64),
    Amount(Money),
    Time(DateTime<Utc>),
    Truth(bool),
}

impl<'a> From<Option<&'a str>> for Cell<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Cell::Null, Cell::Text)
    }
}

macro_rules! columns {
    ($($name:ident: $kind:ident),+ $(,)?) => {
        &[$(Column { name: stringify!($name), kind: Kind::$kind }),+]
    };
}

impl Table {
    pub const ALL: [Table; 4] = [Self::Products, Self::Customers, Self::OrderLines, Self::PageEvents];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Products => "products",
            Self::Customers => "customers",
            Self::OrderLines => "order_lines",
            Self::PageEvents => "page_events",
        }
    }

    /// The first column is the key.
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Products => columns! {
                sku: Key, name: Text, category_path: Text, brand: Text, price: Amount, list_price: Amount,
                currency: Text, stock: Number, image: Text, url: Text, created_at: Time, active: Truth, cost: Amount,
                supplier: Text,
            },
            Self::Customers => columns! {
                customer_id: Key, email: Text, first_name: Text, last_name: Text, language: Text, country: Text,
                created_at: Time, newsletter: Truth,
            },
            Self::OrderLines => columns! {
                line_id: Serial, order_no: Text, ordered_at: Time, customer_id: Text, sku: Text, quantity: Number,
                unit_price: Amount, currency: Text,
            },
            Self::PageEvents => columns! {
                event_id: Serial, happened_at: Time, customer_id: Text, sku: Text, what: Text,
            },
        }
    }

    pub fn column_names(self) -> String {
        self.columns().iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
    }

    /// `CREATE TABLE`, with `type_of` naming the database's types.
    pub fn create(self, type_of: fn(Kind) -> &'static str) -> String {
        let columns: Vec<String> =
            self.columns().iter().map(|column| format!("{} {}", column.name, type_of(column.kind))).collect();
        format!("CREATE TABLE {} ({})", self.name(), columns.join(", "))
    }
}
