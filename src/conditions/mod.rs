//! Conditions that people can read: `product.price < 20.0 && customer.country in ["AT", "DE"]`.
//!
//! The language is CEL, the Common Expression Language (cel.dev), cut to what a rule about products and customers needs:
//! facts, numbers, texts, lists, comparisons, arithmetic, `in`, `!`, `&&`, `||`, `has()`, `startsWith`, `endsWith`,
//! `contains`, and `below` for a path such as `Home > Light`. All numbers are of one kind, with a point or without.
//!
//! A condition is checked once against the facts there are, and then asked of whole columns at a time: never once for each
//! pair of customer and product. What a shop does not know of something is unknown, and a condition that hangs on it does
//! not hold, as in CEL: `false && unknown` is false, `true || unknown` is true, everything else unknown.

mod compile;
mod complete;
mod evaluate;
mod facts;
mod mentions;
mod sieve;
#[cfg(test)]
mod tests;

pub use compile::{Condition, Wrong, compile};
pub use complete::{Completion, complete};
pub use evaluate::{Bound, Side};
pub use facts::{Column, Fact, Kind, Lists, Root, Schema, Table, Texts};
pub use mentions::Mention;
pub use sieve::{Scratch, Sieve};
