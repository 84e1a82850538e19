//! From rows to products and customers.

use super::plan::{Plan, Role, Slot};
use super::value::Digits;
use super::{Reason, SourceError, Value, time};
use crate::records::{Customer, Product};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

pub const PRODUCT_FIELDS: [(&str, Role); 14] = [
    ("id", Role::Id),
    ("title", Role::Text),
    ("category", Role::Text),
    ("brand", Role::Text),
    ("price", Role::Money),
    ("list_price", Role::Money),
    ("currency", Role::Text),
    ("stock", Role::Number),
    ("image", Role::Text),
    ("url", Role::Text),
    ("created_at", Role::Time),
    ("active", Role::Truth),
    ("cost", Role::Money),
    ("group", Role::Text),
];

pub const CUSTOMER_FIELDS: [(&str, Role); 8] = [
    ("id", Role::Id),
    ("email", Role::Text),
    ("first_name", Role::Text),
    ("last_name", Role::Text),
    ("language", Role::Text),
    ("country", Role::Text),
    ("created_at", Role::Time),
    ("mailable", Role::Truth),
];

/// One kind of thing that rows are turned into.
pub trait ThingReader {
    type Thing;
    fn read(&mut self, row: &[Value<'_>]) -> Result<Self::Thing, Reason>;
    fn example(&mut self, row: &[Value<'_>]) -> Option<String>;
}

pub struct ProductReader {
    slots: [Slot; 14],
    attributes: Vec<(String, Slot)>,
    zone: Tz,
    digits: Digits,
}

impl ProductReader {
    pub fn new(plan: &mut Plan, zone: Tz) -> Result<Self, SourceError> {
        plan.require("id", "a product needs the id that orders name it by")?;
        plan.require("title", "people need to see what it is")?;
        let slots = PRODUCT_FIELDS.map(|(field, _)| plan.take(field));
        Ok(Self { slots, attributes: plan.take_attributes(), zone, digits: Digits::default() })
    }
}

impl ThingReader for ProductReader {
    type Thing = Product;

    /// A product whose price or time cannot be read is kept without it: it can still be recommended.
    fn read(&mut self, row: &[Value<'_>]) -> Result<Product, Reason> {
        let [
            id,
            title,
            category,
            brand,
            price,
            list_price,
            currency,
            stock,
            image,
            url,
            created_at,
            active,
            cost,
            group,
        ] = &self.slots;
        let id = id.get(row).id(&mut self.digits)?.ok_or(Reason::NoId)?.to_owned();
        let amount = |slot: &Slot| slot.get(row).money().ok().flatten();
        let price = amount(price);
        if price.is_some_and(crate::money::Money::is_negative) {
            return Err(Reason::NegativePrice);
        }
        Ok(Product {
            // A product without a title goes by its id: it sells all the same.
            title: title.get(row).text().unwrap_or_else(|| id.clone()),
            id,
            category: category.get(row).text(),
            brand: brand.get(row).text(),
            price,
            list_price: amount(list_price).filter(|amount| !amount.is_negative()),
            cost: amount(cost).filter(|amount| !amount.is_negative()),
            currency: currency.get(row).text(),
            group: group.get(row).text(),
            attributes: attributes_of(&self.attributes, row),
            stock: stock.get(row).pieces(),
            image: image.get(row).text(),
            url: url.get(row).text(),
            created_at: time_of(created_at, row, self.zone),
            active: active.get(row).truth().unwrap_or(true),
        })
    }

    fn example(&mut self, row: &[Value<'_>]) -> Option<String> {
        self.slots[0].get(row).id(&mut self.digits).ok().flatten().map(str::to_owned)
    }
}

fn attributes_of(slots: &[(String, Slot)], row: &[Value<'_>]) -> Vec<(String, String)> {
    let value = |(name, slot): &(String, Slot)| Some((name.clone(), slot.get(row).text()?));
    slots.iter().filter_map(value).collect()
}

pub struct CustomerReader {
    slots: [Slot; 8],
    zone: Tz,
    anonymous: Vec<String>,
    digits: Digits,
}

impl CustomerReader {
    pub fn new(plan: &mut Plan, zone: Tz, anonymous: &[String]) -> Result<Self, SourceError> {
        plan.require("id", "a customer needs the id that orders name them by")?;
        let slots = CUSTOMER_FIELDS.map(|(field, _)| plan.take(field));
        Ok(Self { slots, zone, anonymous: anonymous.to_vec(), digits: Digits::default() })
    }
}

impl ThingReader for CustomerReader {
    type Thing = Customer;

    fn read(&mut self, row: &[Value<'_>]) -> Result<Customer, Reason> {
        let [id, email, first_name, last_name, language, country, created_at, mailable] = &self.slots;
        let id = id.get(row).id(&mut self.digits)?.ok_or(Reason::NoId)?.to_owned();
        if self.anonymous.contains(&id) {
            return Err(Reason::LeftOut);
        }
        Ok(Customer {
            id,
            email: email.get(row).text(),
            first_name: first_name.get(row).text(),
            last_name: last_name.get(row).text(),
            language: language.get(row).text(),
            country: country.get(row).text(),
            created_at: time_of(created_at, row, self.zone),
            mailable: mailable.get(row).truth(),
            active: true,
        })
    }

    fn example(&mut self, row: &[Value<'_>]) -> Option<String> {
        self.slots[0].get(row).id(&mut self.digits).ok().flatten().map(str::to_owned)
    }
}

fn time_of(slot: &Slot, row: &[Value<'_>], zone: Tz) -> Option<DateTime<Utc>> {
    let us = time::moment(slot.get(row), zone, slot.unit()).ok().flatten()?;
    DateTime::from_timestamp_micros(us)
}
