//! Campaigns side by side: one table, a column each, and what can be drawn of it.

use super::chart::{Bar, Chart, Estimate, Kind};
use super::formats::{Format, FormatError};
use super::paper::Paper;
use super::report::{Group, Report};
use super::table::{Cell, LaidOut, Table, Unit, column};
use super::{ReportError, Reported, columns, export, pages, pdf, report_of, view, workbook};
use crate::auth::Analyst;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::recommender::uplift::Interval;
use crate::store::StoreError;
use crate::web::{self, Page, Section, Shell, WebError};
use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use askama::Template;
use std::sync::Arc;

const COLUMNS: [(&str, Unit); 22] = [
    ("Campaign", Unit::Text),
    ("First day", Unit::Date),
    ("Days", Unit::Count),
    ("Got mail", Unit::Count),
    ("Buyers", Unit::Count),
    ("Conversion", Unit::Share),
    ("Conversion of the holdout", Unit::Share),
    ("Orders", Unit::Count),
    ("Revenue", Unit::Money),
    ("Per order", Unit::Money),
    ("Per customer", Unit::Money),
    ("Of those with picks, bought one", Unit::Share),
    ("Range of products", Unit::Share),
    ("Personal picks", Unit::Share),
    ("More buyers from", Unit::Change),
    ("More buyers", Unit::Change),
    ("More buyers to", Unit::Change),
    ("Additional buyers", Unit::Count),
    ("Additional revenue from", Unit::Gain),
    ("Additional revenue", Unit::Gain),
    ("Additional revenue to", Unit::Gain),
    ("Can it be told from chance?", Unit::Text),
];

/// One row a campaign, in the order given.
pub fn table(reports: &[Reported]) -> Table {
    Table {
        name: "campaigns",
        title: "Side by side",
        about: "More buyers and additional revenue are against each campaign's own holdout; campaigns without one, or whose \
                window is open, have none.",
        columns: COLUMNS.into_iter().map(|(title, unit)| column(title, unit)).collect(),
        rows: reports.iter().map(row).collect(),
    }
}

fn row(reported: &Reported) -> Vec<Cell> {
    let Reported { name, report, .. } = reported;
    let mailed = report.group(Group::Mailed);
    let count = |count: Option<u64>| count.map_or(Cell::None, Cell::from);
    let mail = report.mail.as_ref();
    let more = mail.and_then(|mail| mail.conversion.relative);
    let money = mail.and_then(|mail| mail.additional_revenue);
    let ends = |interval: Option<Interval>| {
        let part = |part: fn(Interval) -> f64| Cell::from(interval.map(part));
        [part(|i| i.low), part(|i| i.estimate), part(|i| i.high)]
    };
    let zone: chrono_tz::Tz = report.time_zone.parse().unwrap_or(chrono_tz::UTC);
    let [more_low, more_buyers, more_high] = ends(more);
    let [money_low, more_money, money_high] = ends(money);
    vec![
        name.as_str().into(),
        report.window.from.with_timezone(&zone).date_naive().into(),
        (report.window.days(zone).len() as u64).into(),
        count(mailed.map(|group| group.customers)),
        count(mailed.map(|group| group.buyers)),
        mailed.map(|group| group.conversion_rate).into(),
        report.group(Group::Holdout).map(|group| group.conversion_rate).into(),
        count(mailed.map(|group| group.orders)),
        mailed.map(|group| group.revenue.as_f64()).into(),
        mailed.and_then(|group| group.average_order_value).into(),
        mailed.map(|group| group.revenue_per_customer).into(),
        mailed.and_then(|group| group.hit_rate).into(),
        report.picks.coverage.into(),
        report.picks.personal_share.into(),
        more_low,
        more_buyers,
        more_high,
        mail.map(|mail| mail.additional_buyers.estimate).into(),
        money_low,
        more_money,
        money_high,
        told(report).into(),
    ]
}

