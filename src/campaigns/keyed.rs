//! Words that only this shop can have made: for links, message ids and unsubscribing.

use crate::ids::CampaignId;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// 32 bytes of `text` for one `purpose`. No purpose begins as another does, so that what is hashed tells them apart.
pub fn keyed_bytes(secret: &[u8], purpose: &str, text: &[u8]) -> [u8; 32] {
    let mut keyed = Hmac::<Sha256>::new_from_slice(secret).expect("invariant: HMAC takes keys of any length");
    keyed.update(purpose.as_bytes());
    keyed.update(text);
    keyed.finalize().into_bytes().into()
}

/// `bytes` bytes in hexadecimal, of one recipient of a campaign, for one `purpose`.
pub fn keyed(secret: &[u8], purpose: &str, campaign: CampaignId, customer: &str, bytes: usize) -> String {
    let mut keyed = Hmac::<Sha256>::new_from_slice(secret).expect("invariant: HMAC takes keys of any length");
    keyed.update(purpose.as_bytes());
    keyed.update(&campaign.0.to_be_bytes());
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
