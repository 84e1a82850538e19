//! What is known of the moment beside what the models say: whether a product is new, sells better of late or at this time
//! of year, and costs what the customer usually pays.
//!
//! Each fact raises or lowers a sum of votes by a factor e^(weight · fact), as the features of a conditional logit do
//! (McFadden 1974). A weight is kept only where lists of people whose later choices are known became better beyond
//! chance, so that a shop in which nothing changes has none.

use crate::recommender::load::Arrays;
use crate::recommender::models::popular::times;
use crate::recommender::{Description, Log, ModelError, Observed, Tensor, User};
use serde::{Deserialize, Serialize};

const DAY: f32 = 86_400.0;
/// Newness falls to 1 / e in so many days. Of 20, 60 and 180, 60 found most in four quarters of a wholesaler's orders.
const NEW_DAYS: f32 = 60.0;
/// What was there when the log began may be of any age.
const BEGINNING_DAYS: f32 = 30.0;
/// What counts as of late.
const LATELY_DAYS: f32 = 14.0;
/// Deeds that a change is believed from: below, an item is drawn to what is usual.
const BELIEVED: f32 = 2.0;

/// What stands for a price that is not known; stored numbers are finite.
const UNKNOWN: f32 = f32::MAX;

/// Facts of a pair of user and item, in the order of [`Weights::all`].
pub const FACTS: usize = 4;

/// How much each fact counts; 0 for not at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weights {
    /// Of e^(−age / 60 days), the age being that of the item's first deed.
    pub newness: f32,
    /// Of the logarithm of its share of the last 14 days' deeds by its share of all.
    pub momentum: f32,
    /// Of the logarithm of how much more of it is sold at this time of year.
    pub season: f32,
    /// Of minus the distance between the logarithms of its price and of the user's middle one.
    pub price: f32,
}

impl Weights {
    pub fn all(self) -> [f32; FACTS] {
        [self.newness, self.momentum, self.season, self.price]
    }

    pub fn of([newness, momentum, season, price]: [f32; FACTS]) -> Self {
        Self { newness, momentum, season, price }
    }

    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    pub fn check(self) -> Result<(), ModelError> {
        if self.all().iter().all(|weight| (0.0..=10.0).contains(weight)) {
            return Ok(());
        }
        Err(ModelError::parameter("context", &format!("{:?}", self.all()), "weights from 0 to 10"))
    }
}

/// What is known of the items at the end of what was observed.
pub struct Facts {
    /// For each item newness, momentum and season.
    of_items: Vec<[f32; FACTS - 1]>,
    /// Natural logarithms, or [`UNKNOWN`]. Empty where nothing has a price.
    prices: Vec<f32>,
}

impl Facts {
    /// *Cost*: a few passes over the log.
    pub fn of(observed: Observed<'_>) -> Self {
        let items = observed.interactions.items();
        let of_items = match observed.log.filter(|log| !log.is_empty()) {
            Some(log) => moments(log, items),
            None => vec![[0.0; FACTS - 1]; items],
        };
        let price = |item: &Description| item.price.filter(|price| *price > 0.0).map_or(UNKNOWN, f32::ln);
        let prices: Vec<f32> = observed.items.map_or_else(Vec::new, |all| all.0.iter().map(price).collect());
        let has_prices = prices.len() == items && prices.iter().any(|price| *price < UNKNOWN);
        Self { of_items, prices: if has_prices { prices } else { Vec::new() } }
    }

    /// Of the pair; `usual` is the user's [`usual_price`].
    pub fn of_pair(&self, usual: Option<f32>, item: u32) -> [f32; FACTS] {
        let [newness, momentum, season] = self.of_items[item as usize];
        [newness, momentum, season, -distance(&self.prices, usual, item)]
    }

    pub fn usual_price(&self, user: User<'_>) -> Option<f32> {
        usual_price(&self.prices, user)
    }

