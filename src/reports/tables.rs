//! A report as tables: what the page, the workbook and the files show, made in one place.

use super::attribution::{Attributed, Touch};
use super::report::{Comparison, GroupFigures, Report};
use crate::recommender::uplift::Interval;

/// What a column's numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Text,
    Count,
    /// 0 to 1, shown in per cent.
    Share,
    /// In the report's currency.
    Money,
    /// A pure number, as of standard deviations.
    Number,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Text(String),
    Number(f64),
    /// Not known, or not to be computed.
    None,
}

impl From<Option<f64>> for Cell {
    fn from(value: Option<f64>) -> Self {
        value.filter(|value| value.is_finite()).map_or(Self::None, Self::Number)
    }
}

impl From<u64> for Cell {
    fn from(value: u64) -> Self {
        Self::Number(value as f64)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

pub struct Column {
    pub title: &'static str,
    pub unit: Unit,
}

/// Rows of as many cells as there are columns.
pub struct Table {
    /// In names of files and sheets.
    pub name: &'static str,
    pub title: &'static str,
    /// What it shows, in a sentence.
    pub about: &'static str,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
}

const fn column(title: &'static str, unit: Unit) -> Column {
    Column { title, unit }
}

/// All tables that have rows. `title_of` names a product.
pub fn tables(report: &Report, title_of: impl Fn(&str) -> String) -> Vec<Table> {
    let all = vec![
        groups(report),
        comparisons(report),
        balance(report),
        attribution(report),
        slots(report),
        origins(report),
        products(report, title_of),
        days(report),
    ];
    all.into_iter().filter(|table| !table.rows.is_empty()).collect()
}

fn groups(report: &Report) -> Table {
    let row = |group: &GroupFigures| {
        vec![
            group.group.title().into(),
            group.customers.into(),
            group.buyers.into(),
            Some(group.conversion_rate).into(),
            group.orders.into(),
            Some(group.bought.as_f64()).into(),
            Some(group.refunded.as_f64()).into(),
            Some(group.revenue.as_f64()).into(),
            group.average_order_value.into(),
            Some(group.revenue_per_customer).into(),
            group.hit_rate.into(),
        ]
    };
    Table {
        name: "groups",
        title: "The groups",
        about: "Everybody assigned to a group counts, whether they opened the mail or not.",
        columns: vec![
            column("Group", Unit::Text),
            column("Customers", Unit::Count),
            column("Buyers", Unit::Count),
            column("Conversion", Unit::Share),
            column("Orders", Unit::Count),
            column("Bought", Unit::Money),
            column("Given back", Unit::Money),
            column("Revenue", Unit::Money),
            column("Per order", Unit::Money),
            column("Per customer", Unit::Money),
            column("Bought a pick", Unit::Share),
        ],
        rows: report.groups.iter().map(row).collect(),
    }
}

fn comparisons(report: &Report) -> Table {
    let both = [&report.mail, &report.recommender].into_iter().flatten();
    Table {
        name: "uplift",
        title: "The same question, asked in several ways",
        about: "What each customer of the first group brought more than one of the second, with the interval that holds \
                the true value in 95 of 100 campaigns. Where the ways disagree, believe the widest.",
        columns: vec![
            column("Compared", Unit::Text),
            column("How", Unit::Text),
            column("From", Unit::Number),
            column("Best guess", Unit::Number),
            column("To", Unit::Number),
            column("Note", Unit::Text),
        ],
        rows: both.flat_map(|comparison| ways(comparison, &report.currency)).collect(),
    }
}

fn ways(comparison: &Comparison, currency: &str) -> Vec<Vec<Cell>> {
    let name = format!("{} – {}", comparison.treated.title(), comparison.control.title());
    let row = |how: String, interval: Option<Interval>, note: String| {
        let interval = interval?;
        Some(vec![
            Cell::Text(name.clone()),
            Cell::Text(how),
            Some(interval.low).into(),
            Some(interval.estimate).into(),
            Some(interval.high).into(),
            Cell::Text(note),
        ])
    };
    let none = String::new;
    let percent = |interval: Interval| interval.times(100.0);
    let robust = comparison.robust.as_ref();
    let adjusted = comparison.adjusted.as_ref();
    let cut = robust.map_or_else(none, |robust| {
        format!("{} baskets above {:.2} {currency} count as that", robust.cut, robust.ceiling)
    });
    let saved = adjusted.map_or_else(none, |adjusted| {
        let spread =
            |uplift: &crate::recommender::uplift::MeanUplift| uplift.difference.high - uplift.difference.low;
        let part = 1.0 - (spread(&adjusted.adjusted) / spread(&adjusted.unadjusted)).powi(2);
        format!("what they spent before explains {:.0} % of the spread", (part * 100.0).max(0.0))
    });
    let all = [
        row("Conversion, points".into(), Some(percent(comparison.conversion.difference)), "Newcombe".into()),
        row("Conversion, % of the control's".into(), comparison.conversion.relative.map(percent), none()),
        row(
            format!("Revenue per customer, {currency}"),
            comparison.revenue.map(|revenue| revenue.difference),
            "Welch".into(),
        ),
        row(format!("… large baskets cut, {currency}"), robust.map(|robust| robust.difference), cut),
        row(
            format!("… with what they spent before, {currency}"),
            adjusted.map(|adjusted| adjusted.adjusted.difference),
            saved,
        ),
        row(
            "Revenue per customer, % of the control's".into(),
            comparison.relative_revenue.map(percent),
            none(),
        ),
    ];
    all.into_iter().flatten().collect()
}

fn balance(report: &Report) -> Table {
    let both = [&report.mail, &report.recommender].into_iter().flatten();
    let rows = both.flat_map(|comparison| {
        let name = format!("{} – {}", comparison.treated.title(), comparison.control.title());
        comparison.balance.iter().map(move |balance| {
            let word = if balance.difference.estimate.abs() <= 0.1 { "alike" } else { "not alike" };
            vec![
                Cell::Text(name.clone()),
                balance.what.as_str().into(),
                Some(balance.treated).into(),
                Some(balance.control).into(),
                Some(balance.difference.estimate).into(),
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

fn attribution(report: &Report) -> Table {
    let row = |way: &Attributed| {
        let touch = match way.touch {
            Touch::Delivered => "after the e-mail",
            Touch::Clicked => "after a click",
        };
        let complete = if way.is_complete { "" } else { "not over yet" };
        vec![
            Cell::Text(format!("{} {} {touch}", way.days, if way.days == 1 { "day" } else { "days" })),
            way.buyers.into(),
            way.orders.into(),
            Some(way.revenue.as_f64()).into(),
            Some(way.picked_revenue.as_f64()).into(),
            complete.into(),
        ]
    };
    Table {
        name: "attribution",
        title: "Orders as other tools ascribe them",
        about: "Orders of recipients within so many days, less what was given back. Many would have come without the \
                mail: these numbers are to be laid beside other tools', and are not what the mail earned.",
        columns: vec![
            column("Within", Unit::Text),
            column("Buyers", Unit::Count),
            column("Orders", Unit::Count),
            column("Whole baskets", Unit::Money),
            column("Picked products only", Unit::Money),
            column("Note", Unit::Text),
        ],
        rows: report.attribution.iter().map(row).collect(),
    }
}

fn shown(
    name: &'static str,
    title: &'static str,
    about: &'static str,
    all: &[super::detail::Shown],
) -> Table {
    let row = |one: &super::detail::Shown| {
        vec![one.name.as_str().into(), one.picks.into(), one.bought.into(), one.rate().into()]
    };
    Table {
        name,
        title,
        about,
        columns: vec![
            column("What", Unit::Text),
            column("Picks", Unit::Count),
            column("Bought", Unit::Count),
            column("Share", Unit::Share),
        ],
        rows: all.iter().map(row).collect(),
    }
}

fn slots(report: &Report) -> Table {
    shown(
        "places",
        "Which places sold",
        "Of the picks in each place of the e-mail, those that the customer bought in the window.",
        &report.detail.slots,
    )
}

fn origins(report: &Report) -> Table {
    shown(
        "origins",
        "Which picks sold",
        "By how they were chosen. Customers who get best-sellers are others than those who get personal picks.",
        &report.detail.origins,
    )
}

fn products(report: &Report, title_of: impl Fn(&str) -> String) -> Table {
    let rate = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
    let row = |one: &super::detail::ProductFigures| {
        vec![
            one.product.as_str().into(),
            Cell::Text(title_of(&one.product)),
            one.shown.into(),
            one.bought.into(),
            rate(one.bought, one.shown).into(),
            rate(one.bought_unshown, one.unshown).into(),
        ]
    };
    Table {
        name: "products",
        title: "Which products sold",
        about: "Those shown to most customers: who was shown one and bought it, beside those who got no e-mail. Who is \
                shown a product is no accident, so the difference is a hint, not an effect.",
        columns: vec![
            column("Id", Unit::Text),
            column("Product", Unit::Text),
            column("Shown to", Unit::Count),
            column("Bought by", Unit::Count),
            column("Share", Unit::Share),
            column("Without e-mail", Unit::Share),
        ],
        rows: report.detail.products.iter().map(row).collect(),
    }
}

fn days(report: &Report) -> Table {
    let row = |day: &super::report::Day| {
        vec![Cell::Text(day.date.to_string()), day.mailed.into(), day.holdout.into()]
    };
    Table {
        name: "days",
        title: "Revenue per customer and day",
        about: "Per customer of the group, so that groups of different size can be compared.",
        columns: vec![
            column("Day", Unit::Text),
            column("Got mail", Unit::Money),
            column("Without e-mail", Unit::Money),
        ],
        rows: report.days.iter().map(row).collect(),
    }
}
