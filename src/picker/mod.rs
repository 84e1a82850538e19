//! The product's one verb: live model + rules + stock + context → explained picks.

pub mod activity;
pub mod arms;
pub mod around;
mod asked;
pub mod audience;
pub mod behaviour;
pub mod build;
pub mod catalogue;
pub mod deeds;
pub mod describe;
pub mod doubts;
pub mod explain;
pub mod facts;
pub mod foresight;
pub mod groups;
pub mod hindsight;
pub mod ledger;
pub mod likeness;
pub mod live_model;
pub mod model_file;
pub mod nearness;
pub mod opening;
pub mod past;
pub mod people;
pub mod pick;
pub mod picks_file;
pub mod plan;
pub mod reason;
pub mod refusal;
pub mod reverse;
mod rule;
pub mod rules;
pub mod sitting;
pub mod slate;
pub mod stock;
pub mod summary;
mod taste;
#[cfg(test)]
mod tests_model;
pub mod trace;
mod variants;
pub mod visits;
pub mod weather;
pub mod workbench;

pub use reason::Why;
pub use refusal::{Refusal, Removed};
