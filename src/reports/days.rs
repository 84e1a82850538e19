//! A campaign day by day: what each group spent, and what the mail had earned so far.

use super::kpi::Question;
use super::outcome::{self, Measured};
use super::report::{Day, Gained, Group, GroupFigures, Hour};
use crate::money::Money;
use crate::recommender::uplift::{Moments, difference_of_means};
use chrono::{DateTime, NaiveDate, Timelike};
use std::collections::BTreeMap;

/// What was paid per customer, by hour of the day; refunds are left out. Empty when nothing was.
pub fn hours(question: &Question, groups: &[GroupFigures], people: &[Measured]) -> Vec<Hour> {
    let mut paid: BTreeMap<Group, [Money; 24]> = BTreeMap::new();
    for person in people {
        for (at_us, amount) in person.outcome.movements.iter().filter(|(_, amount)| *amount > Money::ZERO) {
            let at =
                DateTime::from_timestamp_micros(*at_us).unwrap_or_default().with_timezone(&question.zone);
            for group in [Group::Mailed, Group::Holdout].into_iter().filter(|group| group.has(person.arm)) {
                paid.entry(group).or_insert([Money::ZERO; 24])[at.hour() as usize] += *amount;
            }
        }
    }
    let per_customer = |group: Group, hour: usize| {
        let customers = groups.iter().find(|figures| figures.group == group)?.customers;
        let sum = paid.get(&group).map_or(Money::ZERO, |hours| hours[hour]);
        Some(sum.as_f64() / customers as f64)
    };
    let hour = |hour: usize| Hour {
        hour: hour as u32,
        mailed: per_customer(Group::Mailed, hour),
        holdout: per_customer(Group::Holdout, hour),
    };
    if paid.is_empty() { Vec::new() } else { (0..24).map(hour).collect() }
}

fn day_of(question: &Question, at_us: i64) -> NaiveDate {
    DateTime::from_timestamp_micros(at_us).unwrap_or_default().with_timezone(&question.zone).date_naive()
}

/// The window's days of which something is known.
fn known_days(question: &Question) -> Vec<NaiveDate> {
    let last = day_of(question, question.window.known_until.timestamp_micros().saturating_sub(1));
    question.window.days(question.zone).into_iter().filter(|day| *day <= last).collect()
}

pub fn days(question: &Question, groups: &[GroupFigures], people: &[Measured]) -> Vec<Day> {
    let series = |group: Group| {
        let mut days: BTreeMap<NaiveDate, Money> = BTreeMap::new();
        for person in people.iter().filter(|person| group.has(person.arm)) {
            outcome::by_day(&person.outcome.movements, |at_us| day_of(question, at_us), &mut days);
        }
        days
    };
    let (mailed, holdout) = (series(Group::Mailed), series(Group::Holdout));
    let per_customer = |group, days: &BTreeMap<NaiveDate, Money>, date: NaiveDate| {
        let customers = groups.iter().find(|f| f.group == group)?.customers;
        Some(days.get(&date).copied().unwrap_or_default().as_f64() / customers as f64)
    };
    let day = |date| Day {
        mailed: per_customer(Group::Mailed, &mailed, date),
        holdout: per_customer(Group::Holdout, &holdout, date),
        date,
    };
    known_days(question).into_iter().map(day).collect()
}

/// Mailed against holdout, summed up to the end of each day, by Welch's interval; the last day is the report's.
pub fn gained(question: &Question, people: &[Measured]) -> Vec<Gained> {
    let days = known_days(question);
    let sums = |group: Group| {
        let mut moments = vec![Moments::default(); days.len()];
        let mut quiet = 0;
        for person in people.iter().filter(|person| group.has(person.arm)) {
            if person.outcome.movements.is_empty() {
                quiet += 1;
                continue;
            }
            let mut by_day = BTreeMap::new();
            outcome::by_day(&person.outcome.movements, |at_us| day_of(question, at_us), &mut by_day);
            let mut sum = Money::ZERO;
            for (day, moments) in days.iter().zip(&mut moments) {
                sum += by_day.get(day).copied().unwrap_or_default();
                moments.push(sum.as_f64());
            }
        }
        moments.iter_mut().for_each(|moments| moments.push_zeros(quiet));
        moments
    };
    let (mailed, holdout) = (sums(Group::Mailed), sums(Group::Holdout));
    let gain = |((date, mailed), holdout): ((&NaiveDate, &Moments), &Moments)| {
        let difference = difference_of_means(mailed, holdout).ok()?.difference.times(mailed.people() as f64);
        Some(Gained { date: *date, difference })
    };
    days.iter().zip(&mailed).zip(&holdout).filter_map(gain).collect()
}
