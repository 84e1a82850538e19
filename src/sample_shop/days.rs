//! Two years of the sample shop's life, day by day in the order of time: visits, baskets, orders, returns.
//!
//! Memory holds one day; what outlives it is a few numbers per customer and the returns on their way.

use super::assortment::CATEGORIES;
use super::customers::{Customers, Taste, customer_id};
use super::dice::Dice;
use super::products::Catalogue;
use super::schema::{Cell, Table};
use super::writers::{ShopWriter, WriteError};
use crate::money::Money;
use crate::progress::Progress;
use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use std::collections::BTreeMap;

const GUESTS: f64 = 0.08;
const RETURNS: f64 = 0.03;
/// Share of visits, by hour of the day.
const HOURS: [f64; 24] = [
    0.8, 0.4, 0.2, 0.1, 0.1, 0.2, 0.7, 1.6, 2.6, 3.4, 4.0, 4.4, 4.8, 4.6, 4.2, 4.2, 4.6, 5.2, 6.0, 7.2, 8.0,
    7.4, 5.2, 2.4,
];
/// Monday first.
const WEEKDAYS: [f64; 7] = [1.05, 0.98, 0.95, 0.97, 0.93, 0.98, 1.18];
const MONTHS: [f64; 12] = [0.92, 0.88, 0.96, 1.0, 1.02, 0.95, 0.88, 0.86, 0.95, 1.05, 1.35, 1.48];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Deed {
    View,
    Cart,
    Line { order: u64, quantity: i64, unit_price: Money },
}

#[derive(Debug, Clone, Copy)]
struct Happening {
    at: DateTime<Utc>,
    /// `u32::MAX` is a guest.
    customer: u32,
    product: u32,
    deed: Deed,
}

const GUEST: u32 = u32::MAX;

pub struct Days<'a> {
    catalogue: &'a Catalogue,
    customers: &'a Customers,
    dice: Dice,
    start: DateTime<Utc>,
    until: DateTime<Utc>,
    /// The last things each customer bought: what is used up is bought again.
    bought: Vec<[u32; 3]>,
    /// Returns by the second they arrive.
    returns: BTreeMap<DateTime<Utc>, Vec<Happening>>,
    orders: u64,
    today: Vec<Happening>,
}

