//! What rules do while somebody edits them: a sample of the audience, with the model's scores of every product at hand.
//!
//! Setting it up reads the history and asks the model once; trying out a set of rules then takes a fraction of a second,
//! and goes through the same [`Picker`] as the campaign itself.

use super::activity::Activity;
use super::audience::{self, Lists};
use super::behaviour::{self, Behaviour, Detail, Weighing};
use super::build::{BuildError, read_activity};
use super::catalogue::{Catalogue, Choice};
use super::facts::{CustomerTable, SCHEMA};
use super::likeness::Likeness;
use super::live_model::{LiveModel, ModelHeader};
use super::pick::{Known, Picker};
use super::plan::{Arm, Plan, Products, Rule};
use super::refusal::{Refusal, check};
use super::rules::{self, Lately, Setting};
use crate::conditions::{Root, Table};
use crate::history::{EventRange, Snapshot};
use crate::index::Index;
use crate::progress::{Progress, Silent};
use crate::recommender::{Contribution, Interactions, Model, Scorer, Tensor, User};
use chrono::{DateTime, Utc};
use rayon::prelude::*;
use std::sync::Arc;

/// Customers looked at, unless the shop has so many products that their scores would not fit.
const MOST_SAMPLED: usize = 200;
const FEWEST_SAMPLED: usize = 30;
/// Scores kept: 32 MB.
const SCORES_KEPT: usize = 8 << 20;
/// Products shown of those that a rule took.
const EXAMPLES: usize = 3;

/// What a workbench is set up from.
pub struct Ingredients<'a> {
    pub plan: &'a Plan,
    pub customer_lists: Lists<'a>,
    pub snapshot: &'a Snapshot,
    /// Without one nobody has picks of their own.
    pub live: Option<&'a LiveModel>,
    pub lately: Option<Lately>,
    pub as_of: DateTime<Utc>,
}

pub struct Workbench {
    pub catalogue: Catalogue,
    activity: Activity,
    behaviour: Behaviour,
    /// The sample as customers, the catalogue as products.
    live: LiveModel,
    scores: Scores,
    sample: Vec<Box<str>>,
    customers: Table,
    lately: Option<Lately>,
    pub audience: usize,
    as_of: DateTime<Utc>,
}

/// What a set of rules does.
#[derive(Debug, Default)]
pub struct Impact {
    /// Products that the campaign chose, and those left by the rules.
    pub chosen: usize,
    pub left: usize,
    pub rules: Vec<RuleImpact>,
    /// Customers looked at, and how many of them get fewer products than there are places.
    pub sampled: usize,
    pub short: usize,
    /// Categories of which rules leave nothing, with the numbers of these rules.
    pub emptied: Vec<(String, Vec<usize>)>,
    pub refusal: Option<Refusal>,
    /// How different the products of one e-mail are, from 0 to 1; `None` where nobody has two.
    pub variety: Option<f64>,
    /// How much of the picks' scores the wish for variety costs; `None` where none is wished for, or no scores are known.
    pub variety_cost: Option<f64>,
}

/// What one rule does, beside all others.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RuleImpact {
    /// In the plan, from 0.
    pub number: usize,
    /// Products it takes from everybody after the rules before it, and some of them, by catalogue number.
    pub removed: usize,
    pub examples: Vec<u32>,
    /// Products it would take if it stood alone.
    pub alone: usize,
    /// Customers looked at whose picks would be others without it.
    pub changed: usize,
    /// Customers looked at who would have a full mail without it.
    pub short: usize,
    /// How much of the picks' scores it costs; `None` where no scores are known.
    pub cost: Option<f64>,
}

