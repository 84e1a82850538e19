//! Names in double braces become marks that survive MJML, so that a template is compiled once and filled often.
//!
//! Line ends stay where they are: what MJML finds wrong is told at the marketer's own line.

use super::block;
use super::fault::{Fault, line_of};
use super::names::{self, BLOCKS, CLOSE, Field, OPEN};
use super::parts::Fixed;

/// What marks are made with.
pub struct Names<'a> {
    pub fixed: &'a Fixed<'a>,
    pub subject: &'a str,
    pub preheader: &'a str,
}

/// What was begun and waits for its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begun {
    If,
    Products,
}

/// Where in the markup the text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    Tag,
    Quoted(char),
}

struct Marker<'a> {
    names: &'a Names<'a>,
    out: String,
    /// Not so for a line of plain text.
    is_markup: bool,
    place: Place,
    faults: Vec<Fault>,
    begun: Vec<(Begun, usize)>,
    /// Within our own blocks, whose marks are taken as they are.
    own: bool,
    has_products: bool,
    has_unsubscribe: bool,
}

/// A whole template, which must have products and a way to unsubscribe.
pub fn template(source: &str, names: &Names<'_>) -> Result<String, Vec<Fault>> {
    let mut marker = Marker::new(names);
    let with_head = with_head(source);
    marker.mark(&with_head);
    if marker.faults.is_empty() {
        if !marker.has_products {
            marker.fault(0, "The template shows no products: put {{products}} between two sections");
        }
        if !marker.has_unsubscribe {
            let text = "The template lets nobody leave the list: link {{unsubscribe_url}} somewhere, best at the end";
            marker.fault(0, text);
        }
    }
    if marker.faults.is_empty() { Ok(marker.out) } else { Err(marker.faults) }
}

/// A line of text: the subject, or what stands behind it in the inbox.
pub fn line(text: &str, what: &str, names: &Names<'_>) -> Result<String, Vec<Fault>> {
    let names = Names { subject: "", preheader: "", ..*names };
    let mut marker = Marker { is_markup: false, ..Marker::new(&names) };
    marker.mark(text);
    let told = |fault: Fault| Fault::at(0, format!("{what}: {}", fault.text));
    if marker.faults.is_empty() { Ok(marker.out) } else { Err(marker.faults.into_iter().map(told).collect()) }
}

/// With our own part of the head, on a line that is there already.
fn with_head(source: &str) -> String {
    let ours = format!("{}<mj-style>{}</mj-style>", block::HEAD, block::STYLE);
    let after = |tag: &str| {
        let start = source.find(&format!("<{tag}"))?;
        source[start..].find('>').map(|end| start + end + 1)
    };
    match (after("mj-head"), after("mjml")) {
        (Some(at), _) if source[..at].ends_with("/>") => {
            format!("{}>{ours}</mj-head>{}", source[..at].trim_end_matches("/>"), &source[at..])
        }
        (Some(at), _) => format!("{}{ours}{}", &source[..at], &source[at..]),
        (None, Some(at)) => format!("{}<mj-head>{ours}</mj-head>{}", &source[..at], &source[at..]),
        (None, None) => source.to_owned(),
    }
}

impl<'a> Marker<'a> {
    fn new(names: &'a Names<'a>) -> Self {
        Self {
            names,
            out: String::new(),
            is_markup: true,
            place: Place::Text,
            faults: Vec::new(),
            begun: Vec::new(),
            own: false,
            has_products: false,
            has_unsubscribe: false,
        }
    }

    fn fault(&mut self, line: usize, text: impl Into<String>) {
        self.faults.push(Fault::at(line, text));
    }

    fn mark(&mut self, source: &str) {
        let mut at = 0;
        while let Some(start) = source[at..].find("{{").map(|start| at + start) {
            self.text(&source[at..start]);
            let line = line_of(source, start);
            let inside = &source[start + 2..];
            let end = inside.find("}}").filter(|end| !inside[..*end].contains(['\n', '{', '<']));
            let Some(end) = end else {
                self.fault(line, "{{ is not ended with }}");
                at = start + 2;
                continue;
            };
            self.name(inside[..end].trim(), &source[..start], line);
            at = start + 2 + end + 2;
        }
        self.text(&source[at..]);
        if !self.own {
            for (begun, line) in std::mem::take(&mut self.begun) {
                let (name, end) = match begun {
                    Begun::If => ("#if …", "/if"),
                    Begun::Products => ("#products", "/products"),
                };
                self.fault(line, format!("{{{{{name}}}}} is never ended with {{{{{end}}}}}"));
            }
        }
    }

