//! One file per model. Each has `Params` (checked before they fit) and a fitted, immutable model.

pub mod als;
pub mod content;
pub mod item_knn;
pub mod popular;

mod dense;
mod item_weights;

pub(super) use dense::{Random, dot};
