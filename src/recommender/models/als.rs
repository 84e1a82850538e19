//! Implicit-feedback matrix factorisation by alternating least squares.
//!
//! *Source*: Hu, Koren, Volinsky, “Collaborative filtering for implicit feedback datasets” (ICDM 2008), with the
//! weight of unobserved pairs, the frequency-scaled regularisation and the initialisation of Rendle, Krichene, Zhang,
//! Koren, “Revisiting the performance of iALS on item recommendation benchmarks” (RecSys 2022). Every system is solved
//! exactly ([`super::normal_equations`]).

mod descent;
#[cfg(test)]
mod tests;

use super::dense::{add_outer, dot, solve};
use super::factors::{Factors, axes, diagonal};
use super::normal_equations::{Entries, Fixed, Scratch, solve_rows};
use super::recency;
use crate::recommender::dot_top::Panels;
use crate::recommender::load::Arrays;
use crate::recommender::simd::LANES;
use crate::recommender::{
    Contribution, Interactions, Model, ModelError, Observed, Resources, Scorer, Tensor, User,
};
use descent::{Side, descend};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// d, numbers that describe a user and an item. Twice as many find a tenth more on Gowalla and Amazon CDs, and take
    /// twice the time and memory.
    pub factors: usize,
    pub iterations: usize,
    /// λ
    pub regularisation: f32,
    /// What all pairs of a user and an item count together for being mostly unobserved, against the observed ones: α₀
    /// is this times the share of pairs that are observed.
    pub unobserved_total: f32,
    /// ν: 1 regularises users and items by how often they occur, 0 all alike.
    pub frequency_exponent: f32,
    /// After so many days a deed counts half, beside the decay that is in the weights already. 0: no more than that.
    pub half_life_days: f32,
}

