//! Who did what how much: a sparse matrix of users × items, row by row.

/// Compressed sparse rows. Items ascend within a row and none repeats; weights are finite and positive.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Interactions {
    /// Row `u` lies at `starts[u]..starts[u + 1]`.
    starts: Vec<usize>,
    items: Vec<u32>,
    weights: Vec<f32>,
    columns: usize,
}

/// Nobody does anything so often; with more, the squares and sums that models make would leave single precision.
const MOST_WEIGHT: f32 = 1e9;

impl Interactions {
    /// From (user, item, weight) in any order. Repetitions are summed; sums that are not positive, and weights
    /// that are not finite, are left out; sums beyond 10⁹ count as that.
    ///
    /// *Cost*: O(n + users) for placing, O(n log row) for sorting rows; 8 bytes an interaction beside the input.
    ///
    /// # Panics
    /// When a user or item is not below its count, as slices do.
    pub fn from_triples(
        users: usize,
        items: usize,
        triples: impl IntoIterator<Item = (u32, u32, f32)>,
    ) -> Self {
        let triples: Vec<(u32, u32, f32)> =
            triples.into_iter().filter(|(_, _, weight)| weight.is_finite()).collect();
        let mut starts = vec![0usize; users + 1];
        for &(user, item, _) in &triples {
            assert!((item as usize) < items, "item {item} of {items}");
            starts[user as usize + 1] += 1;
        }
        for user in 0..users {
            starts[user + 1] += starts[user];
        }
        let mut next = starts.clone();
        let mut cells = vec![(0u32, 0f32); triples.len()];
        for (user, item, weight) in triples {
            cells[next[user as usize]] = (item, weight);
            next[user as usize] += 1;
        }
        let mut matrix =
            Self { starts: Vec::with_capacity(users + 1), items: vec![], weights: vec![], columns: items };
        matrix.starts.push(0);
        for user in 0..users {
            let row = &mut cells[starts[user]..starts[user + 1]];
            // Stable: the order of summing, and with it the sum's last bit, does not depend on the sort.
            row.sort_by_key(|&(item, _)| item);
            for run in row.chunk_by(|a, b| a.0 == b.0) {
                let weight: f32 = run.iter().map(|&(_, weight)| weight).sum();
                if weight > 0.0 {
                    matrix.items.push(run[0].0);
                    matrix.weights.push(weight.min(MOST_WEIGHT));
                }
            }
            matrix.starts.push(matrix.items.len());
        }
        matrix
    }

    pub fn users(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    pub fn items(&self) -> usize {
        self.columns
    }

    /// Number of interactions.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The user's items, ascending, and their weights.
    pub fn row(&self, user: u32) -> (&[u32], &[f32]) {
        let range = self.starts[user as usize]..self.starts[user as usize + 1];
        (&self.items[range.clone()], &self.weights[range])
    }

    /// Items × users.
    pub fn transpose(&self) -> Self {
        let mut starts = vec![0usize; self.columns + 1];
        for &item in &self.items {
            starts[item as usize + 1] += 1;
        }
        for item in 0..self.columns {
            starts[item + 1] += starts[item];
        }
        let mut next = starts.clone();
        let (mut items, mut weights) = (vec![0u32; self.len()], vec![0f32; self.len()]);
        for user in 0..self.users() as u32 {
            let (row, row_weights) = self.row(user);
            for (&item, &weight) in row.iter().zip(row_weights) {
                let at = next[item as usize];
                next[item as usize] += 1;
                items[at] = user;
                weights[at] = weight;
            }
        }
        Self { starts, items, weights, columns: self.users() }
    }

    /// The same cells with `change(user, item, weight)` as weights.
    pub fn map(&self, change: impl Fn(u32, u32, f32) -> f32) -> Self {
        let mut mapped = self.clone();
        mapped.change(change);
        mapped
    }

    /// Every weight becomes `change(user, item, weight)`.
    pub fn change(&mut self, change: impl Fn(u32, u32, f32) -> f32) {
        for user in 0..self.users() as u32 {
            for at in self.starts[user as usize]..self.starts[user as usize + 1] {
                self.weights[at] = change(user, self.items[at], self.weights[at]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_are_summed_and_what_is_cancelled_is_left_out() {
        let matrix = Interactions::from_triples(
            2,
            3,
            [(1, 2, 1.0), (1, 0, 0.5), (1, 2, 1.0), (0, 1, 1.0), (0, 1, -1.0), (0, 2, f32::NAN)],
        );
        assert_eq!(matrix.row(0), (&[][..], &[][..]));
        assert_eq!(matrix.row(1), (&[0, 2][..], &[0.5, 2.0][..]));
        assert_eq!((matrix.users(), matrix.items(), matrix.len()), (2, 3, 2));
    }

    #[test]
    fn weights_stay_where_they_can_be_squared_and_summed() {
        let matrix = Interactions::from_triples(1, 2, [(0, 0, f32::MAX), (0, 0, f32::MAX), (0, 1, 2e9)]);
        assert_eq!(matrix.row(0).1, [1e9, 1e9]);
    }

    #[test]
    fn transposing_twice_changes_nothing() {
        let matrix = Interactions::from_triples(3, 4, [(0, 3, 1.0), (2, 0, 2.0), (2, 3, 3.0)]);
        assert_eq!(matrix.transpose().row(3), (&[0, 2][..], &[1.0, 3.0][..]));
        assert_eq!(matrix.transpose().transpose(), matrix);
    }
}
