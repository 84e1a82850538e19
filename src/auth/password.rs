//! Passwords: argon2id hashes, checked in constant time.