fn told(report: &Report) -> &'static str {
    match &report.mail {
        _ if !report.window.is_closed() => "the window is open",
        None => "no holdout",
        Some(_) if super::verdict::is_split_broken(report) => "groups of the wrong size",
        Some(mail) if super::verdict::is_handful(report, mail) => "too few buyers",
        Some(mail) if mail.additional_revenue.is_some_and(Interval::excludes_zero) => "yes",
        Some(mail) if mail.conversion.difference.excludes_zero() => "buyers yes, revenue no",
        Some(_) => "no",
    }
}

/// Conversion with and without mail, more buyers, and additional revenue.
pub fn charts(reports: &[Reported]) -> Vec<Chart> {
    let rate = |report: &Report, group| report.group(group).map(|figures| figures.conversion_rate);
    let bar = |one: &Reported| {
        let value = rate(&one.report, Group::Mailed)?;
        Some(Bar { label: one.name.clone(), value, beside: rate(&one.report, Group::Holdout) })
    };
    let forest = |interval: fn(&Report) -> Option<Interval>| {
        let estimate = |one: &Reported| {
            let interval = interval(&one.report)?;
            Some(Estimate { label: one.name.clone(), interval, weight: 0.3, is_mean: false })
        };
        Kind::Forest(reports.iter().filter_map(estimate).collect())
    };
    let chart = |name: &str, title: &str, about, unit, kind| Chart {
        name: name.into(),
        title: title.into(),
        about,
        unit,
        table: "campaigns",
        kind,
    };
    let dots = "The dot is the best guess; the true value lies within the line in 95 of 100 campaigns.";
    let bars = "The upper bar: of those who got mail. The lower one: of the holdout.";
    let all = [
        chart(
            "conversion",
            "How many bought",
            bars,
            Unit::Share,
            Kind::Bars(reports.iter().filter_map(bar).collect()),
        ),
        chart(
            "uplift",
            "How many more bought with the mail",
            dots,
            Unit::Change,
            forest(|report| report.mail.as_ref()?.conversion.relative),
        ),
        chart(
            "earned",
            "What the mail earned",
            dots,
            Unit::Gain,
            forest(|report| report.mail.as_ref()?.additional_revenue),
        ),
    ];
    let is_filled = |chart: &Chart| match &chart.kind {
        Kind::Bars(bars) => !bars.is_empty(),
        Kind::Forest(rows) => !rows.is_empty(),
        _ => true,
    };
    all.into_iter().filter(is_filled).collect()
}

/// The page as a paper to be taken along.
fn paper(installation: &Installation, reports: &[Reported]) -> Result<Paper, StoreError> {
    let table = table(reports);
    let names: Vec<&str> = reports.iter().map(|one| one.name.as_str()).collect();
    let told = reports.iter().map(|one| format!("{}: {}", one.name, one.report.verdict));
    let known_until = reports.iter().map(|one| one.report.window.known_until).max();
    let mut paper = Paper {
        about: names.join(" · "),
        summary: told.collect(),
        known_until: known_until.unwrap_or_else(|| installation.now()),
        ..Paper::of_tables(
            "Campaigns side by side",
            format!("{} campaigns, each against its own holdout.", reports.len()),
            (&installation.shop.name, currency(reports)),
            (vec![table], charts(reports)),
        )
    };
    pages::dress(&mut paper, installation)?;
    Ok(paper)
}

#[derive(Template)]
#[template(path = "reports/compare.html")]
struct Compare {
    shell: Shell,
    table: LaidOut,
    about: &'static str,
    charts: Vec<view::Drawn>,
    /// `campaign=1&campaign=2`
    chosen: String,
    is_empty: bool,
}

type Asked = Query<Vec<(String, String)>>;

/// Each campaign once, in the order asked for.
fn chosen(asked: &Asked) -> Vec<CampaignId> {
    let mut chosen = Vec::new();
    for (_, id) in asked.iter().filter(|(name, _)| name == "campaign") {
        if let Ok(id) = id.parse::<CampaignId>()
            && !chosen.contains(&id)
        {
            chosen.push(id);
        }
    }
    chosen
}

fn reports(installation: &Installation, chosen: &[CampaignId]) -> Result<Vec<Reported>, ReportError> {
    chosen.iter().map(|id| report_of(installation, *id)).collect()
}

