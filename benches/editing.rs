//! How quickly a marketer is told what she is doing while she does it: what her rules change, how many the audience has,
//! what the campaign can show.
//!
//! `cargo bench --bench editing -- [S|M|L] [FOLDER]`
//!
//! Makes the load's shop in FOLDER as the explorer's benchmark does. Each look has a rule or a number changed, as by
//! typing. Prints the first look, the median and the 99th percentile in milliseconds, and the median beside that of a
//! signed-in page that looks nothing up.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may panic")]

#[path = "support/served.rs"]
mod served;

use served::{Shop, ask, sign_in};
use std::path::Path;
use std::time::Instant;
use ureq::Agent;

const LOOKS: usize = 40;
/// What is asked for, milliseconds.
const ALLOWED_MS: f64 = 300.0;

/// Names of a rule's fields beside its kind and condition.
const FIELDS: &str =
    "on name note days n what from to product slot category factor campaigns fact relation value";

fn main() {
    let given: Vec<String> = std::env::args().skip(1).filter(|one| !one.starts_with("--")).collect();
    let load = given.first().map_or("S", String::as_str).to_uppercase();
    let temporary = tempfile::tempdir().unwrap();
    let folder = given.get(1).map_or(temporary.path(), |folder| Path::new(folder.as_str()));
    let shop = Shop::at(folder);
    let password = shop.prepare(&load);
    let served = shop.serve();
    let marketer = Marketer::new(&served.url, &password);
    let pages: Vec<f64> = (0..LOOKS).map(|_| ask(&marketer.agent, &served.url, "/account")).collect();
    let page = median(pages);
    println!("a page that looks nothing up: {page:.1} ms");
    println!("{:<28} {:>9} {:>9} {:>9} {:>9}", "milliseconds", "first", "median", "p99", "× page");
    let views: [(&str, View); 5] = [
        ("no rules", |marketer, nth| marketer.impact(&[], nth)),
        ("three rules", |marketer, nth| marketer.impact(&RULES[..3], nth)),
        ("eight rules", |marketer, nth| marketer.impact(&RULES, nth)),
        ("how many customers", |marketer, nth| {
            let orders = (1 + nth % 5).to_string();
            marketer.post("audience-count", &[("orders_at_least", &orders)])
        }),
        ("what can be shown", |marketer, nth| {
            ask(
                &marketer.agent,
                &marketer.url,
                &format!("{}/forecast?holdout={}", marketer.campaign, 5 + nth),
            )
        }),
    ];
    for (name, view) in views {
        let first = view(&marketer, 0);
        let mut times: Vec<f64> = (1..=LOOKS).map(|nth| view(&marketer, nth)).collect();
        times.sort_by(f64::total_cmp);
        let (middle, slowest) = (times[LOOKS / 2], times[LOOKS * 99 / 100]);
        let verdict = if slowest <= ALLOWED_MS { "" } else { "  too slow" };
        println!("{name:<28} {first:>9.1} {middle:>9.1} {slowest:>9.1} {:>9.1}{verdict}", middle / page);
    }
    println!("memory at the end: {} MB", served.memory_mb());
}

type View = fn(&Marketer, usize) -> f64;

/// Kind, condition, and its fields; {} is a number that is typed anew for each look.
type Rule = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const RULES: [Rule; 8] = [
    ("exclude_out_of_stock", "", &[]),
    ("exclude", "product.price > {}0", &[]),
    ("exclude_bought", "", &[("days", "{}")]),
    ("at_most_per", "", &[("n", "2"), ("what", "category")]),
    ("boost", "product.discount > 10", &[("factor", "2")]),
    ("price_band", "", &[("from", "0.2"), ("to", "{}")]),
    ("exclude", "customer.orders > 3 && product.price < {}", &[]),
    ("needs_picture", "", &[]),
];

struct Marketer {
    agent: Agent,
    url: String,
    csrf: String,
    campaign: String,
}

impl Marketer {
    fn new(url: &str, password: &str) -> Self {
        let agent = sign_in(url, password);
        let account =
            agent.get(format!("{url}/account")).call().unwrap().body_mut().read_to_string().unwrap();
        let csrf = account.split("name=\"csrf\" value=\"").nth(1).unwrap();
        let csrf = csrf.split('"').next().unwrap().to_owned();
        let made = agent.post(format!("{url}/campaigns")).send_form([("csrf", csrf.as_str())]).unwrap();
        let campaign =
            made.headers()["location"].to_str().unwrap().trim_end_matches("/steps/name").to_owned();
        Self { agent, url: url.to_owned(), csrf, campaign }
    }

    /// Milliseconds.
    fn post(&self, what: &str, fields: &[(&str, &str)]) -> f64 {
        let fields = fields.iter().copied().chain([("csrf", self.csrf.as_str())]);
        let begun = Instant::now();
        let mut answer =
            self.agent.post(format!("{}{}/{what}", self.url, self.campaign)).send_form(fields).unwrap();
        let told = answer.body_mut().read_to_string().unwrap();
        assert_eq!(answer.status(), 200, "{told}");
        assert!(!told.contains("error-summary"), "{told}");
        begun.elapsed().as_secs_f64() * 1e3
    }

    fn impact(&self, rules: &[Rule], nth: usize) -> f64 {
        let typed = (1 + nth).to_string();
        let mut fields = vec![("slots".to_owned(), "6".to_owned())];
        for &(kind, when, given) in rules {
            fields.push(("rule_kind".to_owned(), kind.to_owned()));
            fields.push(("rule_when".to_owned(), when.replace("{}", &typed)));
            for name in FIELDS.split(' ') {
                let value = given.iter().find(|(field, _)| *field == name).map_or("", |(_, value)| value);
                fields.push((format!("rule_{name}"), value.replace("{}", &typed)));
            }
        }
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post("impact", &fields)
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
