//! Picks products for customers: scores, then slots filled under the rules, with fall-backs.
//!
//! A slot takes, in this order: what is pinned to it; the best of the model's personal scores; best-sellers of the
//! category the customer buys most in; best-sellers. It stays empty rather than break a rule.

use super::activity::{Activity, Bought};
use super::behaviour::Behaviour;
use super::catalogue::Catalogue;
use super::likeness::Likeness;
use super::model_file::LiveModel;
use super::plan::{Arm, Origin};
use super::reason::Why;
use super::rules::{Lately, Lens, Prepared, Rules, Sight};
use super::slate::{Placed, Slate};
use super::stock::Shares;
use super::taste::{self, Taste};
use crate::conditions::Table;
use crate::recommender::slate::best::{Offer, Ranking, WORD};
use crate::recommender::{Scorer, User};
use std::collections::HashMap;

/// Keeps boosts in effect among products that never sold.
const NEVER_SOLD: f64 = 0.001;

/// Products put in order at once for a customer: rules take some of them, seldom most.
const FEWEST_RANKED: usize = 24;
const MOST_RANKED: usize = 40;

/// The best products among which a varied list is looked for.
const CANDIDATES_A_SLOT: usize = 10;
const FEWEST_CANDIDATES: usize = 50;

/// What picks are made from.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    pub catalogue: &'a Catalogue,
    pub activity: &'a Activity,
    pub behaviour: &'a Behaviour,
    pub live: &'a LiveModel,
    pub rules: &'a Rules,
    /// The customers' facts, where rules ask for them.
    pub customers: Option<&'a Table>,
    /// What they were shown in earlier campaigns, where rules ask for it.
    pub lately: Option<&'a Lately>,
}

/// Shared by all threads.
pub struct Picker<'a> {
    known: Known<'a>,
    slots: usize,
    /// The candidates that the model knows: its item numbers, ascending, and for each the place.
    items: Vec<u32>,
    places: Vec<usize>,
    /// The rules, ready for the customers.
    prepared: Prepared<'a>,
    /// The rules' factors, and as many more as fill the last word.
    factors: Vec<f32>,
    /// Behaviour's product number to the model's item number.
    item_of: Vec<Option<u32>>,
    best_sellers: Vec<(usize, f32)>,
    best_of_category: HashMap<u32, Vec<(usize, f32)>>,
    /// What variety counts for beside the scores, from 0 to 1.
    variety: Option<(f32, &'a Likeness)>,
    /// Who may be shown what is scarce.
    shares: Option<Shares>,
}

/// One customer's result; slots may be empty, a holdout's are not filled at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Picked {
    pub arm: Arm,
    pub slots: Vec<Option<Placed>>,
}

impl<'a> Picker<'a> {
    pub fn new(known: Known<'a>, slots: u8) -> Self {
        let Known { catalogue, behaviour, live, rules, .. } = known;
        let mut items: Vec<(u32, usize)> = (rules.candidates.iter().enumerate())
            .filter_map(|(place, &number)| {
                live.products.number(&catalogue.product(number).id).map(|item| (item, place))
            })
            .collect();
        items.sort_unstable();
        let (items, places): (Vec<_>, Vec<_>) = items.into_iter().unzip();
        let best_sellers = best_sellers(known, &items, &places);
        let mut best_of_category: HashMap<u32, Vec<_>> = HashMap::new();
        for &(place, score) in &best_sellers {
            if let Some(category) = catalogue.category_of(rules.candidates[place]) {
                best_of_category.entry(category).or_default().push((place, score));
            }
        }
        let mut factors = rules.factors().to_vec();
        factors.resize(factors.len().next_multiple_of(WORD), 1.0);
        Self {
            known,
            slots: usize::from(slots),
            items,
            places,
            prepared: Prepared::new(rules, known.customers),
            factors,
            item_of: taste::items(behaviour, live),
            best_sellers,
            best_of_category,
            variety: None,
            shares: None,
        }
    }

    /// From now on nobody is shown what was given to others.
    pub fn keep_to(&mut self, shares: Option<Shares>) {
        self.shares = shares;
    }

    /// From now on lists are varied: by so much, from 0 to 100.
    pub fn vary(&mut self, variety: u8, likeness: &'a Likeness) {
        self.variety = (variety > 0).then(|| (f32::from(variety) / 100.0, likeness));
    }

    pub fn slots(&self) -> usize {
        self.slots
    }

    /// One thread's part: customers one after another, with the memory kept between them.
    pub fn worker(&self) -> Worker<'_, 'a> {
        Worker {
            lens: Lens::new(&self.prepared, self.known.lately).with_shares(self.shares.as_ref()),
            scorer: self.known.live.model.scorer(&self.items),
            scores: vec![0.0; self.items.len()],
            by_place: vec![0.0; self.factors.len()],
            ranking: Ranking::default(),
            taste: Taste::default(),
            picker: self,
        }
    }

