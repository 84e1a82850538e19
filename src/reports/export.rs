//! A report's numbers one a row, as JSON, and any table as CSV.

use super::report::{Comparison, GroupFigures, Report};
use super::table::{Cell, Table, Unit, column};
use super::{Reported, summary};
use crate::recommender::uplift::Interval;
use serde_json::{Value, json};

/// All numbers, each in a row of its own: columns `metric, group, value, low, high, unit, text`. Shares are 0 to 1, amounts
/// in the report's currency; `low` and `high` are the 95 % interval where there is one. What is said in words stands
/// under `text`.
pub fn long(reported: &Reported) -> Table {
    let report = &reported.report;
    let mut rows = vec![
        said("campaign", reported.name.clone()),
        said("window_from", report.window.from.to_rfc3339()),
        said("window_until", report.window.until.to_rfc3339()),
        said("known_until", report.window.known_until.to_rfc3339()),
        said("verdict", report.verdict.clone()),
    ];
    rows.extend(summary::after_the_verdict(report).into_iter().map(|sentence| said("in_short", sentence)));
    if let Some(frozen) = &reported.frozen {
        rows.push(said("frozen_at", frozen.at.to_rfc3339()));
        rows.push(said("fingerprint", frozen.fingerprint.clone()));
    }
    rows.extend(report.cautions.iter().map(|caution| said("caution", caution.clone())));
    for figures in &report.groups {
        of_group(figures, &report.currency, &mut rows);
    }
    for comparison in [&report.mail, &report.recommender].into_iter().flatten() {
        of_comparison(comparison, &report.currency, &mut rows);
    }
    of_picks(report, &mut rows);
    for day in &report.days {
        for (group, value) in [("mailed", day.mailed), ("holdout", day.holdout)] {
            let unit = format!("{} on {}", report.currency, day.date);
            rows.extend(value.map(|value| number("revenue_per_customer_of_day", group, value, &unit)));
        }
    }
    Table {
        name: "report",
        title: "All numbers",
        about: "Each number in a row of its own, with its 95 % interval where there is one.",
        columns: vec![
            column("metric", Unit::Text),
            column("group", Unit::Text),
            column("value", Unit::Number),
            column("low", Unit::Number),
            column("high", Unit::Number),
            column("unit", Unit::Text),
            column("text", Unit::Text),
        ],
        rows,
    }
}

/// The whole report as one object, with the campaign it speaks of and the tables that people read.
pub fn json(reported: &Reported, tables: &[Table]) -> Value {
    json!({
        "campaign": reported.id,
        "name": reported.name,
        "window_is_closed": reported.report.window.is_closed(),
        "frozen": reported.frozen,
        "summary": summary::sentences(&reported.report),
        "report": reported.report,
        "tables": tables.iter().map(Table::json).collect::<Vec<_>>(),
    })
}

