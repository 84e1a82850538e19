//! Products and customers as every view of the explorer shows them.

use crate::installation::Installation;
use crate::picker::catalogue::{Catalogue, on_sale};
use crate::picker::ledger::Standing;
use crate::pictures::Addresses;
use crate::records::{Customer, Product};
use crate::web;

/// A product on a page.
#[derive(Debug, Clone, Default)]
pub struct Card {
    pub id: String,
    pub title: String,
    pub image: Option<String>,
    pub price: String,
    /// What it cost before; empty when it is not reduced.
    pub before: String,
    pub note: String,
}

pub fn card(installation: &Installation, product: &Product) -> Card {
    let currency = product.currency.as_deref().unwrap_or(&installation.shop.currency);
    let money = |amount| web::money(amount, currency);
    Card {
        id: product.id.clone(),
        title: product.title.clone(),
        image: product.image.as_deref().map(|image| Addresses::new(installation).shown(image)),
        price: product.price.map(money).unwrap_or_default(),
        before: product.list_price.filter(|_| on_sale(product)).map(money).unwrap_or_default(),
        note: String::new(),
    }
}

/// Also of a product that the shop has no more.
pub fn card_of_id(installation: &Installation, catalogue: &Catalogue, id: &str) -> Card {
    match catalogue.number(id) {
        Some(number) => card(installation, catalogue.product(number)),
        None => Card { id: id.to_owned(), title: format!("{id}, no longer in the shop"), ..Card::default() },
    }
}

/// For whoever may see it: the name, or the address of whom the shop knows no name; empty where it knows neither.
pub fn name(customer: &Customer) -> String {
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    let name = format!("{} {}", part(&customer.first_name), part(&customer.last_name));
    if name.trim().is_empty() { part(&customer.email) } else { name.trim().to_owned() }
}

/// The product of that id; else those of whose id, title, brand or category every word is a part, at most `at_most`.
pub fn search_products(catalogue: &Catalogue, text: &str, at_most: usize) -> Vec<u32> {
    if let Some(number) = catalogue.number(text.trim()) {
        return vec![number];
    }
    let words: Vec<String> = text.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let mentions = |product: &Product| {
        let (brand, category) = (product.brand.as_deref(), product.category.as_deref());
        let (brand, category) = (brand.unwrap_or_default(), category.unwrap_or_default());
        let text = format!("{} {} {brand} {category}", product.id, product.title).to_lowercase();
        words.iter().all(|word| text.contains(word.as_str()))
    };
    let all = (0..).zip(catalogue.products()).filter(|(_, product)| !words.is_empty() && mentions(product));
    all.map(|(number, _)| number).take(at_most).collect()
}

/// What sells best lately, at most `at_most`.
pub fn best_sellers(standing: &Standing, at_most: usize) -> Vec<u32> {
    let mut all: Vec<u32> = (0..standing.ledger.catalogue.len() as u32).collect();
    let sales = &standing.activity.sales;
    all.sort_by(|&a, &b| sales[b as usize].total_cmp(&sales[a as usize]).then(a.cmp(&b)));
    all.truncate(at_most);
    all
}

/// The narrowest name of a category's path.
pub fn narrowest(path: &str) -> &str {
    path.rsplit(" > ").next().unwrap_or(path)
}

pub fn days(days: f64) -> String {
    match days.floor() {
        days if days < 1.0 => "today".into(),
        1.0 => "yesterday".into(),
        days => format!("{} days ago", web::whole(days as i64)),
    }
}

pub fn times(count: u64) -> String {
    if count == 1 { "once".into() } else { format!("{}×", web::whole(count as i64)) }
}
