//! How time and memory grow with the shop: trainings on 10^5 to 10^8 events, of as many customers and products as shops of
//! that size have.
//!
//! `cargo bench --bench growth -- [LARGEST]`, where LARGEST is the largest number of events (default 10000000).
//!
//! Prints for each model and size seconds, events a second, and the most memory in use beyond the data itself; and beside
//! each how much more the next size took, where 10 is linear.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may panic")]

use handpick::progress::Silent;
use handpick::recommender::{Deed, Interactions, Kind, Log, Observed, Params, Resources};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::HashMap;
use std::time::Instant;

/// Models that every shop may train whatever its size; what they remember of each event is what grows.
const KINDS: [&str; 6] = ["popular", "item_knn", "als", "session", "multi_event", "ease"];

fn main() {
    let given = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let largest: usize = given.map_or(10_000_000, |text| text.parse().unwrap());
    let mut before: HashMap<&str, f64> = HashMap::new();
    let mut events = 100_000;
    while events <= largest {
        let (users, items) = (events / 25, (events as f64).sqrt() as usize * 10);
        let (bought, log) = shop(users, items, events);
        println!(
            "{events} events, {users} customers, {items} products, {} pairs: {} MB",
            bought.len(),
            status_mb("VmRSS")
        );
        let observed = Observed { log: Some(&log), ..(&bought).into() };
        for kind in KINDS {
            let params = Params::default_of(kind).unwrap();
            let resources = Resources { seed: 1, max_memory_bytes: 16 << 30, progress: &Silent };
            // The peak counts from here.
            std::fs::write("/proc/self/clear_refs", "5").unwrap_or_default();
            let held = status_mb("VmRSS");
            let begun = Instant::now();
            match params.fit(observed, &resources) {
                Ok(model) => {
                    let seconds = begun.elapsed().as_secs_f64();
                    let growth = before
                        .insert(kind, seconds)
                        .map_or_else(String::new, |last| format!(", {:.1} x", seconds / last));
                    println!(
                        "  {kind}: {seconds:.2} s, {:.2} M events/s, {} MB more{growth}",
                        events as f64 / seconds / 1e6,
                        status_mb("VmHWM").saturating_sub(held)
                    );
                    drop(model);
                }
                Err(error) => println!("  {kind}: {error}"),
            }
        }
        events *= 10;
    }
}

/// A customer's events fall on products of two of fifty tastes, the popular ones more often, over two years.
fn shop(users: usize, items: usize, events: usize) -> (Interactions, Log) {
    let mut random = StdRng::seed_from_u64(1);
    let mut triples = Vec::with_capacity(events);
    let mut deeds = Vec::with_capacity(events);
    for _ in 0..events {
        let user = (users as f64 * random.random::<f64>().powf(1.5)) as u32;
        let taste =
            (u64::from(user).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize + random.random_range(0..2);
        let within = (items as f64 / 50.0 * random.random::<f64>().powi(2)) as usize;
        let item = (within * 50 + taste % 50).min(items - 1) as u32;
        let kind = [Kind::View, Kind::View, Kind::Cart, Kind::Purchase][random.random_range(0..4)];
        triples.push((user, item, 1.0));
        deeds.push(Deed { user, item, kind, at: random.random_range(0..63_072_000) });
    }
    let log = Log::from_deeds(users, items, deeds);
    (Interactions::from_triples(users, items, triples), log)
}

fn status_mb(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let kb: u64 = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok()).unwrap_or(0);
    kb / 1024
}
