//! The same figures for parts of the users: by how much they did, or by any segment.

use super::{Examination, Quality, lists};
use crate::recommender::Interactions;

/// One part of the users.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    pub segment: u32,
    /// Measured users in it.
    pub users: usize,
    /// Coverage, Gini and personalisation are of the segment's lists alone.
    pub quality: Quality,
}

impl Examination {
    /// The figures of each segment that has a measured user, in the order of the segments' numbers.
    ///
    /// *Shapes*: `segments` has the segment of every user number. *Cost*: one pass over the lists, and items × segments
    /// to sum them up.
    ///
    /// # Panics
    /// When a measured user has no entry, as slices do.
    pub fn by_segment(&self, segments: &[u32]) -> Vec<Segment> {
        let mut members: Vec<(u32, usize)> =
            (0..self.lists.len()).map(|n| (segments[self.lists.user(n) as usize], n)).collect();
        members.sort_unstable();
        let of = |members: &[(u32, usize)]| {
            let mut shown = vec![0u32; self.lists.item_count];
            for &(_, n) in members {
                for &item in self.lists.list(n) {
                    shown[item as usize] += 1;
                }
            }
            let mut quality = Quality::default();
            self.evaluation.means(&members.iter().map(|&(_, n)| n), &mut quality);
            lists::together(&shown, members.len(), &mut quality);
            Segment { segment: members[0].0, users: members.len(), quality }
        };
        members.chunk_by(|a, b| a.0 == b.0).map(of).collect()
    }
}

/// Users by the number of items they have to learn from: 0 for none at all, 1 to 4 for the quarters of the others.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Activity {
    /// The segment of every user number.
    pub segments: Vec<u32>,
    /// Fewest and most items of the measured users of each segment.
    pub items: [(usize, usize); 5],
}

impl Activity {
    /// Quarters of the users at `measured` who have anything. Users with as many items are never parted, so that a
    /// quarter may be larger or smaller than one, or empty.
    ///
    /// *Shapes*: `measured` are users of `train`, as those of [`super::Lists`]. *Cost*: O(n log n).
    pub fn of(train: &Interactions, measured: impl IntoIterator<Item = u32>) -> Self {
        let items = |user: u32| train.row(user).0.len();
        let mut counts: Vec<usize> = measured.into_iter().map(items).filter(|&count| count > 0).collect();
        counts.sort_unstable();
        // The most that the lower quarters may have.
        let bounds =
            [1, 2, 3].map(|quarter| counts.get((counts.len() * quarter).div_ceil(4).saturating_sub(1)));
        let segment = |count: usize| match count {
            0 => 0,
            _ => 1 + bounds.iter().filter(|bound| bound.is_some_and(|&bound| count > bound)).count() as u32,
        };
        let mut ranges = [(0, 0); 5];
        for &count in &counts {
            let (low, high) = &mut ranges[segment(count) as usize];
            *low = if *low == 0 { count } else { (*low).min(count) };
            *high = (*high).max(count);
        }
        let segments = (0..train.users() as u32).map(|user| segment(items(user))).collect();
        Self { segments, items: ranges }
    }
}
