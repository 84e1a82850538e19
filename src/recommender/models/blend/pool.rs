//! What several models think of the items that any of them would pick, for people whose later choices are known:
//! what a mixture of the models is learned from.

use super::context::{FACTS, Facts, Weights};
use super::mixture::{Mixture, Vote};
use crate::recommender::evaluation::paired_difference;
use crate::recommender::{Interactions, Model, ModelError, Observed, Resources, User, top_k};
use rayon::prelude::*;

/// Picks that each model brings into the pool. The best twenty of a mixture stand among the best hundred of one of
/// its models, but for one in a thousand.
const DEPTH: usize = 100;

/// Length of the lists whose NDCG a mixture is judged by.
const LIST: usize = 20;

/// Users scored together.
const USERS_A_TASK: usize = 16;

/// *Shapes*: cases × candidates × models. *Units*: each model's scores are divided by how far it spreads them.
pub struct Pool {
    models: usize,
    cases: Vec<Case>,
    spreads: Vec<f32>,
}

struct Case {
    /// Items the user has.
    size: f32,
    ideal: f64,
    /// Whether the user went for it, for each candidate.
    chosen: Vec<bool>,
    /// Candidates × models.
    scores: Vec<f32>,
    /// What is known of each candidate beside.
    facts: Vec<[f32; FACTS]>,
}

fn discount(place: usize) -> f64 {
    1.0 / ((place + 2) as f64).log2()
}

impl Pool {
    /// *Shapes*: all number the same users and items; every one of `users` has something in `test` beyond `owned`.
    /// *Cost*: a score of every item from every model for each user; 4 bytes × 100 to 100 × models² a user.
    /// *Errors*: [`ModelError::Cancelled`].
    pub fn gather(
        models: &[&dyn Model],
        train: Observed<'_>,
        owned: &Interactions,
        test: &Interactions,
        users: &[u32],
        resources: &Resources<'_>,
    ) -> Result<Self, ModelError> {
        let items = train.interactions.items();
        let everything: Vec<u32> = (0..items as u32).collect();
        let facts = Facts::of(train);
        resources.progress.phase("Asking the models about the days held back", Some(users.len() as u64));
        let cases: Vec<Vec<Case>> = users
            .par_chunks(USERS_A_TASK)
            .map_init(
                || -> Vec<_> { models.iter().map(|model| model.scorer(&everything)).collect() },
                |scorers, users| {
                    if resources.progress.cancelled() {
                        return Err(ModelError::Cancelled);
                    }
                    let asked: Vec<User<'_>> = users.iter().map(|&user| train.user(user)).collect();
                    let scores: Vec<Vec<f32>> = scorers
                        .iter_mut()
                        .map(|scorer| {
                            let mut scores = vec![0f32; users.len() * items];
                            scorer.score_batch(&asked, &mut scores);
                            scores
                        })
                        .collect();
                    resources.progress.advance(users.len() as u64);
                    let case = |(n, &user): (usize, &u32)| {
                        let of_user: Vec<&[f32]> =
                            scores.iter().map(|all| &all[n * items..][..items]).collect();
                        Case::new(&of_user, asked[n], owned.row(user).0, test.row(user).0, &facts)
                    };
                    Ok(users.iter().enumerate().map(case).collect())
                },
            )
            .collect::<Result<_, _>>()?;
        let mut pool =
            Self { models: models.len(), cases: cases.into_iter().flatten().collect(), spreads: vec![] };
        pool.divide_by_spreads();
        Ok(pool)
    }

    /// The distance between a model's best candidate and its middle one, over all cases.
    fn divide_by_spreads(&mut self) {
        for model in 0..self.models {
            let spread = |case: &Case| {
                let mut scores: Vec<f32> =
                    case.scores.iter().skip(model).step_by(self.models).copied().collect();
                scores.sort_unstable_by(f32::total_cmp);
                scores.last().map_or(0.0, |best| f64::from(best - scores[scores.len() / 2]))
            };
            let mean = self.cases.iter().map(spread).sum::<f64>() / self.cases.len().max(1) as f64;
            self.spreads.push(if mean > 0.0 && mean.is_finite() { mean as f32 } else { 1.0 });
        }
        for case in &mut self.cases {
            for scores in case.scores.chunks_exact_mut(self.models) {
                scores.iter_mut().zip(&self.spreads).for_each(|(score, spread)| *score /= spread);
            }
        }
    }

    pub fn cases(&self) -> usize {
        self.cases.len()
    }

