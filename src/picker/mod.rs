//! The product's one verb: live model + rules + stock + context → explained picks.

pub mod plan;
