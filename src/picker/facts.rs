//! The facts that rules and audiences may speak of, and their columns.

use super::activity::Activity;
use super::catalogue::{Catalogue, in_stock, on_sale};
use crate::conditions::{Column, Fact, Kind, Lists, Root, Schema, Table, Texts};
use crate::money::Money;
use crate::records::{Customer, Product};
use chrono::{DateTime, Datelike, NaiveDate, Utc};

const fn fact(root: Root, name: &'static str, kind: Kind, meaning: &'static str) -> Fact {
    Fact { root, name, kind, meaning }
}

/// Everything that a condition may name.
pub const SCHEMA: Schema = Schema(&[
    fact(Root::Product, "price", Kind::Number, "what it costs"),
    fact(Root::Product, "list_price", Kind::Number, "what it cost before it was reduced"),
    fact(Root::Product, "cost", Kind::Number, "what a piece costs the shop"),
    fact(Root::Product, "margin", Kind::Number, "what is left of the price after its cost, per cent"),
    fact(Root::Product, "discount", Kind::Number, "how much it is reduced, per cent; 0 when it is not"),
    fact(Root::Product, "on_sale", Kind::Truth, "whether it is reduced"),
    fact(Root::Product, "stock", Kind::Number, "pieces that can be sold"),
    fact(Root::Product, "in_stock", Kind::Truth, "whether it can be sold; yes where the shop does not say"),
    fact(Root::Product, "category", Kind::Text, "its category, as Home > Light"),
    fact(Root::Product, "brand", Kind::Text, "its brand"),
    fact(Root::Product, "title", Kind::Text, "its title"),
    fact(Root::Product, "id", Kind::Text, "its id in the shop"),
    fact(Root::Product, "has_picture", Kind::Truth, "whether the shop has a picture of it"),
    fact(Root::Product, "attributes", Kind::Texts, "what else the shop says of it, each as “colour: red”"),
    fact(Root::Product, "age_days", Kind::Number, "days since it was first for sale"),
    fact(Root::Product, "sold", Kind::Number, "pieces sold lately; one of 60 days ago counts half"),
    fact(Root::Customer, "country", Kind::Text, "two letters, as AT"),
    fact(Root::Customer, "language", Kind::Text, "as de or de-AT"),
    fact(Root::Customer, "age_days", Kind::Number, "days since they became a customer"),
    fact(Root::Customer, "orders", Kind::Number, "orders so far"),
    fact(Root::Customer, "spent", Kind::Number, "value of all orders less what was sent back"),
    fact(Root::Customer, "days_since_order", Kind::Number, "days since the last order"),
    fact(
        Root::Customer,
        "usual_price",
        Kind::Number,
        "what they usually pay: the middle price of what they bought",
    ),
    fact(Root::Customer, "categories", Kind::Texts, "categories they bought in"),
    fact(Root::Customer, "brands", Kind::Texts, "brands they bought"),
    fact(Root::Today, "month", Kind::Number, "1 January to 12 December"),
    fact(Root::Today, "day", Kind::Number, "1 to 31"),
    fact(Root::Today, "weekday", Kind::Number, "1 Monday to 7 Sunday"),
    fact(Root::Today, "date", Kind::Text, "as 2026-12-24"),
    fact(Root::Campaign, "slots", Kind::Number, "products per e-mail"),
    fact(Root::Weather, "temperature", Kind::Number, "the warmest of the day, °C"),
    fact(Root::Weather, "coldest", Kind::Number, "the coldest of the day, °C"),
    fact(Root::Weather, "rain", Kind::Number, "rain, showers and melted snow of the day, mm"),
    fact(Root::Weather, "snow", Kind::Number, "fresh snow of the day, cm"),
    fact(Root::Weather, "wind", Kind::Number, "the strongest of the day, km/h"),
    fact(Root::Weather, "sunshine", Kind::Number, "hours of sunshine of the day"),
]);

const DAY_SECONDS: f64 = 86_400.0;

fn amount(money: Option<Money>) -> f64 {
    money.map_or(f64::NAN, Money::as_f64)
}

fn age_days(since: Option<DateTime<Utc>>, as_of: DateTime<Utc>) -> f64 {
    since.map_or(f64::NAN, |since| (as_of - since).num_seconds() as f64 / DAY_SECONDS)
}

fn text(value: &Option<String>) -> Option<&str> {
    value.as_deref().filter(|text| !text.is_empty())
}

/// A row for each of `numbers`, in their order, with all columns. Without `activity` it is unknown what was sold.
pub fn of_products(
    catalogue: &Catalogue,
    numbers: &[u32],
    activity: Option<&Activity>,
    as_of: DateTime<Utc>,
) -> Table {
    let all: Vec<usize> = SCHEMA.of(Root::Product).enumerate().map(|(at, _)| at).collect();
    asked_of_products(catalogue, numbers, &all, activity, as_of)
}

