//! Of what, and for whom, a rule applies.

use super::Setting;
use crate::conditions::{Condition, Root, compile};
use crate::picker::facts::SCHEMA;
use crate::picker::plan::Rule;
use crate::picker::refusal::Refusal;

/// A rule's condition, by what it depends on.
#[derive(Debug, Clone)]
pub enum Scope {
    Always,
    /// On the product and the day: one answer for everybody.
    Products(Condition),
    /// On the customer as well.
    Pairs(Condition),
}

impl Scope {
    /// `None` for a rule that asks what is not known here.
    pub fn of(rule: &Rule, setting: Setting<'_>) -> Option<Self> {
        if rule.when.trim().is_empty() {
            return Some(Self::Always);
        }
        // It was checked before.
        let condition = compile(&rule.when, SCHEMA).ok()?;
        let sold = SCHEMA.find(Root::Product, "sold").map(|(at, _)| at);
        if setting.activity.is_none() && sold.is_some_and(|at| condition.columns(Root::Product).contains(&at))
        {
            return None;
        }
        Some(if condition.asks(Root::Customer) { Self::Pairs(condition) } else { Self::Products(condition) })
    }

    pub fn condition(&self) -> Option<&Condition> {
        match self {
            Self::Always => None,
            Self::Products(condition) | Self::Pairs(condition) => Some(condition),
        }
    }

    pub fn into_condition(self) -> Option<Condition> {
        match self {
            Self::Always => None,
            Self::Products(condition) | Self::Pairs(condition) => Some(condition),
        }
    }
}

/// How a rule is called where it is told what it did.
pub fn named(rule: &Rule) -> &str {
    if rule.name.is_empty() { &rule.when } else { &rule.name }
}

/// What stays within the band; everything for whom the condition does not hold, and for whom it is not known what they
/// usually pay.
pub fn price_band(from: f32, to: f32, when: &str) -> Result<Condition, Refusal> {
    let spared = if when.trim().is_empty() { "false".to_owned() } else { format!("!({when})") };
    let band = format!(
        "{spared} || !has(customer.usual_price) || (product.price >= customer.usual_price * {from:?} && product.price <= \
         customer.usual_price * {to:?})"
    );
    compile(&band, SCHEMA).map_err(|wrong| Refusal::Condition { rule: 0, what: wrong.what })
}
