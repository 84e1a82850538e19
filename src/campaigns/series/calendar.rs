//! A month of campaigns: those with their dates, those that are due again, and whom several of them reach.

use super::{Cause, Rhythm, rhythm};
use crate::auth::Analyst;
use crate::campaigns::views::{badge, state_name};
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::picker::picks_file;
use crate::picker::plan::{Arm, Plan};
use crate::store::campaigns::{self, Campaign};
use crate::store::series;
use crate::web::{self, Page, Section, Shell, WebError};
use actix_web::web::{Data, Query};
use askama::Template;
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeZone, Utc};
use serde::Deserialize;
use std::collections::HashSet;
use std::sync::Arc;
use twox_hash::XxHash3_64;

/// A campaign without a last day stands in the calendar for so long.
const DEFAULT_DAYS: u64 = 1;
/// Times that a pattern is due in a month.
const MOST_DUE: usize = 31;

#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    /// `2026-11`
    #[serde(default)]
    month: String,
}

#[derive(Template)]
#[template(path = "series/calendar.html")]
struct Calendar {
    shell: Shell,
    title: String,
    before: String,
    after: String,
    weeks: Vec<Vec<Day>>,
    overlaps: Vec<Overlap>,
}

struct Day {
    number: u32,
    label: String,
    is_outside: bool,
    is_today: bool,
    entries: Vec<Entry>,
}

#[derive(Clone)]
struct Entry {
    id: CampaignId,
    name: String,
    badge: &'static str,
    state: String,
}

/// Two campaigns of the month that reach the same people.
struct Overlap {
    first: Entry,
    second: Entry,
    both: String,
    share: String,
}

struct Spread {
    entry: Entry,
    from: NaiveDate,
    to: NaiveDate,
    folder: Option<std::path::PathBuf>,
}

/// GET /campaigns/calendar?month=2026-11
pub async fn show(Analyst(who): Analyst, asked: Query<Asked>, installation: Data<Arc<Installation>>) -> Page {
    let installation = installation.get_ref().clone();
    let page = web::blocking(move || {
        let shell = Shell::new(&installation, &who, Section::Campaigns);
        month(&installation, shell, &asked.month)
    })
    .await?;
    web::page(&page)
}

fn month(installation: &Installation, shell: Shell, asked: &str) -> Result<Calendar, WebError> {
    let zone = installation.zone();
    let today = installation.now().with_timezone(&zone).date_naive();
    let first = format!("{asked}-01").parse().ok().or(today.with_day(1)).unwrap_or(today);
    let next = first.checked_add_months(Months::new(1)).unwrap_or(first);
    let previous = first.checked_sub_months(Months::new(1)).unwrap_or(first);
    let shop = installation.shop_id();
    let (all, repeated) =
        installation.store.read(|conn| Ok((campaigns::all(conn, shop)?, series::all(conn, shop)?)))?;
    let spread = |campaign: &Campaign| spread(installation, campaign);
    let mut spreads: Vec<Spread> =
        all.iter().filter_map(spread).filter(|one| one.from < next && one.to >= first).collect();
    spreads.sort_by_key(|one| (one.from, one.entry.id));
    let mut due = Vec::new();
    for one in repeated.iter().filter(|one| one.is_on) {
        let Some(pattern) = all.iter().find(|campaign| campaign.id == one.pattern) else { continue };
        let start = midnight(first, zone).max(installation.now());
        let times = std::iter::successors(rhythm::next(&one.cron, zone, start), |at| {
            rhythm::next(&one.cron, zone, *at)
        });
        let cause: Cause = one.cause()?;
        let when = Rhythm::of(&one.cron).map_or_else(|| one.cron.clone(), |rhythm| rhythm.in_words());
        let entry = Entry {
            id: one.pattern,
            name: pattern.name.clone(),
            badge: "badge-run",
            state: format!("repeats {when}, for {}", cause.in_words()),
        };
        let days = times.take(MOST_DUE).map(|at| at.with_timezone(&zone).date_naive());
        due.extend(days.take_while(|day| *day < next).map(|day| (day, entry.clone())));
    }
    Ok(Calendar {
        shell,
        title: first.format("%B %Y").to_string(),
        before: previous.format("%Y-%m").to_string(),
        after: next.format("%Y-%m").to_string(),
        weeks: weeks(first, today, &spreads, &due),
        overlaps: overlaps(&spreads)?,
    })
}

