//! A campaign's rules, compiled once: what they take from everybody becomes a shorter list of candidates, what
//! depends on the customer becomes a question of a few array look-ups.

use super::activity::Bought;
use super::catalogue::{Catalogue, Choice, in_category, in_stock};
use super::plan::{Attribute, Rule};
use super::refusal::{Refusal, Removed};
use crate::records::Product;
use chrono::{DateTime, TimeDelta, Utc};

/// Compiled for one catalogue. A *place* is a position among the candidates.
#[derive(Debug)]
pub struct Rules {
    /// Catalogue numbers, ascending.
    pub candidates: Vec<u32>,
    /// What the products' filters and the rules took away.
    pub removed: Vec<Removed>,
    /// What a score is multiplied by, for each candidate.
    factors: Vec<f32>,
    caps: Vec<Cap>,
    /// Bought at or after this moment means: not again.
    bought_since_us: Option<i64>,
    pub pins: Vec<Pin>,
}

#[derive(Debug)]
struct Cap {
    /// For each candidate its category or brand; those without are not limited.
    group_of: Vec<Option<u32>>,
    n: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin {
    /// From 0.
    pub slot: usize,
    pub place: usize,
}

/// `slots` was checked; `rules` passed [`super::refusal::check`].
pub fn compile(
    rules: &[Rule],
    choice: Choice,
    catalogue: &Catalogue,
    as_of: DateTime<Utc>,
) -> Result<Rules, Refusal> {
    if catalogue.is_empty() {
        return Err(Refusal::EmptyShop);
    }
    let (mut candidates, mut removed) = (choice.numbers, choice.removed);
    for rule in rules {
        let Some((why, keeps)) = product_filter(rule) else { continue };
        let before = candidates.len();
        candidates.retain(|&number| keeps(catalogue.product(number)));
        let count = (before - candidates.len()) as u64;
        if count > 0 {
            removed.push(Removed { why: why.to_owned(), count });
        }
    }
    if candidates.is_empty() {
        return Err(Refusal::NoProducts(removed));
    }
    let mut compiled = Rules {
        factors: factors(rules, &candidates, catalogue),
        caps: caps(rules, &candidates, catalogue),
        bought_since_us: bought_since(rules, as_of),
        pins: Vec::new(),
        candidates,
        removed,
    };
    compiled.pins = pins(rules, &compiled, catalogue)?;
    Ok(compiled)
}

impl Rules {
    /// How many of `slots` may be filled without pins colliding is for the slate; this answers whether `place` may
    /// stand beside the places already `taken` for a customer who `bought` something.
    pub fn admits(&self, place: usize, taken: &[usize], bought: Bought<'_>) -> bool {
        if taken.contains(&place) {
            return false;
        }
        let bought_already =
            self.bought_since_us.is_some_and(|since| bought.has_since(self.candidates[place], since));
        !bought_already && self.caps.iter().all(|cap| cap.admits(place, taken))
    }

