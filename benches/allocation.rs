//! Stock-aware allocation: customers × products with few pieces of most, beside first come, first served, and the time of
//! only reading the same values.
//!
//! `cargo bench --bench allocation -- [CUSTOMERS [PRODUCTS [SLOTS]]]`, by default 1000000 500 6.
//!
//! A product has pieces for a fifth of the customers who would have it among their best, or for all. Values are made from
//! the customer and the product when they are asked for, as a model's scores are.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may panic")]

use handpick::progress::Silent;
use handpick::recommender::Resources;
use handpick::recommender::slate::allocation::EMPTY;
use handpick::recommender::slate::{Limits, Offers, allocate};
use std::hint::black_box;
use std::time::Instant;

const KEPT: usize = 64;

fn main() {
    let given: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let of = |at: usize, usual| given.get(at).copied().unwrap_or(usual);
    let (customers, products, slots) = (of(0, 1_000_000), of(1, 500), of(2, 6));
    let resources = Resources { seed: 1, max_memory_bytes: 8 << 30, progress: &Silent };
    let capacity: Vec<Option<u32>> = (0..products)
        .map(|product| {
            let wanted = customers as f64 * slots as f64 / products as f64 * popularity(product, products);
            (product % 3 != 0).then_some((wanted / 5.0) as u32)
        })
        .collect();
    let mut row = vec![0.0; products];
    let begun = Instant::now();
    let mut sum = 0.0;
    for customer in 0..customers {
        values(customer..customer + 1, &mut row, products);
        sum += black_box(&row)[customer % products];
    }
    let reading = begun.elapsed().as_secs_f64();
    println!("making {customers} x {products} values once, one thread: {reading:.1} s ({sum:.0})");
    let begun = Instant::now();
    let fill = |range: std::ops::Range<usize>, out: &mut [f32]| values(range, out, products);
    let offers = Offers::gather(customers, products, KEPT, fill, &resources).unwrap();
    let gathered = begun.elapsed().as_secs_f64();
    println!("keeping the {KEPT} best of each customer: {gathered:.1} s");
    let begun = Instant::now();
    let found = allocate(&offers, Limits { slots, capacity: &capacity, groups: None }, &resources).unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    let given = found.picks.iter().filter(|&&pick| pick != EMPTY).count();
    println!(
        "allocating {slots} each: {seconds:.1} s, {:.0} customers/s, {given} picks, gap to the bound {:.3} %, peak {} MB",
        customers as f64 / seconds,
        100.0 * found.gap(),
        status_mb("VmHWM")
    );
    println!(
        "all together {:.1} s, {:.1} x making the values once",
        gathered + seconds,
        (gathered + seconds) / reading
    );
    let served = first_come(customers, products, slots, &capacity);
    println!(
        "first come, first served: {:.3} of the bound; allocated: {:.3}",
        served / found.bound,
        found.value / found.bound
    );
}

/// Popular products are liked by more.
fn popularity(product: usize, products: usize) -> f64 {
    3.0 * (1.0 - product as f64 / products as f64).powi(2)
}

fn values(customers: std::ops::Range<usize>, out: &mut [f32], products: usize) {
    for (row, customer) in out.chunks_exact_mut(products).zip(customers) {
        for (product, value) in row.iter_mut().enumerate() {
            let (a, b) = (0x9E37_79B9_7F4A_7C15_u64, 0xD1B5_4A32_D192_ED03_u64);
            let mixed =
                ((customer as u64).wrapping_mul(a) ^ (product as u64).wrapping_mul(b)).wrapping_mul(a);
            let chance = (mixed >> 40) as f32 / (1 << 24) as f32;
            *value = chance * chance * (0.2 + 1.0 - product as f32 / products as f32);
        }
    }
}

/// Each customer in turn takes the best that is left.
fn first_come(customers: usize, products: usize, slots: usize, capacity: &[Option<u32>]) -> f64 {
    let mut left: Vec<u32> = capacity.iter().map(|capacity| capacity.unwrap_or(u32::MAX)).collect();
    let mut row = vec![0.0; products];
    let mut total = 0.0;
    for customer in 0..customers {
        values(customer..customer + 1, &mut row, products);
        for _ in 0..slots {
            let best = (0..products).filter(|&p| left[p] > 0).max_by(|&a, &b| row[a].total_cmp(&row[b]));
            let Some(best) = best.filter(|&best| row[best] > 0.0) else { break };
            total += f64::from(row[best]);
            row[best] = 0.0;
            left[best] = left[best].saturating_sub(u32::from(capacity[best].is_some()));
        }
    }
    total
}

fn status_mb(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let kb: u64 = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok()).unwrap_or(0);
    kb / 1024
}
