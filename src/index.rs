//! A dictionary between the shop's ids and dense numbers from 0: what large sums are made with.

use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// Ids in the order of their first appearance. One arena holds all text: two million customers cost their bytes
/// plus twelve each.
#[derive(Clone, Default)]
pub struct Index {
    text: String,
    /// Where each id ends in `text`.
    ends: Vec<usize>,
    numbers: HashTable<u32>,
    /// foldhash, seeded per process: ids are short, and there are ten million of them in a large log.
    hasher: DefaultHashBuilder,
}

impl Index {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The id with this number.
    ///
    /// # Panics
    /// When no id has it, as slices do.
    pub fn id(&self, number: u32) -> &str {
        id_at(&self.text, &self.ends, number)
    }

    pub fn number(&self, id: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(id);
        self.numbers.find(hash, |&number| id_at(&self.text, &self.ends, number) == id).copied()
    }

    /// The id's number; a new one for an id not seen before.
    ///
    /// # Panics
    /// Beyond four thousand million ids.
    pub fn intern(&mut self, id: &str) -> u32 {
        if let Some(number) = self.number(id) {
            return number;
        }
        let number = u32::try_from(self.ends.len()).expect("invariant: a shop has fewer than 2³² ids");
        self.text.push_str(id);
        self.ends.push(self.text.len());
        let (text, ends, hasher) = (&self.text, &self.ends, &self.hasher);
        self.numbers.insert_unique(hasher.hash_one(id), number, |&n| hasher.hash_one(id_at(text, ends, n)));
        number
    }

    /// All ids, in the order of their numbers.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.ends.len() as u32).map(|number| self.id(number))
    }
}

impl<S: AsRef<str>> FromIterator<S> for Index {
    fn from_iter<I: IntoIterator<Item = S>>(ids: I) -> Self {
        let mut index = Self::new();
        for id in ids {
            index.intern(id.as_ref());
        }
        index
    }
}

fn id_at<'a>(text: &'a str, ends: &[usize], number: u32) -> &'a str {
    let at = number as usize;
    let start = if at == 0 { 0 } else { ends[at - 1] };
    &text[start..ends[at]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_first_appearance() {
        let index: Index = ["b", "a", "", "b"].into_iter().collect();
        assert_eq!(index.ids().collect::<Vec<_>>(), ["b", "a", ""]);
        assert_eq!((index.number("a"), index.number("c")), (Some(1), None));
    }

    #[test]
    fn many_ids_keep_their_numbers() {
        let index: Index = (0..10_000).map(|n| n.to_string()).collect();
        assert!((0..10_000u32).all(|n| index.number(&n.to_string()) == Some(n)));
    }
}
