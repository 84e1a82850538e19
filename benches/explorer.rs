//! How quickly the explorer's views answer, over HTTP and signed in: one person alone, then ten who click at once.
//!
//! `cargo bench --bench explorer -- [S|M|L] [FOLDER]`
//!
//! Makes the load's shop in FOLDER (a temporary one by default; one that is there already is taken as it is), trains two
//! models, serves and asks. Every address is another customer, product or day, as people click. The first look, which
//! reads the history, is told by itself. Prints the median and the 99th percentile of each view in milliseconds, and its
//! median beside what no view can be quicker than: a signed-in page that looks nothing up, and one stream of all events'
//! bytes through memory.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may panic")]

#[path = "support/served.rs"]
mod served;

use served::{Shop, ask, sign_in};
use std::hint::black_box;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use ureq::Agent;

/// Looks of one person at each view, and for how long ten click.
const LOOKS: usize = 40;
const PEOPLE: usize = 10;
const CLICKING: Duration = Duration::from_secs(30);
/// What the memory holds of an event.
const EVENT_BYTES: usize = 16;
/// What is asked for, milliseconds: of a view alone, and of the slowest in a hundred while ten click.
const ALONE_MS: f64 = 200.0;
const TOGETHER_MS: f64 = 500.0;

fn main() {
    let given: Vec<String> = std::env::args().skip(1).filter(|one| !one.starts_with("--")).collect();
    let load = given.first().map_or("S", String::as_str).to_uppercase();
    let temporary = tempfile::tempdir().unwrap();
    let folder = given.get(1).map_or(temporary.path(), |folder| Path::new(folder.as_str()));
    let shop = Shop::at(folder);
    let password = shop.prepare(&load);
    let served = shop.serve();
    let agent = sign_in(&served.url, &password);
    let begun = Instant::now();
    ask(&agent, &served.url, "/explorer");
    println!("the first look, which reads the history: {:.1} s", begun.elapsed().as_secs_f64());
    let ids = Ids::of(&agent, &served.url, &load);
    let views = views();
    for (name, view) in &views {
        // What is kept at hand for all of a view's looks: models, groups, samples.
        println!("the first look at {name}: {:.0} ms", ask(&agent, &served.url, &view(&ids, 0)));
    }
    println!("with all of it at hand: {} MB", served.memory_mb());
    let limit = limit(&agent, &served.url, ids.events);
    println!("\n{:<34} {:>9} {:>9} {:>9}", "alone, milliseconds", "median", "p99", "× limit");
    for (name, view) in &views {
        let times: Vec<f64> = (1..=LOOKS).map(|nth| ask(&agent, &served.url, &view(&ids, nth))).collect();
        tell(name, times, ALONE_MS, limit);
    }
    println!("\n{PEOPLE} who click at once, for {} s", CLICKING.as_secs());
    for (name, times) in clicks(&served.url, &password, &ids) {
        tell(name, times, TOGETHER_MS, limit);
    }
    println!("memory at the end: {} MB", served.memory_mb());
}

/// An address of a view for the n-th look.
type View = fn(&Ids, usize) -> String;

fn views() -> Vec<(&'static str, View)> {
    vec![
        ("customers, searched", |ids, n| format!("/explorer?search={}", ids.customer(n))),
        ("a customer", |ids, n| format!("/explorer/customer?customer={}", ids.customer(n))),
        ("a customer, the other model", |ids, n| {
            format!("/explorer/customer?customer={}&model=1&rules=none&slots=8", ids.customer(n))
        }),
        ("a customer on another day", |ids, n| {
            format!(
                "/explorer/customer?customer={}&model=1&on=2026-0{}-1{}",
                ids.customer(n),
                1 + n % 6,
                n % 3
            )
        }),
        ("why not a product", |ids, n| {
            format!("/explorer/customer?customer={}&product={}", ids.customer(n), ids.product(n))
        }),
        ("a product", |ids, n| format!("/explorer/product?product={}", ids.product(n))),
        ("products, searched", |_, n| format!("/explorer/product?product=a%20{}", n % 10)),
        ("what if", |ids, n| format!("/explorer/basket?basket={},{}", ids.product(n), ids.product(n + 1))),
        ("as customers see it", |ids, n| {
            format!("/explorer/preview/page?customer={}&product={}", ids.customer(n), ids.product(n))
        }),
        ("two models", |ids, n| format!("/explorer/compare?model=1&other=2&customer={}", ids.customer(n))),
        ("model cards", |_, _| "/explorer/models".to_owned()),
        ("a model's card", |_, n| format!("/explorer/models/{}", 1 + n % 2)),
    ]
}

