//! A report's numbers as people read them: words, rounded amounts, and an interval as a picture.

use super::report::{Comparison, GroupFigures, Report};
use super::tables::{Cell, Table, Unit};
use super::verdict::is_split_broken;
use crate::recommender::uplift::Interval;
use crate::web::{self, decimal, percent, whole};
use chrono_tz::Tz;
use serde_json::json;

/// What both the page and the file that stands alone draw.
pub(super) struct View {
    pub name: String,
    pub verdict: String,
    pub verdict_badge: &'static str,
    pub state: &'static str,
    pub cautions: Vec<String>,
    pub window: String,
    pub known: Option<String>,
    pub headline: Vec<Stat>,
    pub comparisons: Vec<ComparisonView>,
    pub has_holdout: bool,
    pub groups: Vec<GroupRow>,
    pub chart: String,
    pub days: Vec<DayRow>,
    /// What may be said already while the window is open.
    pub early: Option<String>,
    /// Those that the page does not draw in another way.
    pub tables: Vec<TableView>,
}

pub(super) struct TableView {
    pub name: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    /// Titles, and whether the column holds numbers.
    pub columns: Vec<(&'static str, bool)>,
    pub rows: Vec<Vec<String>>,
}

fn table_view(table: &Table, currency: &str) -> TableView {
    let show = |cell: &Cell, unit: Unit| match cell {
        Cell::Text(text) => text.clone(),
        Cell::None => NONE.to_owned(),
        Cell::Number(number) => match unit {
            Unit::Count | Unit::Text => whole(number.round() as i64),
            Unit::Share => percent(*number),
            Unit::Money => format!("{}\u{a0}{currency}", decimal(*number, 2)),
            Unit::Number => signed(*number, 3),
        },
    };
    let row = |cells: &Vec<Cell>| {
        table.columns.iter().zip(cells).map(|(column, cell)| show(cell, column.unit)).collect()
    };
    TableView {
        name: table.name,
        title: table.title,
        about: table.about,
        columns: table.columns.iter().map(|column| (column.title, column.unit != Unit::Text)).collect(),
        rows: table.rows.iter().map(row).collect(),
    }
}

fn early(report: &Report) -> Option<String> {
    let early = report.early.as_ref()?;
    let found = early.conversion.difference;
    let points = |value: f64| signed(value * 100.0, 2);
    let word = if found.excludes_zero() {
        "This is more than chance, and it stays so however often you look"
    } else {
        "It cannot be told from chance yet"
    };
    Some(format!(
        "So far: {} percentage points more buyers with the mail than without ({} to {}). {word}.",
        points(found.estimate),
        points(found.low),
        points(found.high)
    ))
}

pub(super) struct Stat {
    pub label: &'static str,
    pub number: String,
    pub text: String,
}

pub(super) struct ComparisonView {
    pub title: &'static str,
    pub question: &'static str,
    /// Side by side two at a time: amounts, then people.
    pub rows: Vec<Vec<Whisker>>,
}

/// An estimate as a dot with its 95 % interval, on a scale that holds zero. Places are in pixels of a picture that is
/// [`WIDTH`] wide.
pub(super) struct Whisker {
    pub label: &'static str,
    pub estimate: String,
    pub range: String,
    pub note: String,
    pub low_x: String,
    pub dot_x: String,
    pub high_x: String,
    pub zero_x: String,
}

const WIDTH: f64 = 320.0;
const MARGIN: f64 = 12.0;

pub(super) struct GroupRow {
    pub title: &'static str,
    pub customers: String,
    pub buyers: String,
    pub conversion: String,
    pub orders: String,
    pub revenue: String,
    pub refunded: String,
    pub order_value: String,
    pub per_customer: String,
    pub hit_rate: String,
}

pub(super) struct DayRow {
    pub date: String,
    pub mailed: String,
    pub holdout: String,
}

const NONE: &str = "–";

pub(super) fn view(name: &str, report: &Report, tables: &[Table], zone: Tz) -> View {
    let window = &report.window;
    let is_closed = window.is_closed();
    View {
        name: name.to_owned(),
        verdict: report.verdict.clone(),
        verdict_badge: verdict_badge(report),
        state: if is_closed { "window closed" } else { "window open" },
        cautions: report.cautions.clone(),
        window: format!(
            "{} to {}",
            web::date(window.from, zone),
            web::date(window.until - chrono::TimeDelta::microseconds(1), zone)
        ),
        known: (!is_closed).then(|| web::date_time(window.known_until, zone)),
        headline: headline(report),
        comparisons: comparisons(report),
        has_holdout: report.group(super::report::Group::Holdout).is_some(),

        groups: report.groups.iter().map(|figures| group_row(figures, &report.currency)).collect(),
        chart: chart(report),
        days: report.days.iter().map(|day| day_row(day, &report.currency)).collect(),
        early: early(report),
        tables: tables
            .iter()
            .filter(|table| !matches!(table.name, "groups" | "days"))
            .map(|table| table_view(table, &report.currency))
            .collect(),
    }
}

fn verdict_badge(report: &Report) -> &'static str {
    let money = report.mail.as_ref().and_then(|mail| mail.additional_revenue);
    match money {
        _ if is_split_broken(report) => "badge-bad",
        Some(money) if money.low > 0.0 => "badge-ok",
        Some(money) if money.high < 0.0 => "badge-bad",
        _ => "badge-neutral",
    }
}

