//! Two groups side by side: the plain difference, and the same computed in ways that stand large baskets, use what people
//! spent before, or may be looked at every day.

use super::outcome::Measured;
use super::report::{Balance, Comparison, Early, Group, GroupFigures};
use crate::recommender::uplift::{
    Moments, PairedMoments, Plan, Proportion, Resampling, Spending, bootstrap_of_means, cautious_difference,
    cuped, difference_of_means, difference_of_proportions, ratio_of_means, sequential_means,
    sequential_proportions, standardised_difference,
};

/// Resamples of the bootstrap: the ends move by about a fiftieth of the interval's half from seed to seed.
const RESAMPLES: u32 = 5_000;

/// With fewer in a group Welch's interval of heavy-tailed baskets is too narrow.
pub const MANY_BUYERS: u64 = 200;

/// One group's people in the shapes that the statistics take.
struct Side {
    proportion: Proportion,
    after: Moments,
    paired: PairedMoments,
    before: Moments,
    bought_before: Moments,
    /// Of those who bought or gave back.
    amounts: Vec<f64>,
}

impl Side {
    fn of(group: Group, figures: &[GroupFigures], people: &[Measured]) -> Option<Self> {
        let figures = figures.iter().find(|figures| figures.group == group)?;
        let mut side = Self {
            proportion: Proportion { successes: figures.buyers, people: figures.customers },
            after: Moments::default(),
            paired: PairedMoments::default(),
            before: Moments::default(),
            bought_before: Moments::default(),
            amounts: Vec::new(),
        };
        for person in people.iter().filter(|person| group.has(person.arm)) {
            let (before, after) = (person.before.as_f64(), person.outcome.net().as_f64());
            side.after.push(after);
            side.paired.push(before, after);
            side.before.push(before);
            side.bought_before.push(f64::from(u8::from(person.days_since.is_some())));
            if after != 0.0 {
                side.amounts.push(after);
            }
        }
        Some(side)
    }

    fn spending(&self) -> Spending<'_> {
        Spending { amounts: &self.amounts, people: self.proportion.people }
    }
}

/// `None` where one of the groups has nobody.
pub fn compare(
    treated: Group,
    control: Group,
    figures: &[GroupFigures],
    people: &[Measured],
) -> Option<Comparison> {
    let (t, c) = (Side::of(treated, figures, people)?, Side::of(control, figures, people)?);
    let conversion = difference_of_proportions(t.proportion, c.proportion).ok()?;
    let revenue = difference_of_means(&t.after, &c.after).ok();
    let size = t.proportion.people as f64;
    let buyers = t.proportion.successes.min(c.proportion.successes);
    let cautious = match buyers < MANY_BUYERS {
        true => cautious_difference(t.spending(), c.spending()).ok(),
        false => None,
    };
    let resampling = Resampling { resamples: RESAMPLES, ..Resampling::default() };
    let robust = bootstrap_of_means(t.spending(), c.spending(), resampling);
    Some(Comparison {
        treated,
        control,
        additional_buyers: conversion.difference.times(size),
        additional_revenue: cautious
            .or(revenue.map(|revenue| revenue.difference))
            .map(|per_customer| per_customer.times(size)),
        cautious,
        conversion,
        revenue,
        relative_revenue: ratio_of_means(&t.after, &c.after).ok(),
        robust: robust.ok(),
        adjusted: cuped(&t.paired, &c.paired).ok(),
        balance: balance(&t, &c),
    })
}

fn balance(t: &Side, c: &Side) -> Vec<Balance> {
    let row = |what: &str, treated: &Moments, control: &Moments| {
        let difference = standardised_difference(treated, control).ok()?;
        Some(Balance {
            what: what.to_owned(),
            treated: treated.mean(),
            control: control.mean(),
            difference: difference.difference,
        })
    };
    let rows = [
        row("Bought in the 90 days before", &t.bought_before, &c.bought_before),
        row("Spent in the 90 days before", &t.before, &c.before),
    ];
    rows.into_iter().flatten().collect()
}

/// What may be said while the window is open, however often somebody looks.
pub fn early(treated: Group, control: Group, figures: &[GroupFigures], people: &[Measured]) -> Option<Early> {
    let (t, c) = (Side::of(treated, figures, people)?, Side::of(control, figures, people)?);
    let (n_t, n_c) = (t.proportion.people, c.proportion.people);
    // The plan must not hang on what is being judged: the rate and the spread are those of before.
    let rate = c.bought_before.mean().clamp(0.001, 0.5);
    let conversion = Plan::for_proportions(n_t, n_c, rate)
        .and_then(|plan| sequential_proportions(t.proportion, c.proportion, plan));
    let spread = c.before.variance().max(t.before.variance());
    let revenue =
        Plan::for_means(n_t, n_c, spread).and_then(|plan| sequential_means(&t.after, &c.after, plan));
    Some(Early { conversion: conversion.ok()?, revenue: revenue.ok() })
}
