//! Graph filtering: somebody's items are a signal on the graph of users and items, and its slow part is their taste.
//!
//! *Source*: Choi et al., “Blurring-sharpening process models for collaborative filtering” (SIGIR 2023): a linear filter
//! and an ideal low-pass filter side by side (Shen et al., “How powerful is graph convolution for recommendation?”, CIKM
//! 2021, GF-CF), and then the heat equation backwards, which takes away again what everybody likes.

use super::dense;
use super::item_knn::Similarity;
use super::item_knn::{self, ItemKnn};
use super::recency;
use super::spectrum::{Spectrum, multiply, spectrum};
use crate::recommender::dot_top::Panels;
use crate::recommender::load::Arrays;
use crate::recommender::simd::LANES;
use crate::recommender::{
    Contribution, Interactions, Model, ModelError, Observed, Resources, Scorer, Tensor, User,
};
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
    /// T: for how long what everybody likes is taken away; 0 for not at all.
    pub sharpening: f32,
    /// β, the weight of the low-pass filter beside the linear one.
    pub low_pass_share: f32,
    /// Neighbours kept for each item of the linear filter.
    pub neighbours: usize,
    /// After so many days a deed counts half, beside the decay that is in the weights already. 0: no more than that.
    pub half_life_days: f32,
}

