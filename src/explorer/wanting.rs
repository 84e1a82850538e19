//! Who would want a product: groups of customers, how many will buy it as things stand, and some by name.

use super::ask::View;
use super::lookout::{Lookout, internal};
use super::show::name;
use crate::picker::ledger::Standing;
use crate::picker::sitting::Sitting;
use crate::web::{self, Shell, WebError};
use chrono::{DateTime, TimeDelta, Utc};

/// Customers named.
const NAMED: usize = 8;
/// Days looked back on, and as many ahead.
pub const DAYS: i64 = 90;

pub struct Wanting {
    /// Id, and the name for whoever may see it: those for whom the model scores it highest.
    pub named: Vec<(String, String)>,
    pub groups: Vec<GroupLine>,
    /// How many will buy it, as things stand.
    pub expected: String,
}

/// A group of customers who are alike.
pub struct GroupLine {
    pub name: String,
    pub customers: String,
    pub bought: String,
    /// Beside all customers: `3.2× as often`.
    pub beside_all: String,
    pub lately: String,
    /// Of those looked at, who would be shown it.
    pub shown: String,
}

pub fn wanting(lookout: &Lookout, shell: &Shell, view: &View, number: u32) -> Result<Wanting, WebError> {
    let standing = &view.standing;
    let since = until(standing) - TimeDelta::days(DAYS);
    let buyers = Buyers { standing, product: number, since_us: since.timestamp_micros() };
    Ok(Wanting {
        named: named(lookout, shell, view, number)?,
        groups: groups(lookout, view, &buyers)?,
        expected: expected(buyers.lately(0..standing.activity.customers.len() as u32)),
    })
}

/// The moment looked from; that of the last thing known where nothing is known since.
fn until(standing: &Standing) -> DateTime<Utc> {
    standing.ledger.pasts.last().map_or(standing.as_of, |last| last.min(standing.as_of))
}

struct Buyers<'a> {
    standing: &'a Standing,
    product: u32,
    since_us: i64,
}

impl Buyers<'_> {
    fn ever(&self, customers: impl Iterator<Item = u32>) -> usize {
        let activity = &self.standing.activity;
        customers.filter(|&customer| activity.bought(Some(customer)).has(self.product)).count()
    }

    fn lately(&self, customers: impl Iterator<Item = u32>) -> usize {
        let activity = &self.standing.activity;
        let is_one = |customer: &u32| activity.bought(Some(*customer)).has_since(self.product, self.since_us);
        customers.filter(is_one).count()
    }
}

fn groups(lookout: &Lookout, view: &View, buyers: &Buyers<'_>) -> Result<Vec<GroupLine>, WebError> {
    let groups = lookout.groups(&view.standing)?;
    let sample = lookout.sample(view)?;
    let activity = &view.standing.activity;
    let numbers: Vec<Option<u32>> =
        sample.customers.iter().map(|customer| activity.customers.number(&customer.id)).collect();
    let all: usize = groups.iter().map(|group| group.customers.len()).sum();
    let share_of_all = groups.iter().map(|group| buyers.ever(group.customers.iter().copied())).sum::<usize>()
        as f64
        / all.max(1) as f64;
    let line = |group: &crate::picker::groups::Group| {
        let members = || group.customers.iter().copied();
        let share = buyers.ever(members()) as f64 / group.customers.len().max(1) as f64;
        let looked_at: Vec<usize> =
            (0..numbers.len()).filter(|&at| numbers[at].is_some_and(|number| group.has(number))).collect();
        let shown = looked_at
            .iter()
            .filter(|&&at| sample.products(at).any(|product| product == buyers.product))
            .count();
        GroupLine {
            name: group.in_words(),
            customers: web::whole(group.customers.len() as i64),
            bought: web::percent(share),
            beside_all: if share_of_all > 0.0 {
                format!("{}×", web::decimal(share / share_of_all, 1))
            } else {
                "–".into()
            },
            lately: web::whole(buyers.lately(members()) as i64),
            shown: format!("{shown} of {}", looked_at.len()),
        }
    };
    Ok(groups.iter().map(line).collect())
}

/// Of the days before, with the range in which the same number of days after will lie, 95 % sure, when chance alone
/// decides: the roots of two such counts differ by at most 1.96 × √½.
fn expected(lately: usize) -> String {
    const APART: f64 = 1.386;
    let (low, high) = if lately == 0 {
        (0.0, 3.0)
    } else {
        let root = (lately as f64).sqrt();
        ((root - APART).max(0.0).powi(2), ((lately as f64 + 1.0).sqrt() + APART).powi(2))
    };
    let buyers = if lately == 1 { "customer" } else { "customers" };
    format!(
        "{} {buyers} bought it in the last {DAYS} days. If nothing changes, {} to {} will in the next {DAYS}, 95\u{a0}% sure.",
        web::whole(lately as i64),
        web::whole(low.floor() as i64),
        web::whole(high.ceil() as i64)
    )
}

/// Of the sample those for whom the model scores it highest.
fn named(
    lookout: &Lookout,
    shell: &Shell,
    view: &View,
    number: u32,
) -> Result<Vec<(String, String)>, WebError> {
    if !view.live.model.is_personal() {
        return Ok(Vec::new());
    }
    let product = &view.standing.ledger.catalogue.product(number).id;
    let sample = lookout.sample(view)?;
    let sitting = Sitting::of(view.terms(), &sample.customers).map_err(internal)?;
    let Some(scores) = sitting.scores_of(product) else { return Ok(Vec::new()) };
    let mut ranked: Vec<(f32, usize)> =
        scores.into_iter().enumerate().map(|(at, score)| (score, at)).filter(|one| one.0 > 0.0).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let line = |&(_, at): &(f32, usize)| {
        let customer = &sample.customers[at];
        (customer.id.clone(), if shell.may_market { name(customer) } else { String::new() })
    };
    Ok(ranked.iter().take(NAMED).map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often a Poisson draw comes out, by counting how many uniform draws multiply to more than e^−mean.
    fn poisson(mean: f64, random: &mut impl FnMut() -> f64) -> usize {
        let (mut left, mut count) = ((-mean).exp(), 0);
        loop {
            left /= random().max(1e-12);
            if left > 1.0 {
                return count;
            }
            count += 1;
        }
    }

    #[test]
    fn the_range_holds_the_next_days_nineteen_times_of_twenty() {
        let mut state = 7u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        for mean in [1.0, 4.0, 30.0] {
            let held = (0..4000)
                .filter(|_| {
                    let (before, after) = (poisson(mean, &mut random), poisson(mean, &mut random));
                    let told = expected(before);
                    let range = told.split("changes, ").nth(1).unwrap().split(" will").next().unwrap();
                    let (low, high) = range.split_once(" to ").unwrap();
                    (low.parse().unwrap()..=high.parse::<usize>().unwrap()).contains(&after)
                })
                .count();
            assert!(held >= 3760, "{mean}: {held} of 4000");
        }
    }
}
