//! How unlike each other the items of one list are, by who has them.

use super::Lists;
use crate::progress::Progress;
use crate::recommender::{Interactions, ModelError};
use rayon::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};

/// For each list the mean of 1 − cos(i, j) over its pairs of items, 0 where it has fewer than two. An item is the
/// vector of the users who have it (0 or 1), so that cos(i, j) = n_ij ÷ √(n_i n_j), and 0 where either has nobody.
///
/// Exact. Each n_ij is counted once for all lists that need it: for one item after another, the others are counted in
/// the rows of its users, as far as anybody was shown them.
///
/// *Cost*: O(Σ_u m_u²) time with m_u the shown items that user u has, in parallel; 8 bytes a list and an interaction, 8
/// bytes an item and thread. *Errors*: [`ModelError::Cancelled`].
pub(super) fn diversities(
    lists: &Lists,
    train: &Interactions,
    progress: &dyn Progress,
) -> Result<Vec<f64>, ModelError> {
    let shown = Shown::new(lists, train);
    let longest = (0..lists.len()).map(|n| lists.list(n).len()).max().unwrap_or(0);
    // Cosines are summed as whole numbers: threads may add them in any order. 2⁴⁰ keeps eleven digits, and less only
    // for lists of thousands of items.
    let most = (longest * longest / 2 + 1) as f64;
    let scale = (2f64.powi(63) / most).min(2f64.powi(40));
    let sums: Vec<AtomicU64> = (0..lists.len()).map(|_| AtomicU64::new(0)).collect();
    progress.phase("Comparing the picks of each list", Some(shown.numbers.len() as u64));
    (0..shown.items() as u32).into_par_iter().try_for_each_init(
        || vec![0u32; shown.items()],
        |together, item| {
            if progress.cancelled() {
                return Err(ModelError::Cancelled);
            }
            progress.advance(1);
            shown.count(item, together);
            for &list in shown.in_lists.row(item).0 {
                let mut sum = 0u64;
                for other in lists.list(list as usize).iter().map(|&other| shown.numbers[other as usize]) {
                    // Later ones only: each pair once. What is not together with the item has the count 0.
                    if other > item && together[other as usize] > 0 {
                        let cosine =
                            f64::from(together[other as usize]) / (shown.norm(item) * shown.norm(other));
                        sum += (cosine * scale).round() as u64;
                    }
                }
                sums[list as usize].fetch_add(sum, Ordering::Relaxed);
            }
            Ok(())
        },
    )?;
    let of_list = |(n, sum): (usize, AtomicU64)| {
        let places = lists.list(n).len();
        let pairs = (places * places.saturating_sub(1) / 2) as f64;
        if pairs > 0.0 { 1.0 - sum.into_inner() as f64 / scale / pairs } else { 0.0 }
    };
    Ok(sums.into_iter().enumerate().map(of_list).collect())
}

/// The items that stand in a list, numbered anew without gaps.
struct Shown {
    /// The new number of each item; `u32::MAX` when it was not shown.
    numbers: Vec<u32>,
    by_user: Interactions,
    by_item: Interactions,
    /// Items × lists.
    in_lists: Interactions,
}

impl Shown {
    fn new(lists: &Lists, train: &Interactions) -> Self {
        let mut numbers = vec![u32::MAX; train.items().max(lists.item_count)];
        for &item in &lists.items {
            numbers[item as usize] = 0;
        }
        let mut count = 0u32;
        for number in numbers.iter_mut().filter(|number| **number == 0) {
            *number = count;
            count += 1;
        }
        let has = |user: u32| {
            let items = train.row(user).0.iter().map(|&item| numbers[item as usize]);
            items.filter(|&number| number != u32::MAX).map(move |number| (user, number, 1.0))
        };
        let by_user = Interactions::from_triples(
            train.users(),
            count as usize,
            (0..train.users() as u32).flat_map(has),
        );
        let stands = |n: usize| lists.list(n).iter().map(move |&item| (n as u32, item));
        let places = (0..lists.len()).flat_map(stands);
        let in_lists = Interactions::from_triples(
            count as usize,
            lists.len(),
            places.map(|(n, item)| (numbers[item as usize], n, 1.0)),
        );
        Self { by_item: by_user.transpose(), by_user, in_lists, numbers }
    }

    fn items(&self) -> usize {
        self.by_item.users()
    }

    fn norm(&self, item: u32) -> f64 {
        (self.by_item.row(item).0.len() as f64).sqrt()
    }

    /// Counts the users that each later item shares with `item`.
    fn count(&self, item: u32, together: &mut [u32]) {
        together[item as usize..].fill(0);
        for &user in self.by_item.row(item).0 {
            let row = self.by_user.row(user).0;
            let later = row.partition_point(|&other| other <= item);
            for &other in &row[later..] {
                together[other as usize] += 1;
            }
        }
    }
}
