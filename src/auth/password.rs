//! Passwords: argon2id hashes, checked in constant time. Slow on purpose: call it off the async workers.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use std::sync::{Mutex, OnceLock, PoisonError};

pub const MIN_LENGTH: usize = 10;
/// Longer ones only make the hash slower.
const MAX_LENGTH: usize = 500;

#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed: {0}")]
pub struct PasswordError(String);

/// One hash at a time: each takes 19 MiB and a core, and a crowd at the door must not take the machine.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

pub fn hash(password: &str) -> Result<String, PasswordError> {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let hashed = Argon2::default().hash_password(password.as_bytes());
    hashed
        .map(|hash: argon2::password_hash::phc::PasswordHash| hash.to_string())
        .map_err(|error| PasswordError(error.to_string()))
}

/// Without a hash (nobody has that e-mail) it takes as long and answers false.
pub fn verify(password: &str, stored: Option<&str>) -> bool {
    static NOBODY: OnceLock<String> = OnceLock::new();
    let nobody = NOBODY.get_or_init(|| hash("nobody has this password").unwrap_or_default());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let right = PasswordHash::new(stored.unwrap_or(nobody))
        .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
    right && stored.is_some()
}

/// A new password that is easy to read out: twenty letters and digits, none that look alike.
pub fn generate() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0u8; 20];
    rand::fill(&mut bytes);
    let mut password = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 && at % 5 == 0 {
            password.push('-');
        }
        password.push(char::from(LETTERS[usize::from(byte % 32)]));
    }
    password
}

/// What is wrong with a chosen password, if anything.
pub fn check(password: &str, email: &str) -> Result<(), &'static str> {
    if password.chars().count() < MIN_LENGTH {
        return Err("The password is too short: use at least 10 characters.");
    }
    if password.len() > MAX_LENGTH {
        return Err("The password is too long: use at most 500 characters.");
    }
    if password.eq_ignore_ascii_case(email) {
        return Err("The password must not be the e-mail address.");
    }
    Ok(())
}

/// Only what is surely wrong: an address is proved by using it.
pub fn check_email(email: &str) -> Result<(), &'static str> {
    let parts = email.split_once('@');
    let plausible =
        parts.is_some_and(|(name, host)| !name.is_empty() && host.len() > 1 && !host.contains('@'));
    if plausible && email.len() <= 254 && !email.chars().any(|c| c.is_whitespace() || c.is_control()) {
        Ok(())
    } else {
        Err("This is not an e-mail address; write one such as ada@example.com.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_verifies() {
        let stored = hash("correct horse").unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(verify("correct horse", Some(&stored)));
        assert!(!verify("wrong horse", Some(&stored)));
        assert!(!verify("nobody has this password", None));
    }

    #[test]
    fn addresses_that_cannot_be_are_refused() {
        assert!(check_email("ada@example.com").is_ok());
        for wrong in ["", "ada", "@example.com", "ada@", "a b@example.com", "a@b@c"] {
            assert!(check_email(wrong).is_err(), "{wrong}");
        }
    }
}
