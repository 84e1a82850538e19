//! A campaign's figures: by hand on a small case, and against a plain recount of random small worlds.

use chrono::{DateTime, TimeDelta, Utc};
use handpick::ids::CampaignId;
use handpick::money::Money;
use handpick::picker::plan::{Arm, Controls, Origin};
use handpick::records::{Event, EventKind};
use handpick::reports::kpi::{Question, Tally};
use handpick::reports::report::{Group, Report};
use handpick::reports::window::{Dates, Window};
use handpick::reports::{Reported, export};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const DAY_US: i64 = 86_400_000_000;

pub fn start() -> DateTime<Utc> {
    "2026-03-02T00:00:00Z".parse().unwrap()
}

/// Two weeks from Monday, 2 March 2026, of which so many days are over.
pub fn question(days_over: i64, controls: Controls) -> Question {
    let dates = Dates { sent_at: Some(start()), ..Dates::default() };
    let window = Window::of(dates, chrono_tz::UTC, start() + TimeDelta::days(days_over)).unwrap();
    let known = start() + TimeDelta::days(days_over);
    let currency = "EUR".into();
    Question { window, zone: chrono_tz::UTC, currency, controls, eligible_products: Some(8), known }
}

pub fn event<'a>(
    kind: EventKind,
    day: i64,
    customer: &'a str,
    product: &'a str,
    order: &'a str,
    units: i64,
) -> Event<'a> {
    Event {
        id: None,
        kind,
        at_us: start().timestamp_micros() + day * DAY_US + 3_600_000_000,
        customer: (!customer.is_empty()).then_some(customer),
        product: Some(product),
        order: (!order.is_empty()).then_some(order),
        quantity: 1.0,
        value: Some(Money::from_units(units)),
        currency: None,
        source: "orders",
    }
}

/// Four with picks, two with best-sellers, two without mail.
pub fn small_world(days_over: i64) -> Report {
    use EventKind::{Purchase, Refund, View};
    let arms = [
        ("p1", Arm::Picks),
        ("p2", Arm::Picks),
        ("p3", Arm::Picks),
        ("p4", Arm::Picks),
        ("b1", Arm::Baseline),
        ("b2", Arm::Baseline),
        ("h1", Arm::Holdout),
        ("h2", Arm::Holdout),
    ];
    let controls = Controls { holdout_share: 0.25, baseline_share: 0.25 };
    let mut tally = Tally::new(question(days_over, controls), arms.map(|(id, arm)| (id.to_owned(), arm)));
    for customer in ["p1", "p2", "p3"] {
        tally.pick(customer, "wine", 1, (Origin::Personal, 1.0));
        tally.pick(customer, "glass", 2, (Origin::Popular, 1.0));
    }
    tally.pick("b1", "cork", 1, (Origin::Popular, 1.0));
    tally.pick("h1", "wine", 1, (Origin::Personal, 1.0));
    for event in [
        event(Purchase, 0, "p1", "wine", "1", 30),
        event(Purchase, 0, "p1", "bread", "1", 10),
        event(Refund, 3, "p1", "bread", "1", 10),
        event(Purchase, 5, "p1", "bread", "2", 20),
        event(Purchase, 1, "p2", "soap", "3", 50),
        event(Refund, 2, "p2", "chair", "old", 99),
        event(View, 2, "p3", "wine", "", 0),
        event(Purchase, -1, "p4", "wine", "4", 70),
        event(Purchase, 14, "p4", "wine", "5", 70),
        event(Purchase, 13, "b1", "cork", "6", 8),
        event(Purchase, 2, "h1", "wine", "7", 12),
        event(Purchase, 2, "", "wine", "8", 12),
        event(Purchase, 2, "stranger", "wine", "9", 12),
        Event { currency: Some("USD"), ..event(Purchase, 2, "p3", "wine", "10", 12) },
        Event { currency: Some("eur"), ..event(Purchase, 2, "h1", "soap", "7", 4) },
    ] {
        tally.event(&event);
    }
    tally.finish()
}

