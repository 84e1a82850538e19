//! Uploaded lists of customer or product ids.
