//! Implicit-feedback matrix factorisation by alternating least squares.
//!
//! *Source*: Hu, Koren, Volinsky, “Collaborative filtering for implicit feedback datasets” (ICDM 2008), with the
//! weight of unobserved pairs, the frequency-scaled regularisation and the initialisation of Rendle, Krichene, Zhang,
//! Koren, “Revisiting the performance of iALS on item recommendation benchmarks” (RecSys 2022). Inner systems are
//! solved by a few steps of conjugate gradients (Takács, Pilászy, Tikk, RecSys 2011), the last ones exactly.

use super::dense::{Random, add_outer, add_scaled, dot, gram, solve};
use crate::recommender::load::Arrays;
use crate::recommender::{
    Contribution, Interactions, Model, ModelError, Observed, Resources, Scorer, Tensor, TensorData, User,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// d, numbers that describe a user and an item. 64 is where small shops stop gaining.
    pub factors: usize,
    pub iterations: usize,
    /// λ
    pub regularisation: f32,
    /// α₀, how much a pair that was not observed counts against one that was. A hundredth recalls 2 and 10 % more than
    /// three hundredths on Gowalla and Amazon CDs.
    pub unobserved_weight: f32,
    /// ν: 1 regularises users and items by how often they occur, 0 all alike.
    pub frequency_exponent: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            factors: 64,
            iterations: 12,
            regularisation: 0.003,
            unobserved_weight: 0.01,
            frequency_exponent: 1.0,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct ValidParams(Params);

impl Params {
    pub fn check(self) -> Result<ValidParams, ModelError> {
        let refuse = |name, found: String, expected| Err(ModelError::Parameter { name, found, expected });
        if !(1..=1024).contains(&self.factors) {
            return refuse("factors", self.factors.to_string(), "1 to 1024");
        }
        if !(1..=1000).contains(&self.iterations) {
            return refuse("iterations", self.iterations.to_string(), "1 to 1000");
        }
        for (name, value) in
            [("regularisation", self.regularisation), ("unobserved_weight", self.unobserved_weight)]
        {
            if !(value.is_finite() && value > 0.0) {
                return refuse(name, value.to_string(), "above 0");
            }
        }
        if !(0.0..=1.0).contains(&self.frequency_exponent) {
            return refuse("frequency_exponent", self.frequency_exponent.to_string(), "0 to 1");
        }
        Ok(ValidParams(self))
    }
}

/// *Shapes*: `user_factors` users × d, `item_factors` items × d, row-major. *Units*: a score is the predicted
/// preference, near 1 for what was observed and near 0 for the rest; it may be a little below 0.
pub struct Als {
    side: Side,
    user_factors: Vec<f32>,
    item_factors: Vec<f32>,
    /// HᵀH of the item factors.
    item_gram: Vec<f32>,
}

/// What solving for a row needs to know: the same for users and items but for the counts.
#[derive(Debug, Clone, Copy)]
struct Side {
    d: usize,
    regularisation: f32,
    unobserved_weight: f32,
    frequency_exponent: f32,
    /// Weights are divided by their mean, so that the parameters mean the same in every shop.
    mean_weight: f32,
}

/// *Cost*: O(iterations · steps · (n d + (users + items) d²)) time; 4 (users + items) d bytes beside the
/// interactions and their transpose. *Errors*: [`ModelError::TooLarge`], [`ModelError::NotFinite`],
/// [`ModelError::Cancelled`].
pub fn fit(
    params: &ValidParams,
    observed: Observed<'_>,
    resources: &Resources<'_>,
) -> Result<Als, ModelError> {
    let ValidParams(params) = *params;
    let interactions = observed.interactions;
    let (users, items, d) = (interactions.users(), interactions.items(), params.factors);
    let needed = ((users + items) * d * 4 + interactions.len() * 24) as u64;
    if needed > resources.max_memory_bytes {
        return Err(ModelError::TooLarge {
            needed_mb: needed >> 20,
            allowed_mb: resources.max_memory_bytes >> 20,
            advice: "choose fewer factors, or raise training.max_memory_mb".into(),
        });
    }
    let by_item = interactions.transpose();
    let total: f64 =
        (0..users as u32).flat_map(|user| interactions.row(user).1).map(|&weight| f64::from(weight)).sum();
    let side = Side {
        d,
        regularisation: params.regularisation,
        unobserved_weight: params.unobserved_weight,
        frequency_exponent: params.frequency_exponent,
        mean_weight: (total / interactions.len() as f64) as f32,
    };
    let mut user_factors = vec![0f32; users * d];
    let mut item_factors = random_factors(items, d, resources.seed);
    let halves = params.iterations as u64 * (users + items) as u64;
    resources.progress.phase("Learning tastes", Some(halves));
    for _ in 0..params.iterations {
        side.improve(&mut user_factors, interactions, &item_factors, resources)?;
        side.improve(&mut item_factors, &by_item, &user_factors, resources)?;
    }
    let item_gram = gram(&item_factors, d);
    let mut model = Als { side, user_factors, item_factors, item_gram };
    resources.progress.phase("Finishing", None);
    let exact: Vec<Vec<f32>> = (0..users as u32)
        .into_par_iter()
        .map(|user| {
            let (row, weights) = interactions.row(user);
            model.fold_in(row, weights).ok_or(ModelError::NotFinite)
        })
        .collect::<Result<_, _>>()?;
    for (factors, solved) in model.user_factors.chunks_exact_mut(d).zip(exact) {
        factors.copy_from_slice(&solved);
    }
    let finite = model.item_factors.iter().chain(&model.user_factors).all(|value| value.is_finite());
    if finite { Ok(model) } else { Err(ModelError::NotFinite) }
}

/// Normal-like numbers of deviation 0.1 / √d, each row from its own seed.
fn random_factors(rows: usize, d: usize, seed: u64) -> Vec<f32> {
    let mut factors = vec![0f32; rows * d];
    factors.par_chunks_exact_mut(d).enumerate().for_each(|(row, factors)| {
        let mut random = Random(seed ^ (row as u64 + 1).wrapping_mul(0xd134_2543_de82_ef95));
        for value in factors {
            // The sum of twelve uniform numbers has variance 1.
            let normal = (0..12).map(|_| random.uniform()).sum::<f64>() - 6.0;
            *value = (normal * 0.1 / (d as f64).sqrt()) as f32;
        }
    });
    factors
}

/// Steps of conjugate gradients for each row and iteration. Starting from the last iteration's answer, more did not
/// change the ranking.
const STEPS: usize = 3;

/// Rows between two looks at whether to go on.
const ROWS_A_TASK: usize = 1024;

impl Side {
    fn confidence(&self, weight: f32) -> f32 {
        weight / self.mean_weight
    }

    /// λ (Σ confidence + α₀ · others)^ν
    fn ridge(&self, weights: &[f32], others: usize) -> f32 {
        let seen: f32 = weights.iter().map(|&weight| self.confidence(weight)).sum();
        self.regularisation * (seen + self.unobserved_weight * others as f32).powf(self.frequency_exponent)
    }

    /// One half of an iteration: every row of `rows` given the `fixed` factors of the other side.
    fn improve(
        &self,
        rows: &mut [f32],
        observed: &Interactions,
        fixed: &[f32],
        resources: &Resources<'_>,
    ) -> Result<(), ModelError> {
        let d = self.d;
        let mut gram = gram(fixed, d);
        for value in &mut gram {
            *value *= self.unobserved_weight;
        }
        rows.par_chunks_mut(ROWS_A_TASK * d).enumerate().try_for_each(|(task, rows)| {
            if resources.progress.cancelled() {
                return Err(ModelError::Cancelled);
            }
            let mut scratch = vec![0f32; 3 * d];
            for (at, x) in rows.chunks_exact_mut(d).enumerate() {
                let (others, weights) = observed.row((task * ROWS_A_TASK + at) as u32);
                self.descend(x, &gram, fixed, others, weights, &mut scratch);
            }
            resources.progress.advance((rows.len() / d) as u64);
            Ok(())
        })
    }

    /// Conjugate gradients on (α₀G + Σ c h hᵀ + ridge I) x = Σ c h.
    fn descend(
        &self,
        x: &mut [f32],
        gram: &[f32],
        fixed: &[f32],
        others: &[u32],
        weights: &[f32],
        scratch: &mut [f32],
    ) {
        let d = self.d;
        if others.is_empty() {
            x.fill(0.0);
            return;
        }
        let ridge = self.ridge(weights, fixed.len() / d);
        let apply = |p: &[f32], out: &mut [f32]| {
            for ((out, row), &p_row) in out.iter_mut().zip(gram.chunks_exact(d)).zip(p) {
                *out = dot(row, p) + ridge * p_row;
            }
            for (&other, &weight) in others.iter().zip(weights) {
                let h = &fixed[other as usize * d..][..d];
                add_scaled(out, h, self.confidence(weight) * dot(h, p));
            }
        };
        let (residual, rest) = scratch.split_at_mut(d);
        let (direction, applied) = rest.split_at_mut(d);
        apply(x, applied);
        for (r, &a) in residual.iter_mut().zip(applied.iter()) {
            *r = -a;
        }
        for (&other, &weight) in others.iter().zip(weights) {
            add_scaled(residual, &fixed[other as usize * d..][..d], self.confidence(weight));
        }
        direction.copy_from_slice(residual);
        let mut size = dot(residual, residual);
        for _ in 0..STEPS {
            if size < 1e-12 {
                break;
            }
            apply(direction, applied);
            let step = size / dot(direction, applied);
            add_scaled(x, direction, step);
            add_scaled(residual, applied, -step);
            let next = dot(residual, residual);
            for (p, &r) in direction.iter_mut().zip(residual.iter()) {
                *p = r + next / size * *p;
            }
            size = next;
        }
    }
}

impl Als {
    /// α₀G + Σ c h hᵀ + ridge I for a user's items.
    fn system(&self, items: &[u32], weights: &[f32]) -> Vec<f32> {
        let (side, d) = (&self.side, self.side.d);
        let mut a: Vec<f32> = self.item_gram.iter().map(|value| value * side.unobserved_weight).collect();
        for (&item, &weight) in items.iter().zip(weights) {
            add_outer(&mut a, self.item(item), side.confidence(weight));
        }
        let ridge = side.ridge(weights, self.items());
        for diagonal in a.iter_mut().step_by(d + 1) {
            *diagonal += ridge;
        }
        a
    }

    /// The factors of a user with these items, exactly. `None` when a number is not finite.
    fn fold_in(&self, items: &[u32], weights: &[f32]) -> Option<Vec<f32>> {
        let mut b = vec![0f32; self.side.d];
        if items.is_empty() {
            return Some(b);
        }
        for (&item, &weight) in items.iter().zip(weights) {
            add_scaled(&mut b, self.item(item), self.side.confidence(weight));
        }
        solve(&mut self.system(items, weights), &mut b).then_some(b)
    }

    fn item(&self, item: u32) -> &[f32] {
        &self.item_factors[item as usize * self.side.d..][..self.side.d]
    }

    pub(in crate::recommender) fn load(arrays: &mut Arrays) -> Result<Self, ModelError> {
        let (user_shape, user_factors) = arrays.f32("user_factors")?;
        let (item_shape, item_factors) = arrays.f32("item_factors")?;
        let (_, settings) = arrays.f32("settings")?;
        let ([_, user_d], [_, d], [regularisation, unobserved_weight, frequency_exponent, mean_weight]) =
            (user_shape.as_slice(), item_shape.as_slice(), settings.as_slice())
        else {
            return Err(ModelError::Damaged("the factors are no matrices".into()));
        };
        if d != user_d || *d == 0 {
            return Err(ModelError::Damaged("users and items have different factors".into()));
        }
        let side = Side {
            d: *d,
            regularisation: *regularisation,
            unobserved_weight: *unobserved_weight,
            frequency_exponent: *frequency_exponent,
            mean_weight: *mean_weight,
        };
        let item_gram = gram(&item_factors, *d);
        Ok(Self { side, user_factors, item_factors, item_gram })
    }
}

impl Model for Als {
    fn kind(&self) -> &'static str {
        "als"
    }

    fn items(&self) -> usize {
        self.item_factors.len() / self.side.d
    }

    fn scorer<'a>(&'a self, candidates: &'a [u32]) -> Box<dyn Scorer + 'a> {
        let factors = candidates.iter().flat_map(|&item| self.item(item)).copied().collect();
        Box::new(Preferences { model: self, factors })
    }

    /// Hu, Koren, Volinsky, section 5: score = Σ_j c_j hᵢᵀ A⁻¹ h_j, one summand for each of the user's items.
    fn explain(&self, user: User<'_>, item: u32, at_most: usize) -> Vec<Contribution> {
        let mut x = self.item(item).to_vec();
        let user = user.within(self.items());
        if user.items.is_empty() || !solve(&mut self.system(user.items, user.weights), &mut x) {
            return Vec::new();
        }
        let contribution = |(&own, &weight): (&u32, &f32)| Contribution {
            item: own,
            amount: self.side.confidence(weight) * dot(self.item(own), &x),
        };
        let mut all: Vec<Contribution> = user.items.iter().zip(user.weights).map(contribution).collect();
        all.sort_by(|a, b| b.amount.total_cmp(&a.amount).then(a.item.cmp(&b.item)));
        all.truncate(at_most);
        all
    }

    fn is_personal(&self) -> bool {
        true
    }

    fn tensors(&self) -> Vec<Tensor<'_>> {
        let side = &self.side;
        vec![
            matrix("user_factors", &self.user_factors, side.d),
            matrix("item_factors", &self.item_factors, side.d),
            Tensor {
                name: "settings".into(),
                shape: vec![4],
                data: TensorData::F32(Cow::Owned(vec![
                    side.regularisation,
                    side.unobserved_weight,
                    side.frequency_exponent,
                    side.mean_weight,
                ])),
            },
        ]
    }
}

fn matrix<'a>(name: &'static str, rows: &'a [f32], d: usize) -> Tensor<'a> {
    Tensor { name: name.into(), shape: vec![rows.len() / d, d], data: TensorData::F32(Cow::Borrowed(rows)) }
}

struct Preferences<'a> {
    model: &'a Als,
    /// Candidates × d.
    factors: Vec<f32>,
}

impl Scorer for Preferences<'_> {
    fn score(&mut self, user: User<'_>, scores: &mut [f32]) -> bool {
        let d = self.model.side.d;
        let user = user.within(self.model.items());
        let known = user.row.and_then(|row| self.model.user_factors.chunks_exact(d).nth(row as usize));
        let folded;
        let taste = match known {
            Some(taste) => taste,
            None => match self.model.fold_in(user.items, user.weights) {
                Some(taste) => {
                    folded = taste;
                    &folded
                }
                None => return false,
            },
        };
        if taste.iter().all(|&value| value == 0.0) {
            scores.fill(0.0);
            return false;
        }
        for (score, factors) in scores.iter_mut().zip(self.factors.chunks_exact(d)) {
            *score = dot(factors, taste);
        }
        true
    }
}