    /// With these weights, ready to be asked.
    pub fn weighed(self, weights: Weights) -> Context {
        let lift = |facts: &[f32; FACTS - 1]| -> f32 {
            let sum: f32 = facts.iter().zip(weights.all()).map(|(fact, weight)| fact * weight).sum();
            sum.exp()
        };
        Context {
            lifts: self.of_items.iter().map(lift).collect(),
            prices: if weights.price > 0.0 { self.prices } else { Vec::new() },
            price_weight: weights.price,
        }
    }
}

/// Newness, momentum and season of each item.
fn moments(log: &Log, items: usize) -> Vec<[f32; FACTS - 1]> {
    let (mut start, mut end) = (i64::MAX, i64::MIN);
    for deed in log.deeds() {
        (start, end) = (start.min(deed.at), end.max(deed.at));
    }
    let age_days = |at: i64| (end - at) as f32 / DAY;
    let mut firsts = vec![i64::MAX; items];
    let (mut late, mut every) = (vec![0f32; items], vec![0f32; items]);
    for deed in log.deeds().filter(|deed| (deed.item as usize) < items) {
        let item = deed.item as usize;
        firsts[item] = firsts[item].min(deed.at);
        every[item] += 1.0;
        late[item] += if age_days(deed.at) <= LATELY_DAYS { 1.0 } else { 0.0 };
    }
    let late_share = late.iter().sum::<f32>() / log.len() as f32;
    let seasons = times::season(log);
    (0..items)
        .map(|item| {
            let is_of_the_beginning = (firsts[item] - start) as f32 <= BEGINNING_DAYS * DAY;
            let newness = if every[item] == 0.0 || is_of_the_beginning {
                0.0
            } else {
                (-age_days(firsts[item]) / NEW_DAYS).exp()
            };
            let momentum = ((late[item] + BELIEVED) / (every[item] * late_share + BELIEVED)).ln();
            let season = seasons.as_ref().and_then(|all| all.get(item)).map_or(0.0, |factor| factor.ln());
            [newness, momentum, if season.is_finite() { season } else { 0.0 }]
        })
        .collect()
}

/// The middle of the logarithms of what the user's items cost.
fn usual_price(prices: &[f32], user: User<'_>) -> Option<f32> {
    let known = user.items.iter().filter_map(|&item| prices.get(item as usize));
    let mut known: Vec<f32> = known.copied().filter(|price| *price < UNKNOWN).collect();
    let middle = known.len() / 2;
    (!known.is_empty()).then(|| *known.select_nth_unstable_by(middle, f32::total_cmp).1)
}

/// 0 where one of the two is unknown.
fn distance(prices: &[f32], usual: Option<f32>, item: u32) -> f32 {
    match (usual, prices.get(item as usize)) {
        (Some(usual), Some(price)) if *price < UNKNOWN => (price - usual).abs(),
        _ => 0.0,
    }
}

/// What the facts make of a sum of votes.
#[derive(Debug, Default)]
pub struct Context {
    /// A factor for each item; empty where nothing but the votes counts.
    pub lifts: Vec<f32>,
    /// Logarithms; empty where prices do not count.
    pub prices: Vec<f32>,
    pub price_weight: f32,
}

impl Context {
    pub fn is_none(&self) -> bool {
        self.lifts.is_empty()
    }

