//! How much each kind of event counts: found by foretelling the newest purchases from what came before them.

use super::indicators::{self, Indicators};
use super::{Params, recall};
use crate::recommender::{Interactions, Kind, Log, ModelError, Resources};
use rayon::prelude::*;

/// Of the target's deeds the newest that have to be foretold, in percent.
const NEWEST_PERCENT: usize = 20;
/// With fewer users to learn from, equal shares are the better guess.
const FEWEST_USERS: usize = 50;
/// More do not make the shares surer than they need to be.
const MOST_USERS: usize = 2000;
/// Items that a user's new ones are compared with.
const MOST_OTHERS: usize = 500;
/// What a share is tried at.
const GRID: [f32; 11] = [0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1.0];
const ROUNDS: usize = 5;
/// A change has to be better by this factor: what is no better is noise.
const BETTER: f64 = 1.001;

/// One for each of `kinds`, not negative, adding up to 1.
///
/// The log is split where the newest fifth of the target's deeds begins. Indicators of the older part score every
/// user's items with their older deeds; a coordinate search moves one share at a time, the others in proportion, to
/// where the items that the user then went for first stand highest: mean of 1 / log₂(1 + place) among a sample of
/// the other items. Deterministic; equal shares where there is too little to learn from.
///
/// *Cost*: the indicators of the older part, then at most 44 · 5 rankings of 2000 users' 500 items; 16 MB.
pub fn learn(
    params: &Params,
    log: &Log,
    kinds: &[Kind],
    items: usize,
    resources: &Resources<'_>,
) -> Result<Vec<f32>, ModelError> {
    let equal = vec![1.0 / kinds.len() as f32; kinds.len()];
    if kinds.len() == 1 {
        return Ok(equal);
    }
    let until = newest_begin(log, kinds[0]);
    let new: Vec<(u32, Vec<u32>)> = (0..log.users() as u32)
        .map(|user| (user, new_items(log, user, kinds[0], until)))
        .filter(|(_, new)| !new.is_empty())
        .collect();
    if new.len() < FEWEST_USERS {
        return Ok(equal);
    }
    let seen: Vec<Interactions> =
        kinds.iter().map(|&kind| recall::seen(log, kind, items, Some(until), params)).collect();
    resources.progress.phase("Learning what each kind of event says", Some((items * kinds.len()) as u64));
    let indicators = indicators::of_each(&seen, params, resources)?;
    let asked: Vec<&(u32, Vec<u32>)> = spread(new.len(), MOST_USERS).map(|at| &new[at]).collect();
    let examples: Vec<Example> = asked
        .par_iter()
        .map_init(
            || vec![[0f32; KINDS]; items],
            |sums, (user, new)| {
                let past = recall::before(log.past(*user), Some(until));
                let owned = seen[0].row(*user).0;
                let signs: Vec<_> = kinds.iter().map(|&kind| recall::signs(past, kind, params)).collect();
                Example::of(&indicators, &signs, owned, new, sums)
            },
        )
        .flatten()
        .collect();
    if examples.len() < FEWEST_USERS {
        return Ok(equal);
    }
    search(&examples, equal, resources)
}

/// The second at which the newest deeds of the kind begin.
fn newest_begin(log: &Log, kind: Kind) -> i64 {
    let of_user = |user| {
        let past = log.past(user);
        past.kinds.iter().zip(past.at).filter(move |(found, _)| **found == kind).map(|(_, &at)| at)
    };
    let mut times: Vec<i64> = (0..log.users() as u32).flat_map(of_user).collect();
    let at = (times.len() * (100 - NEWEST_PERCENT) / 100).min(times.len().saturating_sub(1));
    if times.is_empty() { 0 } else { *times.select_nth_unstable(at).1 }
}

/// The items that the user did `kind` with from `until` on and not before, ascending.
fn new_items(log: &Log, user: u32, kind: Kind, until: i64) -> Vec<u32> {
    let past = log.past(user);
    let older = recall::before(past, Some(until)).items.len();
    let of_kind = |from: usize, to: usize| {
        let deeds = past.items[from..to].iter().zip(&past.kinds[from..to]);
        let mut items: Vec<u32> = deeds.filter(|(_, found)| **found == kind).map(|(&item, _)| item).collect();
        items.sort_unstable();
        items.dedup();
        items
    };
    let owned = of_kind(0, older);
    let mut new = of_kind(older, past.items.len());
    new.retain(|item| owned.binary_search(item).is_err());
    new
}

