//! What of a report is drawn. Every chart takes its numbers from a table, which is also what readers get who cannot see it.

use super::table::{Cell, Table, Unit};
use crate::recommender::uplift::Interval;
use chrono::NaiveDate;

#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// In names of files.
    pub name: String,
    pub title: String,
    /// What to look for, in a sentence.
    pub about: &'static str,
    /// What its numbers are.
    pub unit: Unit,
    /// The table that holds them.
    pub table: &'static str,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Lines { days: Vec<NaiveDate>, lines: Vec<Line> },
    Bars(Vec<Bar>),
    Forest(Vec<Estimate>),
    Funnel(Vec<Step>),
    Heat(Heat),
    Calibration(Vec<Foretold>),
}

/// One value a day; a gap where there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub label: String,
    pub values: Vec<Option<f64>>,
    /// From and to, a pair a day; empty for a line without a band.
    pub band: Vec<(f64, f64)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    pub label: String,
    pub value: f64,
    /// What it is to be compared with.
    pub beside: Option<f64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    pub label: String,
    pub interval: Interval,
    /// Of all, 0 to 1: how large the dot is.
    pub weight: f64,
    /// Drawn as a diamond: what all of them say together.
    pub is_mean: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub label: String,
    pub count: u64,
}

/// What was expected of a group, part by part, and what came.
#[derive(Debug, Clone, PartialEq)]
pub struct Foretold {
    pub label: String,
    pub parts: Vec<(f64, Interval)>,
}

/// One value for each row and column; `None` where there is nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Heat {
    pub rows: Vec<String>,
    pub columns: Vec<String>,
    pub values: Vec<Vec<Option<f64>>>,
}

/// Products whose bars are drawn.
const PRODUCTS: usize = 12;

/// The charts that the tables can fill, in the order in which they are looked at.
pub fn charts(tables: &[Table]) -> Vec<Chart> {
    let find = |name: &str| tables.iter().find(|table| table.name == name);
    let mut charts: Vec<Chart> = Vec::new();
    charts.extend(find("groups").and_then(|groups| funnel(groups, find("delivery"))));
    charts.extend(find("days").map(days));
    charts.extend(find("hours").map(hours));
    charts.extend(find("gained").map(gained));
    charts.extend(find("spending").into_iter().flat_map(spending));
    let about = "How many more bought with the mail than without, by what customers had done before.";
    charts.extend(find("segments").map(|table| forest(table, "Customers who", Unit::Change, about)));
    charts.extend(
        find("places")
            .map(|table| shares(table, None, "How often a pick was bought, by its place in the e-mail.")),
    );
    charts.extend(
        find("origins")
            .map(|table| shares(table, None, "How often a pick was bought, by how it was chosen.")),
    );
    charts.extend(find("places-origins").map(heat));
    let about =
        "The share of these picks that was bought; the true one lies within the line in 95 of 100 campaigns.";
    charts.extend(find("scores").map(|table| forest(table, "Picks with", Unit::Share, about)));
    charts.extend(find("calibration").map(calibration));
    let beside = "The upper bar: of those who were shown it. The lower one: of those who got no e-mail.";
    let about = "How often a pick was bought, by its product's category.";
    charts.extend(find("categories").map(|table| shares(table, None, about)));
    charts.extend(find("products").map(|table| shares(table, Some("Without e-mail"), beside)));
    charts
}

/// A column's numbers.
fn numbers<'a>(table: &'a Table, title: &str) -> impl Iterator<Item = Option<f64>> + 'a {
    let place = table.place(title);
    table.rows.iter().map(move |row| match place.map(|place| &row[place]) {
        Some(Cell::Number(number)) => Some(*number),
        _ => None,
    })
}

fn texts<'a>(table: &'a Table, title: &str) -> impl Iterator<Item = String> + 'a {
    let place = table.place(title);
    table.rows.iter().map(move |row| match place.map(|place| &row[place]) {
        Some(Cell::Text(text)) => text.clone(),
        _ => String::new(),
    })
}

