//! Why a campaign cannot be picked for, each with what to change.

use super::facts::SCHEMA;
use super::plan::{Effect, Plan, Rule};
use super::rule::Scope;
use crate::conditions::{Root, compile};
use crate::money::Money;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// Most product places an e-mail may have.
pub const MOST_SLOTS: u8 = 20;

/// How many products or customers one filter or rule took away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// In plain words, "out of stock".
    pub why: String,
    pub count: u64,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("the shop's history has no products yet; synchronise with the shop first")]
    EmptyShop,
    #[error("no products are left to pick from{}. Loosen one of these in the products or rules step.", list(.0))]
    NoProducts(Vec<Removed>),
    #[error("nobody is left to pick for{}. Loosen one of these in the audience step.", list(.0))]
    NoAudience(Vec<Removed>),
    #[error(
        "the campaign ends on {ends_on}, before it starts on {starts_on}; swap or change the dates in the first step"
    )]
    DatesReversed { starts_on: NaiveDate, ends_on: NaiveDate },
    #[error("“{found}” is not a model; choose one of {known}")]
    UnknownModel { found: String, known: String },
    #[error("an e-mail has 1 to {MOST_SLOTS} products, not {0}; change the number of products per e-mail")]
    Slots(u8),
    #[error("the pinned product “{0}” is not known in this shop; correct its id or remove the pin")]
    UnknownPin(String),
    #[error("the pinned product “{product}” may not be picked: {why}; loosen that, or remove the pin")]
    PinNotEligible { product: String, why: String },
    #[error("a product is pinned to place {slot}, but an e-mail has only {slots}; change one of the two")]
    PinBeyondSlots { slot: u8, slots: u8 },
    #[error("two products are pinned to place {0}; move or remove one")]
    PinsCollide(u8),
    #[error("the product “{0}” is pinned twice; remove one of the two")]
    PinnedTwice(String),
    #[error(
        "more products of {group} are pinned than the rule “at most {n}” allows; change the rule or the pins"
    )]
    PinsBreakCap { group: String, n: u8 },
    #[error("“{0}” is pinned beside a variant of it, which a rule forbids; remove one pin or the rule")]
    PinsAreVariants(String),
    #[error("variety goes from 0, similar products, to 100, varied ones, not to {0}")]
    Variety(u8),
    #[error("the condition on the customers cannot be understood: {0}")]
    AudienceCondition(String),
    #[error("rule {rule} cannot be understood: {what}")]
    Condition { rule: usize, what: String },
    #[error(
        "prices from {from} to {to} times the usual price cannot be; the second number must be larger, none below 0"
    )]
    Band { from: f32, to: f32 },
    #[error("what was picked can be remembered for 1 to 52 campaigns, not {0}")]
    Campaigns(u8),
    #[error("a rule that counts to {0} must allow at least 1")]
    CapOfNothing(u8),
    #[error("the lowest price {from} is above the highest, {to}; swap them")]
    PricesReversed { from: Money, to: Money },
    #[error("the strength {factor} cannot be used: {expected}")]
    Factor { factor: f32, expected: &'static str },
    #[error(
        "the shares of the two control groups must each lie between 0 and 50 %, and together below 100 %"
    )]
    Shares,
    #[error("the uploaded list does not exist any more; choose another")]
    MissingList,
}

/// ": 12 out of stock, 3 bought …"; empty when nothing is known.
fn list(removed: &[Removed]) -> String {
    let mut text = String::new();
    for (at, Removed { why, count }) in removed.iter().enumerate() {
        // Writing to a String cannot fail.
        write!(text, "{}{count} {why}", if at == 0 { ": " } else { ", " }).expect("invariant: memory");
    }
    text
}

/// Refuses what can be seen to be wrong without looking at the shop.
pub fn check(plan: &Plan) -> Result<(), Refusal> {
    if plan.slots == 0 || plan.slots > MOST_SLOTS {
        return Err(Refusal::Slots(plan.slots));
    }
    if plan.variety > 100 {
        return Err(Refusal::Variety(plan.variety));
    }
    if let (Some(starts_on), Some(ends_on)) = (plan.starts_on, plan.ends_on)
        && ends_on < starts_on
    {
        return Err(Refusal::DatesReversed { starts_on, ends_on });
    }
    check_model(&plan.model)?;
    prices_in_order(plan.products.price_from, plan.products.price_to)?;
    prices_in_order(plan.audience.spent_at_least, plan.audience.spent_at_most)?;
    check_audience(&plan.audience.when)?;
    let (holdout, baseline) = (plan.controls.holdout_share, plan.controls.baseline_share);
    let sensible = |share: f64| (0.0..=0.5).contains(&share);
    if !sensible(holdout) || !sensible(baseline) || holdout + baseline >= 1.0 {
        return Err(Refusal::Shares);
    }
    let on = plan.rules.iter().enumerate().filter(|(_, rule)| !rule.off);
    on.into_iter().try_for_each(|(number, rule)| check_rule(number, rule, plan.slots))
}