/// Chosen on parts of the training data held back: a fifth of each user's of Gowalla and Amazon CDs, and the last 60 days
/// of Online Retail. α₀ itself is best at 0.006, 0.004 and 0.2 there, but 12 to 18 times the density in all three; with
/// any one α₀ for all, one shop loses a tenth and more. ν = ½ found as much as 1 or less, and weighing users by
/// (Σ c)^−β less the larger β, up to 5 % at 0.7.
impl Default for Params {
    fn default() -> Self {
        Self {
            factors: 128,
            iterations: 8,
            regularisation: 0.007,
            unobserved_total: 12.0,
            frequency_exponent: 1.0,
            half_life_days: 0.0,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct ValidParams(Params);

impl Params {
    pub fn check(self) -> Result<ValidParams, ModelError> {
        if !(1..=1024).contains(&self.factors) {
            return Err(ModelError::parameter("factors", &self.factors, "1 to 1024"));
        }
        if !(1..=1000).contains(&self.iterations) {
            return Err(ModelError::parameter("iterations", &self.iterations, "1 to 1000"));
        }
        for (name, value) in
            [("regularisation", self.regularisation), ("unobserved_total", self.unobserved_total)]
        {
            if !(value.is_finite() && value > 0.0) {
                return Err(ModelError::parameter(name, &value, "above 0"));
            }
        }
        if !(0.0..=1.0).contains(&self.frequency_exponent) {
            return Err(ModelError::parameter("frequency_exponent", &self.frequency_exponent, "0 to 1"));
        }
        recency::check(self.half_life_days)?;
        Ok(ValidParams(self))
    }
}

/// *Units*: a score is the predicted preference, near 1 for what was observed and near 0 for the rest; it may be a
/// little below 0.
pub struct Als {
    side: Side,
    users: Factors,
    /// Turned to the axes of their Gram matrix, which is a diagonal therefore.
    items: Factors,
    /// α₀ times that diagonal.
    base: Vec<f32>,
}

/// *Cost*: O(iterations · (Σ min(n, d) n d + (users + items) d² + d³)) time, n being a row's entries; 4 (users + items) d
/// bytes beside the interactions and their transpose. *Errors*: [`ModelError::TooLarge`], [`ModelError::NotFinite`],
/// [`ModelError::Cancelled`].
pub fn fit(
    params: &ValidParams,
    observed: Observed<'_>,
    resources: &Resources<'_>,
) -> Result<Als, ModelError> {
    let ValidParams(params) = *params;
    let interactions = &*recency::weighed(observed, params.half_life_days);
    may_fit(params, interactions, resources)?;
    let items = Factors::random(interactions.items(), params.factors, resources.seed);
    descend(params, interactions, items, resources)
}

/// As [`fit`], from an older model's item factors, which need fewer iterations: `item_of` says the number that an item
/// had there. Items that are new start at random, and so do factors that the older model had not.
pub fn fit_from(
    params: &ValidParams,
    observed: Observed<'_>,
    previous: &Als,
    item_of: &dyn Fn(u32) -> Option<u32>,
    resources: &Resources<'_>,
) -> Result<Als, ModelError> {
    let ValidParams(params) = *params;
    let interactions = &*recency::weighed(observed, params.half_life_days);
    may_fit(params, interactions, resources)?;
    let mut items = Factors::random(interactions.items(), params.factors, resources.seed);
    for item in 0..items.rows() {
        let old = item_of(item as u32).filter(|&old| (old as usize) < previous.items.rows());
        if let Some(old) = old {
            // The axes are sorted: fewer factors are the strongest ones.
            for (value, &old) in items.row_mut(item).iter_mut().zip(previous.items.row(old as usize)) {
                *value = old;
            }
        }
    }
    descend(params, interactions, items, resources)
}

fn may_fit(params: Params, interactions: &Interactions, resources: &Resources<'_>) -> Result<(), ModelError> {
    let vectors = params.factors.div_ceil(LANES);
    let rows = interactions.users() + interactions.items();
    // The parts of a Gram matrix, and its axes in double precision.
    let squares = rayon::current_num_threads() * Scratch::bytes(vectors) + 128 * (vectors * LANES).pow(2);
    let needed = (rows * vectors * LANES * 4 + interactions.len() * 24 + squares) as u64;
    resources.allow(needed, "choose fewer factors")
}

impl Als {
    /// α₀G + Σ c h hᵀ + ridge I for a user's items, d × d.
    fn system(&self, entries: Entries<'_>) -> Vec<f32> {
        let d = self.items.d;
        let mut a = vec![0f32; d * d];
        for (diagonal, base) in a.iter_mut().step_by(d + 1).zip(&self.base) {
            *diagonal = base + entries.ridge;
        }
        for (&item, &weight) in entries.others.iter().zip(entries.weights) {
            add_outer(&mut a, self.items.row(item as usize), weight * entries.scale);
        }
        a
    }

    /// The factors of a user with these items, exactly. `None` when there are none or a number is not finite.
    fn fold_in(&self, user: User<'_>, scratch: &mut Scratch) -> Option<Factors> {
        let mut factors = Factors::zeros(1, self.items.d);
        let entries = self.side.entries(user.items, user.weights, self.items.rows());
        let fixed = Fixed { factors: &self.items, base: &self.base };
        let solved = solve_rows(fixed, &mut factors.values, |_| entries, scratch);
        (solved && factors.is_finite() && !user.items.is_empty()).then_some(factors)
    }

    pub(in crate::recommender) fn load(arrays: &mut Arrays) -> Result<Self, ModelError> {
        let (user_shape, users) = arrays.f32("user_factors")?;
        let (item_shape, items) = arrays.f32("item_factors")?;
        let (_, settings) = arrays.f32("settings")?;
        let (&[_, user_d], &[_, d], &[regularisation, unobserved_weight, frequency_exponent, mean_weight]) =
            (user_shape.as_slice(), item_shape.as_slice(), settings.as_slice())
        else {
            return Err(ModelError::Damaged("the factors are no matrices".into()));
        };
        if d != user_d || d == 0 {
            return Err(ModelError::Damaged("users and items have different factors".into()));
        }
        let side = Side { regularisation, unobserved_weight, frequency_exponent, mean_weight };
        let (mut users, mut items) = (Factors::from_rows(d, &users), Factors::from_rows(d, &items));
        let mut gram = items.gram();
        if !is_diagonal(&gram, items.vectors()) {
            // Another order of the same factors, as models had that were trained by other means.
            let turn =
                axes(&gram, d).ok_or_else(|| ModelError::Damaged("the factors are too large".into()))?;
            users.turn(&turn);
            items.turn(&turn);
            gram = items.gram();
        }
        let base = side.base(diagonal(&gram, items.vectors()));
        Ok(Self { side, users, items, base })
    }
}

/// But for rounding.
fn is_diagonal(gram: &[[f32; LANES]], vectors: usize) -> bool {
    let largest = diagonal(gram, vectors).into_iter().fold(0.0, f32::max);
    let rows = gram.as_flattened().chunks_exact(vectors * LANES).enumerate();
    rows.flat_map(|(at, row)| &row[at + 1..]).all(|value| value.abs() <= 1e-4 * largest)
}

impl Model for Als {
    fn kind(&self) -> &'static str {
        "als"
    }

    fn items(&self) -> usize {
        self.items.rows()
    }

    fn scorer<'a>(&'a self, candidates: &'a [u32]) -> Box<dyn Scorer + 'a> {
        let rows = candidates.iter().map(|&item| self.items.row(item as usize));
        let panels = Panels::new(self.items.d, rows);
        Box::new(Preferences { model: self, panels, scratch: None })
    }

    /// Hu, Koren, Volinsky, section 5: score = Σ_j c_j hᵢᵀ A⁻¹ h_j, one summand for each of the user's items.
    fn explain(&self, user: User<'_>, item: u32, at_most: usize) -> Vec<Contribution> {
        let mut x = self.items.row(item as usize).to_vec();
        let user = user.within(self.items());
        let entries = self.side.entries(user.items, user.weights, self.items.rows());
        if user.items.is_empty() || !solve(&mut self.system(entries), &mut x) {
            return Vec::new();
        }
        let contribution = |(&own, &weight): (&u32, &f32)| Contribution {
            item: own,
            amount: weight * entries.scale * dot(self.items.row(own as usize), &x),
        };
        let all: Vec<Contribution> = user.items.iter().zip(user.weights).map(contribution).collect();
        Contribution::strongest(all, at_most)
    }

    fn is_personal(&self) -> bool {
        true
    }

    fn tensors(&self) -> Vec<Tensor<'_>> {
        let side = &self.side;
        let settings =
            [side.regularisation, side.unobserved_weight, side.frequency_exponent, side.mean_weight];
        vec![
            matrix("user_factors", &self.users),
            matrix("item_factors", &self.items),
            Tensor::f32("settings", &[settings.len()], settings.to_vec()),
        ]
    }
}

fn matrix<'a>(name: &'static str, factors: &'a Factors) -> Tensor<'a> {
    let (rows, d) = (factors.rows(), factors.d);
    let data = if d.is_multiple_of(LANES) {
        Cow::Borrowed(factors.values.as_flattened())
    } else {
        Cow::Owned((0..rows).flat_map(|row| factors.row(row)).copied().collect())
    };
    Tensor::f32(name, &[rows, d], data)
}

struct Preferences<'a> {
    model: &'a Als,
    panels: Panels,
    /// For those whom the model never saw.
    scratch: Option<Scratch>,
}

