//! A report as it is read: words, rounded amounts, tables and charts. The page, the file that stands alone and the PDF put
//! down the same paper.

use super::Reported;
use super::chart::{Chart, charts};
use super::drawing::Ink;
use super::report::{Comparison, Group, Report};
use super::summary;
use super::table::{NONE, Table, signed};
use super::verdict::{is_handful, is_split_broken};
use crate::money::Money;
use crate::recommender::uplift::Interval;
use crate::web::{self, percent, whole};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

pub struct Paper {
    /// The shop's colour, as dark as it must be to be read on white.
    pub accent: [u8; 3],
    /// The shop's logo, as JPEG.
    pub logo: Option<Vec<u8>>,
    pub name: String,
    pub shop: String,
    pub currency: String,
    pub verdict: String,
    pub verdict_badge: &'static str,
    pub state: &'static str,
    pub cautions: Vec<String>,
    /// `Purchases from … to …`
    pub about: String,
    /// What else a manager should know, after the verdict.
    pub summary: Vec<String>,
    /// What it was made from, for whoever checks it.
    pub facts: Vec<(&'static str, String)>,
    /// Up to when the outcome was known when it was made.
    pub known_until: DateTime<Utc>,
    /// Up to when the outcome is known, while the window is open.
    pub known: Option<String>,
    /// Since when it stays as it is, and the beginning of its fingerprint.
    pub frozen: Option<String>,
    /// What may be said already while the window is open.
    pub early: Option<String>,
    pub headline: Vec<Stat>,
    pub comparisons: Vec<Compared>,
    pub has_holdout: bool,
    pub tables: Vec<Table>,
    pub charts: Vec<Chart>,
}

pub struct Stat {
    pub label: &'static str,
    pub number: String,
    pub text: String,
}

pub struct Compared {
    pub title: &'static str,
    pub question: &'static str,
    /// Side by side two at a time: amounts, then people.
    pub rows: Vec<Vec<Told>>,
}

/// An estimate with its 95 % interval, in words and to be drawn.
pub struct Told {
    pub label: &'static str,
    pub estimate: String,
    pub range: String,
    pub note: String,
    pub interval: Interval,
}

pub fn paper(found: &Reported, tables: Vec<Table>, shop: &str, zone: Tz) -> Paper {
    let report = &found.report;
    let window = &report.window;
    let is_closed = window.is_closed();
    Paper {
        accent: Ink::First.rgb(),
        logo: None,
        name: found.name.clone(),
        shop: shop.to_owned(),
        currency: report.currency.clone(),
        verdict: report.verdict.clone(),
        verdict_badge: verdict_badge(report),
        state: if is_closed { "window closed" } else { "window open" },
        cautions: report.cautions.clone(),
        about: format!(
            "Purchases from {} to {}",
            web::date(window.from, zone),
            web::date(window.until - chrono::TimeDelta::microseconds(1), zone)
        ),
        summary: summary::after_the_verdict(report),
        facts: facts(found),
        known_until: window.known_until,
        known: (!is_closed).then(|| web::date_time(window.known_until, zone)),
        frozen: found.frozen.as_ref().map(|frozen| {
            let digits = frozen.fingerprint.get(..12).unwrap_or_default();
            format!("frozen on {}, fingerprint {digits}", web::date_time(frozen.at, zone))
        }),
        early: early(report),
        headline: headline(report),
        comparisons: comparisons(report),
        has_holdout: report.group(Group::Holdout).is_some(),
        charts: charts(&tables),
        tables,
    }
}

impl Paper {
    /// Tables and charts of more than one campaign, under one sentence.
    pub fn of_tables(
        name: &str,
        verdict: String,
        (shop, currency): (&str, &str),
        (tables, charts): (Vec<Table>, Vec<Chart>),
    ) -> Self {
        Self {
            accent: Ink::First.rgb(),
            logo: None,
            name: name.to_owned(),
            shop: shop.to_owned(),
            currency: currency.to_owned(),
            verdict,
            verdict_badge: "badge-neutral",
            state: "",
            cautions: Vec::new(),
            about: String::new(),
            summary: Vec::new(),
            facts: vec![("Currency", currency.to_owned())],
            known_until: DateTime::UNIX_EPOCH,
            known: None,
            frozen: None,
            early: None,
            headline: Vec::new(),
            comparisons: Vec::new(),
            has_holdout: true,
            tables,
            charts,
        }
    }
}

fn facts(found: &Reported) -> Vec<(&'static str, String)> {
    let report = &found.report;
    vec![
        ("Campaign", found.name.clone()),
        ("Purchases from", report.window.from.to_rfc3339()),
        ("until", report.window.until.to_rfc3339()),
        ("Known up to", report.window.known_until.to_rfc3339()),
        ("Currency", report.currency.clone()),
        ("Time zone", report.time_zone.clone()),
    ]
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

fn verdict_badge(report: &Report) -> &'static str {
    let told = report.mail.as_ref().filter(|mail| !is_handful(report, mail));
    let money = told.and_then(|mail| mail.additional_revenue);
    match money {
        _ if is_split_broken(report) => "badge-bad",
        Some(money) if money.low > 0.0 => "badge-ok",
        Some(money) if money.high < 0.0 => "badge-bad",
        _ => "badge-neutral",
    }
}

fn headline(report: &Report) -> Vec<Stat> {
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

fn amount(money: Money, currency: &str) -> String {
    web::money(money, currency)
}

fn comparisons(report: &Report) -> Vec<Compared> {
    let view = |title, question, comparison: &Comparison| Compared {
        title,
        question,
        rows: told(comparison, &report.currency),
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

fn told(comparison: &Comparison, currency: &str) -> Vec<Vec<Told>> {
    let with_currency = |places| move |value: f64| format!("{}\u{a0}{currency}", signed(value, places));
    let mut amounts = Vec::new();
    if let Some(money) = comparison.additional_revenue {
        amounts.push(one("Additional revenue", money, with_currency(0), String::new()));
    }
    if let Some(revenue) = comparison.per_customer() {
        let note = match comparison.cautious {
            Some(_) => "Few bought, so the line is wider than usual.".to_owned(),
            None => p_note(comparison.revenue.and_then(|revenue| revenue.p_value)),
        };
        amounts.push(one("Revenue per customer", revenue, with_currency(2), note));
    }
    let conversion = &comparison.conversion;
    let mut note = p_note(conversion.p_value);
    if let Some(relative) = conversion.relative {
        note = format!("{}\u{a0}% on the control's rate. {note}", signed(relative.estimate * 100.0, 0));
    }
    let points = |value: f64| format!("{} points", signed(value * 100.0, 2));
    let people = vec![
        one("Additional buyers", comparison.additional_buyers, |value| signed(value, 0), String::new()),
        one("Conversion rate", conversion.difference, points, note),
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

fn one(label: &'static str, interval: Interval, show: impl Fn(f64) -> String, note: String) -> Told {
    let range = format!("{} to {}", show(interval.low), show(interval.high));
    Told { label, estimate: show(interval.estimate), range, note, interval }
}
