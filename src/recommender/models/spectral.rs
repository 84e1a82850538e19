//! Graph filtering: somebody's items are a signal on the graph of users and items, and its slow part is their taste.
//!
//! *Source*: Shen et al., “How powerful is graph convolution for recommendation?” (CIKM 2021, GF-CF), a linear filter
//! and an ideal low-pass filter side by side; Choi et al., “Blurring-sharpening process models for collaborative
//! filtering” (SIGIR 2023), which sharpens what the low-pass filter blurred; Park et al., “Turbo-CF” (SIGIR 2024), which
//! raises the graph to a power.

use super::item_knn::{self, ItemKnn};
use super::recency;
use super::spectrum::spectrum;
use super::{dense, scale};
use crate::recommender::dot_top::Panels;
use crate::recommender::load::Arrays;
use crate::recommender::{
    Contribution, Interactions, Model, ModelError, Observed, Resources, Scorer, Tensor, User,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// d, directions of taste that pass the low-pass filter.
    pub factors: usize,
    /// Rounds of subspace iteration. The last directions are inaccurate after six, and twelve rank no better.
    pub iterations: usize,
    /// a: how much less a user counts who did much.
    pub user_damping: f32,
    /// b: how much less a popular item weighs in the graph.
    pub item_damping: f32,
    /// How much less a popular item of the user's says of their taste.
    pub input_damping: f32,
    /// How much more readily the filter's answer finds popular items.
    pub popularity: f32,
    /// p, the power of the eigenvalues: 0 is the ideal filter, which passes all directions alike; 1 blurs like the
    /// linear one.
    pub sharpness: f32,
    /// Weight of the low-pass filter beside the linear one, both in units of how far they spread their scores.
    pub low_pass_share: f32,
    /// Neighbours kept for each item of the linear filter.
    pub neighbours: usize,
    /// After so many days a deed counts half, beside the decay that is in the weights already. 0: no more than that.
    pub half_life_days: f32,
}

