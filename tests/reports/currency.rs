//! Orders in other currencies: converted at their order's day, or left out and said so.

use super::figures::{event, question};
use handpick::picker::plan::{Arm, Controls};
use handpick::records::{Event, EventKind};
use handpick::reports::kpi::Tally;
use handpick::reports::rates::Rates;
use handpick::reports::report::{Group, Report};

fn dollars(event: Event<'static>) -> Event<'static> {
    Event { currency: Some("usd"), ..event }
}

/// Two weeks from 2 March 2026; a dollar was worth 0.50 on the first day and 0.80 on the third.
fn world(rates: bool) -> Report {
    use EventKind::{Purchase, Refund};
    let controls = Controls { holdout_share: 0.5, baseline_share: 0.0 };
    let arms = [("m1", Arm::Picks), ("m2", Arm::Picks), ("h1", Arm::Holdout), ("h2", Arm::Holdout)];
    let mut known = Rates::default();
    known.add("2026-03-02".parse().unwrap(), "USD", 0.5);
    known.add("2026-03-04".parse().unwrap(), "USD", 0.8);
    let arms = arms.map(|(id, arm)| (id.to_owned(), arm));
    let tally = Tally::new(question(14, controls), arms);
    let mut tally = if rates { tally.converting(known) } else { tally };
    for event in [
        // 100 dollars on the first day are 50; 40 of them given back on the fourth are worth what they were then: 20.
        dollars(event(Purchase, 0, "m1", "wine", "a", 100)),
        dollars(event(Refund, 3, "m1", "wine", "a", 40)),
        // On the fourth day the rate of the third counts: 10 are 8.
        dollars(event(Purchase, 3, "h1", "wine", "b", 10)),
        // Ten days after the last rate there is none, and pounds have none at all.
        dollars(event(Purchase, 12, "h2", "wine", "c", 1_000)),
        Event { currency: Some("GBP"), ..event(Purchase, 1, "m2", "wine", "d", 1_000) },
        event(Purchase, 1, "m2", "wine", "e", 7),
    ] {
        tally.event(&event);
    }
    tally.finish()
}

fn revenue(report: &Report, group: Group) -> (f64, u64) {
    let figures = report.group(group).unwrap();
    (figures.revenue.as_f64(), figures.buyers)
}

#[test]
fn an_order_counts_at_its_own_days_rate_and_so_does_what_is_given_back() {
    let report = world(true);
    assert_eq!(revenue(&report, Group::Mailed), (50.0 - 20.0 + 7.0, 2));
    assert_eq!(revenue(&report, Group::Holdout), (8.0, 1));
    assert_eq!((report.left_out.converted, report.left_out.other_currencies), (3, 2));
    let said = |text: &str| report.cautions.iter().any(|caution| caution.contains(text));
    assert!(
        said("3 order lines in another currency are counted at the exchange rate"),
        "{:?}",
        report.cautions
    );
    assert!(said("2 order lines in another currency are not counted"), "{:?}", report.cautions);
}

#[test]
fn without_rates_other_currencies_are_left_out_and_said() {
    let report = world(false);
    assert_eq!(revenue(&report, Group::Mailed), (7.0, 1));
    assert_eq!(revenue(&report, Group::Holdout), (0.0, 0));
    assert_eq!((report.left_out.converted, report.left_out.other_currencies), (0, 5));
    assert!(report.cautions.iter().any(|said| said.starts_with("5 order lines in another currency")));
}

/// The demo of the day's split: paid at one and at two o'clock, and given back at an hour that is nobody's.
#[test]
fn what_was_paid_stands_at_its_hour_in_the_shops_zone() {
    use EventKind::{Purchase, Refund};
    let controls = Controls { holdout_share: 0.5, baseline_share: 0.0 };
    let arms = [("m1", Arm::Picks), ("m2", Arm::Picks), ("h1", Arm::Holdout)];
    let mut question = question(14, controls);
    question.zone = chrono_tz::Europe::Vienna;
    let mut tally = Tally::new(question, arms.map(|(id, arm)| (id.to_owned(), arm)));
    for event in [
        event(Purchase, 0, "m1", "wine", "a", 30),
        event(Purchase, 5, "m2", "wine", "b", 10),
        event(Refund, 6, "m2", "wine", "b", 10),
        event(Purchase, 2, "h1", "wine", "c", 5),
    ] {
        tally.event(&event);
    }
    let report = tally.finish();
    // Every event is at one o'clock UTC, which is two in Vienna.
    let told: Vec<(u32, f64, f64)> = report
        .hours
        .iter()
        .map(|one| (one.hour, one.mailed.unwrap(), one.holdout.unwrap()))
        .filter(|(_, mailed, holdout)| mailed + holdout > 0.0)
        .collect();
    assert_eq!((report.hours.len(), told), (24, vec![(2, 20.0, 5.0)]));
}
