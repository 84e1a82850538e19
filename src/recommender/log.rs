//! What each user did, one deed after another.

/// What kind of event a deed was. Refunds are taken off the purchases before they come here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    View = 0,
    Click = 1,
    Cart = 2,
    Purchase = 3,
}

impl Kind {
    /// From the weakest to the strongest.
    pub const ALL: [Self; 4] = [Self::View, Self::Click, Self::Cart, Self::Purchase];
}

/// One deed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deed {
    pub user: u32,
    pub item: u32,
    pub kind: Kind,
    /// Seconds since 1970.
    pub at: i64,
}

/// A user's deeds, oldest first; the three arrays have one length.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Past<'a> {
    pub items: &'a [u32],
    pub kinds: &'a [Kind],
    /// Seconds since 1970, ascending.
    pub at: &'a [i64],
}

/// All users' deeds. 13 bytes each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Log {
    /// User `u`'s deeds lie at `starts[u]..starts[u + 1]`.
    starts: Vec<usize>,
    items: Vec<u32>,
    kinds: Vec<Kind>,
    at: Vec<i64>,
    item_count: usize,
}

impl Log {
    /// From deeds in any order. Deeds of one second are ordered by item and kind, so that the order they came in does
    /// not matter.
    ///
    /// *Cost*: O(n log n) time, 24 bytes a deed beside the result while it is sorted.
    ///
    /// # Panics
    /// When a user or item is not below its count, as slices do.
    pub fn from_deeds(users: usize, items: usize, mut deeds: Vec<Deed>) -> Self {
        deeds.sort_unstable_by_key(|deed| (deed.user, deed.at, deed.item, deed.kind));
        let mut log = Self { starts: vec![0; users + 1], item_count: items, ..Self::default() };
        log.items.reserve(deeds.len());
        log.kinds.reserve(deeds.len());
        log.at.reserve(deeds.len());
        for deed in deeds {
            assert!((deed.item as usize) < items, "item {} of {items}", deed.item);
            log.starts[deed.user as usize + 1] += 1;
            log.items.push(deed.item);
            log.kinds.push(deed.kind);
            log.at.push(deed.at);
        }
        for user in 0..users {
            log.starts[user + 1] += log.starts[user];
        }
        log
    }

    pub fn users(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    pub fn items(&self) -> usize {
        self.item_count
    }

    /// Number of deeds.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// All deeds, user by user, oldest first.
    pub fn deeds(&self) -> impl Iterator<Item = Deed> + Clone {
        (0..self.users() as u32).flat_map(move |user| {
            (self.starts[user as usize]..self.starts[user as usize + 1]).map(move |at| Deed {
                user,
                item: self.items[at],
                kind: self.kinds[at],
                at: self.at[at],
            })
        })
    }

    pub fn past(&self, user: u32) -> Past<'_> {
        let range = self.starts[user as usize]..self.starts[user as usize + 1];
        Past { items: &self.items[range.clone()], kinds: &self.kinds[range.clone()], at: &self.at[range] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deeds_are_told_in_the_order_of_time() {
        let deed = |user, item, kind, at| Deed { user, item, kind, at };
        let deeds =
            vec![deed(1, 2, Kind::View, 30), deed(1, 0, Kind::Purchase, 10), deed(1, 0, Kind::View, 10)];
        let log = Log::from_deeds(3, 3, deeds);
        assert_eq!(log.past(0), Past::default());
        let past = log.past(1);
        assert_eq!((past.items, past.at), (&[0, 0, 2][..], &[10, 10, 30][..]));
        assert_eq!(past.kinds, [Kind::View, Kind::Purchase, Kind::View]);
        assert_eq!((log.users(), log.len()), (3, 3));
    }
}
