//! Of what, and for whom, a rule applies.

use super::Setting;
use crate::conditions::{Bound, Condition, Root, compile};
use crate::picker::facts::SCHEMA;
use crate::picker::plan::{Effect, Rule};
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

/// For rules that take products from everybody: why, in words that follow a number, and which of the table's products
/// they leave.
pub fn keeps(rule: &Rule, scope: &Scope, bound: &Bound<'_>) -> Option<(String, Vec<bool>)> {
    let (why, breaks) = match &rule.effect {
        Effect::ExcludeOutOfStock {} => ("out of stock".to_owned(), "!product.in_stock".to_owned()),
        Effect::NeedsPicture {} => ("without a picture".to_owned(), "!product.has_picture".to_owned()),
        Effect::MinMargin { n } => (
            format!("with a margin below {n} % or an unknown one"),
            format!("!(has(product.margin) && product.margin >= {n})"),
        ),
        Effect::PriceRange { from, to } => {
            let mut within = vec!["has(product.price)".to_owned()];
            within.extend(from.map(|from| format!("product.price >= {:?}", from.as_f64())));
            within.extend(to.map(|to| format!("product.price <= {:?}", to.as_f64())));
            let any = from.is_some() || to.is_some();
            (
                "outside the price range or without a price".to_owned(),
                format!("{any} && !({})", within.join(" && ")),
            )
        }
        Effect::Exclude {} => (format!("taken out by “{}”", named(rule)), "true".to_owned()),
        Effect::Only {} => (format!("outside “{}”", named(rule)), "true".to_owned()),
        _ => return None,
    };
    let applies = match scope {
        Scope::Pairs(_) => return None,
        Scope::Always => None,
        Scope::Products(condition) => Some(condition.holds(bound)),
    };
    let is_only = rule.effect == Effect::Only {};
    let breaks = compile(&breaks, SCHEMA).ok()?.holds(bound);
    let keeps = (0..breaks.len()).map(|at| match applies.as_ref().map(|applies| applies[at]) {
        Some(applies) if is_only => applies,
        Some(applies) => !(applies && breaks[at]),
        None => !breaks[at],
    });
    Some((why, keeps.collect()))
}

fn named(rule: &Rule) -> &str {
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
