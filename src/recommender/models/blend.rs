//! Several models vote, and what each vote counts is learned from what people chose next.
//!
//! *Source*: stacking (Wolpert, Neural Networks 1992) with linear weights, which Bell and Koren's blends for the
//! Netflix prize made usual among recommenders (SIGKDD Explorations 2007).

mod context;
pub(in crate::recommender) mod mixture;
pub(in crate::recommender) mod pool;

use super::super::holdout::Holdout;
use crate::recommender::load::Arrays;
use crate::recommender::{
    Contribution, Model, ModelError, Observed, Params as AnyParams, Resources, Scorer, Tensor, User, load,
};
pub use context::Weights;
use context::{Context, Facts};
pub use mixture::{Mixture, Vote};
use pool::Pool;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Who votes: models with their parameters, or their names, parted by commas.
    #[serde(deserialize_with = "named")]
    pub components: Vec<AnyParams>,
    /// What the votes count. Learned from a part held back when it is not given.
    pub mixture: Option<Mixture>,
    /// Share of the interactions held back: the newest where times are known.
    pub held_out: f32,
    /// People whose next choices the votes are learned from. Fewer are fewer to ask, and their votes are more of a chance:
    /// on Gowalla those of 1,000 found 1.5 % less, and of 3,000 up to 1 % less, than those of 7,000.
    pub users: usize,
}

impl Default for Params {
    fn default() -> Self {
        let components = ["ease", "item_knn", "als", "spectral"];
        Self {
            components: components.iter().filter_map(|kind| AnyParams::default_of(kind).ok()).collect(),
            mixture: None,
            held_out: 0.2,
            users: 10_000,
        }
    }
}

fn named<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<AnyParams>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Names(String),
        List(Vec<AnyParams>),
    }
    match Form::deserialize(from)? {
        Form::List(list) => Ok(list),
        Form::Names(names) => names
            .split(',')
            .map(|name| AnyParams::default_of(name.trim()).map_err(serde::de::Error::custom))
            .collect(),
    }
}

#[derive(Debug, Clone)]
pub struct ValidParams(Params);

impl Params {
    /// Whether more than votes counts.
    pub fn has_context(&self) -> bool {
        self.mixture.as_ref().is_some_and(|mixture| !mixture.context.is_none())
    }

    /// Whether prices count.
    pub fn has_prices(&self) -> bool {
        self.mixture.as_ref().is_some_and(|mixture| mixture.context.price > 0.0)
    }

    pub fn check(self) -> Result<ValidParams, ModelError> {
        if self.components.is_empty() || self.components.iter().any(|part| part.kind() == "blend") {
            let kinds: Vec<&str> = self.components.iter().map(AnyParams::kind).collect();
            return Err(ModelError::parameter(
                "components",
                &kinds.join(", "),
                "one or more models that are not blends",
            ));
        }
        if !(self.held_out > 0.0 && self.held_out <= 0.5) {
            return Err(ModelError::parameter("held_out", &self.held_out, "above 0, at most 0.5"));
        }
        if self.users == 0 {
            return Err(ModelError::parameter("users", &0, "1 or more"));
        }
        for component in &self.components {
            component.check()?;
        }
        if let Some(mixture) = &self.mixture {
            mixture.check(self.components.len())?;
        }
        Ok(ValidParams(self))
    }
}

/// *Units*: a score is the chance that the user goes for the item in a time as long as the part held back.
pub struct Blend {
    components: Vec<Box<dyn Model>>,
    mixture: Mixture,
    context: Context,
}

/// *Cost*: that of its components, twice where the votes are learned, and of their scores for the people asked.
/// *Errors*: theirs.
pub fn fit(
    params: &ValidParams,
    observed: Observed<'_>,
    resources: &Resources<'_>,
) -> Result<Blend, ModelError> {
    let ValidParams(params) = params;
    let mixture = match &params.mixture {
        Some(mixture) => mixture.clone(),
        None => learn(params, observed, resources)?,
    };
    let heard = params.components.iter().zip(&mixture.votes).filter(|(_, vote)| vote.weight != 0.0);
    let components =
        heard.map(|(component, _)| component.fit(observed, resources)).collect::<Result<_, _>>()?;
    let votes = mixture.votes.iter().copied().filter(|vote| vote.weight != 0.0).collect();
    Ok(Blend::of(components, Mixture { votes, ..mixture }, observed))
}

