//! A sparse matrix of items × items that scores by what somebody has: shared by every model that speaks of items
//! alone. It does not know where its weights come from.

use crate::recommender::load::Arrays;
use crate::recommender::{Contribution, Model, ModelError, Resources, Scorer, Tensor, User};
use rayon::prelude::*;

/// How much each item speaks for others. A user's score of item j is Σ_i √w_ui B_ij, so that one heavy buyer's weight
/// does not drown the rest.
///
/// *Shapes*: row i holds (j, B_ij), ascending by j. *Units*: the model's own.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemWeights {
    starts: Vec<u64>,
    others: Vec<u32>,
    weights: Vec<f32>,
}

/// Rows computed between two looks at whether to go on.
const ROWS_A_TASK: usize = 16;

/// Where one row is written: room for the most entries that any row may have.
pub struct Row<'a> {
    pub others: &'a mut [u32],
    pub weights: &'a mut [f32],
}

impl ItemWeights {
    /// Computes every row in parallel, in its place: `fill(scratch, item, row)` writes at most `at_most` entries,
    /// ascending by item, and says how many.
    ///
    /// *Cost*: 8 bytes × `at_most` × items of address space, of which only pages that are written become memory.
    /// *Errors*: [`ModelError::Cancelled`], [`ModelError::NotFinite`].
    pub fn compute<S>(
        items: usize,
        at_most: usize,
        resources: &Resources<'_>,
        scratch: impl Fn() -> S + Sync + Send,
        fill: impl Fn(&mut S, u32, Row<'_>) -> usize + Sync + Send,
    ) -> Result<Self, ModelError> {
        let at_most = at_most.min(items).max(1);
        let (mut others, mut weights) = (vec![0u32; items * at_most], vec![0f32; items * at_most]);
        let mut lengths = vec![0u32; items];
        let tasks = others
            .par_chunks_mut(at_most * ROWS_A_TASK)
            .zip(weights.par_chunks_mut(at_most * ROWS_A_TASK))
            .zip(lengths.par_chunks_mut(ROWS_A_TASK))
            .enumerate();
        tasks.try_for_each_init(scratch, |scratch, (task, ((others, weights), lengths))| {
            if resources.progress.cancelled() {
                return Err(ModelError::Cancelled);
            }
            let rows = others.chunks_exact_mut(at_most).zip(weights.chunks_exact_mut(at_most));
            for (n, ((others, weights), length)) in rows.zip(lengths.iter_mut()).enumerate() {
                let item = (task * ROWS_A_TASK + n) as u32;
                *length = fill(scratch, item, Row { others, weights }) as u32;
            }
            resources.progress.advance(lengths.len() as u64);
            Ok(())
        })?;
        let mut starts = Vec::with_capacity(items + 1);
        let mut end = 0;
        starts.push(0);
        for (item, &length) in lengths.iter().enumerate() {
            let (from, length) = (item * at_most, length as usize);
            others.copy_within(from..from + length, end);
            weights.copy_within(from..from + length, end);
            end += length;
            starts.push(end as u64);
        }
        others.truncate(end);
        others.shrink_to_fit();
        weights.truncate(end);
        weights.shrink_to_fit();
        if weights.iter().all(|weight| weight.is_finite()) {
            Ok(Self { starts, others, weights })
        } else {
            Err(ModelError::NotFinite)
        }
    }

    /// Rows become columns. *Cost*: one pass, a second copy while it runs.
    pub fn transpose(self) -> Self {
        let mut starts = vec![0u64; self.starts.len()];
        for &other in &self.others {
            starts[other as usize + 1] += 1;
        }
        for item in 0..self.items() {
            starts[item + 1] += starts[item];
        }
        let mut next = starts.clone();
        let (mut others, mut weights) = (vec![0u32; self.others.len()], vec![0f32; self.others.len()]);
        for item in 0..self.items() as u32 {
            let (row, row_weights) = self.row(item);
            for (&other, &weight) in row.iter().zip(row_weights) {
                let at = next[other as usize] as usize;
                next[other as usize] += 1;
                others[at] = item;
                weights[at] = weight;
            }
        }
        Self { starts, others, weights }
    }

    pub fn items(&self) -> usize {
        self.starts.len() - 1
    }

    pub fn row(&self, item: u32) -> (&[u32], &[f32]) {
        let range = self.starts[item as usize] as usize..self.starts[item as usize + 1] as usize;
        (&self.others[range.clone()], &self.weights[range])
    }

    pub fn load(arrays: &mut Arrays) -> Result<Self, ModelError> {
        let (starts, others) = (arrays.u64("starts")?, arrays.u32("neighbours")?);
        let weights = arrays.f32("similarities")?.1;
        let items = starts.len().saturating_sub(1);
        let fits = starts.first() == Some(&0)
            && starts.is_sorted()
            && starts.last() == Some(&(others.len() as u64))
            && others.len() == weights.len()
            && others.iter().all(|&item| (item as usize) < items);
        if !fits {
            return Err(ModelError::Damaged("the lists of neighbours do not fit together".into()));
        }
        let weights = Self { starts, others, weights };
        let ascending = |item| weights.row(item).0.is_sorted_by(|a, b| a < b);
        if (0..items as u32).all(ascending) {
            Ok(weights)
        } else {
            Err(ModelError::Damaged("the lists of neighbours are not in order".into()))
        }
    }

    pub fn tensors(&self) -> Vec<Tensor<'_>> {
        vec![
            Tensor::u64("starts", &self.starts),
            Tensor::u32("neighbours", &self.others),
            Tensor::f32("similarities", &[self.weights.len()], &self.weights),
        ]
    }

