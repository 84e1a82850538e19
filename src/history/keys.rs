//! Which rows are the same: 128-bit keys and the hash of a row's content, stable across versions (XXH3).
//!
//! Two different rows of a thousand million share a key with a chance below 10⁻²⁰.

use crate::records::{Customer, Event, Product};
use twox_hash::{XxHash3_64, XxHash3_128};

/// A row's identity. The key's lowest bit says whether it is of the shop's own id (1) or of the content (0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub key: u128,
    /// Hash of everything but the id; its lowest bit says whether the row is active.
    pub content: u64,
}

impl Key {
    pub fn has_id(self) -> bool {
        self.key & 1 == 1
    }

    pub fn is_active(self) -> bool {
        self.content & 1 == 1
    }

    pub fn high(self) -> i64 {
        (self.key >> 64) as i64
    }

    pub fn low(self) -> i64 {
        self.key as i64
    }

    pub fn from_parts(high: i64, low: i64, content: i64) -> Self {
        Self { key: u128::from(high as u64) << 64 | u128::from(low as u64), content: content as u64 }
    }
}

/// Hashes rows with one buffer.
#[derive(Debug, Default)]
pub(super) struct Hasher {
    bytes: Vec<u8>,
}

impl Hasher {
    fn begin(&mut self, source: &str) -> &mut Self {
        self.bytes.clear();
        self.text(Some(source))
    }

    /// With its length, so that no two sequences of fields look alike; absent differs from empty.
    fn text(&mut self, text: Option<&str>) -> &mut Self {
        let length = text.map_or(u32::MAX, |text| text.len() as u32);
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
        self
    }

    fn number(&mut self, number: i64) -> &mut Self {
        self.bytes.extend_from_slice(&number.to_le_bytes());
        self
    }

    fn optional(&mut self, number: Option<i64>) -> &mut Self {
        self.bytes.push(u8::from(number.is_some()));
        self.number(number.unwrap_or_default())
    }

    fn key(&self, has_id: u128) -> u128 {
        XxHash3_128::oneshot(&self.bytes) & !1 | has_id
    }

    fn content(&self, active: u64) -> u64 {
        XxHash3_64::oneshot(&self.bytes) & !1 | active
    }

    pub fn event(&mut self, source: &str, event: &Event<'_>) -> Key {
        self.begin(source)
            .text(Some(event.kind.name()))
            .number(event.at_us)
            .text(event.customer)
            .text(event.product)
            .text(event.order)
            // −0 and 0 are the same quantity.
            .number((event.quantity + 0.0).to_bits() as i64)
            .optional(event.value.map(|value| value.ten_thousandths()))
            .text(event.currency);
        match event.id {
            None => Key { key: self.key(0), content: 1 },
            Some(id) => {
                let content = self.content(1);
                Key { key: self.begin(source).text(Some(id)).key(1), content }
            }
        }
    }

    pub fn product(&mut self, product: &Product) -> Key {
        let amount = |money: Option<crate::money::Money>| money.map(|money| money.ten_thousandths());
        self.begin("product")
            .text(Some(&product.title))
            .text(product.category.as_deref())
            .text(product.brand.as_deref())
            .optional(amount(product.price))
            .optional(amount(product.list_price))
            .text(product.currency.as_deref())
            .optional(product.stock)
            .text(product.image.as_deref())
            .text(product.url.as_deref())
            .optional(product.created_at.map(|at| at.timestamp_micros()));
        // Shops that say neither keep the contents that they had.
        if product.cost.is_some() || product.group.is_some() {
            self.optional(amount(product.cost)).text(product.group.as_deref());
        }
        for (name, value) in &product.attributes {
            self.text(Some(name)).text(Some(value));
        }
        let content = self.content(u64::from(product.active));
        Key { key: self.begin("product").text(Some(&product.id)).key(1), content }
    }

    pub fn customer(&mut self, customer: &Customer) -> Key {
        self.begin("customer")
            .text(customer.email.as_deref())
            .text(customer.first_name.as_deref())
            .text(customer.last_name.as_deref())
            .text(customer.language.as_deref())
            .text(customer.country.as_deref())
            .optional(customer.created_at.map(|at| at.timestamp_micros()))
            .optional(customer.mailable.map(i64::from));
        let content = self.content(u64::from(customer.active));
        Key { key: self.begin("customer").text(Some(&customer.id)).key(1), content }
    }
}
