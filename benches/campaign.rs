//! Load M's campaign: picks for 200 000 customers from 200 of 20 000 products after 5 million events, 6 slots, and the
//! files for the e-mail tool. Times each part and prints the peak memory.
//!
//! `cargo bench --bench campaign -- [CUSTOMERS] [PRODUCTS] [EVENTS]`
//!
//! The model has 64 factors per customer and product, as ALS has, but drawn by lot: training is not what is measured.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may panic")]

use chrono::{DateTime, Utc};
use handpick::campaigns::export::{Dialect, Export, Format, Source};
use handpick::history::{Coverage, History, Reading, Snapshot};
use handpick::ids::CampaignId;
use handpick::money::Money;
use handpick::picker::audience::Lists;
use handpick::picker::build::{Order, build};
use handpick::picker::model_file::LiveModel;
use handpick::picker::picks_file::Writer;
use handpick::picker::plan::{Attribute, Plan, Rule};
use handpick::progress::Silent;
use handpick::recommender::{Contribution, Model, Scorer, Tensor, User};
use handpick::records::{Customer, Event, EventKind, Events, Product};
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::time::Instant;

const FACTORS: usize = 64;
const CANDIDATES: usize = 200;
const SLOTS: u8 = 6;

fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let customers = numbers.next().unwrap_or(200_000);
    let products = numbers.next().unwrap_or(20_000);
    let events = numbers.next().unwrap_or(5_000_000);
    let dir = tempfile::tempdir().unwrap();
    let snapshot = make_history(&dir.path().join("history"), customers, products, events);
    let live = make_model(customers, products);
    println!("load: {customers} customers, {products} products, {events} events; made at {} MB", peak_mb());
    // What making the load took is not the campaign's.
    std::fs::write("/proc/self/clear_refs", "5").unwrap_or_default();
    let total = Instant::now();
    let folder = dir.path().join("picks");
    timed("reading the history, picking, storing", customers, || pick(&snapshot, &live, &folder));
    let source = Source {
        campaign: CampaignId(1),
        name: "Benchmark",
        slots: SLOTS,
        currency: "EUR",
        secret: b"secret",
        folder: &folder,
        exported_at: now(),
    };
    let export = timed("reading names and addresses", customers, || Export::read(source, &snapshot).unwrap());
    for format in Format::ALL {
        let path = dir.path().join(format.file());
        timed(&format!("writing {}", format.file()), customers, || {
            let mut out = BufWriter::with_capacity(1 << 18, File::create(&path).unwrap());
            export.write(format, Dialect::Plain, &mut out, &Silent).unwrap();
        });
        println!("    {} MB", path.metadata().unwrap().len() / 1_000_000);
    }
    println!("all together {:.2} s, peak {} MB", total.elapsed().as_secs_f64(), peak_mb());
}

fn pick(snapshot: &Snapshot, live: &LiveModel, folder: &Path) {
    let only = (0..CANDIDATES as u64).map(|n| product_id(n * 97)).collect();
    let mut plan = Plan {
        slots: SLOTS,
        rules: vec![
            Rule::ExcludeBought { days: 90 },
            Rule::ExcludeOutOfStock {},
            Rule::AtMostPer { what: Attribute::Category, n: 2 },
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

/// Factors of customers and products, drawn by lot.
struct Factors {
    customers: Vec<f32>,
    products: Vec<f32>,
}

struct FactorScorer<'a> {
    model: &'a Factors,
    /// The candidates' factors, side by side.
    block: Vec<f32>,
}

fn draw(n: usize) -> Vec<f32> {
    (0..n as u64 * FACTORS as u64).map(|n| (mix(n) % 2_000) as f32 / 10_000.0 - 0.05).collect()
}

fn make_model(customers: u64, products: u64) -> LiveModel {
    let model = Factors { customers: draw(customers as usize), products: draw(products as usize) };
    LiveModel {
        header: header(),
        customers: (0..customers).map(customer_id).collect(),
        products: (0..products).map(product_id).collect(),
        model: Box::new(model),
    }
}

impl Model for Factors {
    fn kind(&self) -> &'static str {
        "als"
    }

    fn items(&self) -> usize {
        self.products.len() / FACTORS
    }

    fn scorer<'a>(&'a self, candidates: &'a [u32]) -> Box<dyn Scorer + 'a> {
        let rows = candidates.iter().flat_map(|&item| row(&self.products, item)).copied().collect();
        Box::new(FactorScorer { model: self, block: rows })
    }

    fn explain(&self, _: User<'_>, _: u32, _: usize) -> Vec<Contribution> {
        Vec::new()
    }

    fn is_personal(&self) -> bool {
        true
    }

    fn tensors(&self) -> Vec<Tensor<'_>> {
        Vec::new()
    }
}

fn row(factors: &[f32], number: u32) -> &[f32] {
    &factors[number as usize * FACTORS..][..FACTORS]
}

impl Scorer for FactorScorer<'_> {
    fn score(&mut self, user: User<'_>, scores: &mut [f32]) -> bool {
        let Some(number) = user.row else { return false };
        let own = row(&self.model.customers, number);
        for (score, item) in scores.iter_mut().zip(self.block.chunks_exact(FACTORS)) {
            *score = own.iter().zip(item).map(|(a, b)| a * b).sum();
        }
        true
    }
}

fn timed<T>(what: &str, customers: u64, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    let seconds = started.elapsed().as_secs_f64();
    let per_second = customers as f64 / seconds;
    println!("{what:<40} {seconds:>7.2} s  {per_second:>10.0} customers/s  peak {} MB", peak_mb());
    result
}

fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or_default() / 1024
}

fn header() -> handpick::picker::model_file::ModelHeader {
    handpick::picker::model_file::ModelHeader { kind: "als".into() }
}
