//! A compiled e-mail: fixed text with gaps, filled for each recipient.

use super::names::{CLOSE, Field, OPEN, ProductField};
use std::borrow::Cow;
use std::collections::HashMap;

/// Names whose values are the same for the whole campaign.
pub type Fixed<'a> = HashMap<&'static str, Cow<'a, str>>;

#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    Text(String),
    Field(Field),
    If { field: Field, then: Vec<Part>, otherwise: Vec<Part> },
    Products { which: Which, pair: Vec<Part>, one: Vec<Part> },
}

/// Which products a block shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    All,
    First,
    Others,
}

/// How values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    Html,
    Plain,
}

/// One recipient's values.
#[derive(Debug, Clone, Default)]
pub struct Mail<'a> {
    pub first_name: &'a str,
    pub last_name: &'a str,
    pub unsubscribe_url: String,
    pub products: Vec<Shown<'a>>,
}

/// A product as the e-mail shows it. Addresses were found harmless.
#[derive(Debug, Clone, Default)]
pub struct Shown<'a> {
    pub title: &'a str,
    pub brand: &'a str,
    pub price: String,
    pub reason: String,
    pub url: String,
    pub image_url: Cow<'a, str>,
}

impl Shown<'_> {
    fn value(&self, field: ProductField) -> &str {
        match field {
            ProductField::Title => self.title,
            ProductField::Brand => self.brand,
            ProductField::Price => &self.price,
            ProductField::Reason => &self.reason,
            ProductField::Url => &self.url,
            ProductField::ImageUrl => &self.image_url,
        }
    }
}

/// Cuts marked text into parts; fixed names get their values here. The error says what does not fit together.
pub fn read(marked: &str, fixed: &Fixed<'_>, writing: Writing) -> Result<Vec<Part>, String> {
    let mut reader = Reader { rest: marked, fixed, writing };
    let (parts, end) = reader.until_end()?;
    match end {
        None => Ok(parts),
        Some(end) => Err(format!("{{{{{end}}}}} ends nothing that began")),
    }
}

struct Reader<'t, 'f> {
    rest: &'t str,
    fixed: &'f Fixed<'f>,
    writing: Writing,
}

impl<'t> Reader<'t, '_> {
    /// Up to the next `/…` or `else`, which is answered too.
    fn until_end(&mut self) -> Result<(Vec<Part>, Option<&'t str>), String> {
        let mut parts = Vec::new();
        loop {
            let Some((text, after)) = self.rest.split_once(OPEN) else {
                add_text(&mut parts, self.rest);
                self.rest = "";
                return Ok((parts, None));
            };
            add_text(&mut parts, text);
            let (name, after) = after.split_once(CLOSE).ok_or("a name does not end")?;
            self.rest = after;
            match name {
                "else" => return Ok((parts, Some(name))),
                _ if name.starts_with('/') => return Ok((parts, Some(name))),
                _ => self.one(name, &mut parts)?,
            }
        }
    }

    fn one(&mut self, name: &str, parts: &mut Vec<Part>) -> Result<(), String> {
        if let Some(name) = name.strip_prefix("#if ") {
            return self.condition(name, parts);
        }
        if let Some(which) = name.strip_prefix("#block ") {
            let which = match which {
                "first" => Which::First,
                "others" => Which::Others,
                _ => Which::All,
            };
            let pair = self.inside("/pair")?;
            let one = self.inside("/one")?;
            parts.push(Part::Products { which, pair, one });
            return Ok(());
        }
        match (self.fixed.get(name), Field::of(name)) {
            (Some(value), _) => {
                let mut text = String::new();
                write_value(&mut text, value, self.writing);
                add_text(parts, &text);
            }
            (None, Some(field)) => parts.push(Part::Field(field)),
            (None, None) => return Err(format!("{{{{{name}}}}} cannot stand here")),
        }
        Ok(())
    }

    fn inside(&mut self, wanted: &str) -> Result<Vec<Part>, String> {
        let (parts, end) = self.until_end()?;
        if end == Some(wanted) { Ok(parts) } else { Err("a block of products is torn apart".into()) }
    }

    fn condition(&mut self, name: &str, parts: &mut Vec<Part>) -> Result<(), String> {
        let (then, mut end) = self.until_end()?;
        let mut otherwise = Vec::new();
        if end == Some("else") {
            (otherwise, end) = self.until_end()?;
        }
        if end != Some("/if") {
            return Err(format!("{{{{#if {name}}}}} is not ended with {{{{/if}}}}"));
        }
        match (self.fixed.get(name), Field::of(name)) {
            (Some(value), _) => parts.extend(if value.is_empty() { otherwise } else { then }),
            (None, Some(field)) => parts.push(Part::If { field, then, otherwise }),
            (None, None) => return Err(format!("{{{{#if {name}}}}} cannot stand here")),
        }
        Ok(())
    }
}