impl Workbench {
    pub fn set_up(from: Ingredients<'_>, progress: &dyn Progress) -> Result<Self, BuildError> {
        let Ingredients { plan, customer_lists, snapshot, live, lately, as_of } = from;
        let catalogue = Catalogue::new(snapshot.products()?);
        let activity = read_activity(snapshot, &catalogue, as_of, progress)?;
        let known = (&activity, &catalogue);
        let chosen = audience::choose(&plan.audience, customer_lists, snapshot.customers()?, known, as_of)?;
        let room = (SCORES_KEPT / catalogue.len().max(1)).clamp(FEWEST_SAMPLED, MOST_SAMPLED);
        let step = chosen.ids.len().div_ceil(room).max(1);
        let sample: Vec<Box<str>> = chosen.ids.iter().step_by(step).cloned().collect();
        let row_of: Index = sample.iter().collect();
        let columns: Vec<usize> = SCHEMA.of(Root::Customer).enumerate().map(|(at, _)| at).collect();
        let mut table = CustomerTable::new(&columns, known, as_of);
        let mut rows = Vec::new();
        for customer in snapshot.customers()? {
            let customer = customer?;
            if let Some(row) = row_of.number(&customer.id) {
                table.push(&customer);
                rows.push(row);
            }
        }
        let customers = table.finish().in_order(&rows);
        let scores: Scores = match live {
            Some(live) => scores_of(live, &sample, (&catalogue, &activity), snapshot, as_of)?,
            None => vec![None; sample.len()].into(),
        };
        let products: Index = catalogue.products().iter().map(|product| &product.id).collect();
        let header = ModelHeader {
            kind: live.map(|live| live.header.kind.clone()).unwrap_or_default(),
            params: serde_json::Value::Null,
            history_version: snapshot.version(),
            cut_at: as_of,
            trained_at: as_of,
            seed: 0,
            metrics: serde_json::Value::Null,
        };
        let empty = Interactions::from_triples(0, products.len(), []);
        let behaviour = Behaviour {
            customers: Index::new(),
            products: products.clone(),
            interactions: empty,
            log: None,
            descriptions: None,
        };
        let model = Box::new(Remembered { items: catalogue.len(), scores: scores.clone() });
        let live = LiveModel { header, customers: row_of, products, model };
        Ok(Self {
            catalogue,
            activity,
            behaviour,
            live,
            scores,
            sample,
            customers,
            lately,
            audience: chosen.ids.len(),
            as_of,
        })
    }

    /// What the plan's rules do, together and each beside the others. The plan may have changed in its products, places
    /// and rules since the workbench was set up.
    pub fn try_out(&self, plan: &Plan, product_list: Option<&[String]>) -> Impact {
        let choose = || self.catalogue.choose(&plan.products, product_list, self.as_of);
        let setting = Setting::of(plan, &self.catalogue, Some(&self.activity), self.as_of);
        let checked = check(plan);
        let choice = choose();
        let mut impact =
            Impact { chosen: choice.numbers.len(), sampled: self.sample.len(), ..Impact::default() };
        let taken = rules::taken(&plan.rules, choice.numbers.clone(), setting);
        impact.left = impact.chosen - taken.len();
        impact.emptied = self.emptied(&choice, &taken);
        let all = checked.and_then(|()| self.outcome(&plan.rules, choice, plan, setting));
        let on = (0..plan.rules.len()).filter(|&number| !plan.rules[number].off);
        impact.rules = on
            .collect::<Vec<_>>()
            .into_par_iter()
            .map(|number| {
                let mine = || taken.iter().filter(|(rule, _)| *rule == number);
                let mut told = RuleImpact {
                    number,
                    removed: mine().count(),
                    examples: mine().map(|(_, product)| *product).take(EXAMPLES).collect(),
                    alone: rules::taken(std::slice::from_ref(&plan.rules[number]), choose().numbers, setting)
                        .len(),
                    ..RuleImpact::default()
                };
                let mut others = plan.rules.clone();
                others[number].off = true;
                if let (Ok(all), Ok(without)) = (&all, self.outcome(&others, choose(), plan, setting)) {
                    told.compare(all, &without);
                }
                told
            })
            .collect();
        match all {
            Ok(all) => {
                impact.short = all.people.iter().filter(|one| one.is_short).count();
                impact.variety = all.variety();
                let plain = Plan { variety: 0, ..plan.clone() };
                let without =
                    (plan.variety > 0).then(|| self.outcome(&plan.rules, choose(), &plain, setting));
                impact.variety_cost = without.and_then(|without| all.cost_beside(&without.ok()?));
            }
            Err(refusal) => impact.refusal = Some(refusal),
        }
        impact
    }

    fn outcome(
        &self,
        rules: &[Rule],
        choice: Choice,
        plan: &Plan,
        setting: Setting<'_>,
    ) -> Result<Outcome, Refusal> {
        let rules = rules::compile(rules, choice, setting)?;
        let known = Known {
            catalogue: &self.catalogue,
            activity: &self.activity,
            behaviour: &self.behaviour,
            live: &self.live,
            rules: &rules,
            customers: Some(&self.customers),
            lately: self.lately.as_ref(),
        };
        let likeness = Likeness::new(&self.catalogue, &rules.candidates);
        let mut picker = Picker::new(known, plan.slots);
        picker.vary(plan.variety, &likeness);
        let mut worker = picker.worker();
        let person = |(row, id): (usize, &str)| {
            let picked = worker.pick(id, Some(row), Arm::Picks);
            let picks: Vec<u32> =
                picked.slots.iter().flatten().map(|placed| rules.candidates[placed.place]).collect();
            let score =
                |scores: &[f32]| picks.iter().map(|&pick| f64::from(scores[pick as usize].max(0.0))).sum();
            Person {
                value: self.scores[row].as_deref().map_or(0.0, score),
                variety: likeness.variety(&picked),
                is_short: picked.slots.iter().any(Option::is_none),
                picks,
            }
        };
        Ok(Outcome { people: self.sample.iter().map(|id| &**id).enumerate().map(person).collect() })
    }

