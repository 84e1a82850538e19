//! An e-mail put together from a few choices: they are written as MJML, and read back from MJML that was written so.
//!
//! The text is what counts. One that somebody changed by hand in another way is no design any more.

use crate::web::Form;
use crate::web::colour::Colour;

const HEAD: &str = r##"<mjml lang="en">
  <mj-head>
    <mj-title>{{subject}}</mj-title>
    <mj-preview>{{preheader}}</mj-preview>
    <mj-attributes>
      <mj-all font-family="Helvetica, Arial, sans-serif" />
      <mj-text font-size="16px" line-height="1.5" color="#1b211f" />
    </mj-attributes>
  </mj-head>
  <mj-body background-color="#f1f3f2" css-class="hp-ground">
"##;

const LOGO: [&str; 2] = [
    r##"    <mj-section css-class="hp-card" background-color="#ffffff" padding="24px 16px 0">
      <mj-column>
        {{#if logo_url}}
        <mj-image src="{{logo_url}}" alt="{{shop}}" width="140px" align="left" padding="0 8px" />
        {{else}}
        <mj-text css-class="hp-accent" font-size="20px" font-weight="700" color=""##,
    r##"" padding="0 8px">{{shop}}</mj-text>
        {{/if}}
      </mj-column>
    </mj-section>
"##,
];

const BAND: [&str; 3] = [
    r##"    <mj-section background-color=""##,
    r##"" padding="20px 16px">
      <mj-column>
        <mj-text font-size="22px" font-weight="700" color=""##,
    r##"" padding="0 8px">{{shop}}</mj-text>
      </mj-column>
    </mj-section>
"##,
];

const WORDS: &str = r##"    <mj-section css-class="hp-card" background-color="#ffffff" padding="12px 16px">
      <mj-column>
"##;
const HEADING: &str = r##"        <mj-text css-class="hp-ink" font-size="24px" font-weight="700" line-height="1.25" padding="4px 8px">"##;
const LINE: &str = r##"        <mj-text css-class="hp-ink" padding="4px 8px">"##;
const LINE_END: &str = "</mj-text>\n";
const WORDS_END: &str = "      </mj-column>\n    </mj-section>\n";
const HELLO: &str = "{{#if first_name}}Hello {{first_name}},{{else}}Hello,{{/if}} ";

const FOOT: &str = r##"    <mj-section padding="16px">
      <mj-column>
        {{#if footer}}
        <mj-text css-class="hp-soft" font-size="12px" align="center" color="#56635d">{{footer}}</mj-text>
        {{/if}}
        <mj-text css-class="hp-soft" font-size="12px" align="center" color="#56635d"><a href="{{unsubscribe_url}}" style="color:#56635d">No more e-mails like this</a></mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>"##;

/// Longer texts are cut.
const LONGEST: usize = 2_000;

/// What stands at the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Top {
    Logo,
    /// The shop's name on a band of colour.
    Band,
}

/// How the products stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One below the other.
    One,
    /// Two side by side.
    Two,
    /// The first large, the others two side by side.
    Star,
}

impl Layout {
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::One, "one", "One below the other"),
        (Self::Two, "two", "Two side by side"),
        (Self::Star, "star", "The first one large, the others side by side"),
    ];
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Design {
    pub top: Top,
    pub heading: String,
    /// Begins with a hello, and the first name where it is known.
    pub says_hello: bool,
    pub intro: String,
    pub layout: Layout,
    /// Instead of “See it”; empty: as it is.
    pub button: String,
    /// `#rrggbb` instead of the shop's; empty: the shop's.
    pub colour: String,
    pub closing: String,
}

impl Default for Design {
    fn default() -> Self {
        Self {
            top: Top::Logo,
            heading: "Picked for you".into(),
            says_hello: true,
            intro: "these go with what you like.".into(),
            layout: Layout::One,
            button: String::new(),
            colour: String::new(),
            closing: String::new(),
        }
    }
}

/// The colours that a design has in its text.
struct Shades {
    plain: String,
    on: String,
    on_light: String,
}

impl Design {
    /// From the fields of the editor; what cannot be a colour is none.
    pub fn of_form(form: &Form) -> Self {
        let text =
            |name: &str| -> String { form.text(name).replace("\r\n", "\n").chars().take(LONGEST).collect() };
        let layout = Layout::ALL.into_iter().find(|(_, name, _)| *name == form.text("layout"));
        let colour = Colour::read(&form.text("own_colour").to_ascii_lowercase());
        Self {
            top: if form.text("top") == "band" { Top::Band } else { Top::Logo },
            heading: text("heading"),
            says_hello: form.is_checked("hello"),
            intro: text("intro"),
            layout: layout.map_or(Layout::One, |known| known.0),
            // It stands in quotation marks within double braces.
            button: text("button").replace(['"', '{', '}', '<', '>', '\n'], ""),
            colour: colour.filter(|_| form.is_checked("with_colour")).map(Colour::text).unwrap_or_default(),
            closing: text("closing"),
        }
    }

    pub fn mjml(&self) -> String {
        let Shades { plain, on, on_light } = self.shades();
        let mut out = HEAD.to_owned();
        match self.top {
            Top::Logo => out.push_str(&LOGO.join(&on_light)),
            Top::Band => {
                let [begin, middle, end] = BAND;
                out.push_str(&[begin, &plain, middle, &on, end].concat());
            }
        }
        let intro = match self.says_hello {
            true => format!("{HELLO}{}", escaped(&self.intro)),
            false => escaped(&self.intro),
        };
        out.push_str(&words(&[(HEADING, &escaped(&self.heading)), (LINE, &intro)]));
        let block = |name: &str| format!("    {{{{{name}{}}}}}\n", self.options());
        out.push_str(&match self.layout {
            Layout::One => block("products"),
            Layout::Two => block("products_in_pairs"),
            Layout::Star => block("first_product") + &block("other_products"),
        });
        out.push_str(&words(&[(LINE, &escaped(&self.closing))]));
        out.push_str(FOOT);
        out
    }

    /// ` button="Have a look" colour="#c0392b"`
    fn options(&self) -> String {
        let option = |name: &str, value: &str| match value {
            "" => String::new(),
            value => format!(" {name}=\"{value}\""),
        };
        option("button", &self.button) + &option("colour", &self.colour)
    }

    fn shades(&self) -> Shades {
        match Colour::read(&self.colour) {
            Some(colour) => {
                Shades { plain: colour.text(), on: colour.on().text(), on_light: colour.on_light().text() }
            }
            None => Shades {
                plain: "{{colour}}".into(),
                on: "{{on_colour}}".into(),
                on_light: "{{colour_on_light}}".into(),
            },
        }
    }

    /// The design of a text that is just what it would be written as.
    pub fn read(mjml: &str) -> Option<Self> {
        let mut rest = mjml.trim().strip_prefix(HEAD)?;
        let top = if rest.starts_with(BAND[0]) { Top::Band } else { Top::Logo };
        let end = if top == Top::Band { BAND[2] } else { LOGO[1] };
        rest = rest.split_once(end)?.1;
        let mut heading = String::new();
        let mut intro = String::new();
        if let Some(begun) = rest.strip_prefix(WORDS) {
            let (inside, after) = begun.split_once(WORDS_END)?;
            heading = line(inside, HEADING).unwrap_or_default();
            intro = line(inside, LINE).unwrap_or_default();
            rest = after;
        }
        let (says_hello, intro) = match intro.strip_prefix(HELLO) {
            Some(intro) => (true, intro.to_owned()),
            None => (false, intro),
        };
        let inside = rest.strip_prefix("    {{")?.split_once("}}")?.0;
        let (block, options) = inside.split_once(' ').unwrap_or((inside, ""));
        let layout = match block {
            "products" => Layout::One,
            "products_in_pairs" => Layout::Two,
            _ => Layout::Star,
        };
        let option = |name: &str| {
            let value =
                options.split_once(&format!("{name}=\"")).and_then(|(_, value)| value.split_once('"'));
            value.map(|(value, _)| value.to_owned()).unwrap_or_default()
        };
        let closing = rest.split_once(WORDS).and_then(|(_, inside)| line(inside, LINE)).unwrap_or_default();
        let (button, colour) = (option("button"), option("colour"));
        let design = Self { top, heading, says_hello, intro, layout, button, colour, closing };
        (design.mjml() == mjml.trim()).then_some(design)
    }
}

/// A section of lines, without those that say nothing; none at all when nothing is said.
fn words(lines: &[(&str, &str)]) -> String {
    let said = lines.iter().filter(|(_, text)| !text.trim().is_empty());
    let said: String = said.map(|(begin, text)| [begin, text, LINE_END].concat()).collect();
    if said.is_empty() { said } else { [WORDS, &said, WORDS_END].concat() }
}

/// The text of the first line that begins so.
fn line(inside: &str, begin: &str) -> Option<String> {
    let text = inside.split_once(begin)?.1.split_once(LINE_END)?.0;
    Some(unescaped(text))
}

/// Names in double braces stay what they are.
fn escaped(text: &str) -> String {
    let text = text.trim().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('\n', "<br />")
}

fn unescaped(text: &str) -> String {
    text.replace("<br />", "\n").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::super::gallery::GALLERY;
    use super::super::template::{Source, compile};
    use super::*;
    use crate::store::emails::EmailSettings;
    use proptest::prelude::*;

    fn any_design() -> impl Strategy<Value = Design> {
        let text = "[a-zA-Z&<>\"' \n{}é]{0,30}";
        let layout = prop_oneof![Just(Layout::One), Just(Layout::Two), Just(Layout::Star)];
        let colour = prop_oneof![Just(String::new()), "#[0-9a-f]{6}"];
        let words = (text, any::<bool>(), text, text);
        (any::<bool>(), words, layout, "[a-zA-Z&' é]{0,12}", colour).prop_map(
            |(has_band, (heading, says_hello, intro, closing), layout, button, colour)| {
                let form = [
                    ("top", if has_band { "band" } else { "logo" }),
                    ("heading", &heading),
                    ("hello", if says_hello { "yes" } else { "" }),
                    ("intro", &intro),
                    (
                        "layout",
                        Layout::ALL.iter().find(|known| known.0 == layout).map_or("", |known| known.1),
                    ),
                    ("button", &button),
                    ("with_colour", if colour.is_empty() { "" } else { "yes" }),
                    ("own_colour", &colour),
                    ("closing", &closing),
                ];
                let fields = form.into_iter().filter(|(_, value)| !value.is_empty());
                Design::of_form(&Form::new(fields.map(|(name, value)| (name.into(), value.into())).collect()))
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(design in any_design()) {
            prop_assert_eq!(Design::read(&design.mjml()), Some(design));
        }
    }

    #[test]
    fn a_text_changed_by_hand_is_no_design() {
        let mjml = Design::default().mjml();
        assert_eq!(Design::read(&mjml), Some(Design::default()));
        assert_eq!(Design::read(&mjml.replace("24px", "30px")), None);
        assert_eq!(Design::read(&mjml.replace("</mj-body>", "<!-- x --></mj-body>")), None);
        assert_eq!(Design::read("<mjml></mjml>"), None);
    }

    #[test]
    fn most_templates_of_the_gallery_are_designs_and_every_design_compiles() {
        let known: Vec<&str> =
            GALLERY.iter().filter(|one| Design::read(one.mjml).is_some()).map(|one| one.name).collect();
        assert_eq!(known, ["list", "pairs", "star"]);
        assert_eq!(Design::read(GALLERY[0].mjml), Some(Design::default()));
        let design = Design {
            top: Top::Band,
            layout: Layout::Star,
            heading: "Tom & Jerry <3 {{shop}}".into(),
            button: "Look & buy".into(),
            colour: "#c0392b".into(),
            closing: "Bye,\n{{sender}}".into(),
            ..Design::default()
        };
        let mjml = design.mjml();
        let source = Source { subject: "x", preheader: "", mjml: &mjml };
        let compiled = compile(source, "Shop", &EmailSettings::default()).unwrap();
        assert!(compiled.notes.is_empty(), "{:?}", compiled.notes);
    }
}
