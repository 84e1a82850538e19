//! What was recommended to whom, and what all lists together look like.

use super::Quality;

/// The list of every measured user. 4 bytes a place, 12 a user.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lists {
    /// The users' numbers, ascending.
    pub(super) users: Vec<u32>,
    /// Where each list ends in `items`.
    pub(super) ends: Vec<usize>,
    pub(super) items: Vec<u32>,
    /// Items there are.
    pub(super) item_count: usize,
}

impl Lists {
    /// Number of lists.
    pub fn len(&self) -> usize {
        self.users.len()
    }

    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// Whose list the n-th is.
    pub fn user(&self, n: usize) -> u32 {
        self.users[n]
    }

    /// The n-th list, best first.
    pub fn list(&self, n: usize) -> &[u32] {
        let start = if n == 0 { 0 } else { self.ends[n - 1] };
        &self.items[start..self.ends[n]]
    }

    pub(super) fn push(&mut self, user: u32, list: &[u32]) {
        self.users.push(user);
        self.items.extend_from_slice(list);
        self.ends.push(self.items.len());
    }

    /// Adds what was measured for the users that follow.
    pub(super) fn append(&mut self, following: &Self) {
        for n in 0..following.len() {
            self.push(following.user(n), following.list(n));
        }
    }
}

/// Sets what all lists together tell. *Shapes*: `shown` has the number of lists each item stands in.
///
/// Personalisation needs no pair of lists: two lists share an item where both show it, so that all pairs together share
/// Σ c (c − 1) places of c lists each, of (lists − 1) Σ c that they could.
pub(super) fn together(shown: &[u32], lists: usize, quality: &mut Quality) {
    let places: f64 = shown.iter().map(|&count| f64::from(count)).sum();
    let covered = shown.iter().filter(|&&count| count > 0).count();
    quality.coverage = covered as f64 / shown.len().max(1) as f64;
    quality.gini = gini(shown);
    let shared: f64 = shown.iter().map(|&count| f64::from(count) * (f64::from(count) - 1.0)).sum();
    let possible = places * (lists as f64 - 1.0);
    quality.personalisation = if possible > 0.0 { 1.0 - shared / possible } else { 0.0 };
}

/// Gini coefficient: the mean difference of two counts, over twice their mean. 0 when nothing is shown.
///
/// *Cost*: O(n log n).
fn gini(counts: &[u32]) -> f64 {
    let mut counts = counts.to_vec();
    counts.sort_unstable();
    let n = counts.len() as f64;
    let total: f64 = counts.iter().map(|&count| f64::from(count)).sum();
    if total == 0.0 {
        return 0.0;
    }
    let weighted: f64 = counts
        .iter()
        .enumerate()
        .map(|(at, &count)| (2.0 * (at + 1) as f64 - n - 1.0) * f64::from(count))
        .sum();
    weighted / (n * total)
}
