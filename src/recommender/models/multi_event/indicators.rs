//! Which items under one kind of event foretell which purchases, and how surely. Knows nothing of users to pick for.

use super::Params;
use crate::recommender::load::Arrays;
use crate::recommender::{Interactions, ModelError, Resources, Tensor, top_k};
use rayon::prelude::*;

/// For each item the target items it foretells, ascending, with strengths above 0 whose mean is 1.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Indicators {
    starts: Vec<u64>,
    items: Vec<u32>,
    strengths: Vec<f32>,
}

impl Indicators {
    pub fn row(&self, item: u32) -> (&[u32], &[f32]) {
        let range = self.starts[item as usize] as usize..self.starts[item as usize + 1] as usize;
        (&self.items[range.clone()], &self.strengths[range])
    }

    pub fn items(&self) -> usize {
        self.starts.len() - 1
    }

    fn of_rows(rows: Vec<Vec<(u32, f32)>>) -> Self {
        let mut indicators = Self { starts: vec![0], ..Self::default() };
        for (item, strength) in rows.iter().flatten() {
            indicators.items.push(*item);
            indicators.strengths.push(*strength);
        }
        let mut end = 0;
        for row in rows {
            end += row.len() as u64;
            indicators.starts.push(end);
        }
        let total: f64 = indicators.strengths.iter().map(|&strength| f64::from(strength)).sum();
        let mean = (total / indicators.strengths.len().max(1) as f64) as f32;
        for strength in &mut indicators.strengths {
            *strength /= mean;
        }
        indicators
    }
}

/// x ln x of whole numbers, looked up: every likelihood ratio needs nine of them.
pub struct Logarithms(Vec<f64>);

impl Logarithms {
    pub fn up_to(most: usize) -> Self {
        let of = |x: usize| if x == 0 { 0.0 } else { x as f64 * (x as f64).ln() };
        Self((0..=most).map(of).collect())
    }

    /// −2 ln λ that two events have nothing to do with each other (Dunning 1993), of the four counts' sums: how many
    /// users had both, the one, the other, and how many there are.
    ///
    /// *Units*: 0 for what is just as often together as chance has it; χ² with one degree of freedom where they are
    /// independent.
    pub fn likelihood_ratio(&self, both: usize, one: usize, other: usize, all: usize) -> f64 {
        let f = |count: usize| self.0[count];
        let cells = f(both) + f(one - both) + f(other - both) + f(all + both - one - other);
        let sides = f(one) + f(all - one) + f(other) + f(all - other);
        (2.0 * (cells - sides + f(all))).max(0.0)
    }
}

/// One for each of `seen`, which are users × items of ones; the first of them is the target.
pub fn of_each(
    seen: &[Interactions],
    params: &Params,
    resources: &Resources<'_>,
) -> Result<Vec<Indicators>, ModelError> {
    let target = &seen[0];
    let users =
        (0..target.users() as u32).filter(|&user| seen.iter().any(|seen| !seen.row(user).0.is_empty()));
    let users = users.count();
    let logarithms = Logarithms::up_to(users);
    let bought_by: Vec<u32> = counts(target);
    let of = |(nth, seen): (usize, &Interactions)| {
        let by_item = seen.transpose();
        let items = by_item.users();
        let counting = Counting {
            target,
            bought_by: &bought_by,
            users,
            logarithms: &logarithms,
            itself: nth != 0,
            params: *params,
        };
        let rows: Vec<Vec<(u32, f32)>> = (0..items as u32)
            .into_par_iter()
            .map_init(
                || (vec![0u32; target.items()], Vec::new()),
                |(together, touched), item| {
                    if item % 64 == 0 {
                        resources.progress.advance(64.min(items as u64 - u64::from(item)));
                        if resources.progress.cancelled() {
                            return Err(ModelError::Cancelled);
                        }
                    }
                    Ok(counting.foretold_by(item, by_item.row(item).0, together, touched))
                },
            )
            .collect::<Result<_, _>>()?;
        Ok(Indicators::of_rows(rows))
    };
    seen.iter().enumerate().map(of).collect()
}

/// Users of each item.
fn counts(seen: &Interactions) -> Vec<u32> {
    let mut counts = vec![0; seen.items()];
    for user in 0..seen.users() as u32 {
        for &item in seen.row(user).0 {
            counts[item as usize] += 1;
        }
    }
    counts
}