/// One table as CSV; numbers are plain decimals with a point.
///
/// # Panics
/// Never: the writer's target is memory.
pub fn csv(table: &Table) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let infallible = "invariant: memory takes every row, and all rows have the table's columns";
    writer.write_record(table.columns.iter().map(|column| &column.title)).expect(infallible);
    for row in &table.rows {
        let cells = row.iter().map(|cell| match cell {
            Cell::Text(text) => neutral(text),
            Cell::Number(number) => number.to_string(),
            Cell::Date(date) => date.to_string(),
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

type Row = Vec<Cell>;

fn row(metric: &str, group: &str, [value, low, high]: [Cell; 3], unit: &str, text: Cell) -> Row {
    vec![metric.into(), group.into(), value, low, high, unit.into(), text]
}

fn said(metric: &str, text: String) -> Row {
    row(metric, "", [Cell::None, Cell::None, Cell::None], "text", text.into())
}

fn number(metric: &str, group: &str, value: impl Into<Cell>, unit: &str) -> Row {
    row(metric, group, [value.into(), Cell::None, Cell::None], unit, Cell::None)
}

fn between(metric: &str, group: &str, interval: Interval, unit: &str) -> Row {
    let ends = [interval.estimate.into(), interval.low.into(), interval.high.into()];
    row(metric, group, ends, unit, Cell::None)
}

fn of_group(figures: &GroupFigures, currency: &str, rows: &mut Vec<Row>) {
    let group = figures.group.name();
    rows.extend([
        number("customers", group, figures.customers, "customers"),
        number("buyers", group, figures.buyers, "customers"),
        number("conversion_rate", group, figures.conversion_rate, "share"),
        number("orders", group, figures.orders, "orders"),
        number("bought", group, figures.bought.as_f64(), currency),
        number("refunded", group, figures.refunded.as_f64(), currency),
        number("revenue", group, figures.revenue.as_f64(), currency),
        number("revenue_per_customer", group, figures.revenue_per_customer, currency),
        number("customers_with_picks", group, figures.customers_with_picks, "customers"),
        number("customers_who_bought_a_pick", group, figures.hits, "customers"),
    ]);
    rows.extend(
        figures.average_order_value.map(|value| number("average_order_value", group, value, currency)),
    );
    rows.extend(figures.hit_rate.map(|rate| number("pick_hit_rate", group, rate, "share")));
}

fn of_comparison(comparison: &Comparison, currency: &str, rows: &mut Vec<Row>) {
    let group = format!("{} vs {}", comparison.treated.name(), comparison.control.name());
    let conversion = &comparison.conversion;
    rows.push(between("conversion_uplift", &group, conversion.difference, "share"));
    rows.extend(conversion.relative.map(|r| between("conversion_uplift_relative", &group, r, "share")));
    rows.extend(conversion.p_value.map(|p| number("conversion_p_value", &group, p, "probability")));
    rows.push(between("additional_buyers", &group, comparison.additional_buyers, "customers"));
    if let Some(revenue) = &comparison.revenue {
        rows.push(between("revenue_per_customer_uplift", &group, revenue.difference, currency));
        rows.extend(revenue.p_value.map(|p| number("revenue_p_value", &group, p, "probability")));
    }
    let cautious = comparison.cautious;
    rows.extend(cautious.map(|r| between("revenue_per_customer_uplift_few_buyers", &group, r, currency)));
    let relative = comparison.relative_revenue;
    rows.extend(relative.map(|r| between("revenue_per_customer_uplift_relative", &group, r, "share")));
    let robust = comparison.robust.as_ref().map(|robust| robust.difference);
    rows.extend(robust.map(|r| between("revenue_per_customer_uplift_robust", &group, r, currency)));
    let adjusted = comparison.adjusted.as_ref().map(|adjusted| adjusted.adjusted.difference);
    rows.extend(adjusted.map(|r| between("revenue_per_customer_uplift_adjusted", &group, r, currency)));
    rows.extend(comparison.additional_revenue.map(|r| between("additional_revenue", &group, r, currency)));
}

fn of_picks(report: &Report, rows: &mut Vec<Row>) {
    let (picks, left_out) = (&report.picks, &report.left_out);
    rows.push(number("picks", "picks", picks.picks, "picks"));
    rows.push(number("distinct_products_picked", "picks", picks.distinct_products, "products"));
    rows.extend(picks.eligible_products.map(|all| number("eligible_products", "picks", all, "products")));
    rows.extend(picks.coverage.map(|share| number("coverage", "picks", share, "share")));
    rows.extend(picks.personal_share.map(|share| number("personal_share", "picks", share, "share")));
    rows.extend(report.ratio_p_value.map(|p| number("sample_ratio_p_value", "", p, "probability")));
    for (metric, count) in [
        ("left_out_other_currencies", left_out.other_currencies),
        ("converted_other_currencies", left_out.converted),
        ("left_out_earlier_refunds", left_out.earlier_refunds),
        ("left_out_guests", left_out.guest_lines),
        ("counted_without_value", left_out.without_value),
    ] {
        rows.push(number(metric, "", count, "order lines"));
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
