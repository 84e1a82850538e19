//! Prices at which each product has as many takers as pieces, or costs nothing.

use super::allocation::{CHUNK, Limits, Offers, choose};
use crate::recommender::{ModelError, Resources};
use rayon::prelude::*;

/// Prices, and what no allocation can exceed.
pub struct Prices {
    pub prices: Vec<f32>,
    pub bound: f64,
}

const PASSES: usize = 40;
/// A pass that lowers the bound by less of it is one of those that end the search …
const TOLERANCE: f64 = 1e-5;
/// … when so many follow each other.
const PATIENCE: usize = 6;
/// Steps between 0 and a product's highest value, closer to each other near 0.
const STEPS: usize = 1024;

/// What one pass over the customers finds.
struct Found {
    /// Σ over customers of what their choice is worth beyond its prices.
    worth: f64,
    /// For each product and step: customers who would take it up to that price.
    takers: Vec<u32>,
}

/// Moves the prices towards where takers and pieces meet, less and less far, and keeps those with the lowest bound.
pub fn find(offers: &Offers, limits: Limits<'_>, resources: &Resources<'_>) -> Result<Prices, ModelError> {
    let mut highest = vec![0f32; offers.products];
    for (&product, &value) in offers.product.iter().zip(&offers.value) {
        highest[product as usize] = highest[product as usize].max(value);
    }
    // Without pieces there is no price that somebody would pay.
    let mut prices: Vec<f32> = limits
        .capacity
        .iter()
        .map(|capacity| if *capacity == Some(0) { f32::INFINITY } else { 0.0 })
        .collect();
    let mut best = Prices { prices: prices.clone(), bound: f64::INFINITY };
    let mut stalled = 0;
    resources.progress.phase("Finding who goes without", Some(PASSES as u64));
    for pass in 0..PASSES {
        if resources.progress.cancelled() {
            return Err(ModelError::Cancelled);
        }
        let found = look(offers, limits, &prices, &highest);
        let stock = |(price, capacity): (&f32, &Option<u32>)| match capacity {
            Some(pieces) if *pieces > 0 => f64::from(*price) * f64::from(*pieces),
            _ => 0.0,
        };
        let bound = found.worth + prices.iter().zip(limits.capacity).map(stock).sum::<f64>();
        let gain = (best.bound - bound) / bound.max(f64::MIN_POSITIVE);
        stalled = if gain > TOLERANCE { 0 } else { stalled + 1 };
        if bound < best.bound {
            best = Prices { prices: prices.clone(), bound };
        }
        resources.progress.advance(1);
        if stalled >= PATIENCE || prices.is_empty() {
            break;
        }
        let far = 0.8 / (1.0 + 0.08 * pass as f32);
        for (product, price) in prices.iter_mut().enumerate() {
            if let Some(pieces) = limits.capacity[product].filter(|pieces| *pieces > 0) {
                let takers = &found.takers[product * STEPS..][..STEPS];
                *price += far * (meeting(takers, pieces, highest[product]) - *price);
            }
        }
    }
    Ok(best)
}

/// The price that exactly so many would pay; 0 when there are no more of them.
fn meeting(takers: &[u32], pieces: u32, highest: f32) -> f32 {
    let mut counted = 0u64;
    for (step, &takers) in takers.iter().enumerate().rev() {
        let before = counted;
        counted += u64::from(takers);
        if counted >= u64::from(pieces) {
            // Within the step they lie evenly.
            let share = (u64::from(pieces) - before) as f32 / takers.max(1) as f32;
            return price_at(step as f32 + 1.0 - share, highest);
        }
    }
    0.0
}

fn price_at(step: f32, highest: f32) -> f32 {
    let share = step / STEPS as f32;
    highest * share * share
}

fn step_of(price: f32, highest: f32) -> usize {
    ((price / highest).sqrt() * STEPS as f32).min(STEPS as f32 - 1.0) as usize
}

/// Every customer's choice at these prices, and up to which price they would take each product.
fn look(offers: &Offers, limits: Limits<'_>, prices: &[f32], highest: &[f32]) -> Found {
    let customers = offers.customers();
    let chunks = customers.div_ceil(CHUNK);
    let worth_of = |chunk: usize, takers: &mut [u32], chosen: &mut Vec<(f32, usize)>| {
        let mut worth = 0f64;
        for customer in chunk * CHUNK..customers.min((chunk + 1) * CHUNK) {
            worth += of_customer(offers, customer, limits, (prices, highest), takers, chosen);
        }
        worth
    };
    // Counts are whole, so that the order of adding does not matter; the sums are added in the order of chunks.
    let parts = rayon::current_num_threads().max(1);
    let each = chunks.div_ceil(parts).max(1);
    let found: Vec<(Vec<f64>, Vec<u32>)> = (0..parts)
        .into_par_iter()
        .map(|part| {
            let mut takers = vec![0u32; offers.products * STEPS];
            let mut chosen = Vec::new();
            let range = (part * each).min(chunks)..((part + 1) * each).min(chunks);
            let sums = range.map(|chunk| worth_of(chunk, &mut takers, &mut chosen)).collect();
            (sums, takers)
        })
        .collect();
    let mut all = Found { worth: 0.0, takers: vec![0; offers.products * STEPS] };
    for (sums, takers) in found {
        sums.into_iter().for_each(|sum| all.worth += sum);
        all.takers.iter_mut().zip(takers).for_each(|(sum, own)| *sum += own);
    }
    all
}

/// What the customer's choice is worth; a product that was left out of the offers may be worth as much as the best of
/// those, and is taken to cost nothing.
fn of_customer(
    offers: &Offers,
    customer: usize,
    limits: Limits<'_>,
    (prices, highest): (&[f32], &[f32]),
    takers: &mut [u32],
    chosen: &mut Vec<(f32, usize)>,
) -> f64 {
    let (products, values) = offers.of(customer);
    // One more than there are places: what would move up if one of the others went.
    let more = Limits { slots: limits.slots + 1, ..limits };
    choose((products, values), more, |product, value| value - prices[product as usize], chosen);
    let next = chosen.get(limits.slots).map_or(0.0, |one| one.0);
    let last =
        if limits.slots > 0 { chosen.get(limits.slots - 1).map_or(0.0, |one| one.0) } else { f32::INFINITY };
    chosen.truncate(limits.slots);
    for (at, (&product, &value)) in products.iter().zip(values).enumerate() {
        let product = product as usize;
        if limits.capacity[product].is_none_or(|pieces| pieces == 0) {
            continue;
        }
        let is_chosen = chosen.iter().any(|one| one.1 == at);
        let up_to = value - if is_chosen { next } else { last };
        if up_to > 0.0 {
            takers[product * STEPS + step_of(up_to, highest[product])] += 1;
        }
    }
    let unseen = offers.left_out[customer];
    let free = limits.slots - chosen.len();
    let replaced = chosen.iter().map(|one| f64::from(one.0.max(unseen))).sum::<f64>();
    replaced + free as f64 * f64::from(unseen)
}
