//! The list of reports with what all of them say together, and the calculator.

use super::calculator::{Assumptions, Earnings, earnings};
use super::chart::Kind;
use super::foretelling::{self, Foretold};
use super::programme::{self, Programme};
use super::report::Group;
use super::table::LaidOut;
use super::{report_of, together, view};
use crate::auth::Analyst;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::recommender::uplift::Interval;
use crate::store::campaigns::{self, CampaignState};
use crate::web::{self, Page, Section, Shell, whole};
use actix_web::web::{Data, Query};
use askama::Template;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "reports/list.html")]
struct List {
    shell: Shell,
    campaigns: Vec<Line>,
    /// What the names are looked through for; empty for all.
    sought: String,
    together: Option<Together>,
    learned: Option<Learned>,
}

/// What training foretold, beside what came.
struct Learned {
    sentence: String,
    about: &'static str,
    svg: String,
    table: LaidOut,
}

struct Line {
    id: CampaignId,
    name: String,
    state: &'static str,
    sent: String,
}

/// All campaigns in one picture, with its numbers beside it.
struct Together {
    sentence: String,
    earned: String,
    note: String,
    svg: String,
    rows: Vec<(String, String)>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Sought {
    #[serde(default)]
    q: String,
}

/// GET /reports, of campaigns whose name holds `q`
pub async fn list(
    Analyst(who): Analyst,
    sought: Query<Sought>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let sought = sought.into_inner().q.trim().to_owned();
    let state = installation.get_ref().clone();
    let shell = Shell::new(&installation, &who, Section::Reports);
    let page = web::blocking(move || {
        let all = state.store.read(|conn| campaigns::all(conn, state.shop_id()))?;
        let zone = state.zone();
        let sent =
            |one: &campaigns::Campaign| matches!(one.state, CampaignState::Sent | CampaignState::Closed);
        let line = |one: campaigns::Campaign| Line {
            id: one.id,
            name: one.name,
            state: one.state.name(),
            sent: one.sent_at.map_or(String::new(), |at| web::date(at, zone)),
        };
        let named = |one: &campaigns::Campaign| one.name.to_lowercase().contains(&sought.to_lowercase());
        let campaigns: Vec<Line> = all.into_iter().filter(sent).filter(named).map(line).collect();
        let (reports, left_out) = programme::reports(&state)?;
        let learned = learned(&foretelling::foretold(&state, &reports)?);
        let together = together(&programme::of(reports, left_out), &state.shop.currency);
        Ok(List { shell, campaigns, sought, together, learned })
    })
    .await?;
    web::page(&page)
}

fn learned(all: &[Foretold]) -> Option<Learned> {
    let chart = foretelling::chart(all)?;
    Some(Learned {
        sentence: foretelling::sentence(all)?,
        about: chart.about,
        svg: view::svg(&chart),
        table: foretelling::table(all).laid_out(""),
    })
}

fn together(programme: &Programme, currency: &str) -> Option<Together> {
    let chart = together::chart(programme)?;
    let Kind::Forest(estimates) = &chart.kind else { return None };
    let rows = estimates.iter().map(|one| (one.label.clone(), together::between(one.interval))).collect();
    Some(Together {
        sentence: together::sentence(programme),
        earned: together::earned(programme, currency),
        note: together::note(programme),
        svg: view::svg(&chart),
        rows,
    })
}

#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    recipients: Option<f64>,
    mailings: Option<f64>,
    base_rate: Option<f64>,
    basket: Option<f64>,
    margin: Option<f64>,
    cost: Option<f64>,
    low: Option<f64>,
    uplift: Option<f64>,
    high: Option<f64>,
}