fn learn(params: &Params, observed: Observed<'_>, resources: &Resources<'_>) -> Result<Mixture, ModelError> {
    let equal = || Mixture {
        votes: vec![Vote { weight: 1.0, growth: 0.0 }; params.components.len()],
        slope: 1.0,
        offset: 0.0,
        context: Weights::default(),
    };
    let holdout = Holdout::newest(observed, params.held_out, params.users, resources.seed);
    let users = holdout.users(params.users);
    if holdout.train.is_empty() || users.is_empty() {
        return Ok(equal());
    }
    let fitted: Vec<Box<dyn Model>> = params
        .components
        .iter()
        .map(|component| component.fit(holdout.observed(observed), resources))
        .collect::<Result<_, _>>()?;
    let models: Vec<&dyn Model> = fitted.iter().map(|model| &**model).collect();
    let train = holdout.observed(observed);
    let pool = Pool::gather(&models, train, &holdout.train, &holdout.test, &users, resources)?;
    let mixture = pool.learn(0..pool.cases());
    let silent = mixture.votes.iter().all(|vote| vote.weight == 0.0);
    Ok(if silent { equal() } else { mixture })
}

impl Blend {
    /// Of models that are fitted already, one vote for each, to what they were.
    pub(in crate::recommender) fn of(
        components: Vec<Box<dyn Model>>,
        mixture: Mixture,
        observed: Observed<'_>,
    ) -> Self {
        let context = match mixture.context {
            none if none.is_none() => Context::default(),
            weights => Facts::of(observed).weighed(weights),
        };
        Self { components, mixture, context }
    }

    pub(in crate::recommender) fn load(arrays: &mut Arrays) -> Result<Self, ModelError> {
        let damaged = || ModelError::Damaged("the blend does not say what it is made of".into());
        let text: Vec<u8> = arrays.u32("components")?.into_iter().map(|byte| byte as u8).collect();
        let kinds = String::from_utf8(text).map_err(|_| damaged())?;
        let kinds: Vec<&str> = kinds.split(',').collect();
        // An odd count begins with how much prices count, and the context follows.
        let numbers = arrays.f32("mixture")?.1;
        let (prices, numbers) = numbers.split_at(numbers.len() % 2);
        let context = match prices.first() {
            Some(&weight) => Context::load(arrays, weight)?,
            None => Context::default(),
        };
        let (settings, votes) = numbers.split_at_checked(2).ok_or_else(damaged)?;
        let (votes, rest) = votes.as_chunks::<2>();
        let mixture = Mixture {
            votes: votes.iter().map(|&[weight, growth]| Vote { weight, growth }).collect(),
            slope: settings[0],
            offset: settings[1],
            context: Weights { price: context.price_weight, ..Weights::default() },
        };
        if !rest.is_empty() || mixture.check(kinds.len()).is_err() {
            return Err(damaged());
        }
        let mut components = Vec::new();
        for (at, kind) in kinds.into_iter().enumerate() {
            if kind == "blend" {
                return Err(damaged());
            }
            components.push(load(kind, arrays.below(&format!("{at}."))).map_err(|error| match error {
                ModelError::UnknownModel(..) => damaged(),
                error => error,
            })?);
        }
        let items = components.first().map_or(0, |model| model.items());
        let differs = |other: usize| other != items;
        if components.iter().map(|model| model.items()).chain(context.items()).any(differs) {
            return Err(ModelError::Damaged("the models of the blend know different items".into()));
        }
        Ok(Self { components, mixture, context })
    }

    /// The models and what their votes count.
    pub fn parts(&self) -> impl Iterator<Item = (&dyn Model, Vote)> {
        self.components.iter().map(|model| &**model).zip(self.mixture.votes.iter().copied())
    }
}

