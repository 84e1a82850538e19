//! One file per model. Each has `Params` (checked before they fit) and a fitted, immutable model.

pub mod als;
pub mod blend;
pub mod content;
pub mod ease;
pub mod item_knn;
pub mod multi_event;
pub mod popular;
pub mod session;
pub mod spectral;

mod dense;
mod factors;
mod item_weights;
mod normal_equations;
mod products;
mod recency;
mod spectrum;

pub(super) use dense::{Random, dot};