#[derive(Template)]
#[template(path = "reports/calculator.html")]
struct Calculator {
    shell: Shell,
    currency: String,
    fields: Vec<(&'static str, &'static str, String)>,
    results: Vec<(&'static str, String, String)>,
    source: &'static str,
}

/// GET /reports/calculator with what is assumed; what is not said comes from the shop's own campaigns
pub async fn calculator(
    Analyst(who): Analyst,
    asked: Query<Asked>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let state = installation.get_ref().clone();
    let shell = Shell::new(&installation, &who, Section::Reports);
    let page = web::blocking(move || {
        let known = known(&state)?;
        let (of, source) = (assumed(&asked, &known.0), known.1);
        let currency = state.shop.currency.clone();
        Ok(Calculator { shell, fields: fields(&of), results: results(&of, &currency), currency, source })
    })
    .await?;
    web::page(&page)
}

/// From the newest campaigns that can be judged; without any, what is usual.
fn known(installation: &Installation) -> Result<(Assumptions, &'static str), web::WebError> {
    let usual = Assumptions {
        recipients: 10_000.0,
        mailings: 24.0,
        base_rate: 0.02,
        basket: 60.0,
        margin: 0.3,
        uplift: Interval { low: 0.0, estimate: 0.1, high: 0.2 },
        cost: 0.0,
    };
    let programme = programme::programme(installation)?;
    let Some(newest) = programme.judged.first() else {
        return Ok((usual, "There is no campaign to go by yet: these are usual numbers. Put in your own."));
    };
    let report = report_of(installation, newest.id)?.report;
    let (mailed, holdout) = (report.group(Group::Mailed), report.group(Group::Holdout));
    let of = Assumptions {
        recipients: mailed.map_or(usual.recipients, |group| group.customers as f64),
        base_rate: holdout.map_or(usual.base_rate, |group| group.conversion_rate),
        basket: mailed.and_then(|group| group.average_order_value).unwrap_or(usual.basket),
        uplift: programme.mean.unwrap_or(newest.uplift),
        ..usual
    };
    Ok((of, "Recipients, buyers, basket and uplift are those of your own campaigns. Change what you like."))
}

fn assumed(asked: &Asked, known: &Assumptions) -> Assumptions {
    let sane = |value: Option<f64>, known: f64| value.filter(|value| value.is_finite()).unwrap_or(known);
    let share = |value: Option<f64>, known: f64| sane(value.map(|value| value / 100.0), known);
    let ends = [
        share(asked.low, known.uplift.low),
        share(asked.uplift, known.uplift.estimate),
        share(asked.high, known.uplift.high),
    ];
    Assumptions {
        recipients: sane(asked.recipients, known.recipients).max(0.0),
        mailings: sane(asked.mailings, known.mailings).max(0.0),
        base_rate: share(asked.base_rate, known.base_rate).clamp(0.0, 1.0),
        basket: sane(asked.basket, known.basket).max(0.0),
        margin: share(asked.margin, known.margin).clamp(0.0, 1.0),
        cost: sane(asked.cost, known.cost).max(0.0),
        uplift: Interval { low: ends[0].min(ends[1]), estimate: ends[1], high: ends[2].max(ends[1]) },
    }
}

fn fields(of: &Assumptions) -> Vec<(&'static str, &'static str, String)> {
    let number = |value: f64| {
        let text = format!("{value:.2}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    vec![
        ("recipients", "Recipients of a mailing", number(of.recipients)),
        ("mailings", "Mailings in a year", number(of.mailings)),
        ("base_rate", "Of 100 recipients, so many would buy anyway", number(of.base_rate * 100.0)),
        ("basket", "What a basket is worth", number(of.basket)),
        ("margin", "Margin, %", number(of.margin * 100.0)),
        ("cost", "What the mailings cost in a year", number(of.cost)),
        ("low", "More buyers by the mail, %: at least", number(of.uplift.low * 100.0)),
        ("uplift", "More buyers by the mail, %: best guess", number(of.uplift.estimate * 100.0)),
        ("high", "More buyers by the mail, %: at most", number(of.uplift.high * 100.0)),
    ]
}

fn results(of: &Assumptions, currency: &str) -> Vec<(&'static str, String, String)> {
    let Earnings { buyers, revenue, profit } = earnings(of);
    let show = |value: f64, unit: &str| {
        let sign = if value < 0.0 { "−" } else { "" };
        format!("{sign}{}\u{a0}{unit}", whole(value.abs().round() as i64)).trim_end().to_owned()
    };
    let line = |label: &'static str, interval: Interval, unit: &str| {
        let range = format!("{} to {}", show(interval.low, unit), show(interval.high, unit));
        (label, show(interval.estimate, unit), range)
    };
    vec![
        line("Additional buyers in a year", buyers, ""),
        line("Additional revenue in a year", revenue, currency),
        line("Left after cost of goods and mailings", profit, currency),
    ]
}
