//! Picks for a few people at once, real or imagined, under a plan's rules: through the same [`Picker`] as a campaign's.

use super::activity::Activity;
use super::behaviour::{self, Behaviour, Detail, Weighing};
use super::explain::Explained;
use super::facts::CustomerTable;
use super::ledger::Standing;
use super::live_model::LiveModel;
use super::pick::{Known, Picked, Picker, Worker};
use super::plan::{Arm, Effect, Plan};
use super::refusal::{Refusal, check};
use super::rules::{self, Rules, Setting};
use super::trace::Trace;
use crate::conditions::Table;
use crate::records::{Customer, Events};
use rayon::prelude::*;

/// What is asked, of whomever.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    pub standing: &'a Standing,
    pub live: &'a LiveModel,
    pub plan: &'a Plan,
    /// The ids of the list that the plan names.
    pub product_list: Option<&'a [String]>,
}

pub struct Sitting<'a> {
    terms: Terms<'a>,
    rules: Rules,
    behaviour: Behaviour,
    customers: Option<Table>,
    /// Instead of the shop's, for somebody imagined.
    imagined: Option<Activity>,
    people: Vec<String>,
}

impl<'a> Sitting<'a> {
    /// What `people` did before the moment. *Cost*: grows with their deeds and the shop's products.
    pub fn of(terms: Terms<'a>, people: &[Customer]) -> Result<Self, Refusal> {
        let (pasts, as_of_us) = (&terms.standing.ledger.pasts, terms.standing.as_of.timestamp_micros());
        let deeds = people.iter().flat_map(|person| {
            let before = pasts.of(&person.id).iter().filter(move |done| done.at_us < as_of_us);
            before.map(|done| pasts.event(&person.id, done))
        });
        Self::new(terms, people, deeds, None)
    }

    /// Somebody who did all this, in a shop where everybody else did what they did.
    pub fn imagined(terms: Terms<'a>, person: &Customer, events: &Events) -> Result<Self, Refusal> {
        let Standing { ledger, as_of, activity, .. } = terms.standing;
        let own = activity.of_imagined(events, &ledger.catalogue, *as_of);
        Self::new(terms, std::slice::from_ref(person), events.iter(), Some(own))
    }

    fn new<'e>(
        terms: Terms<'a>,
        people: &[Customer],
        deeds: impl Iterator<Item = crate::records::Event<'e>>,
        imagined: Option<Activity>,
    ) -> Result<Self, Refusal> {
        let Terms { standing, live, plan, product_list } = terms;
        check(plan)?;
        let (catalogue, as_of) = (&standing.ledger.catalogue, standing.as_of);
        let setting = Setting::of(plan, catalogue, Some(&standing.activity), as_of);
        let rules =
            rules::compile(&plan.rules, catalogue.choose(&plan.products, product_list, as_of), setting)?;
        let detail = Detail { events: live.model.needs_past(), ..Detail::default() };
        // Weights have the scale that the model was trained on: those of its cut.
        let behaviour = behaviour::of_some(deeds, live.header.cut_at, &Weighing::default(), detail);
        let columns = rules.customer_columns();
        let activity = imagined.as_ref().unwrap_or(&standing.activity);
        let customers = (!columns.is_empty()).then(|| {
            let mut table = CustomerTable::new(&columns, (activity, catalogue), as_of);
            people.iter().for_each(|person| table.push(person));
            table.finish()
        });
        let people = people.iter().map(|person| person.id.clone()).collect();
        Ok(Self { terms, rules, behaviour, customers, imagined, people })
    }

    pub fn picker(&self) -> Picker<'_> {
        let known = Known {
            catalogue: &self.terms.standing.ledger.catalogue,
            activity: self.imagined.as_ref().unwrap_or(&self.terms.standing.activity),
            behaviour: &self.behaviour,
            live: self.terms.live,
            rules: &self.rules,
            customers: self.customers.as_ref(),
            lately: None,
        };
        Picker::new(known, self.terms.plan.slots)
    }

    /// Catalogue numbers by place.
    pub fn candidates(&self) -> &[u32] {
        &self.rules.candidates
    }

    /// For each person, in their order, whatever the number of threads.
    pub fn picks(&self) -> Vec<Picked> {
        let picker = self.picker();
        let rows: Vec<(usize, &String)> = self.people.iter().enumerate().collect();
        rows.par_chunks(16)
            .flat_map_iter(|chunk| {
                let mut worker = picker.worker();
                let picked = chunk.iter().map(|(row, id)| worker.pick(id, Some(*row), Arm::Picks));
                picked.collect::<Vec<_>>()
            })
            .collect()
    }

    /// What the model scores a product for each person, in their order; `None` when it does not know the product.
    pub fn scores_of(&self, product: &str) -> Option<Vec<f32>> {
        let picker = self.picker();
        let mut worker = picker.worker();
        self.people.iter().map(|person| worker.score_of(person, product)).collect()
    }

    /// Why a product is picked for the first of the people, or why not.
    pub fn trace(&self, worker: &mut Worker<'_, '_>, product: &str) -> Trace {
        let Terms { standing, plan, product_list, .. } = self.terms;
        let catalogue = &standing.ledger.catalogue;
        let Some(number) = catalogue.number(product) else { return Trace::UnknownProduct };
        if let Some((rule, _)) = self.rules.taken.iter().find(|(_, taken)| *taken == number) {
            return Trace::TakenByRule(*rule);
        }
        let Ok(place) = self.rules.candidates.binary_search(&number) else {
            let why = catalogue.why_not(&plan.products, product_list, standing.as_of, number);
            return Trace::NotChosen(why.unwrap_or("not among the chosen products").to_owned());
        };
        match self.people.first() {
            Some(person) => worker.trace(person, Some(0), Arm::Picks, place),
            None => Trace::UnknownCustomer,
        }
    }

    /// What spoke for a product, for the first of the people; `None` when the model does not know it.
    pub fn explained(&self, worker: &mut Worker<'_, '_>, product: &str) -> Option<Explained> {
        worker.explained(self.people.first()?, product)
    }
}

/// The plan without the rules that need what a look at one customer does not have, and those rules' numbers: what
/// earlier campaigns showed, and how scarce products were shared out among all.
pub fn for_one(plan: &Plan) -> (Plan, Vec<usize>) {
    let mut alone = plan.clone();
    let needs_more =
        |effect: &Effect| matches!(effect, Effect::NotPickedLately { .. } | Effect::ShareStock { .. });
    let mut left_out = Vec::new();
    for (number, rule) in alone.rules.iter_mut().enumerate() {
        if !rule.off && needs_more(&rule.effect) {
            rule.off = true;
            left_out.push(number);
        }
    }
    (alone, left_out)
}
