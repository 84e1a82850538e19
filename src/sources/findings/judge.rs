//! What was seen of the ids, times and amounts, and what is odd about it.

use super::{CheckReport, Finding, Reading, Severity, advice};
use crate::records::{Customer, Event, EventKind, Product};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

/// Ids of events are remembered up to this many; beyond, every second one, then every fourth, …
const EVENT_IDS: usize = 2_000_000;

/// The same hash in every run, so that a report can be repeated. Two ids in a few million billion share one.
type Hasher = BuildHasherDefault<DefaultHasher>;

fn hash(id: &str) -> u64 {
    Hasher::default().hash_one(id)
}

/// How often something was seen, and the first id.
#[derive(Debug, Default)]
struct Odd {
    count: u64,
    example: Option<String>,
}

impl Odd {
    fn see(&mut self, example: &str) {
        self.count += 1;
        if self.example.is_none() {
            self.example = Some(example.to_owned());
        }
    }
}

/// What is remembered of a whole reading.
pub struct Seen {
    now_us: i64,
    shop_currency: String,
    pub has_products: bool,
    pub has_customers: bool,
    products: HashSet<u64>,
    customers: HashSet<u64>,
    /// Lines bought by each customer.
    bought: HashMap<u64, u32>,
    busiest: (u32, String),
    purchases: u64,
    guests: u64,
    event_ids: HashSet<u64>,
    /// Only ids whose hash has this many zero bits at its end are remembered.
    sparse_bits: u32,
    odd: BTreeMap<&'static str, Odd>,
    currencies: BTreeMap<String, u64>,
}

impl Seen {
    pub fn new(now: DateTime<Utc>, shop_currency: String) -> Self {
        Self {
            now_us: now.timestamp_micros(),
            shop_currency,
            has_products: false,
            has_customers: false,
            products: HashSet::new(),
            customers: HashSet::new(),
            bought: HashMap::new(),
            busiest: (0, String::new()),
            purchases: 0,
            guests: 0,
            event_ids: HashSet::new(),
            sparse_bits: 0,
            odd: BTreeMap::new(),
            currencies: BTreeMap::new(),
        }
    }

    fn odd(&mut self, what: &'static str, example: &str) {
        self.odd.entry(what).or_default().see(example);
    }

    pub fn product(&mut self, product: &Product) {
        if !self.products.insert(hash(&product.id)) {
            self.odd("duplicate products", &product.id);
        }
        if product.price.is_none() {
            self.odd("products without price", &product.id);
        }
        self.currency(product.currency.as_deref());
    }

    pub fn customer(&mut self, customer: &Customer) {
        if !self.customers.insert(hash(&customer.id)) {
            self.odd("duplicate customers", &customer.id);
        }
    }

    /// Ids of events need to differ within one mapping only.
    pub fn begin_events(&mut self) {
        self.event_ids.clear();
        self.sparse_bits = 0;
    }

    pub fn event(&mut self, event: &Event<'_>) {
        let example = event.id.or(event.order).or(event.product).unwrap_or_default();
        if event.at_us > self.now_us {
            self.odd("events in the future", example);
        }
        if let Some(id) = event.id {
            self.event_id(id);
        }
        if let Some(product) = event.product
            && self.has_products
            && !self.products.contains(&hash(product))
        {
            self.odd("events with unknown product", product);
        }
        match event.customer {
            None => self.guests += 1,
            Some(customer) => {
                let hashed = hash(customer);
                if self.has_customers && !self.customers.contains(&hashed) {
                    self.odd("events with unknown customer", customer);
                }
                self.purchase(event, customer, hashed);
            }
        }
        if event.kind == EventKind::Purchase && event.value.is_some_and(|value| value.ten_thousandths() == 0)
        {
            self.odd("free purchases", example);
        }
        self.currency(event.currency);
    }

    fn purchase(&mut self, event: &Event<'_>, customer: &str, hashed: u64) {
        if event.kind != EventKind::Purchase {
            return;
        }
        self.purchases += 1;
        let lines = self.bought.entry(hashed).or_default();
        *lines = lines.saturating_add(1);
        if *lines > self.busiest.0 {
            self.busiest.0 = *lines;
            if self.busiest.1 != customer {
                customer.clone_into(&mut self.busiest.1);
            }
        }
    }

    fn event_id(&mut self, id: &str) {
        let hashed = hash(id);
        if hashed.trailing_zeros() < self.sparse_bits {
            return;
        }
        if !self.event_ids.insert(hashed) {
            self.odd("duplicate events", id);
        }
        if self.event_ids.len() >= EVENT_IDS {
            self.sparse_bits += 1;
            self.event_ids.retain(|hashed| hashed.trailing_zeros() >= self.sparse_bits);
        }
    }

    fn currency(&mut self, code: Option<&str>) {
        let Some(code) = code else { return };
        if let Some(count) = self.currencies.get_mut(code) {
            *count += 1;
        } else if self.currencies.len() < 300 {
            // A column of nonsense must not fill the memory.
            self.currencies.insert(code.to_owned(), 1);
        }
    }

