//! The shop's history on disk, as Parquet: append, dedupe, compact, read as of a version.

mod records;

pub use records::{Customer, Event, EventKind, Product};