impl Default for Params {
    /// Chosen on parts held back of the training halves of Gowalla and Amazon CDs.
    fn default() -> Self {
        Self {
            factors: 256,
            iterations: 6,
            user_damping: 0.5,
            item_damping: 0.3,
            input_damping: 0.5,
            popularity: 0.2,
            sharpness: 0.3,
            low_pass_share: 0.25,
            neighbours: 300,
            half_life_days: 0.0,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct ValidParams(Params);

impl Params {
    pub fn check(self) -> Result<ValidParams, ModelError> {
        for (name, number) in [("factors", self.factors), ("neighbours", self.neighbours)] {
            if !(1..=10_000).contains(&number) {
                return Err(ModelError::parameter(name, &number, "1 to 10000"));
            }
        }
        if !(1..=100).contains(&self.iterations) {
            return Err(ModelError::parameter("iterations", &self.iterations, "1 to 100"));
        }
        for (name, share) in [
            ("user_damping", self.user_damping),
            ("item_damping", self.item_damping),
            ("input_damping", self.input_damping),
            ("popularity", self.popularity),
            ("sharpness", self.sharpness),
        ] {
            if !(0.0..=1.0).contains(&share) {
                return Err(ModelError::parameter(name, &share, "0 to 1"));
            }
        }
        if !(self.low_pass_share.is_finite() && self.low_pass_share > 0.0) {
            return Err(ModelError::parameter("low_pass_share", &self.low_pass_share, "above 0"));
        }
        recency::check(self.half_life_days)?;
        Ok(ValidParams(self))
    }
}

/// For user u and item i: linear(u, i) / scale + share · Σ_j w_j in_j (V Λᵖ Vᵀ)_ji out_i, with V and Λ the strongest
/// eigenvectors and eigenvalues of R̃ᵀR̃, R̃ = D_u^−a R D_i^−b.
///
/// *Shapes*: `vectors` items × d, row-major, V Λ^{p/2}; `input`, `output` one number an item. *Units*: a score of 1 is
/// the usual distance between a user's first and hundredth item.
pub struct Spectral {
    linear: ItemKnn,
    linear_weight: f32,
    low_pass: LowPass,
}

struct LowPass {
    d: usize,
    vectors: Vec<f32>,
    input: Vec<f32>,
    output: Vec<f32>,
}

/// *Cost*: that of item-to-item, and O(iterations · (n d + items d²)); 4 d (users + 2 items) bytes.
/// *Errors*: [`ModelError::TooLarge`], [`ModelError::NotFinite`], [`ModelError::Cancelled`].
pub fn fit(
    params: &ValidParams,
    observed: Observed<'_>,
    resources: &Resources<'_>,
) -> Result<Spectral, ModelError> {
    let ValidParams(params) = *params;
    let interactions = &*recency::weighed(observed, params.half_life_days);
    let observed = Observed { interactions, ..observed };
    let d = params.factors.min(interactions.items()).min(interactions.users());
    let rows = interactions.users() + 2 * interactions.items();
    let needed = (rows * (d + 32) * 4 + interactions.len() * 32) as u64;
    resources.allow(needed, "choose fewer factors")?;
    let linear = item_knn::Params { neighbours: params.neighbours, ..item_knn::Params::default() };
    let linear = item_knn::fit(&linear.check()?, observed, resources)?;
    let mut low_pass = LowPass::fit(&params, d, interactions, resources)?;
    let candidates: Vec<u32> = (0..interactions.items() as u32).collect();
    let panels = low_pass.panels(&candidates);
    let of_user = |user: User<'_>, scores: &mut [f32]| {
        panels.scores(&low_pass.taste(user), scores);
        scores.iter_mut().zip(&low_pass.output).for_each(|(score, output)| *score *= output);
    };
    let low_pass_scale = scale::spread(of_user, interactions);
    for value in &mut low_pass.output {
        *value *= params.low_pass_share / low_pass_scale;
    }
    let mut scorer = linear.scorer(&candidates);
    let linear_weight = 1.0 / scale::spread(|user, scores| _ = scorer.score(user, scores), interactions);
    drop(scorer);
    Ok(Spectral { linear, linear_weight, low_pass })
}

impl LowPass {
    fn fit(
        params: &Params,
        d: usize,
        interactions: &Interactions,
        resources: &Resources<'_>,
    ) -> Result<Self, ModelError> {
        let by_user = interactions.map(|_, _, weight| weight.sqrt());
        let by_item = by_user.transpose();
        let power = |size: f32, exponent: f32| if size > 0.0 { size.powf(exponent) } else { 0.0 };
        let sizes = |matrix: &Interactions| -> Vec<f32> {
            (0..matrix.users() as u32).map(|row| matrix.row(row).1.iter().sum()).collect()
        };
        let (user_sizes, item_sizes) = (sizes(&by_user), sizes(&by_item));
        let by_user = by_user.map(|user, item, weight| {
            weight
                * power(user_sizes[user as usize], -params.user_damping)
                * power(item_sizes[item as usize], -params.item_damping)
        });
        let by_item = by_user.transpose();
        let spectrum = spectrum(&by_user, &by_item, d, params.iterations, resources)?;
        let filter: Vec<f32> =
            spectrum.eigenvalues.iter().map(|&value| power(value, params.sharpness / 2.0)).collect();
        let mut vectors = spectrum.vectors;
        let d = filter.len();
        vectors.par_chunks_mut(d).for_each(|row| {
            row.iter_mut().zip(&filter).for_each(|(value, filter)| *value *= filter);
        });
        let of_items = |exponent: f32| item_sizes.iter().map(|&size| power(size, exponent)).collect();
        Ok(Self { d, vectors, input: of_items(-params.input_damping), output: of_items(params.popularity) })
    }

    fn items(&self) -> usize {
        self.input.len()
    }

    fn vector(&self, item: u32) -> &[f32] {
        &self.vectors[item as usize * self.d..][..self.d]
    }

    /// Where the user stands among the directions.
    fn taste(&self, user: User<'_>) -> Vec<f32> {
        let mut taste = vec![0f32; self.d];
        for (&item, &weight) in user.items.iter().zip(user.weights) {
            dense::add_scaled(&mut taste, self.vector(item), weight.sqrt() * self.input[item as usize]);
        }
        taste
    }

    fn panels(&self, candidates: &[u32]) -> Panels {
        let vectors: Vec<&[f32]> = candidates.iter().map(|&item| self.vector(item)).collect();
        Panels::new(self.d, vectors.into_iter())
    }
}

impl Spectral {
    pub(in crate::recommender) fn load(arrays: &mut Arrays) -> Result<Self, ModelError> {
        let linear = ItemKnn::load(arrays)?;
        let (shape, vectors) = arrays.f32("vectors")?;
        let (input, output) = (arrays.f32("input")?.1, arrays.f32("output")?.1);
        let settings = arrays.f32("settings")?.1;
        let ([items, d], [linear_weight]) = (shape.as_slice(), settings.as_slice()) else {
            return Err(ModelError::Damaged("the directions are no matrix".into()));
        };
        if *d == 0 || [input.len(), output.len(), linear.items()].iter().any(|length| length != items) {
            return Err(ModelError::Damaged("the filters know different items".into()));
        }
        let low_pass = LowPass { d: *d, vectors, input, output };
        Ok(Self { linear, linear_weight: *linear_weight, low_pass })
    }
}

impl Model for Spectral {
    fn kind(&self) -> &'static str {
        "spectral"
    }

    fn items(&self) -> usize {
        self.low_pass.items()
    }

    fn scorer<'a>(&'a self, candidates: &'a [u32]) -> Box<dyn Scorer + 'a> {
        Box::new(Filtered {
            low_pass: &self.low_pass,
            linear: self.linear.scorer(candidates),
            linear_weight: self.linear_weight,
            panels: self.low_pass.panels(candidates),
            candidates,
            products: Vec::new(),
        })
    }

    /// Exact: both filters are linear in the user's items.
    fn explain(&self, user: User<'_>, item: u32, at_most: usize) -> Vec<Contribution> {
        let user = user.within(self.items());
        let mut all = self.linear.explain(user, item, usize::MAX);
        for part in &mut all {
            part.amount *= self.linear_weight;
        }
        all.sort_unstable_by_key(|part| part.item);
        let low_pass = user.items.iter().zip(user.weights).map(|(&own, &weight)| {
            let strength = weight.sqrt() * self.low_pass.input[own as usize];
            let LowPass { output, .. } = &self.low_pass;
            let likeness = dense::dot(self.low_pass.vector(own), self.low_pass.vector(item));
            let amount = strength * likeness * output[item as usize];
            let linear = all.binary_search_by_key(&own, |part| part.item).map_or(0.0, |at| all[at].amount);
            Contribution { item: own, amount: amount + linear }
        });
        Contribution::strongest(low_pass.collect(), at_most)
    }

    fn is_personal(&self) -> bool {
        true
    }

    fn tensors(&self) -> Vec<Tensor<'_>> {
        let LowPass { d, vectors, input, output } = &self.low_pass;
        let mut tensors = self.linear.tensors();
        tensors.push(Tensor::f32("vectors", &[input.len(), *d], vectors));
        tensors.push(Tensor::f32("input", &[input.len()], input));
        tensors.push(Tensor::f32("output", &[output.len()], output));
        tensors.push(Tensor::f32("settings", &[1], vec![self.linear_weight]));
        tensors
    }
}

