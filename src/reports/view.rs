//! A paper as the page and the file that stands alone draw it: laid out tables, charts as SVG, links to take them along.

use super::chart::{Chart, Kind};
use super::definitions::DEFINITIONS;
use super::drawing;
use super::paper::{Paper, Told};
use super::table::{LaidOut, Table};
use serde_json::json;

pub(super) struct View<'a> {
    pub paper: &'a Paper,
    pub sections: Vec<Section>,
    pub definitions: &'static [(&'static str, &'static str)],
    /// Where tables and charts are taken along, `/campaigns/1/report`; empty in a file.
    pub link: String,
    /// Whether its reader may see what a frozen report would say today.
    pub has_changes: bool,
}

/// A table with the charts that show it.
pub(super) struct Section {
    pub name: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    pub charts: Vec<Drawn>,
    pub table: LaidOut,
    /// The charts say enough: the numbers open on demand.
    pub is_folded: bool,
}

pub(super) struct Drawn {
    pub name: String,
    pub title: String,
    pub about: &'static str,
    pub svg: String,
    /// As `static/web/chart.js` reads it; empty for a chart that does not answer to the pointer.
    pub data: String,
}

/// As wide as a card.
const WIDTH: f64 = 640.0;

impl<'a> View<'a> {
    pub fn new(paper: &'a Paper, link: String) -> Self {
        let section = |table: &Table| {
            let charts: Vec<Drawn> =
                paper.charts.iter().filter(|chart| chart.table == table.name).map(drawn).collect();
            Section {
                name: table.name,
                title: table.title,
                about: table.about,
                is_folded: !charts.is_empty() && table.name != "groups",
                charts,
                table: table.laid_out(&paper.currency),
            }
        };
        let sections = paper.tables.iter().map(section).collect();
        Self { sections, definitions: &DEFINITIONS, has_changes: !link.is_empty(), link, paper }
    }

    /// An interval beside zero.
    pub fn whisker(&self, told: &Told) -> String {
        let title = format!("{}: {}, 95 % interval {}", told.label, told.estimate, told.range);
        drawing::whisker(told.interval, 320.0).svg(&title)
    }
}

pub(super) fn svg(chart: &Chart) -> String {
    drawing::draw(chart, WIDTH).svg(&format!("{}. The same numbers stand in the table.", chart.title))
}

pub(super) fn drawn(chart: &Chart) -> Drawn {
    Drawn {
        name: chart.name.clone(),
        title: chart.title.clone(),
        about: chart.about,
        svg: svg(chart),
        data: data(chart),
    }
}

/// Lines without a band answer to the pointer. Days stand at noon UTC, so that every browser shows the same date.
fn data(chart: &Chart) -> String {
    let Kind::Lines { days, lines } = &chart.kind else { return String::new() };
    if lines.iter().any(|line| !line.band.is_empty()) {
        return String::new();
    }
    let noon = |day: &chrono::NaiveDate| day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp() + 43_200;
    let rounded = |value: &Option<f64>| value.map(|v| (v * 1e4).round() / 1e4);
    let series: Vec<_> = lines
        .iter()
        .map(|line| json!({ "label": line.label, "values": line.values.iter().map(rounded).collect::<Vec<_>>() }))
        .collect();
    json!({ "x": days.iter().map(noon).collect::<Vec<_>>(), "series": series }).to_string()
}
