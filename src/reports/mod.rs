//! What a campaign earned: figures, uplift with intervals, exports and pages.

pub mod kpi;
pub mod outcome;
pub mod report;
pub mod verdict;
pub mod window;