impl Default for Params {
    /// The paper's dampings and time; β is larger than its 0.2, as d is smaller than its 448.
    fn default() -> Self {
        Self {
            factors: 256,
            iterations: 6,
            user_damping: 0.5,
            item_damping: 0.5,
            sharpening: 2.5,
            low_pass_share: 0.4,
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
        for (name, share) in [("user_damping", self.user_damping), ("item_damping", self.item_damping)] {
            if !(0.0..=1.0).contains(&share) {
                return Err(ModelError::parameter(name, &share, "0 to 1"));
            }
        }
        if !(0.0..=MOST_SHARPENING).contains(&self.sharpening) {
            return Err(ModelError::parameter("sharpening", &self.sharpening, "0 to 3"));
        }
        if !(self.low_pass_share.is_finite() && self.low_pass_share > 0.0) {
            return Err(ModelError::parameter("low_pass_share", &self.low_pass_share, "above 0"));
        }
        recency::check(self.half_life_days)?;
        Ok(ValidParams(self))
    }
}

/// Beyond, a fourth-order step is no more like the heat equation.
const MOST_SHARPENING: f32 = 3.0;

/// The graph is P = R̃ᵀR̃ / λ₁, R̃ = D_u^−a √R D_i^−b, with eigenvectors V and eigenvalues Λ, of which the d strongest are
/// known. A user's signal r becomes (r P + β r D^−b V Vᵀ D^b) e^−TP. What P does beyond V is that of its strongest
/// neighbours, and there e^−TP is taken as one number, τ = e^(−T λ_d / 2): scores are
/// τ r P + r V Λ(e^−TΛ − τ) Vᵀ + β r D^−b V Wᵀ, with W = e^−TP D^b V to the fourth order in T.
///
/// On the usual split of Gowalla this finds 0.192 of what users went for among 20 picks (NDCG 0.159), as much as the paper
/// tells of its own; for a sample of 747 users, all of P at every score found 0.5 % more.
///
/// *Shapes*: `directions` items × 2d, row-major, V beside W; `filter` d numbers; `input` one number an item. *Units*: a
/// part of the user's signal; it may be below 0.
pub struct Spectral {
    linear: ItemKnn,
    /// τ / λ₁.
    linear_weight: f32,
    low_pass: LowPass,
}

struct LowPass {
    d: usize,
    directions: Vec<f32>,
    /// Λ(e^−TΛ − τ).
    filter: Vec<f32>,
    /// β D^−b.
    input: Vec<f32>,
}

/// *Cost*: that of item-to-item, and O(iterations · (n d + items d²)); 4 d (2 users + 6 items) bytes.
/// *Errors*: [`ModelError::TooLarge`], [`ModelError::NotFinite`], [`ModelError::Cancelled`].
pub fn fit(
    params: &ValidParams,
    observed: Observed<'_>,
    resources: &Resources<'_>,
) -> Result<Spectral, ModelError> {
    let ValidParams(params) = *params;
    let interactions = &*recency::weighed(observed, params.half_life_days);
    let d = params.factors.min(interactions.items()).min(interactions.users());
    let rows = 2 * interactions.users() + 6 * interactions.items();
    let needed = (rows * (d + 48) * 4 + interactions.len() * 32) as u64;
    resources.allow(needed, "choose fewer factors")?;
    let graph = Graph::of(interactions, &params);
    let linear = item_knn::Params {
        similarity: Similarity::Product,
        neighbours: params.neighbours,
        shrinkage: 0.0,
        ..item_knn::Params::default()
    };
    let linear = item_knn::fit(&linear.check()?, (&graph.by_user).into(), resources)?;
    let Spectrum { vectors, eigenvalues } =
        spectrum(&graph.by_user, &graph.by_item, d, params.iterations, resources)?;
    let d = eigenvalues.len();
    let largest = eigenvalues.first().copied().filter(|value| *value > 0.0).ok_or(ModelError::NotFinite)?;
    let values: Vec<f32> = eigenvalues.iter().map(|value| value / largest).collect();
    let time = params.sharpening;
    let rest = (-time * values.last().copied().unwrap_or_default() / 2.0).exp();
    let sharpened = graph.sharpened(&vectors, d, time / largest, resources)?;
    let mut directions = Vec::with_capacity(2 * vectors.len());
    for (own, sharpened) in vectors.chunks_exact(d).zip(sharpened.chunks_exact(d)) {
        directions.extend_from_slice(own);
        directions.extend_from_slice(sharpened);
    }
    let filter = values.iter().map(|value| value * ((-time * value).exp() - rest)).collect();
    let input = graph.sizes.iter().map(|&size| params.low_pass_share * power(size, -params.item_damping));
    let low_pass = LowPass { d, directions, filter, input: input.collect() };
    Ok(Spectral { linear, linear_weight: rest / largest, low_pass })
}

/// 0 for what nobody has.
fn power(size: f32, exponent: f32) -> f32 {
    if size > 0.0 { size.powf(exponent) } else { 0.0 }
}

/// R̃ both ways.
struct Graph {
    by_user: Interactions,
    by_item: Interactions,
    /// The diagonal of D_i.
    sizes: Vec<f32>,
    item_damping: f32,
}

impl Graph {
    fn of(interactions: &Interactions, params: &Params) -> Self {
        let by_user = interactions.map(|_, _, weight| weight.sqrt());
        let sizes = |matrix: &Interactions| -> Vec<f32> {
            (0..matrix.users() as u32).map(|row| matrix.row(row).1.iter().sum()).collect()
        };
        let (user_sizes, sizes) = (sizes(&by_user), sizes(&by_user.transpose()));
        let by_user = by_user.map(|user, item, weight| {
            weight
                * power(user_sizes[user as usize], -params.user_damping)
                * power(sizes[item as usize], -params.item_damping)
        });
        let by_item = by_user.transpose();
        Self { by_user, by_item, sizes, item_damping: params.item_damping }
    }

    /// e^(−time · R̃ᵀR̃) D^b V, items × d, by the first terms of its series.
    fn sharpened(
        &self,
        vectors: &[f32],
        d: usize,
        time: f32,
        resources: &Resources<'_>,
    ) -> Result<Vec<f32>, ModelError> {
        let width = d.next_multiple_of(LANES);
        let mut term = vec![0f32; self.sizes.len() * width];
        for ((to, from), &size) in term.chunks_exact_mut(width).zip(vectors.chunks_exact(d)).zip(&self.sizes)
        {
            dense::add_scaled(&mut to[..d], from, power(size, self.item_damping));
        }
        let mut sum = term.clone();
        let mut of_users = vec![0f32; self.by_user.users() * width];
        let mut next = vec![0f32; term.len()];
        for order in 1..=if time > 0.0 { ORDER } else { 0 } {
            multiply(&self.by_user, &term, &mut of_users, width, resources)?;
            multiply(&self.by_item, &of_users, &mut next, width, resources)?;
            let factor = -time / order as f32;
            next.iter_mut().for_each(|value| *value *= factor);
            sum.iter_mut().zip(&next).for_each(|(sum, value)| *sum += value);
            std::mem::swap(&mut term, &mut next);
        }
        Ok(sum.chunks_exact(width).flat_map(|row| &row[..d]).copied().collect())
    }
}

/// Terms of the series beyond the first: one Runge–Kutta step, as in the paper.
const ORDER: usize = 4;

impl LowPass {
    fn items(&self) -> usize {
        self.input.len()
    }

