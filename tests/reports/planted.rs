//! An effect that was planted in a synthetic shop, and in the sample shop, is found again.

use super::figures::{event, question};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use handpick::money::Money;
use handpick::picker::plan::{Arm, Controls, Origin};
use handpick::progress::Silent;
use handpick::records::{Event, EventKind};
use handpick::reports::kpi::{Question, Tally};
use handpick::reports::report::{Group, Report};
use handpick::reports::window::{Dates, Window};
use handpick::sample_shop::{self, Effect, Mailed, MailedArm, Place, Size, Wish};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rusqlite::Connection;
use std::path::Path;

/// Everybody would buy with a chance of their own, more often who bought before; the mail adds two points to it. Baskets
/// are between 5 and 155, the small ones more often.
#[test]
fn a_planted_effect_lies_within_the_interval() {
    const PEOPLE: usize = 20_000;
    let mut chance = ChaCha8Rng::seed_from_u64(7);
    let arm = |n: usize| if n.is_multiple_of(4) { Arm::Holdout } else { Arm::Picks };
    let controls = Controls { holdout_share: 0.25, baseline_share: 0.0 };
    let arms = (0..PEOPLE).map(|n| (format!("c{n:05}"), arm(n)));
    let mut tally = Tally::new(question(14, controls), arms);
    for n in 0..PEOPLE {
        let customer = format!("c{n:05}");
        let basket = |chance: &mut ChaCha8Rng| 5 + (150.0 * chance.random::<f64>().powi(3)) as i64;
        let is_regular = chance.random::<f64>() < 0.3;
        if is_regular {
            let units = basket(&mut chance);
            tally.event(&event(EventKind::Purchase, -20, &customer, "wine", &format!("b{n}"), units));
        }
        let would = if is_regular { 0.09 } else { 0.03 } + if arm(n) == Arm::Holdout { 0.0 } else { 0.02 };
        if chance.random::<f64>() < would {
            let (day, units) = (chance.random_range(0..14), basket(&mut chance));
            tally.event(&event(EventKind::Purchase, day, &customer, "wine", &format!("o{n}"), units));
        }
    }
    let report = tally.finish();
    let mail = report.mail.as_ref().unwrap();
    let points = mail.conversion.difference;
    assert!(points.low < 0.02 && 0.02 < points.high && points.low > 0.0, "{points:?}");
    // A basket is worth 5 + 150/4 on average, less half a unit by rounding down.
    let planted = 0.02 * (5.0 + 37.5 - 0.5);
    for found in [
        mail.revenue.unwrap().difference,
        mail.robust.unwrap().difference,
        mail.adjusted.unwrap().adjusted.difference,
    ] {
        assert!(found.low < planted && planted < found.high, "{planted} in {found:?}");
    }
    assert!(report.verdict.starts_with("The campaign earned about"), "{}", report.verdict);
    // The same for everybody: no segment stands out, and what one brought is near what all brought.
    assert!(
        report
            .segments
            .iter()
            .all(|segment| segment.difference.is_some_and(|d| d.low < 0.02 && d.high > 0.02))
    );
}

/// Order lines of the sample shop: when, who, what, which order, for how much.
fn lines(file: &Path) -> Vec<(DateTime<Utc>, String, String, String, Money)> {
    let conn = Connection::open(file).unwrap();
    let mut found = conn
        .prepare(
            "SELECT ordered_at, customer_id, sku, order_no, quantity * unit_price FROM order_lines \
             WHERE customer_id IS NOT NULL ORDER BY line_id",
        )
        .unwrap();
    let line = |row: &rusqlite::Row<'_>| {
        let at: String = row.get(0)?;
        let at = NaiveDateTime::parse_from_str(&at, "%Y-%m-%d %H:%M:%S").unwrap().and_utc();
        Ok((at, row.get(1)?, row.get(2)?, row.get(3)?, Money::from_f64(row.get(4)?).unwrap()))
    };
    found.query_map([], line).unwrap().map(Result::unwrap).collect()
}

/// The report of a campaign of the sample shop with those order lines.
fn sample_report(
    file: &Path,
    sent_at: DateTime<Utc>,
    arms: &[(String, Arm)],
    picks: &dyn Fn(usize) -> Vec<String>,
) -> Report {
    let known = sent_at + TimeDelta::days(20);
    let dates = Dates { sent_at: Some(sent_at), ..Dates::default() };
    let question = Question {
        window: Window::of(dates, chrono_tz::UTC, known).unwrap(),
        zone: chrono_tz::UTC,
        currency: "EUR".into(),
        controls: Controls { holdout_share: 0.25, baseline_share: 0.0 },
        eligible_products: None,
        known,
    };
    let mut tally = Tally::new(question, arms.iter().cloned());
    for (n, (customer, _)) in arms.iter().enumerate() {
        for (slot, product) in (1..).zip(picks(n)) {
            tally.pick(customer, &product, slot, (Origin::Personal, 1.0));
        }
    }
    for (at, customer, product, order, value) in lines(file) {
        let at_us = at.timestamp_micros();
        let value = Some(value);
        tally.event(&Event { at_us, value, ..event(EventKind::Purchase, 0, &customer, &product, &order, 0) });
    }
    tally.finish()
}

