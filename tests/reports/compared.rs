//! Comparisons of groups against numbers worked out elsewhere, and all campaigns together.

use super::figures::{event, question, small_world};
use handpick::ids::CampaignId;
use handpick::picker::plan::{Arm, Controls};
use handpick::recommender::uplift::Interval;
use handpick::records::EventKind;
use handpick::reports::kpi::Tally;
use handpick::reports::programme;
use handpick::reports::report::Report;
use handpick::reports::table::Cell;
use handpick::reports::{Reported, side_by_side};

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9 * expected.abs().max(1.0), "{found} instead of {expected}");
}

/// What four mailed and four others spent before and after.
const MAILED: [(i64, i64); 4] = [(10, 12), (0, 0), (20, 18), (30, 40)];
const HOLDOUT: [(i64, i64); 4] = [(0, 0), (10, 6), (20, 10), (10, 14)];

fn eight() -> Report {
    let groups = [("m", Arm::Picks, MAILED), ("h", Arm::Holdout, HOLDOUT)];
    let controls = Controls { holdout_share: 0.5, baseline_share: 0.0 };
    let arms = groups.iter().flat_map(|(name, arm, _)| (0..4).map(move |n| (format!("{name}{n}"), *arm)));
    let mut tally = Tally::new(question(14, controls), arms);
    for (name, _, spent) in groups {
        for (n, (before, after)) in spent.into_iter().enumerate() {
            let customer = format!("{name}{n}");
            for (day, units) in [(-5, before), (4, after)] {
                if units > 0 {
                    let order = format!("{customer}{day}");
                    tally.event(&event(EventKind::Purchase, day, &customer, "wine", &order, units));
                }
            }
        }
    }
    tally.finish()
}

#[test]
fn a_comparison_is_wired_to_the_right_numbers() {
    let mail = eight().mail.unwrap();
    // Worked out with Python's statistics from the definitions: see each formula's source in the core.
    near(mail.revenue.unwrap().difference.estimate, 10.0);
    near(mail.additional_revenue.unwrap().estimate, 40.0);
    let adjusted = mail.adjusted.unwrap();
    near(adjusted.theta, 1.042857142857143);
    near(adjusted.adjusted.difference.estimate, 4.785714285714286);
    near(adjusted.variance_saved, 0.8013533834586466);
    let relative = mail.relative_revenue.unwrap();
    near(relative.estimate, 4.0 / 3.0);
    near(relative.low, -0.31161658156352545);
    near(relative.high, 6.90902903618802);
    let robust = mail.robust.unwrap();
    near(robust.uncut, 10.0);
    assert!(
        robust.difference.low <= robust.difference.estimate
            && robust.difference.estimate <= robust.difference.high
    );
    let balance: Vec<_> =
        mail.balance.iter().map(|row| (row.what.as_str(), row.treated, row.control)).collect();
    assert_eq!(
        balance,
        [("Bought in the 90 days before", 0.75, 0.75), ("Spent in the 90 days before", 15.0, 10.0)]
    );
    near(mail.balance[1].difference.estimate, 0.46291004988627577);
}

#[test]
fn what_was_earned_grows_to_what_the_report_says() {
    let report = eight();
    let last = report.gained.last().unwrap().difference;
    let told = report.mail.as_ref().unwrap().additional_revenue.unwrap();
    near(last.low, told.low);
    near(last.estimate, told.estimate);
    near(last.high, told.high);
    assert_eq!(report.gained.len(), 14);
    // Nothing was bought before the fifth day; then everything.
    let guesses: Vec<f64> = report.gained.iter().map(|day| day.difference.estimate).collect();
    assert!(guesses[4..].iter().all(|guess| (guess - 40.0).abs() < 1e-9), "{guesses:?}");
    let segments: Vec<_> = report
        .segments
        .iter()
        .map(|one| ((one.mailed.buyers, one.mailed.people), (one.holdout.buyers, one.holdout.people)))
        .collect();
    // Before: nothing; up to 10, the middle of what was spent; more.
    // When last: within the last thirty days, or never.
    assert_eq!(
        segments,
        [((0, 1), (0, 1)), ((1, 1), (2, 2)), ((2, 2), (1, 1)), ((3, 3), (3, 3)), ((0, 1), (0, 1))]
    );
    assert!(report.segments.iter().all(|one| one.is_small() && one.money.is_none()), "of eight people");
}

fn reported(number: i32, report: Report) -> Reported {
    Reported { id: CampaignId(number), name: format!("c{number}"), report, frozen: None }
}

#[test]
fn all_campaigns_earned_the_sum_with_an_interval_of_its_own() {
    let with = |low, estimate, high| {
        let mut report = eight();
        report.mail.as_mut().unwrap().additional_revenue = Some(Interval { low, estimate, high });
        // Of eight customers nobody would say an amount.
        for group in &mut report.groups {
            (group.buyers, group.customers) = (group.buyers * 10, group.customers * 10);
        }
        report
    };
    let of = [
        reported(2, with(70.0, 100.0, 130.0)),
        reported(1, with(-30.0, 10.0, 50.0)),
        reported(3, small_world(5)),
    ];
    let all = programme::of(of, 1);
    // √(30² + 40²) = 50, around 110; the open one and the one already left out are counted.
    assert_eq!(all.earned, Some(Interval { low: 60.0, estimate: 110.0, high: 160.0 }));
    assert_eq!(all.left_out, 2);
    let judged: Vec<_> = all.judged.iter().map(|one| (one.id.0, one.uplift, one.weight)).collect();
    let relative = eight().mail.unwrap().conversion.relative.unwrap();
    assert_eq!(judged, [(2, relative, 0.5), (1, relative, 0.5)]);
    near(all.mean.unwrap().estimate, relative.estimate);
    let handful = programme::of([reported(1, eight())], 0);
    assert_eq!((handful.earned, handful.judged.len()), (None, 1), "no amount is made of a handful of buyers");
}

#[test]
fn campaigns_stand_side_by_side_with_what_each_can_say() {
    let both = [reported(1, eight()), reported(2, small_world(5))];
    let table = side_by_side::table(&both);
    let cell = |row: usize, title: &str| table.rows[row][table.place(title).unwrap()].clone();
    assert_eq!((cell(0, "Got mail"), cell(0, "Conversion")), (Cell::Number(4.0), Cell::Number(0.75)));
    assert_eq!(
        (cell(0, "Additional revenue"), cell(1, "Additional revenue")),
        (Cell::Number(40.0), Cell::None)
    );
    assert_eq!(cell(1, "Can it be told from chance?"), Cell::Text("the window is open".into()));
    let laid_out = table.turned("EUR");
    assert_eq!(
        laid_out.heads.iter().map(|(title, _)| title.as_str()).collect::<Vec<_>>(),
        ["Campaign", "c1", "c2"]
    );
    assert_eq!(side_by_side::charts(&both).len(), 3);
    assert_eq!(side_by_side::charts(&[]).len(), 0);
}