    /// The marks' own letters are nobody else's. Within a tag's quotation marks, what MJML's renderer would escape its
    /// own way (accents of their own, parts of pictograms, backslashes) stands by its number.
    fn text(&mut self, text: &str) {
        for c in text.chars().filter(|c| !matches!(*c, OPEN | CLOSE)) {
            match (self.place, c) {
                (Place::Text, '<') if self.is_markup => self.place = Place::Tag,
                (Place::Tag, '>') => self.place = Place::Text,
                (Place::Tag, '"' | '\'') => self.place = Place::Quoted(c),
                (Place::Quoted(quote), c) if quote == c => self.place = Place::Tag,
                (Place::Quoted(_), c) if !c.is_whitespace() && c != '\'' && c.escape_debug().len() > 1 => {
                    self.out.push_str(&format!("&#{};", u32::from(c)));
                    continue;
                }
                _ => {}
            }
            self.out.push(c);
        }
    }

    fn put(&mut self, name: &str) {
        self.out.push(OPEN);
        self.out.push_str(name);
        self.out.push(CLOSE);
    }

    fn name(&mut self, name: &str, before: &str, line: usize) {
        if self.own && (name.starts_with("#block ") || matches!(name, "/pair" | "/one")) {
            return self.put(name);
        }
        if let Some(about) = name.strip_prefix("#if ") {
            self.begun.push((Begun::If, line));
            if self.is_known(about.trim(), line) {
                self.put(&format!("#if {}", about.trim()));
            }
            return;
        }
        match name {
            "else" if self.begun.last().is_some_and(|(begun, _)| *begun == Begun::If) => self.put("else"),
            "/if" if self.begun.last().is_some_and(|(begun, _)| *begun == Begun::If) => {
                self.begun.pop();
                self.put("/if");
            }
            "else" | "/if" => self.fault(line, format!("{{{{{name}}}}} has no {{{{#if …}}}} before it")),
            "#products" => self.products_begin(before, line),
            "/products" if self.begun.last().is_some_and(|(begun, _)| *begun == Begun::Products) => {
                self.begun.pop();
                self.put("/one");
            }
            "/products" => self.fault(line, "{{/products}} has no {{#products}} before it"),
            "subject" => self.quoted(self.names.subject),
            "preheader" => self.quoted(self.names.preheader),
            name if BLOCKS.contains(&first_word(name)) => self.block(name, before, line),
            name => self.value(name, before, line),
        }
    }

    /// Words of the marketer's that may hold names themselves; they are no markup.
    fn quoted(&mut self, words: &str) {
        let words = words
            .replace(['\n', '\r'], " ")
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;");
        let names = Names { subject: "", preheader: "", ..*self.names };
        let mut inner = Marker::new(&names);
        inner.mark(&words);
        // What is wrong in them is told of the line itself.
        if inner.faults.is_empty() {
            self.out.push_str(&inner.out);
        }
    }

    fn products_begin(&mut self, before: &str, line: usize) {
        if self.begun.iter().any(|(begun, _)| *begun == Begun::Products) {
            return self.fault(line, "{{#products}} cannot stand within another one");
        }
        self.begun.push((Begun::Products, line));
        if self.is_between_sections("#products", before, line) {
            self.has_products = true;
            self.put("#block all");
            self.put("/pair");
        }
    }

    fn block(&mut self, name: &str, before: &str, line: usize) {
        let block = first_word(name);
        if !self.is_between_sections(block, before, line) {
            return;
        }
        self.has_products = true;
        let look = match block::Look::read(&name[block.len()..]) {
            Ok(look) => look,
            Err(text) => return self.fault(line, text),
        };
        let mut inner = Marker { own: true, ..Marker::new(self.names) };
        inner.mark(&block::mjml(block, &look).unwrap_or_default());
        self.out.push_str(&inner.out);
    }

