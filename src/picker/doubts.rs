//! What rules speak of that this shop does not have: a brand that is gone, a category under another name, a fact that the
//! shop's connection does not fill.
//!
//! Such a rule is not wrong, it only does nothing, or takes everything; whoever uses rules that somebody else saved should
//! be told.

use super::catalogue::{Catalogue, in_category};
use super::facts::{self, SCHEMA};
use super::plan::{Attribute, Effect, Rule};
use crate::conditions::{Column, Condition, Mention, Root, Table, compile};
use chrono::{DateTime, Utc};
use std::cell::OnceCell;

/// One shop, to be asked about one rule after another.
pub struct Doubts<'a> {
    catalogue: &'a Catalogue,
    as_of: DateTime<Utc>,
    /// Made when a rule first needs it: the facts of the products for sale.
    facts: OnceCell<Table>,
}

impl<'a> Doubts<'a> {
    pub fn new(catalogue: &'a Catalogue, as_of: DateTime<Utc>) -> Self {
        Self { catalogue, as_of, facts: OnceCell::new() }
    }

    /// In sentences; none where all is well.
    pub fn about(&self, rule: &Rule) -> Vec<String> {
        if self.catalogue.is_empty() {
            return Vec::new();
        }
        let mut all: Vec<String> = self.of_effect(&rule.effect).into_iter().collect();
        if rule.when.trim().is_empty() {
            return all;
        }
        match compile(&rule.when, SCHEMA) {
            Err(wrong) => all.push(format!("The condition cannot be understood: {}.", wrong.what)),
            Ok(condition) => {
                all.extend(self.unfilled(&condition));
                all.extend(condition.mentions().iter().filter_map(|mention| self.unheard_of(mention)));
            }
        }
        all
    }

    fn of_effect(&self, effect: &Effect) -> Option<String> {
        let unfilled = |name: &str| self.is_unfilled(name).then(|| no_product_has(name));
        match effect {
            Effect::Boost { category, .. } | Effect::Bury { category, .. } if !category.is_empty() => {
                let is_there = |path: Option<&str>| in_category(path, category);
                let found = self.active().any(|number| is_there(self.path(number)));
                (!found).then(|| format!("No product is in the category “{category}”."))
            }
            Effect::Pin { product, .. } => match self.catalogue.number(product) {
                None => Some(format!("No product has the id “{product}”.")),
                Some(number) if !self.catalogue.product(number).active => {
                    Some(format!("“{product}” is no longer sold."))
                }
                Some(_) => None,
            },
            Effect::AtMostPer { what, .. } | Effect::AtLeastKinds { what, .. } => {
                let is_said = self.active().any(|number| self.catalogue.value_of(what, number).is_some());
                (!is_said).then(|| match what {
                    Attribute::Named(name) => format!("No product says its {name}."),
                    other => format!("No product has a {}.", other.words()),
                })
            }
            Effect::MinMargin { .. } => unfilled("margin"),
            Effect::ExcludeOutOfStock {} | Effect::ShareStock { .. } => unfilled("stock"),
            Effect::PriceRange { .. } | Effect::PriceBand { .. } => unfilled("price"),
            _ => None,
        }
    }

    /// Facts of products that no product has.
    fn unfilled(&self, condition: &Condition) -> Vec<String> {
        let names: Vec<&str> = SCHEMA.of(Root::Product).map(|fact| fact.name).collect();
        let asked = condition.columns(Root::Product).into_iter().map(|at| names[at]);
        asked.filter(|name| self.is_unfilled(name)).map(no_product_has).collect()
    }

    fn is_unfilled(&self, name: &str) -> bool {
        // What was sold is known from the events, not from the catalogue.
        let Some((at, _)) = SCHEMA.find(Root::Product, name).filter(|_| name != "sold") else { return false };
        let table = self.facts();
        table.rows() > 0 && !table.column(at).knows_any()
    }

    /// A text that nothing in the shop fits.
    fn unheard_of(&self, mention: &Mention<'_>) -> Option<String> {
        let fact = SCHEMA.of(mention.root).nth(mention.column)?;
        let names: Vec<&str> = match (mention.root, fact.name) {
            (Root::Product, _) => texts_of(self.facts().column(mention.column)),
            (Root::Customer, "categories") => self.catalogue.categories.ids().collect(),
            (Root::Customer, "brands") => self.catalogue.brands.ids().collect(),
            _ => return None,
        };
        if names.is_empty() || names.iter().any(|name| mention.fits(name)) {
            return None;
        }
        let near = mention.is_whole().then(|| nearest(mention.text, &names)).flatten();
        let meant = near.map(|near| format!(" Do you mean “{near}”?")).unwrap_or_default();
        let (root, name) = (mention.root.name(), fact.name);
        Some(format!("Nothing in the shop fits “{}” for {root}.{name}.{meant}", mention.text))
    }

