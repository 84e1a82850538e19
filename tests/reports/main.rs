//! What a campaign earned: the figures, the comparisons, every form they leave the building in, and what is frozen.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod analyst;
mod bad_data;
mod calibration;
mod compared;
mod currency;
mod figures;
mod files;
mod frozen;
mod letters;
mod links;
mod logo;
mod planted;
#[path = "../support/mod.rs"]
mod support;
