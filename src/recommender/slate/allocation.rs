//! Stock-aware allocation: with few pieces of a product, only so many customers are shown it, those whom it suits best in
//! view of what else they could be shown.
//!
//! Maximise Σ v(c, p) x(c, p) with x ∈ {0, 1}, at most `slots` products for a customer and at most `capacity` customers
//! for a product. Products with too many takers get a price; each customer takes what is worth most beyond its price. Any
//! prices bound the best total from above, so the result says how far from the best it can be at most.
//!
//! *Source*: Lagrangian duality of the transportation problem (Ahuja, Magnanti, Orlin, Network Flows, 1993, chapters 9 and
//! 16), with prices moved towards where each product's takers are as many as its pieces (Bertsekas' auctions, Annals of
//! Operations Research 14, 1988, are the same idea one bid at a time).

use super::prices::{self, Prices};
use crate::recommender::{ModelError, Resources, top_k};
use rayon::prelude::*;

/// A slot that nothing is left for.
pub const EMPTY: u32 = u32::MAX;

/// Customers of one task; fixed, so that nothing depends on the number of threads.
pub(super) const CHUNK: usize = 2048;

/// What each customer could be shown: the products worth most to them, with their values.
pub struct Offers {
    pub(super) products: usize,
    /// Customer `c`'s offers are `starts[c]..starts[c + 1]`, the best first.
    pub(super) starts: Vec<usize>,
    pub(super) product: Vec<u32>,
    pub(super) value: Vec<f32>,
    /// For each customer: no product that was left out is worth more.
    pub(super) left_out: Vec<f32>,
}

/// What may be given.
#[derive(Clone, Copy)]
pub struct Limits<'a> {
    pub slots: usize,
    /// For each product how many customers may be shown it; `None`: any number.
    pub capacity: &'a [Option<u32>],
    /// For each product its group, of which a customer is shown so many at most.
    pub groups: Option<(&'a [u32], usize)>,
}

/// Who is shown what.
#[derive(Debug, Clone, PartialEq)]
pub struct Allocation {
    /// Customers × slots: products by falling worth to the customer, then [`EMPTY`].
    pub picks: Vec<u32>,
    /// Σ of the values of all picks.
    pub value: f64,
    /// No allocation is worth more.
    pub bound: f64,
}

impl Allocation {
    /// How much better another allocation could be at most, in parts of the bound.
    pub fn gap(&self) -> f64 {
        if self.bound > 0.0 { ((self.bound - self.value) / self.bound).max(0.0) } else { 0.0 }
    }
}

impl Offers {
    /// Asks `values` for the worth of every product to a range of customers, written customers × products, and keeps the
    /// `keep` best of each customer: what is not above 0, or no number, may not be shown to them.
    ///
    /// *Cost*: 8 bytes an offer kept, and 4 for each product of the customers asked for at once, which are few.
    /// *Errors*: [`ModelError::TooLarge`], [`ModelError::Cancelled`].
    pub fn gather(
        customers: usize,
        products: usize,
        keep: usize,
        values: impl Fn(std::ops::Range<usize>, &mut [f32]) + Sync,
        resources: &Resources<'_>,
    ) -> Result<Self, ModelError> {
        let kept = keep.min(products);
        let threads = rayon::current_num_threads();
        let needed = 8 * customers * kept + 12 * customers + 4 * CHUNK * products * threads;
        resources.allow(needed as u64, "offer fewer products to each customer")?;
        resources.progress.phase("Asking what is worth how much to whom", Some(customers as u64));
        let chunks = customers.div_ceil(CHUNK);
        let gathered: Vec<Vec<Best>> = (0..chunks)
            .into_par_iter()
            .map_init(Vec::new, |scores: &mut Vec<f32>, chunk| {
                if resources.progress.cancelled() {
                    return Err(ModelError::Cancelled);
                }
                let range = chunk * CHUNK..customers.min((chunk + 1) * CHUNK);
                scores.clear();
                scores.resize(range.len() * products, 0.0);
                values(range.clone(), scores);
                resources.progress.advance(range.len() as u64);
                Ok(scores.chunks_exact_mut(products.max(1)).map(|row| best(row, kept)).collect())
            })
            .collect::<Result<_, _>>()?;
        let mut offers =
            Self { products, starts: vec![0], product: Vec::new(), value: Vec::new(), left_out: Vec::new() };
        for (best, left_out) in gathered.into_iter().flatten() {
            offers.product.extend(best.iter().map(|one| one.0));
            offers.value.extend(best.iter().map(|one| one.1));
            offers.starts.push(offers.product.len());
            offers.left_out.push(left_out);
        }
        offers.starts.resize(customers + 1, offers.product.len());
        offers.left_out.resize(customers, 0.0);
        Ok(offers)
    }

