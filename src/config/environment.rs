//! Settings from the environment: `HANDPICK_SOURCE__PASSWORD`, or `HANDPICK_SOURCE__PASSWORD_FILE` for a file
//! that holds it.

use super::ConfigError;
use toml::{Table, Value};

const PREFIX: &str = "HANDPICK_";

/// Keys of their own, which name a file; not files that hold a secret.
const FILES: [&str; 4] = ["SOURCE__CA_FILE", "MAIL__CA_FILE", "MAIL__DKIM_KEY_FILE", "MAILBOX__CA_FILE"];

/// Puts every `HANDPICK_SECTION__KEY` of `variables` into `table` and answers which variable set which key.
pub fn overlay(
    table: &mut Table,
    variables: impl Iterator<Item = (String, String)>,
) -> Result<Vec<(String, String)>, ConfigError> {
    let mut set = Vec::new();
    for (name, text) in variables {
        let Some(path) = name.strip_prefix(PREFIX).filter(|path| path.contains("__")) else { continue };
        let refuse = |reason: String| ConfigError::Environment { name: name.clone(), reason };
        let (path, text) = match path.strip_suffix("_FILE") {
            Some(secret) if !FILES.contains(&path) && secret.contains("__") => {
                let held = std::fs::read_to_string(&text)
                    .map_err(|error| refuse(format!("the file {text} cannot be read: {error}")))?;
                (secret, held.trim_end_matches(['\r', '\n']).to_owned())
            }
            _ => (path, text),
        };
        let keys: Vec<String> = path.split("__").map(str::to_ascii_lowercase).collect();
        let (last, sections) = keys.split_last().ok_or_else(|| refuse("it names no key".into()))?;
        let mut section = &mut *table;
        for key in sections {
            section = section
                .entry(key.clone())
                .or_insert_with(|| Value::Table(Table::new()))
                .as_table_mut()
                .ok_or_else(|| refuse(format!("“{key}” is not a section")))?;
        }
        section.insert(last.clone(), value(&text, section.get(last)));
        set.push((keys.join("."), name));
    }
    Ok(set)
}

/// A number, a truth value or a list where it reads as one; text otherwise, and wherever the file has text.
fn value(text: &str, in_file: Option<&Value>) -> Value {
    if matches!(in_file, Some(Value::String(_))) {
        return Value::String(text.to_owned());
    }
    let parsed = format!("value = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("value"));
    match parsed {
        Some(value @ (Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Array(_))) => value,
        _ => Value::String(text.to_owned()),
    }
}
