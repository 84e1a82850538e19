//! The `[listmonk]` section: the shop's listmonk, to which recipients can be given.

use super::Secret;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listmonk {
    /// `https://listmonk.shop.example`; while it is empty, nothing is given to anybody.
    pub url: String,
    /// An API user of it, and their token.
    pub user: String,
    pub token: Secret,
}

impl Listmonk {
    /// Whether an admin configured it.
    pub fn is_on(&self) -> bool {
        !self.url.is_empty()
    }

    /// The key and the reason of the first setting that cannot work.
    pub fn fault(&self) -> Option<(&'static str, String)> {
        if !self.is_on() {
            return None;
        }
        if !["https://", "http://"].iter().any(|scheme| self.url.starts_with(scheme)) {
            let reason = format!("“{}” is not an address such as https://listmonk.shop.example", self.url);
            return Some(("listmonk.url", reason));
        }
        let is_missing = self.user.is_empty() || self.token.is_empty();
        is_missing.then(|| ("listmonk.user", "listmonk wants an API user and their token".into()))
    }
}
