//! Computed reports.