    pub fn findings(&self) -> Vec<Finding> {
        let mut findings: Vec<Finding> =
            self.odd.iter().filter_map(|(what, odd)| odd_finding(what, odd)).collect();
        findings.extend(self.anonymous());
        if self.guests > 0 {
            findings.push(Finding {
                severity: Severity::Note,
                what: "events without a customer (guests)".to_owned(),
                count: self.guests,
                example: None,
                advice:
                    "They count for what is popular and what is bought together, and for no customer's taste."
                        .to_owned(),
            });
        }
        for (code, count) in &self.currencies {
            findings.extend(self.currency_finding(code, *count));
        }
        findings
    }

    fn currency_finding(&self, code: &str, count: u64) -> Option<Finding> {
        let known = KNOWN_CURRENCIES.split(' ').any(|known| known == code);
        if known && code == self.shop_currency {
            return None;
        }
        let (severity, what, advice) = if known {
            let advice =
                format!("Reports add up {} only; convert the others in a select.", self.shop_currency);
            (Severity::Note, format!("prices or events in {code}, which is not the shop's currency"), advice)
        } else {
            let advice =
                "Write ISO 4217 codes (EUR, GBP): translate the column, or give a constant.".to_owned();
            (Severity::Problem, format!("the unknown currency “{code}”"), advice)
        };
        Some(Finding { severity, what, count, example: Some(code.to_owned()), advice })
    }

    /// A customer who bought more than a twentieth of everything, and twenty times what half the customers did not
    /// reach, is no person.
    fn anonymous(&self) -> Option<Finding> {
        if self.purchases < 100 || self.bought.len() < 10 {
            return None;
        }
        let mut lines: Vec<u32> = self.bought.values().copied().collect();
        let middle = lines.len() / 2;
        let (_, median, _) = lines.select_nth_unstable(middle);
        let (most, id) = &self.busiest;
        let share = f64::from(*most) / self.purchases as f64;
        (share > 0.05 && *most > 20 * *median).then(|| Finding {
            severity: Severity::Problem,
            what: format!(
                "one customer with {:.0} % of all purchases (half of them have {median} or fewer)",
                share * 100.0
            ),
            count: u64::from(*most),
            example: Some(id.clone()),
            advice: format!(
                "If this id stands for guests, write anonymous_customers = [\"{id}\"] in [source]."
            ),
        })
    }
}

fn odd_finding(what: &str, odd: &Odd) -> Option<Finding> {
    use Severity::{Note, Problem};
    let (severity, words, advice) = match what {
        "duplicate products" => (
            Problem,
            "products whose id came before",
            "Choose one row per id in a select; the last one read is kept.",
        ),
        "duplicate customers" => (
            Problem,
            "customers whose id came before",
            "Choose one row per id in a select; the last one read is kept.",
        ),
        "duplicate events" => (
            Problem,
            "events whose id came before",
            "Map a column that differs for every line, or no id: then the content tells events apart.",
        ),
        "products without price" => (
            Note,
            "products without a readable price",
            "They can be recommended, but price rules leave them out.",
        ),
        "events in the future" => {
            (Problem, "events in the future", "Check source.time_zone, and the shop's own test orders.")
        }
        "events with unknown product" => (
            Problem,
            "events whose product is not among the products",
            "Read products that are no longer sold too (with active = false), or leave these lines out with a select.",
        ),
        "events with unknown customer" => (
            Problem,
            "events whose customer is not among the customers",
            "Read customers from all tables that have them, or make the mapping of customers a SELECT DISTINCT of the orders.",
        ),
        "free purchases" => (
            Note,
            "purchases for nothing",
            "Samples and gifts count as bought; leave them out with a select if they were not chosen.",
        ),
        _ => return None,
    };
    let (count, example) = (odd.count, odd.example.clone().filter(|id| !id.is_empty()));
    Some(Finding { severity, what: words.to_owned(), count, example, advice: advice.to_owned() })
}

pub fn session(report: &mut CheckReport) {
    if !report.proof.refused {
        report.findings.push(Finding {
            severity: Severity::Problem,
            what: "the database did not refuse a write in Handpick's read-only session".to_owned(),
            count: 1,
            example: None,
            advice: "Do not go on; give Handpick an account that has SELECT only, and tell its makers."
                .to_owned(),
        });
    }
    if !report.account_powers.is_empty() {
        report.findings.push(Finding {
            severity: Severity::Note,
            what: format!(
                "outside Handpick's read-only session the account {}",
                report.account_powers.join("; ")
            ),
            count: report.account_powers.len() as u64,
            example: None,
            advice: "Make an account that has SELECT only, then set require_read_only_account = true."
                .to_owned(),
        });
    }
}

pub fn ignored(mapping: &str, reading: &Reading) -> Vec<Finding> {
    let finding = |(reason, rows): &(super::Reason, u64)| {
        let (severity, advice) = advice(*reason);
        let example = reading.examples.iter().find(|(of, _)| of == reason).map(|(_, id)| id.clone());
        let what = format!("rows of “{mapping}” that {reason}; they are ignored");
        Finding { severity, what, count: *rows, example, advice: advice.to_owned() }
    };
    reading.ignored.iter().map(finding).collect()
}

pub fn empty(kind: &str, mapping: &str, rows: u64) -> Finding {
    Finding {
        severity: Severity::Problem,
        what: format!("“{mapping}” gives no usable {kind}"),
        count: rows,
        example: None,
        advice: "Check the table, the mapping, and what the account may see.".to_owned(),
    }
}

/// ISO 4217 as of 2024, without metals and test codes.
const KNOWN_CURRENCIES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD \
BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD \
GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD \
LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN \
PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD \
TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG";
