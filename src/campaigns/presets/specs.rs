//! What each e-mail tool takes of the files that it imports, as of autumn 2026.
//!
//! Documented by the tools: their headings, Mailchimp's 255 bytes, Klaviyo's 50 MB, Braze's 500 MB, Mautic's "a few
//! thousand rows", Emarsys' commas and single lines. Mailchimp's thirty fields and tags of ten letters are its plans'
//! and editor's limits. The rest is on the safe side of what their databases are known to keep, where the tools say
//! nothing: 191 bytes in Mautic, 255 in Emarsys and Braze, 4,000 in Salesforce, 250 attributes in Braze.

use super::snippets;

/// Of a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Email,
    Id,
    FirstName,
    LastName,
}

/// Of a product in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Id,
    Title,
    Url,
    Image,
    Price,
    Reason,
}

impl Field {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Title => "title",
            Self::Url => "url",
            Self::Image => "image",
            Self::Price => "price",
            Self::Reason => "reason",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Columns for each place.
    Wide,
    /// All places as JSON in one column of that name.
    Json(&'static str),
}

/// One tool's file.
pub struct Spec {
    /// In addresses and on the command line.
    pub name: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    pub people: &'static [(&'static str, Who)],
    pub fields: &'static [Field],
    pub shape: Shape,
    /// The column of a field in a place.
    pub column: fn(u8, Field) -> String,
    /// The longest text that a column keeps, in bytes.
    pub text_bytes: usize,
    /// The most columns that the tool keeps of a recipient.
    pub most_columns: usize,
    /// Recipients in a file; more become a further one.
    pub rows: u64,
    /// Bytes of a file; more become a further one.
    pub bytes: u64,
    /// A template in the tool's own words that shows the products.
    pub snippet: fn(u8) -> String,
}

impl Spec {
    /// How many of the campaign's places the tool has room for.
    pub fn places(&self, slots: u8) -> u8 {
        match self.shape {
            Shape::Json(_) => slots,
            Shape::Wide => {
                let room = self.most_columns.saturating_sub(self.people.len()) / self.fields.len();
                slots.min(u8::try_from(room).unwrap_or(u8::MAX))
            }
        }
    }
}

fn snake(slot: u8, field: Field) -> String {
    format!("rec_{slot}_{}", field.name())
}

/// Merge tags have at most ten letters, digits and underscores.
fn tag(slot: u8, field: Field) -> String {
    let short = match field {
        Field::Image => "IMG",
        Field::Title => "TITLE",
        Field::Url => "URL",
        Field::Price => "PRICE",
        Field::Reason => "WHY",
        Field::Id => "ID",
    };
    format!("R{slot}{short}")
}

/// Names begin with a letter.
fn camel(slot: u8, field: Field) -> String {
    let name = field.name();
    format!("Rec{slot}{}{}", name[..1].to_ascii_uppercase(), &name[1..])
}

/// Aliases are lower-case letters, digits and underscores.
fn alias(slot: u8, field: Field) -> String {
    format!("rec{slot}_{}", field.name())
}

const SHOWN: &[Field] = &[Field::Title, Field::Url, Field::Image, Field::Price];
const SHOWN_WITH_REASON: &[Field] = &[Field::Title, Field::Url, Field::Image, Field::Price, Field::Reason];
const NO_LIMIT: usize = usize::MAX;
const NO_END: u64 = u64::MAX;

