//! Where the links and pictures of an e-mail lead that Handpick sent: clicks and opens, where the world reaches it and an
//! admin wants them counted.
//!
//! Links are sealed: who has one learns nothing of whom it is for, and nobody can make one. Everything seen is kept;
//! what people did is told from what programs did when it is counted.

mod pages;
mod seal;

pub use pages::{follow, picture};
pub use seal::{Seal, What};
