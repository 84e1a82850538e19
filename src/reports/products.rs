//! What a report says of products besides their ids: titles and categories, as the shop had them when it was made.

use super::detail::Shown;
use std::collections::{BTreeMap, HashMap};

/// Categories told of, those shown most.
const CATEGORIES: usize = 20;
/// Between a category and the one below it.
const BELOW: &str = " > ";

#[derive(Debug, Clone, Default)]
pub struct Products {
    /// By id: title and category.
    known: HashMap<String, (String, Option<String>)>,
}

impl Products {
    /// Id, title and category of each.
    pub fn of(products: impl IntoIterator<Item = (String, String, Option<String>)>) -> Self {
        let known = products.into_iter().map(|(id, title, category)| (id, (title, category)));
        Self { known: known.collect() }
    }

    /// Empty where nobody knows it.
    pub fn title(&self, id: &str) -> &str {
        self.known.get(id).map_or("", |(title, _)| title)
    }

    fn category(&self, id: &str) -> Option<&str> {
        self.known.get(id)?.1.as_deref().filter(|category| !category.trim().is_empty())
    }

    /// Picks and purchases summed by category: the widest ones that tell products apart. Shops like to put everything
    /// under one root; then those below it are told of.
    pub(super) fn categories<'a>(&self, shown: impl Iterator<Item = (&'a str, (u64, u64))>) -> Vec<Shown> {
        let shown: Vec<_> = shown.collect();
        let deepest = self.known.values().filter_map(|(_, category)| category.as_deref());
        let deepest = deepest.map(|category| category.split(BELOW).count()).max().unwrap_or(0);
        let mut found = BTreeMap::new();
        for level in 0..deepest {
            found = self.at_level(&shown, level);
            if found.len() > 1 {
                break;
            }
        }
        let mut all: Vec<Shown> =
            found.into_iter().map(|(name, (picks, bought))| Shown { name, picks, bought }).collect();
        all.sort_by(|a, b| b.picks.cmp(&a.picks).then_with(|| a.name.cmp(&b.name)));
        all.truncate(CATEGORIES);
        all
    }

    /// What has no category so deep counts for its deepest.
    fn at_level(&self, shown: &[(&str, (u64, u64))], level: usize) -> BTreeMap<String, (u64, u64)> {
        let mut sums: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for &(id, (picks, bought)) in shown {
            let Some(category) = self.category(id) else { continue };
            let parts: Vec<&str> = category.split(BELOW).collect();
            let name = parts[level.min(parts.len() - 1)].trim();
            let sum = sums.entry(name.to_owned()).or_default();
            sum.0 += picks;
            sum.1 += bought;
        }
        sums
    }
}