/// The one that all reports speak of; empty when they do not agree.
fn currency(reports: &[Reported]) -> &str {
    let first = reports.first().map_or("", |one| one.report.currency.as_str());
    if reports.iter().all(|one| one.report.currency == first) { first } else { "" }
}

/// GET /reports/compare?campaign=1&campaign=2
pub async fn show(Analyst(who): Analyst, asked: Asked, installation: Data<Arc<Installation>>) -> Page {
    let (state, chosen) = (installation.clone(), chosen(&asked));
    let query: Vec<String> = chosen.iter().map(|id| format!("campaign={id}")).collect();
    let shell = Shell::new(&installation, &who, Section::Reports);
    let page = web::blocking(move || {
        let reports = reports(&state, &chosen)?;
        let table = table(&reports);
        let charts = charts(&reports);
        Ok(Compare {
            shell,
            about: table.about,
            table: table.turned(currency(&reports)),
            charts: charts.iter().map(view::drawn).collect(),
            chosen: query.join("&"),
            is_empty: reports.is_empty(),
        })
    })
    .await?;
    web::page(&page)
}

/// The numbers that a chart shows.
fn behind(chart: &str, table: &Table) -> Table {
    table.only(match chart {
        "conversion" => {
            &["Campaign", "First day", "Got mail", "Buyers", "Conversion", "Conversion of the holdout"]
        }
        "uplift" => &["Campaign", "First day", "More buyers from", "More buyers", "More buyers to"],
        _ => &[
            "Campaign",
            "First day",
            "Additional revenue from",
            "Additional revenue",
            "Additional revenue to",
            "Can it be told from chance?",
        ],
    })
}

/// GET /reports/compare/{name}.{ending}?campaign=1&campaign=2: a chart, or its numbers
pub async fn part(
    Analyst(_): Analyst,
    path: Path<(String, String)>,
    asked: Asked,
    installation: Data<Arc<Installation>>,
) -> Page {
    let (state, chosen, (name, ending)) = (installation.clone(), chosen(&asked), path.into_inner());
    let file = format!("campaigns-{name}.{ending}");
    let part = web::blocking(move || {
        let reports = reports(&state, &chosen)?;
        let Some(chart) = charts(&reports).into_iter().find(|chart| chart.name == name) else {
            return Ok(None);
        };
        let numbers = || behind(&name, &table(&reports));
        Ok(Some(match Format::of(&ending) {
            Some(Format::Csv) => (export::csv(&numbers()).into_bytes(), Format::Csv.media_type()),
            Some(Format::Parquet) => {
                (columns::parquet(&numbers()).map_err(FormatError::from)?, Format::Parquet.media_type())
            }
            _ => (view::svg(&chart).into_bytes(), "image/svg+xml"),
        }))
    })
    .await?;
    let (body, kind) = part.ok_or_else(|| {
        WebError::NotFound(
            "These campaigns have no such chart. It may need a closed window and a holdout.".into(),
        )
    })?;
    Ok(pages::attachment(&file, kind, body))
}

/// GET /reports/compare.{ending}?campaign=1&campaign=2
pub async fn download(
    Analyst(_): Analyst,
    ending: Path<String>,
    asked: Asked,
    installation: Data<Arc<Installation>>,
) -> Page {
    let (state, chosen, format) = (installation.clone(), chosen(&asked), Format::of(&ending));
    let body = web::blocking(move || {
        let reports = reports(&state, &chosen)?;
        let table = table(&reports);
        Ok(match format {
            Some(Format::Parquet) => columns::parquet(&table).map_err(FormatError::from)?,
            Some(Format::Pdf) => pdf::pdf(&paper(&state, &reports)?).map_err(FormatError::Pdf)?,
            Some(Format::Xlsx) => workbook::write(&paper(&state, &reports)?).map_err(FormatError::from)?,
            _ => export::csv(&table).into_bytes(),
        })
    })
    .await?;
    let format =
        format.ok_or_else(|| WebError::NotFound("Campaigns are not compared in this form.".into()))?;
    Ok(HttpResponse::Ok()
        .content_type(format.media_type())
        .insert_header(("Content-Disposition", format!("attachment; filename=\"campaigns.{ending}\"")))
        .insert_header(("Cache-Control", "no-store"))
        .body(body))
}
