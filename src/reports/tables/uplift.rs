//! The tables that compare groups: what was earned, the same asked in several ways, whether the groups were alike, and
//! where it was earned.

use super::{comparisons, pair};
use crate::recommender::uplift::Interval;
use crate::reports::report::{Comparison, Report};
use crate::reports::segments::Segment;
use crate::reports::table::{Cell, Table, Unit, column, shown};

/// From, best guess, to.
fn ends(interval: Option<Interval>) -> [Cell; 3] {
    let part = |part: fn(Interval) -> f64| interval.map(part).into();
    [part(|i| i.low), part(|i| i.estimate), part(|i| i.high)]
}

pub fn earned(report: &Report) -> Table {
    let row = |comparison: &Comparison| {
        let people = ends(Some(comparison.additional_buyers));
        let money = ends(comparison.additional_revenue);
        [Cell::Text(pair(comparison))].into_iter().chain(people).chain(money).collect()
    };
    Table {
        name: "earned",
        title: "What was earned",
        about: "The difference per customer times the customers of the first group, with the interval that holds the \
                true value in 95 of 100 campaigns.",
        columns: vec![
            column("Compared", Unit::Text),
            column("Additional buyers from", Unit::Count),
            column("Additional buyers", Unit::Count),
            column("Additional buyers to", Unit::Count),
            column("Additional revenue from", Unit::Gain),
            column("Additional revenue", Unit::Gain),
            column("Additional revenue to", Unit::Gain),
        ],
        rows: comparisons(report).map(row).collect(),
    }
}

