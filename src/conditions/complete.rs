//! What may stand at the cursor: names while somebody writes a condition.

use super::facts::{Root, Schema};

/// One of the names that may be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// Takes the place of the last `replaces` characters before the cursor.
    pub text: String,
    pub replaces: usize,
    pub meaning: String,
}

/// For the text before the cursor: the facts whose name begins with, or contains, what stands there; the roots where no
/// root stands yet.
pub fn complete(before: &str, schema: Schema) -> Vec<Completion> {
    if is_in_quotes(before) {
        return Vec::new();
    }
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let begun: String = before.chars().rev().take_while(|&c| is_name(c)).collect();
    let begun: String = begun.chars().rev().collect();
    if begun.is_empty() && before.ends_with(['"', '\'', ')', ']']) {
        return Vec::new();
    }
    let replaces = begun.chars().count();
    let mut found: Vec<Completion> = (schema.0.iter())
        .map(|fact| (format!("{}.{}", fact.root.name(), fact.name), fact.meaning.to_owned()))
        .filter(|(name, _)| !begun.is_empty() && *name != begun && is_meant(name, &begun))
        .map(|(text, meaning)| Completion { text, replaces, meaning })
        .collect();
    // What begins as it was begun stands before what contains it.
    found.sort_by_key(|one| !one.text.starts_with(&begun));
    if !begun.contains('.') {
        let roots = Root::ALL.into_iter().filter(|root| schema.of(*root).next().is_some());
        let roots = roots.map(|root| format!("{}.", root.name())).filter(|name| name.starts_with(&begun));
        let offered = roots.map(|text| Completion { text, replaces, meaning: String::new() });
        found.splice(0..0, offered.collect::<Vec<_>>());
    }
    found
}

/// `pri` means `product.price` too.
fn is_meant(name: &str, begun: &str) -> bool {
    name.starts_with(begun) || (!begun.contains('.') && name.split('.').any(|part| part.starts_with(begun)))
}

fn is_in_quotes(text: &str) -> bool {
    let mut open = None;
    let mut escaped = false;
    for c in text.chars() {
        match open {
            _ if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(quote) if c == quote => open = None,
            None if matches!(c, '"' | '\'') => open = Some(c),
            _ => {}
        }
    }
    open.is_some()
}
