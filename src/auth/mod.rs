//! Who is signed in, and what they may do: sessions, passwords, and roles as types in a handler's signature.

mod extract;
pub mod password;
pub mod session;

pub use extract::{Admin, Analyst, Marketer, SignedIn};