fn headline(report: &Report) -> Vec<Stat> {
    use super::report::Group;
    let currency = &report.currency;
    let mut stats = Vec::new();
    if let Some(mailed) = report.group(Group::Mailed) {
        let text = format!("{} bought: {}", whole(mailed.buyers), percent(mailed.conversion_rate));
        stats.push(Stat { label: "Got the mail", number: whole(mailed.customers), text });
        let text =
            format!("in {} orders, {} given back", whole(mailed.orders), amount(mailed.refunded, currency));
        stats.push(Stat { label: "They bought for", number: amount(mailed.revenue, currency), text });
        let mut text = format!("{} of {} with picks", whole(mailed.hits), whole(mailed.customers_with_picks));
        if let Some(share) = report.picks.personal_share {
            text = format!("{text}; {} of the picks were personal", percent(share));
        }
        let number = mailed.hit_rate.map_or(NONE.into(), percent);
        stats.push(Stat { label: "Bought one of their picks", number, text });
    }
    let picks = &report.picks;
    if let Some(share) = picks.coverage {
        let all = whole(picks.eligible_products.unwrap_or_default());
        let text = format!("{} of {all} products were picked for somebody", whole(picks.distinct_products));
        stats.push(Stat { label: "Range of products", number: percent(share), text });
    }
    stats
}

fn amount(money: crate::money::Money, currency: &str) -> String {
    web::money(money, currency)
}

fn comparisons(report: &Report) -> Vec<ComparisonView> {
    let view = |title, question, comparison: &Comparison| ComparisonView {
        title,
        question,
        rows: whiskers(comparison, &report.currency),
    };
    let mail = report.mail.as_ref().map(|mail| {
        view("What the mail earned", "Everybody who got mail, beside the holdout who got none.", mail)
    });
    let recommender = report.recommender.as_ref().map(|recommender| {
        view(
            "What the recommender earned",
            "Mail with personal picks, beside the same mail with best-sellers.",
            recommender,
        )
    });
    mail.into_iter().chain(recommender).collect()
}

fn whiskers(comparison: &Comparison, currency: &str) -> Vec<Vec<Whisker>> {
    let with_currency = |places| move |value: f64| format!("{}\u{a0}{currency}", signed(value, places));
    let mut amounts = Vec::new();
    if let Some(money) = comparison.additional_revenue {
        amounts.push(whisker("Additional revenue", money, with_currency(0), String::new()));
    }
    if let Some(revenue) = &comparison.revenue {
        let note = p_note(revenue.p_value);
        amounts.push(whisker("Revenue per customer", revenue.difference, with_currency(2), note));
    }
    let conversion = &comparison.conversion;
    let mut note = p_note(conversion.p_value);
    if let Some(relative) = conversion.relative {
        note = format!("{}\u{a0}% on the control's rate. {note}", signed(relative.estimate * 100.0, 0));
    }
    let points = |value: f64| format!("{} points", signed(value * 100.0, 2));
    let people = vec![
        whisker("Additional buyers", comparison.additional_buyers, |value| signed(value, 0), String::new()),
        whisker("Conversion rate", conversion.difference, points, note),
    ];
    vec![amounts, people]
}

