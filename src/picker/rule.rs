//! A business rule: what may, must, must not, or should rather be picked, of which products and for whom.

use super::plan::Attribute;
use crate::money::Money;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An effect, and where it applies. In a file: `{ rule = "boost", factor = 2, when = "product.on_sale", name = "Sale" }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>", into = "Map<String, Value>")]
pub struct Rule {
    pub effect: Effect,
    /// A condition over [`super::facts::SCHEMA`]; empty: always.
    pub when: String,
    /// What people call it; empty: what it does, in words.
    pub name: String,
    pub note: String,
    /// Kept, but not followed.
    pub off: bool,
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// Never what the condition holds for.
    Exclude {},
    /// Only what the condition holds for.
    Only {},
    /// Nothing that the customer bought in the last days.
    ExcludeBought {
        days: u32,
    },
    /// Nothing that the customer bought and does not need again yet: until the time has passed after which customers
    /// usually buy the same again in its category, or `days` where they do not.
    ExcludeUntilDue {
        days: u32,
    },
    ExcludeOutOfStock {},
    NeedsPicture {},
    /// Nothing of whose price less than so many per cent is left after its cost, or of which that is not known.
    MinMargin {
        n: u8,
    },
    /// Never two variants of one product.
    OneOfVariants {},
    /// Each product is shown to at most so many customers for each of its pieces.
    ShareStock {
        n: u8,
    },
    /// Nothing that was picked for the customer in the last campaigns, unless they clicked it.
    NotPickedLately {
        campaigns: u8,
    },
    AtMostPer {
        what: Attribute,
        n: u8,
    },
    /// Of at least so many different ones: products of three categories in one e-mail, where there are as many.
    AtLeastKinds {
        what: Attribute,
        n: u8,
    },
    /// At most so many products of those the condition holds for.
    AtMost {
        n: u8,
    },
    /// At least so many, where there are as many.
    AtLeast {
        n: u8,
    },
    PriceRange {
        #[serde(default)]
        from: Option<Money>,
        #[serde(default)]
        to: Option<Money>,
    },
    /// Prices from so many times to so many times what the customer usually pays.
    PriceBand {
        from: f32,
        to: f32,
    },
    /// Slots count from 1.
    Pin {
        product: String,
        slot: u8,
    },
    /// Scores are multiplied by `factor`, above 1: in this category or below it, if one is named.
    Boost {
        #[serde(default, skip_serializing_if = "String::is_empty")]
        category: String,
        factor: f32,
    },
    /// … by `factor`, between 0 and 1.
    Bury {
        #[serde(default, skip_serializing_if = "String::is_empty")]
        category: String,
        factor: f32,
    },
}

/// What the condition of an effect may speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Products and customers.
    Pairs,
    Products,
    Customers,
}

impl Effect {
    pub const fn scope(&self) -> Scope {
        match self {
            Self::Exclude {} | Self::Only {} | Self::Boost { .. } | Self::Bury { .. } => Scope::Pairs,
            Self::Pin { .. } | Self::PriceBand { .. } => Scope::Customers,
            _ => Scope::Products,
        }
    }

    /// Whether it does nothing without a condition.
    pub const fn needs_condition(&self) -> bool {
        matches!(self, Self::Exclude {} | Self::Only {} | Self::AtMost { .. } | Self::AtLeast { .. })
    }
}

impl From<Effect> for Rule {
    fn from(effect: Effect) -> Self {
        Self { effect, when: String::new(), name: String::new(), note: String::new(), off: false }
    }
}

impl Rule {
    pub fn when(effect: Effect, condition: &str) -> Self {
        Self { when: condition.to_owned(), ..effect.into() }
    }
}

impl TryFrom<Map<String, Value>> for Rule {
    type Error = String;

    fn try_from(mut fields: Map<String, Value>) -> Result<Self, String> {
        let mut text = |name: &str| match fields.remove(name) {
            None => Ok(String::new()),
            Some(Value::String(text)) => Ok(text),
            Some(other) => Err(format!("{name} is {other}; expected a text")),
        };
        let (when, name, note) = (text("when")?, text("name")?, text("note")?);
        let off = match fields.remove("off") {
            None => false,
            Some(Value::Bool(off)) => off,
            Some(other) => return Err(format!("off is {other}; expected true or false")),
        };
        let effect = serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())?;
        Ok(Self { effect, when, name, note, off })
    }
}

impl From<Rule> for Map<String, Value> {
    fn from(rule: Rule) -> Self {
        let Rule { effect, when, name, note, off } = rule;
        // By way of text, so that 0.67 stays what people wrote: as a value it would be the nearest of the wider numbers.
        let text = serde_json::to_string(&effect).unwrap_or_default();
        let mut fields: Self = serde_json::from_str(&text).unwrap_or_default();
        for (key, text) in [("when", when), ("name", name), ("note", note)] {
            if !text.is_empty() {
                fields.insert(key.to_owned(), Value::String(text));
            }
        }
        if off {
            fields.insert("off".to_owned(), Value::Bool(true));
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_written_as_it_is_read_and_as_before_there_were_conditions() {
        let bare: Rule = Effect::ExcludeBought { days: 90 }.into();
        assert_eq!(serde_json::to_string(&bare).unwrap(), r#"{"days":90,"rule":"exclude_bought"}"#);
        let rule =
            Rule { off: true, note: "till May".into(), ..Rule::when(Effect::Exclude {}, "product.on_sale") };
        let text = serde_json::to_string(&rule).unwrap();
        assert_eq!(serde_json::from_str::<Rule>(&text).unwrap(), rule);
        let file = "rule = \"boost\"\ncategory = \"Tea\"\nfactor = 2\nname = \"Tea time\"";
        let read: Rule = toml::from_str(file).unwrap();
        assert_eq!(
            (read.effect, read.name.as_str()),
            (Effect::Boost { category: "Tea".into(), factor: 2.0 }, "Tea time")
        );
        let wrong = toml::from_str::<Rule>("rule = \"exclude\"\nwhem = \"true\"").unwrap_err().to_string();
        assert!(wrong.contains("whem"), "{wrong}");
    }
}