fn dates(table: &Table) -> Vec<NaiveDate> {
    let date = |row: &Vec<Cell>| match row.first() {
        Some(Cell::Date(date)) => Some(*date),
        _ => None,
    };
    table.rows.iter().filter_map(date).collect()
}

/// From, best guess, to; rows without them are left out.
fn estimates(table: &Table, label: &str) -> Vec<(usize, Estimate)> {
    let ends = [numbers(table, "From"), numbers(table, "Best guess"), numbers(table, "To")];
    let [low, estimate, high] = ends.map(Iterator::collect::<Vec<_>>);
    let row = |(at, label): (usize, String)| {
        let interval = Interval { low: low[at]?, estimate: estimate[at]?, high: high[at]? };
        Some((at, Estimate { label, interval, weight: 0.3, is_mean: false }))
    };
    texts(table, label).enumerate().filter_map(row).collect()
}

fn funnel(groups: &Table, delivery: Option<&Table>) -> Option<Chart> {
    if texts(groups, "Group").next()? != super::report::Group::Mailed.title() {
        return None;
    }
    let whole = |number: Option<f64>| number.map(|number| number as u64);
    let of_group = |title: &str| whole(numbers(groups, title).next().flatten());
    let of_mail = |what: &str| {
        let mut rows = texts(delivery?, "What").zip(numbers(delivery?, "How many"));
        whole(rows.find(|(row, _)| row == what)?.1)
    };
    let steps = [
        ("To get the mail", of_group("Customers")),
        ("Sent", of_mail("Sent")),
        ("Opened", of_mail("Opened")),
        ("Clicked", of_mail("Clicked")),
        ("Bought", of_group("Buyers")),
        ("Bought a pick", of_group("Bought a pick")),
    ];
    let step = |(label, count): (&str, Option<u64>)| Some(Step { label: label.to_owned(), count: count? });
    Some(Chart {
        name: "funnel".into(),
        title: "From the mail to the purchase".into(),
        about: "Of all who were to get mail. Buyers need not have opened it, and some would have bought without it.",
        unit: Unit::Count,
        table: "groups",
        kind: Kind::Funnel(steps.into_iter().filter_map(step).collect()),
    })
}

fn days(table: &Table) -> Chart {
    let line = |title: &str| Line {
        label: title.to_owned(),
        values: numbers(table, title).collect(),
        band: Vec::new(),
    };
    let lines = ["Got mail", "Holdout, no mail"].map(line);
    Chart {
        name: "days".into(),
        title: table.title.into(),
        about: table.about,
        unit: Unit::Money,
        table: "days",
        kind: Kind::Lines {
            days: dates(table),
            lines: lines.into_iter().filter(|line| line.values.iter().any(Option::is_some)).collect(),
        },
    }
}

fn hours(table: &Table) -> Chart {
    let bar = |((label, value), beside): ((String, Option<f64>), Option<f64>)| {
        Some(Bar { label, value: value?, beside })
    };
    let rows = texts(table, "Hour").zip(numbers(table, "Got mail")).zip(numbers(table, "Holdout, no mail"));
    Chart {
        name: "hours".into(),
        title: table.title.into(),
        about: "The upper bar: what those who got mail paid, per customer. The lower one: the holdout.",
        unit: Unit::Money,
        table: "hours",
        kind: Kind::Bars(rows.filter_map(bar).collect()),
    }
}

fn gained(table: &Table) -> Chart {
    let ends = numbers(table, "From").zip(numbers(table, "To"));
    let line = Line {
        label: "Earned so far".into(),
        values: numbers(table, "Best guess").collect(),
        band: ends.map(|(low, high)| (low.unwrap_or_default(), high.unwrap_or_default())).collect(),
    };
    Chart {
        name: "gained".into(),
        title: table.title.into(),
        about: "The shaded band holds the true value in 95 of 100 campaigns. Where it leaves zero behind, the mail earned \
                something that chance does not explain.",
        unit: Unit::Gain,
        table: "gained",
        kind: Kind::Lines { days: dates(table), lines: vec![line] },
    }
}