impl<'a> Days<'a> {
    pub fn new(
        catalogue: &'a Catalogue,
        customers: &'a Customers,
        seed: u64,
        start: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Self {
        Self {
            catalogue,
            customers,
            dice: Dice::new(seed, 3),
            start,
            until,
            bought: vec![[GUEST; 3]; customers.count()],
            returns: BTreeMap::new(),
            orders: 0,
            today: Vec::new(),
        }
    }

    /// Exactly `events` rows of both tables together.
    pub fn write(
        &mut self,
        events: u64,
        to: &mut dyn ShopWriter,
        progress: &dyn Progress,
    ) -> Result<(), WriteError> {
        let days = self.days();
        let total: f64 = days.iter().map(|(_, _, weight)| weight).sum();
        let mut rows = Rows::default();
        let mut weight_so_far = 0.0;
        for (number, (from, to_time, weight)) in days.iter().enumerate() {
            weight_so_far += weight;
            let wanted = if number + 1 == days.len() {
                events
            } else {
                (events as f64 * weight_so_far / total).round() as u64
            };
            self.live(*from, *to_time, wanted.saturating_sub(rows.written()) as usize);
            for happening in &self.today {
                rows.write(self.catalogue, happening, to)?;
            }
            progress.advance(self.today.len() as u64);
            if progress.cancelled() {
                return Err(WriteError::Cancelled);
            }
        }
        Ok(())
    }

    /// The calendar days from start to end, the first and last cut, each with its share of life.
    fn days(&self) -> Vec<(DateTime<Utc>, DateTime<Utc>, f64)> {
        let window = (self.until - self.start).num_seconds() as f64;
        let mut days = Vec::new();
        let mut from = self.start;
        while from < self.until {
            let midnight = from.date_naive().and_time(chrono::NaiveTime::MIN).and_utc() + TimeDelta::days(1);
            let to = midnight.min(self.until);
            let age = (from - self.start).num_seconds() as f64 / window;
            let length = (to - from).num_seconds() as f64 / 86_400.0;
            let growth = 0.75 + 0.5 * age;
            let season =
                MONTHS[from.month0() as usize] * WEEKDAYS[from.weekday().num_days_from_monday() as usize];
            days.push((from, to, length * growth * season));
            from = to;
        }
        days
    }

    /// Fills `today` with exactly `wanted` happenings between `from` and `to`, in the order of time.
    fn live(&mut self, from: DateTime<Utc>, to: DateTime<Utc>, wanted: usize) {
        self.today.clear();
        let later = self.returns.split_off(&to);
        let arrived = std::mem::replace(&mut self.returns, later);
        self.today.extend(arrived.into_values().flatten());
        while self.today.len() < wanted {
            let at = self.moment(from, to);
            self.visit(at);
        }
        self.forget_returns_of(wanted);
        self.today.truncate(wanted);
        for happening in &mut self.today {
            // Late visits end with the day.
            happening.at = happening.at.min(to - TimeDelta::seconds(1));
        }
        self.today.sort_by_key(|happening| happening.at);
    }

    /// What is cut off at the day's end was never bought, and does not come back.
    fn forget_returns_of(&mut self, wanted: usize) {
        for cut in self.today.iter().skip(wanted) {
            let Deed::Line { order: cut_order, .. } = cut.deed else { continue };
            for waiting in self.returns.values_mut() {
                waiting.retain(|back| {
                    !matches!(back.deed, Deed::Line { order, .. } if order == cut_order)
                        || back.product != cut.product
                });
            }
        }
    }

    fn moment(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) -> DateTime<Utc> {
        let total: f64 = HOURS.iter().sum();
        let midnight = from - TimeDelta::seconds(i64::from(from.num_seconds_from_midnight()));
        for _ in 0..20 {
            let mut left = self.dice.unit() * total;
            let hour = HOURS.iter().position(|share| {
                left -= share;
                left < 0.0
            });
            let at = midnight
                + TimeDelta::hours(hour.unwrap_or(20) as i64)
                + TimeDelta::seconds(self.dice.below(3600) as i64);
            if at >= from && at < to {
                return at;
            }
        }
        // A cut day without its busy hours.
        from + TimeDelta::seconds(self.dice.below((to - from).num_seconds().max(1) as usize) as i64)
    }

    fn visit(&mut self, start: DateTime<Utc>) {
        let guest = self.dice.chance(GUESTS);
        let known = if guest { None } else { self.customers.draw(&mut self.dice, start) };
        let (customer, taste) = match known {
            Some(customer) => (customer as u32, self.customers.taste(customer)),
            None => (GUEST, self.customers.guest(&mut self.dice)),
        };
        let mut at = start;
        let mut basket = Vec::new();
        if let Some(product) = self.used_up(customer) {
            at += self.pause();
            self.put(at, customer, product, Deed::Cart);
            basket.push(product);
        }
        for _ in 0..=self.dice.geometric(0.66) {
            let Some(product) = self.something(taste, at) else { continue };
            self.put(at, customer, product, Deed::View);
            at += self.pause();
            if self.dice.chance(0.24) {
                self.put(at, customer, product, Deed::Cart);
                basket.push(product);
                at += self.pause();
                self.tempt(&mut basket, &mut at, customer, product);
            }
        }
        if !basket.is_empty() && self.dice.chance(0.66) {
            at += self.pause();
            self.order(at, customer, basket);
        }
    }

    /// What goes with a product in the basket.
    fn tempt(&mut self, basket: &mut Vec<usize>, at: &mut DateTime<Utc>, customer: u32, product: usize) {
        if !self.dice.chance(0.4) {
            return;
        }
        let which = [0, 0, 0, 1, 1, 2][self.dice.below(6)];
        let companion = self.catalogue.companion(product, which);
        if let Some(companion) = companion.filter(|&companion| self.catalogue.on_sale_at(companion, *at)) {
            self.put(*at, customer, companion, Deed::View);
            *at += self.pause();
            basket.push(companion);
        }
    }

    /// A product that was bought before and is needed again.
    fn used_up(&mut self, customer: u32) -> Option<usize> {
        let last = self.bought.get(customer as usize)?[self.dice.below(3)];
        let product = (last != GUEST).then_some(last as usize)?;
        let consumed = CATEGORIES[self.catalogue.products[product].category].consumed;
        self.dice.chance(0.5 * consumed).then_some(product)
    }

    fn something(&mut self, taste: Taste, at: DateTime<Utc>) -> Option<usize> {
        (0..6).find_map(|_| {
            let product = taste.draw(&mut self.dice, self.catalogue, at.month0());
            product.filter(|&product| self.catalogue.on_sale_at(product, at))
        })
    }

    fn order(&mut self, at: DateTime<Utc>, customer: u32, mut basket: Vec<usize>) {
        basket.sort_unstable();
        basket.dedup();
        self.orders += 1;
        for product in basket {
            let consumed = CATEGORIES[self.catalogue.products[product].category].consumed;
            let more =
                if self.dice.chance(0.12 + 0.3 * consumed) { 1 + self.dice.below(3) as i64 } else { 0 };
            let unit_price = self.catalogue.products[product].price_at(at, self.until);
            let quantity = 1 + more;
            self.put(at, customer, product, Deed::Line { order: self.orders, quantity, unit_price });
            if let Some(bought) = self.bought.get_mut(customer as usize) {
                bought.rotate_right(1);
                bought[0] = product as u32;
            }
            if self.dice.chance(RETURNS) {
                let days = TimeDelta::seconds(86_400 * 3 + self.dice.below(86_400 * 18) as i64);
                let sent_back = 1 + self.dice.below(quantity as usize) as i64;
                let deed = Deed::Line { order: self.orders, quantity: -sent_back, unit_price };
                let back = Happening { at: at + days, customer, product: product as u32, deed };
                self.returns.entry(back.at).or_default().push(back);
            }
        }
    }

    fn pause(&mut self) -> TimeDelta {
        TimeDelta::seconds(15 + self.dice.below(160) as i64)
    }

    fn put(&mut self, at: DateTime<Utc>, customer: u32, product: usize, deed: Deed) {
        self.today.push(Happening { at, customer, product: product as u32, deed });
    }
}

/// The numbers of the rows.
#[derive(Default)]
struct Rows {
    lines: i64,
    events: i64,
}

impl Rows {
    fn written(&self) -> u64 {
        (self.lines + self.events) as u64
    }

