//! A recipient's values, cut to what a tool keeps.

use super::specs::{Field, Spec, Who};
use super::write::Told;
use crate::campaigns::export::{Export, reason_for};
use crate::picker::picks_file::{Recipient, StoredPick};
use crate::picker::reason::Reader;
use crate::web;

/// What is told of a product.
pub struct Shown {
    id: String,
    title: String,
    url: String,
    image: String,
    price: String,
    reason: String,
}

impl Shown {
    /// `None` for a product that the shop does not know any more.
    pub fn of(export: &Export<'_>, pick: &StoredPick, token: &str) -> Option<Self> {
        let product = export.catalogue.product(export.catalogue.number(&pick.product)?);
        let currency = product.currency.as_deref().unwrap_or(export.currency);
        Some(Self {
            id: product.id.clone(),
            title: product.title.clone(),
            url: export.link(product, token, pick.slot).unwrap_or_default(),
            image: export.image(product).unwrap_or_default().into_owned(),
            price: product.price.map(|price| web::money(price, currency)).unwrap_or_default(),
            reason: reason_for(Reader::Customer, &export.catalogue, pick),
        })
    }

    /// As the tool keeps it. Half an address leads nowhere: one that is too long is left out.
    pub fn value(&self, field: Field, spec: &Spec, told: &mut Told) -> String {
        let text = match field {
            Field::Id => &self.id,
            Field::Title => &self.title,
            Field::Url => &self.url,
            Field::Image => &self.image,
            Field::Price => &self.price,
            Field::Reason => &self.reason,
        };
        let text = one_line(text);
        if text.len() <= spec.text_bytes {
            return text;
        }
        if matches!(field, Field::Url | Field::Image | Field::Id) {
            told.addresses_left_out += 1;
            return String::new();
        }
        told.texts_cut += 1;
        cut(&text, spec.text_bytes)
    }
}

pub fn person(export: &Export<'_>, recipient: &Recipient, who: Who) -> String {
    let person = export.people.person(&recipient.customer);
    one_line(match who {
        Who::Email => person.email,
        Who::Id => &recipient.customer,
        Who::FirstName => person.first_name,
        Who::LastName => person.last_name,
    })
}

fn one_line(text: &str) -> String {
    let is_plain = !text.chars().any(char::is_control);
    if is_plain { text.to_owned() } else { text.replace(|c: char| c.is_control(), " ") }
}

/// At most so many bytes, of whole characters, with a sign that something is missing.
fn cut(text: &str, most: usize) -> String {
    const MORE: &str = "…";
    let room = most.saturating_sub(MORE.len());
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.take_while(|end| *end <= room).last().unwrap_or(0);
    format!("{}{MORE}", text[..end].trim_end())
}
