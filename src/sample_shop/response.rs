//! How the sample shop's customers respond to a campaign: what gives the demo's report its story.
//!
//! Mail makes some buy who would not have bought; the better the picks fit the planted tastes, the more of them.

use super::customers::customer_number;
use super::days::{Line, order_number, write_line};
use super::dice::Dice;
use super::products::Catalogue;
use super::schema::{Cell, Table};
use super::writers::{ShopWriter, Sqlite, WriteError};
use super::{Wish, customers::Taste};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;
use std::path::Path;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailedArm {
    Picks,
    Baseline,
    Holdout,
}

/// One customer of the campaign and the products in the mail.
#[derive(Debug, Clone, PartialEq)]
pub struct Mailed {
    pub customer: String,
    pub arm: MailedArm,
    pub products: Vec<String>,
}

/// How strongly mail works; shares are of the customers mailed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// Share that orders because of the mail alone.
    pub of_mail: f64,
    /// Share more, were every pick a perfect fit.
    pub of_fit: f64,
    /// Orders come in so many days; half of them in the first fifth.
    pub days: f64,
}

impl Default for Effect {
    fn default() -> Self {
        Self { of_mail: 0.003, of_fit: 0.08, days: 21.0 }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Response {
    pub orders: u64,
    pub lines: u64,
}

/// Adds the orders that mail sent at `sent_at` brought to the sample shop in the SQLite file `file`, which
/// [`super::generate`] made from `wish`. Customers and products it does not know are passed over.
pub fn respond(
    file: &Path,
    wish: &Wish,
    sent_at: DateTime<Utc>,
    mailed: &[Mailed],
    effect: &Effect,
) -> Result<Response, WriteError> {
    let mut playback = Playback::open(file, wish, sent_at)?;
    for one in mailed.iter().filter(|one| one.arm != MailedArm::Holdout) {
        playback.tempt(one, effect)?;
    }
    let response = playback.response;
    Box::new(playback.to).finish()?;
    Ok(response)
}

struct Playback {
    to: Sqlite,
    catalogue: Catalogue,
    customers: super::Customers,
    numbers: HashMap<String, usize>,
    dice: Dice,
    sent_at: DateTime<Utc>,
    until: DateTime<Utc>,
    last_line: i64,
    last_order: u64,
    last_event: i64,
    response: Response,
}

impl Playback {
    fn open(file: &Path, wish: &Wish, sent_at: DateTime<Utc>) -> Result<Self, WriteError> {
        let to = Sqlite::append(file)?;
        let last = |question: &str| {
            to.connection().query_row(question, [], |row| row.get::<_, i64>(0)).map_err(|error| {
                WriteError::Failed { place: file.display().to_string(), reason: error.to_string() }
            })
        };
        let last_line = last("SELECT coalesce(max(line_id), 0) FROM order_lines")?;
        let last_event = last("SELECT coalesce(max(event_id), 0) FROM page_events")?;
        let last_order = last("SELECT coalesce(max(CAST(order_no AS INTEGER)), 1000000) FROM order_lines")?;
        let catalogue = wish.catalogue();
        let numbers = catalogue.products.iter().enumerate().map(|(at, p)| (p.sku.clone(), at)).collect();
        Ok(Self {
            to,
            catalogue,
            customers: wish.customers(),
            numbers,
            dice: Dice::new(wish.seed, 4),
            sent_at,
            until: wish.until,
            last_line,
            last_order: (last_order - 1_000_000).max(0) as u64,
            last_event,
            response: Response::default(),
        })
    }

    fn tempt(&mut self, mailed: &Mailed, effect: &Effect) -> Result<(), WriteError> {
        let known = customer_number(&mailed.customer).filter(|&number| number < self.customers.count());
        let Some(number) = known else { return Ok(()) };
        let taste = self.customers.taste(number);
        let picks: Vec<usize> =
            mailed.products.iter().filter_map(|sku| self.numbers.get(sku).copied()).collect();
        let fits: Vec<f64> = picks.iter().map(|&pick| taste.affinity(&self.catalogue, pick)).collect();
        // Squared: one pick that fits well is worth more than several that fit somewhat.
        let fit = fits.iter().map(|fit| fit * fit).sum::<f64>() / fits.len().max(1) as f64;
        // The chances are drawn for everybody, so that one customer's picks do not shift the next one's luck.
        let (luck, spirit, delay) = (self.dice.unit(), self.dice.unit(), self.dice.unit());
        if luck >= effect.of_mail + effect.of_fit * fit {
            return Ok(());
        }
        let at = self.sent_at + TimeDelta::seconds((delay.powf(2.3) * effect.days * 86_400.0) as i64 + 600);
        if at >= self.until {
            return Ok(());
        }
        let chosen = if spirit < 0.8 { weighted(&picks, &fits, self.dice.unit()) } else { None };
        self.order(&mailed.customer, taste, at, chosen)
    }

    fn order(
        &mut self,
        customer: &str,
        taste: Taste,
        at: DateTime<Utc>,
        chosen: Option<usize>,
    ) -> Result<(), WriteError> {
        use chrono::Datelike;
        let other = taste.draw(&mut self.dice, &self.catalogue, at.month0());
        let more = self.dice.chance(0.3).then_some(other).flatten();
        let mut basket: Vec<usize> = chosen.or(other).into_iter().chain(more).collect();
        basket.retain(|&product| self.catalogue.on_sale_at(product, at));
        basket.dedup();
        if basket.is_empty() {
            return Ok(());
        }
        self.last_order += 1;
        self.response.orders += 1;
        for product in basket {
            let product = &self.catalogue.products[product];
            self.last_event += 1;
            self.to.row(
                Table::PageEvents,
                &[
                    Cell::Number(self.last_event),
                    Cell::Time(at - TimeDelta::seconds(240)),
                    Cell::Text(customer),
                    Cell::Text(&product.sku),
                    Cell::Text("view"),
                ],
            )?;
            self.last_line += 1;
            self.response.lines += 1;
            write_line(
                &mut self.to,
                &Line {
                    number: self.last_line,
                    order: &order_number(self.last_order),
                    at,
                    customer: Some(customer),
                    sku: &product.sku,
                    quantity: 1,
                    unit_price: product.price_at(at, self.until),
                },
            )?;
        }
        Ok(())
    }
}

/// One of `of`, each as often as its weight says; `unit` is the chance.
fn weighted(of: &[usize], weights: &[f64], unit: f64) -> Option<usize> {
    let mut left = unit * weights.iter().sum::<f64>();
    of.iter().zip(weights).find_map(|(&one, weight)| {
        left -= weight;
        (left < 0.0).then_some(one)
    })
}
