//! Let Handpick choose: models and parameters race on choices that people made later, and the best one wins; unless
//! best-sellers are as good.
//!
//! *Source*: successive halving (Jamieson, Talwalkar, AISTATS 2016): everything is tried on a part of the data, and the
//! best third again on all of it. What is tried depends on the size of the data alone, never on a clock, so that a race
//! repeats itself exactly.

mod contestants;
mod outcome;

pub use outcome::{Outcome, Tried};

use super::evaluation::{Evaluation, evaluate, paired_difference};
use super::holdout::{Holdout, evenly};
use super::models::blend::{self, Blend, Mixture, pool::Pool};
use super::{Interactions, Model, ModelError, Observed, Params, Resources, plain_name};
use crate::progress::Silent;
use serde::{Deserialize, Serialize};

/// What the race is about: everybody learns from `train` and is judged by what `test` holds.
#[derive(Clone, Copy)]
pub struct Arena<'a> {
    pub train: Observed<'a>,
    /// What may not be picked again.
    pub owned: &'a Interactions,
    pub test: &'a Interactions,
    /// Length of the lists.
    pub k: usize,
}

/// How much is tried.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// Every kind of model with its defaults.
    Quick,
    /// Other parameters as well.
    #[default]
    Thorough,
}

/// People whose choices decide what is tried on all of the data.
const FIRST_ROUND: usize = 1000;

/// People the best of each kind are measured on, and a blend's votes are learned from.
const SECOND_ROUND: usize = 10_000;

/// Of what was observed.
const HELD_BACK: f32 = 0.2;

/// Parameters that gain less of the defaults' NDCG than this, with confidence, are left alone.
const WORTH_IT: f64 = 0.02;

/// Below so many interactions everything is tried on all of them.
const SMALL: usize = 200_000;

/// The first round learns from so many users of a large log.
const SHARE_OF_USERS: usize = 3;

/// A kind's best contestant, fitted on all of the arena's training data.
struct Finalist {
    params: Params,
    model: Box<dyn Model>,
}

/// A contestant, and its NDCG for each of those who judge.
struct Racer {
    finalist: Finalist,
    ndcg: Vec<f64>,
}

/// Holds the newest fifth back, or without times a fifth of what those who judge have, and races on it.
///
/// *Errors*: as [`race`].
pub fn choose(
    observed: Observed<'_>,
    k: usize,
    effort: Effort,
    resources: &Resources<'_>,
) -> Result<Outcome, ModelError> {
    let holdout = Holdout::newest(observed, HELD_BACK, SECOND_ROUND, resources.seed);
    let train = holdout.observed(observed);
    race(Arena { train, owned: &holdout.train, test: &holdout.test, k }, effort, resources)
}

/// *Cost*: some twenty trainings on a third of the users and ten on all. *Errors*: [`ModelError::Cancelled`],
/// [`ModelError::NoInteractions`]; a contestant that needs more memory than there is, or whose numbers run away, is
/// out and no error.
pub fn race(arena: Arena<'_>, effort: Effort, resources: &Resources<'_>) -> Result<Outcome, ModelError> {
    let judges = arena.people(SECOND_ROUND);
    let popular_params = Params::default_of("popular")?;
    let popular_model = popular_params.fit(arena.train, resources)?;
    if judges.is_empty() {
        let nothing = Evaluation::default();
        return Ok(Outcome {
            params: popular_params,
            winner: nothing.clone(),
            popular: nothing,
            difference: [0.0; 3],
            tried: Vec::new(),
            left_out: Vec::new(),
        });
    }
    let mut left_out = Vec::new();
    let mut finalists = Vec::new();
    for kind in contestants::kinds(arena.train) {
        resources.progress.phase(&format!("Trying “{}”", plain_name(kind).unwrap_or(kind)), None);
        let contestants = match effort {
            Effort::Quick => vec![Params::default_of(kind)?],
            Effort::Thorough => contestants::of(kind, arena.train)?,
        };
        match arena.best_of(contestants, &judges, resources) {
            Ok(finalist) => finalists.extend(finalist),
            Err(error) if only_bars_it(&error) => left_out.push((kind, error)),
            Err(error) => return Err(error),
        }
    }
    let outcome = arena.finish(finalists, (popular_params, &*popular_model), &judges, resources)?;
    Ok(Outcome { left_out, ..outcome })
}

/// Whether the others may race on without it.
fn only_bars_it(error: &ModelError) -> bool {
    matches!(
        error,
        ModelError::TooLarge { .. }
            | ModelError::NotFinite
            | ModelError::NoInteractions
            | ModelError::NoDescriptions
    )
}

