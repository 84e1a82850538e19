//! The model explorer: what a model would show a customer and why, before it speaks to any.
//!
//! It reads what the history and the trained models say; of its own it keeps nothing but somebody's decision on a model.

mod answer;
pub mod ask;
pub mod basket;
pub mod compare;
pub mod customer;
pub mod customers;
mod drift;
mod gains;
mod lookout;
mod manner;
pub mod map;
pub mod models;
mod picks;
mod plot;
pub mod preview;
pub mod product;
mod profile;
mod run;
mod sample;
mod show;
mod timeline;
mod wanting;
mod why;

pub use lookout::Lookout;
