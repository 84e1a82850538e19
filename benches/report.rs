//! A report's figures over many recipients, and whether an effect planted in a real shop's orders is found again.
//!
//! `cargo bench --bench report -- [RECIPIENTS] [EVENTS]`, by default 2000000 and 25 for each, for speed and memory;
//! `xz -dc order_lines_2009_2010.csv.xz | cargo bench --bench report -- retail` for the planted effect, with the data set
//! Online Retail II of the UCI Machine Learning Repository (columns `Invoice, StockCode, Description, Quantity,
//! InvoiceDate, Price, Customer ID, Country`; an invoice that begins with C is a cancellation).

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may panic")]

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use handpick::history::{EventRange, History};
use handpick::ids::CampaignId;
use handpick::money::Money;
use handpick::picker::plan::{Arm, Controls, Origin};
use handpick::progress::Silent;
use handpick::recommender::uplift::Interval;
use handpick::records::{Event, EventKind, Events};
use handpick::reports::Reported;
use handpick::reports::formats::{Format, Issue};
use handpick::reports::kpi::{Question, Tally};
use handpick::reports::report::{Group, Report};
use handpick::reports::tables::tables;
use handpick::reports::window::{Dates, Window};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "retail") {
        return retail();
    }
    let mut numbers = arguments.iter().filter_map(|argument| argument.parse::<u64>().ok());
    let recipients = numbers.next().unwrap_or(2_000_000);
    speed(recipients as usize, numbers.next().unwrap_or(recipients * 25));
}

fn question(from: DateTime<Utc>, holdout_share: f64) -> Question {
    let known = from + TimeDelta::days(40);
    let dates = Dates { sent_at: Some(from), ..Dates::default() };
    Question {
        window: Window::of(dates, chrono_tz::UTC, known).unwrap(),
        zone: chrono_tz::UTC,
        currency: "GBP".into(),
        controls: Controls { holdout_share, baseline_share: 0.0 },
        eligible_products: None,
        known,
    }
}

/// All events lie within the ninety days before and the two weeks of the campaign, a fifth of them purchases, the others
/// views; four picks a recipient. They are read from a history on the disk, as a report does.
fn speed(recipients: usize, events: u64) {
    let from: DateTime<Utc> = "2026-03-02T00:00:00Z".parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let history = History::open(folder.path()).unwrap();
    write(&history, recipients as u64, events, from);
    println!("writing {events} events: {:.1} s, which is no part of a report", begun.elapsed().as_secs_f64());
    // From here on the peak counts anew.
    std::fs::write("/proc/self/clear_refs", "5").unwrap_or(());

    let begun = Instant::now();
    let arm = |n: usize| if n.is_multiple_of(10) { Arm::Holdout } else { Arm::Picks };
    let question = question(from, 0.1);
    let (first, last) = question.span();
    let mut tally = Tally::new(question, (0..recipients).map(|n| (format!("c{n}"), arm(n))));
    for n in 0..recipients {
        let customer = format!("c{n}");
        for slot in 1..=4 {
            let product = format!("p{}", (n * 7 + slot) % 20_000);
            tally.pick(&customer, &product, slot as u8, (Origin::Personal, 1.0));
        }
    }
    for n in 0..recipients {
        tally.kind(&format!("c{n}"), ["buy often", "large orders", "bought once or twice"][n % 3]);
    }
    let read = begun.elapsed().as_secs_f64();
    for batch in history.snapshot().unwrap().events(EventRange::between(first, last)).unwrap() {
        batch.unwrap().iter().for_each(|event| tally.event(&event));
    }
    let streamed = begun.elapsed().as_secs_f64();
    let report = tally.finish();
    println!(
        "{recipients} recipients, {events} events: picks {read:.1} s, events {:.1} s, figures {:.1} s, all {:.1} s; peak {} MB; \
         {} buyers",
        streamed - read,
        begun.elapsed().as_secs_f64() - streamed,
        begun.elapsed().as_secs_f64(),
        peak_mb(),
        report.group(Group::Mailed).map_or(0, |group| group.buyers),
    );
    page(&report);
}

fn write(history: &History, recipients: u64, events: u64, from: DateTime<Utc>) {
    const PER_BATCH: u64 = 8_192;
    let (first_us, span_s) = ((from - TimeDelta::days(90)).timestamp_micros(), 104 * 86_400);
    let mut update = history.begin().unwrap();
    let mut batch = Events::default();
    for begin in (0..events).step_by(PER_BATCH as usize) {
        batch.clear();
        for n in begin..(begin + PER_BATCH).min(events) {
            let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
            let (customer, product) = (format!("c{}", mixed % recipients), format!("p{}", mixed % 20_011));
            let order = format!("o{n}");
            let is_purchase = n % 5 == 0;
            batch.push(Event {
                id: None,
                kind: if is_purchase { EventKind::Purchase } else { EventKind::View },
                at_us: first_us + (n as i64 * span_s / events as i64) * 1_000_000,
                customer: Some(&customer),
                product: Some(&product),
                order: is_purchase.then_some(order.as_str()),
                quantity: 1.0,
                value: is_purchase.then(|| Money::from_units(5 + (mixed % 145) as i64)),
                currency: None,
                source: "orders",
            });
        }
        update.events("orders", &batch).unwrap();
    }
    update.commit(&[], from + TimeDelta::days(40), &Silent).unwrap();
}

/// What the page of a finished report takes: it is read as it was stored, laid out, drawn and written as HTML.
fn page(report: &Report) {
    let stored = serde_json::to_string(report).unwrap();
    let begun = Instant::now();
    let report: Report = serde_json::from_str(&stored).unwrap();
    let tables = tables(&report, |_| String::new());
    let found = Reported { id: CampaignId(1), name: "Spring".into(), report, frozen: None };
    let html = Issue::new(found, tables, "Shop", chrono_tz::UTC).write(Format::Html).unwrap();
    println!("its page: {:.0} ms, {} KB", begun.elapsed().as_secs_f64() * 1e3, html.len() / 1024);
}

fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

struct Line {
    at_us: i64,
    customer: String,
    product: String,
    order: String,
    value: Money,
    is_refund: bool,
}

fn lines() -> Vec<Line> {
    let mut reader = csv::Reader::from_reader(std::io::stdin().lock());
    let line = |row: csv::StringRecord| {
        let at = NaiveDateTime::parse_from_str(&row[4], "%Y-%m-%d %H:%M:%S").ok()?;
        let quantity: f64 = row[3].parse().ok()?;
        let value = Money::from_f64(quantity.abs() * row[5].parse::<f64>().ok()?)?;
        let (customer, product, order) = (row[6].to_owned(), row[1].to_owned(), row[0].to_owned());
        let at_us = at.and_utc().timestamp_micros();
        (!customer.is_empty()).then_some(Line {
            at_us,
            customer,
            product,
            order,
            value,
            is_refund: row[0].starts_with('C'),
        })
    };
    reader.records().filter_map(|row| line(row.ok()?)).collect()
}

const CAMPAIGNS: u64 = 200;
/// So many of the mailed order once more.
const PLANTED: f64 = 0.06;

/// Customers of the past, by lot mailed or not; of the mailed, some order once more what somebody else ordered.
fn retail() {
    let lines = lines();
    let from: DateTime<Utc> = "2010-09-06T00:00:00Z".parse().unwrap();
    let (from_us, until_us) = (from.timestamp_micros(), (from + TimeDelta::days(14)).timestamp_micros());
    let customers: BTreeSet<&str> = lines
        .iter()
        .filter(|line| line.at_us < from_us && !line.is_refund)
        .map(|line| line.customer.as_str())
        .collect();
    let inside = |line: &&Line| !line.is_refund && (from_us..until_us).contains(&line.at_us);
    let buyers: BTreeSet<&str> = lines.iter().filter(inside).map(|line| line.customer.as_str()).collect();
    let mut baskets: BTreeMap<&str, Money> = BTreeMap::new();
    for line in lines.iter().filter(inside) {
        *baskets.entry(&line.order).or_default() += line.value;
    }
    let baskets: Vec<Money> = baskets.into_values().collect();
    let mean = baskets.iter().map(|basket| basket.as_f64()).sum::<f64>() / baskets.len() as f64;
    println!("{} customers, {} orders of {mean:.2} GBP within the window", customers.len(), baskets.len());

    let mut held = [0u64; 4];
    let mut saved = 0.0;
    for seed in 0..CAMPAIGNS {
        let report = campaign((&lines, from), &customers, &baskets, seed);
        let mail = report.mail.as_ref().unwrap();
        let buys = customers.iter().filter(|customer| buyers.contains(*customer)).count() as f64
            / customers.len() as f64;
        let adjusted = mail.adjusted.unwrap();
        saved += adjusted.variance_saved;
        let asked: [(Interval, f64); 4] = [
            (mail.conversion.difference, PLANTED * (1.0 - buys)),
            (mail.revenue.unwrap().difference, PLANTED * mean),
            (mail.robust.unwrap().difference, PLANTED * mean),
            (adjusted.adjusted.difference, PLANTED * mean),
        ];
        for (held, (interval, truth)) in held.iter_mut().zip(asked) {
            *held += u64::from(interval.low <= truth && truth <= interval.high);
        }
    }
    let share = |held: u64| held as f64 / CAMPAIGNS as f64 * 100.0;
    println!(
        "of {CAMPAIGNS} campaigns the planted effect lies within the interval: buyers {:.1} %, revenue {:.1} % (Welch), {:.1} % \
         (large baskets cut), {:.1} % (with what was spent before, which explains {:.0} % of the spread)",
        share(held[0]),
        share(held[1]),
        share(held[2]),
        share(held[3]),
        saved / CAMPAIGNS as f64 * 100.0
    );
}

fn event<'a>(kind: EventKind, at_us: i64, ids: [&'a str; 3], value: Money) -> Event<'a> {
    let [customer, product, order] = ids.map(Some);
    Event {
        id: None,
        kind,
        at_us,
        customer,
        product,
        order,
        quantity: 1.0,
        value: Some(value),
        currency: None,
        source: "orders",
    }
}

fn campaign(
    (lines, from): (&[Line], DateTime<Utc>),
    customers: &BTreeSet<&str>,
    baskets: &[Money],
    seed: u64,
) -> Report {
    let mut random = StdRng::seed_from_u64(seed);
    let arms: Vec<(&str, Arm)> = customers
        .iter()
        .map(|customer| (*customer, if random.random::<f64>() < 0.3 { Arm::Holdout } else { Arm::Picks }))
        .collect();
    let mut tally = Tally::new(question(from, 0.3), arms.iter().map(|(id, arm)| ((*id).to_owned(), *arm)));
    for line in lines {
        let kind = if line.is_refund { EventKind::Refund } else { EventKind::Purchase };
        tally.event(&event(kind, line.at_us, [&line.customer, &line.product, &line.order], line.value));
    }
    for (customer, arm) in &arms {
        if *arm == Arm::Picks && random.random::<f64>() < PLANTED {
            let at = from + TimeDelta::minutes(random.random_range(0..14 * 1_440));
            let (basket, order) =
                (baskets[random.random_range(0..baskets.len())], format!("planted-{customer}"));
            let ids = [*customer, "planted", &order];
            tally.event(&event(EventKind::Purchase, at.timestamp_micros(), ids, basket));
        }
    }
    tally.finish()
}
