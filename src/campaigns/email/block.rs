//! Products as they stand in an e-mail, in MJML, with the same names that marketers write; and what all e-mails
//! carry so that they can be read in the dark.

use crate::web::colour::Colour;

/// In every head. Programs that know `prefers-color-scheme` follow the rules, the others show the light e-mail.
pub const HEAD: &str = r#"<mj-raw><meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"></mj-raw>"#;

/// `hp-` classes say what something is, so that it can be another colour in the dark.
pub const STYLE: &str = "\
:root { color-scheme: light dark; supported-color-schemes: light dark; } \
.hp-picture img { background-color: #ffffff; } \
@media (prefers-color-scheme: dark) { \
body, .hp-ground { background-color: #111715 !important; } \
.hp-card, .hp-card > table, .hp-card > table > tbody > tr > td { background: #1b211f !important; background-color: #1b211f !important; } \
.hp-ink div, .hp-ink a { color: #e7eeea !important; } \
.hp-soft div, .hp-soft a { color: #a9b5af !important; } \
.hp-accent div, .hp-accent a { color: {{colour_on_dark}} !important; } \
} \
[data-ogsc] .hp-ink div, [data-ogsc] .hp-ink a { color: #e7eeea !important; } \
[data-ogsc] .hp-soft div { color: #a9b5af !important; }";

/// A product of a pair, or one alone: its place in the pair is `N`.
const PICTURE: &str = r#"{{#if N.image_url}}{{#if N.url}}<mj-image css-class="hp-picture" src="{{N.image_url}}" alt="{{N.title}}" href="{{N.url}}" padding="8px" border-radius="6px" />{{else}}<mj-image css-class="hp-picture" src="{{N.image_url}}" alt="{{N.title}}" padding="8px" border-radius="6px" />{{/if}}{{/if}}"#;

const WORDS: &str = r##"<mj-text css-class="hp-ink" font-size="TITLE" font-weight="700" line-height="1.3" color="#1b211f" padding="8px 8px 2px">{{#if N.url}}<a href="{{N.url}}" style="color:#1b211f;text-decoration:none">{{N.title}}</a>{{else}}{{N.title}}{{/if}}</mj-text>{{#if N.price}}<mj-text css-class="hp-ink" font-size="15px" line-height="1.4" color="#1b211f" padding="0 8px 2px">{{N.price}}</mj-text>{{/if}}{{#if N.reason}}<mj-text css-class="hp-soft" font-size="13px" line-height="1.4" color="#56635d" padding="0 8px 4px">{{N.reason}}</mj-text>{{/if}}"##;

const LINK: &str = r#"{{#if N.url}}<mj-text css-class="hp-accent" font-size="14px" font-weight="700" line-height="1.4" color="{{colour_on_light}}" padding="2px 8px 12px"><a href="{{N.url}}" style="color:{{colour_on_light}};text-decoration:underline">WORDS_OF_LINK</a></mj-text>{{/if}}"#;

const BUTTON: &str = r#"{{#if N.url}}<mj-button href="{{N.url}}" background-color="{{colour}}" color="{{on_colour}}" border-radius="6px" font-size="16px" font-weight="700" padding="8px 8px 20px">WORDS_OF_BUTTON</mj-button>{{/if}}"#;

const SECTION: &str = r##"<mj-section css-class="hp-card" background-color="#ffffff" padding="8px 16px">"##;

/// How a block differs from what it is by itself: `{{products button="Have a look" colour="#c0392b"}}`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// On its links and buttons; empty: “See it”.
    pub button: String,
    /// Instead of the shop's.
    pub colour: Option<Colour>,
}

impl Look {
    /// Reads what stands behind a block's name.
    pub fn read(options: &str) -> Result<Self, String> {
        let mut look = Self::default();
        let mut rest = options.trim();
        while !rest.is_empty() {
            let unfinished = || format!("“{rest}” cannot be understood; write button=\"Have a look\"");
            let (name, value) = rest.split_once("=\"").ok_or_else(unfinished)?;
            let (value, after) = value.split_once('"').ok_or_else(unfinished)?;
            match name.trim() {
                "button" => look.button = value.trim().to_owned(),
                "colour" => {
                    let wrong = || format!("“{value}” is no colour; write # and six digits, such as #0f6e5c");
                    look.colour = Some(Colour::read(&value.to_ascii_lowercase()).ok_or_else(wrong)?);
                }
                name => return Err(format!("products have no “{name}”; there are button and colour")),
            }
            rest = after.trim();
        }
        Ok(look)
    }

    fn dress(&self, mjml: &str) -> String {
        let escaped = self.button.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let words = |usual: &str| if escaped.is_empty() { usual.to_owned() } else { escaped.clone() };
        let dressed = mjml
            .replace("WORDS_OF_LINK", &words("See it"))
            .replace("WORDS_OF_BUTTON", &words("See it in the shop"));
        let Some(colour) = self.colour else { return dressed };
        dressed
            .replace("{{colour}}", &colour.text())
            .replace("{{on_colour}}", &colour.on().text())
            .replace("{{colour_on_light}}", &colour.on_light().text())
    }
}

/// The MJML that a block's name stands for; `None` for a name that is no block's.
pub fn mjml(name: &str, look: &Look) -> Option<String> {
    let words = |size: &str| WORDS.replace("TITLE", size);
    let row = format!(
        r#"{SECTION}<mj-group><mj-column width="36%" vertical-align="middle">{PICTURE}</mj-column><mj-column width="64%" vertical-align="middle">{}{LINK}</mj-column></mj-group></mj-section>"#,
        words("17px")
    );
    let half = format!(
        r#"<mj-column width="50%" vertical-align="top">{PICTURE}{}{LINK}</mj-column>"#,
        words("15px")
    );
    let pair = format!(
        "{SECTION}<mj-group>{}{}</mj-group></mj-section>",
        half.replace("N.", "0."),
        half.replace("N.", "1.")
    );
    let large = format!("{SECTION}<mj-column>{PICTURE}{}{BUTTON}</mj-column></mj-section>", words("22px"));
    let block = |which: &str, pair: &str, one: &str| {
        format!("{{{{#block {which}}}}}{pair}{{{{/pair}}}}{one}{{{{/one}}}}").replace("N.", "0.")
    };
    let mjml = match name {
        "products" => block("all", "", &row),
        "products_in_pairs" => block("all", &pair, &row),
        "first_product" => block("first", "", &large),
        "other_products" => block("others", &pair, &row),
        _ => return None,
    };
    Some(look.dress(&mjml))
}
