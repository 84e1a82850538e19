//! The text alternative: what an e-mail's HTML says, for those who read no HTML. Marks stay marks.

use super::names::{CLOSE, OPEN};

/// Tags after which a new line begins.
const LINES: [&str; 14] =
    ["br", "p", "div", "tr", "table", "li", "ul", "ol", "h1", "h2", "h3", "h4", "section", "hr"];

#[derive(Default)]
struct Plain {
    out: String,
    /// Line ends and a space that are due before the next word.
    lines: usize,
    space: bool,
    /// Where the words of an open link began, and where it leads.
    link: Option<(usize, String)>,
    last_link: String,
}

/// Reads the body of `html`, as it was rendered from MJML.
pub fn of_html(html: &str) -> String {
    let body = html.find("<body").map_or(html, |at| &html[at..]);
    let mut plain = Plain::default();
    let mut rest = body;
    while let Some(at) = rest.find(['<', OPEN]) {
        plain.words(&rest[..at]);
        rest = &rest[at..];
        let length = if rest.starts_with(OPEN) { plain.mark(rest) } else { plain.tag(rest) };
        rest = &rest[length..];
    }
    plain.words(rest);
    plain.out.trim().to_owned() + "\n"
}

impl Plain {
    /// Answers how much of `rest` was read.
    fn mark(&mut self, rest: &str) -> usize {
        let length = rest.find(CLOSE).map_or(rest.len(), |end| end + CLOSE.len_utf8());
        let name = rest[..length].trim_matches([OPEN, CLOSE]);
        let is_frame = name.starts_with(['#', '/']) || name == "else";
        if !is_frame {
            self.due();
        }
        // What comes before a condition's words is due within it: without them, nothing is left of it.
        self.out.push_str(&rest[..length]);
        if name == "/pair" || name == "/one" || name.starts_with("#block") {
            self.lines = 2;
        }
        if name == "else" || is_frame {
            self.last_link.clear();
        }
        length
    }

    fn tag(&mut self, rest: &str) -> usize {
        if rest.starts_with("<!--") {
            return rest.find("-->").map_or(rest.len(), |end| end + 3);
        }
        let length = rest.find('>').map_or(rest.len(), |end| end + 1);
        let tag = &rest[..length];
        let is_end = tag.starts_with("</");
        let name = tag.trim_start_matches(['<', '/']).trim_end_matches(['>', '/']);
        let name = name.split(char::is_whitespace).next().unwrap_or_default();
        // The line for the inbox is not shown, and neither are styles.
        let hidden = !is_end && (name == "style" || (name == "div" && tag.contains("display:none")));
        if hidden && let Some(end) = rest.find(&format!("</{name}>")) {
            return end + name.len() + 3;
        }
        match (name, is_end) {
            ("a", false) => self.link = Some((self.out.len(), attribute(tag, "href"))),
            ("a", true) => self.link_end(),
            ("p" | "h1" | "h2" | "h3", _) => self.lines = self.lines.max(2),
            (name, _) if LINES.contains(&name) => self.lines = self.lines.max(1),
            ("td" | "th", _) => self.space = true,
            _ => {}
        }
        length
    }

    /// Pictures alone lead nowhere new: their words do, beside them. An address is written once.
    fn link_end(&mut self) {
        let Some((start, address)) = self.link.take() else { return };
        let words = self.out.get(start..).unwrap_or_default().trim();
        if words.is_empty() || address.is_empty() || address.starts_with('#') || words == address {
            return;
        }
        if address != self.last_link {
            self.out.push_str(" (");
            self.out.push_str(&address);
            self.out.push(')');
            self.last_link = address;
        }
    }

    fn words(&mut self, text: &str) {
        for word in unescape(text).split_inclusive(char::is_whitespace) {
            let trimmed = word.trim_matches(|c: char| c.is_whitespace() && c != '\u{a0}');
            if trimmed.trim_matches(['\u{200b}', '\u{200c}', '\u{a0}']).is_empty() {
                self.space |= !word.is_empty();
                continue;
            }
            self.due();
            self.out.push_str(trimmed);
            self.space = trimmed.len() < word.len();
        }
    }

    fn due(&mut self) {
        if self.lines > 0 {
            self.out.push_str(&"\n\n"[..self.lines.min(2)]);
        } else if self.space && !self.out.is_empty() {
            self.out.push(' ');
        }
        (self.lines, self.space) = (0, false);
    }
}

fn attribute(tag: &str, name: &str) -> String {
    let value = tag.split_once(&format!("{name}=\"")).and_then(|(_, rest)| rest.split_once('"'));
    unescape(value.map_or("", |(value, _)| value))
}

fn unescape(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let pairs = [
        ("&nbsp;", "\u{a0}"),
        ("&zwnj;", ""),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_lines_and_links_are_written_out_once() {
        let html = "<html><head><title>x</title></head><body><div style=\"display:none;\">inbox</div><!-- <p>no</p> -->\
            <h1>Hello</h1><p>Fish &amp;\n chips</p><a href=\"https://x.example/?a=1&amp;b=2\"><img src=\"y\"></a>\
            <div><a href=\"https://x.example/?a=1&amp;b=2\">Fish</a></div><div><a href=\"https://x.example/?a=1&amp;b=2\">See</a></div></body>";
        let text = "Hello\n\nFish & chips\n\nFish (https://x.example/?a=1&b=2)\nSee\n";
        assert_eq!(of_html(html), text);
    }

    #[test]
    fn marks_stay() {
        let html = format!(
            "<body><p>Dear {OPEN}first_name{CLOSE},</p><a href=\"{OPEN}unsubscribe_url{CLOSE}\">Leave</a>"
        );
        let text = format!("Dear {OPEN}first_name{CLOSE},\n\nLeave ({OPEN}unsubscribe_url{CLOSE})\n");
        assert_eq!(of_html(&html), text);
    }
}
