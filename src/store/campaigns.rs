//! Campaigns: plan, state and version.