#[test]
fn figures_are_those_worked_out_by_hand() {
    let report = small_world(14);
    let rows: Vec<_> = report
        .groups
        .iter()
        .map(|g| {
            (
                g.group,
                g.customers,
                g.buyers,
                g.orders,
                g.revenue.to_cents_string(),
                g.hits,
                g.customers_with_picks,
            )
        })
        .collect();
    let expected = [
        // p1 bought for 60 and gave 10 back, p2 bought for 50; b1 for 8; h1 for 16.
        (Group::Mailed, 6, 3, 4, "108.00".to_owned(), 2, 4),
        (Group::Picks, 4, 2, 3, "100.00".to_owned(), 1, 3),
        (Group::Baseline, 2, 1, 1, "8.00".to_owned(), 1, 1),
        (Group::Holdout, 2, 1, 1, "16.00".to_owned(), 0, 0),
    ];
    assert_eq!(rows, expected);
    let mailed = report.group(Group::Mailed).unwrap();
    assert_eq!((mailed.conversion_rate, mailed.revenue_per_customer), (0.5, 18.0));
    assert_eq!((mailed.average_order_value, mailed.hit_rate), (Some(27.0), Some(0.5)));
    // 18.00 per mailed customer less 8.00 per customer of the holdout, six times.
    let mail = report.mail.as_ref().unwrap();
    assert!((mail.additional_revenue.unwrap().estimate - 60.0).abs() < 1e-9);
    assert_eq!(mail.additional_buyers.estimate, 0.0);
    let recommender = report.recommender.as_ref().unwrap();
    assert!((recommender.additional_revenue.unwrap().estimate - (25.0 - 4.0) * 4.0).abs() < 1e-9);
    let picks = &report.picks;
    assert_eq!(
        (picks.picks, picks.distinct_products, picks.coverage, picks.personal_share),
        (6, 2, Some(0.25), Some(0.5))
    );
    // Three lists of wine and glass: alike, and of two products.
    assert_eq!((picks.personalisation, picks.top_ten_share), (Some(0.0), Some(1.0)));
    let left = &report.left_out;
    assert_eq!(
        (left.other_currencies, left.guest_lines, left.earlier_refunds, left.without_value),
        (1, 1, 1, 0)
    );
    assert_eq!(report.days.len(), 14);
    assert_eq!((report.days[0].mailed, report.days[0].holdout), (Some(40.0 / 6.0), Some(0.0)));
    assert_eq!((report.days[3].mailed, report.days[2].holdout), (Some(-10.0 / 6.0), Some(8.0)));
    assert!(report.verdict.starts_with("The mail's effect cannot be told from chance"), "{}", report.verdict);
}

#[test]
fn another_campaign_in_the_same_days_is_counted_in_each_group_and_said() {
    let arm = |n: usize| if n < 100 { Arm::Holdout } else { Arm::Picks };
    let controls = Controls { holdout_share: 0.1, baseline_share: 0.0 };
    let names: Vec<String> = (0..1_000).map(|n| format!("c{n:03}")).collect();
    let arms = names.iter().enumerate().map(|(n, name)| (name.clone(), arm(n)));
    let mut tally = Tally::new(question(14, controls), arms);
    // Every tenth customer, and one of whom this campaign knows nothing; twice the same counts once.
    tally.other("Soap week", names.iter().step_by(10).map(String::as_str).chain(["stranger"]));
    tally.other("Late soap", ["c000"]);
    let report = tally.finish();
    let told: Vec<_> =
        report.overlap.groups.iter().map(|one| (one.group, one.customers, one.reached)).collect();
    assert_eq!(told, [(Group::Mailed, 900, 90), (Group::Picks, 900, 90), (Group::Holdout, 100, 10)]);
    let said = report.cautions.iter().find(|said| said.contains("Soap week")).unwrap();
    assert!(
        said.contains("“Late soap”") && said.contains("90 (10.0\u{a0}%) of those who got this mail"),
        "{said}"
    );
}

#[test]
fn there_is_no_verdict_before_the_window_closes() {
    let report = small_world(5);
    assert_eq!((&report.mail, &report.recommender), (&None, &None));
    assert!(report.verdict.starts_with("The window is open: 5 of 14 days so far."), "{}", report.verdict);
    assert_eq!(report.days.len(), 5);
    // What happened after the last sync is not known, even where the history already holds a part of it.
    assert_eq!(report.group(Group::Picks).unwrap().orders, 2);
}

/// A campaign of 20 000 in which the mail brings 1 % more buyers at 50 EUR each.
pub fn large(holdout: usize, controls: Controls) -> Report {
    let arm = |n: usize| if n < holdout { Arm::Holdout } else { Arm::Picks };
    let mut tally = Tally::new(question(14, controls), (0..20_000).map(|n| (format!("c{n:05}"), arm(n))));
    for n in 0..20_000 {
        let every = if n < holdout { 50 } else { 33 };
        if n % every == 0 {
            tally.event(&event(EventKind::Purchase, 3, &format!("c{n:05}"), "wine", &format!("o{n}"), 50));
        }
    }
    tally.finish()
}

