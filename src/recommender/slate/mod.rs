//! From scores to what each customer is shown, where not everybody can be shown the best.

pub mod allocation;
mod prices;

pub use allocation::{Allocation, Limits, Offers, allocate};
