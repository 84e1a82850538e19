//! What every model can do, whatever it learned from.
//!
//! Users and items are dense numbers here (`u32`, from 0); whoever calls keeps the dictionary.

use super::{Descriptions, Interactions, Log, Past, top_k};
use crate::progress::Progress;
use std::borrow::Cow;

/// What a model may learn from. The interactions are always there, the rest where the shop has it; all number the
/// same users and items.
#[derive(Clone, Copy)]
pub struct Observed<'a> {
    /// Who did what how much: all kinds of events in one weight, as the caller values them.
    pub interactions: &'a Interactions,
    /// The same events one by one, with their kinds and times.
    pub log: Option<&'a Log>,
    /// What the items are.
    pub items: Option<&'a Descriptions>,
}

impl<'a> Observed<'a> {
    /// The user as they were observed.
    pub fn user(self, user: u32) -> User<'a> {
        let past = self.log.filter(|log| (user as usize) < log.users()).map(|log| log.past(user));
        User { past: past.unwrap_or_default(), ..User::of(Some(user), self.interactions.row(user)) }
    }
}

impl<'a> From<&'a Interactions> for Observed<'a> {
    fn from(interactions: &'a Interactions) -> Self {
        Self { interactions, log: None, items: None }
    }
}

/// The customer to pick for.
#[derive(Debug, Clone, Copy, Default)]
pub struct User<'a> {
    /// Row in the interactions the model was trained on; `None` for somebody it never saw.
    pub row: Option<u32>,
    /// What they did up to now: item numbers, ascending, without repetition. A model passes over those it never saw.
    pub items: &'a [u32],
    /// As long as `items`, positive.
    pub weights: &'a [f32],
    /// The same deeds one by one in the order of time; empty where the caller does not know it.
    pub past: Past<'a>,
}

impl<'a> User<'a> {
    /// Somebody who did this, in an order nobody knows.
    pub fn of(row: Option<u32>, (items, weights): (&'a [u32], &'a [f32])) -> Self {
        Self { row, items, weights, past: Past::default() }
    }

    /// The same without items that a model of so many never saw: products that came after it was trained. The past
    /// stays whole, as its numbers do not ascend.
    pub fn within(self, items: usize) -> Self {
        let known = self.items.partition_point(|&item| (item as usize) < items);
        Self { items: &self.items[..known], weights: &self.weights[..known], ..self }
    }
}

/// How much one past item spoke for a pick. Contributions add up to the score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contribution {
    pub item: u32,
    pub amount: f32,
}

impl Contribution {
    /// The strongest first, the smaller item among equals, at most `at_most`.
    pub fn strongest(mut all: Vec<Self>, at_most: usize) -> Vec<Self> {
        all.sort_by(|a, b| b.amount.total_cmp(&a.amount).then(a.item.cmp(&b.item)));
        all.truncate(at_most);
        all
    }
}

/// A fitted recommender: immutable, shared between threads.
pub trait Model: Send + Sync {
    /// One of [`super::Params::KINDS`].
    fn kind(&self) -> &'static str;

    /// Number of items it knows; scores are asked for item numbers below it.
    fn items(&self) -> usize;

    /// Makes a scorer for `candidates` (item numbers, ascending, without repetition). One per thread: it owns
    /// the scratch memory.
    fn scorer<'a>(&'a self, candidates: &'a [u32]) -> Box<dyn Scorer + 'a>;

