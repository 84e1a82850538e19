//! The log, for admins: filtered by level, text, request, job and time.

use super::log_file::{self, Filter, Line, More};
use crate::auth::Admin;
use crate::installation::Installation;
use crate::web::{self, Page, Section, Shell, WebError};
use actix_web::web::{Data, Query};
use askama::Template;
use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use serde::Deserialize;
use std::sync::Arc;

const PER_PAGE: usize = 100;
const MAX_PAGE: usize = 1000;

#[derive(Template)]
#[template(path = "monitoring/logs.html")]
struct Logs {
    shell: Shell,
    asked: Asked,
    levels: [&'static str; 4],
    rows: Vec<Row>,
    newer: Option<String>,
    older: Option<String>,
    gave_up: bool,
}

struct Row {
    at: String,
    badge: &'static str,
    line: Line,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    level: String,
    text: String,
    request: String,
    job: String,
    from: String,
    until: String,
    page: usize,
}

impl Asked {
    fn filter(&self, zone: chrono_tz::Tz) -> Filter {
        Filter {
            level: self.level.to_uppercase(),
            text: self.text.trim().to_owned(),
            request: self.request.trim().to_owned(),
            job: self.job.trim().to_owned(),
            from: moment(&self.from, zone),
            until: moment(&self.until, zone),
        }
    }

    fn at_page(&self, page: usize) -> String {
        let fields = [
            ("level", &self.level),
            ("text", &self.text),
            ("request", &self.request),
            ("job", &self.job),
            ("from", &self.from),
            ("until", &self.until),
        ];
        let mut address = format!("/logs?page={page}");
        for (name, value) in fields {
            if !value.is_empty() {
                address += &format!("&{name}={}", web::encode(value));
            }
        }
        address
    }
}

/// As a browser's date and time field writes it, in the shop's zone.
fn moment(text: &str, zone: chrono_tz::Tz) -> Option<DateTime<Utc>> {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").ok()?;
    zone.from_local_datetime(&local).earliest().map(|at| at.with_timezone(&Utc))
}

pub async fn page(Admin(who): Admin, asked: Query<Asked>, installation: Data<Arc<Installation>>) -> Page {
    let asked = asked.into_inner();
    let zone = installation.zone();
    let number = asked.page.min(MAX_PAGE);
    let (folder, filter) = (installation.folder.logs(), asked.filter(zone));
    let found = web::blocking(move || {
        log_file::newest(&folder, &filter, number * PER_PAGE, PER_PAGE)
            .map_err(|error| WebError::Internal(format!("the log files cannot be read: {error}")))
    })
    .await?;
    let row = |line: Line| Row {
        at: line
            .at
            .map(|at| at.with_timezone(&zone).format("%-d %b %H:%M:%S").to_string())
            .unwrap_or_default(),
        badge: match line.level.as_str() {
            "ERROR" => "badge-bad",
            "WARN" => "badge-warn",
            _ => "badge-neutral",
        },
        line,
    };
    web::page(&Logs {
        shell: Shell::new(&installation, &who, Section::Logs),
        levels: ["error", "warn", "info", "debug"],
        rows: found.lines.into_iter().map(row).collect(),
        newer: number.checked_sub(1).map(|page| asked.at_page(page)),
        older: (found.more == More::Lines).then(|| asked.at_page(number + 1)),
        gave_up: found.more == More::NotLookedAt,
        asked,
    })
}