    /// Exact: the contributions of all the user's items add up to the score.
    pub fn explain(&self, user: User<'_>, item: u32, at_most: usize) -> Vec<Contribution> {
        let user = user.within(self.items());
        let all: Vec<Contribution> = user
            .items
            .iter()
            .zip(user.weights)
            .filter_map(|(&own, &weight)| {
                let (others, weights) = self.row(own);
                let at = others.binary_search(&item).ok()?;
                Some(Contribution { item: own, amount: weight.sqrt() * weights[at] })
            })
            .collect();
        Contribution::strongest(all, at_most)
    }

    pub fn scorer<'a>(&'a self, candidates: &[u32]) -> Box<dyn Scorer + 'a> {
        let mut place_of = vec![NOWHERE; self.items()];
        for (place, &item) in candidates.iter().enumerate() {
            place_of[item as usize] = place as u32;
        }
        Box::new(Neighbours { weights: self, place_of })
    }
}

/// A model that is such weights and nothing beside them.
pub trait ItemToItem {
    const KIND: &'static str;

    fn weights(&self) -> &ItemWeights;
}

impl<T: ItemToItem + Send + Sync> Model for T {
    fn kind(&self) -> &'static str {
        T::KIND
    }

    fn items(&self) -> usize {
        self.weights().items()
    }

    fn scorer<'a>(&'a self, candidates: &'a [u32]) -> Box<dyn Scorer + 'a> {
        self.weights().scorer(candidates)
    }

    fn explain(&self, user: User<'_>, item: u32, at_most: usize) -> Vec<Contribution> {
        self.weights().explain(user, item, at_most)
    }

    fn explains_cheaply(&self) -> bool {
        true
    }

    fn is_personal(&self) -> bool {
        true
    }

    fn tensors(&self) -> Vec<Tensor<'_>> {
        self.weights().tensors()
    }
}

/// The place of an item that is no candidate.
const NOWHERE: u32 = u32::MAX;

struct Neighbours<'a> {
    weights: &'a ItemWeights,
    /// For each item its place among the candidates: neighbours that are none cost one look and nothing else.
    place_of: Vec<u32>,
}

impl Scorer for Neighbours<'_> {
    fn score(&mut self, user: User<'_>, scores: &mut [f32]) -> bool {
        scores.fill(0.0);
        let user = user.within(self.weights.items());
        for (&own, &weight) in user.items.iter().zip(user.weights) {
            let weight = weight.sqrt();
            let (others, weights) = self.weights.row(own);
            for (&item, &of_pair) in others.iter().zip(weights) {
                let place = self.place_of[item as usize];
                if place != NOWHERE {
                    scores[place as usize] += weight * of_pair;
                }
            }
        }
        scores.iter().any(|&score| score > 0.0)
    }
}