#[test]
fn a_clear_effect_is_said_in_one_sentence() {
    let report = large(2_000, Controls { holdout_share: 0.1, baseline_share: 0.0 });
    // 546 of 18 000 bought, and 40 of 2 000: 27 300 / 18 000 − 1 per person, 18 000 times.
    assert!((report.mail.as_ref().unwrap().additional_revenue.unwrap().estimate - 9_300.0).abs() < 1e-6);
    assert!(
        report.verdict.starts_with(
            "The campaign earned about 9\u{202f}300 EUR more than no mail would have (95 % sure"
        )
    );
    assert_eq!(report.cautions, Vec::<String>::new());
}

#[test]
fn groups_of_the_wrong_size_are_said_instead_of_an_effect() {
    let report = large(2_000, Controls { holdout_share: 0.2, baseline_share: 0.0 });
    assert!(report.verdict.starts_with("The groups are not of the planned sizes"), "{}", report.verdict);
    assert_eq!(report.cautions.len(), 1);
}

#[test]
fn without_a_holdout_the_report_says_what_to_do_next_time() {
    let report = large(0, Controls { holdout_share: 0.0, baseline_share: 0.0 });
    assert!(
        report.verdict.contains("no holdout") && report.verdict.contains("next campaign"),
        "{}",
        report.verdict
    );
    assert_eq!((report.mail, report.ratio_p_value), (None, None));
}

#[test]
fn exports_hold_every_number_and_read_back() {
    let report = small_world(14);
    let reported = Reported { id: CampaignId(3), name: "=SUM(A1)".into(), report, frozen: None };
    let text = export::csv(&export::long(&reported));
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().unwrap(), &["metric", "group", "value", "low", "high", "unit", "text"][..]);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let value = |metric: &str, group: &str| {
        rows.iter().find(|r| &r[0] == metric && &r[1] == group).unwrap()[2].to_owned()
    };
    assert_eq!(rows.iter().find(|row| &row[0] == "campaign").unwrap()[6], *"'=SUM(A1)");
    assert_eq!(value("revenue", "mailed"), "108");
    assert_eq!(value("conversion_rate", "holdout"), "0.5");
    assert!(value("additional_revenue", "mailed vs holdout").parse::<f64>().is_ok());
    let back: Report = serde_json::from_value(export::json(&reported, &[])["report"].clone()).unwrap();
    assert_eq!(back.groups, reported.report.groups);
}

/// An order line of the random world.
#[derive(Debug, Clone)]
struct Line {
    refund: bool,
    minute: i64,
    customer: usize,
    product: usize,
    /// 0: without a number.
    order: usize,
    cents: i64,
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let line = (any::<bool>(), 0i64..600, 0usize..6, 0usize..4, 0usize..4, 1i64..5_000).prop_map(
        |(refund, minute, customer, product, order, cents)| Line {
            refund,
            minute,
            customer,
            product,
            order,
            cents,
        },
    );
    prop::collection::vec(line, 0..40).prop_map(|mut lines| {
        // Refunds each at a moment of their own, so that which comes first is no matter of taste.
        for (at, line) in lines.iter_mut().enumerate().filter(|(_, line)| line.refund) {
            line.minute = line.minute * 100 + at as i64 + 7;
        }
        lines
    })
}

