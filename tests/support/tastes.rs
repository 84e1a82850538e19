//! A shop whose customers have one of two tastes: what is bought together is of one taste.

use chrono::DateTime;
use handpick::history::{Coverage, History, Reading};
use handpick::money::Money;
use handpick::progress::Silent;
use handpick::records::{Customer, Event, EventKind, Events, Product};
use std::path::Path;

/// Forty customers of two tastes, in a history as a sync would leave it.
pub fn fill_history(folder: &Path) {
    fill_history_of(folder, 40);
}

/// The last four bought nothing; the last wants no e-mail.
pub fn fill_history_of(folder: &Path, customers: usize) {
    let history = History::open(&folder.join("data/shops/1/history")).unwrap();
    let mut update = history.begin().unwrap();
    let product = |n: usize| Product {
        id: format!("p{n:02}"),
        title: if n == 0 { "White Lantern".into() } else { format!("Product {n}") },
        category: Some(if n.is_multiple_of(2) { "Home > Light".into() } else { "Garden".into() }),
        brand: Some(format!("Brand {}", n % 3)),
        price: Some(Money::from_units(n as i64 + 1)),
        stock: Some(i64::from(n != 19)),
        attributes: vec![
            ("colour".into(), ["red", "blue"][usize::from(n >= 16)].into()),
            ("supplier".into(), format!("S{}", n / 5)),
        ],
        active: true,
        ..Product::default()
    };
    update.products(&(0..20).map(product).collect::<Vec<_>>()).unwrap();
    let customer = |n: usize| Customer {
        id: format!("c{n:02}"),
        email: Some(format!("c{n}@example.com")),
        mailable: Some(n != customers - 1),
        active: true,
        ..Customer::default()
    };
    update.customers(&(0..customers).map(customer).collect::<Vec<_>>()).unwrap();
    let mut events = Events::default();
    for (customer, turn) in (0..customers - 4).flat_map(|customer| (0..5).map(move |turn| (customer, turn))) {
        // Even customers buy even products: what is bought together is of one taste.
        let product = (customer * 3 + turn * 4) % 18 / 2 * 2 + customer % 2;
        let days = 20 * (turn as i64 + 1) + customer as i64 % 7;
        events.push(Event {
            id: None,
            kind: EventKind::Purchase,
            at_us: (1_790_000_000 - days * 86_400) * 1_000_000,
            customer: Some(&format!("c{customer:02}")),
            product: Some(&format!("p{product:02}")),
            order: Some(&format!("o{customer}-{turn}")),
            quantity: 1.0,
            value: Some(Money::from_units(5)),
            currency: None,
            source: "orders",
        });
    }
    update.events("orders", &events).unwrap();
    let everything = [
        (Reading::Products, Coverage::Everything),
        (Reading::Customers, Coverage::Everything),
        (Reading::Events("orders".into()), Coverage::Everything),
    ];
    update.commit(&everything, DateTime::from_timestamp(1_790_000_000, 0).unwrap(), &Silent).unwrap();
}