/// What there is to look at.
struct Ids {
    customers: usize,
    products: usize,
    events: usize,
}

impl Ids {
    fn of(agent: &Agent, url: &str, load: &str) -> Self {
        let (customers, products, events) = match load {
            "S" => (20_000, 2_000, 400_000),
            "M" => (200_000, 20_000, 5_000_000),
            _ => (2_000_000, 100_000, 50_000_000),
        };
        let ids = Self { customers, products, events };
        for path in [
            format!("/explorer/customer?customer={}", ids.customer(1)),
            format!("/explorer/product?product={}", ids.product(1)),
        ] {
            ask(agent, url, &path);
        }
        ids
    }

    /// Spread over all, never twice the same in a run.
    fn customer(&self, nth: usize) -> String {
        format!("C{:06}", 1 + (nth * 7_919) % self.customers)
    }

    fn product(&self, nth: usize) -> String {
        format!("PRD-{:05}", 1 + (nth * 613) % self.products)
    }
}

/// A page that looks nothing up, and all events once through memory.
fn limit(agent: &Agent, url: &str, events: usize) -> f64 {
    let mut pages: Vec<f64> = (0..LOOKS).map(|_| ask(agent, url, "/account")).collect();
    pages.sort_by(f64::total_cmp);
    let bytes = vec![1u64; events * EVENT_BYTES / 8];
    let begun = Instant::now();
    black_box(black_box(&bytes).iter().sum::<u64>());
    let stream = begun.elapsed().as_secs_f64() * 1e3;
    println!("limit: {:.1} ms for a page, {stream:.1} ms for {events} events", pages[LOOKS / 2]);
    pages[LOOKS / 2] + stream
}

fn tell(name: &str, mut times: Vec<f64>, allowed: f64, limit: f64) {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() as f64 * share) as usize).min(times.len() - 1)];
    let verdict = if at(0.99) <= allowed { "" } else { "  too slow" };
    println!("{name:<34} {:>9.1} {:>9.1} {:>9.1}{verdict}", at(0.5), at(0.99), at(0.5) / limit);
}

/// Each clicks through all views in an order of their own. By view, and all together.
fn clicks(url: &str, password: &str, ids: &Ids) -> Vec<(&'static str, Vec<f64>)> {
    let views = views();
    let found: Mutex<Vec<(&'static str, Vec<f64>)>> =
        Mutex::new(views.iter().map(|(name, _)| (*name, Vec::new())).collect());
    std::thread::scope(|scope| {
        for person in 0..PEOPLE {
            let (views, found) = (&views, &found);
            scope.spawn(move || {
                let agent = sign_in(url, password);
                let begun = Instant::now();
                for nth in 0.. {
                    if begun.elapsed() > CLICKING {
                        return;
                    }
                    let at = (person * 5 + nth * 7) % views.len();
                    // Another day is looked at seldom: most clicks are about now.
                    if views[at].0.ends_with("another day") && nth % 4 > 0 {
                        continue;
                    }
                    let time = ask(&agent, url, &views[at].1(ids, 1_000 + person * 10_000 + nth));
                    found.lock().unwrap()[at].1.push(time);
                    // Somebody who clicks looks, if only for a moment.
                    std::thread::sleep(Duration::from_millis(500));
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    let all = found.iter().flat_map(|(_, times)| times.iter().copied()).collect();
    found.retain(|(_, times)| !times.is_empty());
    found.push(("all views", all));
    found
}