    fn is_between_sections(&mut self, name: &str, before: &str, line: usize) -> bool {
        let place = enclosing(before);
        let is = matches!(place, Some("mj-body" | "mj-wrapper"));
        if !is {
            let place = place.map(|place| format!(" of <{place}>")).unwrap_or_default();
            self.fault(line, format!("{{{{{name}}}}} must stand between sections: take it out{place}"));
        }
        is
    }

    fn is_known(&mut self, name: &str, line: usize) -> bool {
        match (self.names.fixed.contains_key(name), Field::of(name)) {
            (true, _) => true,
            (false, Some(Field::Product(..))) if !self.is_at_a_product() => {
                let text = format!(
                    "{{{{{name}}}}} is a product's: it can stand only within {{{{#products}}}} … {{{{/products}}}}"
                );
                self.fault(line, text);
                false
            }
            (false, Some(_)) => true,
            (false, None) => {
                self.faults.push(names::unknown(line, name));
                false
            }
        }
    }

    fn is_at_a_product(&self) -> bool {
        self.own || self.begun.iter().any(|(begun, _)| *begun == Begun::Products)
    }

    fn value(&mut self, name: &str, before: &str, line: usize) {
        if !self.is_known(name, line) {
            return;
        }
        if let Err(text) = fits(name, self.own, before) {
            return self.fault(line, text);
        }
        self.has_unsubscribe |= name == "unsubscribe_url";
        self.put(name);
    }
}

fn first_word(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or_default()
}

/// Whether the value may stand where it does. Escaping makes a value safe in text and in quotation marks; in a style or
/// as an address it would need other care, so only what belongs there may stand there.
fn fits(name: &str, own: bool, before: &str) -> Result<(), String> {
    let is_colour = name.contains("colour");
    if own {
        return Ok(());
    }
    let in_style = |tag: &str, end: &str| before.rfind(tag) > before.rfind(end);
    if (in_style("<mj-style", "</mj-style") || in_style("<style", "</style")) && !is_colour {
        return Err(format!("{{{{{name}}}}} cannot stand in a style; only colours can"));
    }
    let Some(tag) = before.rfind('<').filter(|tag| before.rfind('>').is_none_or(|end| end < *tag)) else {
        return Ok(());
    };
    let (attribute, value) = match before[tag..].rsplit_once("=\"") {
        Some((start, value)) if !value.contains('"') => {
            (start.rsplit(char::is_whitespace).next().unwrap_or_default(), value)
        }
        _ => return Err(format!("write {{{{{name}}}}} in double quotation marks, or outside of the tag")),
    };
    let is_address = name == "logo_url" || Field::of(name).is_some_and(Field::is_address);
    match attribute {
        "href" | "src" | "background-url" | "background" | "srcset" if !is_address && !is_colour => {
            Err(format!("{attribute} needs an address, which {{{{{name}}}}} is not"))
        }
        "href" | "src" | "background-url" | "srcset" if !value.trim().is_empty() => {
            Err(format!("{{{{{name}}}}} is a whole address: nothing can stand before it"))
        }
        "style" if !is_colour => Err(format!("{{{{{name}}}}} cannot stand in a style; only colours can")),
        on if on.starts_with("on") => Err(format!("e-mails run no scripts; take {on} out")),
        _ => Ok(()),
    }
}

/// The innermost tag that is open at the end of `before`.
fn enclosing(before: &str) -> Option<&str> {
    let mut open: Vec<&str> = Vec::new();
    for piece in before.split('<').skip(1) {
        let Some((tag, _)) = piece.split_once('>') else { continue };
        let name = tag.trim_start_matches('/').split([' ', '\n', '\t', '\r', '/']).next().unwrap_or_default();
        match tag.starts_with('/') {
            true if open.last() == Some(&name) => {
                open.pop();
            }
            true => {}
            false
                if tag.ends_with('/')
                    || tag.starts_with('!')
                    || matches!(name, "br" | "img" | "hr" | "meta") => {}
            false => open.push(name),
        }
    }
    open.pop()
}