    /// Categories that were chosen and of which rules leave nothing, each with the rules that it took.
    fn emptied(&self, choice: &Choice, taken: &[(usize, u32)]) -> Vec<(String, Vec<usize>)> {
        let mut left = vec![0i64; self.catalogue.categories.len()];
        let mut by: Vec<Vec<usize>> = vec![Vec::new(); left.len()];
        for category in choice.numbers.iter().filter_map(|&number| self.catalogue.category_of(number)) {
            left[category as usize] += 1;
        }
        for &(rule, number) in taken {
            if let Some(category) = self.catalogue.category_of(number) {
                left[category as usize] -= 1;
                by[category as usize].push(rule);
            }
        }
        let emptied = left.into_iter().zip(by).zip(self.catalogue.categories.ids());
        let emptied = emptied.filter(|((left, by), _)| *left == 0 && !by.is_empty());
        emptied
            .map(|((_, mut by), name)| {
                by.sort_unstable();
                by.dedup();
                (name.to_owned(), by)
            })
            .collect()
    }
}

/// What a set of rules came to, for each customer looked at.
struct Outcome {
    people: Vec<Person>,
}

struct Person {
    picks: Vec<u32>,
    /// The model's scores of them, added up.
    value: f64,
    is_short: bool,
    variety: Option<f64>,
}

impl Outcome {
    /// In parts of what the picks would be worth in the other case.
    fn cost_beside(&self, without: &Self) -> Option<f64> {
        let value = |outcome: &Self| outcome.people.iter().map(|one| one.value).sum::<f64>();
        (value(without) > 0.0).then(|| 1.0 - value(self) / value(without))
    }

    fn variety(&self) -> Option<f64> {
        let known: Vec<f64> = self.people.iter().filter_map(|one| one.variety).collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    }
}

impl RuleImpact {
    fn compare(&mut self, all: &Outcome, without: &Outcome) {
        let both = || all.people.iter().zip(&without.people);
        self.changed = both().filter(|(with, without)| with.picks != without.picks).count();
        self.short = both().filter(|(with, without)| with.is_short && !without.is_short).count();
        self.cost = all.cost_beside(without);
    }
}

/// For each customer of a sample the score of every product; `None` for whom the model does not know.
type Scores = Arc<[Option<Box<[f32]>>]>;

/// Asks the model for every product that is for sale, for each customer of the sample.
fn scores_of(
    live: &LiveModel,
    sample: &[Box<str>],
    (catalogue, activity): (&Catalogue, &Activity),
    snapshot: &Snapshot,
    as_of: DateTime<Utc>,
) -> Result<Scores, BuildError> {
    let detail = Detail { events: live.model.needs_past(), ..Detail::default() };
    let range = EventRange::before(as_of);
    let behaviour =
        behaviour::read(snapshot, range, live.header.cut_at, &Weighing::default(), detail, &Silent)?;
    let setting = Setting::of(&Plan::default(), catalogue, None, as_of);
    let everything = catalogue.choose(&Products::default(), None, as_of);
    let rules = rules::compile(&[], everything, setting)?;
    let known = Known {
        catalogue,
        activity,
        behaviour: &behaviour,
        live,
        rules: &rules,
        customers: None,
        lately: None,
    };
    let picker = Picker::new(known, 1);
    let scores = sample.par_chunks(8).flat_map_iter(|chunk| {
        let mut worker = picker.worker();
        chunk.iter().map(move |id| worker.scores_of_all(id)).collect::<Vec<_>>()
    });
    Ok(scores.collect::<Vec<_>>().into())
}

/// A model of what another one said.
struct Remembered {
    items: usize,
    scores: Scores,
}

impl Model for Remembered {
    fn kind(&self) -> &'static str {
        "remembered"
    }

    fn items(&self) -> usize {
        self.items
    }

    fn scorer<'a>(&'a self, candidates: &'a [u32]) -> Box<dyn Scorer + 'a> {
        Box::new(Recall { scores: &self.scores, candidates })
    }

    fn explain(&self, _: User<'_>, _: u32, _: usize) -> Vec<Contribution> {
        Vec::new()
    }

    fn is_personal(&self) -> bool {
        true
    }

    fn tensors(&self) -> Vec<Tensor<'_>> {
        Vec::new()
    }
}

struct Recall<'a> {
    scores: &'a [Option<Box<[f32]>>],
    candidates: &'a [u32],
}

impl Scorer for Recall<'_> {
    fn score(&mut self, user: User<'_>, scores: &mut [f32]) -> bool {
        let known = user.row.and_then(|row| self.scores[row as usize].as_ref());
        for (score, &item) in scores.iter_mut().zip(self.candidates) {
            *score = known.map_or(0.0, |known| known[item as usize]);
        }
        known.is_some()
    }
}
