//! Reads the file, overlays the environment, and turns the parser's complaints into sentences.

use super::{Config, ConfigError, environment};
use std::path::Path;
use toml::Table;

/// Reads `path` and the process's environment.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), reason: error.to_string() })?;
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
    let variables = std::env::vars();
    parse(&text, &path.display().to_string(), variables)
}

/// Reads `text` (called `name` in messages) with `variables` on top.
pub fn parse(
    text: &str,
    name: &str,
    variables: impl Iterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    // The text by itself first: only there does a complaint know its line.
    let config: Config = toml::from_str(text).map_err(|error| explain(&error, text, name))?;
    let mut table: Table = text.parse().map_err(|error| explain(&error, text, name))?;
    let set = environment::overlay(&mut table, variables)?;
    let config = if set.is_empty() {
        config
    } else {
        table.try_into().map_err(|error: toml::de::Error| ConfigError::Environment {
            name: set.iter().map(|(_, variable)| variable.as_str()).collect::<Vec<_>>().join(", "),
            reason: error.message().to_owned(),
        })?
    };
    super::check::check(&config, text, name)?;
    Ok(config)
}

fn explain(error: &toml::de::Error, text: &str, name: &str) -> ConfigError {
    let start = error.span().map_or(0, |span| span.start);
    let line_number = text[..start.min(text.len())].matches('\n').count() + 1;
    let place = format!("{name}, line {line_number}");
    let line = text.lines().nth(line_number - 1).unwrap_or_default();
    let key = line.split('=').next().unwrap_or_default().trim().to_owned();
    let message = error.message();
    if let Some(rest) = message.strip_prefix("unknown field `") {
        let mut names = rest.split('`');
        let unknown = names.next().unwrap_or_default().to_owned();
        let known: Vec<&str> = names.skip(1).step_by(2).collect();
        return ConfigError::UnknownKey { place, hint: nearest(&unknown, &known), key: unknown };
    }
    if line.contains('=') && !message.contains('\n') && error.span().is_some_and(|span| !span.is_empty()) {
        return ConfigError::WrongValue { place, key, reason: message.to_owned() };
    }
    ConfigError::Syntax { place, reason: message.to_owned() }
}

/// “ Did you mean …?” with the nearest of the known names, or all of them when none is near.
pub fn nearest(unknown: &str, known: &[&str]) -> String {
    let near = known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(unknown, name), name))
        .filter(|(distance, name)| *distance <= (name.len() / 2).max(2))
        .min();
    match near {
        Some((_, name)) => format!(" Did you mean “{name}”?"),
        None if known.is_empty() => String::new(),
        None => format!(" Known keys: {}.", known.join(", ")),
    }
}
