//! A campaign's figures from events, assignments and picks.
//!
//! Pure: it reads no file and no clock. Events stream through once; what stays in memory grows with the assigned
//! customers and their order lines in the window, not with the history. Everybody who was assigned counts, whether
//! the mail was opened or not (intention to treat). Views and clicks change nothing.

use super::outcome::{self, Line, Outcome};
use super::report::{Comparison, Day, Group, GroupFigures, LeftOut, PickFigures, Report};
use super::verdict;
use super::window::Window;
use crate::index::Index;
use crate::money::Money;
use crate::picker::plan::{Arm, Controls, Origin};
use crate::recommender::uplift::{
    Moments, Proportion, difference_of_means, difference_of_proportions, sample_ratio_p_value,
};
use crate::records::{Event, EventKind};
use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// What the figures are asked for.
#[derive(Debug, Clone)]
pub struct Question {
    pub window: Window,
    pub zone: Tz,
    pub currency: String,
    /// The planned shares.
    pub controls: Controls,
    pub eligible_products: Option<u64>,
}

/// Gathers what the figures need.
pub struct Tally {
    question: Question,
    customers: Index,
    products: Index,
    people: Vec<Person>,
    picks: PickFigures,
    picked: Vec<bool>,
    personal: u64,
    left_out: LeftOut,
}

struct Person {
    arm: Arm,
    picks: Vec<u32>,
    lines: Vec<Line>,
}

impl Tally {
    /// `arms` names every assigned customer once; a repetition keeps the first.
    pub fn new(question: Question, arms: impl IntoIterator<Item = (String, Arm)>) -> Self {
        let mut customers = Index::new();
        let mut people = Vec::new();
        for (customer, arm) in arms {
            if customers.intern(&customer) as usize == people.len() {
                people.push(Person { arm, picks: Vec::new(), lines: Vec::new() });
            }
        }
        Self {
            question,
            customers,
            products: Index::new(),
            people,
            picks: PickFigures::default(),
            picked: Vec::new(),
            personal: 0,
            left_out: LeftOut::default(),
        }
    }

    /// One pick. Picks of customers without an arm are not of this campaign and change nothing; neither do picks of
    /// the holdout, who never saw any.
    pub fn pick(&mut self, customer: &str, product: &str, origin: Origin) {
        let Some(number) = self.customers.number(customer) else { return };
        let person = &mut self.people[number as usize];
        if person.arm == Arm::Holdout {
            return;
        }
        let product = self.products.intern(product);
        person.picks.push(product);
        if person.arm == Arm::Picks {
            self.picks.picks += 1;
            self.personal += u64::from(matches!(origin, Origin::Personal | Origin::Similar));
            self.picked.resize(self.picked.len().max(product as usize + 1), false);
            self.picked[product as usize] = true;
        }
    }

    /// One event, in any order; only purchases and refunds inside the window matter.
    pub fn event(&mut self, event: &Event<'_>) {
        let window = &self.question.window;
        let inside = event.at_us >= window.from.timestamp_micros()
            && event.at_us < window.known_until.min(window.until).timestamp_micros();
        if !inside || !matches!(event.kind, EventKind::Purchase | EventKind::Refund) {
            return;
        }
        let Some(customer) = event.customer else {
            self.left_out.guest_lines += 1;
            return;
        };
        let Some(number) = self.customers.number(customer) else { return };
        if event.currency.is_some_and(|currency| !currency.eq_ignore_ascii_case(&self.question.currency)) {
            self.left_out.other_currencies += 1;
            return;
        }
        self.left_out.without_value += u64::from(event.value.is_none());
        let product = event.product.map(|product| self.products.intern(product));
        self.people[number as usize].lines.push(Line {
            at_us: event.at_us,
            refund: event.kind == EventKind::Refund,
            order: event.order.map(Into::into),
            product,
            value: event.value,
        });
    }

    /// All figures, the comparisons only once the window has closed.
    pub fn finish(mut self) -> Report {
        let outcomes: Vec<(Arm, u64, Outcome)> = std::mem::take(&mut self.people)
            .into_iter()
            .map(|person| {
                let outcome = outcome::of_customer(person.lines, &person.picks);
                (person.arm, person.picks.len() as u64, outcome)
            })
            .collect();
        self.left_out.earlier_refunds = outcomes.iter().map(|(.., outcome)| outcome.refunds_left_out).sum();
        let groups: Vec<GroupFigures> = Group::ALL
            .into_iter()
            .map(|group| figures(group, &outcomes))
            .filter(|figures| figures.customers > 0)
            .collect();
        let mut report = Report {
            currency: self.question.currency.clone(),
            time_zone: self.question.zone.name().to_owned(),
            window: self.question.window,
            mail: None,
            recommender: None,
            picks: self.pick_figures(),
            ratio_p_value: self.ratio(&groups),
            days: self.days(&groups, &outcomes),
            groups,
            left_out: self.left_out,
            verdict: String::new(),
            cautions: Vec::new(),
        };
        if report.window.is_closed() {
            report.mail = compare(Group::Mailed, Group::Holdout, &report, &outcomes);
            report.recommender = compare(Group::Picks, Group::Baseline, &report, &outcomes);
        }
        report.verdict = verdict::sentence(&report);
        report.cautions = verdict::cautions(&report);
        report
    }

