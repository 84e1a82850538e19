//! A template compiled once for a campaign, and filled for each recipient.

use super::fault::{self, Fault, line_of};
use super::mark::{self, Names};
use super::parts::{self, Fixed, Mail, Part, Writing, is_harmless};
use super::text;
use crate::store::emails::EmailSettings;
use crate::web::colour::Colour;
use mrml::prelude::render::RenderOptions;
use std::borrow::Cow;
use std::collections::HashMap;

/// Larger ones are cut off by e-mail programs, and no template needs it.
pub const MAX_BYTES: usize = 100_000;
/// Gmail shows no more of an e-mail than this.
pub const SHOWN_BYTES: usize = 102_400;

/// What a marketer wrote.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    pub subject: &'a str,
    pub preheader: &'a str,
    pub mjml: &'a str,
}

#[derive(Debug, Clone)]
pub struct Compiled {
    subject: Vec<Part>,
    html: Vec<Part>,
    text: Vec<Part>,
    /// What is not wrong, but of no effect.
    pub notes: Vec<Fault>,
}

/// One recipient's e-mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    pub subject: String,
    pub html: String,
    pub text: String,
}

/// Compiles what was written for the shop's look; or says all that is wrong with it.
pub fn compile(source: Source<'_>, shop: &str, settings: &EmailSettings) -> Result<Compiled, Vec<Fault>> {
    if source.mjml.len() > MAX_BYTES {
        let text = format!("The template has {} bytes; at most {MAX_BYTES} can be sent", source.mjml.len());
        return Err(vec![Fault::at(0, text)]);
    }
    let fixed = fixed(shop, settings);
    let names = Names { fixed: &fixed, subject: source.subject, preheader: source.preheader };
    let mut faults = Vec::new();
    let mut keep = |result: Result<String, Vec<Fault>>| match result {
        Ok(marked) => marked,
        Err(found) => {
            faults.extend(found);
            String::new()
        }
    };
    let subject = keep(mark::line(source.subject, "The subject", &names));
    keep(mark::line(source.preheader, "The preview line", &names));
    if source.subject.trim().is_empty() {
        keep(Err(vec![Fault::at(0, "The e-mail needs a subject")]));
    }
    // Tags first: a name that stands in the wrong place is often the sign of a tag that was not closed.
    let wrong_tags = fault::tags(source.mjml);
    if !wrong_tags.is_empty() {
        keep(Err(wrong_tags));
        return Err(faults);
    }
    let marked = keep(mark::template(source.mjml, &names));
    if !faults.is_empty() {
        return Err(faults);
    }
    let (html, notes) = rendered(source.mjml, &marked)?;
    let whole = |error: String| vec![Fault::at(0, sentence(&error))];
    Ok(Compiled {
        subject: parts::read(&subject, &fixed, Writing::Plain).map_err(whole)?,
        text: parts::read(&text::of_html(&html), &fixed, Writing::Plain).map_err(whole)?,
        html: parts::read(&html, &fixed, Writing::Html).map_err(whole)?,
        notes,
    })
}

/// MJML to HTML. Fonts are not fetched from anywhere: it would tell others who reads the e-mail.
fn rendered(source: &str, marked: &str) -> Result<(String, Vec<Fault>), Vec<Fault>> {
    let parsed = mrml::parse(marked).map_err(|error| vec![fault::of_mjml(marked, &error)])?;
    let note = |at: usize| {
        let name: String = marked.get(at..).unwrap_or_default().chars().take_while(|c| *c != '=').collect();
        Fault::at(line_of(marked, at), format!("MJML has no attribute {} here, it does nothing", name.trim()))
    };
    let lines = source.lines().count();
    let notes = parsed.warnings.iter().map(|warning| note(warning.span.start));
    let notes = notes.filter(|note| note.line <= lines).collect();
    let options = RenderOptions { fonts: HashMap::new(), ..RenderOptions::default() };
    let html = parsed.element.render(&options);
    let html =
        html.map_err(|error| vec![Fault::at(0, format!("The template cannot be rendered: {error}"))])?;
    Ok((html, notes))
}

fn sentence(text: &str) -> String {
    format!("The template does not fit together: {text}")
}

/// The names that are the same for everybody.
fn fixed<'a>(shop: &'a str, settings: &'a EmailSettings) -> Fixed<'a> {
    let colour = Colour::read(&settings.colour).or(Colour::read("#0f6e5c"));
    let shade = |of: fn(Colour) -> Colour| Cow::Owned(colour.map(of).map(Colour::text).unwrap_or_default());
    let sender = if settings.sender_name.is_empty() { shop } else { &settings.sender_name };
    let logo = if is_harmless(&settings.logo_url) { &settings.logo_url } else { "" };
    Fixed::from([
        ("shop", Cow::Borrowed(shop)),
        ("sender", Cow::Borrowed(sender)),
        ("logo_url", Cow::Borrowed(logo)),
        ("footer", Cow::Borrowed(&*settings.footer)),
        ("colour", shade(|colour| colour)),
        ("on_colour", shade(Colour::on)),
        ("colour_on_light", shade(Colour::on_light)),
        ("colour_on_dark", shade(Colour::on_dark)),
    ])
}

impl Compiled {
    pub fn fill(&self, mail: &Mail<'_>) -> Rendered {
        let mut rendered = Rendered::default();
        self.fill_into(mail, &mut rendered);
        rendered
    }

    /// Over what `rendered` held before: many e-mails need no new memory.
    pub fn fill_into(&self, mail: &Mail<'_>, rendered: &mut Rendered) {
        let Rendered { subject, html, text } = rendered;
        for (parts, writing, out) in [
            (&self.subject, Writing::Plain, subject),
            (&self.html, Writing::Html, html),
            (&self.text, Writing::Plain, text),
        ] {
            out.clear();
            parts::fill(parts, mail, writing, out);
        }
    }
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