impl<'a> Preferences<'a> {
    /// The user's factors; `None` when the model has nothing to say of them.
    fn taste(&mut self, user: User<'_>) -> Option<Cow<'a, [f32]>> {
        let model = self.model;
        let user = user.within(model.items());
        let taste = match user.row.map(|row| row as usize).filter(|&row| row < model.users.rows()) {
            Some(row) => Cow::Borrowed(model.users.row(row)),
            None => {
                let scratch = self.scratch.get_or_insert_with(|| Scratch::new(model.items.vectors()));
                Cow::Owned(model.fold_in(user, scratch)?.row(0).to_vec())
            }
        };
        taste.iter().any(|&value| value != 0.0).then_some(taste)
    }
}

impl Scorer for Preferences<'_> {
    fn score(&mut self, user: User<'_>, scores: &mut [f32]) -> bool {
        match self.taste(user) {
            Some(taste) => self.panels.scores(&taste, scores),
            None => {
                scores.fill(0.0);
                return false;
            }
        }
        true
    }

    fn score_batch(&mut self, users: &[User<'_>], scores: &mut [f32]) -> Vec<bool> {
        let tastes: Vec<Option<Cow<'_, [f32]>>> = users.iter().map(|&user| self.taste(user)).collect();
        let nothing = vec![0f32; self.model.items.d];
        let known: Vec<&[f32]> = tastes.iter().map(|taste| taste.as_deref().unwrap_or(&nothing)).collect();
        self.panels.products(&known, scores);
        tastes.iter().map(Option::is_some).collect()
    }

    fn best(
        &mut self,
        users: &[User<'_>],
        k: usize,
        skip: &dyn Fn(usize, usize) -> bool,
        _scores: &mut [f32],
    ) -> Vec<Option<Vec<u32>>> {
        let tastes: Vec<Option<Cow<'_, [f32]>>> = users.iter().map(|&user| self.taste(user)).collect();
        let known: Vec<usize> = (0..users.len()).filter(|&n| tastes[n].is_some()).collect();
        let rows: Vec<&[f32]> = tastes.iter().flatten().map(|taste| &**taste).collect();
        let mut lists = vec![None; users.len()];
        let best = self.panels.best(&rows, k, &|n, place| skip(known[n], place));
        for (&n, list) in known.iter().zip(best) {
            lists[n] = Some(list);
        }
        lists
    }
}
