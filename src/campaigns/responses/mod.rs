//! Clicks and opens of e-mails that Handpick sent, where the world reaches it and an admin wants them counted.
//!
//! Links are sealed: who has one learns nothing of whom it is for, and nobody can make one. Everything seen is kept;
//! what people did is told from what programs did when it is counted ([`screen`]).

mod pages;
pub mod screen;
mod seal;

pub use pages::{follow, picture};
pub use screen::{Counted, counted};
pub use seal::{Seal, What};
