//! Accounts: the way in and out, one's own password, and for admins who may do what.

pub mod entrance;
pub mod keys;
pub mod own;
pub mod pages;