    /// NDCG of the mixture for each case in `of`.
    fn ndcg(&self, votes: &[Vote], context: Weights, of: std::ops::Range<usize>) -> Vec<f64> {
        self.cases[of].par_iter().map(|case| case.ndcg(votes, context)).collect()
    }

    fn mean_ndcg(&self, votes: &[Vote], of: &std::ops::Range<usize>) -> f64 {
        let all = self.ndcg(votes, Weights::default(), of.clone());
        all.iter().sum::<f64>() / all.len().max(1) as f64
    }

    /// What each model's vote should count, so that the lists of the cases in `of` are best.
    ///
    /// Coordinate ascent on NDCG itself (Metzler, Croft, “Linear feature-based models for information retrieval”,
    /// Information Retrieval 2007): few numbers are learned from many people, and a list is what people see. A logistic
    /// model of single picks ranks worse, because most of its likelihood lies in what nobody would pick. *Cost*: some
    /// hundred passes over the pool.
    pub fn learn(&self, of: std::ops::Range<usize>) -> Mixture {
        let mut best = (0.0, vec![Vote::default(); self.models]);
        for model in 0..self.models {
            for growth in GROWTHS {
                let mut votes = vec![Vote::default(); self.models];
                votes[model] = Vote { weight: 1.0, growth };
                let found = self.mean_ndcg(&votes, &of);
                if found > best.0 * (1.0 + LEAST_GAIN) {
                    best = (found, votes);
                }
            }
        }
        for _ in 0..ROUNDS {
            let before = best.0;
            for model in 0..self.models {
                self.improve(model, &of, &mut best);
            }
            if best.0 <= before * (1.0 + LEAST_GAIN) {
                break;
            }
        }
        let votes = best.1;
        let context = self.learn_context(&votes, &of);
        let (slope, offset) = self.calibrate(&votes, context, of);
        let weights = votes.iter().zip(&self.spreads);
        let votes = weights.map(|(vote, spread)| Vote { weight: vote.weight / spread, ..*vote }).collect();
        Mixture { votes, slope, offset, context }
    }

    /// Tries other weights for one model's vote and keeps the best.
    fn improve(&self, model: usize, of: &std::ops::Range<usize>, best: &mut (f64, Vec<Vote>)) {
        let sum: f32 = best.1.iter().map(|vote| vote.weight).sum();
        let now = best.1[model];
        let weights: Vec<f32> = match now.weight {
            0.0 => STEPS_IN.iter().map(|step| step * sum).collect(),
            weight => STEPS.iter().map(|step| step * weight).collect(),
        };
        let tried = weights.iter().flat_map(|&weight| GROWTHS.map(|growth| Vote { weight, growth }));
        for vote in tried.filter(|&vote| vote != now) {
            let mut votes = best.1.clone();
            votes[model] = vote;
            if votes.iter().all(|vote| vote.weight == 0.0) {
                continue;
            }
            let found = self.mean_ndcg(&votes, of);
            if found > best.0 * (1.0 + LEAST_GAIN) {
                *best = (found, votes);
            }
        }
    }

    /// One fact after the other: the weight with the best lists, if they are better beyond chance.
    fn learn_context(&self, votes: &[Vote], of: &std::ops::Range<usize>) -> Weights {
        let mut best = Weights::default();
        let mut lists = self.ndcg(votes, best, of.clone());
        for fact in 0..FACTS {
            let has = |case: &Case| case.facts.iter().any(|facts| facts[fact] != case.facts[0][fact]);
            if !self.cases[of.clone()].iter().any(has) {
                continue;
            }
            let tried = CONTEXT_WEIGHTS.map(|weight| {
                let mut weights = best.all();
                weights[fact] = weight;
                let weights = Weights::of(weights);
                let found = self.ndcg(votes, weights, of.clone());
                (found.iter().sum::<f64>(), weights, found)
            });
            let first = tried.into_iter().max_by(|a, b| a.0.total_cmp(&b.0));
            let gains = |found: &[f64]| paired_difference(found, &lists, fact as u64)[0] > 0.0;
            if let Some((_, weights, found)) = first.filter(|(_, _, found)| gains(found)) {
                (best, lists) = (weights, found);
            }
        }
        best
    }