    pub fn customers(&self) -> usize {
        self.left_out.len()
    }

    /// Products and values, the best first.
    pub(super) fn of(&self, customer: usize) -> (&[u32], &[f32]) {
        let range = self.starts[customer]..self.starts[customer + 1];
        (&self.product[range.clone()], &self.value[range])
    }
}

/// The best of a row, and what the best of the rest is worth.
type Best = (Vec<(u32, f32)>, f32);

fn best(row: &mut [f32], keep: usize) -> Best {
    row.iter_mut().filter(|value| !(value.is_finite() && **value > 0.0)).for_each(|value| *value = 0.0);
    let mut found = top_k(row, keep + 1, |at| row[at] <= 0.0);
    let left_out = if found.len() > keep { found.pop().map_or(0.0, |at| row[at as usize]) } else { 0.0 };
    (found.into_iter().map(|at| (at, row[at as usize])).collect(), left_out)
}

/// *Cost*: some 40 passes over the offers, each O(offers · slots / 8), and 12 bytes a slot beside them. *Errors*:
/// [`ModelError::Cancelled`]; [`ModelError::Parameter`] when there is not one capacity, and group, for each product.
pub fn allocate(
    offers: &Offers,
    limits: Limits<'_>,
    resources: &Resources<'_>,
) -> Result<Allocation, ModelError> {
    if limits.capacity.len() != offers.products
        || limits.groups.is_some_and(|(of, _)| of.len() != offers.products)
    {
        let expected = "one number for each product";
        return Err(ModelError::parameter("capacity", &limits.capacity.len(), expected));
    }
    let Prices { prices, bound } = prices::find(offers, limits, resources)?;
    let (picks, value) = share_out(offers, limits, &prices);
    // Rounding must not make the best look better than what cannot be beaten.
    Ok(Allocation { picks, value, bound: bound.max(value) })
}

/// What a customer takes at these prices: places among their offers, by falling worth beyond the price. `None`d prices do
/// not exist: a product without pieces has an infinite one.
pub(super) fn choose(
    (products, values): (&[u32], &[f32]),
    limits: Limits<'_>,
    mut worth: impl FnMut(u32, f32) -> f32,
    chosen: &mut Vec<(f32, usize)>,
) {
    chosen.clear();
    for (at, (&product, &value)) in products.iter().zip(values).enumerate() {
        let worth = worth(product, value);
        if worth <= 0.0 || chosen.len() == limits.slots && chosen.last().is_some_and(|last| last.0 >= worth) {
            continue;
        }
        // By worth; the better place in the list among equals.
        let place = chosen.partition_point(|other| other.0 >= worth);
        chosen.insert(place, (worth, at));
        match limits.groups {
            None => chosen.truncate(limits.slots),
            Some((group_of, most)) => keep_groups(chosen, products, group_of, most, limits.slots),
        }
    }
}

/// Leaves out the worst of a group that has too many, then of all.
fn keep_groups(
    chosen: &mut Vec<(f32, usize)>,
    products: &[u32],
    group_of: &[u32],
    most: usize,
    slots: usize,
) {
    let group = |at: usize| group_of[products[at] as usize];
    let over = (0..chosen.len()).rev().find(|&place| {
        let own = group(chosen[place].1);
        chosen[..place].iter().filter(|other| group(other.1) == own).count() >= most
    });
    if let Some(place) = over {
        chosen.remove(place);
    }
    chosen.truncate(slots);
}

