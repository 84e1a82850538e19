//! Sign-in sessions, set-up links and the attempts that are rate-limited.
