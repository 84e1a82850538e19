//! What rules take from everybody, before anybody is looked at.

use super::scope::{Scope, named};
use super::{Setting, switched_on};
use crate::conditions::{Bound, Condition, Root, Side, compile};
use crate::picker::facts::{self, SCHEMA};
use crate::picker::plan::{Effect, Rule};
use crate::picker::refusal::Removed;

/// Which rule takes which of the products `numbers` from everybody: the rule's number, and the product's. Rules that
/// cannot be understood take nothing.
pub fn taken(rules: &[Rule], numbers: Vec<u32>, setting: Setting<'_>) -> Vec<(usize, u32)> {
    for_everybody(&switched_on(rules, setting), numbers, setting, &mut Vec::new()).1
}

/// Takes away what rules take from everybody; answers what is left, and which rule took what.
pub fn for_everybody(
    rules: &[(usize, &Rule, Scope)],
    numbers: Vec<u32>,
    setting: Setting<'_>,
    removed: &mut Vec<Removed>,
) -> (Vec<u32>, Vec<(usize, u32)>) {
    let all = rules.iter().filter_map(|(number, rule, scope)| taking(*number, rule, scope));
    let all: Vec<Taking<'_>> = all.collect();
    let wanted: Vec<usize> = all.iter().flat_map(Taking::columns).collect();
    let Setting { catalogue, activity, as_of, .. } = setting;
    let table = facts::asked_of_products(catalogue, &numbers, &wanted, activity, as_of);
    let (day, campaign) = (facts::of_day(setting.day), facts::of_campaign(setting.slots));
    let weather = setting.weather.table();
    let bound = Bound::default()
        .with(Root::Product, Side::Every(&table))
        .with(Root::Today, Side::Row(&day, 0))
        .with(Root::Campaign, Side::Row(&campaign, 0))
        .with(Root::Weather, Side::Row(&weather, 0));
    let mut taken_by: Vec<Option<usize>> = vec![None; numbers.len()];
    for rule in all {
        let keeps = rule.keeps(&bound);
        let mut count = 0;
        for (taken, _) in taken_by.iter_mut().zip(keeps).filter(|(taken, keeps)| taken.is_none() && !keeps) {
            *taken = Some(rule.rule);
            count += 1;
        }
        if count > 0 {
            removed.push(Removed { why: rule.why, count });
        }
    }
    let (mut left, mut taken) = (Vec::new(), Vec::new());
    for (number, by) in numbers.into_iter().zip(taken_by) {
        match by {
            None => left.push(number),
            Some(rule) => taken.push((rule, number)),
        }
    }
    (left, taken)
}

/// A rule that takes products from everybody.
struct Taking<'a> {
    /// Its number in the plan.
    rule: usize,
    /// In words that follow a number.
    why: String,
    /// For which products it is asked at all.
    applies: Option<&'a Condition>,
    breaks: Condition,
    is_only: bool,
}

/// `None` for a rule that takes nothing, or not from everybody.
fn taking<'a>(number: usize, rule: &Rule, scope: &'a Scope) -> Option<Taking<'a>> {
    if matches!(scope, Scope::Pairs(_)) {
        return None;
    }
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
    let is_only = rule.effect == Effect::Only {};
    let breaks = compile(&breaks, SCHEMA).ok()?;
    Some(Taking { rule: number, why, applies: scope.condition(), breaks, is_only })
}

impl Taking<'_> {
    /// The columns of the products' table that it asks for.
    fn columns(&self) -> impl Iterator<Item = usize> {
        self.applies.into_iter().chain([&self.breaks]).flat_map(|condition| condition.columns(Root::Product))
    }

    /// Which of the table's products it leaves.
    fn keeps(&self, bound: &Bound<'_>) -> Vec<bool> {
        let applies = self.applies.map(|condition| condition.holds(bound));
        let breaks = self.breaks.holds(bound);
        let keeps = (0..breaks.len()).map(|at| match applies.as_ref().map(|applies| applies[at]) {
            Some(applies) if self.is_only => applies,
            Some(applies) => !(applies && breaks[at]),
            None => !breaks[at],
        });
        keeps.collect()
    }
}