    /// V beside W.
    fn row(&self, item: u32) -> &[f32] {
        &self.directions[item as usize * 2 * self.d..][..2 * self.d]
    }

    /// Where somebody stands who has this much of an item: among the filtered directions, and among the sharpened.
    fn add_to(&self, taste: &mut [f32], item: u32, amount: f32) {
        let own = &self.row(item)[..self.d];
        let (filtered, sharpened) = taste.split_at_mut(self.d);
        for ((to, own), filter) in filtered.iter_mut().zip(own).zip(&self.filter) {
            *to += amount * filter * own;
        }
        dense::add_scaled(sharpened, own, amount * self.input[item as usize]);
    }

    fn taste(&self, user: User<'_>) -> Vec<f32> {
        let mut taste = vec![0f32; 2 * self.d];
        for (&item, &weight) in user.items.iter().zip(user.weights) {
            self.add_to(&mut taste, item, weight.sqrt());
        }
        taste
    }

    fn panels(&self, candidates: &[u32]) -> Panels {
        Panels::new(2 * self.d, candidates.iter().map(|&item| self.row(item)))
    }
}

impl Spectral {
    pub(in crate::recommender) fn load(arrays: &mut Arrays) -> Result<Self, ModelError> {
        let linear = ItemKnn::load(arrays)?;
        let (shape, directions) = arrays.f32("directions")?;
        let (filter, input) = (arrays.f32("filter")?.1, arrays.f32("input")?.1);
        let settings = arrays.f32("settings")?.1;
        let (&[items, width], &[linear_weight]) = (shape.as_slice(), settings.as_slice()) else {
            return Err(ModelError::Damaged("the directions are no matrix".into()));
        };
        if filter.is_empty() || width != 2 * filter.len() {
            return Err(ModelError::Damaged("the filter does not fit the directions".into()));
        }
        if input.len() != items || linear.items() != items {
            return Err(ModelError::Damaged("the filters know different items".into()));
        }
        let low_pass = LowPass { d: filter.len(), directions, filter, input };
        Ok(Self { linear, linear_weight, low_pass })
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
        let mut taste = vec![0f32; 2 * self.low_pass.d];
        let low_pass = user.items.iter().zip(user.weights).map(|(&own, &weight)| {
            taste.fill(0.0);
            self.low_pass.add_to(&mut taste, own, weight.sqrt());
            let amount = dense::dot(&taste, self.low_pass.row(item));
            let linear = all.binary_search_by_key(&own, |part| part.item).map_or(0.0, |at| all[at].amount);
            Contribution { item: own, amount: amount + linear }
        });
        Contribution::strongest(low_pass.collect(), at_most)
    }

    fn is_personal(&self) -> bool {
        true
    }

    fn tensors(&self) -> Vec<Tensor<'_>> {
        let LowPass { d, directions, filter, input } = &self.low_pass;
        let mut tensors = self.linear.tensors();
        tensors.push(Tensor::f32("directions", &[input.len(), 2 * d], directions));
        tensors.push(Tensor::f32("filter", &[filter.len()], filter));
        tensors.push(Tensor::f32("input", &[input.len()], input));
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
        for (score, product) in scores.iter_mut().zip(products) {
            *score = *score * self.linear_weight + product;
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
