//! The weights of one item at a time, over the items that share the most users with it: for catalogues whose
//! equations are too many to be solved at once.

use super::scaled::Scaled;
use crate::recommender::models::dense::dot;
use crate::recommender::models::item_weights::{ItemWeights, Row};
use crate::recommender::{ModelError, Resources, top_k};

/// Steps of conjugate gradients at most.
const STEPS: usize = 12;

/// The share of the right side that may be left over. A fifth of it found half a per cent less of what was held back on
/// Gowalla, three times as much 1 % less.
pub const TOLERANCE: f32 = 0.1;

/// Columns of B, each over the `reach` items that would explain most of it alone, with its `kept` weights of largest
/// magnitude.
pub fn columns(
    scaled: &Scaled,
    reach: usize,
    tolerance: f32,
    kept: usize,
    resources: &Resources<'_>,
) -> Result<ItemWeights, ModelError> {
    let (users, items) = (scaled.by_user.users(), scaled.sizes.len());
    resources.progress.phase("Solving item by item", Some(items as u64));
    ItemWeights::compute(
        items,
        kept,
        resources,
        || Local::new(users, items, tolerance),
        |local, target, row| local.solve(scaled, target, reach, row),
    )
}

/// One thread's scratch memory.
struct Local {
    tolerance: f32,
    /// For each item what it shares with the target; 0 between targets.
    shared: Vec<f32>,
    touched: Vec<u32>,
    /// For each user their number of chosen items, then their place; 0 between targets.
    place: Vec<u32>,
    users: Vec<u32>,
    /// The chosen items' cells, item by item: the user's place and the scaled weight.
    ends: Vec<usize>,
    cells: Vec<(u32, f32)>,
    by_user: Vec<f32>,
}

impl Local {
    fn new(users: usize, items: usize, tolerance: f32) -> Self {
        Self {
            tolerance,
            shared: vec![0.0; items],
            touched: Vec::new(),
            place: vec![0; users],
            users: Vec::new(),
            ends: Vec::new(),
            cells: Vec::new(),
            by_user: Vec::new(),
        }
    }

    /// Column `target` of B: who speaks for it.
    fn solve(&mut self, scaled: &Scaled, target: u32, reach: usize, row: Row<'_>) -> usize {
        let chosen = self.choose(scaled, target, reach);
        let right: Vec<f32> = chosen.iter().map(|&item| self.shared[item as usize]).collect();
        for &item in &self.touched {
            self.shared[item as usize] = 0.0;
        }
        self.touched.clear();
        if chosen.is_empty() {
            return 0;
        }
        self.gather(scaled, &chosen);
        let diagonal: Vec<f32> =
            chosen.iter().map(|&item| scaled.sizes[item as usize] + scaled.ridge).collect();
        let solution = self.descend(&right, &diagonal);
        let unscaled: Vec<f32> =
            chosen.iter().zip(&solution).map(|(&item, &b)| scaled.weight(item, target, b)).collect();
        super::keep_strongest(&chosen, &unscaled, row)
    }

    /// The items to solve over, ascending: those that would explain most of the target alone.
    fn choose(&mut self, scaled: &Scaled, target: u32, reach: usize) -> Vec<u32> {
        let (users, weights) = scaled.by_item.row(target);
        for (&user, &weight) in users.iter().zip(weights) {
            let (others, other_weights) = scaled.by_user.row(user);
            for (&other, &other_weight) in others.iter().zip(other_weights) {
                let sum = &mut self.shared[other as usize];
                if *sum == 0.0 {
                    self.touched.push(other);
                }
                *sum += weight * other_weight;
            }
        }
        self.touched.sort_unstable();
        let explained: Vec<f32> = self
            .touched
            .iter()
            .map(|&other| self.shared[other as usize] / (scaled.sizes[other as usize] + scaled.ridge).sqrt())
            .collect();
        let mut chosen: Vec<u32> = top_k(&explained, reach, |at| self.touched[at] == target)
            .into_iter()
            .map(|at| self.touched[at as usize])
            .collect();
        chosen.sort_unstable();
        chosen
    }

    /// The cells of the chosen items. A user with only one of them is a part of the diagonal and nothing else.
    fn gather(&mut self, scaled: &Scaled, chosen: &[u32]) {
        self.users.clear();
        for &item in chosen {
            for &user in scaled.by_item.row(item).0 {
                let count = &mut self.place[user as usize];
                if *count == 0 {
                    self.users.push(user);
                }
                *count += 1;
            }
        }
        let mut places = 0;
        for &user in &self.users {
            let count = &mut self.place[user as usize];
            if *count > 1 {
                *count = places;
                places += 1;
            } else {
                *count = u32::MAX;
            }
        }
        self.by_user.resize(places as usize, 0.0);
        self.ends.clear();
        self.cells.clear();
        for &item in chosen {
            let (users, weights) = scaled.by_item.row(item);
            for (&user, &weight) in users.iter().zip(weights) {
                let place = self.place[user as usize];
                if place != u32::MAX {
                    self.cells.push((place, weight));
                }
            }
            self.ends.push(self.cells.len());
        }
        for &user in &self.users {
            self.place[user as usize] = 0;
        }
    }

    /// out = (XᵀX + λI) v over the chosen items.
    fn apply(&mut self, alone: &[f32], v: &[f32], out: &mut [f32]) {
        self.by_user.fill(0.0);
        let mut begin = 0;
        for (&end, &v) in self.ends.iter().zip(v) {
            for &(place, weight) in &self.cells[begin..end] {
                self.by_user[place as usize] += weight * v;
            }
            begin = end;
        }
        begin = 0;
        for (at, &end) in self.ends.iter().enumerate() {
            let cells = &self.cells[begin..end];
            let sum: f32 = cells.iter().map(|&(place, weight)| weight * self.by_user[place as usize]).sum();
            out[at] = sum + alone[at] * v[at];
            begin = end;
        }
    }

    /// Conjugate gradients, preconditioned by the diagonal, from zero.
    fn descend(&mut self, right: &[f32], diagonal: &[f32]) -> Vec<f32> {
        let mut begin = 0;
        let alone: Vec<f32> = self
            .ends
            .iter()
            .zip(diagonal)
            .map(|(&end, &diagonal)| {
                let kept: f32 = self.cells[begin..end].iter().map(|(_, weight)| weight * weight).sum();
                begin = end;
                diagonal - kept
            })
            .collect();
        let mut x = vec![0f32; right.len()];
        let mut residual = right.to_vec();
        let mut direction: Vec<f32> = residual.iter().zip(diagonal).map(|(r, d)| r / d).collect();
        let mut applied = vec![0f32; right.len()];
        let mut size = dot(&residual, &direction);
        let enough = size * self.tolerance * self.tolerance;
        for _ in 0..STEPS {
            self.apply(&alone, &direction, &mut applied);
            let step = size / dot(&direction, &applied);
            if !step.is_finite() {
                break;
            }
            for at in 0..x.len() {
                x[at] += step * direction[at];
                residual[at] -= step * applied[at];
                applied[at] = residual[at] / diagonal[at];
            }
            let next = dot(&residual, &applied);
            if next <= enough {
                break;
            }
            let turn = next / size;
            size = next;
            for (d, &z) in direction.iter_mut().zip(&applied) {
                *d = z + turn * *d;
            }
        }
        x
    }
}
