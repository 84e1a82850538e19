//! The client's databases, read-only: PostgreSQL, MySQL/MariaDB and SQLite behind one trait.
