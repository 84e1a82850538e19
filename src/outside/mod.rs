//! Services outside of Handpick, one file each. All are off until an admin configures them.

pub mod dkim;
pub mod http;
pub mod listmonk;
pub mod pop3;
pub mod smtp;
pub mod weather;
