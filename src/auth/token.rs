//! Random tokens and their hashes: what a browser holds and what the store keeps.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// 256 random bits as 64 hexadecimal digits.
pub fn random() -> String {
    let mut bytes = [0u8; 32];
    rand::fill(&mut bytes);
    hex(&bytes)
}

/// SHA-256, hexadecimal.
pub fn hash(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// A second token that follows from the first but does not betray it.
pub fn derived(token: &str, purpose: &str) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(token.as_bytes()).expect("invariant: HMAC takes keys of any length");
    mac.update(purpose.as_bytes());
    hex(&mac.finalize().into_bytes())
}

/// Compares in a time that does not tell how much was right.
pub fn same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    left.len() == right.len() && left.iter().zip(right).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