/// One for each comparison.
fn spending(table: &Table) -> Vec<Chart> {
    let all = estimates(table, "How");
    let compared: Vec<String> = texts(table, "Compared").collect();
    let mut pairs = compared.clone();
    pairs.dedup();
    let chart = |(at, pair): (usize, &String)| Chart {
        name: if at == 0 { "spending".into() } else { format!("spending-{}", at + 1) },
        title: format!("{}: {pair}", table.title),
        about: "The dot is the best guess; the true value lies within the line in 95 of 100 campaigns.",
        unit: Unit::Gain,
        table: "spending",
        kind: Kind::Forest(
            all.iter()
                .filter(|(row, _)| &compared[*row] == pair)
                .map(|(_, estimate)| estimate.clone())
                .collect(),
        ),
    };
    pairs.iter().enumerate().map(chart).collect()
}

fn forest(table: &Table, label: &str, unit: Unit, about: &'static str) -> Chart {
    Chart {
        name: table.name.into(),
        title: table.title.into(),
        about,
        unit,
        table: table.name,
        kind: Kind::Forest(estimates(table, label).into_iter().map(|(_, one)| one).collect()),
    }
}

fn calibration(table: &Table) -> Chart {
    let ends = [numbers(table, "From"), numbers(table, "Came true"), numbers(table, "To")];
    let [low, came, high] = ends.map(Iterator::collect::<Vec<_>>);
    let mut groups: Vec<Foretold> = Vec::new();
    for (at, (label, expected)) in texts(table, "Group").zip(numbers(table, "Expected")).enumerate() {
        let (Some(expected), Some(low), Some(estimate), Some(high)) = (expected, low[at], came[at], high[at])
        else {
            continue;
        };
        if groups.last().is_none_or(|group| group.label != label) {
            groups.push(Foretold { label, parts: Vec::new() });
        }
        if let Some(group) = groups.last_mut() {
            group.parts.push((expected, Interval { low, estimate, high }));
        }
    }
    Chart {
        name: table.name.into(),
        title: table.title.into(),
        about: "On the dashed line it came exactly as expected; above it more was bought, below it less. The upright lines hold \
                the true share in 95 of 100 campaigns.",
        unit: Unit::Share,
        table: "calibration",
        kind: Kind::Calibration(groups),
    }
}

fn shares(table: &Table, beside: Option<&str>, about: &'static str) -> Chart {
    let first = table.columns.first().map_or("", |column| &column.title);
    let beside: Vec<Option<f64>> = match beside {
        Some(title) => numbers(table, title).collect(),
        None => vec![None; table.rows.len()],
    };
    let bar = |((label, value), beside): ((String, Option<f64>), Option<f64>)| {
        Some(Bar { label, value: value?, beside })
    };
    Chart {
        name: table.name.into(),
        title: table.title.into(),
        about,
        unit: Unit::Share,
        table: table.name,
        kind: Kind::Bars(
            texts(table, first)
                .zip(numbers(table, "Share"))
                .zip(beside)
                .filter_map(bar)
                .take(PRODUCTS)
                .collect(),
        ),
    }
}

fn heat(table: &Table) -> Chart {
    let mut heat = Heat { rows: Vec::new(), columns: Vec::new(), values: Vec::new() };
    for ((place, origin), share) in
        texts(table, "Place").zip(texts(table, "Chosen")).zip(numbers(table, "Share"))
    {
        let row = known(&mut heat.rows, place);
        let column = known(&mut heat.columns, origin);
        heat.values.resize(heat.rows.len(), Vec::new());
        let values = &mut heat.values[row];
        values.resize(values.len().max(column + 1), None);
        values[column] = share;
    }
    heat.values.iter_mut().for_each(|row| row.resize(heat.columns.len(), None));
    Chart {
        name: table.name.into(),
        title: table.title.into(),
        about: "The stronger the colour, the more of these picks were bought.",
        unit: Unit::Share,
        table: "places-origins",
        kind: Kind::Heat(heat),
    }
}

/// Where `name` stands; at the end when it is new.
fn known(names: &mut Vec<String>, name: String) -> usize {
    names.iter().position(|known| *known == name).unwrap_or_else(|| {
        names.push(name);
        names.len() - 1
    })
}
