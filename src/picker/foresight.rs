//! What chance of a purchase a campaign's scores stand for: the same picks made as they would have been some time ago, by a
//! model that knew no more than was known then, and which of them were bought since.
//!
//! Nobody had been sent these picks, so the chance is one without this campaign's e-mail. It refuses to say anything where
//! hardly any pick was bought.

use super::arms::Assignment;
use super::audience;
use super::build::{BuildError, Order, pick, read_activity, table_of};
use super::catalogue::Catalogue;
use super::hindsight::{HindsightError, model_then};
use super::likeness::Likeness;
use super::pick::{Known, Picked, Picker};
use super::plan::{Controls, Origin};
use super::rules::{self, Rules, Setting};
use crate::history::EventRange;
use crate::index::Index;
use crate::recommender::Resources;
use crate::recommender::uplift::{Steps, isotonic};
use crate::records::EventKind;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::path::Path;

/// Customers asked for; of more, every second, third and so on.
const MOST_CUSTOMERS: usize = 50_000;
/// Steps at most, each of so many purchases on average: with fewer, chance would draw the steps.
const MOST_STEPS: usize = 50;
const PURCHASES_A_STEP: usize = 10;
/// With fewer purchases in all there is nothing to learn.
const FEWEST_PURCHASES: usize = 20;
/// Beside the picks of its generation.
const FILE: &str = "foresight.json";

/// Chances that scores stand for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Foresight {
    /// The picks it was learnt from were made for this moment,
    pub from: DateTime<Utc>,
    /// and could be bought for so many days.
    pub days: u32,
    /// Customers asked, and their personal picks.
    pub customers: u64,
    pub picks: u64,
    pub steps: Steps,
}

impl Foresight {
    /// Writes it to the generation's folder, whole or not at all.
    pub fn keep(&self, folder: &Path) -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer(&mut file, self)?;
        file.as_file().sync_all()?;
        file.persist(folder.join(FILE))?;
        Ok(())
    }

    /// Of the generation in `folder`; `None` where none was kept, or none that can be read.
    pub fn of(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(folder.join(FILE)).ok()?).ok()
    }
}

/// Whether a pick has a score of the customer's own.
pub const fn is_personal(origin: Origin) -> bool {
    matches!(origin, Origin::Personal | Origin::Similar)
}

/// Makes the order's picks for `days` before its moment, and looks what was bought since; `None` where too little was.
///
/// *Cost*: reads the history three times, learns the model once from the last `history_days`, and picks for
/// [`MOST_CUSTOMERS`] at most.
pub fn look_back(
    order: &Order<'_>,
    (days, history_days): (u32, u32),
    resources: &Resources<'_>,
) -> Result<Option<Foresight>, HindsightError> {
    let progress = resources.progress;
    let then = order.as_of - TimeDelta::days(i64::from(days));
    let catalogue = Catalogue::new(order.snapshot.products().map_err(BuildError::from)?);
    let (live, behaviour) = model_then(order, then, (days, history_days), resources)?;
    let activity = read_activity(order.snapshot, &catalogue, then, progress)?;
    let past = Order { as_of: then, live: &live, ..*order };
    let choice = catalogue.choose(&order.plan.products, order.product_list, then);
    let setting = Setting::of(order.plan, &catalogue, Some(&activity), then);
    let rules = rules::compile(&order.plan.rules, choice, setting).map_err(BuildError::from)?;
    let people = order.snapshot.customers().map_err(BuildError::from)?;
    let facts = (&activity, &catalogue);
    let mut asked = audience::choose(&order.plan.audience, order.customer_lists, people, facts, then)
        .map_err(BuildError::from)?;
    let step = asked.ids.len().div_ceil(MOST_CUSTOMERS).max(1);
    asked.ids = asked.ids.into_iter().step_by(step).collect();
    let customers = table_of(&past, &asked, &rules, facts)?;
    let known = Known {
        catalogue: &catalogue,
        activity: &activity,
        behaviour: &behaviour,
        live: &live,
        rules: &rules,
        customers: customers.as_ref(),
        lately: order.lately,
    };
    let likeness = Likeness::new(&catalogue, &rules.candidates);
    let mut picker = Picker::new(known, order.plan.slots);
    picker.vary(order.plan.variety, &likeness);
    let everybody = Controls { holdout_share: 0.0, baseline_share: 0.0 };
    let arms = Assignment::new(order.secret, order.campaign, everybody);
    progress.phase("Picking as it would have been then", None);
    let picked = pick(&picker, &arms, &asked.ids, 0);
    let bought = bought_since(order, (then, &asked.ids), &catalogue, resources)?;
    let outcomes = outcomes(&picked, &rules, &bought);
    Ok(learn(outcomes).map(|(picks, steps)| Foresight {
        from: then,
        days,
        customers: asked.ids.len() as u64,
        picks,
        steps,
    }))
}

