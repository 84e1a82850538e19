//! Addresses in an e-mail that lead to Handpick: sealed, so that they say nothing and cannot be made up.

use crate::ids::CampaignId;
use crate::keyed::Sealer;
use serde::{Deserialize, Serialize};

/// What an address stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct What {
    pub campaign: CampaignId,
    pub customer: String,
    /// From 1; 0 for an address that no person sees, or a picture that says the e-mail was opened.
    pub slot: u8,
    pub product: String,
}

/// Makes addresses under a base, and reads them.
pub struct Seal {
    base: String,
    sealer: Sealer,
}

impl Seal {
    /// `base` as `https://news.shop.example`.
    pub fn new(base: &str, secret: &[u8]) -> Self {
        Self { base: base.trim_end_matches('/').to_owned(), sealer: Sealer::new(secret, "links") }
    }

    pub fn click(&self, what: &What) -> String {
        format!("{}/c/{}", self.base, self.close(what))
    }

    pub fn picture(&self, what: &What) -> String {
        format!("{}/o/{}.gif", self.base, self.close(what))
    }

    pub fn close(&self, what: &What) -> String {
        let text = serde_json::to_vec(&(what.campaign, &what.customer, what.slot, &what.product));
        self.sealer.close(text.expect("invariant: texts and numbers"))
    }

    /// `None` for what this shop did not seal.
    pub fn open(&self, token: &str) -> Option<What> {
        let text = self.sealer.open(token)?;
        let (campaign, customer, slot, product) = serde_json::from_slice(&text).ok()?;
        Some(What { campaign, customer, slot, product })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyed::hex;

    #[test]
    fn what_is_sealed_is_read_by_this_shop_alone_and_says_nothing() {
        let seal = Seal::new("https://news.shop.example/", b"secret");
        let what =
            What { campaign: CampaignId(7), customer: "ada@x ü".into(), slot: 2, product: "p-1".into() };
        let token = seal.close(&what);
        assert_eq!(seal.close(&what), token);
        assert_eq!(seal.open(&token), Some(what.clone()));
        assert!(!token.contains(&hex(b"ada@x")));
        assert_eq!(seal.click(&what), format!("https://news.shop.example/c/{token}"));
        assert_eq!(Seal::new("", b"other").open(&token), None);
        for wrong in ["", "zz", "00", &token[2..], &format!("{token}00"), &token.replacen('a', "b", 1)] {
            assert_eq!(seal.open(wrong), None, "{wrong}");
        }
        let other = seal.close(&What { slot: 3, ..what });
        assert_ne!(other[..24], token[..24], "nonces differ");
    }
}
