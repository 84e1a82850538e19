//! Words that only this shop can have made: for links, message ids, unsubscribing and pictures.

use hmac::{Hmac, KeyInit, Mac};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::Sha256;

/// 32 bytes of `text` for one `purpose`. No purpose begins as another does, so that what is hashed tells them apart.
pub fn keyed_bytes(secret: &[u8], purpose: &str, text: &[u8]) -> [u8; 32] {
    let mut keyed = Hmac::<Sha256>::new_from_slice(secret).expect("invariant: HMAC takes keys of any length");
    keyed.update(purpose.as_bytes());
    keyed.update(text);
    keyed.finalize().into_bytes().into()
}

/// `bytes` bytes in hexadecimal, of one recipient of a campaign, for one `purpose`.
pub fn keyed(secret: &[u8], purpose: &str, campaign: i32, customer: &str, bytes: usize) -> String {
    let mut keyed = Hmac::<Sha256>::new_from_slice(secret).expect("invariant: HMAC takes keys of any length");
    keyed.update(purpose.as_bytes());
    keyed.update(&campaign.to_be_bytes());
    keyed.update(customer.as_bytes());
    let whole = keyed.finalize().into_bytes();
    hex(&whole[..bytes.min(whole.len())])
}

pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Undoes [`hex`]; `None` for anything else.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.bytes().map(|byte| char::from(byte).to_digit(16)).collect::<Option<Vec<u32>>>()?;
    let pair = |pair: &[u32]| (pair[0] * 16 + pair[1]) as u8;
    (digits.len() % 2 == 0).then(|| digits.chunks(2).map(pair).collect())
}

/// Makes texts that say nothing to whoever has them, and reads those it made.
///
/// ChaCha20-Poly1305 with a nonce that is the keyed hash of what is sealed: the same is sealed the same way each time,
/// and two different ones never share a nonce.
pub struct Sealer {
    key: LessSafeKey,
    secret: Vec<u8>,
    purpose: &'static str,
}

impl Sealer {
    pub fn new(secret: &[u8], purpose: &'static str) -> Self {
        let bytes = keyed_bytes(secret, &format!("seal of {purpose}"), b"");
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes).expect("invariant: the key has 32 bytes");
        Self { key: LessSafeKey::new(key), secret: secret.to_owned(), purpose }
    }

    /// In hexadecimal.
    pub fn close(&self, mut text: Vec<u8>) -> String {
        let all = keyed_bytes(&self.secret, &format!("nonce of {}", self.purpose), &text);
        let mut whole = all[..NONCE_LEN].to_vec();
        let nonce = Nonce::try_assume_unique_for_key(&whole).expect("invariant: the nonce has its length");
        self.key
            .seal_in_place_append_tag(nonce, Aad::empty(), &mut text)
            .expect("invariant: a short text can be sealed");
        whole.append(&mut text);
        hex(&whole)
    }

    /// `None` for what this shop did not seal for this purpose.
    pub fn open(&self, token: &str) -> Option<Vec<u8>> {
        let mut whole = unhex(token)?;
        if whole.len() <= NONCE_LEN {
            return None;
        }
        let mut text = whole.split_off(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(&whole).ok()?;
        self.key.open_in_place(nonce, Aad::empty(), &mut text).ok().map(|text| text.to_vec())
    }
}