/// Which customer, by place in `customers`, bought which product, by catalogue number, after `then`.
fn bought_since(
    order: &Order<'_>,
    (then, customers): (DateTime<Utc>, &[Box<str>]),
    catalogue: &Catalogue,
    resources: &Resources<'_>,
) -> Result<HashSet<(u32, u32)>, HindsightError> {
    resources.progress.phase("Looking who bought since", None);
    let place_of: Index = customers.iter().collect();
    let mut bought = HashSet::new();
    for events in order.snapshot.events(EventRange::between(then, order.as_of)).map_err(BuildError::from)? {
        if resources.progress.cancelled() {
            return Err(BuildError::Cancelled.into());
        }
        for event in events.map_err(BuildError::from)?.iter().filter(|one| one.kind == EventKind::Purchase) {
            let customer = event.customer.and_then(|id| place_of.number(id));
            let product = event.product.and_then(|id| catalogue.number(id));
            bought.extend(customer.zip(product));
        }
    }
    Ok(bought)
}

/// The personal picks' scores, and whether each was bought.
fn outcomes(picked: &[Picked], rules: &Rules, bought: &HashSet<(u32, u32)>) -> Vec<(f64, bool)> {
    let of_one = |(customer, picked): (u32, &Picked)| {
        let placed = picked.slots.iter().flatten().filter(|placed| is_personal(placed.origin));
        let one = |place: usize, score: f32| {
            (f64::from(score), bought.contains(&(customer, rules.candidates[place])))
        };
        placed.map(|placed| one(placed.place, placed.score)).collect::<Vec<_>>()
    };
    (0u32..).zip(picked).flat_map(of_one).collect()
}

fn learn(outcomes: Vec<(f64, bool)>) -> Option<(u64, Steps)> {
    let purchases = outcomes.iter().filter(|(_, bought)| *bought).count();
    let picks = outcomes.len() as u64;
    if purchases < FEWEST_PURCHASES {
        return None;
    }
    let steps = isotonic(outcomes, (purchases / PURCHASES_A_STEP).clamp(1, MOST_STEPS)).ok()?;
    Some((picks, steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_purchases_teach_nothing_and_many_teach_steps() {
        let outcomes = |every: usize| (0..2_000).map(|n| (n as f64, n % every == 0 && n >= 1_000)).collect();
        assert_eq!(learn(outcomes(100)), None, "ten purchases");
        let (picks, steps) = learn(outcomes(5)).unwrap();
        assert_eq!(picks, 2_000);
        assert!(steps.all().len() >= 2 && steps.chance(10.0) == 0.0, "{steps:?}");
        assert!((steps.chance(1_900.0) - 0.2).abs() < 0.01, "{steps:?}");
    }

    #[test]
    fn it_is_kept_beside_the_picks() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Foresight::of(folder.path()), None);
        let steps = isotonic(vec![(0.125, false), (0.5, true)], 2).unwrap();
        let told = Foresight { from: DateTime::UNIX_EPOCH, days: 14, customers: 3, picks: 2, steps };
        told.keep(folder.path()).unwrap();
        assert_eq!(Foresight::of(folder.path()), Some(told));
        std::fs::write(folder.path().join(FILE), "{").unwrap();
        assert_eq!(Foresight::of(folder.path()), None, "damaged: nothing is said");
    }
}
