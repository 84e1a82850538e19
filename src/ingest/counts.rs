//! What a sync did, as it is stored, shown and printed.

use crate::history::Committed;
use crate::sources;
use crate::web::whole;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SyncCounts {
    pub mappings: Vec<MappingCounts>,
    /// What of it was news.
    pub history: Committed,
}

/// One mapping's reading.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingCounts {
    pub name: String,
    /// The whole table was read, not only what came after the last sync.
    pub whole: bool,
    /// Rows the database sent.
    pub rows: u64,
    /// Rows that could not be used, most first.
    pub ignored: Vec<Ignored>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ignored {
    pub rows: u64,
    /// Continues the number: `12 have no time`.
    pub reason: String,
    /// The id of one such row.
    pub example: Option<String>,
}

impl SyncCounts {
    pub fn rows(&self) -> u64 {
        self.mappings.iter().map(|mapping| mapping.rows).sum()
    }

    /// `1 200 rows read: 300 new events, 2 changed products.`
    pub fn story(&self) -> String {
        let history = &self.history;
        let news: Vec<String> = [
            (history.new_events, "new events"),
            (history.replaced_events, "changed events"),
            (history.dropped_events, "events of the earlier mapping dropped"),
            (history.new_customers, "new customers"),
            (history.changed_customers, "changed customers"),
            (history.vanished_customers, "customers gone"),
            (history.new_products, "new products"),
            (history.changed_products, "changed products"),
            (history.vanished_products, "products gone"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", whole(count)))
        .collect();
        let news = if news.is_empty() { "nothing new".to_owned() } else { news.join(", ") };
        format!("{} rows read: {news}.", whole(self.rows()))
    }

    pub fn ignored(&self) -> u64 {
        self.mappings.iter().flat_map(|mapping| &mapping.ignored).map(|ignored| ignored.rows).sum()
    }
}

impl MappingCounts {
    /// `1 200 rows; 3 have no time (such as “A17”)`
    pub fn story(&self) -> String {
        let mut story = format!("{} rows", whole(self.rows));
        for ignored in &self.ignored {
            story += &format!("; {} {}", whole(ignored.rows), ignored.reason);
            if let Some(id) = &ignored.example {
                story += &format!(" (such as “{id}”)");
            }
        }
        story
    }

    pub(super) fn new(name: &str, whole: bool, reading: &sources::Reading) -> Self {
        let ignored = reading.ignored.iter().map(|(reason, rows)| Ignored {
            rows: *rows,
            reason: reason.words().to_owned(),
            example: reading.examples.iter().find(|(of, _)| of == reason).map(|(_, id)| id.clone()),
        });
        Self { name: name.to_owned(), whole, rows: reading.rows, ignored: ignored.collect() }
    }
}
