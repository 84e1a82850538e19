//! The recommender core: pure maths, no I/O, no clock, no globals.
//!
//! Users and items are dense numbers; whoever calls keeps the dictionary. Fit, score and measure in ten lines:
//!
//! ```
//! use handpick::progress::Silent;
//! use handpick::recommender::{Interactions, Params, Resources, User};
//!
//! let bought = Interactions::from_triples(3, 4, [(0, 0, 1.0), (0, 1, 1.0), (1, 0, 1.0), (1, 1, 1.0), (2, 0, 1.0)]);
//! let resources = Resources { seed: 1, max_memory_bytes: 1 << 30, progress: &Silent };
//! let model = Params::default_of("item_knn")?.fit(&bought, &resources)?;
//! let mut scores = [0.0; 4];
//! model.scorer(&[0, 1, 2, 3]).score(User::of(Some(2), bought.row(2)), &mut scores);
//! assert!(scores[1] > scores[2], "who bought 0 also bought 1");
//! # Ok::<(), handpick::recommender::ModelError>(())
//! ```

pub mod auto;
#[cfg(test)]
mod contract;
mod descriptions;
mod distribution;
mod dot_top;
pub mod evaluation;
mod holdout;
mod interactions;
mod load;
mod log;
pub mod map;
mod model;
pub mod models;
mod names;
mod params;
pub mod picture;
pub mod power;
pub mod response;
pub mod segments;
mod simd;
pub mod slate;
mod top;
pub mod uplift;

pub use descriptions::{Description, Descriptions};
pub use interactions::Interactions;
pub use load::{LoadedData, LoadedTensor};
pub use log::{Deed, Kind, Log, Past};
pub use model::{Contribution, Model, ModelError, Observed, Resources, Scorer, Tensor, TensorData, User};
pub use names::plain_name;
pub use params::{Params, load};
pub use top::top_k;