impl Model for Blend {
    fn kind(&self) -> &'static str {
        "blend"
    }

    fn items(&self) -> usize {
        self.components.first().map_or(0, |model| model.items())
    }

    fn scorer<'a>(&'a self, candidates: &'a [u32]) -> Box<dyn Scorer + 'a> {
        Box::new(Voting {
            model: self,
            candidates,
            scorers: self.components.iter().map(|model| model.scorer(candidates)).collect(),
            votes: Vec::new(),
        })
    }

    /// Each of the user's items has the share of the probability that it has of the votes; a vote for which its model
    /// knows no reason is left out.
    fn explain(&self, user: User<'_>, item: u32, at_most: usize) -> Vec<Contribution> {
        let user = user.within(self.items());
        let mut amounts: BTreeMap<u32, f32> = BTreeMap::new();
        for (model, vote) in self.parts() {
            for part in model.explain(user, item, usize::MAX) {
                *amounts.entry(part.item).or_default() += part.amount * vote.of(user.items.len() as f32);
            }
        }
        let sum: f32 = amounts.values().sum();
        let mut probability = [0.0];
        self.scorer(&[item]).score(user, &mut probability);
        let share = if sum > 0.0 { probability[0] / sum } else { 1.0 };
        let parts = amounts.into_iter().map(|(item, amount)| Contribution { item, amount: amount * share });
        Contribution::strongest(parts.collect(), at_most)
    }

    fn needs_past(&self) -> bool {
        self.components.iter().any(|model| model.needs_past())
    }

    fn is_personal(&self) -> bool {
        self.components.iter().any(|model| model.is_personal())
    }

    fn tensors(&self) -> Vec<Tensor<'_>> {
        let kinds: Vec<&str> = self.components.iter().map(|model| model.kind()).collect();
        let text: Vec<u32> = kinds.join(",").bytes().map(u32::from).collect();
        let votes = self.mixture.votes.iter().flat_map(|vote| [vote.weight, vote.growth]);
        let settings = [self.mixture.slope, self.mixture.offset];
        let prices = (!self.context.is_none()).then_some(self.context.price_weight);
        let numbers: Vec<f32> = prices.into_iter().chain(settings).chain(votes).collect();
        let mut tensors =
            vec![Tensor::u32("components", text), Tensor::f32("mixture", &[numbers.len()], numbers)];
        tensors.extend(self.context.tensors());
        for (at, model) in self.components.iter().enumerate() {
            tensors.extend(
                model
                    .tensors()
                    .into_iter()
                    .map(|tensor| Tensor { name: format!("{at}.{}", tensor.name).into(), ..tensor }),
            );
        }
        tensors
    }
}

struct Voting<'a> {
    model: &'a Blend,
    candidates: &'a [u32],
    scorers: Vec<Box<dyn Scorer + 'a>>,
    /// One component's scores.
    votes: Vec<f32>,
}

impl Scorer for Voting<'_> {
    fn score(&mut self, user: User<'_>, scores: &mut [f32]) -> bool {
        self.score_batch(&[user], scores)[0]
    }

    fn score_batch(&mut self, users: &[User<'_>], scores: &mut [f32]) -> Vec<bool> {
        scores.fill(0.0);
        let mut personal = vec![false; users.len()];
        if users.is_empty() {
            return personal;
        }
        let Blend { mixture, context, .. } = self.model;
        let (candidates, items) = (self.candidates.len(), self.model.items());
        self.votes.resize(scores.len(), 0.0);
        for (scorer, vote) in self.scorers.iter_mut().zip(&mixture.votes) {
            let answered = scorer.score_batch(users, &mut self.votes);
            for (n, answered) in answered.into_iter().enumerate() {
                personal[n] |= answered;
                let weight = vote.of(users[n].within(items).items.len() as f32);
                let range = n * candidates..(n + 1) * candidates;
                for (score, vote) in scores[range.clone()].iter_mut().zip(&self.votes[range]) {
                    *score += weight * vote;
                }
            }
        }
        for (&user, sums) in users.iter().zip(scores.chunks_exact_mut(candidates.max(1))) {
            context.apply(user, self.candidates, sums);
        }
        scores.iter_mut().for_each(|score| *score = mixture.probability(*score));
        personal
    }
}
