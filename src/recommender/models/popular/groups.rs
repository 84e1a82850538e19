//! A list of best-sellers for each group of users of the like.

use crate::recommender::load::Arrays;
use crate::recommender::models::spectrum::spectrum;
use crate::recommender::segments::{Count, SegmentError, segments};
use crate::recommender::{Interactions, ModelError, Resources, Tensor, User};

pub const MOST: usize = 100;

/// Directions of taste that users are told apart by.
const DIRECTIONS: usize = 8;
const ITERATIONS: usize = 4;

/// So many users of everybody's taste are added to each group: a small one sells what all do.
const EVERYBODY: f64 = 50.0;

/// *Shapes*: `directions` items × d, `centres` groups × d, `scores` groups × items.
pub struct Groups {
    d: usize,
    directions: Vec<f32>,
    centres: Vec<f32>,
    scores: Vec<f32>,
}

impl Groups {
    /// `sums` are the items' weights over all users, `factors` what a score is multiplied by at last. `None` where users
    /// do not fall into groups.
    pub fn of(
        interactions: &Interactions,
        sums: &[f32],
        factors: &[f32],
        count: usize,
        resources: &Resources<'_>,
    ) -> Result<Option<Self>, ModelError> {
        let (users, items) = (interactions.users(), interactions.items());
        let needed = 4 * (count * items * 2 + 48 * (users + 2 * items)) + 16 * interactions.len();
        resources.allow(needed as u64, "take fewer segments")?;
        let by_item = interactions.transpose();
        let found = spectrum(interactions, &by_item, DIRECTIONS.min(items), ITERATIONS, resources)?;
        let d = found.eigenvalues.len();
        let mut groups = Self { d, directions: found.vectors, centres: Vec::new(), scores: Vec::new() };
        let vectors: Vec<f32> =
            (0..users as u32).flat_map(|user| groups.vector(interactions.row(user).0)).collect();
        let segments = match segments(&vectors, d, Count::Given(count), resources.seed, resources.progress) {
            Ok(found) => found.segments,
            Err(SegmentError::Cancelled) => return Err(ModelError::Cancelled),
            Err(_) => return Ok(None),
        };
        groups.centres =
            segments.iter().flat_map(|one| one.centre.iter().map(|&value| value as f32)).collect();
        groups.count(interactions, sums, factors, &vectors);
        Ok(Some(groups))
    }

    /// Every group's sums, with a part of everybody's, in the units of one list for all.
    fn count(&mut self, interactions: &Interactions, sums: &[f32], factors: &[f32], vectors: &[f32]) {
        let (users, items, count) = (interactions.users(), interactions.items(), self.centres.len() / self.d);
        let mut of_groups = vec![0f64; count * items];
        let mut sizes = vec![0u32; count];
        for (user, vector) in (0..users as u32).zip(vectors.chunks_exact(self.d)) {
            let group = self.nearest(vector);
            sizes[group] += 1;
            let (bought, weights) = interactions.row(user);
            for (&item, &weight) in bought.iter().zip(weights) {
                of_groups[group * items + item as usize] += f64::from(weight);
            }
        }
        let everybody = users.max(1) as f64;
        let scored = of_groups.chunks_exact(items).zip(sizes).flat_map(|(of_group, size)| {
            let all = everybody / (f64::from(size) + EVERYBODY);
            of_group.iter().zip(sums.iter().zip(factors)).map(move |(sum, (total, factor))| {
                ((sum + EVERYBODY * f64::from(*total) / everybody) * all * f64::from(*factor)) as f32
            })
        });
        self.scores = scored.collect();
    }

    /// Where the user stands, as a direction: how much they did does not matter.
    fn vector(&self, bought: &[u32]) -> Vec<f32> {
        let mut vector = vec![0f32; self.d];
        for &item in bought {
            let own = &self.directions[item as usize * self.d..][..self.d];
            vector.iter_mut().zip(own).for_each(|(sum, value)| *sum += value);
        }
        let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
        if length > 0.0 {
            vector.iter_mut().for_each(|value| *value /= length);
        }
        vector
    }

    /// The first among equals.
    fn nearest(&self, vector: &[f32]) -> usize {
        let distance =
            |centre: &[f32]| centre.iter().zip(vector).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
        let all = self.centres.chunks_exact(self.d).map(distance).enumerate();
        all.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(group, _)| group)
    }

    /// Their group's list; `None` for whom no item is known.
    pub fn scores_for(&self, user: User<'_>) -> Option<&[f32]> {
        let items = self.directions.len() / self.d;
        let known = user.within(items).items;
        if known.is_empty() {
            return None;
        }
        let group = self.nearest(&self.vector(known));
        Some(&self.scores[group * items..][..items])
    }

    pub fn tensors(&self) -> Vec<Tensor<'_>> {
        let (items, groups) = (self.directions.len() / self.d, self.centres.len() / self.d);
        vec![
            Tensor::f32("directions", &[items, self.d], &self.directions),
            Tensor::f32("centres", &[groups, self.d], &self.centres),
            Tensor::f32("group_scores", &[groups, items], &self.scores),
        ]
    }

    pub fn load(arrays: &mut Arrays, items: usize) -> Result<Self, ModelError> {
        let (_, directions) = arrays.f32("directions")?;
        let (shape, centres) = arrays.f32("centres")?;
        let (_, scores) = arrays.f32("group_scores")?;
        let &[groups, d] = shape.as_slice() else {
            return Err(ModelError::Damaged("the groups have no centres".into()));
        };
        let fits = d > 0 && groups > 0 && directions.len() == items * d && scores.len() == groups * items;
        match fits {
            true => Ok(Self { d, directions, centres, scores }),
            false => Err(ModelError::Damaged("the groups' lists are of another length".into())),
        }
    }
}
