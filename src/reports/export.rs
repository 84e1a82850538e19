//! A report as a table of one number per row, and as JSON.

use super::Reported;
use super::report::{Comparison, GroupFigures, Report};
use super::tables::{Cell, Table};
use crate::recommender::uplift::Interval;
use serde_json::{Value, json};

/// One row of the long table. Shares are 0 to 1, amounts in the report's currency.
struct Row {
    metric: &'static str,
    group: String,
    value: String,
    low: String,
    high: String,
    unit: String,
}

/// Columns `metric, group, value, low, high, unit`, each number in a row of its own; `low` and `high` are the 95 %
/// interval where there is one. Numbers are plain decimals with a point.
///
/// # Panics
/// Never: the writer's target is memory.
pub fn csv(reported: &Reported) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let infallible = "invariant: memory takes every row, and all rows have six columns";
    writer.write_record(["metric", "group", "value", "low", "high", "unit"]).expect(infallible);
    for row in rows(reported) {
        let cells = [row.metric, &neutral(&row.group), &neutral(&row.value), &row.low, &row.high, &row.unit];
        writer.write_record(cells).expect(infallible);
    }
    String::from_utf8(writer.into_inner().expect(infallible)).expect("invariant: only text was written")
}

/// The whole report as one object, with the campaign it speaks of.
pub fn json(reported: &Reported) -> Value {
    json!({
        "campaign": reported.id,
        "name": reported.name,
        "window_is_closed": reported.report.window.is_closed(),
        "report": reported.report,
    })
}

/// One table as CSV; numbers are plain decimals with a point.
///
/// # Panics
/// Never: the writer's target is memory.
pub fn table(table: &Table) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let infallible = "invariant: memory takes every row, and all rows have the table's columns";
    writer.write_record(table.columns.iter().map(|column| column.title)).expect(infallible);
    for row in &table.rows {
        let cells = row.iter().map(|cell| match cell {
            Cell::Text(text) => neutral(text),
            Cell::Number(number) => number.to_string(),
            Cell::None => String::new(),
        });
        writer.write_record(cells).expect(infallible);
    }
    String::from_utf8_lossy(&writer.into_inner().expect(infallible)).into_owned()
}

/// A cell that a spreadsheet would take for a formula gets an apostrophe in front; a number stays a number.
fn neutral(cell: &str) -> String {
    let risky = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if risky && cell.parse::<f64>().is_err() { format!("'{cell}") } else { cell.to_owned() }
}

fn rows(reported: &Reported) -> Vec<Row> {
    let report = &reported.report;
    let mut rows = vec![
        said("campaign", reported.name.clone()),
        said("window_from", report.window.from.to_rfc3339()),
        said("window_until", report.window.until.to_rfc3339()),
        said("known_until", report.window.known_until.to_rfc3339()),
        said("verdict", report.verdict.clone()),
    ];
    for figures in &report.groups {
        of_group(figures, &report.currency, &mut rows);
    }
    for comparison in [&report.mail, &report.recommender].into_iter().flatten() {
        of_comparison(comparison, &report.currency, &mut rows);
    }
    of_picks(report, &mut rows);
    for day in &report.days {
        for (group, value) in [("mailed", day.mailed), ("holdout", day.holdout)] {
            if let Some(value) = value {
                let unit = format!("{} on {}", report.currency, day.date);
                rows.push(number("revenue_per_customer_of_day", group, &value, &unit));
            }
        }
    }
    rows
}

fn said(metric: &'static str, value: String) -> Row {
    Row { metric, group: String::new(), value, low: String::new(), high: String::new(), unit: "text".into() }
}

fn number(metric: &'static str, group: &str, value: &impl ToString, unit: &str) -> Row {
    let (low, high) = (String::new(), String::new());
    Row { metric, group: group.into(), value: value.to_string(), low, high, unit: unit.into() }
}

fn between(metric: &'static str, group: &str, interval: Interval, unit: &str) -> Row {
    let row = number(metric, group, &interval.estimate, unit);
    Row { low: interval.low.to_string(), high: interval.high.to_string(), ..row }
}

fn of_group(figures: &GroupFigures, currency: &str, rows: &mut Vec<Row>) {
    let group = figures.group.name();
    rows.extend([
        number("customers", group, &figures.customers, "customers"),
        number("buyers", group, &figures.buyers, "customers"),
        number("conversion_rate", group, &figures.conversion_rate, "share"),
        number("orders", group, &figures.orders, "orders"),
        number("bought", group, &figures.bought, currency),
        number("refunded", group, &figures.refunded, currency),
        number("revenue", group, &figures.revenue, currency),
        number("revenue_per_customer", group, &figures.revenue_per_customer, currency),
    ]);
    rows.extend(
        figures.average_order_value.map(|value| number("average_order_value", group, &value, currency)),
    );
    rows.extend(figures.hit_rate.map(|rate| number("pick_hit_rate", group, &rate, "share")));
}

fn of_comparison(comparison: &Comparison, currency: &str, rows: &mut Vec<Row>) {
    let group = format!("{} vs {}", comparison.treated.name(), comparison.control.name());
    let conversion = &comparison.conversion;
    rows.push(between("conversion_uplift", &group, conversion.difference, "share"));
    rows.extend(conversion.relative.map(|r| between("conversion_uplift_relative", &group, r, "share")));
    rows.extend(conversion.p_value.map(|p| number("conversion_p_value", &group, &p, "probability")));
    rows.push(between("additional_buyers", &group, comparison.additional_buyers, "customers"));
    if let Some(revenue) = &comparison.revenue {
        rows.push(between("revenue_per_customer_uplift", &group, revenue.difference, currency));
        rows.extend(revenue.p_value.map(|p| number("revenue_p_value", &group, &p, "probability")));
    }
    rows.extend(comparison.additional_revenue.map(|r| between("additional_revenue", &group, r, currency)));
}

fn of_picks(report: &Report, rows: &mut Vec<Row>) {
    let (picks, left_out) = (&report.picks, &report.left_out);
    rows.push(number("picks", "picks", &picks.picks, "picks"));
    rows.push(number("distinct_products_picked", "picks", &picks.distinct_products, "products"));
    rows.extend(picks.eligible_products.map(|all| number("eligible_products", "picks", &all, "products")));
    rows.extend(picks.coverage.map(|share| number("coverage", "picks", &share, "share")));
    rows.extend(picks.personal_share.map(|share| number("personal_share", "picks", &share, "share")));
    rows.extend(report.ratio_p_value.map(|p| number("sample_ratio_p_value", "", &p, "probability")));
    for (metric, count) in [
        ("left_out_other_currencies", left_out.other_currencies),
        ("left_out_earlier_refunds", left_out.earlier_refunds),
        ("left_out_guests", left_out.guest_lines),
        ("counted_without_value", left_out.without_value),
    ] {
        rows.push(number(metric, "", &count, "order lines"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_text_and_numbers_stay_numbers() {
        for (cell, shown) in
            [("=1+1", "'=1+1"), ("-5.25", "-5.25"), ("-cmd", "'-cmd"), ("@a", "'@a"), ("Spring", "Spring")]
        {
            assert_eq!(neutral(cell), shown);
        }
    }
}
