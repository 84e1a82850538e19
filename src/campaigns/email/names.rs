//! What may stand in double braces, and what it means.

use super::fault::Fault;

/// Between these two stands a name from here on, through MJML and HTML: nobody types them, and neither changes them.
/// Letters of the private areas would not do: MJML's renderer writes those of attributes as `\u{e000}`.
pub const OPEN: char = '⟬';
pub const CLOSE: char = '⟭';

/// Something that differs from recipient to recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    FirstName,
    LastName,
    UnsubscribeUrl,
    /// Of the products that one block shows side by side, the first (0) or the second (1).
    Product(u8, ProductField),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductField {
    Title,
    Brand,
    Price,
    Reason,
    Url,
    ImageUrl,
}

/// Every name: what marketers write, and what they are told of it.
pub const NAMES: [(&str, &str); 20] = [
    ("first_name", "the customer's first name; empty where the shop does not know it"),
    ("last_name", "the customer's last name"),
    ("unsubscribe_url", "where they leave the list; every e-mail needs it"),
    (
        "products",
        "all products, one below the other; products button=\"Have a look\" colour=\"#c0392b\" changes its words and colour",
    ),
    ("products_in_pairs", "all products, two side by side"),
    ("first_product", "the first product, large"),
    ("other_products", "the others, two side by side"),
    ("shop", "the shop's name"),
    ("sender", "who writes, from the shop's e-mail settings"),
    ("logo_url", "the address of the logo"),
    ("footer", "the small print, from the shop's e-mail settings"),
    ("colour", "the shop's colour; on_colour is what can be read on it"),
    ("on_colour", "black or white, whichever can be read on the colour"),
    ("colour_on_light", "the colour, dark enough to be read on white"),
    ("colour_on_dark", "the colour, light enough to be read on black"),
    ("subject", "the subject line"),
    ("preheader", "the line that stands behind the subject in the inbox"),
    ("title", "within {{#products}} … {{/products}}: the product's name"),
    ("price", "within {{#products}}: its price, in its own currency"),
    ("reason", "within {{#products}}: why it was picked; also brand, url, image_url"),
];

/// Names that [`NAMES`] mentions beside others.
const MORE: [&str; 3] = ["brand", "url", "image_url"];
pub const BLOCKS: [&str; 4] = ["products", "products_in_pairs", "first_product", "other_products"];

impl ProductField {
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "title" => Self::Title,
            "brand" => Self::Brand,
            "price" => Self::Price,
            "reason" => Self::Reason,
            "url" => Self::Url,
            "image_url" => Self::ImageUrl,
            _ => return None,
        })
    }
}

impl Field {
    /// As it is marked: products' fields may say which of two, `1.title`.
    pub fn of(name: &str) -> Option<Self> {
        if let Some((place, name)) = name.split_once('.') {
            return Some(Self::Product(place.parse().ok()?, ProductField::of(name)?));
        }
        Some(match name {
            "first_name" => Self::FirstName,
            "last_name" => Self::LastName,
            "unsubscribe_url" => Self::UnsubscribeUrl,
            name => Self::Product(0, ProductField::of(name)?),
        })
    }

    /// Whether it is an address, and may stand where one is expected.
    pub const fn is_address(self) -> bool {
        matches!(
            self,
            Self::UnsubscribeUrl
                | Self::Product(_, ProductField::Url)
                | Self::Product(_, ProductField::ImageUrl)
        )
    }
}

/// A name nobody knows, with the nearest that is known.
pub fn unknown(line: usize, name: &str) -> Fault {
    let known = NAMES.iter().map(|(name, _)| *name).chain(MORE);
    let near = known.map(|known| (strsim::damerau_levenshtein(name, known), known)).min();
    let hint = match near {
        Some((distance, known)) if distance <= 3 => format!("; did you mean {{{{{known}}}}}?"),
        _ => ". The names are listed beside the editor".into(),
    };
    Fault::at(line, format!("{{{{{name}}}}} is not known{hint}"))
}