struct Filtered<'a> {
    low_pass: &'a LowPass,
    linear: Box<dyn Scorer + 'a>,
    linear_weight: f32,
    panels: Panels,
    candidates: &'a [u32],
    /// Users × candidates.
    products: Vec<f32>,
}

impl Filtered<'_> {
    /// Adds both filters for one user; `products` are their dot products. False when neither has an answer.
    fn combine(&mut self, user: User<'_>, products: &[f32], scores: &mut [f32]) -> bool {
        let personal = self.linear.score(user, scores);
        for ((score, product), &item) in scores.iter_mut().zip(products).zip(self.candidates) {
            *score = *score * self.linear_weight + self.low_pass.output[item as usize] * product;
        }
        personal || products.iter().any(|&product| product != 0.0)
    }
}

impl Scorer for Filtered<'_> {
    fn score(&mut self, user: User<'_>, scores: &mut [f32]) -> bool {
        let user = user.within(self.low_pass.items());
        let mut products = std::mem::take(&mut self.products);
        products.resize(scores.len(), 0.0);
        self.panels.scores(&self.low_pass.taste(user), &mut products);
        let personal = self.combine(user, &products, scores);
        self.products = products;
        personal
    }

    fn score_batch(&mut self, users: &[User<'_>], scores: &mut [f32]) -> Vec<bool> {
        let users: Vec<User<'_>> = users.iter().map(|user| user.within(self.low_pass.items())).collect();
        let tastes: Vec<Vec<f32>> = users.iter().map(|&user| self.low_pass.taste(user)).collect();
        let tastes: Vec<&[f32]> = tastes.iter().map(Vec::as_slice).collect();
        let mut products = std::mem::take(&mut self.products);
        products.resize(scores.len(), 0.0);
        self.panels.products(&tastes, &mut products);
        let width = self.candidates.len().max(1);
        let rows = scores.chunks_exact_mut(width).zip(products.chunks_exact(width));
        let personal = users
            .iter()
            .zip(rows)
            .map(|(&user, (scores, products))| self.combine(user, products, scores))
            .collect();
        self.products = products;
        personal
    }
}