    fn pick_figures(&self) -> PickFigures {
        let distinct = self.picked.iter().filter(|picked| **picked).count() as u64;
        let eligible = self.question.eligible_products;
        PickFigures {
            distinct_products: distinct,
            eligible_products: eligible,
            coverage: eligible.filter(|all| *all > 0).map(|all| distinct as f64 / all as f64),
            personal_share: share(self.personal, self.picks.picks),
            ..self.picks
        }
    }

    fn ratio(&self, groups: &[GroupFigures]) -> Option<f64> {
        let Controls { holdout_share, baseline_share } = self.question.controls;
        let planned = [
            (Group::Picks, 1.0 - holdout_share - baseline_share),
            (Group::Baseline, baseline_share),
            (Group::Holdout, holdout_share),
        ];
        let size = |group| groups.iter().find(|f| f.group == group).map_or(0, |f| f.customers);
        let (counts, shares): (Vec<u64>, Vec<f64>) = planned
            .into_iter()
            .filter(|(_, share)| *share > 0.0)
            .map(|(group, share)| (size(group), share))
            .unzip();
        sample_ratio_p_value(&counts, &shares).ok()
    }

    fn days(&self, groups: &[GroupFigures], outcomes: &[(Arm, u64, Outcome)]) -> Vec<Day> {
        let zone = self.question.zone;
        let day = |at_us| {
            DateTime::from_timestamp_micros(at_us).unwrap_or_default().with_timezone(&zone).date_naive()
        };
        let series = |group: Group| {
            let mut days: BTreeMap<NaiveDate, Money> = BTreeMap::new();
            for (arm, _, outcome) in outcomes {
                if group.has(*arm) {
                    outcome::by_day(&outcome.movements, day, &mut days);
                }
            }
            days
        };
        let (mailed, holdout) = (series(Group::Mailed), series(Group::Holdout));
        let per_customer = |group, days: &BTreeMap<NaiveDate, Money>, date: NaiveDate| {
            let customers = groups.iter().find(|f| f.group == group)?.customers;
            Some(days.get(&date).copied().unwrap_or_default().as_f64() / customers as f64)
        };
        let window = &self.question.window;
        let known = |date: &NaiveDate| *date <= day(window.known_until.timestamp_micros().saturating_sub(1));
        window
            .days(zone)
            .into_iter()
            .filter(known)
            .map(|date| Day {
                mailed: per_customer(Group::Mailed, &mailed, date),
                holdout: per_customer(Group::Holdout, &holdout, date),
                date,
            })
            .collect()
    }
}

fn figures(group: Group, outcomes: &[(Arm, u64, Outcome)]) -> GroupFigures {
    let (mut customers, mut buyers, mut orders, mut with_picks, mut hits) = (0, 0, 0, 0, 0);
    let (mut bought, mut refunded) = (Money::ZERO, Money::ZERO);
    for (_, picks, outcome) in outcomes.iter().filter(|(arm, ..)| group.has(*arm)) {
        customers += 1;
        buyers += u64::from(outcome.is_buyer());
        orders += outcome.orders;
        bought += outcome.bought;
        refunded += outcome.refunded;
        with_picks += u64::from(*picks > 0);
        hits += u64::from(outcome.hit);
    }
    let revenue = bought - refunded;
    GroupFigures {
        group,
        customers,
        buyers,
        orders,
        bought,
        refunded,
        revenue,
        conversion_rate: share(buyers, customers).unwrap_or_default(),
        average_order_value: (orders > 0).then(|| revenue.as_f64() / orders as f64),
        revenue_per_customer: if customers > 0 { revenue.as_f64() / customers as f64 } else { 0.0 },
        customers_with_picks: with_picks,
        hits,
        hit_rate: share(hits, with_picks),
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn compare(
    treated: Group,
    control: Group,
    report: &Report,
    outcomes: &[(Arm, u64, Outcome)],
) -> Option<Comparison> {
    let proportion = |group: Group| {
        let figures = report.group(group)?;
        Some(Proportion { successes: figures.buyers, people: figures.customers })
    };
    let moments = |group: Group| {
        let mut moments = Moments::default();
        for (_, _, outcome) in outcomes.iter().filter(|(arm, ..)| group.has(*arm)) {
            moments.push(outcome.net().as_f64());
        }
        moments
    };
    let conversion = difference_of_proportions(proportion(treated)?, proportion(control)?).ok()?;
    let revenue = difference_of_means(&moments(treated), &moments(control)).ok();
    let people = report.group(treated)?.customers as f64;
    Some(Comparison {
        treated,
        control,
        additional_buyers: conversion.difference.times(people),
        additional_revenue: revenue.map(|revenue| revenue.difference.times(people)),
        conversion,
        revenue,
    })
}
