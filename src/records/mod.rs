//! What a shop's history is made of: products, customers and events. Sources fill these, the history keeps them.
//!
//! Products and customers are plain structs; events, of which there are a hundred times more, are columns.

mod events;

pub use events::{Event, Events, TextColumn};

use crate::money::Money;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A thing sold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Product {
    /// The shop's own id (SKU).
    pub id: String,
    pub title: String,
    /// From the widest to the narrowest, joined by ` > `: `Wine > Red > Rioja`.
    pub category: Option<String>,
    pub brand: Option<String>,
    pub price: Option<Money>,
    /// The price before a reduction; above `price` the product is on sale.
    pub list_price: Option<Money>,
    /// What a piece costs the shop.
    pub cost: Option<Money>,
    pub currency: Option<String>,
    /// What its variants have in common: the id of the parent, say. `None` when the shop does not say.
    pub group: Option<String>,
    /// What else the shop says of it, by the names that the shop's connection gives: `colour`, `supplier`. By name,
    /// ascending, each once, none empty.
    pub attributes: Vec<(String, String)>,
    /// Pieces that can be sold; `None` when the shop does not say.
    pub stock: Option<i64>,
    pub image: Option<String>,
    pub url: Option<String>,
    /// When the shop began to sell it.
    pub created_at: Option<DateTime<Utc>>,
    /// False once the shop switched it off, or it vanished from the shop's table.
    pub active: bool,
}

impl Product {
    /// The value of one of its attributes.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// A person who buys in the shop.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Customer {
    pub id: String,
    pub email: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    /// BCP 47, such as `de-AT`.
    pub language: Option<String>,
    pub country: Option<String>,
    pub created_at: Option<DateTime<Utc>>,
    /// May get e-mail. `None` when the shop does not say.
    pub mailable: Option<bool>,
    /// False once vanished from the shop's table.
    pub active: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum EventKind {
    View,
    Cart,
    Purchase,
    /// A return or a cancelled order line; quantity and value are positive.
    Refund,
    Click,
    Open,
    Unsubscribe,
}

impl EventKind {
    pub const ALL: [EventKind; 7] =
        [Self::View, Self::Cart, Self::Purchase, Self::Refund, Self::Click, Self::Open, Self::Unsubscribe];

    pub const fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Cart => "cart",
            Self::Purchase => "purchase",
            Self::Refund => "refund",
            Self::Click => "click",
            Self::Open => "open",
            Self::Unsubscribe => "unsubscribe",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
