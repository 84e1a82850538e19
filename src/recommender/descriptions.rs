//! What the items are: what lets a model pick a product that nobody has bought yet.

/// One for each item. Whatever a shop does not know stays empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Description {
    /// Title and whatever else is said of it, in any language.
    pub text: String,
    /// From the widest to the narrowest, such as “Home”, “Kitchen”, “Knives”.
    pub category_path: Vec<String>,
    pub brand: Option<String>,
    /// In any one currency.
    pub price: Option<f32>,
    /// Seconds since 1970 when it was first for sale.
    pub since: Option<i64>,
    /// What its picture looks like, as many numbers for every item that has one.
    pub picture: Vec<f32>,
}

/// As many as there are items, in the order of their numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Descriptions(pub Vec<Description>);
