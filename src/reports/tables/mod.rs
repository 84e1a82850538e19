//! A report as tables: each figure is put into its cell here, and nowhere else.

mod calibration;
mod delivery;
mod picks;
mod uplift;

use super::attribution::{Attributed, Touch};
use super::report::{Comparison, GroupFigures, Report};
use super::table::{Cell, Table, Unit, column};

/// All tables that have rows. `title_of` names a product.
pub fn tables(report: &Report, title_of: impl Fn(&str) -> String) -> Vec<Table> {
    let all = vec![
        groups(report),
        days(report),
        hours(report),
        uplift::gained(report),
        uplift::segments(report),
        picks::products(report, title_of),
        picks::categories(report),
        picks::slots(report),
        picks::origins(report),
        picks::grid(report),
        picks::scores(report),
        calibration::expected(report),
        calibration::calibration(report),
        delivery::delivery(report),
        picks::reach(report),
        uplift::earned(report),
        uplift::buyers(report),
        uplift::spending(report),
        uplift::balance(report),
        report.overlap.table(),
        attribution(report),
        left_out(report),
    ];
    all.into_iter().filter(|table| !table.rows.is_empty()).collect()
}

/// Both comparisons, those that could be made.
fn comparisons(report: &Report) -> impl Iterator<Item = &Comparison> {
    [&report.mail, &report.recommender].into_iter().flatten()
}

/// `All who got mail – Holdout, no mail`.
fn pair(comparison: &Comparison) -> String {
    format!("{} – {}", comparison.treated.title(), comparison.control.title())
}

fn groups(report: &Report) -> Table {
    let row = |group: &GroupFigures| {
        vec![
            group.group.title().into(),
            group.customers.into(),
            group.buyers.into(),
            group.conversion_rate.into(),
            group.orders.into(),
            group.bought.as_f64().into(),
            group.refunded.as_f64().into(),
            group.revenue.as_f64().into(),
            group.average_order_value.into(),
            group.revenue_per_customer.into(),
            group.customers_with_picks.into(),
            group.hits.into(),
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
            column("Had picks", Unit::Count),
            column("Bought a pick", Unit::Count),
            column("Of those with picks", Unit::Share),
        ],
        rows: report.groups.iter().map(row).collect(),
    }
}

fn attribution(report: &Report) -> Table {
    let row = |way: &Attributed| {
        let touch = match way.touch {
            Touch::Delivered => "after the e-mail",
            Touch::Clicked => "after a click",
        };
        let complete = if way.is_complete { "" } else { "not over when this was made" };
        vec![
            Cell::Text(format!("{} {} {touch}", way.days, if way.days == 1 { "day" } else { "days" })),
            way.buyers.into(),
            way.orders.into(),
            way.revenue.as_f64().into(),
            way.picked_revenue.as_f64().into(),
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

fn days(report: &Report) -> Table {
    Table {
        name: "days",
        title: "Revenue per customer and day",
        about: "Per customer of the group, so that groups of different size can be compared. Refunds count on the day \
                they happened.",
        columns: vec![
            column("Day", Unit::Date),
            column("Got mail", Unit::Money),
            column("Holdout, no mail", Unit::Money),
        ],
        rows: report
            .days
            .iter()
            .map(|day| vec![day.date.into(), day.mailed.into(), day.holdout.into()])
            .collect(),
    }
}

fn hours(report: &Report) -> Table {
    let name = |hour: u32| format!("{hour:02}:00 to {:02}:00", hour + 1);
    Table {
        name: "hours",
        title: "When they bought",
        about: "What was paid per customer of the group, by hour of the day, over all days; given back goods are not taken \
                off. It says when to be ready for orders, not when to send.",
        columns: vec![
            column("Hour", Unit::Text),
            column("Got mail", Unit::Money),
            column("Holdout, no mail", Unit::Money),
        ],
        rows: report
            .hours
            .iter()
            .map(|one| vec![name(one.hour).into(), one.mailed.into(), one.holdout.into()])
            .collect(),
    }
}

fn left_out(report: &Report) -> Table {
    let left = &report.left_out;
    let rows = [
        (
            "In another currency",
            left.other_currencies,
            "not counted: no exchange rate is known for their day, and Handpick does not guess one",
        ),
        ("In another currency", left.converted, "counted, at the exchange rate of their order's day"),
        ("By guests", left.guest_lines, "not counted: they belong to no group"),
        (
            "Refunds of earlier purchases",
            left.earlier_refunds,
            "not counted: what they give back was paid before",
        ),
        ("Without an amount", left.without_value, "counted as orders, with an amount of zero"),
    ];
    Table {
        name: "left-out",
        title: "What is not in the figures",
        about: "Order lines within the window that could not be counted in full.",
        columns: vec![
            column("Order lines", Unit::Text),
            column("How many", Unit::Count),
            column("What became of them", Unit::Text),
        ],
        rows: rows
            .into_iter()
            .filter(|(_, count, _)| *count > 0)
            .map(|(what, count, note)| vec![what.into(), count.into(), note.into()])
            .collect(),
    }
}
