//! What recipients did with the e-mails that Handpick sent: people told from programs.
//!
//! Everything seen is kept as it was seen; who it was is decided when it is counted, so that a better rule is one for
//! campaigns of the past too.

mod screen;

pub use screen::{Counted, clicks, counted, is_program};