/// A column of the sample shop.
fn column(file: &Path, question: &str) -> Vec<String> {
    let conn = Connection::open(file).unwrap();
    let mut found = conn.prepare(question).unwrap();
    found.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// One campaign of the sample shop in `untouched`, by lot, of which so many order because of the mail; whether the report's
/// intervals hold what the mail did. That is known exactly: the shop before its customers responded is there too, with all
/// that would have happened without the mail.
fn reproduced(untouched: &Path, wish: &Wish, lot: u64, of_mail: f64) -> [bool; 4] {
    let sent_at = wish.until - TimeDelta::days(20);
    let file = untouched.with_file_name("responded.db");
    std::fs::copy(untouched, &file).unwrap();
    let products = column(&file, "SELECT sku FROM products WHERE active ORDER BY sku");
    let mut random = ChaCha8Rng::seed_from_u64(lot);
    let mut arm = || if random.random::<f64>() < 0.25 { Arm::Holdout } else { Arm::Picks };
    let customers = column(&file, "SELECT customer_id FROM customers ORDER BY customer_id");
    let arms: Vec<_> = customers.into_iter().map(|id| (id, arm())).collect();
    let picks = |n: usize| -> Vec<String> {
        (1..=3).map(|slot| products[(n * 31 + slot * 7) % products.len()].clone()).collect()
    };
    let mailed = |(n, (customer, arm)): (usize, &(String, Arm))| Mailed {
        customer: customer.clone(),
        arm: if *arm == Arm::Holdout { MailedArm::Holdout } else { MailedArm::Picks },
        products: picks(n),
    };
    let mailed: Vec<Mailed> = arms.iter().enumerate().map(mailed).collect();
    let without = sample_report(&file, sent_at, &arms, &picks);
    let effect = Effect { of_mail, of_fit: 0.0, days: 14.0 };
    let response = sample_shop::respond(&file, wish, sent_at, &mailed, &effect).unwrap();
    let with = sample_report(&file, sent_at, &arms, &picks);

    assert_eq!(with.group(Group::Holdout), without.group(Group::Holdout), "the mail changed nobody else");
    let of = |report: &Report| report.group(Group::Mailed).unwrap().clone();
    let (with_mail, without_mail) = (of(&with), of(&without));
    assert_eq!(with_mail.orders - without_mail.orders, response.orders);
    let buyers = with_mail.conversion_rate - without_mail.conversion_rate;
    let revenue = with_mail.revenue_per_customer - without_mail.revenue_per_customer;
    assert!((buyers - of_mail * (1.0 - without_mail.conversion_rate)).abs() < 0.02, "{buyers} of {of_mail}");
    let mail = with.mail.as_ref().unwrap();
    [
        (mail.conversion.difference, buyers),
        (mail.additional_buyers, buyers * with_mail.customers as f64),
        (mail.per_customer().unwrap(), revenue),
        (mail.adjusted.unwrap().adjusted.difference, revenue),
    ]
    .map(|(found, planted)| found.low <= planted && planted <= found.high)
}

/// Of twenty campaigns nineteen should hold what was planted: fewer than seventeen, of intervals that cover 95 %, would come
/// about once in sixty times. Shop, lots and responses come from seeds, so that it is always the same.
#[test]
fn campaigns_of_the_sample_shop_of_known_effect_are_reproduced() {
    let until: DateTime<Utc> = "2026-11-01T10:30:00Z".parse().unwrap();
    let wish = Wish { size: Size { customers: 6_000, products: 400, events: 150_000 }, seed: 3, until };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.db");
    sample_shop::generate(&wish, sample_shop::open(&Place::Sqlite(file.clone())).unwrap(), &Silent).unwrap();
    for of_mail in [0.0, 0.08] {
        let mut held = [0; 4];
        for lot in 0..20 {
            let found = reproduced(&file, &wish, lot, of_mail);
            held.iter_mut().zip(found).for_each(|(held, is_held)| *held += usize::from(is_held));
        }
        assert!(held.iter().all(|held| *held >= 17), "{of_mail}: {held:?} of 20 campaigns");
    }
}