    /// The category with products left to pick in which they bought most often.
    fn favourite(&self, bought: Bought<'_>) -> Option<&[(usize, f32)]> {
        let mut times: HashMap<u32, u32> = HashMap::new();
        for (&product, &count) in bought.products.iter().zip(bought.times) {
            if let Some(category) = self.known.catalogue.category_of(product)
                && self.best_of_category.contains_key(&category)
            {
                *times.entry(category).or_default() += count;
            }
        }
        // The smaller number among equals: a map's order is no order.
        let most = times.into_iter().max_by_key(|&(category, times)| (times, std::cmp::Reverse(category)));
        most.and_then(|(category, _)| self.best_of_category.get(&category)).map(Vec::as_slice)
    }
}

/// All candidates, best first: by the model's own scores when it is a model of best-sellers, else by recent sales.
fn best_sellers(known: Known<'_>, items: &[u32], places: &[usize]) -> Vec<(usize, f32)> {
    let Known { activity, live, rules, .. } = known;
    let sales = |&number: &u32| activity.sales[number as usize];
    let mut scores: Vec<f64> = rules.candidates.iter().map(sales).collect();
    if !live.model.is_personal() {
        let mut by_model = vec![0.0; items.len()];
        live.model.scorer(items).score(User::default(), &mut by_model);
        scores.fill(0.0);
        for (&place, score) in places.iter().zip(by_model) {
            scores[place] = f64::from(score).max(0.0);
        }
    }
    let adjusted = |(place, score): (usize, f64)| (place, rules.adjust(place, (score + NEVER_SOLD) as f32));
    let mut ranked: Vec<_> = scores.into_iter().enumerate().map(adjusted).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked
}

/// Scratch memory of one thread.
pub struct Worker<'p, 'a> {
    picker: &'p Picker<'a>,
    lens: Lens<'p>,
    scorer: Box<dyn Scorer + 'p>,
    /// By item; and by place, 0 for what the model does not know.
    scores: Vec<f32>,
    by_place: Vec<f32>,
    ranking: Ranking,
    taste: Taste,
}

impl Worker<'_, '_> {
    /// `row`: the customer's in the table of facts.
    pub fn pick(&mut self, customer: &str, row: Option<usize>, arm: Arm) -> Picked {
        let picker = self.picker;
        if arm == Arm::Holdout {
            return Picked { arm, slots: Vec::new() };
        }
        let Known { activity, .. } = picker.known;
        let bought = activity.bought(activity.customers.number(customer));
        let mut slate = Slate::new(self.lens.look(customer, row, bought), picker.slots);
        let knows_them = arm == Arm::Picks && !slate.is_full() && self.rank(customer, slate.sight());
        self.fill(bought, (arm, knows_them), &mut slate);
        if slate.relax() {
            self.fill(bought, (arm, knows_them), &mut slate);
        }
        Picked { arm, slots: slate.finish() }
    }

    /// The model's own scores by catalogue number, 0 where it knows none; `None` when it does not know the customer.
    pub fn scores_of_all(&mut self, customer: &str) -> Option<Box<[f32]>> {
        self.read_taste(customer);
        if !self.scorer.score(self.taste.user(), &mut self.scores) {
            return None;
        }
        let Known { catalogue, rules, .. } = self.picker.known;
        let mut all = vec![0.0; catalogue.len()].into_boxed_slice();
        for (&score, &place) in self.scores.iter().zip(&self.picker.places) {
            all[rules.candidates[place] as usize] = score;
        }
        Some(all)
    }

    /// What each candidate is worth to a customer, 0 for what may not be shown to them. Where the model is silent it is a
    /// small part of what sells, so that whoever is known comes first.
    pub(super) fn worth(&mut self, customer: &str, row: usize, arm: Arm, out: &mut [f32]) {
        const SILENT: f32 = 1e-6;
        let picker = self.picker;
        let most = picker.best_sellers.first().map_or(1.0, |best| best.1.max(f32::MIN_POSITIVE));
        out.fill(0.0);
        picker.best_sellers.iter().for_each(|&(place, score)| out[place] = SILENT * score / most);
        self.read_taste(customer);
        let is_personal = arm == Arm::Picks && self.scorer.score(self.taste.user(), &mut self.scores);
        let scores = std::mem::take(&mut self.scores);
        let slots = picker.slots;
        let sight = self.sight(customer, Some(row));
        if is_personal {
            let positive = scores.iter().zip(&picker.places).filter(|(score, _)| **score > 0.0);
            positive.for_each(|(&score, &place)| out[place] += sight.adjust(place, score));
        }
        for (place, worth) in out.iter_mut().enumerate() {
            if sight.bar(place, &[], slots).is_some() {
                *worth = 0.0;
            }
        }
        self.scores = scores;
    }

