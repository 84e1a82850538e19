//! From rows to events.

use super::plan::{Plan, Role, Slot};
use super::value::Digits;
use super::{Reason, SourceError, Value, time};
use crate::money::Money;
use crate::records::{Event, EventKind, Events};
use chrono_tz::Tz;
use std::collections::HashSet;

pub const FIELDS: [(&str, Role); 11] = [
    ("id", Role::Id),
    ("kind", Role::Text),
    ("at", Role::Time),
    ("customer", Role::Id),
    ("product", Role::Id),
    ("order", Role::Id),
    ("quantity", Role::Number),
    ("value", Role::Money),
    ("price", Role::Money),
    ("currency", Role::Text),
    ("rate", Role::Number),
];

/// The slots of an event's fields.
pub struct EventReader {
    id: Slot,
    kind: Slot,
    at: Slot,
    customer: Slot,
    product: Slot,
    order: Slot,
    quantity: Slot,
    value: Slot,
    price: Slot,
    currency: Slot,
    /// Units of the order's currency that one unit of the shop's bought when it was placed.
    rate: Slot,
    source: String,
    zone: Tz,
    anonymous: HashSet<String>,
    digits: [Digits; 4],
}

impl EventReader {
    pub fn new(plan: &mut Plan, zone: Tz, anonymous: &[String]) -> Result<Self, SourceError> {
        plan.require("at", "an event needs the time at which it happened")?;
        let kind = plan.take("kind");
        let wrong = |reason: String| SourceError::Mapping { mapping: plan.name.clone(), reason };
        let named = match &kind {
            Slot::Constant(name) => vec![name],
            Slot::Translated(_, values, otherwise) => values.values().chain(otherwise).collect(),
            Slot::Absent | Slot::Column(..) => Vec::new(),
        };
        for name in &named {
            if *name != "ignore" && EventKind::from_name(name).is_none() {
                let hint = super::nearest_names(name, EventKind::ALL.map(EventKind::name));
                return Err(wrong(format!("“{name}” is not a kind of event.{hint}")));
            }
        }
        let without_product =
            named.iter().all(|name| EventKind::from_name(name).is_some_and(|kind| !needs_product(kind)));
        if named.is_empty() || !without_product {
            plan.require("product", "a purchase needs the product that was bought")?;
        } else {
            plan.require("customer", "this kind of event needs the customer who did it")?;
        }
        Ok(Self {
            id: plan.take("id"),
            kind,
            at: plan.take("at"),
            customer: plan.take("customer"),
            product: plan.take("product"),
            order: plan.take("order"),
            quantity: plan.take("quantity"),
            value: plan.take("value"),
            price: plan.take("price"),
            currency: plan.take("currency"),
            rate: plan.take("rate"),
            source: plan.name.clone(),
            zone,
            anonymous: anonymous.iter().map(|id| id.trim().to_owned()).collect(),
            digits: Default::default(),
        })
    }

    /// Appends the event of `row`, or says why there is none.
    pub fn read(&mut self, row: &[Value<'_>], events: &mut Events) -> Result<(), Reason> {
        let [of_id, of_customer, of_product, of_order] = &mut self.digits;
        let kind = kind(&self.kind, row)?;
        let at_us = time::moment(self.at.get(row), self.zone, self.at.unit())?.ok_or(Reason::NoTime)?;
        let customer = self.customer.get(row).id(of_customer)?.filter(|id| !self.anonymous.contains(*id));
        let product = self.product.get(row).id(of_product)?;
        if needs_product(kind) && product.is_none() {
            return Err(Reason::NoProduct);
        }
        if !needs_product(kind) && customer.is_none() {
            return Err(Reason::NoCustomer);
        }
        let quantity = self.quantity.get(row).quantity()?.unwrap_or(1.0);
        let value = match self.value.get(row).money()? {
            None => self.price.get(row).money()?.map(|price| price.times(quantity.abs())),
            value => value,
        };
        let (kind, value) = settle(kind, quantity, value, self.quantity.is_absent())?;
        let currency = match self.currency.get(row) {
            Value::Text(code) => Some(code.trim_ascii()).filter(|code| !code.is_empty()),
            _ => None,
        };
        // Where the shop kept the order's rate, its amounts are the shop's own from here on.
        let rate = self.rate.get(row).quantity()?.filter(|rate| *rate > 0.0);
        let (value, currency) = match rate {
            Some(rate) => (value.map(|value| value.times(1.0 / rate)), None),
            None => (value, currency),
        };
        events.push(Event {
            id: self.id.get(row).id(of_id)?,
            kind,
            at_us,
            customer,
            product,
            order: self.order.get(row).id(of_order)?,
            quantity: quantity.abs(),
            value,
            currency,
            source: &self.source,
        });
        Ok(())
    }

    /// What a person would find the row by: never a name or an address.
    pub fn example(&mut self, row: &[Value<'_>]) -> Option<String> {
        let digits = &mut self.digits[0];
        for slot in [&self.id, &self.order, &self.product, &self.customer] {
            if let Ok(Some(id)) = slot.get(row).id(digits) {
                return Some(id.to_owned());
            }
        }
        None
    }
}

/// Which kinds say nothing without a product.
const fn needs_product(kind: EventKind) -> bool {
    matches!(kind, EventKind::View | EventKind::Cart | EventKind::Purchase | EventKind::Refund)
}

fn kind(slot: &Slot, row: &[Value<'_>]) -> Result<EventKind, Reason> {
    match slot.get(row) {
        _ if slot.is_absent() => Ok(EventKind::Purchase),
        Value::Text("ignore") => Err(Reason::LeftOut),
        Value::Text(name) => EventKind::from_name(name.trim_ascii()).ok_or(Reason::UnknownKind),
        _ => Err(Reason::UnknownKind),
    }
}

/// Turns signs into kinds: what was bought with a negative quantity was given back.
fn settle(
    kind: EventKind,
    quantity: f64,
    value: Option<Money>,
    quantity_unknown: bool,
) -> Result<(EventKind, Option<Money>), Reason> {
    if !needs_product(kind) || kind == EventKind::View {
        return Ok((kind, value.map(Money::abs)));
    }
    if quantity == 0.0 {
        return Err(Reason::ZeroQuantity);
    }
    let negative_value = value.is_some_and(Money::is_negative);
    match kind {
        EventKind::Purchase if quantity < 0.0 => Ok((EventKind::Refund, value.map(Money::abs))),
        // A table of amounts without quantities says “given back” by the amount's sign.
        EventKind::Purchase if negative_value && quantity_unknown => {
            Ok((EventKind::Refund, value.map(Money::abs)))
        }
        EventKind::Refund => Ok((kind, value.map(Money::abs))),
        _ if negative_value => Err(Reason::NegativePrice),
        _ => Ok((kind, value)),
    }
}
