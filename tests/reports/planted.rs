//! An effect that was planted in a synthetic shop is found again.

use super::figures::{event, question};
use handpick::picker::plan::{Arm, Controls};
use handpick::records::EventKind;
use handpick::reports::kpi::Tally;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

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
