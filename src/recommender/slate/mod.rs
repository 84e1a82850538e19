//! From scores to what each customer is shown, where not everybody can be shown the best.

pub mod allocation;
pub mod best;
pub mod diversity;
mod prices;

pub use allocation::{Allocation, Limits, Offers, allocate};
