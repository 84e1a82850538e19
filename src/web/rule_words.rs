//! Business rules in plain words.

use crate::picker::plan::{Attribute, Effect, Rule};

/// A rule's name, or what it does.
pub fn rule_in_words(rule: &Rule, currency: &str) -> String {
    let mut words =
        if rule.name.is_empty() { effect_in_words(&rule.effect, currency) } else { rule.name.clone() };
    if rule.name.is_empty() && !rule.when.is_empty() {
        let joint = if rule.effect.needs_condition() { ":" } else { ", where" };
        words = format!("{words}{joint} {}", rule.when);
    }
    if rule.off { format!("{words} (switched off)") } else { words }
}

fn effect_in_words(effect: &Effect, currency: &str) -> String {
    let amount = |money| super::money(money, currency);
    match effect {
        Effect::Exclude {} => "Never".into(),
        Effect::Only {} => "Only".into(),
        Effect::ExcludeBought { days } => format!("Nothing they bought in the last {days} days"),
        Effect::ExcludeUntilDue { .. } => "Nothing they bought and do not need again yet".into(),
        Effect::ExcludeOutOfStock {} => "Nothing that is out of stock".into(),
        Effect::NeedsPicture {} => "Nothing without a picture".into(),
        Effect::MinMargin { n } => format!("Nothing with a margin below {n} %"),
        Effect::OneOfVariants {} => "Never two variants of one product".into(),
        Effect::ShareStock { n: 1 } => "Each piece is shown to one customer only".into(),
        Effect::ShareStock { n } => format!("Each piece is shown to at most {n} customers"),
        Effect::NotPickedLately { campaigns: 1 } => "Nothing the last campaign showed them".into(),
        Effect::NotPickedLately { campaigns } => {
            format!("Nothing the last {campaigns} campaigns showed them")
        }
        Effect::AtMostPer { what, n } => format!("At most {n} of one {}", what.words()),
        Effect::AtLeastKinds { what, n } => match what {
            Attribute::Category => format!("Products of at least {n} categories"),
            Attribute::Department => format!("Products of at least {n} main categories"),
            Attribute::Brand => format!("Products of at least {n} brands"),
            Attribute::Group => format!("Products of at least {n} groups of variants"),
            Attribute::Named(name) => format!("At least {n} different kinds of {name}"),
        },
        Effect::AtMost { n } => format!("At most {n} of"),
        Effect::AtLeast { n } => format!("At least {n} of"),
        Effect::PriceRange { from, to } => {
            let from = from.map(|from| format!(" from {}", amount(from))).unwrap_or_default();
            let to = to.map(|to| format!(" up to {}", amount(to))).unwrap_or_default();
            format!("Prices{from}{to}")
        }
        Effect::PriceBand { from, to } => format!("Prices from {from} to {to} times what they usually pay"),
        Effect::Pin { product, slot } => format!("“{product}” at place {slot}"),
        Effect::Boost { category, .. } if category.is_empty() => "More of some products".into(),
        Effect::Bury { category, .. } if category.is_empty() => "Less of some products".into(),
        Effect::Boost { category, .. } => format!("More of {category}"),
        Effect::Bury { category, .. } => format!("Less of {category}"),
    }
}
