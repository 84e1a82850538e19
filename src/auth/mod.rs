//! Who is signed in, and what they may do: sessions, passwords, and roles as types in a handler's signature.

mod api_key;
mod attempts;
mod extract;
pub mod password;
pub mod session;
pub mod setup;
pub mod token;

pub use api_key::{ReportsKey, make_reports_key};
pub use attempts::{Limit, forget_failures, try_once};
pub use extract::{Admin, Analyst, Marketer, Refusal, SignedIn};
pub use token::same;