pub static TOOLS: [Spec; 8] = [
    Spec {
        name: "mailchimp",
        title: "Mailchimp",
        about: "Audience, Import contacts. An audience has 30 fields, a text 255 bytes, a merge tag ten letters.",
        people: &[("Email Address", Who::Email), ("FNAME", Who::FirstName), ("LNAME", Who::LastName)],
        fields: SHOWN,
        shape: Shape::Wide,
        column: tag,
        text_bytes: 255,
        most_columns: 30,
        rows: NO_END,
        bytes: NO_END,
        snippet: snippets::mailchimp,
    },
    Spec {
        name: "klaviyo",
        title: "Klaviyo",
        about: "Lists & Segments, Import contacts. Unknown headings become profile properties; files of at most 50 MB.",
        people: &[
            ("Email Address", Who::Email),
            ("First Name", Who::FirstName),
            ("Last Name", Who::LastName),
            ("External ID", Who::Id),
        ],
        fields: SHOWN_WITH_REASON,
        shape: Shape::Wide,
        column: snake,
        text_bytes: NO_LIMIT,
        most_columns: NO_LIMIT,
        rows: NO_END,
        bytes: 50_000_000,
        snippet: snippets::klaviyo,
    },
    Spec {
        name: "klaviyo-ids",
        title: "Klaviyo, product ids only",
        about: "For shops whose catalogue Klaviyo has: it fills in title, picture and price when it sends, and leaves out what is sold out.",
        people: &[("Email Address", Who::Email), ("External ID", Who::Id)],
        fields: &[Field::Id],
        shape: Shape::Wide,
        column: snake,
        text_bytes: NO_LIMIT,
        most_columns: NO_LIMIT,
        rows: NO_END,
        bytes: 50_000_000,
        snippet: snippets::klaviyo_ids,
    },
    Spec {
        name: "mautic",
        title: "Mautic",
        about: "Contacts, Import. Make the custom fields first, with these names as aliases; a file has a few thousand rows.",
        people: &[("email", Who::Email), ("firstname", Who::FirstName), ("lastname", Who::LastName)],
        fields: SHOWN_WITH_REASON,
        shape: Shape::Wide,
        column: alias,
        text_bytes: 191,
        most_columns: NO_LIMIT,
        rows: 5_000,
        bytes: NO_END,
        snippet: snippets::mautic,
    },
    Spec {
        name: "listmonk",
        title: "listmonk",
        about: "Subscribers, Import, mode Subscribe with Overwrite. The products are JSON in the subscribers' attributes.",
        people: &[("email", Who::Email), ("name", Who::FirstName)],
        fields: SHOWN_WITH_REASON,
        shape: Shape::Json("attributes"),
        column: snake,
        text_bytes: NO_LIMIT,
        most_columns: NO_LIMIT,
        rows: NO_END,
        bytes: NO_END,
        snippet: snippets::listmonk,
    },
    Spec {
        name: "emarsys",
        title: "Emarsys",
        about: "Contacts, Import. Make the custom fields first; commas between, quotation marks doubled, no line ends in a field.",
        people: &[("email", Who::Email), ("first_name", Who::FirstName), ("last_name", Who::LastName)],
        fields: SHOWN_WITH_REASON,
        shape: Shape::Wide,
        column: snake,
        text_bytes: 255,
        most_columns: NO_LIMIT,
        rows: NO_END,
        bytes: NO_END,
        snippet: snippets::emarsys,
    },
    Spec {
        name: "salesforce",
        title: "Salesforce Marketing Cloud",
        about: "Into a data extension with SubscriberKey as its primary key, by Add and Update.",
        people: &[
            ("SubscriberKey", Who::Id),
            ("EmailAddress", Who::Email),
            ("FirstName", Who::FirstName),
            ("LastName", Who::LastName),
        ],
        fields: SHOWN_WITH_REASON,
        shape: Shape::Wide,
        column: camel,
        text_bytes: 4_000,
        most_columns: NO_LIMIT,
        rows: NO_END,
        bytes: NO_END,
        snippet: snippets::salesforce,
    },
    Spec {
        name: "braze",
        title: "Braze",
        about: "Audience, Import users. Unknown headings become custom attributes; files of at most 500 MB.",
        people: &[
            ("external_id", Who::Id),
            ("email", Who::Email),
            ("first_name", Who::FirstName),
            ("last_name", Who::LastName),
        ],
        fields: SHOWN_WITH_REASON,
        shape: Shape::Wide,
        column: snake,
        text_bytes: 255,
        most_columns: 250,
        rows: NO_END,
        bytes: 500_000_000,
        snippet: snippets::braze,
    },
];

pub fn of_name(name: &str) -> Option<&'static Spec> {
    TOOLS.iter().find(|spec| spec.name == name)
}