    /// The catalogue's number of a candidate.
    pub(super) fn number(&self, place: usize) -> u32 {
        self.picker.known.rules.candidates[place]
    }

    /// The rules as they stand for one customer.
    pub(super) fn sight(&mut self, customer: &str, row: Option<usize>) -> Sight<'_> {
        let activity = self.picker.known.activity;
        self.lens.look(customer, row, activity.bought(activity.customers.number(customer)))
    }

    /// The candidates that have a score of their own for the customer, as promoted and held back, best first; `None`
    /// when the model does not know the customer.
    pub(super) fn ranking(&mut self, customer: &str, row: Option<usize>) -> Option<Vec<(usize, f32)>> {
        self.read_taste(customer);
        if !self.scorer.score(self.taste.user(), &mut self.scores) {
            return None;
        }
        let (picker, scores) = (self.picker, std::mem::take(&mut self.scores));
        let sight = self.sight(customer, row);
        let positive = scores.iter().zip(&picker.places).filter(|(score, _)| **score > 0.0);
        let mut ranked: Vec<_> =
            positive.map(|(&score, &place)| (place, sight.adjust(place, score))).collect();
        ranked.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        self.scores = scores;
        Some(ranked)
    }

    fn fill(&mut self, bought: Bought<'_>, (arm, knows_them): (Arm, bool), slate: &mut Slate<'_>) {
        let picker = self.picker;
        if knows_them {
            let mut ranking = std::mem::take(&mut self.ranking);
            if let Some(variety) = picker.variety {
                let most = (CANDIDATES_A_SLOT * picker.slots).max(FEWEST_CANDIDATES);
                let ranked: Vec<_> = (0..most).map_while(|nth| ranking.nth(nth)).collect();
                slate.fill_varied(Origin::Personal, &ranked, variety, |place| self.reason(place, bought));
            }
            let ranked = (0..).map_while(|nth| ranking.nth(nth));
            slate.fill(Origin::Personal, ranked, |place| self.reason(place, bought));
            self.ranking = ranking;
        }
        if let (Arm::Picks, false, Some(ranked)) = (arm, slate.is_full(), picker.favourite(bought)) {
            slate.fill(Origin::Category, ranked.iter().copied(), |_| (Why::Category, None));
        }
        slate.fill(Origin::Popular, picker.best_sellers.iter().copied(), |_| (Why::Popular, None));
    }

    /// Ranks what may be shown to a customer; answers whether the model knows them.
    fn rank(&mut self, customer: &str, sight: &Sight<'_>) -> bool {
        self.read_taste(customer);
        if !self.scorer.score(self.taste.user(), &mut self.scores) {
            return false;
        }
        for (&score, &place) in self.scores.iter().zip(&self.picker.places) {
            self.by_place[place] = score;
        }
        let multipliers: Vec<_> = sight.multipliers().collect();
        let offer = Offer {
            scores: &self.by_place,
            factors: &self.picker.factors,
            allowed: sight.allowed(),
            multipliers: &multipliers,
        };
        self.ranking.rank(&offer, (2 * self.picker.slots).clamp(FEWEST_RANKED, MOST_RANKED));
        true
    }

    /// The customer as the model sees them, and the model.
    pub(super) fn user(&mut self, customer: &str) -> (User<'_>, &LiveModel) {
        self.read_taste(customer);
        (self.taste.user(), self.picker.known.live)
    }

    fn read_taste(&mut self, customer: &str) {
        let Known { behaviour, live, .. } = self.picker.known;
        self.taste.read(customer, (behaviour, live), &self.picker.item_of);
    }

    fn reason(&self, place: usize, bought: Bought<'_>) -> (Why, Option<u32>) {
        let Known { catalogue, live, rules, .. } = self.picker.known;
        let number = rules.candidates[place];
        // Other models' explanations cost more than their scores; the reason is then taken from the customer's own
        // purchases.
        if live.model.explains_cheaply() {
            let at = self.picker.places.iter().position(|&other| other == place);
            let item = at.map(|at| self.picker.items[at]);
            let spoke = item.and_then(|item| live.model.explain(self.taste.user(), item, 1).first().copied());
            let past = spoke.and_then(|spoke| catalogue.number(live.products.id(spoke.item)));
            return match past {
                Some(past) if bought.has(past) => (Why::Bought, Some(past)),
                Some(past) => (Why::LookedAt, Some(past)),
                None => (Why::Taste, None),
            };
        }
        let category = catalogue.category_of(number);
        let same = (bought.products.iter().zip(bought.last_at_us))
            .filter(|&(&past, _)| {
                past != number && category.is_some() && catalogue.category_of(past) == category
            })
            .max_by_key(|&(&past, &at_us)| (at_us, past));
        same.map_or((Why::Taste, None), |(&past, _)| (Why::Fits, Some(past)))
    }
}

#[cfg(test)]
#[path = "pick_tests.rs"]
mod tests;