    /// Slope and offset of a logistic curve through what was chosen of what was seen: Platt's scaling (1999), by
    /// Newton's method.
    fn calibrate(&self, votes: &[Vote], context: Weights, of: std::ops::Range<usize>) -> (f32, f32) {
        let seen: Vec<(f64, bool)> = self.cases[of]
            .iter()
            .flat_map(|case| case.lifted(votes, context).into_iter().zip(case.chosen.iter().copied()))
            .map(|(score, chosen)| (f64::from(score), chosen))
            .collect();
        let chosen = seen.iter().filter(|case| case.1).count() as f64;
        if chosen == 0.0 || chosen == seen.len() as f64 {
            return (1.0, 0.0);
        }
        let (mut slope, mut offset) = (0.0, (chosen / (seen.len() as f64 - chosen)).ln());
        for _ in 0..30 {
            // Gradient and Hessian of the log-likelihood, with a little ridge on the slope.
            let (mut g, mut h) = ([-RIDGE * slope, 0.0], [RIDGE, 0.0, 0.0]);
            for &(score, chosen) in &seen {
                let p = 1.0 / (1.0 + (-(slope * score + offset)).exp());
                let (error, weight) = (f64::from(u8::from(chosen)) - p, p * (1.0 - p));
                g = [g[0] + error * score, g[1] + error];
                h = [h[0] + weight * score * score, h[1] + weight * score, h[2] + weight];
            }
            let determinant = h[0] * h[2] - h[1] * h[1];
            if determinant.is_nan() || determinant <= 0.0 {
                break;
            }
            let step = [(h[2] * g[0] - h[1] * g[1]) / determinant, (h[0] * g[1] - h[1] * g[0]) / determinant];
            slope += step[0];
            offset += step[1];
            if step[0].abs() + step[1].abs() < 1e-9 {
                break;
            }
        }
        // Who is picked first must be likeliest, even where chance says otherwise.
        if slope > 0.0 && offset.is_finite() { (slope as f32, offset as f32) } else { (1.0, 0.0) }
    }
}

const RIDGE: f64 = 1e-6;
const ROUNDS: usize = 6;
/// Less than this is noise.
const LEAST_GAIN: f64 = 1e-4;
const GROWTHS: [f32; 3] = [0.0, 0.5, 1.0];
const STEPS: [f32; 8] = [0.0, 0.25, 0.5, 0.75, 1.0, 1.33, 2.0, 4.0];
/// Beyond the largest a fact is no longer context, but the model.
const CONTEXT_WEIGHTS: [f32; 4] = [0.1, 0.2, 0.35, 0.5];
const STEPS_IN: [f32; 5] = [0.05, 0.12, 0.25, 0.5, 1.0];

impl Case {
    fn new(scores: &[&[f32]], user: User<'_>, owned: &[u32], wanted: &[u32], facts: &Facts) -> Self {
        let is_owned = |item: usize| owned.binary_search(&(item as u32)).is_ok();
        let mut candidates: Vec<u32> =
            scores.iter().flat_map(|scores| top_k(scores, DEPTH, is_owned)).collect();
        candidates.sort_unstable();
        candidates.dedup();
        let relevant = wanted.iter().filter(|&&item| !is_owned(item as usize)).count();
        let usual = facts.usual_price(user);
        Self {
            size: user.items.len() as f32,
            ideal: (0..relevant.min(LIST)).map(discount).sum::<f64>().max(discount(0)),
            chosen: candidates.iter().map(|item| wanted.binary_search(item).is_ok()).collect(),
            scores: candidates
                .iter()
                .flat_map(|&item| scores.iter().map(move |scores| scores[item as usize]))
                .collect(),
            facts: candidates.iter().map(|&item| facts.of_pair(usual, item)).collect(),
        }
    }

    /// One number for each candidate.
    fn mixed(&self, votes: &[Vote]) -> Vec<f32> {
        let votes: Vec<f32> = votes.iter().map(|vote| vote.of(self.size)).collect();
        let mix = |scores: &[f32]| scores.iter().zip(&votes).map(|(score, vote)| score * vote).sum();
        self.scores.chunks_exact(votes.len()).map(mix).collect()
    }

    /// As [`Case::mixed`], with the context.
    fn lifted(&self, votes: &[Vote], context: Weights) -> Vec<f32> {
        let mut sums = self.mixed(votes);
        if !context.is_none() {
            let weights = context.all();
            for (sum, facts) in sums.iter_mut().zip(&self.facts) {
                *sum *= facts.iter().zip(weights).map(|(fact, weight)| fact * weight).sum::<f32>().exp();
            }
        }
        sums
    }

    fn ndcg(&self, votes: &[Vote], context: Weights) -> f64 {
        let best = top_k(&self.lifted(votes, context), LIST, |_| false);
        let places = best.iter().enumerate().filter(|(_, at)| self.chosen[**at as usize]);
        places.map(|(place, _)| discount(place)).sum::<f64>() / self.ideal
    }
}