fn check_model(model: &str) -> Result<(), Refusal> {
    let kinds = crate::recommender::Params::KINDS;
    if model == "auto" || kinds.contains(&model) {
        return Ok(());
    }
    Err(Refusal::UnknownModel { found: model.to_owned(), known: format!("auto, {}", kinds.join(", ")) })
}

fn prices_in_order(from: Option<Money>, to: Option<Money>) -> Result<(), Refusal> {
    match (from, to) {
        (Some(from), Some(to)) if from > to => Err(Refusal::PricesReversed { from, to }),
        _ => Ok(()),
    }
}

fn check_rule(number: usize, rule: &Rule, slots: u8) -> Result<(), Refusal> {
    check_condition(number, rule)?;
    match &rule.effect {
        Effect::AtMostPer { n, .. }
        | Effect::AtMost { n }
        | Effect::AtLeast { n }
        | Effect::AtLeastKinds { n, .. }
        | Effect::MinMargin { n }
        | Effect::ShareStock { n } => (*n > 0).then_some(()).ok_or(Refusal::CapOfNothing(*n)),
        Effect::PriceRange { from, to } => prices_in_order(*from, *to),
        Effect::PriceBand { from, to } => {
            let fits = *from >= 0.0 && *to > *from && to.is_finite();
            fits.then_some(()).ok_or(Refusal::Band { from: *from, to: *to })
        }
        Effect::NotPickedLately { campaigns } => {
            (1..=52).contains(campaigns).then_some(()).ok_or(Refusal::Campaigns(*campaigns))
        }
        Effect::Pin { slot, .. } => {
            let fits = (1..=slots).contains(slot);
            fits.then_some(()).ok_or(Refusal::PinBeyondSlots { slot: *slot, slots })
        }
        Effect::Boost { factor, .. } => {
            let expected = "promoting takes a number from 1 to 100";
            let fits = (1.0..=100.0).contains(factor);
            fits.then_some(()).ok_or(Refusal::Factor { factor: *factor, expected })
        }
        Effect::Bury { factor, .. } => {
            let expected = "demoting takes a number from 0.01 to 1";
            let fits = (0.01..=1.0).contains(factor);
            fits.then_some(()).ok_or(Refusal::Factor { factor: *factor, expected })
        }
        _ => Ok(()),
    }
}

fn check_audience(when: &str) -> Result<(), Refusal> {
    if when.trim().is_empty() {
        return Ok(());
    }
    let condition = compile(when, SCHEMA).map_err(|wrong| {
        Refusal::AudienceCondition(format!("{} (character {} of “{when}”)", wrong.what, wrong.at + 1))
    })?;
    match [Root::Product, Root::Campaign, Root::Weather].into_iter().any(|root| condition.asks(root)) {
        true => Err(Refusal::AudienceCondition("it may only speak of customer and today".into())),
        false => Ok(()),
    }
}

/// Rules count from 1 for people.
fn check_condition(number: usize, rule: &Rule) -> Result<(), Refusal> {
    let refused = |what: String| Refusal::Condition { rule: number + 1, what };
    if rule.when.trim().is_empty() {
        return match rule.effect.needs_condition() {
            true => Err(refused("it needs a condition: of which products it speaks".into())),
            false => Ok(()),
        };
    }
    let condition = compile(&rule.when, SCHEMA).map_err(|wrong| {
        refused(format!("{} (character {} of “{}”)", wrong.what, wrong.at + 1, rule.when))
    })?;
    let forbidden = match rule.effect.scope() {
        Scope::Pairs => return Ok(()),
        Scope::Products => (Root::Customer, "products, not customers"),
        Scope::Customers => (Root::Product, "customers, not products"),
    };
    if condition.asks(forbidden.0) {
        return Err(refused(format!("the condition of this kind of rule may only speak of {}", forbidden.1)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_plan_is_fine() {
        assert_eq!(check(&Plan::default()), Ok(()));
    }

    #[test]
    fn slots_dates_models_and_shares_are_refused_with_what_to_change() {
        let day = |d| NaiveDate::from_ymd_opt(2026, 5, d);
        let mut plan = Plan { slots: 0, ..Plan::default() };
        assert_eq!(check(&plan), Err(Refusal::Slots(0)));
        plan.slots = 21;
        assert_eq!(check(&plan), Err(Refusal::Slots(21)));
        plan = Plan { starts_on: day(9), ends_on: day(3), ..Plan::default() };
        assert!(matches!(check(&plan), Err(Refusal::DatesReversed { .. })));
        plan = Plan { model: "magic".into(), ..Plan::default() };
        assert!(matches!(check(&plan), Err(Refusal::UnknownModel { .. })));
        plan = Plan::default();
        plan.controls.holdout_share = f64::NAN;
        assert_eq!(check(&plan), Err(Refusal::Shares));
        plan = Plan { rules: vec![Effect::Pin { product: "p".into(), slot: 9 }.into()], ..Plan::default() };
        assert_eq!(check(&plan), Err(Refusal::PinBeyondSlots { slot: 9, slots: 4 }));
    }

    #[test]
    fn a_refusal_says_who_took_what_away() {
        let removed = vec![Removed { why: "out of stock".into(), count: 12 }];
        assert!(Refusal::NoProducts(removed).to_string().contains(": 12 out of stock."));
    }
}
