//! What all campaigns earned together, in words, as a chart, and as a paper to be taken along.

use super::chart::{Chart, Estimate, Kind};
use super::paper::Paper;
use super::programme::{Judged, Programme};
use super::side_by_side;
use super::table::{Cell, Table, Unit, column};
use super::{ReportError, Reported, foretelling, pages, programme};
use crate::installation::Installation;
use crate::recommender::uplift::Interval;
use crate::web::{self, decimal, whole};

/// In tables and charts.
const NAME: &str = "programme";
const TITLE: &str = "More buyers by the e-mail, by campaign";

/// An end of the interval of which a number says nothing: six times as many buyers.
const SENSELESS: f64 = 5.0;

fn percent(value: f64) -> String {
    let sign = if value < 0.0 { "−" } else { "+" };
    format!("{sign}{}\u{a0}%", decimal((value * 100.0).abs(), 1))
}

pub fn between(interval: Interval) -> String {
    format!("{} ({} to {})", percent(interval.estimate), percent(interval.low), percent(interval.high))
}

/// A line for each campaign and one for all; `None` when none can be judged.
pub fn chart(programme: &Programme) -> Option<Chart> {
    if programme.judged.is_empty() {
        return None;
    }
    let estimate = |one: &Judged| Estimate {
        label: one.name.clone(),
        interval: one.uplift,
        weight: one.weight,
        is_mean: false,
    };
    let mean = programme.mean.map(|interval| Estimate {
        label: "All together".into(),
        interval,
        weight: 1.0,
        is_mean: true,
    });
    Some(Chart {
        name: NAME.into(),
        title: TITLE.into(),
        about: "More buyers with the e-mail than without, in per cent. The larger the dot, the more a campaign weighs.",
        unit: Unit::Change,
        table: NAME,
        kind: Kind::Forest(programme.judged.iter().map(estimate).chain(mean).collect()),
    })
}

fn table(chart: &Chart) -> Table {
    let Kind::Forest(estimates) = &chart.kind else { return empty() };
    let row = |one: &Estimate| {
        let Interval { low, estimate, high } = one.interval;
        let weight = if one.is_mean { Cell::None } else { one.weight.into() };
        vec![one.label.as_str().into(), low.into(), estimate.into(), high.into(), weight]
    };
    Table { rows: estimates.iter().map(row).collect(), ..empty() }
}

fn empty() -> Table {
    Table {
        name: NAME,
        title: TITLE,
        about: "Each campaign against its own holdout, and all of them together (random effects). The weight says how \
                much a campaign counts in it.",
        columns: vec![
            column("Campaign", Unit::Text),
            column("From", Unit::Change),
            column("Best guess", Unit::Change),
            column("To", Unit::Change),
            column("Weight", Unit::Share),
        ],
        rows: Vec::new(),
    }
}

pub fn sentence(programme: &Programme) -> String {
    match programme.mean {
        Some(mean) if mean.excludes_zero() && mean.estimate > 0.0 => format!(
            "Over all campaigns, {} more customers bought with the e-mail than without.",
            between(mean)
        ),
        Some(mean) if mean.excludes_zero() => {
            format!(
                "Over all campaigns, {} fewer customers bought with the e-mail than without.",
                between(mean)
            )
        }
        Some(mean) if mean.high > SENSELESS => {
            "Over all campaigns the effect cannot be told from chance yet: too few customers bought."
                .to_owned()
        }
        Some(mean) => {
            format!("Over all campaigns the effect cannot be told from chance yet: {}.", between(mean))
        }
        None if programme.judged.is_empty() => {
            "No campaign can be judged yet: a campaign needs a holdout, and its last day must be over."
                .to_owned()
        }
        None => "With a second campaign, Handpick tells what all of them earned together.".to_owned(),
    }
}

pub fn earned(programme: &Programme, currency: &str) -> String {
    let money =
        |value: f64| format!("{}{}", if value < 0.0 { "−" } else { "" }, whole(value.abs().round() as i64));
    let told = programme.earned.map(|earned| {
        format!(
            "All of them together brought {} {currency} (95 % sure: {} to {}).",
            money(earned.estimate),
            money(earned.low),
            money(earned.high)
        )
    });
    told.unwrap_or_default()
}

pub fn note(programme: &Programme) -> String {
    let next = programme.next.map(|next| {
        format!(
            "The next campaign will probably lie between {} and {}.",
            percent(next.low),
            percent(next.high)
        )
    });
    let left_out = (programme.left_out > 0).then(|| {
        format!(
            "{} sent campaigns are not in it: without a holdout, still open, or without buyers.",
            programme.left_out
        )
    });
    [next, left_out].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// All campaigns as a paper: what they earned together, and side by side. `reports` come from [`programme::reports`].
pub fn paper(
    installation: &Installation,
    reports: Vec<Reported>,
    left_out: usize,
) -> Result<Paper, ReportError> {
    let side_by_side = side_by_side::table(&reports);
    let mut charts = side_by_side::charts(&reports);
    let foretold = foretelling::foretold(installation, &reports)?;
    let programme = programme::of(reports, left_out);
    let currency = &installation.shop.currency;
    let known_until = installation.now();
    let forest = chart(&programme);
    let mut tables: Vec<Table> = forest.iter().map(table).collect();
    charts.splice(0..0, forest);
    tables.push(side_by_side);
    if let Some(chart) = foretelling::chart(&foretold) {
        tables.push(foretelling::table(&foretold));
        charts.push(chart);
    }
    let summary = [earned(&programme, currency), note(&programme)];
    let mut paper = Paper {
        about: format!("As it was known on {}", web::date(known_until, installation.zone())),
        summary: summary.into_iter().filter(|sentence| !sentence.is_empty()).collect(),
        known_until,
        ..Paper::of_tables(
            "All campaigns together",
            sentence(&programme),
            (&installation.shop.name, currency),
            (tables, charts),
        )
    };
    pages::dress(&mut paper, installation)?;
    Ok(paper)
}