fn midnight(day: NaiveDate, zone: chrono_tz::Tz) -> DateTime<Utc> {
    let local = day.and_time(NaiveTime::MIN);
    zone.from_local_datetime(&local).earliest().map_or(local.and_utc(), |at| at.with_timezone(&Utc))
}

fn spread(installation: &Installation, campaign: &Campaign) -> Option<Spread> {
    let plan: Plan = campaign.plan().ok()?;
    let sent = campaign.sent_at.map(|at| at.with_timezone(&installation.zone()).date_naive());
    let from = plan.starts_on.or(sent)?;
    let to = plan.ends_on.or(from.checked_add_days(Days::new(DEFAULT_DAYS - 1)))?;
    let generation = campaign.generation.as_ref();
    Some(Spread {
        entry: Entry {
            id: campaign.id,
            name: campaign.name.clone(),
            badge: badge(campaign.state),
            state: state_name(campaign.state).to_owned(),
        },
        from,
        to,
        folder: generation
            .map(|name| installation.folder.campaign(installation.shop_id(), campaign.id).join(name)),
    })
}

/// Whole weeks from Monday on.
fn weeks(
    first: NaiveDate,
    today: NaiveDate,
    spreads: &[Spread],
    due: &[(NaiveDate, Entry)],
) -> Vec<Vec<Day>> {
    let monday = first - Days::new(u64::from(first.weekday().num_days_from_monday()));
    let day = |date: NaiveDate| {
        let planned = spreads.iter().filter(|one| one.from <= date && date <= one.to);
        let repeated = due.iter().filter(|(day, _)| *day == date);
        Day {
            number: date.day(),
            label: date.format("%-d %B").to_string(),
            is_outside: date.month() != first.month(),
            is_today: date == today,
            entries: planned
                .map(|one| one.entry.clone())
                .chain(repeated.map(|(_, entry)| entry.clone()))
                .collect(),
        }
    };
    let starts = monday.iter_weeks().take_while(|week| *week == monday || week.month() == first.month());
    starts.map(|week| week.iter_days().take(7).map(day).collect()).collect()
}

/// Pairs of the month's campaigns of which somebody gets both e-mails, the most people first.
fn overlaps(spreads: &[Spread]) -> Result<Vec<Overlap>, WebError> {
    let mut reached: Vec<(&Spread, HashSet<u64>)> = Vec::new();
    for one in spreads {
        let Some(folder) = &one.folder else { continue };
        let arms = picks_file::arms(folder).map_err(|error| WebError::Internal(error.to_string()))?;
        let mailed = arms.iter().filter(|(_, arm)| *arm != Arm::Holdout);
        reached.push((one, mailed.map(|(id, _)| XxHash3_64::oneshot(id.as_bytes())).collect()));
    }
    let mut found = Vec::new();
    for (at, (first, of_first)) in reached.iter().enumerate() {
        for (second, of_second) in &reached[at + 1..] {
            let both = of_first.intersection(of_second).count();
            if both > 0 {
                let smaller = of_first.len().min(of_second.len());
                found.push((both, smaller, first.entry.clone(), second.entry.clone()));
            }
        }
    }
    found.sort_by_key(|(both, ..)| std::cmp::Reverse(*both));
    let told = |(both, smaller, first, second): (usize, usize, Entry, Entry)| Overlap {
        first,
        second,
        both: web::whole(both as i64),
        share: web::percent(both as f64 / smaller.max(1) as f64),
    };
    Ok(found.into_iter().map(told).collect())
}
