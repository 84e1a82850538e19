//! What conditions speak of: facts by name, and their values as columns.

use std::collections::HashMap;

/// What a fact is a fact of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Root {
    Product,
    Customer,
    /// The day the campaign is picked for.
    Today,
    Campaign,
    /// Of that day.
    Weather,
}

impl Root {
    pub const ALL: [Self; 5] = [Self::Product, Self::Customer, Self::Today, Self::Campaign, Self::Weather];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Customer => "customer",
            Self::Today => "today",
            Self::Campaign => "campaign",
            Self::Weather => "weather",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Truth,
    Number,
    Text,
    /// A list of texts.
    Texts,
}

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Truth => "yes or no",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Texts => "a list of texts",
        }
    }
}

/// One thing that is known, such as `product.price`.
#[derive(Debug, Clone, Copy)]
pub struct Fact {
    pub root: Root,
    pub name: &'static str,
    pub kind: Kind,
    /// In plain words, with its unit.
    pub meaning: &'static str,
}

/// All facts of all roots.
#[derive(Debug, Clone, Copy)]
pub struct Schema(pub &'static [Fact]);

impl Schema {
    /// The facts of one root, in the order of its table's columns.
    pub fn of(self, root: Root) -> impl Iterator<Item = &'static Fact> {
        self.0.iter().filter(move |fact| fact.root == root)
    }

    /// The fact's column in its root's table, and what it is.
    pub fn find(self, root: Root, name: &str) -> Option<(usize, &'static Fact)> {
        self.of(root).enumerate().find(|(_, fact)| fact.name == name)
    }
}

/// A value for each row.
#[derive(Debug, Clone)]
pub enum Column {
    /// `None` is unknown.
    Truths(Vec<Option<bool>>),
    /// What is not a number is unknown.
    Numbers(Vec<f64>),
    Texts(Texts),
    Lists(Lists),
}

impl Column {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Truths(_) => Kind::Truth,
            Self::Numbers(_) => Kind::Number,
            Self::Texts(_) => Kind::Text,
            Self::Lists(_) => Kind::Texts,
        }
    }

    /// Whether any row's value is known; of lists, whether any holds something.
    pub fn knows_any(&self) -> bool {
        match self {
            Self::Truths(values) => values.iter().any(Option::is_some),
            Self::Numbers(values) => values.iter().any(|value| !value.is_nan()),
            Self::Texts(texts) => texts.codes.iter().any(|&code| code != Texts::UNKNOWN),
            Self::Lists(lists) => !lists.codes.is_empty(),
        }
    }

    fn rows(&self) -> usize {
        match self {
            Self::Truths(values) => values.len(),
            Self::Numbers(values) => values.len(),
            Self::Texts(texts) => texts.codes.len(),
            Self::Lists(lists) => lists.starts.len().saturating_sub(1),
        }
    }
}

/// Texts, each different one once: what is asked of a text is asked once of each of the names.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    pub names: Vec<String>,
    /// For each row its name; [`Texts::UNKNOWN`] for none.
    pub codes: Vec<u32>,
}

impl Texts {
    pub const UNKNOWN: u32 = u32::MAX;

    pub fn get(&self, row: usize) -> Option<&str> {
        self.names.get(self.codes[row] as usize).map(String::as_str)
    }
}

impl<'a> FromIterator<Option<&'a str>> for Texts {
    fn from_iter<I: IntoIterator<Item = Option<&'a str>>>(all: I) -> Self {
        let mut texts = Self::default();
        let mut known: HashMap<&'a str, u32> = HashMap::new();
        for text in all {
            let code = match text {
                None => Self::UNKNOWN,
                Some(text) => *known.entry(text).or_insert_with(|| {
                    texts.names.push(text.to_owned());
                    texts.names.len() as u32 - 1
                }),
            };
            texts.codes.push(code);
        }
        texts
    }
}

/// Lists of texts, likewise.
#[derive(Debug, Clone, Default)]
pub struct Lists {
    pub names: Vec<String>,
    /// Row `r` has `codes[starts[r]..starts[r + 1]]`.
    pub starts: Vec<usize>,
    pub codes: Vec<u32>,
}

impl Lists {
    pub fn row(&self, row: usize) -> &[u32] {
        &self.codes[self.starts[row]..self.starts[row + 1]]
    }
}

/// What is known of all products, or all customers, or of the one day and campaign.
#[derive(Debug, Clone, Default)]
pub struct Table {
    rows: usize,
    columns: Vec<Option<Column>>,
}

impl Table {
    /// One column for each fact of a root, in their order; those that no condition asks for may be left out.
    ///
    /// # Panics
    /// When a column has not as many rows.
    pub fn new(columns: Vec<Option<Column>>, rows: usize) -> Self {
        assert!(columns.iter().flatten().all(|column| column.rows() == rows), "columns of one length");
        Self { rows, columns }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// # Panics
    /// When the column was left out.
    pub fn column(&self, at: usize) -> &Column {
        self.columns[at].as_ref().expect("invariant: the columns that a condition asks for are there")
    }

    /// The same rows in another order: the n-th row of this one becomes row `place_of[n]`.
    ///
    /// # Panics
    /// When a place is not below the number of rows.
    pub fn in_order(mut self, place_of: &[u32]) -> Self {
        let mut row_at = vec![0u32; self.rows];
        for (row, &place) in (0u32..).zip(place_of) {
            row_at[place as usize] = row;
        }
        for column in self.columns.iter_mut().flatten() {
            match column {
                Column::Truths(values) => *values = row_at.iter().map(|&row| values[row as usize]).collect(),
                Column::Numbers(values) => *values = row_at.iter().map(|&row| values[row as usize]).collect(),
                Column::Texts(texts) => {
                    texts.codes = row_at.iter().map(|&row| texts.codes[row as usize]).collect()
                }
                Column::Lists(lists) => {
                    let (mut starts, mut codes) = (vec![0], Vec::with_capacity(lists.codes.len()));
                    for &row in &row_at {
                        codes.extend_from_slice(lists.row(row as usize));
                        starts.push(codes.len());
                    }
                    (lists.starts, lists.codes) = (starts, codes);
                }
            }
        }
        self
    }
}