impl Arena<'_> {
    /// Who has something to find.
    fn people(&self, at_most: usize) -> Vec<u32> {
        let finds = |&user: &u32| {
            let owned = self.owned.row(user).0;
            self.test.row(user).0.iter().any(|item| owned.binary_search(item).is_err())
        };
        evenly((0..self.test.users() as u32).filter(finds).collect(), at_most)
    }

    fn measure(
        &self,
        model: &dyn Model,
        people: &[u32],
        resources: &Resources<'_>,
    ) -> Result<Evaluation, ModelError> {
        if resources.progress.cancelled() {
            return Err(ModelError::Cancelled);
        }
        let test = rows_of(self.test, people);
        evaluate(model, self.train, self.owned, &test, self.k, &Silent)
    }

    /// The best of one kind, or its defaults where nothing is certainly and clearly better: what wins by little in a time
    /// that is over, after learning from a part, tends to smooth too much, and a blend of models that all do loses by it.
    /// *Errors*: as [`Self::rank`].
    fn best_of(
        &self,
        mut contestants: Vec<Params>,
        judges: &[u32],
        resources: &Resources<'_>,
    ) -> Result<Option<Finalist>, ModelError> {
        let Some(defaults) = contestants.first().cloned() else { return Ok(None) };
        if contestants.len() > 1 && self.train.interactions.len() > SMALL {
            let few = evenly(judges.to_vec(), FIRST_ROUND);
            let part = part_of_users(self.train.interactions, &few);
            let train = Observed { interactions: &part, ..self.train };
            let ranked = self.rank(contestants, train, &few, resources)?;
            contestants = ranked.into_iter().map(|racer| racer.finalist.params).collect();
            contestants.truncate(contestants.len().div_ceil(3));
            if !contestants.contains(&defaults) {
                contestants.push(defaults.clone());
            }
        }
        let judges = evenly(judges.to_vec(), 3 * FIRST_ROUND);
        let mut ranked = self.rank(contestants, self.train, &judges, resources)?;
        if let Some(at) = ranked.iter().position(|racer| racer.finalist.params == defaults) {
            let [low, mean, _] = paired_difference(&ranked[0].ndcg, &ranked[at].ndcg, resources.seed);
            let of_best = ranked[0].ndcg.iter().sum::<f64>() / ranked[0].ndcg.len().max(1) as f64;
            if low <= WORTH_IT * (of_best - mean) {
                ranked.swap(0, at);
            }
        }
        Ok(ranked.into_iter().next().map(|racer| racer.finalist))
    }

    /// Best first, by NDCG. *Errors*: why the first cannot be fitted, when none can.
    fn rank(
        &self,
        contestants: Vec<Params>,
        train: Observed<'_>,
        people: &[u32],
        resources: &Resources<'_>,
    ) -> Result<Vec<Racer>, ModelError> {
        let mut ranked = Vec::new();
        let mut barred = None;
        for params in contestants {
            let model = match params.fit(train, resources) {
                Ok(model) => model,
                Err(error) if only_bars_it(&error) => {
                    barred.get_or_insert(error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            let found = self.measure(&*model, people, resources)?;
            let racer = Racer { finalist: Finalist { params, model }, ndcg: found.ndcg };
            ranked.push((found.quality.ndcg, racer));
        }
        if let Some(error) = barred.filter(|_| ranked.is_empty()) {
            return Err(error);
        }
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let ranked = ranked.into_iter().map(|(_, racer)| racer).collect();
        Ok(ranked)
    }

    /// A blend of the finalists joins them. Its votes are learned from every other judge, and the rest decide, so that
    /// nobody is judged by those they learned from.
    fn finish(
        &self,
        finalists: Vec<Finalist>,
        (popular_params, popular_model): (Params, &dyn Model),
        judges: &[u32],
        resources: &Resources<'_>,
    ) -> Result<Outcome, ModelError> {
        let teachers: Vec<u32> = judges.iter().copied().step_by(2).collect();
        let mut deciding: Vec<u32> = judges.iter().copied().skip(1).step_by(2).collect();
        if deciding.is_empty() {
            deciding.clone_from(&teachers);
        }
        let popular = self.measure(popular_model, &deciding, resources)?;
        let mut results = Vec::new();
        for finalist in &finalists {
            let found = self.measure(&*finalist.model, &deciding, resources)?;
            results.push((finalist.params.clone(), found));
        }
        if finalists.len() > 1 {
            let models: Vec<&dyn Model> = finalists.iter().map(|finalist| &*finalist.model).collect();
            let all: Vec<u32> = teachers.iter().chain(&deciding).copied().collect();
            let pool = Pool::gather(&models, self.train, self.owned, self.test, &all, resources)?;
            let mixture = pool.learn(0..teachers.len());
            drop(models);
            if mixture.votes.iter().filter(|vote| vote.weight != 0.0).count() > 1 {
                let components: Vec<Params> =
                    finalists.iter().map(|finalist| finalist.params.clone()).collect();
                // Once it is judged, those who decided may teach too.
                let params = blend_of(components, &pool.learn(0..pool.cases()));
                let models = finalists.into_iter().map(|finalist| finalist.model).collect();
                let found = self.measure(&Blend::of(models, mixture, self.train), &deciding, resources)?;
                results.push((params, found));
            }
        }
        results.push((popular_params.clone(), popular.clone()));
        results.sort_by(|a, b| b.1.quality.ndcg.total_cmp(&a.1.quality.ndcg));
        let tried = results
            .iter()
            .map(|(params, found)| Tried::beside(&results[0].1, params.clone(), found, resources.seed))
            .collect();
        let (mut params, mut winner) = results.swap_remove(0);
        let mut difference = paired_difference(&winner.ndcg, &popular.ndcg, resources.seed);
        if difference[0] <= 0.0 {
            (params, winner, difference) = (popular_params, popular.clone(), [0.0; 3]);
        }
        Ok(Outcome { params, winner, popular, difference, tried, left_out: Vec::new() })
    }
}

/// With the votes that were learned; who has none is left out.
fn blend_of(components: Vec<Params>, mixture: &Mixture) -> Params {
    let heard = components.into_iter().zip(&mixture.votes).filter(|(_, vote)| vote.weight != 0.0);
    let (components, votes) = heard.map(|(params, vote)| (params, *vote)).unzip();
    let mixture = Mixture { votes, ..*mixture };
    Params::Blend(blend::Params { components, mixture: Some(mixture), ..blend::Params::default() })
}

/// The rows of `people`, all others empty.
fn rows_of(all: &Interactions, people: &[u32]) -> Interactions {
    let row = |&user: &u32| {
        let (items, weights) = all.row(user);
        items.iter().zip(weights).map(move |(&item, &weight)| (user, item, weight))
    };
    Interactions::from_triples(all.users(), all.items(), people.iter().flat_map(row))
}

/// Every third user, and those who judge.
fn part_of_users(all: &Interactions, judges: &[u32]) -> Interactions {
    let mut people: Vec<u32> =
        (0..all.users() as u32).step_by(SHARE_OF_USERS).chain(judges.iter().copied()).collect();
    people.sort_unstable();
    people.dedup();
    rows_of(all, &people)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resources() -> Resources<'static> {
        Resources { seed: 1, max_memory_bytes: 1 << 30, progress: &Silent }
    }

    /// Three camps that never cross, the second of them large: its items are the best-sellers.
    fn camps() -> Interactions {
        let camp = |user: u32| if user % 4 == 3 { 2 } else { u32::from(!user.is_multiple_of(4)) };
        let likes = move |user: u32| {
            (0..30)
                .filter(move |n| !(n * 7 + user * 11).is_multiple_of(3))
                .map(move |n| (user, camp(user) * 30 + n, 1.0))
        };
        Interactions::from_triples(120, 90, (0..120).flat_map(likes))
    }

    #[test]
    fn a_personal_model_wins_where_tastes_differ_and_says_so() {
        let camps = camps();
        let outcome = choose((&camps).into(), 10, Effort::Thorough, &resources()).unwrap();
        assert_ne!(outcome.params.kind(), "popular", "{}", outcome.reason());
        assert!(outcome.difference[0] > 0.0 && outcome.reason().contains("against best-sellers"));
        assert!(outcome.tried.is_sorted_by(|a, b| a.quality.ndcg >= b.quality.ndcg));
        assert_eq!(outcome, choose((&camps).into(), 10, Effort::Thorough, &resources()).unwrap());
        outcome.params.fit(&camps, &resources()).unwrap();
    }

    #[test]
    fn best_sellers_stay_where_nobody_is_better() {
        // Everybody draws from the same few favourites by chance.
        let mut random = super::super::models::Random(3);
        let pairs: Vec<(u32, u32, f32)> = (0..60)
            .flat_map(|user| (0..4).map(move |_| user))
            .map(|user| (user, (40.0 * random.uniform().powi(3)) as u32, 1.0))
            .collect();
        let alike = Interactions::from_triples(60, 40, pairs);
        let outcome = choose((&alike).into(), 5, Effort::Thorough, &resources()).unwrap();
        assert_eq!(outcome.params.kind(), "popular", "{}", outcome.reason());
        assert!(outcome.reason().contains("No model was better"));
    }

    #[test]
    fn with_nobody_to_ask_best_sellers_stay() {
        let one = Interactions::from_triples(1, 1, [(0, 0, 1.0)]);
        assert_eq!(
            choose((&one).into(), 5, Effort::Thorough, &resources()).unwrap().params.kind(),
            "popular"
        );
    }
}
