//! The sample shop's products, and the hidden order among them: category, collection, popularity.

use super::assortment::{BRANDS, CATEGORIES, COLLECTIONS, EDITIONS, PANTRY_BRANDS};
use super::dice::{Dice, mixed};
use super::schema::Cell;
use crate::money::Money;
use chrono::{DateTime, TimeDelta, Utc};
use std::ops::Range;

/// Products in one collection, on average. Small enough that a collection is a taste, large enough to choose from.
const PER_COLLECTION: usize = 8;

/// Who delivers to the shop: each brand of a category has one.
const SUPPLIERS: [&str; 7] =
    ["Alder Trading", "Bridgeway", "Cask & Co", "Dockside", "Elm Wholesale", "Fairhaven", "Grange"];

pub struct Product {
    pub sku: String,
    pub category: usize,
    /// Its collection, counted within the category.
    pub collection: usize,
    pub title: String,
    pub price: Money,
    pub list_price: Option<Money>,
    /// How dear it is for its category, in standard deviations.
    pub dearness: f64,
    pub stock: i64,
    pub created_at: DateTime<Utc>,
    /// When the shop stopped selling it.
    pub retired_at: Option<DateTime<Utc>>,
}

/// All products, in the order category by category, collection by collection: any of them is a range.
pub struct Catalogue {
    pub products: Vec<Product>,
    /// Running sum of popularity, one longer than the products.
    popularity: Vec<f64>,
    /// The range of each category.
    pub categories: Vec<Range<usize>>,
    /// How many collections each category has.
    collections: Vec<usize>,
}

impl Catalogue {
    pub fn new(count: usize, seed: u64, start: DateTime<Utc>, until: DateTime<Utc>) -> Self {
        let mut dice = Dice::new(seed, 1);
        let total: f64 = CATEGORIES.iter().map(|category| category.weight).sum();
        let mut catalogue = Self {
            products: Vec::with_capacity(count),
            popularity: vec![0.0],
            categories: Vec::new(),
            collections: Vec::new(),
        };
        let mut share = 0.0;
        let mut first_collection = 0;
        for (number, category) in CATEGORIES.iter().enumerate() {
            share += category.weight;
            let begin = catalogue.products.len();
            let end = ((count as f64 * share / total).round() as usize).min(count);
            let collections = ((end - begin) / PER_COLLECTION).max(1);
            for at in begin..end {
                let collection = (at - begin) * collections / (end - begin);
                let product = make(&mut dice, at, number, (collection, first_collection), start, until);
                let popularity = (0.85 * dice.normal()).exp() * (-0.25 * product.dearness).exp();
                catalogue.popularity.push(catalogue.popularity[at] + popularity * category.weight);
                catalogue.products.push(product);
            }
            catalogue.categories.push(begin..end);
            catalogue.collections.push(collections);
            first_collection += collections;
        }
        catalogue
    }

    /// The products of a collection; `wish` is any number, taken modulo the category's collections.
    pub fn collection(&self, category: usize, wish: u64) -> Range<usize> {
        let range = &self.categories[category];
        let (count, length) = (self.collections[category], range.len());
        let collection = (wish % count as u64) as usize;
        let first = |collection: usize| range.start + (collection * length).div_ceil(count);
        first(collection)..first(collection + 1)
    }

    /// A product of `range`, the popular ones more often. `None` when the range is empty.
    pub fn draw(&self, dice: &mut Dice, range: Range<usize>) -> Option<usize> {
        if range.is_empty() {
            return None;
        }
        let (low, high) = (self.popularity[range.start], self.popularity[range.end]);
        let wanted = low + dice.unit() * (high - low);
        let at = self.popularity[range.start + 1..range.end].partition_point(|&sum| sum <= wanted);
        Some(range.start + at)
    }

    pub fn all(&self) -> Range<usize> {
        0..self.products.len()
    }

    /// What is bought together with `product`: three candidates, the nearest first.
    pub fn companion(&self, product: usize, which: usize) -> Option<usize> {
        let Product { category, collection, .. } = self.products[product];
        let other = CATEGORIES[category].goes_with;
        let range = match which {
            0 => self.collection(other, collection as u64),
            1 => self.collection(category, collection as u64),
            _ => self.collection(other, collection as u64 + 1),
        };
        let nth = mixed(&[product as u64, which as u64]) % range.len().max(1) as u64;
        (!range.is_empty()).then(|| range.start + nth as usize).filter(|&companion| companion != product)
    }

    pub fn on_sale_at(&self, product: usize, at: DateTime<Utc>) -> bool {
        let product = &self.products[product];
        at >= product.created_at && product.retired_at.is_none_or(|retired| at < retired)
    }
}