/// The same with the columns `wanted` alone, as [`crate::conditions::Condition::columns`] names them: names and titles
/// are as many as products, and are seldom asked for.
pub fn asked_of_products(
    catalogue: &Catalogue,
    numbers: &[u32],
    wanted: &[usize],
    activity: Option<&Activity>,
    as_of: DateTime<Utc>,
) -> Table {
    let products: Vec<&Product> = numbers.iter().map(|&number| catalogue.product(number)).collect();
    let number = |of: &dyn Fn(&Product) -> f64| Column::Numbers(products.iter().map(|p| of(p)).collect());
    let truth = |of: &dyn Fn(&Product) -> bool| {
        Column::Truths(products.iter().map(|product| Some(of(product))).collect())
    };
    let sold = |&number: &u32| activity.map_or(f64::NAN, |activity| activity.sales[number as usize]);
    let column = |fact: &Fact| match fact.name {
        "price" => number(&|p| amount(p.price)),
        "list_price" => number(&|p| amount(p.list_price)),
        "cost" => number(&|p| amount(p.cost)),
        "margin" => number(&margin),
        "discount" => number(&discount),
        "on_sale" => truth(&on_sale),
        "stock" => number(&|p| p.stock.map_or(f64::NAN, |pieces| pieces as f64)),
        "in_stock" => truth(&in_stock),
        "category" => Column::Texts(products.iter().map(|p| text(&p.category)).collect()),
        "brand" => Column::Texts(products.iter().map(|p| text(&p.brand)).collect()),
        "title" => Column::Texts(products.iter().map(|p| Some(p.title.as_str())).collect()),
        "id" => Column::Texts(products.iter().map(|p| Some(p.id.as_str())).collect()),
        "attributes" => Column::Lists(attributes(&products)),
        "has_picture" => truth(&|p| text(&p.image).is_some()),
        "age_days" => number(&|p| age_days(p.created_at, as_of)),
        "sold" => Column::Numbers(numbers.iter().map(sold).collect()),
        name => unreachable!("product.{name} has no column"),
    };
    let columns = SCHEMA.of(Root::Product).enumerate();
    let columns = columns.map(|(at, fact)| wanted.contains(&at).then(|| column(fact)));
    Table::new(columns.collect(), numbers.len())
}

/// `colour: red`, and whatever else each of them has.
fn attributes(products: &[&Product]) -> Lists {
    let mut names = crate::index::Index::new();
    let mut lists = Lists { names: Vec::new(), starts: vec![0], codes: Vec::new() };
    for product in products {
        let all = product.attributes.iter().map(|(name, value)| names.intern(&format!("{name}: {value}")));
        lists.codes.extend(all);
        lists.starts.push(lists.codes.len());
    }
    lists.names = names.ids().map(str::to_owned).collect();
    lists
}

fn margin(product: &Product) -> f64 {
    match (product.price, product.cost) {
        // Divided last, so that a fifth is 20 and not a little less.
        (Some(price), Some(cost)) if price > Money::ZERO => {
            let left = price.ten_thousandths() - cost.ten_thousandths();
            100.0 * left as f64 / price.ten_thousandths() as f64
        }
        _ => f64::NAN,
    }
}

fn discount(product: &Product) -> f64 {
    match (product.price, product.list_price) {
        (Some(now), Some(before)) if before > now && before > Money::ZERO => {
            100.0 * (1.0 - now.as_f64() / before.as_f64())
        }
        (Some(_), _) => 0.0,
        _ => f64::NAN,
    }
}

/// The day as the shop's clocks show it.
pub fn of_day(day: NaiveDate) -> Table {
    let number = |value: u32| Column::Numbers(vec![f64::from(value)]);
    let date = day.to_string();
    let columns = SCHEMA.of(Root::Today).map(|fact| match fact.name {
        "month" => number(day.month()),
        "day" => number(day.day()),
        "weekday" => number(day.weekday().number_from_monday()),
        "date" => Column::Texts([Some(date.as_str())].into_iter().collect()),
        name => unreachable!("today.{name} has no column"),
    });
    Table::new(columns.map(Some).collect(), 1)
}

pub fn of_campaign(slots: u8) -> Table {
    Table::new(vec![Some(Column::Numbers(vec![f64::from(slots)]))], 1)
}

/// A table of customers while it is made, one after another. Only the columns that are asked for take memory: 8 bytes
/// a customer for a number, 4 for a text or an entry of a list.
pub struct CustomerTable<'a> {
    known: (&'a Activity, &'a Catalogue),
    as_of: DateTime<Utc>,
    numbers: Vec<(usize, NumberOf, Vec<f64>)>,
    texts: Vec<(usize, TextOf, TextsInTheMaking)>,
    lists: Vec<(usize, bool, Lists)>,
    rows: usize,
}

