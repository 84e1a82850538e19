//! Sync runs, watermarks and the statements sent to the client's database.
