//! Load M's campaign: picks for 200 000 customers from 200 of 20 000 products after 5 million events, 6 slots, and the
//! files for the e-mail tool. Times each part and prints the peak memory.
//!
//! `cargo bench --bench campaign -- [CUSTOMERS] [PRODUCTS] [EVENTS]`; load L is 2000000 100000 50000000.
//!
//! Reading the history and training (als: 64 factors, 10 epochs) come before, and are told by themselves and in all.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may panic")]

use chrono::{DateTime, Utc};
use handpick::campaigns::export::{Dialect, Export, Format, Source};
use handpick::history::{Coverage, EventRange, History, Reading, Snapshot};
use handpick::ids::CampaignId;
use handpick::money::Money;
use handpick::picker::audience::Lists;
use handpick::picker::behaviour::{self, Detail, Weighing};
use handpick::picker::build::{Order, build};
use handpick::picker::model_file::{LiveModel, ModelHeader};
use handpick::picker::picks_file::Writer;
use handpick::picker::plan::{Attribute, Effect, Plan};
use handpick::progress::Silent;
use handpick::recommender::{Params, Resources};
use handpick::records::{Customer, Event, EventKind, Events, Product};
use rayon::prelude::*;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

const CANDIDATES: usize = 200;
const SLOTS: u8 = 6;

fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let customers = numbers.next().unwrap_or(200_000);
    let products = numbers.next().unwrap_or(20_000);
    let events = numbers.next().unwrap_or(5_000_000);
    let dir = tempfile::tempdir().unwrap();
    let snapshot = make_history(&dir.path().join("history"), customers, products, events);
    println!("load: {customers} customers, {products} products, {events} events");
    for kind in ["item_knn", "als"] {
        println!("\n{kind}: {} MB in use before", status_mb("VmRSS"));
        forget_peak();
        let begun = Instant::now();
        let live = fit(&snapshot, kind, (customers, events));
        let trained = (begun.elapsed().as_secs_f64(), status_mb("VmHWM"));
        forget_peak();
        campaign(&snapshot, &live, &dir.path().join(kind), customers);
        let (seconds, peak) = (begun.elapsed().as_secs_f64(), status_mb("VmHWM").max(trained.1));
        println!("read, trained ({:.0} s), picked and written: {seconds:.0} s, peak {peak} MB", trained.0);
    }
}

/// So that the next peak is that of what comes next.
fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap_or_default();
}

fn campaign(snapshot: &Snapshot, live: &LiveModel, dir: &Path, customers: u64) {
    let total = Instant::now();
    let folder = dir.join("picks");
    timed("reading the history, picking, storing", customers, || pick(snapshot, live, &folder));
    let source = Source {
        campaign: CampaignId(1),
        name: "Benchmark",
        slots: SLOTS,
        currency: "EUR",
        secret: b"secret",
        folder: &folder,
        exported_at: now(),
        pictures: None,
    };
    let export = timed("reading names and addresses", customers, || Export::read(source, snapshot).unwrap());
    let began = Instant::now();
    timed("writing the four files side by side", customers, || {
        Format::ALL.into_par_iter().for_each(|format| {
            let path = dir.join(format.file());
            let mut out = BufWriter::with_capacity(1 << 18, File::create(&path).unwrap());
            export.write(format, Dialect::Plain, &mut out, &Silent).unwrap();
        });
    });
    for format in Format::ALL {
        println!(
            "    {} {} MB",
            format.file(),
            dir.join(format.file()).metadata().unwrap().len() / 1_000_000
        );
    }
    let written = began.elapsed().as_secs_f64();
    println!("all together {:.2} s, peak {} MB", total.elapsed().as_secs_f64(), status_mb("VmHWM"));
    let bytes: u64 = Format::ALL.iter().map(|format| dir.join(format.file()).metadata().unwrap().len()).sum();
    let plain = write_plainly(dir, bytes);
    println!("the same {} MB written plainly: {plain:.2} s, ratio {:.2}", bytes / 1_000_000, plain / written);
}

/// Seconds to write so many bytes from memory: what no writer of files can beat.
fn write_plainly(dir: &Path, bytes: u64) -> f64 {
    let block = vec![b'x'; 1 << 18];
    let began = Instant::now();
    let mut file = File::create(dir.join("plain")).unwrap();
    for _ in 0..bytes / block.len() as u64 {
        file.write_all(&block).unwrap();
    }
    began.elapsed().as_secs_f64()
}