/// Neighbouring texts become one: fewer steps for each of many recipients.
fn add_text(parts: &mut Vec<Part>, text: &str) {
    if text.is_empty() {
        return;
    }
    match parts.last_mut() {
        Some(Part::Text(before)) => before.push_str(text),
        _ => parts.push(Part::Text(text.to_owned())),
    }
}

/// Fills `parts` for one recipient.
pub fn fill(parts: &[Part], mail: &Mail<'_>, writing: Writing, out: &mut String) {
    write_parts(parts, mail, &[], writing, out);
}

fn write_parts(parts: &[Part], mail: &Mail<'_>, shown: &[Shown<'_>], writing: Writing, out: &mut String) {
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Field(field) => write_value(out, value(*field, mail, shown), writing),
            Part::If { field, then, otherwise } => {
                let is_there = !value(*field, mail, shown).is_empty();
                write_parts(if is_there { then } else { otherwise }, mail, shown, writing, out);
            }
            Part::Products { which, pair, one } => {
                let all = &mail.products[..];
                let split = all.len().min(1);
                let products = match which {
                    Which::All => all,
                    Which::First => &all[..split],
                    Which::Others => &all[split..],
                };
                for side in products.chunks(if pair.is_empty() { 1 } else { 2 }) {
                    write_parts(if side.len() == 2 { pair } else { one }, mail, side, writing, out);
                }
            }
        }
    }
}

fn value<'m>(field: Field, mail: &'m Mail<'_>, shown: &'m [Shown<'_>]) -> &'m str {
    match field {
        Field::FirstName => mail.first_name,
        Field::LastName => mail.last_name,
        Field::UnsubscribeUrl => &mail.unsubscribe_url,
        Field::Product(place, field) => shown.get(usize::from(place)).map_or("", |shown| shown.value(field)),
    }
}

/// HTML is escaped so that it may stand in text and in quoted attributes. Plain text loses its line ends, with which a
/// name could write lines of its own.
fn write_value(out: &mut String, value: &str, writing: Writing) {
    for c in value.chars() {
        match (writing, c) {
            (Writing::Html, '&') => out.push_str("&amp;"),
            (Writing::Html, '<') => out.push_str("&lt;"),
            (Writing::Html, '>') => out.push_str("&gt;"),
            (Writing::Html, '"') => out.push_str("&quot;"),
            (Writing::Html, '\'') => out.push_str("&#39;"),
            (_, OPEN | CLOSE) => {}
            (Writing::Plain, c) if c.is_control() => out.push(' '),
            (_, c) => out.push(c),
        }
    }
}

/// An address that does nothing but lead somewhere: with `http`, `https` or `mailto`, or without a scheme.
pub fn is_harmless(address: &str) -> bool {
    let scheme = address.split(['/', '?', '#']).next().and_then(|start| start.split_once(':'));
    let is_known =
        |scheme: &str| ["http", "https", "mailto"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    !address.chars().any(char::is_control) && scheme.is_none_or(|(scheme, _)| is_known(scheme))
}

#[cfg(test)]
#[path = "parts_tests.rs"]
mod tests;