/// The rules of the report counted the slow way: customer by customer, cent by cent.
/// Answers customers with (orders, net cents, bought a pick).
fn recount(lines: &[Line], picks: &BTreeMap<usize, BTreeSet<usize>>) -> BTreeMap<usize, (usize, i64, bool)> {
    let mut answer = BTreeMap::new();
    for customer in 0..6 {
        let own: Vec<&Line> = lines.iter().filter(|line| line.customer == customer).collect();
        let mut bought: Vec<&Line> = own.iter().copied().filter(|line| !line.refund).collect();
        bought.sort_by_key(|line| (line.minute, line.order, line.product, line.cents));
        let orders: BTreeSet<(usize, i64)> =
            bought.iter().map(|line| (line.order, if line.order == 0 { line.minute } else { -1 })).collect();
        // Every cent paid, in the order in which it would be given back.
        let mut cents: Vec<(usize, bool)> = bought
            .iter()
            .enumerate()
            .flat_map(|(at, line)| (0..line.cents).map(move |_| (at, true)))
            .collect();
        let mut refunds: Vec<&Line> = own.iter().copied().filter(|line| line.refund).collect();
        refunds.sort_by_key(|line| line.minute);
        for refund in refunds {
            let names_order = refund.order != 0 && bought.iter().any(|line| line.order == refund.order);
            let mut left = refund.cents;
            for own_product in [true, false] {
                for (at, there) in &mut cents {
                    let line = bought[*at];
                    let belongs = if names_order {
                        line.order == refund.order
                    } else {
                        line.product == refund.product && line.minute <= refund.minute
                    };
                    if *there && left > 0 && belongs && (line.product == refund.product) == own_product {
                        *there = false;
                        left -= 1;
                    }
                }
            }
        }
        let net = cents.iter().filter(|(_, there)| *there).count() as i64;
        let hit =
            bought.iter().any(|line| picks.get(&customer).is_some_and(|own| own.contains(&line.product)));
        answer.insert(customer, (orders.len(), net, hit));
    }
    answer
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn figures_are_those_of_a_plain_recount(lines in lines(), pairs in prop::collection::btree_set((0usize..6, 0usize..4), 0..8)) {
        let arm = |customer: usize| [Arm::Picks, Arm::Picks, Arm::Baseline, Arm::Baseline, Arm::Holdout, Arm::Holdout][customer];
        let controls = Controls { holdout_share: 0.3, baseline_share: 0.3 };
        let mut arms: Vec<(String, Arm)> = (0..6).map(|customer| (format!("c{customer}"), arm(customer))).collect();
        arms.push(("ordering".into(), Arm::Baseline));
        let mut tally = Tally::new(question(14, controls), arms);
        // Products are known in the order of their names, as the recount sorts them.
        for product in 0..4 {
            tally.pick("ordering", &format!("p{product}"), 1, (Origin::Popular, 1.0));
        }
        let mut picks: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (customer, product) in pairs {
            tally.pick(&format!("c{customer}"), &format!("p{product}"), 1, (Origin::Personal, 1.0));
            if arm(customer) != Arm::Holdout {
                picks.entry(customer).or_default().insert(product);
            }
        }
        for line in &lines {
            let (customer, product) = (format!("c{}", line.customer), format!("p{}", line.product));
            let order = if line.order == 0 { String::new() } else { format!("{}-{}", line.customer, line.order) };
            let kind = if line.refund { EventKind::Refund } else { EventKind::Purchase };
            // Purchases on whole hundreds of minutes' places, refunds between them; all within the two weeks.
            let minute = if line.refund { line.minute } else { line.minute * 100 };
            tally.event(&Event {
                at_us: start().timestamp_micros() + minute * 10_000_000,
                value: Some(Money::from_ten_thousandths(line.cents * 100)),
                ..event(kind, 0, &customer, &product, &order, 0)
            });
        }
        let report = tally.finish();
        let same_scale: Vec<Line> = lines
            .iter()
            .map(|line| Line { minute: if line.refund { line.minute } else { line.minute * 100 }, ..line.clone() })
            .collect();
        let expected = recount(&same_scale, &picks);
        for group in Group::ALL {
            let figures = report.group(group).unwrap();
            let own: Vec<_> = expected.iter().filter(|(customer, _)| group.has(arm(**customer))).map(|(_, e)| *e).collect();
            prop_assert_eq!(figures.buyers, own.iter().filter(|e| e.0 > 0).count() as u64);
            prop_assert_eq!(figures.orders, own.iter().map(|e| e.0 as u64).sum::<u64>());
            prop_assert_eq!(figures.revenue, Money::from_ten_thousandths(own.iter().map(|e| e.1 * 100).sum()));
            prop_assert_eq!(figures.hits, own.iter().filter(|e| e.2).count() as u64);
            prop_assert!(!figures.revenue.is_negative());
            if let Some(series) = match group { Group::Mailed => Some(report.days.iter().filter_map(|d| d.mailed).sum::<f64>()), Group::Holdout => Some(report.days.iter().filter_map(|d| d.holdout).sum::<f64>()), _ => None } {
                prop_assert!((series - figures.revenue_per_customer).abs() < 1e-9, "the days add up");
            }
        }
        // The uplift is the difference of the means that the groups show.
        let (mailed, holdout) = (report.group(Group::Mailed).unwrap(), report.group(Group::Holdout).unwrap());
        let added = report.mail.as_ref().unwrap().additional_revenue.unwrap().estimate;
        let difference = (mailed.revenue_per_customer - holdout.revenue_per_customer) * mailed.customers as f64;
        prop_assert!((added - difference).abs() < 1e-6, "{} {}", added, difference);
    }
}
