//! Addresses in an e-mail that lead to Handpick: sealed, so that they say nothing and cannot be made up.
//!
//! ChaCha20-Poly1305 with a nonce that is the keyed hash of what is sealed: the same is sealed the same way each time, so
//! an e-mail that is written again is the same, and two different ones never share a nonce.

use crate::campaigns::keyed::{hex, keyed_bytes, unhex};
use crate::ids::CampaignId;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
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
    key: LessSafeKey,
    secret: Vec<u8>,
}

impl Seal {
    /// `base` as `https://news.shop.example`.
    pub fn new(base: &str, secret: &[u8]) -> Self {
        let bytes = keyed_bytes(secret, "seal of links", b"");
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes).expect("invariant: the key has 32 bytes");
        let base = base.trim_end_matches('/').to_owned();
        Self { base, key: LessSafeKey::new(key), secret: secret.to_owned() }
    }

    pub fn click(&self, what: &What) -> String {
        format!("{}/c/{}", self.base, self.close(what))
    }

    pub fn picture(&self, what: &What) -> String {
        format!("{}/o/{}.gif", self.base, self.close(what))
    }

    pub fn close(&self, what: &What) -> String {
        let mut text = serde_json::to_vec(&(what.campaign, &what.customer, what.slot, &what.product))
            .expect("invariant: texts and numbers");
        let mut whole = self.nonce(&text).to_vec();
        let nonce = Nonce::try_assume_unique_for_key(&whole).expect("invariant: the nonce has its length");
        self.key
            .seal_in_place_append_tag(nonce, Aad::empty(), &mut text)
            .expect("invariant: a short text can be sealed");
        whole.append(&mut text);
        hex(&whole)
    }

    /// `None` for what this shop did not seal.
    pub fn open(&self, token: &str) -> Option<What> {
        let mut whole = unhex(token)?;
        if whole.len() <= NONCE_LEN {
            return None;
        }
        let mut text = whole.split_off(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(&whole).ok()?;
        let text = self.key.open_in_place(nonce, Aad::empty(), &mut text).ok()?;
        let (campaign, customer, slot, product) = serde_json::from_slice(text).ok()?;
        Some(What { campaign, customer, slot, product })
    }

    fn nonce(&self, text: &[u8]) -> [u8; NONCE_LEN] {
        let all = keyed_bytes(&self.secret, "nonce of a link", text);
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&all[..NONCE_LEN]);
        nonce
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