/// Everybody takes what they like best at the prices; where too many want a product, those keep it who would lose most
/// without it, and the others take what is left.
fn share_out(offers: &Offers, limits: Limits<'_>, prices: &[f32]) -> (Vec<u32>, f64) {
    let (customers, slots) = (offers.customers(), limits.slots);
    let mut picks = vec![EMPTY; customers * slots];
    let mut wanted: Vec<Vec<(f32, u32)>> = vec![Vec::new(); offers.products];
    let mut chosen = Vec::new();
    for customer in 0..customers {
        let offered = offers.of(customer);
        choose(offered, limits, |product, value| value - prices[product as usize], &mut chosen);
        // What the place is worth to them otherwise: the best that they did not take, at its price.
        let taken: Vec<usize> = chosen.iter().map(|one| one.1).collect();
        let other = (0..offered.0.len())
            .filter(|at| !taken.contains(at))
            .map(|at| offered.1[at] - prices[offered.0[at] as usize])
            .fold(0.0, f32::max);
        for &(worth, at) in &chosen {
            wanted[offered.0[at] as usize].push((worth - other, customer as u32));
        }
    }
    let mut left: Vec<u32> = limits.capacity.iter().map(|capacity| capacity.unwrap_or(u32::MAX)).collect();
    for (product, takers) in wanted.iter_mut().enumerate() {
        // Who would lose most first; the smaller number among equals.
        takers.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        takers.truncate(left[product] as usize);
        left[product] -= if limits.capacity[product].is_some() { takers.len() as u32 } else { 0 };
        for &(_, customer) in takers.iter() {
            let row = &mut picks[customer as usize * slots..][..slots];
            if let Some(free) = row.iter_mut().find(|pick| **pick == EMPTY) {
                *free = product as u32;
            }
        }
    }
    drop(wanted);
    let value = fill(offers, limits, prices, &mut left, &mut picks);
    (picks, value)
}

/// Gives what is left to whoever has a free place, the least priced worth first taken; then puts each customer's picks in
/// the order of their worth. Answers what all is worth.
fn fill(offers: &Offers, limits: Limits<'_>, prices: &[f32], left: &mut [u32], picks: &mut [u32]) -> f64 {
    let slots = limits.slots.max(1);
    let mut total = 0.0;
    let mut order = Vec::new();
    for (customer, row) in picks.chunks_exact_mut(slots).enumerate() {
        let (products, values) = offers.of(customer);
        order.clear();
        order.extend(0..products.len());
        let worth = |at: usize| values[at] - prices[products[at] as usize];
        order.sort_unstable_by(|&a, &b| worth(b).total_cmp(&worth(a)).then(a.cmp(&b)));
        for &at in &order {
            let product = products[at];
            let Some(free) = row.iter().position(|pick| *pick == EMPTY) else { break };
            if left[product as usize] > 0 && !row.contains(&product) && fits(row, product, limits) {
                row[free] = product;
                if limits.capacity[product as usize].is_some() {
                    left[product as usize] -= 1;
                }
            }
        }
        let place = |pick: u32| products.iter().position(|&product| product == pick).unwrap_or(usize::MAX);
        row.sort_by_key(|&pick| place(pick));
        total += row
            .iter()
            .map(|&pick| values.get(place(pick)).map_or(0.0, |&value| f64::from(value)))
            .sum::<f64>();
    }
    total
}

fn fits(row: &[u32], product: u32, limits: Limits<'_>) -> bool {
    limits.groups.is_none_or(|(group_of, most)| {
        let own = group_of[product as usize];
        row.iter().filter(|&&pick| pick != EMPTY && group_of[pick as usize] == own).count() < most
    })
}

#[cfg(test)]
mod tests;
