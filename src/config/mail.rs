//! The `[mail]` section: the server that takes a campaign's e-mails, and how fast they go to it.

use super::Secret;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How the line to the mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// Not at all: for a server on the same machine.
    Off,
    /// It begins in the clear and is encrypted before anything is said; a server that cannot is refused.
    Starttls,
    /// Encrypted from the first byte.
    Tls,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// The server that takes the e-mails; while it is empty, Handpick sends none.
    pub host: String,
    /// 0 stands for the usual one: 587 with starttls, 465 with tls, 25 with off.
    pub port: u16,
    pub tls: MailTls,
    /// The authority that signed the server's certificate, as PEM; empty trusts the public ones.
    pub ca_file: PathBuf,
    /// Empty signs in nowhere.
    pub user: String,
    pub password: Secret,
    /// Who writes: `Shop <news@shop.example>`.
    pub from: String,
    /// Where answers go, when not to `from`.
    pub reply_to: String,
    /// Lines to the server used at once. A crash leaves at most one unclear e-mail on each.
    pub connections: u32,
    /// E-mails handed over in a second; 0 sets no limit.
    pub per_second: u32,
    /// E-mails handed over in any sixty minutes; 0 sets no limit.
    pub per_hour: u32,
    /// How long the first “try again later” is waited for; each further one of the same e-mail twice as long.
    pub retry_after_s: u32,
    /// An e-mail that was put off this many times is given up.
    pub tries: u32,
    /// With the three of them, e-mails are signed (DKIM).
    pub dkim_selector: String,
    pub dkim_domain: String,
    /// The private RSA key as PEM.
    pub dkim_key_file: PathBuf,
    /// How the world reaches this Handpick's page for unsubscribing: `https://news.shop.example`. Empty: e-mails
    /// have no such link.
    pub unsubscribe_url: String,
    /// Products' links lead through this Handpick, which counts who followed them. Needs `unsubscribe_url`.
    pub count_clicks: bool,
    /// E-mails have a picture whose loading says that they were opened. Needs `unsubscribe_url`.
    pub count_opens: bool,
    /// With it the e-mail service may report at /api/v1/bounces what came back; empty: nobody may.
    pub webhook_key: Secret,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: 0,
            tls: MailTls::Starttls,
            ca_file: PathBuf::new(),
            user: String::new(),
            password: Secret::default(),
            from: String::new(),
            reply_to: String::new(),
            connections: 1,
            per_second: 10,
            per_hour: 0,
            retry_after_s: 60,
            tries: 9,
            dkim_selector: String::new(),
            dkim_domain: String::new(),
            dkim_key_file: PathBuf::new(),
            unsubscribe_url: String::new(),
            count_clicks: false,
            count_opens: false,
            webhook_key: Secret::default(),
        }
    }
}

const SHORTEST_KEY: usize = 20;

impl Mail {
    /// Whether an admin configured it.
    pub fn is_on(&self) -> bool {
        !self.host.is_empty()
    }

    pub fn is_signed(&self) -> bool {
        !self.dkim_selector.is_empty()
    }

    pub fn port(&self) -> u16 {
        match (self.port, self.tls) {
            (0, MailTls::Off) => 25,
            (0, MailTls::Starttls) => 587,
            (0, MailTls::Tls) => 465,
            (port, _) => port,
        }
    }

    /// The key and the reason of the first setting that cannot work.
    pub fn fault(&self) -> Option<(&'static str, String)> {
        if !self.webhook_key.is_empty() && self.webhook_key.reveal().len() < SHORTEST_KEY {
            let reason = format!("it can be guessed; it needs at least {SHORTEST_KEY} letters");
            return Some(("mail.webhook_key", reason));
        }
        if !self.is_on() {
            return None;
        }
        let is_no_address = |text: &str| text.parse::<lettre::message::Mailbox>().is_err();
        if is_no_address(&self.from) {
            let reason = format!("“{}” is not a sender; write Shop <news@shop.example>", self.from);
            return Some(("mail.from", reason));
        }
        if !self.reply_to.is_empty() && is_no_address(&self.reply_to) {
            let reason = format!("“{}” is not an address; write news@shop.example", self.reply_to);
            return Some(("mail.reply_to", reason));
        }
        let is_near = matches!(self.host.as_str(), "localhost" | "::1") || self.host.starts_with("127.");
        if self.tls == MailTls::Off && !self.user.is_empty() && !is_near {
            let reason = "a password would cross the network in the clear; set it to starttls or tls";
            return Some(("mail.tls", reason.into()));
        }
        let least_one = [
            ("mail.tries", self.tries),
            ("mail.retry_after_s", self.retry_after_s),
            ("mail.connections", self.connections),
        ];
        if let Some((key, _)) = least_one.iter().find(|(_, number)| *number == 0) {
            return Some((key, "0 is too few; the least is 1".into()));
        }
        self.fault_of_signature().or_else(|| self.fault_of_link())
    }

    fn fault_of_signature(&self) -> Option<(&'static str, String)> {
        let missing = [
            self.dkim_selector.is_empty(),
            self.dkim_domain.is_empty(),
            self.dkim_key_file.as_os_str().is_empty(),
        ];
        let reason = "signing needs all of dkim_selector, dkim_domain and dkim_key_file, or none of them";
        (missing.contains(&true) && missing.contains(&false)).then(|| ("mail.dkim_selector", reason.into()))
    }

    fn fault_of_link(&self) -> Option<(&'static str, String)> {
        let url = &self.unsubscribe_url;
        if (self.count_clicks || self.count_opens) && url.is_empty() {
            let reason =
                "counting clicks and opens needs the address at which the world reaches this Handpick";
            return Some(("mail.unsubscribe_url", reason.into()));
        }
        let is_web = ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme));
        let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"'));
        if url.is_empty() || (is_web && is_plain) {
            return None;
        }
        let reason = format!("“{url}” is not an address such as https://news.shop.example");
        Some(("mail.unsubscribe_url", reason))
    }
}