fn pick(snapshot: &Snapshot, live: &LiveModel, folder: &Path) {
    let only = (0..CANDIDATES as u64).map(|n| product_id(n * 97)).collect();
    let mut plan = Plan {
        slots: SLOTS,
        rules: vec![
            Effect::ExcludeBought { days: 90 }.into(),
            Effect::ExcludeOutOfStock {}.into(),
            Effect::AtMostPer { what: Attribute::Category, n: 2 }.into(),
        ],
        ..Plan::default()
    };
    plan.products.only = only;
    let order = Order {
        campaign: CampaignId(1),
        plan: &plan,
        product_list: None,
        customer_lists: Lists::default(),
        snapshot,
        live,
        lately: None,
        secret: b"secret",
        as_of: now(),
    };
    let mut out = Writer::create(folder).unwrap();
    let summary = build(&order, &mut out, &Silent).unwrap();
    out.publish().unwrap();
    println!(
        "    {} mailed, {} held out; all personal {}, some {}, none {}",
        summary.mailed(),
        summary.holdout,
        summary.all_personal,
        summary.some_personal,
        summary.none_personal
    );
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn mix(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

fn product_id(n: u64) -> String {
    format!("SKU-{n:06}")
}

fn customer_id(n: u64) -> String {
    format!("C{n:07}")
}

fn make_history(dir: &Path, customers: u64, products: u64, events: u64) -> Snapshot {
    let history = History::open(dir).unwrap();
    let mut update = history.begin().unwrap();
    let all: Vec<Product> = (0..products).map(make_product).collect();
    update.products(&all).unwrap();
    for from in (0..customers).step_by(8_192) {
        let batch: Vec<Customer> = (from..(from + 8_192).min(customers)).map(make_customer).collect();
        update.customers(&batch).unwrap();
    }
    let mut batch = Events::default();
    for n in 0..events {
        push_event(&mut batch, n, events, customers, products);
        if batch.len() == 8_192 || n + 1 == events {
            update.events("shop", &batch).unwrap();
            batch.clear();
        }
    }
    let everything = [
        (Reading::Products, Coverage::Everything),
        (Reading::Customers, Coverage::Everything),
        (Reading::Events("shop".into()), Coverage::Everything),
    ];
    update.commit(&everything, now(), &Silent).unwrap();
    history.snapshot().unwrap()
}

fn make_product(n: u64) -> Product {
    Product {
        id: product_id(n),
        title: format!("Product number {n} in a fine colour"),
        category: Some(format!("Department {} > Shelf {}", n % 12, n % 180)),
        brand: Some(format!("Brand {}", n % 300)),
        price: Some(Money::from_ten_thousandths((mix(n) % 900_000) as i64)),
        stock: Some((mix(n) % 50) as i64),
        image: Some(format!("https://shop.example/media/product/{n}.jpg")),
        url: Some(format!("https://shop.example/product-number-{n}.html")),
        active: true,
        ..Product::default()
    }
}

fn make_customer(n: u64) -> Customer {
    Customer {
        id: customer_id(n),
        email: Some(format!("customer{n}@mail.example")),
        first_name: Some(format!("First{}", n % 900)),
        last_name: Some(format!("Last{}", n % 5_000)),
        language: Some("de".into()),
        country: Some("AT".into()),
        mailable: Some(true),
        active: true,
        ..Customer::default()
    }
}

/// A third are purchases; popularity falls off as in shops.
fn push_event(batch: &mut Events, n: u64, events: u64, customers: u64, products: u64) {
    let (one, two) = (mix(n), mix(n ^ 0xdead_beef));
    let skew = (one >> 11) as f64 / (1u64 << 53) as f64;
    let product = ((skew * skew * skew) * products as f64) as u64;
    let kind = if n.is_multiple_of(3) { EventKind::Purchase } else { EventKind::View };
    let seconds = now().timestamp() - (events - n) as i64 * 20 / (events / 3_000_000).max(1) as i64;
    batch.push(Event {
        id: None,
        kind,
        at_us: seconds * 1_000_000 + (n % 1_000_000) as i64,
        customer: Some(&customer_id(two % customers)),
        product: Some(&product_id(product)),
        order: (kind == EventKind::Purchase).then_some(format!("O{}", n / 6)).as_deref(),
        quantity: 1.0,
        value: Some(Money::from_units(20)),
        currency: Some("EUR"),
        source: "shop",
    });
}

/// Fitted on the same events.
fn fit(snapshot: &Snapshot, kind: &str, (customers, events): (u64, u64)) -> LiveModel {
    let all = EventRange::before(now());
    let known = timed("reading the history", events, || {
        behaviour::read(snapshot, all, now(), &Weighing::default(), Detail::default(), &Silent).unwrap()
    });
    let mut params = Params::default_of(kind).unwrap();
    if kind == "als" {
        params.set("factors", "64").unwrap();
        params.set("iterations", "10").unwrap();
    }
    let resources = Resources { seed: 1, max_memory_bytes: 6 << 30, progress: &Silent };
    let model = timed("training", customers, || params.fit(&known.interactions, &resources).unwrap());
    let header = ModelHeader {
        kind: kind.into(),
        params: serde_json::json!(params),
        history_version: snapshot.version(),
        cut_at: now(),
        trained_at: now(),
        seed: 1,
        metrics: serde_json::Value::Null,
    };
    LiveModel { header, customers: known.customers, products: known.products, model }
}

fn timed<T>(what: &str, count: u64, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    let seconds = started.elapsed().as_secs_f64();
    let per_second = count as f64 / seconds;
    println!("{what:<40} {seconds:>7.2} s  {per_second:>10.0} a second  peak {} MB", status_mb("VmHWM"));
    result
}

fn status_mb(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(what)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or_default() / 1024
}
