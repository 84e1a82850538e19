//! Begins with the products: the customers who want what a campaign offers, how many of them may be expected to buy, and
//! the first so many of them as its audience.

mod ask;
mod expect;
mod pages;

pub(in crate::campaigns) use expect::days_of;
pub use expect::{JOB, Payload, begin, job};
pub use pages::{choose, show};
