//! Campaigns: steps that save themselves, picks generated and looked at, files for the e-mail tool.

mod audience_list;
mod choices;
pub mod counting;
pub mod downloads;
pub mod email;
pub mod export;
mod fields;
pub mod forecast;
pub mod foresight;
mod format;
pub mod generate;
pub mod groups;
pub mod impact;
mod json_rows;
pub mod landing;
mod links;
pub mod lists;
mod memory;
pub mod pages;
mod people;
pub mod presets;
pub mod preview;
pub mod returns;
pub mod reverse;
pub mod rule_form;
pub mod rule_sets;
mod segments;
pub mod sending;
pub mod series;
pub mod state;
pub mod steps;
mod upload;
pub mod views;
pub mod warnings;
mod weather;
pub mod why;

pub use generate::{GenerateError, Payload, generate};
pub use upload::upload;

/// The job's kind in the queue; its payload is [`Payload`].
pub const JOB: &str = "generate";

/// A crash or a full disk gets one more try by itself.
pub const ATTEMPTS: i32 = 2;
