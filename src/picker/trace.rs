//! Why one product was picked for one customer, or why not: the first reason that decided it.

use super::audience;
use super::build::{BuildError, Order, read_events, table_of};
use super::catalogue::Catalogue;
use super::likeness::Likeness;
use super::pick::{Known, Picker};
use super::plan::{Arm, Origin};
use super::reason::Why;
use super::refusal::check;
use super::rules::{self, Bar, Setting};
use super::slate::Placed;
use crate::progress::Progress;

/// What decided it.
#[derive(Debug, Clone, PartialEq)]
pub enum Trace {
    UnknownProduct,
    /// Why the products' filters left it out, in words that follow “it is”.
    NotChosen(String),
    /// The number of the rule that takes it from everybody, from 0.
    TakenByRule(usize),
    UnknownCustomer,
    /// Why the audience is without them, in words that follow a number of customers.
    NotInAudience(String),
    Holdout,
    /// `past` is the catalogue number of the purchase that the reason speaks of.
    Picked {
        slot: usize,
        origin: Origin,
        why: Why,
        past: Option<u32>,
    },
    /// The number of the rule that keeps it from this customer.
    BarredByRule(usize),
    /// It would be the `rank`-th of `of`, and `places` were to be given.
    Outranked {
        rank: usize,
        of: usize,
        score: f32,
        places: usize,
    },
    /// It lost its place to others because of this rule.
    LostToRule {
        rule: usize,
        rank: usize,
    },
    /// A variant of it, by catalogue number, has a place already, and this rule forbids a second one.
    VariantPicked {
        rule: usize,
        of: u32,
        rank: usize,
    },
    /// It suits the customer better than something that is picked, and is more like the others.
    LostToVariety {
        rank: usize,
    },
    /// The model knows too little of the customer, or of the product.
    NoSignal {
        knows_customer: bool,
    },
    /// The customer gets best-sellers for comparison, and this is none of them.
    Baseline,
}

/// *Cost*: reads the history once, as a campaign does, and picks for one customer.
pub fn trace(
    order: &Order<'_>,
    customer: &str,
    product: &str,
    arm: Arm,
    progress: &dyn Progress,
) -> Result<(Trace, Catalogue), BuildError> {
    check(order.plan)?;
    let catalogue = Catalogue::new(order.snapshot.products()?);
    let found = decided(order, customer, product, arm, &catalogue, progress)?;
    Ok((found, catalogue))
}

fn decided(
    order: &Order<'_>,
    customer: &str,
    product: &str,
    arm: Arm,
    catalogue: &Catalogue,
    progress: &dyn Progress,
) -> Result<Trace, BuildError> {
    let Some(number) = catalogue.number(product) else { return Ok(Trace::UnknownProduct) };
    let choice = catalogue.choose(&order.plan.products, order.product_list, order.as_of);
    if choice.numbers.binary_search(&number).is_err() {
        let why = catalogue.why_not(&order.plan.products, order.product_list, order.as_of, number);
        return Ok(Trace::NotChosen(why.unwrap_or("not among the chosen products").to_owned()));
    }
    let (activity, behaviour) = read_events(order, catalogue, progress)?;
    let setting = Setting::of(order.plan, catalogue, Some(&activity), order.as_of);
    if let Some((rule, _)) = rules::taken(&order.plan.rules, choice.numbers.clone(), setting)
        .iter()
        .find(|(_, taken)| *taken == number)
    {
        return Ok(Trace::TakenByRule(*rule));
    }
    let rules = rules::compile(&order.plan.rules, choice, setting)?;
    let known = (&activity, catalogue);
    let person =
        order.snapshot.customers()?.find(|person| person.as_ref().map_or(true, |one| one.id == customer));
    let Some(person) = person.transpose()? else { return Ok(Trace::UnknownCustomer) };
    let lists = order.customer_lists;
    let audience = audience::choose(
        &order.plan.audience,
        lists,
        std::iter::once(Ok::<_, BuildError>(person)),
        known,
        order.as_of,
    )?;
    if audience.ids.is_empty() {
        let why = audience.removed.into_iter().next().map(|removed| removed.why).unwrap_or_default();
        return Ok(Trace::NotInAudience(why));
    }
    if arm == Arm::Holdout {
        return Ok(Trace::Holdout);
    }
    let customers = table_of(order, &audience, &rules, known)?;
    let likeness = Likeness::new(catalogue, &rules.candidates);
    let mut picker = Picker::new(
        Known {
            catalogue,
            activity: &activity,
            behaviour: &behaviour,
            live: order.live,
            rules: &rules,
            customers: customers.as_ref(),
            lately: order.lately,
        },
        order.plan.slots,
    );
    picker.vary(order.plan.variety, &likeness);
    let place = rules.candidates.binary_search(&number).map_err(|_| BuildError::Cancelled)?;
    Ok(picker.worker().trace(customer, Some(0), arm, place))
}

/// What a worker sees of one product for one customer.
impl super::pick::Worker<'_, '_> {
    pub(super) fn trace(&mut self, customer: &str, row: Option<usize>, arm: Arm, place: usize) -> Trace {
        let picked = self.pick(customer, row, arm);
        let slots = picked.slots.len();
        let found = picked.slots.iter().position(|slot| slot.is_some_and(|placed| placed.place == place));
        if let Some(slot) = found
            && let Some(placed) = picked.slots[slot]
        {
            return Trace::Picked { slot, origin: placed.origin, why: placed.why, past: placed.past };
        }
        let mut sight = self.sight(customer, row);
        sight.is_relaxed = true;
        if let Some(Bar::Rule(rule)) = sight.bar(place, &[], slots) {
            return Trace::BarredByRule(rule);
        }
        let taken: Vec<usize> = picked.slots.iter().flatten().map(|placed| placed.place).collect();
        let beside = sight.bar(place, &taken, slots);
        if arm == Arm::Baseline {
            return Trace::Baseline;
        }
        let Some(ranking) = self.ranking(customer, row) else {
            return Trace::NoSignal { knows_customer: false };
        };
        let Some(at) = ranking.iter().position(|(ranked, _)| *ranked == place) else {
            return Trace::NoSignal { knows_customer: true };
        };
        let rank = at + 1;
        let is_behind = |placed: &Placed| {
            placed.origin == Origin::Personal
                && ranking
                    .iter()
                    .position(|(ranked, _)| *ranked == placed.place)
                    .is_some_and(|other| other > at)
        };
        match beside {
            Some(Bar::Rule(rule)) => Trace::LostToRule { rule, rank },
            Some(Bar::Variant { rule, of }) => Trace::VariantPicked { rule, of: self.number(of), rank },
            None if picked.slots.iter().flatten().any(is_behind) => Trace::LostToVariety { rank },
            _ => Trace::Outranked { rank: at + 1, of: ranking.len(), score: ranking[at].1, places: slots },
        }
    }
}