/// The same question asked in several ways, in one unit.
fn ways(
    (name, title, about): (&'static str, &'static str, &'static str),
    unit: Unit,
    rows: impl Iterator<Item = Way>,
) -> Table {
    let row = |way: Way| {
        let interval = way.interval?;
        let named = [Cell::Text(way.compared), way.how.into()];
        let note = [Cell::from(way.p_value), way.note.into()];
        Some(named.into_iter().chain(ends(Some(interval))).chain(note).collect())
    };
    Table {
        name,
        title,
        about,
        columns: vec![
            column("Compared", Unit::Text),
            column("How", Unit::Text),
            column("From", unit),
            column("Best guess", unit),
            column("To", unit),
            column("By chance alone", Unit::Share),
            column("Note", Unit::Text),
        ],
        rows: rows.filter_map(row).collect(),
    }
}

struct Way {
    compared: String,
    how: &'static str,
    interval: Option<Interval>,
    p_value: Option<f64>,
    note: String,
}

pub fn buyers(report: &Report) -> Table {
    let ways_of = |comparison: &Comparison| {
        let way = |how, interval, p_value, note: &str| Way {
            compared: pair(comparison),
            how,
            interval,
            p_value,
            note: note.to_owned(),
        };
        let conversion = &comparison.conversion;
        [
            way("Conversion, percentage points", Some(conversion.difference), conversion.p_value, "Newcombe"),
            way("Conversion, part of the control's", conversion.relative, None, "ratio of the two rates"),
            way(
                "Revenue per customer, part of the control's",
                comparison.relative_revenue,
                None,
                "ratio of the two means",
            ),
        ]
    };
    let about = "How much higher the first group's rate is than the second's, with the interval that holds the true \
                 value in 95 of 100 campaigns.";
    ways(("uplift", "How many more bought", about), Unit::Change, comparisons(report).flat_map(ways_of))
}

pub fn spending(report: &Report) -> Table {
    let ways_of = |comparison: &Comparison| {
        let way =
            |how, interval, p_value, note| Way { compared: pair(comparison), how, interval, p_value, note };
        let robust = comparison.robust.as_ref();
        let cut = robust.map(|robust| {
            let ceiling = shown(robust.ceiling, Unit::Money, &report.currency);
            match robust.cut {
                1 => format!("resampled; one basket above {ceiling} counts as that"),
                cut => format!("resampled; {cut} baskets above {ceiling} count as that"),
            }
        });
        let adjusted = comparison.adjusted.as_ref();
        let saved = adjusted.map(|adjusted| {
            let part = (adjusted.variance_saved * 100.0).max(0.0);
            format!("what they spent before explains {part:.0} % of the spread")
        });
        let revenue = comparison.revenue.as_ref();
        [
            way(
                "As it is",
                revenue.map(|r| r.difference),
                revenue.and_then(|r| r.p_value),
                "Welch".to_owned(),
            ),
            way(
                "Few buyers",
                comparison.cautious,
                None,
                "wider: baskets taken for log-normal too; what the verdict goes by".to_owned(),
            ),
            way("Large baskets cut", robust.map(|r| r.difference), None, cut.unwrap_or_default()),
            way(
                "With what they spent before",
                adjusted.map(|a| a.adjusted.difference),
                adjusted.and_then(|a| a.adjusted.p_value),
                saved.unwrap_or_default(),
            ),
        ]
    };
    let about = "What each customer of the first group spent more than one of the second: the same question, asked in \
                 several ways. Where they disagree, believe the widest.";
    ways(
        ("spending", "How much more each customer spent", about),
        Unit::Gain,
        comparisons(report).flat_map(ways_of),
    )
}

pub fn gained(report: &Report) -> Table {
    Table {
        name: "gained",
        title: "What the mail had earned, day by day",
        about: "The difference to the holdout since the first day, times the customers who got the mail. Each day's \
                interval holds the true value in 95 of 100 campaigns; only the last day's is a verdict.",
        columns: vec![
            column("Day", Unit::Date),
            column("From", Unit::Gain),
            column("Best guess", Unit::Gain),
            column("To", Unit::Gain),
        ],
        rows: report
            .gained
            .iter()
            .map(|day| [Cell::Date(day.date)].into_iter().chain(ends(Some(day.difference))).collect())
            .collect(),
    }
}

pub fn balance(report: &Report) -> Table {
    let rows = comparisons(report).flat_map(|comparison| {
        comparison.balance.iter().map(move |balance| {
            let word = if balance.difference.estimate.abs() <= 0.1 { "alike" } else { "not alike" };
            vec![
                Cell::Text(pair(comparison)),
                balance.what.as_str().into(),
                balance.treated.into(),
                balance.control.into(),
                balance.difference.estimate.into(),
                word.into(),
            ]
        })
    });
    Table {
        name: "balance",
        title: "Were the groups alike before?",
        about: "Means of the 90 days before the campaign. Groups are alike when they differ by at most a tenth of a \
                standard deviation.",
        columns: vec![
            column("Compared", Unit::Text),
            column("What", Unit::Text),
            column("First group", Unit::Number),
            column("Second group", Unit::Number),
            column("Difference, standard deviations", Unit::Number),
            column("Verdict", Unit::Text),
        ],
        rows: rows.collect(),
    }
}

pub fn segments(report: &Report) -> Table {
    let expected = report.mail.as_ref().map(|mail| mail.conversion.difference.estimate);
    let row = |segment: &Segment| {
        let word = match (segment.difference, expected) {
            (Some(_), _) if segment.is_small() => "too few to tell",
            (Some(found), Some(expected)) if found.low > expected => "better than expected",
            (Some(found), Some(expected)) if found.high < expected => "worse than expected",
            (Some(_), Some(_)) => "as expected",
            _ => "cannot be told: nobody in a group",
        };
        let named = [
            Cell::from(segment.name.as_str()),
            segment.by.as_str().into(),
            segment.mailed.people.into(),
            segment.holdout.people.into(),
            segment.mailed.rate().into(),
            segment.holdout.rate().into(),
        ];
        let [low, more, high] = ends(segment.money);
        let money =
            [segment.mailed.per_customer().into(), segment.holdout.per_customer().into(), low, more, high];
        let judged = [expected.into(), word.into()];
        named.into_iter().chain(ends(segment.difference)).chain(judged).chain(money).collect()
    };
    Table {
        name: "segments",
        title: "For whom it worked",
        about: "Customers by what they spent in the 90 days before, by when they had bought last, and by what kind of customer \
                they were; each way counts everybody once. Expected is what all of them together show. One segment of twenty \
                stands out by chance alone, so take it as a hint for the next campaign. With fewer than 10 buyers or 30 \
                customers on a side no verdict is given.",
        columns: vec![
            column("Customers who", Unit::Text),
            column("By", Unit::Text),
            column("Got mail", Unit::Count),
            column("Holdout", Unit::Count),
            column("Bought with mail", Unit::Share),
            column("Bought without", Unit::Share),
            column("From", Unit::Change),
            column("Best guess", Unit::Change),
            column("To", Unit::Change),
            column("Expected", Unit::Change),
            column("Verdict", Unit::Text),
            column("Per customer with mail", Unit::Money),
            column("Per customer without", Unit::Money),
            column("More revenue from", Unit::Gain),
            column("More revenue", Unit::Gain),
            column("More revenue to", Unit::Gain),
        ],
        rows: report.segments.iter().map(row).collect(),
    }
}