/// At most `most` numbers below `count`, evenly spread.
fn spread(count: usize, most: usize) -> impl Iterator<Item = usize> {
    let taken = count.min(most);
    (0..taken).map(move |nth| nth * count / taken)
}

const KINDS: usize = Kind::ALL.len();

/// What each kind says of some items to one user, before the shares.
struct Example {
    /// Of items the user went for.
    new: Vec<[f32; KINDS]>,
    /// Of others.
    others: Vec<[f32; KINDS]>,
}

impl Example {
    /// `None` where nothing is said of the new items, so that no shares help. `sums` is all zeros, as long as the
    /// items, and is so again afterwards.
    fn of(
        indicators: &[Indicators],
        signs: &[Vec<(u32, f32)>],
        owned: &[u32],
        new: &[u32],
        sums: &mut [[f32; KINDS]],
    ) -> Option<Self> {
        let mut touched = Vec::new();
        for (nth, (indicators, signs)) in indicators.iter().zip(signs).enumerate() {
            for &(own, weight) in signs {
                let (foretold, strengths) = indicators.row(own);
                for (&item, &strength) in foretold.iter().zip(strengths) {
                    let sum = &mut sums[item as usize];
                    if *sum == [0.0; KINDS] {
                        touched.push(item);
                    }
                    sum[nth] += weight * strength;
                }
            }
        }
        touched.sort_unstable();
        touched.dedup();
        let (found, others): (Vec<u32>, Vec<u32>) = touched
            .iter()
            .filter(|item| owned.binary_search(item).is_err())
            .partition(|item| new.binary_search(item).is_ok());
        let said = |item: u32| sums[item as usize];
        let example = Self {
            new: found.iter().map(|&item| said(item)).collect(),
            others: spread(others.len(), MOST_OTHERS).map(|at| said(others[at])).collect(),
        };
        for item in touched {
            sums[item as usize] = [0.0; KINDS];
        }
        (!example.new.is_empty() && !example.others.is_empty()).then_some(example)
    }

    /// Mean of 1 / log₂(1 + place) of the new items among the others, from 0 to 1; equal scores share their places.
    fn quality(&self, shares: &[f32; KINDS]) -> f64 {
        let score =
            |said: &[f32; KINDS]| -> f32 { said.iter().zip(shares).map(|(said, share)| said * share).sum() };
        let others: Vec<f32> = self.others.iter().map(score).collect();
        let credit = |said: &[f32; KINDS]| {
            let own = score(said);
            let above: u32 =
                others.iter().map(|&other| 2 * u32::from(other > own) + u32::from(other == own)).sum();
            1.0 / (2.0 + f64::from(above) / 2.0).log2()
        };
        self.new.iter().map(credit).sum::<f64>() / self.new.len() as f64
    }
}

fn search(
    examples: &[Example],
    mut shares: Vec<f32>,
    resources: &Resources<'_>,
) -> Result<Vec<f32>, ModelError> {
    let quality = |shares: &[f32]| -> f64 {
        let mut padded = [0f32; KINDS];
        padded[..shares.len()].copy_from_slice(shares);
        let of_each: Vec<f64> = examples.par_iter().map(|example| example.quality(&padded)).collect();
        of_each.iter().sum()
    };
    let mut best = quality(&shares);
    for _ in 0..ROUNDS {
        let before = best;
        for kind in 0..shares.len() {
            if resources.progress.cancelled() {
                return Err(ModelError::Cancelled);
            }
            for share in GRID {
                let tried = moved(&shares, kind, share);
                let reached = quality(&tried);
                if reached > best * BETTER {
                    best = reached;
                    shares = tried;
                }
            }
        }
        if best == before {
            break;
        }
    }
    Ok(shares)
}

/// The shares with one of them set, the others in proportion to what they were.
fn moved(shares: &[f32], kind: usize, share: f32) -> Vec<f32> {
    let others: f32 = shares.iter().enumerate().filter(|(nth, _)| *nth != kind).map(|(_, share)| share).sum();
    let rest = |&other: &f32| {
        if others > 0.0 { other / others * (1.0 - share) } else { (1.0 - share) / (shares.len() - 1) as f32 }
    };
    shares.iter().enumerate().map(|(nth, other)| if nth == kind { share } else { rest(other) }).collect()
}