type NumberOf = fn(&Seen<'_>) -> f64;
type TextOf = fn(&Customer) -> Option<&str>;

/// One customer while their row is made.
struct Seen<'a> {
    customer: &'a Customer,
    number: Option<u32>,
    known: (&'a Activity, &'a Catalogue),
    as_of: DateTime<Utc>,
}

#[derive(Default)]
struct TextsInTheMaking {
    index: crate::index::Index,
    codes: Vec<u32>,
}

impl<'a> CustomerTable<'a> {
    /// `wanted`: columns of the customers' table, as [`crate::conditions::Condition::columns`] names them.
    pub fn new(wanted: &[usize], known: (&'a Activity, &'a Catalogue), as_of: DateTime<Utc>) -> Self {
        let mut table = Self { known, as_of, numbers: vec![], texts: vec![], lists: vec![], rows: 0 };
        for (at, fact) in SCHEMA.of(Root::Customer).enumerate().filter(|(at, _)| wanted.contains(at)) {
            match fact.name {
                "country" => table.texts.push((at, |c| text(&c.country), TextsInTheMaking::default())),
                "language" => table.texts.push((at, |c| text(&c.language), TextsInTheMaking::default())),
                "categories" | "brands" => {
                    let index = &if fact.name == "brands" { &known.1.brands } else { &known.1.categories };
                    let names = index.ids().map(str::to_owned).collect();
                    let lists = Lists { names, starts: vec![0], codes: Vec::new() };
                    table.lists.push((at, fact.name == "brands", lists));
                }
                name => table.numbers.push((at, number_of(name), Vec::new())),
            }
        }
        table
    }

    pub fn push(&mut self, customer: &Customer) {
        let (activity, catalogue) = self.known;
        let number = activity.customers.number(&customer.id);
        let seen = Seen { customer, number, known: self.known, as_of: self.as_of };
        for (_, of, values) in &mut self.numbers {
            values.push(of(&seen));
        }
        for (_, of, texts) in &mut self.texts {
            let code = of(customer).map_or(Texts::UNKNOWN, |text| texts.index.intern(text));
            texts.codes.push(code);
        }
        for (_, is_brand, lists) in &mut self.lists {
            let start = lists.codes.len();
            let products = activity.bought(number).products.iter();
            lists.codes.extend(products.filter_map(|&product| match is_brand {
                true => catalogue.brand_of(product),
                false => catalogue.category_of(product),
            }));
            let mut own = lists.codes.split_off(start);
            own.sort_unstable();
            own.dedup();
            lists.codes.extend(own);
            lists.starts.push(lists.codes.len());
        }
        self.rows += 1;
    }

    pub fn finish(self) -> Table {
        let mut columns: Vec<Option<Column>> = SCHEMA.of(Root::Customer).map(|_| None).collect();
        for (at, _, values) in self.numbers {
            columns[at] = Some(Column::Numbers(values));
        }
        for (at, _, texts) in self.texts {
            let names = texts.index.ids().map(str::to_owned).collect();
            columns[at] = Some(Column::Texts(Texts { names, codes: texts.codes }));
        }
        for (at, _, lists) in self.lists {
            columns[at] = Some(Column::Lists(lists));
        }
        Table::new(columns, self.rows)
    }
}

fn number_of(name: &str) -> NumberOf {
    match name {
        "age_days" => |seen| age_days(seen.customer.created_at, seen.as_of),
        "orders" => |seen| f64::from(seen.known.0.facts(seen.number).orders),
        "spent" => |seen| seen.known.0.facts(seen.number).spent.as_f64(),
        "days_since_order" => |seen| {
            let last = seen.known.0.facts(seen.number).last_purchase_us;
            age_days(last.and_then(DateTime::from_timestamp_micros), seen.as_of)
        },
        "usual_price" => usual_price,
        name => unreachable!("customer.{name} has no column"),
    }
}

/// The median of today's prices of what they bought, each as often as they bought it.
fn usual_price(seen: &Seen<'_>) -> f64 {
    let (activity, catalogue) = seen.known;
    let bought = activity.bought(seen.number);
    let mut prices: Vec<(f64, u32)> = bought
        .products
        .iter()
        .zip(bought.times)
        .filter_map(|(&product, &times)| Some((catalogue.product(product).price?.as_f64(), times)))
        .collect();
    prices.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let half = prices.iter().map(|price| price.1).sum::<u32>().div_ceil(2);
    let mut counted = 0;
    let middle = prices.iter().find(|(_, times)| {
        counted += times;
        counted >= half
    });
    middle.map_or(f64::NAN, |price| price.0)
}