impl Product {
    /// What a piece cost at `at`: reductions are of the last eight weeks.
    pub fn price_at(&self, at: DateTime<Utc>, until: DateTime<Utc>) -> Money {
        match self.list_price {
            Some(list_price) if at < until - TimeDelta::weeks(8) => list_price,
            _ => self.price,
        }
    }

    pub fn image(&self) -> String {
        format!("/sample-shop/images/{}/{}.svg", CATEGORIES[self.category].shape, self.sku)
    }

    /// The row of `products`, given to `write`.
    pub fn row<T>(&self, write: impl FnOnce(&[Cell<'_>]) -> T) -> T {
        let category = &CATEGORIES[self.category];
        let brands = if category.path.starts_with("Pantry") { PANTRY_BRANDS } else { BRANDS };
        let chosen = mixed(&[self.category as u64, self.collection as u64]) % brands.len() as u64;
        let brand = brands[chosen as usize];
        let supplier =
            SUPPLIERS[(mixed(&[self.category as u64, chosen, 5]) % SUPPLIERS.len() as u64) as usize];
        let (image, url) = (self.image(), format!("https://shop.example.com/p/{}", self.sku.to_lowercase()));
        write(&[
            Cell::Text(&self.sku),
            Cell::Text(&self.title),
            Cell::Text(category.path),
            Cell::Text(brand),
            Cell::Amount(self.price),
            self.list_price.map_or(Cell::Null, Cell::Amount),
            Cell::Text("EUR"),
            Cell::Number(self.stock),
            Cell::Text(&image),
            Cell::Text(&url),
            Cell::Time(self.created_at),
            Cell::Truth(self.retired_at.is_none()),
            Cell::Amount(self.cost()),
            Cell::Text(supplier),
        ])
    }

    /// Between 35 and 75 % of the full price; drawn from the number, so that nothing else in the shop depends on it.
    fn cost(&self) -> Money {
        let share = 35 + mixed(&[self.category as u64, self.collection as u64, 11]) % 41;
        let full = self.list_price.unwrap_or(self.price).ten_thousandths();
        cents((full / 100 * share as i64) / 100)
    }
}

fn make(
    dice: &mut Dice,
    at: usize,
    number: usize,
    (collection, first_collection): (usize, usize),
    start: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Product {
    let category = &CATEGORIES[number];
    // Whole collections are cheaper or dearer, so that people with money find each other's products.
    let of_collection = mixed(&[number as u64, collection as u64, 7]) % 1000;
    let dearness = (of_collection as f64 / 500.0 - 1.0) * 1.1 + 0.6 * dice.normal();
    let full = tidy_price(category.price * (category.spread * dearness).exp());
    let reduced = dice.chance(0.14).then(|| tidy_price(full as f64 / 100.0 * (0.6 + 0.3 * dice.unit())));
    let price = reduced.filter(|&reduced| reduced < full);
    let window = (until - start).num_seconds();
    let created_at = if dice.chance(0.72) {
        start - TimeDelta::seconds((dice.unit() * 1.5 * window as f64) as i64)
    } else {
        start + TimeDelta::seconds((dice.unit() * 0.995 * window as f64) as i64)
    };
    let retired_at = (created_at < start && dice.chance(0.04))
        .then(|| start + TimeDelta::seconds((dice.unit() * window as f64) as i64));
    Product {
        sku: format!("PRD-{:05}", at + 1),
        category: number,
        collection,
        title: title(at, number, first_collection + collection),
        price: cents(price.unwrap_or(full)),
        list_price: price.map(|_| cents(full)),
        dearness,
        stock: if dice.chance(0.07) { 0 } else { 1 + (30.0 * (0.9 * dice.normal()).exp()) as i64 },
        created_at,
        retired_at,
    }
}

fn title(at: usize, number: usize, collection: usize) -> String {
    let category = &CATEGORIES[number];
    // A stride without a common factor walks all names before one comes again.
    let name = COLLECTIONS[(collection * 29 + number * 7) % COLLECTIONS.len()];
    let edition = EDITIONS[(collection / COLLECTIONS.len()) % EDITIONS.len()];
    let noun = category.nouns[at % category.nouns.len()];
    let variant = category.variants[(at / category.nouns.len() + at) % category.variants.len()];
    let gap = if edition.is_empty() { "" } else { " " };
    format!("{name}{gap}{edition} {noun}, {variant}")
}

/// Cents, ending as shops let prices end: .90 or .95, whole from 100 on.
fn tidy_price(price: f64) -> i64 {
    match price {
        dear if dear >= 100.0 => (dear / 5.0).round() as i64 * 500 - 100,
        middle if middle >= 20.0 => middle.round() as i64 * 100 - 10,
        cheap => ((cheap * 2.0).round() as i64 * 50 - 5).max(95),
    }
}

fn cents(amount: i64) -> Money {
    Money::from_ten_thousandths(amount * 100)
}
