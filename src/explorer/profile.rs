//! Who a customer is, in figures and small pictures.

use super::plot::{self, Bar, Column, Columns};
use super::show::{days, narrowest, times};
use crate::installation::Installation;
use crate::picker::ledger::{Spread, Standing};
use crate::web;
use chrono::{DateTime, Datelike, Months, Utc};
use std::collections::BTreeMap;

const BINS: usize = 20;
const MONTHS: u32 = 18;
const BARS: usize = 6;
/// Prices in so many classes, each of as many of the shop's products.
const PRICE_CLASSES: usize = 10;

pub struct Profile {
    pub figures: Vec<(&'static str, String)>,
    /// The group of their like: in words, and how large it is.
    pub alike: Option<(String, String)>,
    /// Where they stand among all buyers.
    pub standing: Vec<Columns>,
    pub months: Columns,
    pub prices: Option<Columns>,
    pub categories: Vec<Bar>,
    pub brands: Vec<Bar>,
}

/// `None` when they never bought.
pub fn profile(
    installation: &Installation,
    standing: &Standing,
    alike: Option<(String, String)>,
    customer: &str,
) -> Option<Profile> {
    let number = standing.activity.customers.number(customer);
    let facts = standing.activity.facts(number);
    let last = facts.last_purchase_us?;
    let since_days = (standing.as_of.timestamp_micros() - last) as f64 / 86_400e6;
    let spent = web::money(facts.spent, &installation.shop.currency);
    let orders = f64::from(facts.orders);
    let figures = vec![
        ("Last bought", days(since_days)),
        ("Orders", web::whole(facts.orders)),
        ("Spent, less what was sent back", spent),
    ];
    Some(Profile {
        figures,
        alike,
        standing: among_all(installation, &standing.spread, since_days, orders, facts.spent.as_f64()),
        months: months(installation, standing, customer),
        prices: prices(standing, number),
        categories: counted(standing, number, |product| {
            standing.ledger.catalogue.product(product).category.as_deref()
        }),
        brands: counted(standing, number, |product| {
            standing.ledger.catalogue.product(product).brand.as_deref()
        }),
    })
}

fn among_all(
    installation: &Installation,
    spread: &Spread,
    since_days: f64,
    orders: f64,
    spent: f64,
) -> Vec<Columns> {
    let currency = &installation.shop.currency;
    let share = |sorted: &[f64], value| (100.0 * Spread::share_below(sorted, value)).floor();
    let plot = |title: &str, told: String, sorted: &[f64], own: f64, unit: &str| Columns {
        title: title.into(),
        told,
        columns: plot::spread(sorted, own, BINS, |from, until| {
            format!("{} to {} {unit}", web::decimal(from, 0), web::decimal(until, 0))
        }),
        ends: ("0".into(), format!("more {unit}")),
    };
    let longer = share(&spread.days, since_days);
    let later = (100.0 - longer).clamp(0.0, 100.0);
    vec![
        plot(
            "How long ago",
            format!("Bought more recently than {later:.0} % of the shop's buyers"),
            &spread.days,
            since_days,
            "days",
        ),
        plot(
            "How often",
            format!("More orders than {:.0} % of the shop's buyers", share(&spread.orders, orders)),
            &spread.orders,
            orders,
            "orders",
        ),
        plot(
            "How much",
            format!("Spent more than {:.0} % of the shop's buyers", share(&spread.spent, spent)),
            &spread.spent,
            spent,
            currency,
        ),
    ]
}

/// Month by month how many products they bought, up to the moment.
fn months(installation: &Installation, standing: &Standing, customer: &str) -> Columns {
    let pasts = &standing.ledger.pasts;
    let bought = pasts.of(customer).iter().filter(|done| done.kind() == crate::records::EventKind::Purchase);
    let at = bought.map(|done| done.at_us);
    let values = by_month(installation, standing.as_of, MONTHS, at);
    let total: f64 = values.iter().map(|value| value.0).sum();
    Columns {
        title: "Purchases by month".into(),
        told: format!("{} lines in the last {MONTHS} months", web::whole(total as i64)),
        ends: (values.first().map(|one| month_of(&one.1)).unwrap_or_default(), "now".into()),
        columns: plot::columns(&values, |_| true),
    }
}

/// The month out of a column's label.
fn month_of(label: &str) -> String {
    label.split(':').next().unwrap_or_default().to_owned()
}

/// How many of the moments before `as_of` lie in each of the last months, oldest first.
pub fn by_month(
    installation: &Installation,
    as_of: DateTime<Utc>,
    months: u32,
    at_us: impl Iterator<Item = i64>,
) -> Vec<(f64, String)> {
    let zone = installation.zone();
    let key = |at: DateTime<Utc>| {
        let local = at.with_timezone(&zone);
        (local.year(), local.month())
    };
    let last = as_of - chrono::TimeDelta::microseconds(1);
    let first_day = last.with_timezone(&zone).date_naive().with_day(1).unwrap_or_default();
    let mut counts: BTreeMap<(i32, u32), u32> = (0..months)
        .filter_map(|back| first_day.checked_sub_months(Months::new(back)))
        .map(|day| ((day.year(), day.month()), 0))
        .collect();
    for at in at_us.filter_map(DateTime::from_timestamp_micros).filter(|at| *at < as_of) {
        if let Some(count) = counts.get_mut(&key(at)) {
            *count += 1;
        }
    }
    let label = |year: i32, month: u32, count: u32| {
        let day = chrono::NaiveDate::from_ymd_opt(year, month, 1).unwrap_or_default();
        format!("{}: {}", day.format("%b %Y"), web::whole(count))
    };
    counts.iter().map(|(&(year, month), &count)| (f64::from(count), label(year, month, count))).collect()
}

/// What they pay beside what the shop asks: the shop's prices in ten classes of as many products each.
fn prices(standing: &Standing, number: Option<u32>) -> Option<Columns> {
    let catalogue = &standing.ledger.catalogue;
    let mut all: Vec<f64> =
        catalogue.products().iter().filter(|p| p.active).filter_map(|p| Some(p.price?.as_f64())).collect();
    all.sort_unstable_by(f64::total_cmp);
    let bought = standing.activity.bought(number);
    let mut counts = [0u32; PRICE_CLASSES];
    for (&product, &times) in bought.products.iter().zip(bought.times) {
        if let Some(price) = catalogue.product(product).price {
            let share = Spread::share_below(&all, price.as_f64());
            counts[((share * PRICE_CLASSES as f64) as usize).min(PRICE_CLASSES - 1)] += times;
        }
    }
    let total: u32 = counts.iter().sum();
    if total == 0 || all.len() < PRICE_CLASSES {
        return None;
    }
    let edge = |class: usize| all[(class * all.len() / PRICE_CLASSES).min(all.len() - 1)];
    let label = |class: usize, count: u32| {
        let (from, until) = (web::decimal(edge(class), 2), web::decimal(edge(class + 1), 2));
        format!("{from} to {until}: bought {}", times(u64::from(count)))
    };
    let values: Vec<_> =
        counts.iter().enumerate().map(|(class, &count)| (f64::from(count), label(class, count))).collect();
    let dear: u32 = counts[PRICE_CLASSES / 2..].iter().sum();
    let columns: Vec<Column> = plot::columns(&values, |_| true);
    Some(Columns {
        title: "Price level".into(),
        told: format!(
            "{} of what they bought is in the dearer half of the shop",
            web::percent(f64::from(dear) / f64::from(total))
        ),
        columns,
        ends: ("cheapest".into(), "dearest".into()),
    })
}

/// What they bought most, by a name of the product.
fn counted<'a>(
    standing: &'a Standing,
    number: Option<u32>,
    name: impl Fn(u32) -> Option<&'a str>,
) -> Vec<Bar> {
    let bought = standing.activity.bought(number);
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (&product, &times) in bought.products.iter().zip(bought.times) {
        if let Some(name) = name(product).filter(|name| !name.is_empty()) {
            *counts.entry(name).or_default() += u64::from(times);
        }
    }
    let mut counts: Vec<(&str, u64)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let line = |(name, count): &(&str, u64)| (narrowest(name).to_owned(), *count as f64, times(*count));
    plot::bars(&counts.iter().take(BARS).map(line).collect::<Vec<_>>())
}