    /// The past items that spoke for `item`, strongest first, at most `at_most`. Empty when the model does not
    /// reason from the user's items.
    fn explain(&self, user: User<'_>, item: u32, at_most: usize) -> Vec<Contribution>;

    /// True when its scores depend on the user: false for best-sellers.
    fn is_personal(&self) -> bool;

    /// True when [`User::past`] tells it more than [`User::items`] does.
    fn needs_past(&self) -> bool {
        false
    }

    /// True when [`Model::explain`] costs no more than a few look-ups for each of the user's items.
    fn explains_cheaply(&self) -> bool {
        false
    }

    /// The arrays that [`super::load`] rebuilds it from.
    fn tensors(&self) -> Vec<Tensor<'_>>;
}

/// Users scored at once for their lists: their scores of some ten thousand items fit in the third-level cache.
const USERS_A_BATCH: usize = 16;

/// Scores the same candidates for one user after another.
pub trait Scorer {
    /// Writes one finite score for each candidate. Higher is better; 0 means the model has nothing to say about
    /// the pair. Returns whether the scores are personal: false when the model knows nothing of the user, and
    /// somebody else should choose.
    fn score(&mut self, user: User<'_>, scores: &mut [f32]) -> bool;

    /// As [`Scorer::score`] for each of `users`; `scores` is users × candidates. Models that read much memory for a
    /// score read it once for all of them.
    fn score_batch(&mut self, users: &[User<'_>], scores: &mut [f32]) -> Vec<bool> {
        let candidates = scores.len() / users.len().max(1);
        if candidates == 0 {
            return vec![false; users.len()];
        }
        users
            .iter()
            .zip(scores.chunks_exact_mut(candidates))
            .map(|(&user, scores)| self.score(user, scores))
            .collect()
    }

    /// The best `k` places among the candidates for each of `users`, best first, as [`top_k`] orders them; `None`
    /// for whom [`Scorer::score`] says false. `skip(n, place)` holds for what the n-th user must not get.
    fn best(
        &mut self,
        users: &[User<'_>],
        k: usize,
        skip: &dyn Fn(usize, usize) -> bool,
        scores: &mut [f32],
    ) -> Vec<Option<Vec<u32>>> {
        let candidates = scores.len();
        let mut of_batch = vec![0f32; USERS_A_BATCH.min(users.len()) * candidates];
        let mut lists = Vec::with_capacity(users.len());
        for batch in users.chunks(USERS_A_BATCH) {
            let scores = &mut of_batch[..batch.len() * candidates];
            let personal = self.score_batch(batch, scores);
            for (at, personal) in personal.into_iter().enumerate() {
                let (n, scores) = (lists.len(), &scores[at * candidates..][..candidates]);
                lists.push(personal.then(|| top_k(scores, k, |place| skip(n, place))));
            }
        }
        lists
    }
}

/// A named array of a model, little-endian when written.
pub struct Tensor<'a> {
    pub name: Cow<'static, str>,
    pub shape: Vec<usize>,
    pub data: TensorData<'a>,
}

pub enum TensorData<'a> {
    F32(Cow<'a, [f32]>),
    U32(Cow<'a, [u32]>),
    U64(Cow<'a, [u64]>),
}

impl<'a> Tensor<'a> {
    pub fn f32(name: &'static str, shape: &[usize], data: impl Into<Cow<'a, [f32]>>) -> Self {
        Self { name: name.into(), shape: shape.into(), data: TensorData::F32(data.into()) }
    }

    /// A list.
    pub fn u32(name: &'static str, data: impl Into<Cow<'a, [u32]>>) -> Self {
        let data = data.into();
        Self { name: name.into(), shape: vec![data.len()], data: TensorData::U32(data) }
    }

    /// A list.
    pub fn u64(name: &'static str, data: impl Into<Cow<'a, [u64]>>) -> Self {
        let data = data.into();
        Self { name: name.into(), shape: vec![data.len()], data: TensorData::U64(data) }
    }
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ModelError {
    #[error("there is nothing to learn from: no interactions are left")]
    NoInteractions,
    #[error(
        "this model learns from what products are, and nothing is known of them: give titles, categories, brands, prices or pictures, or choose another model"
    )]
    NoDescriptions,
    #[error("parameter {name} is {found}; expected {expected}")]
    Parameter { name: &'static str, found: String, expected: &'static str },
    #[error("parameter {name} is “{found}”; expected {expected}")]
    Unreadable { name: String, found: String, expected: String },
    #[error("“{0}” is not a parameter of this model; known: {1}")]
    UnknownParameter(String, String),
    #[error("“{0}” is not a model; known: {1}")]
    UnknownModel(String, String),
    #[error("training went wrong: a number is not finite; try a larger regularisation")]
    NotFinite,
    #[error("training would need {needed_mb} MB, allowed are {allowed_mb} MB: {advice}")]
    TooLarge { needed_mb: u64, allowed_mb: u64, advice: String },
    #[error("the stored model is damaged: {0}")]
    Damaged(String),
    #[error("cancelled")]
    Cancelled,
}

impl ModelError {
    /// That `name` cannot be `found`.
    pub fn parameter(name: &'static str, found: &(impl ToString + ?Sized), expected: &'static str) -> Self {
        Self::Parameter { name, found: found.to_string(), expected }
    }
}

/// What a run may use and how it tells.
pub struct Resources<'a> {
    pub seed: u64,
    pub max_memory_bytes: u64,
    pub progress: &'a dyn Progress,
}

impl Resources<'_> {
    /// Refuses work that would need more memory than it may have; `advice` begins a sentence on what to change.
    pub fn allow(&self, needed_bytes: u64, advice: &str) -> Result<(), ModelError> {
        if needed_bytes <= self.max_memory_bytes {
            return Ok(());
        }
        Err(ModelError::TooLarge {
            needed_mb: needed_bytes >> 20,
            allowed_mb: self.max_memory_bytes >> 20,
            advice: format!("{advice}, or raise training.max_memory_mb"),
        })
    }
}