    /// Empty where nothing but the votes counts.
    pub fn tensors(&self) -> Vec<Tensor<'_>> {
        if self.is_none() {
            return Vec::new();
        }
        vec![
            Tensor::f32("context_lifts", &[self.lifts.len()], &self.lifts),
            Tensor::f32("context_prices", &[self.prices.len()], &self.prices),
        ]
    }

    /// *Errors*: [`ModelError::Damaged`].
    pub fn load(arrays: &mut Arrays, price_weight: f32) -> Result<Self, ModelError> {
        let (lifts, prices) = (arrays.f32("context_lifts")?.1, arrays.f32("context_prices")?.1);
        if lifts.is_empty() || !(prices.is_empty() || prices.len() == lifts.len()) {
            return Err(ModelError::Damaged("the context does not fit the items".into()));
        }
        Ok(Self { lifts, prices, price_weight })
    }

    /// As many as there are items; `None` where nothing but the votes counts.
    pub fn items(&self) -> Option<usize> {
        (!self.is_none()).then_some(self.lifts.len())
    }

    /// Raises or lowers the user's sums of the candidates.
    pub fn apply(&self, user: User<'_>, candidates: &[u32], sums: &mut [f32]) {
        if self.is_none() {
            return;
        }
        for (sum, &item) in sums.iter_mut().zip(candidates) {
            *sum *= self.lifts[item as usize];
        }
        let usual = usual_price(&self.prices, user.within(self.lifts.len()));
        if usual.is_some() {
            for (sum, &item) in sums.iter_mut().zip(candidates) {
                *sum *= (-self.price_weight * distance(&self.prices, usual, item)).exp();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommender::{Deed, Descriptions, Interactions, Kind};

    const DAYS: i64 = 86_400;

    /// Item 0 is old and fading, item 1 came 60 days ago, item 2 nobody bought; the last deed is of day 200.
    fn log() -> Log {
        let deed = |item, day: i64| Deed { user: 0, item, kind: Kind::Purchase, at: day * DAYS };
        let old = (0..8).map(|n| deed(0, 10 * n));
        Log::from_deeds(1, 3, old.chain([deed(1, 140), deed(1, 199), deed(1, 200)]).collect())
    }

    #[test]
    fn facts_are_those_of_the_formulas() {
        let bought = Interactions::from_triples(1, 3, [(0, 0, 8.0), (0, 1, 3.0)]);
        let described = |price| Description { price, ..Description::default() };
        let items = Descriptions(vec![described(Some(10.0)), described(Some(40.0)), described(None)]);
        let log = log();
        let facts = Facts::of(Observed { interactions: &bought, log: Some(&log), items: Some(&items) });
        let user = User::of(Some(0), bought.row(0));
        // The upper of two middle prices.
        let usual = facts.usual_price(user);
        assert!((usual.unwrap() - 40f32.ln()).abs() < 1e-6);
        let close = |found: [f32; FACTS], expected: [f32; FACTS]| {
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{found:?} {expected:?}");
        };
        // Two of eleven deeds are of late.
        let momentum = |late: f32, every: f32| ((late + 2.0) / (every * 2.0 / 11.0 + 2.0)).ln();
        close(facts.of_pair(usual, 0), [0.0, momentum(0.0, 8.0), 0.0, -(4f32.ln())]);
        close(facts.of_pair(usual, 1), [(-1f32).exp(), momentum(2.0, 3.0), 0.0, 0.0]);
        close(facts.of_pair(usual, 2), [0.0; FACTS]);
        close(facts.of_pair(None, 0), [0.0, momentum(0.0, 8.0), 0.0, 0.0]);
    }

    #[test]
    fn weights_are_exponents_of_a_factor() {
        let bought = Interactions::from_triples(1, 3, [(0, 0, 8.0), (0, 1, 3.0)]);
        let log = log();
        let observed = Observed { log: Some(&log), ..(&bought).into() };
        let context = Facts::of(observed).weighed(Weights { newness: 0.5, ..Weights::default() });
        let mut sums = [2.0, 2.0, 2.0];
        context.apply(User::default(), &[0, 1, 2], &mut sums);
        let lifted = 2.0 * (0.5 * (-1f32).exp()).exp();
        assert!(sums[0] == 2.0 && (sums[1] - lifted).abs() < 1e-5 && sums[2] == 2.0, "{sums:?}");
        let mut alone = [2.0];
        context.apply(User::default(), &[1], &mut alone);
        assert_eq!(alone[0], sums[1]);
    }
}