struct Counting<'a> {
    target: &'a Interactions,
    /// By item: users under the target.
    bought_by: &'a [u32],
    /// Users with any event.
    users: usize,
    logarithms: &'a Logarithms,
    /// Whether an item may foretell itself: a look at it does, its purchase is the same event.
    itself: bool,
    params: Params,
}

impl Counting<'_> {
    /// *Shapes*: `users` had the item; `together` is all zeros, as long as the items, and is so again afterwards.
    fn foretold_by(
        &self,
        item: u32,
        users: &[u32],
        together: &mut [u32],
        touched: &mut Vec<u32>,
    ) -> Vec<(u32, f32)> {
        for &user in users {
            for &bought in self.target.row(user).0 {
                if together[bought as usize] == 0 {
                    touched.push(bought);
                }
                together[bought as usize] += 1;
            }
        }
        touched.sort_unstable();
        let ratios: Vec<f32> =
            touched.iter().map(|&other| self.ratio(users.len(), together[other as usize], other)).collect();
        let kept = top_k(&ratios, self.params.neighbours, |at| {
            ratios[at] <= 0.0
                || ratios[at] < self.params.min_likelihood_ratio
                || (touched[at] == item && !self.itself)
        });
        let mut row: Vec<(u32, f32)> =
            kept.into_iter().map(|at| (touched[at as usize], strength(ratios[at as usize]))).collect();
        row.sort_unstable_by_key(|&(other, _)| other);
        for &other in touched.iter() {
            together[other as usize] = 0;
        }
        touched.clear();
        row
    }

    /// 0 for what stands together less often than chance has it.
    fn ratio(&self, users: usize, both: u32, other: u32) -> f32 {
        let (both, bought) = (both as usize, self.bought_by[other as usize] as usize);
        if both as f64 * self.users as f64 <= users as f64 * bought as f64 {
            return 0.0;
        }
        self.logarithms.likelihood_ratio(both, users, bought, self.users) as f32
    }
}

/// The square root of the ratio is as many standard deviations as a normal number would be off.
fn strength(ratio: f32) -> f32 {
    ratio.sqrt()
}

/// All kinds' lists behind one another, kind by kind.
pub fn tensors(of_each: &[Indicators]) -> Vec<Tensor<'_>> {
    let mut joined = Indicators { starts: vec![0], ..Indicators::default() };
    for indicators in of_each {
        let end = joined.items.len() as u64;
        joined.starts.extend(indicators.starts[1..].iter().map(|start| start + end));
        joined.items.extend_from_slice(&indicators.items);
        joined.strengths.extend_from_slice(&indicators.strengths);
    }
    vec![
        Tensor::u64("starts", joined.starts),
        Tensor::u32("neighbours", joined.items),
        Tensor::f32("strengths", &[joined.strengths.len()], joined.strengths),
    ]
}

/// The inverse of [`tensors`] for so many `kinds`.
pub fn load(arrays: &mut Arrays, kinds: usize) -> Result<Vec<Indicators>, ModelError> {
    let (starts, neighbours) = (arrays.u64("starts")?, arrays.u32("neighbours")?);
    let strengths = arrays.f32("strengths")?.1;
    let rows = starts.len().saturating_sub(1);
    let items = rows / kinds;
    let fits = starts.first() == Some(&0)
        && starts.is_sorted()
        && starts.last() == Some(&(neighbours.len() as u64))
        && items * kinds == rows
        && neighbours.len() == strengths.len()
        && neighbours.iter().all(|&item| (item as usize) < items);
    let ascending =
        |bounds: &[u64]| neighbours[bounds[0] as usize..bounds[1] as usize].is_sorted_by(|a, b| a < b);
    if !(fits && starts.windows(2).all(ascending)) {
        return Err(ModelError::Damaged("the lists of indicators do not fit together".into()));
    }
    let of = |kind: usize| {
        let bounds = &starts[kind * items..=(kind + 1) * items];
        let edges = bounds[0] as usize..bounds[items] as usize;
        Indicators {
            starts: bounds.iter().map(|start| start - bounds[0]).collect(),
            items: neighbours[edges.clone()].to_vec(),
            strengths: strengths[edges].to_vec(),
        }
    };
    Ok((0..kinds).map(of).collect())
}
