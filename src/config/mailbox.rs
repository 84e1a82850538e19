//! The `[mailbox]` section: where e-mails come back to that could not be delivered.

use super::{MailTls, Secret};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A mailbox of its own, read by POP3. What Handpick understands there it removes; everything else stays.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mailbox {
    /// The mailbox's server; while it is empty, nothing is read.
    pub host: String,
    /// 0 stands for the usual one: 995 with tls, 110 with starttls and off.
    pub port: u16,
    pub tls: MailTls,
    /// The authority that signed the server's certificate, as PEM; empty trusts the public ones.
    pub ca_file: PathBuf,
    pub user: String,
    pub password: Secret,
    /// The mailbox's address: e-mails name it as where they go when they cannot be delivered.
    pub address: String,
}

impl Default for Mailbox {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: 0,
            tls: MailTls::Tls,
            ca_file: PathBuf::new(),
            user: String::new(),
            password: Secret::default(),
            address: String::new(),
        }
    }
}

impl Mailbox {
    /// Whether an admin configured it.
    pub fn is_on(&self) -> bool {
        !self.host.is_empty()
    }

    pub fn port(&self) -> u16 {
        match (self.port, self.tls) {
            (0, MailTls::Tls) => 995,
            (0, MailTls::Off | MailTls::Starttls) => 110,
            (port, _) => port,
        }
    }

    /// The key and the reason of the first setting that cannot work.
    pub fn fault(&self) -> Option<(&'static str, String)> {
        if !self.is_on() {
            return None;
        }
        if self.address.parse::<lettre::Address>().is_err() {
            let reason = format!("“{}” is not an address; write bounces@shop.example", self.address);
            return Some(("mailbox.address", reason));
        }
        if self.user.is_empty() {
            return Some(("mailbox.user", "a mailbox is somebody's; say whose".into()));
        }
        let is_near = matches!(self.host.as_str(), "localhost" | "::1") || self.host.starts_with("127.");
        if self.tls == MailTls::Off && !is_near {
            let reason = "a password would cross the network in the clear; set it to starttls or tls";
            return Some(("mailbox.tls", reason.into()));
        }
        None
    }
}
