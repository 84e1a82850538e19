//! What a marketer chooses for a campaign: products, audience, model, slots, rules, controls.
//!
//! The same struct is the browser's form, the stored plan and the file of `handpick campaign run`.

pub use super::rule::{Effect, Rule};
pub use super::weather::Weather;

use crate::ids::ListId;
use crate::money::Money;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// Picks are made as if it were this moment: nothing later is known. `None` means now.
    pub as_of: Option<DateTime<Utc>>,
    /// First and last day of the campaign, in the shop's zone. The outcome window opens on `starts_on`.
    pub starts_on: Option<NaiveDate>,
    pub ends_on: Option<NaiveDate>,
    pub products: Products,
    pub audience: Audience,
    /// `auto`, or a model's kind.
    pub model: String,
    pub slots: u8,
    /// From 0, the best for each customer however similar, to 100, products of one e-mail as different as can be.
    pub variety: u8,
    pub rules: Vec<Rule>,
    /// What somebody typed of the day's weather; a forecast says the rest, where there is one.
    #[serde(skip_serializing_if = "Weather::is_unknown")]
    pub weather: Weather,
    pub controls: Controls,
    pub seed: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            as_of: None,
            starts_on: None,
            ends_on: None,
            products: Products::default(),
            audience: Audience::default(),
            model: "auto".into(),
            slots: 4,
            variety: 0,
            rules: vec![
                Effect::ExcludeBought { days: 90 }.into(),
                Effect::ExcludeOutOfStock {}.into(),
                Effect::AtMostPer { what: Attribute::Category, n: 2 }.into(),
                Effect::OneOfVariants {}.into(),
            ],
            weather: Weather::default(),
            controls: Controls::default(),
            seed: 1,
        }
    }
}

/// Which products may be picked: all active ones that pass every filter that is set, plus `include`, minus
/// `exclude`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Products {
    /// Any of these category paths, or below them.
    pub categories: Vec<String>,
    pub brands: Vec<String>,
    pub price_from: Option<Money>,
    pub price_to: Option<Money>,
    pub in_stock: bool,
    /// Sold for at most so many days.
    pub new_days: Option<u32>,
    pub on_sale: bool,
    /// Only the products of this uploaded or pasted list.
    pub list: Option<ListId>,
    /// Only these, named in the plan itself.
    pub only: Vec<String>,
    pub include: Vec<String>,
    pub exclude: Vec<String>,
}

/// Which customers the campaign targets: all active, mailable ones that pass every filter that is set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audience {
    pub countries: Vec<String>,
    pub languages: Vec<String>,
    /// Last purchase at most so many days ago.
    pub bought_within_days: Option<u32>,
    /// Last purchase at least so many days ago.
    pub not_bought_within_days: Option<u32>,
    pub orders_at_least: Option<u32>,
    pub orders_at_most: Option<u32>,
    /// Net value of all purchases.
    pub spent_at_least: Option<Money>,
    pub spent_at_most: Option<Money>,
    /// Bought in any of these categories.
    pub bought_in_categories: Vec<String>,
    /// All of these hold.
    pub did: Vec<Deed>,
    /// A condition on `customer`, `today` and `campaign`; empty holds for everybody.
    pub when: String,
    /// Left out is who got as many e-mails …
    pub mails_at_most: Option<u32>,
    /// … in so many days before, over all campaigns.
    pub mails_within_days: Option<u32>,
    /// Also customers of whom the shop does not say whether they may be mailed.
    pub include_unknown_consent: bool,
    pub list: Option<ListId>,
    pub only: Vec<String>,
    pub exclude_list: Option<ListId>,
}

/// Something that customers did, or did not do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deed {
    pub what: What,
    /// They did not.
    #[serde(default)]
    pub not: bool,
    /// In this category or below it; empty: in any.
    #[serde(default)]
    pub category: String,
    /// With the product of this id; empty: with any.
    #[serde(default)]
    pub product: String,
    /// In so many days before; `None`: ever.
    #[serde(default)]
    pub within_days: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    Bought,
    Viewed,
    Carted,
    Clicked,
}

impl What {
    pub const ALL: [Self; 4] = [Self::Bought, Self::Viewed, Self::Carted, Self::Clicked];

    /// In plans and forms.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bought => "bought",
            Self::Viewed => "viewed",
            Self::Carted => "carted",
            Self::Clicked => "clicked",
        }
    }
}

/// What products can have in common. In a file: `category`, `department`, `brand`, `group`, or the name of one of the
/// attributes that the shop's connection gives them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Attribute {
    /// The whole category path.
    Category,
    /// Its widest part.
    Department,
    Brand,
    /// What the shop says variants have in common.
    Group,
    Named(String),
}

impl Attribute {
    /// Those that products of any shop may have, with their words.
    pub const FIXED: [(&'static str, &'static str); 4] = [
        ("category", "category"),
        ("department", "main category"),
        ("brand", "brand"),
        ("group", "group of variants"),
    ];

    /// After “of one”.
    pub fn words(&self) -> &str {
        match self {
            Self::Category => "category",
            Self::Department => "main category",
            Self::Brand => "brand",
            Self::Group => "group of variants",
            Self::Named(name) => name,
        }
    }
}

impl From<String> for Attribute {
    fn from(name: String) -> Self {
        match name.as_str() {
            "category" => Self::Category,
            "department" => Self::Department,
            "brand" => Self::Brand,
            "group" => Self::Group,
            _ => Self::Named(name),
        }
    }
}

impl From<Attribute> for String {
    fn from(attribute: Attribute) -> Self {
        match attribute {
            Attribute::Category => "category".into(),
            Attribute::Department => "department".into(),
            Attribute::Brand => "brand".into(),
            Attribute::Group => "group".into(),
            Attribute::Named(name) => name,
        }
    }
}

/// The two controls of design: who gets no mail, and who gets best-sellers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Controls {
    /// Share of the audience, 0 to 0.5, that gets no mail.
    pub holdout_share: f64,
    /// Share of the audience, 0 to 0.5, that gets best-sellers instead of personal picks.
    pub baseline_share: f64,
}

impl Default for Controls {
    fn default() -> Self {
        Self { holdout_share: 0.1, baseline_share: 0.0 }
    }
}

/// The group a customer is assigned to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arm {
    /// Gets mail with the model's picks.
    Picks,
    /// Gets mail with best-sellers.
    Baseline,
    /// Gets no mail.
    Holdout,
}

/// Which part chose a pick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    Personal,
    Similar,
    Category,
    Popular,
    Pinned,
}