    fn active(&self) -> impl Iterator<Item = u32> {
        (0..self.catalogue.len() as u32).filter(|&number| self.catalogue.product(number).active)
    }

    fn path(&self, number: u32) -> Option<&str> {
        self.catalogue.product(number).category.as_deref()
    }

    fn facts(&self) -> &Table {
        self.facts.get_or_init(|| {
            let numbers: Vec<u32> = self.active().collect();
            facts::of_products(self.catalogue, &numbers, None, self.as_of)
        })
    }
}

fn no_product_has(name: &str) -> String {
    format!(
        "No product of this shop says its {}. Your admin can add it: page “Shop data”.",
        name.replace('_', " ")
    )
}

fn texts_of(column: &Column) -> Vec<&str> {
    let names = match column {
        Column::Texts(texts) => &texts.names,
        Column::Lists(lists) => &lists.names,
        _ => return Vec::new(),
    };
    names.iter().map(String::as_str).collect()
}

/// Near enough to be a slip, or the same but for case.
fn nearest<'n>(text: &str, names: &[&'n str]) -> Option<&'n str> {
    let text = text.to_lowercase();
    let distance = |name: &str| strsim::damerau_levenshtein(&text, &name.to_lowercase());
    let near = names.iter().map(|&name| (distance(name), name)).min();
    near.filter(|(distance, _)| *distance <= text.chars().count() / 4).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Money;
    use crate::records::Product;

    fn catalogue() -> Catalogue {
        let product = |id: &str, brand: &str, active: bool| Product {
            id: id.into(),
            title: id.into(),
            category: Some("Wine > Red".into()),
            brand: Some(brand.into()),
            price: Some(Money::from_units(9)),
            attributes: vec![("colour".into(), "red".into())],
            active,
            ..Product::default()
        };
        Catalogue::new(vec![product("a", "Vinea", true), product("b", "Oldhouse", false)])
    }

    #[test]
    fn what_the_shop_does_not_have_is_said_and_nothing_else() {
        let catalogue = catalogue();
        let doubts = Doubts::new(&catalogue, DateTime::UNIX_EPOCH);
        let about = |effect: Effect, when: &str| doubts.about(&Rule::when(effect, when)).join(" ");
        let exclude = |when: &str| about(Effect::Exclude {}, when);
        for (when, said) in [
            (
                "product.brand == 'Vinae'",
                "Nothing in the shop fits “Vinae” for product.brand. Do you mean “Vinea”?",
            ),
            ("product.brand == 'Oldhouse'", "Nothing in the shop fits “Oldhouse” for product.brand."),
            ("product.category.below('Beer')", "Nothing in the shop fits “Beer” for product.category."),
            (
                "'colour: blue' in product.attributes",
                "Nothing in the shop fits “colour: blue” for product.attributes.",
            ),
            ("'Beer' in customer.categories", "Nothing in the shop fits “Beer” for customer.categories."),
            (
                "product.stock < 3",
                "No product of this shop says its stock. Your admin can add it: page “Shop data”.",
            ),
            ("product.magic == 1", "The condition cannot be understood: “product.magic” is not known"),
        ] {
            assert!(exclude(when).contains(said), "{when}: {}", exclude(when));
        }
        for when in [
            "product.brand == 'Vinea' || product.category.below('Wine')",
            "'colour: red' in product.attributes && product.title.contains('a')",
            "customer.country == 'XX' && product.price < 9 && product.sold > 3 && weather.rain > 1",
        ] {
            assert_eq!(exclude(when), "");
        }
        let boost = |category: &str| Effect::Boost { category: category.into(), factor: 2.0 };
        let pin = |product: &str| Effect::Pin { product: product.into(), slot: 1 };
        let per = |name: &str| Effect::AtMostPer { what: Attribute::from(name.to_owned()), n: 1 };
        for (effect, said) in [
            (boost("Wine"), ""),
            (boost("Winery"), "No product is in the category “Winery”."),
            (pin("a"), ""),
            (pin("b"), "“b” is no longer sold."),
            (pin("c"), "No product has the id “c”."),
            (per("colour"), ""),
            (per("supplier"), "No product says its supplier."),
            (per("group"), "No product has a group of variants."),
            (
                Effect::MinMargin { n: 5 },
                "No product of this shop says its margin. Your admin can add it: page “Shop data”.",
            ),
        ] {
            assert_eq!(about(effect, ""), said);
        }
    }
}
