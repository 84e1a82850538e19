//! What every model can do, whatever it learned from.
//!
//! Users and items are dense numbers here (`u32`, from 0); whoever calls keeps the dictionary.

use super::interactions::Interactions;
use crate::progress::Progress;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The customer to pick for.
#[derive(Debug, Clone, Copy)]
pub struct User<'a> {
    /// Row in the interactions the model was trained on; `None` for somebody it never saw.
    pub row: Option<u32>,
    /// What they did up to now: item numbers, ascending, without repetition.
    pub items: &'a [u32],
    /// As long as `items`, positive.
    pub weights: &'a [f32],
}

/// How much one past item spoke for a pick. Contributions add up to the score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contribution {
    pub item: u32,
    pub amount: f32,
}

/// A fitted recommender: immutable, shared between threads.
pub trait Model: Send + Sync {
    /// `popular`, `item_knn`, `als`.
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

    /// The arrays that [`super::load`] rebuilds it from.
    fn tensors(&self) -> Vec<Tensor<'_>>;
}

/// Scores the same candidates for one user after another.
pub trait Scorer {
    /// Writes one finite score for each candidate. Higher is better; 0 means the model has nothing to say about
    /// the pair. Returns whether the scores are personal: false when the model knows nothing of the user, and
    /// somebody else should choose.
    fn score(&mut self, user: User<'_>, scores: &mut [f32]) -> bool;
}

/// A named array of a model, little-endian when written.
pub struct Tensor<'a> {
    pub name: &'static str,
    pub shape: Vec<usize>,
    pub data: TensorData<'a>,
}

pub enum TensorData<'a> {
    F32(Cow<'a, [f32]>),
    U32(Cow<'a, [u32]>),
    U64(Cow<'a, [u64]>),
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ModelError {
    #[error("there is nothing to learn from: no interactions are left")]
    NoInteractions,
    #[error("parameter {name} is {found}; expected {expected}")]
    Parameter { name: &'static str, found: String, expected: &'static str },
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

/// What a run may use and how it tells.
pub struct Resources<'a> {
    pub seed: u64,
    pub max_memory_bytes: u64,
    pub progress: &'a dyn Progress,
}

/// The parameters of every model; each variant is checked before it can fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "model", rename_all = "snake_case")]
pub enum Params {
    Popular(super::models::popular::Params),
    ItemKnn(super::models::item_knn::Params),
    Als(super::models::als::Params),
}

/// Signature of fitting, the same for every model; `Params::fit` dispatches to it.
pub type Fit<P> = fn(&P, &Interactions, &Resources<'_>) -> Result<Box<dyn Model>, ModelError>;
