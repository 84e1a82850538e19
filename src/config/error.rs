//! What can be wrong with a configuration, said so that it can be mended.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the configuration file {path} cannot be read: {reason}")]
    Unreadable { path: PathBuf, reason: String },
    #[error("{place}: {reason}")]
    Syntax { place: String, reason: String },
    #[error("{place}: “{key}” is not a key of this section.{hint}")]
    UnknownKey { place: String, key: String, hint: String },
    #[error("{place}: {key}: {reason}")]
    WrongValue { place: String, key: String, reason: String },
    #[error("the environment variable {name}: {reason}")]
    Environment { name: String, reason: String },
}
