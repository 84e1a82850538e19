//! What an e-mail says. The plain one here lists the picks; a nicer one is another [`Letters`].

use crate::campaigns::export::{Export, reason};
use crate::campaigns::people::Person;
use crate::picker::picks_file::StoredPick;
use crate::web;
use askama::Template;

/// An e-mail without its envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub subject: String,
    pub html: String,
    /// The same for programs that show no HTML.
    pub text: String,
}

/// Whom a letter is for.
#[derive(Clone, Copy)]
pub struct Addressee<'a> {
    pub customer: &'a str,
    pub person: Person<'a>,
    /// By slot; at least one.
    pub picks: &'a [StoredPick],
    /// Where they say that they want no more; `None` when the world cannot reach this Handpick.
    pub unsubscribe_url: Option<&'a str>,
}

/// Writes letters. The same addressee gets the same letter, whenever it is written: one that is sent again says what
/// it said.
pub trait Letters: Sync {
    fn letter(&self, to: &Addressee<'_>) -> Result<Letter, String>;
}

/// The campaign's name, and the picks as a list.
pub struct PlainLetters<'a> {
    pub export: &'a Export<'a>,
    pub shop: &'a str,
}

struct Item {
    title: String,
    url: Option<String>,
    price: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "sending/letter.html")]
struct Html<'a> {
    subject: &'a str,
    shop: &'a str,
    greeting: &'a str,
    items: &'a [Item],
    unsubscribe_url: &'a str,
}

#[derive(Template)]
#[template(path = "sending/letter.txt")]
struct Text<'a> {
    subject: &'a str,
    shop: &'a str,
    greeting: &'a str,
    items: &'a [Item],
    unsubscribe_url: &'a str,
}

impl PlainLetters<'_> {
    fn item(&self, pick: &StoredPick, token: &str) -> Item {
        let export = self.export;
        let product = export.catalogue.number(&pick.product).map(|number| export.catalogue.product(number));
        let currency = product.and_then(|product| product.currency.as_deref()).unwrap_or(export.currency);
        let price = product.and_then(|product| product.price).map(|price| web::money(price, currency));
        // A link that is not of the web has no place in a letter, wherever the shop got it from.
        let is_web = |url: &&str| url.starts_with("https://") || url.starts_with("http://");
        let url = product.and_then(|product| product.url.as_deref()).filter(is_web);
        Item {
            title: product.map_or_else(|| pick.product.clone(), |product| product.title.clone()),
            url: url.map(|url| export.link(url, token, pick.slot)),
            price: price.unwrap_or_default(),
            reason: reason(&export.catalogue, pick),
        }
    }
}

impl Letters for PlainLetters<'_> {
    fn letter(&self, to: &Addressee<'_>) -> Result<Letter, String> {
        let token = self.export.token(to.customer);
        let items: Vec<Item> = to.picks.iter().map(|pick| self.item(pick, &token)).collect();
        let greeting = match to.person.first_name.trim() {
            "" => "Hello,".to_owned(),
            name => format!("Hello {name},"),
        };
        let (subject, shop, items) = (self.export.name, self.shop, items.as_slice());
        let (greeting, unsubscribe_url) = (greeting.as_str(), to.unsubscribe_url.unwrap_or_default());
        let html = Html { subject, shop, greeting, items, unsubscribe_url };
        let text = Text { subject, shop, greeting, items, unsubscribe_url };
        Ok(Letter {
            subject: subject.to_owned(),
            html: html.render().map_err(|error| error.to_string())?,
            text: text.render().map_err(|error| error.to_string())?,
        })
    }
}