    /// A score after boosts and buries. Below zero a boost must raise, too, so it divides.
    pub fn adjust(&self, place: usize, score: f32) -> f32 {
        let factor = self.factors[place];
        if score < 0.0 { score / factor } else { score * factor }
    }
}

impl Cap {
    fn admits(&self, place: usize, taken: &[usize]) -> bool {
        let Some(group) = self.group_of[place] else { return true };
        let same = taken.iter().filter(|&&other| self.group_of[other] == Some(group)).count();
        same < usize::from(self.n)
    }
}

type Keeps = Box<dyn Fn(&Product) -> bool>;

/// The rules that look at the product alone.
fn product_filter(rule: &Rule) -> Option<(&'static str, Keeps)> {
    match *rule {
        Rule::ExcludeOutOfStock {} => Some(("out of stock", Box::new(in_stock))),
        Rule::PriceRange { from, to } => {
            let within = move |p: &Product| match p.price {
                Some(price) => from.is_none_or(|from| price >= from) && to.is_none_or(|to| price <= to),
                None => from.is_none() && to.is_none(),
            };
            Some(("outside the price range or without a price", Box::new(within)))
        }
        _ => None,
    }
}

fn factors(rules: &[Rule], candidates: &[u32], catalogue: &Catalogue) -> Vec<f32> {
    let factor_of = |number: &u32| {
        let path = catalogue.product(*number).category.as_deref();
        let factors = rules.iter().filter_map(|rule| match rule {
            Rule::Boost { category, factor } | Rule::Bury { category, factor } => {
                in_category(path, category).then_some(*factor)
            }
            _ => None,
        });
        factors.product::<f32>().clamp(1e-6, 1e6)
    };
    candidates.iter().map(factor_of).collect()
}

fn caps(rules: &[Rule], candidates: &[u32], catalogue: &Catalogue) -> Vec<Cap> {
    let cap = |rule: &Rule| match rule {
        Rule::AtMostPer { what, n } => {
            let group = |&number: &u32| match what {
                Attribute::Category => catalogue.category_of(number),
                Attribute::Brand => catalogue.brand_of(number),
            };
            Some(Cap { group_of: candidates.iter().map(group).collect(), n: *n })
        }
        _ => None,
    };
    rules.iter().filter_map(cap).collect()
}

/// Of several such rules the longest reaches furthest back.
fn bought_since(rules: &[Rule], as_of: DateTime<Utc>) -> Option<i64> {
    let days = rules.iter().filter_map(|rule| match rule {
        Rule::ExcludeBought { days } => Some(*days),
        _ => None,
    });
    days.max().map(|days| (as_of - TimeDelta::days(i64::from(days))).timestamp_micros())
}

/// Pins must be possible for a customer who bought nothing: together they break no rule.
fn pins(rules: &[Rule], compiled: &Rules, catalogue: &Catalogue) -> Result<Vec<Pin>, Refusal> {
    let mut pins: Vec<Pin> = Vec::new();
    for rule in rules {
        let Rule::Pin { product, slot } = rule else { continue };
        let number = catalogue.number(product).ok_or_else(|| Refusal::UnknownPin(product.clone()))?;
        let place = compiled.candidates.binary_search(&number).map_err(|_| Refusal::PinNotEligible {
            product: product.clone(),
            why: why_not(catalogue.product(number), rules),
        })?;
        let pin = Pin { slot: usize::from(*slot) - 1, place };
        let taken: Vec<usize> = pins.iter().map(|pin| pin.place).collect();
        if pins.iter().any(|other| other.slot == pin.slot) {
            return Err(Refusal::PinsCollide(*slot));
        }
        if taken.contains(&place) {
            return Err(Refusal::PinnedTwice(product.clone()));
        }
        if let Some(cap) = compiled.caps.iter().find(|cap| !cap.admits(place, &taken)) {
            let product = catalogue.product(number);
            let group = product.category.clone().or_else(|| product.brand.clone()).unwrap_or_default();
            return Err(Refusal::PinsBreakCap { group, n: cap.n });
        }
        pins.push(pin);
    }
    pins.sort_unstable_by_key(|pin| pin.slot);
    Ok(pins)
}

fn why_not(product: &Product, rules: &[Rule]) -> String {
    if !product.active {
        return "it is no longer sold".into();
    }
    let broken = rules.iter().filter_map(product_filter).find(|(_, keeps)| !keeps(product));
    broken.map_or_else(|| "it is not among the chosen products".into(), |(why, _)| format!("it is {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Money;
    use crate::picker::plan::Products;

    fn catalogue() -> Catalogue {
        let product = |id: &str, category: &str, stock| Product {
            id: id.into(),
            category: Some(category.into()),
            price: Some(Money::from_units(5)),
            stock: Some(stock),
            active: true,
            ..Product::default()
        };
        Catalogue::new(vec![product("a", "Wine", 1), product("b", "Wine", 1), product("c", "Tea", 0)])
    }

    fn compiled(rules: &[Rule]) -> Result<Rules, Refusal> {
        let catalogue = catalogue();
        let choice = catalogue.choose(&Products::default(), None, DateTime::UNIX_EPOCH);
        compile(rules, choice, &catalogue, DateTime::UNIX_EPOCH)
    }

    fn pin(product: &str, slot: u8) -> Rule {
        Rule::Pin { product: product.into(), slot }
    }

    #[test]
    fn rules_that_leave_nothing_say_which_took_how_much() {
        let dear = Rule::PriceRange { from: Some(Money::from_units(100)), to: None };
        let refused = compiled(&[Rule::ExcludeOutOfStock {}, dear]).unwrap_err();
        let Refusal::NoProducts(removed) = refused else { panic!("{refused}") };
        assert_eq!(removed.iter().map(|r| r.count).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn pins_that_cannot_be_are_refused() {
        assert_eq!(compiled(&[pin("zz", 1)]).unwrap_err(), Refusal::UnknownPin("zz".into()));
        let out = compiled(&[Rule::ExcludeOutOfStock {}, pin("c", 1)]).unwrap_err();
        assert!(matches!(out, Refusal::PinNotEligible { .. }));
        assert_eq!(compiled(&[pin("a", 1), pin("b", 1)]).unwrap_err(), Refusal::PinsCollide(1));
        assert_eq!(compiled(&[pin("a", 1), pin("a", 2)]).unwrap_err(), Refusal::PinnedTwice("a".into()));
        let cap = Rule::AtMostPer { what: Attribute::Category, n: 1 };
        let both = compiled(&[cap, pin("a", 1), pin("b", 2)]).unwrap_err();
        assert!(matches!(both, Refusal::PinsBreakCap { n: 1, .. }));
    }

    #[test]
    fn a_boost_raises_scores_on_both_sides_of_zero() {
        let rules = compiled(&[Rule::Boost { category: "Wine".into(), factor: 2.0 }]).unwrap();
        assert_eq!((rules.adjust(0, 3.0), rules.adjust(0, -3.0)), (6.0, -1.5));
        assert_eq!(rules.adjust(2, 3.0), 3.0);
    }
}