fn p_note(p_value: Option<f64>) -> String {
    match p_value {
        Some(p) if p < 0.001 => {
            "By chance alone, a difference as large would come about less than once in 1\u{202f}000 campaigns.".into()
        }
        Some(p) => format!("By chance alone, a difference as large would come about in {} of campaigns.", percent(p)),
        None => String::new(),
    }
}

/// With its sign and thin spaces: `+1 240`, `−0.35`.
fn signed(value: f64, places: usize) -> String {
    let scale = 10f64.powi(places as i32);
    let rounded = (value * scale).round() / scale;
    let sign = if rounded < 0.0 { "−" } else { "+" };
    let size = rounded.abs();
    let fraction = decimal(size, places);
    let fraction = fraction.split_once('.').map_or(String::new(), |(_, places)| format!(".{places}"));
    format!("{sign}{}{fraction}", whole(size.trunc() as i64))
}

fn whisker(label: &'static str, interval: Interval, show: impl Fn(f64) -> String, note: String) -> Whisker {
    let (low, high) = (interval.low.min(0.0), interval.high.max(0.0));
    let span = if high > low { high - low } else { 1.0 };
    let place = |value: f64| decimal(MARGIN + (value - low) / span * (WIDTH - 2.0 * MARGIN), 1);
    Whisker {
        label,
        estimate: show(interval.estimate),
        range: format!("{} to {}", show(interval.low), show(interval.high)),
        note,
        low_x: place(interval.low),
        dot_x: place(interval.estimate),
        high_x: place(interval.high),
        zero_x: place(0.0),
    }
}

fn group_row(figures: &GroupFigures, currency: &str) -> GroupRow {
    let per = |value: f64| format!("{}\u{a0}{currency}", decimal(value, 2));
    GroupRow {
        title: figures.group.title(),
        customers: whole(figures.customers),
        buyers: whole(figures.buyers),
        conversion: percent(figures.conversion_rate),
        orders: whole(figures.orders),
        revenue: amount(figures.revenue, currency),
        refunded: amount(figures.refunded, currency),
        order_value: figures.average_order_value.map_or(NONE.into(), per),
        per_customer: per(figures.revenue_per_customer),
        hit_rate: figures.hit_rate.map_or(NONE.into(), percent),
    }
}

fn day_row(day: &super::report::Day, currency: &str) -> DayRow {
    let show =
        |value: Option<f64>| value.map_or(NONE.into(), |v| format!("{}\u{a0}{currency}", decimal(v, 3)));
    DayRow {
        date: day.date.format("%a %-d %b %Y").to_string(),
        mailed: show(day.mailed),
        holdout: show(day.holdout),
    }
}

/// As `static/web/chart.js` reads it. Days stand at noon UTC, so that every browser shows the same date.
fn chart(report: &Report) -> String {
    let x: Vec<i64> = report
        .days
        .iter()
        .map(|day| day.date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp() + 43_200)
        .collect();
    let rounded = |value: Option<f64>| value.map(|v| (v * 1e4).round() / 1e4);
    let mut series = Vec::new();
    type Value = fn(&super::report::Day) -> Option<f64>;
    let lines: [(&str, Value); 2] = [("Got mail", |day| day.mailed), ("Holdout, no mail", |day| day.holdout)];
    for (label, value) in lines {
        let values: Vec<Option<f64>> = report.days.iter().map(|day| rounded(value(day))).collect();
        if values.iter().any(Option::is_some) {
            series.push(json!({ "label": label, "values": values }));
        }
    }
    json!({ "x": x, "series": series, "unit": report.currency }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_numbers_are_grouped() {
        assert_eq!(signed(1_240.4, 0), "+1\u{202f}240");
        assert_eq!(signed(-0.354, 2), "−0.35");
        assert_eq!(signed(-0.001, 2), "+0.00");
        assert_eq!(signed(9.999, 2), "+10.00");
    }

    #[test]
    fn an_interval_is_drawn_in_its_frame_with_zero() {
        let interval = Interval { low: 10.0, estimate: 20.0, high: 40.0 };
        let drawn = whisker("x", interval, |v| signed(v, 0), String::new());
        assert_eq!((drawn.zero_x.as_str(), drawn.high_x.as_str()), ("12.0", "308.0"));
        assert_eq!((drawn.low_x.as_str(), drawn.dot_x.as_str()), ("86.0", "160.0"));
    }
}
