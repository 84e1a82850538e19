//! The tables of what was foretold of picks and what came.

use crate::recommender::uplift::Bin;
use crate::reports::detail::Calibrated;
use crate::reports::report::{Group, Report};
use crate::reports::table::{Cell, Table, Unit, column};
use crate::web::{decimal, whole};

/// Deviations, of a two-sided interval of 95 %.
const SURE: f64 = 1.96;

/// As the tables call a group; both got the same kind of picks, but nobody sent them to the holdout.
fn name(group: Group) -> &'static str {
    match group {
        Group::Holdout => "Holdout, picks not sent",
        _ => "Got the picks",
    }
}

/// What was expected of all of a group's picks.
pub fn expected(report: &Report) -> Table {
    let row = |one: &Calibrated| {
        vec![
            name(one.group).into(),
            one.picks.into(),
            one.expected.round().into(),
            one.bought.into(),
            (one.expected / one.picks as f64).into(),
            one.share.low.into(),
            one.share.estimate.into(),
            one.share.high.into(),
            one.error.into(),
            in_words(one).into(),
        ]
    };
    Table {
        name: "expected",
        title: "What was expected, what came",
        about: "Personal picks: purchases that the model's scores foretold, and those that came. The holdout is the fairer \
                test, since no e-mail changed what it did; who got the picks should buy more than was foretold without \
                an e-mail. Each pick counts for itself, as if one customer's picks had nothing to do with each other.",
        columns: vec![
            column("Group", Unit::Text),
            column("Picks", Unit::Count),
            column("Expected purchases", Unit::Count),
            column("Purchases", Unit::Count),
            column("Expected", Unit::Share),
            column("From", Unit::Share),
            column("Came true", Unit::Share),
            column("To", Unit::Share),
            column("Off on average", Unit::Share),
            column("In words", Unit::Text),
        ],
        rows: report.detail.calibrated.iter().map(row).collect(),
    }
}

fn in_words(one: &Calibrated) -> String {
    let surprise = one.surprise();
    let told = match one.group {
        _ if surprise.abs() < SURE => "as many as expected, give or take chance",
        Group::Holdout if surprise > 0.0 => "more than expected: the model was too careful",
        Group::Holdout => "fewer than expected: the model promised too much",
        _ if surprise > 0.0 => "more than expected without an e-mail",
        _ => "fewer than expected even without an e-mail",
    };
    format!(
        "{} expected, {} came: {told}. A pick's chance was off by {} percentage points on average.",
        whole(one.expected.round() as i64),
        whole(one.bought as i64),
        decimal(one.error * 100.0, 2)
    )
}

/// The same in parts, from picks that were hardly expected to be bought to those that were most.
pub fn calibration(report: &Report) -> Table {
    let part = |at: usize, of: usize| match at {
        _ if of == 1 => "all chances, which are the same".to_owned(),
        0 => "the lowest chances".to_owned(),
        at if at + 1 == of => "the highest chances".to_owned(),
        at => format!("part {} of {of}", at + 1),
    };
    let row = |one: &Calibrated, (at, bin): (usize, &Bin)| -> Vec<Cell> {
        vec![
            part(at, one.bins.len()).into(),
            name(one.group).into(),
            bin.people.into(),
            bin.predicted.into(),
            bin.actual.low.into(),
            bin.actual.estimate.into(),
            bin.actual.high.into(),
        ]
    };
    let rows = |one: &Calibrated| one.bins.iter().enumerate().map(|bin| row(one, bin)).collect::<Vec<_>>();
    Table {
        name: "calibration",
        title: "Do the chances come true?",
        about: "Personal picks by the chance of a purchase that the model gave them before the campaign, in parts of about \
                equally many, and the share of them that was bought, with its 95 % interval. Where the two agree, a score can \
                be read as a chance. It was learnt from the weeks before, when none of these e-mails had been sent.",
        columns: vec![
            column("Picks with", Unit::Text),
            column("Group", Unit::Text),
            column("Picks", Unit::Count),
            column("Expected", Unit::Share),
            column("From", Unit::Share),
            column("Came true", Unit::Share),
            column("To", Unit::Share),
        ],
        rows: report.detail.calibrated.iter().flat_map(rows).collect(),
    }
}
