//! What is wrong with a template, at its line.

use super::names::{CLOSE, OPEN};
use mrml::prelude::parser::Error as MrmlError;

/// Tags that HTML never closes.
const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
];
/// What MJML knows; others with its prefix are misspelt.
const KNOWN: [&str; 33] = [
    "mj-accordion",
    "mj-accordion-element",
    "mj-accordion-text",
    "mj-accordion-title",
    "mj-all",
    "mj-attributes",
    "mj-body",
    "mj-breakpoint",
    "mj-button",
    "mj-carousel",
    "mj-carousel-image",
    "mj-class",
    "mj-column",
    "mj-divider",
    "mj-font",
    "mj-group",
    "mj-head",
    "mj-hero",
    "mj-image",
    "mj-navbar",
    "mj-navbar-link",
    "mj-preview",
    "mj-raw",
    "mj-section",
    "mj-social",
    "mj-social-element",
    "mj-spacer",
    "mj-style",
    "mj-table",
    "mj-text",
    "mj-title",
    "mj-wrapper",
    "mjml",
];
/// After so many the first ones matter.
const SHOWN: usize = 6;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// From 1; 0 when it is no single line's.
    pub line: usize,
    pub text: String,
}

impl Fault {
    pub fn at(line: usize, text: impl Into<String>) -> Self {
        Self { line, text: text.into() }
    }

    /// `Line 3: …`
    pub fn sentence(&self) -> String {
        let end = if self.text.ends_with(['.', '?']) { "" } else { "." };
        match self.line {
            0 => format!("{}{end}", self.text),
            line => format!("Line {line}: {}{end}", self.text),
        }
    }
}

/// The line on which the byte stands.
pub fn line_of(text: &str, byte: usize) -> usize {
    text.as_bytes().iter().take(byte).filter(|byte| **byte == b'\n').count() + 1
}

/// Tags that do not match, that nobody knows, or that e-mails must not have. Checked before MJML is, which says of
/// them only that something was unexpected.
pub fn tags(text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut open: Vec<(&str, usize)> = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('<').map(|found| at + found) {
        let (line, rest) = (line_of(text, found), &text[found..]);
        let Some(length) = tag_length(rest) else {
            faults.push(Fault::at(
                line,
                "a tag begins here and does not end; a quotation mark or a > is missing",
            ));
            break;
        };
        at = found + length;
        let tag = &rest[..length];
        if tag.starts_with("<!") || tag.starts_with("<?") {
            continue;
        }
        let name = name_of(tag);
        if tag.starts_with("</") {
            close(&mut open, name, line, &mut faults);
            continue;
        }
        faults.extend(unwanted(name, line));
        if tag.ends_with("/>") || VOID.contains(&name) {
            continue;
        }
        open.push((name, line));
        // What stands inside is no markup.
        if matches!(name, "mj-style" | "style") {
            let end = text[at..].find("</").map_or(text.len(), |end| at + end);
            at = end;
        }
    }
    faults.extend(open.into_iter().map(|(name, line)| Fault::at(line, format!("<{name}> is never closed"))));
    faults.sort_by_key(|fault| fault.line);
    faults.truncate(SHOWN);
    faults
}

fn close<'t>(open: &mut Vec<(&'t str, usize)>, name: &'t str, line: usize, faults: &mut Vec<Fault>) {
    match open.iter().rposition(|(known, _)| *known == name) {
        None => faults.push(Fault::at(line, format!("</{name}> closes nothing that is open"))),
        Some(place) => {
            let inner = open.drain(place..).skip(1);
            faults.extend(inner.map(|(inner, since)| {
                Fault::at(since, format!("<{inner}> is not closed before </{name}> on line {line}"))
            }));
        }
    }
}

