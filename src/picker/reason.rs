//! Why a product was picked, as a sentence that is true, for the shop's people and for the customer.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The model says that a purchase spoke for it most.
    Bought,
    /// The model says that something they looked at spoke for it most.
    LookedAt,
    /// The model does not say, but they bought in the same category.
    Fits,
    /// The model does not say.
    Taste,
    /// A best-seller of the category they buy most in.
    Category,
    Popular,
    Pinned,
}

/// Who reads the sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// The shop's people: the customer is “they”.
    Shop,
    /// The customer is “you”.
    Customer,
}

impl Why {
    pub const ALL: [Why; 7] =
        [Self::Bought, Self::LookedAt, Self::Fits, Self::Taste, Self::Category, Self::Popular, Self::Pinned];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Bought => "bought",
            Self::LookedAt => "looked_at",
            Self::Fits => "fits",
            Self::Taste => "taste",
            Self::Category => "category",
            Self::Popular => "popular",
            Self::Pinned => "pinned",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.name() == name)
    }

    /// `past` is the title of the product the reason speaks of, `category` the path of the picked one.
    pub fn sentence(self, reader: Reader, past: Option<&str>, category: Option<&str>) -> String {
        let narrowest = category.and_then(|path| path.rsplit(" > ").next()).filter(|name| !name.is_empty());
        let who = if reader == Reader::Customer { "you" } else { "they" };
        match (self, past, narrowest) {
            (Self::Bought, Some(past), _) => format!("Because {who} bought “{past}”"),
            (Self::LookedAt, Some(past), _) => format!("Because {who} looked at “{past}”"),
            (Self::Fits, Some(past), _) => format!("Goes with “{past}”, which {who} bought"),
            (Self::Category, _, Some(category)) => format!("Popular in {category}, where {who} buy most"),
            (Self::Popular, _, Some(category)) => format!("Popular in {category}"),
            (Self::Popular | Self::Category, _, None) => "A best-seller".into(),
            (Self::Pinned, ..) if reader == Reader::Customer => "Our own choice".into(),
            (Self::Pinned, ..) => "Chosen for everybody".into(),
            (Self::Bought | Self::LookedAt | Self::Fits | Self::Taste, ..) => {
                "Liked by customers with a similar taste".into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        assert!(Why::ALL.into_iter().all(|why| Why::from_name(why.name()) == Some(why)));
    }

    #[test]
    fn sentences_are_plain() {
        let past = Some("White Lantern");
        let sentence = |why: Why, reader| why.sentence(reader, past, Some("Home > Kitchen"));
        assert_eq!(sentence(Why::Bought, Reader::Shop), "Because they bought “White Lantern”");
        assert_eq!(sentence(Why::Bought, Reader::Customer), "Because you bought “White Lantern”");
        assert_eq!(sentence(Why::Popular, Reader::Shop), "Popular in Kitchen");
        assert!(Why::ALL.into_iter().all(|why| !sentence(why, Reader::Customer).contains("they")));
    }
}
