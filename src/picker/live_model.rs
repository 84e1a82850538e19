//! A model that can pick: the fitted maths with the shop's ids.

use crate::index::Index;
use crate::recommender::Model;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a model file says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelHeader {
    pub kind: String,
    /// For people: nothing is decided by it, and a file written when parameters had other names is still read.
    pub params: serde_json::Value,
    /// The history it saw, so that the run can be repeated.
    pub history_version: u64,
    /// It saw nothing at or after this moment.
    pub cut_at: DateTime<Utc>,
    pub trained_at: DateTime<Utc>,
    pub seed: u64,
    pub metrics: serde_json::Value,
}

pub struct LiveModel {
    pub header: ModelHeader,
    /// Numbers are the model's rows.
    pub customers: Index,
    /// Numbers are the model's items.
    pub products: Index,
    pub model: Box<dyn Model>,
}