fn unwanted(name: &str, line: usize) -> Option<Fault> {
    match name {
        "script" => Some(Fault::at(line, "e-mails run no scripts; take <script> out")),
        "mj-include" => Some(Fault::at(line, "<mj-include> cannot be used: write what it holds here")),
        "iframe" | "object" | "embed" | "form" => {
            Some(Fault::at(line, format!("e-mail programs do not show <{name}>; take it out")))
        }
        _ if name.starts_with("mj") && !KNOWN.contains(&name) => {
            let near = KNOWN.iter().min_by_key(|known| strsim::damerau_levenshtein(name, known));
            let near = near.copied().unwrap_or_default();
            Some(Fault::at(line, format!("<{name}> is not known; did you mean <{near}>?")))
        }
        _ => None,
    }
}

/// How long the tag, comment or declaration is that `text` begins with; `None` when it does not end.
fn tag_length(text: &str) -> Option<usize> {
    if let Some(comment) = text.strip_prefix("<!--") {
        return comment.find("-->").map(|end| end + 7);
    }
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'>') => return Some(at + 1),
            // Another tag begins: this one was not finished.
            (None, b'<') if at > 0 => return None,
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

fn name_of(tag: &str) -> &str {
    let name = tag.trim_start_matches(['<', '/']);
    let end = name.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap_or(name.len());
    &name[..end]
}

/// What MJML itself found.
pub fn of_mjml(text: &str, error: &MrmlError) -> Fault {
    let near = |position: usize| {
        let rest: String = text.get(position..).unwrap_or_default().chars().take(40).collect();
        let rest = rest.replace(OPEN, "{{").replace(CLOSE, "}}");
        rest.lines().next().unwrap_or_default().trim().to_owned()
    };
    let named = |position: usize, words: &str| {
        Fault::at(line_of(text, position), format!("“{}” {words}", near(position)))
    };
    match error {
        MrmlError::UnexpectedElement { position, .. } => named(
            position.start,
            "cannot stand here; texts and pictures belong in a column, columns in a section",
        ),
        MrmlError::UnexpectedToken { position, .. } => {
            named(position.start, "cannot stand here; put text into <mj-text>")
        }
        MrmlError::MissingAttribute { name, position, .. } => {
            named(position.start, &format!("needs the attribute {name}"))
        }
        MrmlError::InvalidAttribute { position, .. } => {
            named(position.start, "has a value that is not allowed")
        }
        MrmlError::InvalidFormat { position, .. } => named(position.start, "is not written as it should be"),
        MrmlError::ParserError { source, .. } => {
            Fault::at(source.pos().row as usize, format!("this cannot be read as MJML ({source})"))
        }
        MrmlError::NoRootNode => Fault::at(1, "a template begins with <mjml>"),
        MrmlError::EndOfStream { .. } => {
            Fault::at(text.lines().count(), "the template ends too early; is it closed with </mjml>?")
        }
        error => Fault::at(0, format!("The template cannot be read: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        tags(text).iter().map(Fault::sentence).collect()
    }

    #[test]
    fn tags_are_matched_line_by_line() {
        assert_eq!(said("<mjml>\n<mj-body>\n<br><mj-image src=\"a>b\" />\n</mj-body>\n</mjml>"), [""; 0]);
        assert_eq!(
            said("<mjml>\n<mj-column>\n</mjml>"),
            ["Line 2: <mj-column> is not closed before </mjml> on line 3."]
        );
        assert_eq!(said("<mjml>\n</mj-text>\n</mjml>"), ["Line 2: </mj-text> closes nothing that is open."]);
        assert_eq!(said("<p>\n<!-- <b> -->"), ["Line 1: <p> is never closed."]);
        let unfinished = "Line 2: a tag begins here and does not end; a quotation mark or a > is missing.";
        assert!(said("<p>\n<a href=\"x>y</a></p>").contains(&unfinished.to_owned()));
    }

    #[test]
    fn misspelt_and_unwanted_tags_are_named() {
        assert_eq!(said("\n<mj-txt></mj-txt>"), ["Line 2: <mj-txt> is not known; did you mean <mj-text>?"]);
        assert!(said("<script>x</script>")[0].contains("run no scripts"));
    }
}
