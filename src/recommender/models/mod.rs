//! One file per model. Each has `Params` (checked before they fit) and a fitted, immutable model.

pub mod als;
pub mod content;
pub mod item_knn;
pub mod multi_event;
pub mod popular;
pub mod session;

mod dense;
mod factors;
mod normal_equations;
mod products;
mod item_weights;

pub(super) use dense::Random;
