//! The first mapped rows of each kind, as a table. Names and addresses are masked: it is the mapping that is checked.

use crate::records::{Customer, Events, Product};
use chrono::{DateTime, Utc};
use serde::Serialize;

#[derive(Debug, Default, Serialize)]
pub struct Preview {
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}

fn shown<T: std::fmt::Display>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

fn time(at: Option<DateTime<Utc>>) -> String {
    shown(at.map(|at| at.format("%Y-%m-%d %H:%M:%SZ")))
}

/// `j…@…com`, `J…`: enough to see that the right column is mapped.
fn masked(text: Option<&str>) -> String {
    let Some(text) = text else { return "-".to_owned() };
    let first = |part: &str| part.chars().next().map_or_else(String::new, |c| format!("{c}…"));
    match text.split_once('@') {
        Some((name, host)) => format!("{}@…{}", first(name), host.rsplit('.').next().unwrap_or_default()),
        None => first(text),
    }
}

/// `colour: red, supplier: Acme`
fn attributes(product: &Product) -> String {
    let all: Vec<String> =
        product.attributes.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    shown((!all.is_empty()).then(|| all.join(", ")))
}

pub fn products(products: &[Product]) -> Preview {
    let columns = vec![
        "id",
        "title",
        "category",
        "brand",
        "price",
        "list_price",
        "cost",
        "currency",
        "group",
        "attributes",
        "stock",
        "active",
        "created_at",
    ];
    let row = |product: &Product| {
        vec![
            product.id.clone(),
            product.title.clone(),
            shown(product.category.as_deref()),
            shown(product.brand.as_deref()),
            shown(product.price),
            shown(product.list_price),
            shown(product.cost),
            shown(product.currency.as_deref()),
            shown(product.group.as_deref()),
            attributes(product),
            shown(product.stock),
            product.active.to_string(),
            time(product.created_at),
        ]
    };
    Preview { columns, rows: products.iter().map(row).collect() }
}

pub fn customers(customers: &[Customer]) -> Preview {
    let columns =
        vec!["id", "email", "first_name", "last_name", "language", "country", "mailable", "created_at"];
    let row = |customer: &Customer| {
        vec![
            customer.id.clone(),
            masked(customer.email.as_deref()),
            masked(customer.first_name.as_deref()),
            masked(customer.last_name.as_deref()),
            shown(customer.language.as_deref()),
            shown(customer.country.as_deref()),
            shown(customer.mailable),
            time(customer.created_at),
        ]
    };
    Preview { columns, rows: customers.iter().map(row).collect() }
}

pub fn events(events: &Events) -> Preview {
    let columns = vec!["id", "kind", "at", "customer", "product", "order", "quantity", "value", "currency"];
    let rows = events
        .iter()
        .map(|event| {
            vec![
                shown(event.id),
                event.kind.name().to_owned(),
                time(Some(event.at())),
                shown(event.customer),
                shown(event.product),
                shown(event.order),
                event.quantity.to_string(),
                shown(event.value),
                shown(event.currency),
            ]
        })
        .collect();
    Preview { columns, rows }
}