    fn write(
        &mut self,
        catalogue: &Catalogue,
        happening: &Happening,
        to: &mut dyn ShopWriter,
    ) -> Result<(), WriteError> {
        let customer = (happening.customer != GUEST).then(|| customer_id(happening.customer as usize));
        let sku = &catalogue.products[happening.product as usize].sku;
        let what = match happening.deed {
            Deed::View => "view",
            Deed::Cart => "cart",
            Deed::Line { order, quantity, unit_price } => {
                self.lines += 1;
                return write_line(
                    to,
                    &Line {
                        number: self.lines,
                        order: &order_number(order),
                        at: happening.at,
                        customer: customer.as_deref(),
                        sku,
                        quantity,
                        unit_price,
                    },
                );
            }
        };
        self.events += 1;
        to.row(
            Table::PageEvents,
            &[
                Cell::Number(self.events),
                Cell::Time(happening.at),
                customer.as_deref().into(),
                Cell::Text(sku),
                Cell::Text(what),
            ],
        )
    }
}

pub(super) fn order_number(order: u64) -> String {
    format!("{:07}", 1_000_000 + order)
}

/// A row of `order_lines`.
pub(super) struct Line<'a> {
    pub number: i64,
    pub order: &'a str,
    pub at: DateTime<Utc>,
    pub customer: Option<&'a str>,
    pub sku: &'a str,
    pub quantity: i64,
    pub unit_price: Money,
}

pub(super) fn write_line(to: &mut dyn ShopWriter, line: &Line<'_>) -> Result<(), WriteError> {
    to.row(
        Table::OrderLines,
        &[
            Cell::Number(line.number),
            Cell::Text(line.order),
            Cell::Time(line.at),
            line.customer.into(),
            Cell::Text(line.sku),
            Cell::Number(line.quantity),
            Cell::Amount(line.unit_price),
            Cell::Text("EUR"),
        ],
    )
}
