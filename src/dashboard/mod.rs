//! The dashboard: how the shop is, and what to do next.

pub mod pages;
