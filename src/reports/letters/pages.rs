//! Who gets reports by e-mail, and what became of them.

use super::{MOST, What};
use crate::auth::{Analyst, Marketer, SignedIn, password};
use crate::ids::ReaderId;
use crate::installation::Installation;
use crate::store::mails::MailState;
use crate::store::report_letters::{self as letters, Letter, Reader, Wish};
use crate::store::{StoreError, accounts, audit, campaigns};
use crate::web::{self, Form, Page, Section, Shell, WebError};
use actix_web::web::{Data, Path};
use askama::Template;
use chrono::{DateTime, Utc};
use croner::Cron;
use std::collections::HashMap;
use std::sync::Arc;

/// Rows of what became of them.
const SHOWN: i64 = 100;

#[derive(Template)]
#[template(path = "reports/letters.html")]
struct Letters {
    shell: Shell,
    is_on: bool,
    has_link: bool,
    /// When the weekly one goes out, in a sentence.
    weekly: String,
    readers: Vec<ReaderRow>,
    letters: Vec<LetterRow>,
}

struct ReaderRow {
    id: ReaderId,
    address: String,
    gets: &'static str,
    since: String,
    by: String,
}

struct LetterRow {
    report: String,
    title: String,
    address: String,
    state: &'static str,
    badge: &'static str,
    tried: String,
    answer: String,
    may_settle: bool,
    is_unclear: bool,
}

/// GET /reports/letters
pub async fn show(Analyst(who): Analyst, installation: Data<Arc<Installation>>) -> Page {
    let state = installation.get_ref().clone();
    let page = web::blocking(move || page(&state, &who)).await?;
    web::page(&page)
}

fn page(installation: &Installation, who: &SignedIn) -> Result<Letters, WebError> {
    let (shop, zone, config) = (installation.shop_id(), installation.zone(), &installation.config);
    let (readers, latest, names, by) = installation.store.read(|conn| {
        let names = campaigns::all(conn, shop)?.into_iter().map(|one| (one.id, one.name));
        let by = accounts::all(conn, shop)?.into_iter().map(|one| (one.id, one.name));
        let (names, by): (HashMap<_, _>, HashMap<_, _>) = (names.collect(), by.collect());
        Ok((letters::readers(conn, shop)?, letters::latest(conn, shop, SHOWN)?, names, by))
    })?;
    let reader = |reader: Reader| ReaderRow {
        id: reader.id,
        gets: match (reader.is_weekly, reader.is_at_close) {
            (true, true) => "every week, and each campaign once it is closed",
            (true, false) => "every week",
            _ => "each campaign once it is closed",
        },
        since: web::date(reader.since, zone),
        by: reader.added_by.and_then(|id| by.get(&id).cloned()).unwrap_or_default(),
        address: reader.address,
    };
    let title = |report: &str| match What::of(report) {
        Some(What::Campaign(id)) => names.get(&id).cloned().unwrap_or(format!("campaign {id}, deleted")),
        Some(What::Week(day)) => format!("All campaigns, {}", day.format("%-d %b %Y")),
        None => report.to_owned(),
    };
    let letter = |letter: Letter| LetterRow {
        title: title(&letter.report),
        state: in_words(letter.state),
        badge: badge(letter.state),
        tried: letter.attempted_at.map_or("not yet".into(), |at| web::date_time(at, zone)),
        may_settle: matches!(letter.state, MailState::Unclear | MailState::Refused | MailState::GivenUp),
        is_unclear: letter.state == MailState::Unclear,
        report: letter.report,
        address: letter.address,
        answer: letter.answer,
    };
    Ok(Letters {
        shell: Shell::new(installation, who, Section::Reports),
        is_on: config.mail.is_on(),
        has_link: !config.server.public_url.is_empty(),
        weekly: weekly(&config.schedule.reports, installation, installation.now()),
        readers: readers.into_iter().map(reader).collect(),
        letters: latest.into_iter().map(letter).collect(),
    })
}

fn weekly(line: &str, installation: &Installation, now: DateTime<Utc>) -> String {
    let zone = installation.zone();
    let next = line.parse::<Cron>().ok().and_then(|cron| {
        cron.find_next_occurrence(&now.with_timezone(&zone), false).ok().map(|at| at.with_timezone(&Utc))
    });
    match next {
        Some(at) => format!("The weekly report goes out next on {}.", web::date_time(at, zone)),
        None => "The weekly report is switched off: schedule.reports is empty in the configuration.".into(),
    }
}

const fn in_words(state: MailState) -> &'static str {
    match state {
        MailState::Queued => "waits",
        MailState::Attempting => "being handed over",
        MailState::Sent => "sent",
        MailState::Refused => "refused",
        MailState::GivenUp => "given up",
        MailState::Unclear => "unclear",
        MailState::LeftOut | MailState::Cancelled => "not sent",
    }
}

const fn badge(state: MailState) -> &'static str {
    match state {
        MailState::Sent => "badge-ok",
        MailState::Refused | MailState::GivenUp | MailState::Unclear => "badge-bad",
        _ => "badge-neutral",
    }
}

/// POST /reports/letters: one more address
pub async fn add(Marketer(who): Marketer, form: Form, installation: Data<Arc<Installation>>) -> Page {
    form.check(&who)?;
    let address = form.text("address").to_owned();
    password::check_email(&address).map_err(|error| WebError::BadInput(error.into()))?;
    if address.parse::<lettre::Address>().is_err() {
        return Err(WebError::BadInput(format!("“{address}” is no address that a mail server takes.")));
    }
    let (is_weekly, is_at_close) = (form.is_checked("weekly"), form.is_checked("at_close"));
    if !is_weekly && !is_at_close {
        return Err(WebError::BadInput(
            "Tick what the address is to get: the weekly report, each campaign's, or both.".into(),
        ));
    }
    let state = installation.get_ref().clone();
    web::blocking(move || {
        let (shop, now, by) = (state.shop_id(), state.now(), Some(who.account.id));
        let wish = Wish { address: &address, is_weekly, is_at_close };
        let added = state.store.write(|conn| {
            if letters::readers(conn, shop)?.len() >= MOST {
                return Ok(false);
            }
            let id = letters::add(conn, shop, wish, by, now)?;
            audit::note(conn, shop, by, "send reports to", &format!("reader {id}"), now)?;
            Ok(true)
        });
        match added {
            Ok(true) => Ok(()),
            Ok(false) => Err(WebError::BadInput(format!(
                "Reports go to {MOST} addresses at most. Use a mailing list of your own for more people."
            ))),
            Err(StoreError::Taken(_)) => Err(WebError::BadInput(format!(
                "“{address}” gets reports already. Remove it first to change that."
            ))),
            Err(error) => Err(error.into()),
        }
    })
    .await?;
    web::go_to_with("/reports/letters", "The address is written down.")
}

/// POST /reports/letters/{id}/remove
pub async fn remove(
    Marketer(who): Marketer,
    id: Path<ReaderId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    let (shop, now, by) = (installation.shop_id(), installation.now(), Some(who.account.id));
    let removed = installation.store.write(|conn| {
        let removed = letters::remove(conn, shop, *id)?;
        audit::note(conn, shop, by, "send no more reports to", &format!("reader {id}"), now)?;
        Ok(removed)
    })?;
    let said = if removed { "Nothing more goes to that address." } else { "The address was gone already." };
    web::go_to_with("/reports/letters", said)
}

/// POST /reports/letters/settle: a person's word on one that is unclear or was not taken
pub async fn settle(Marketer(who): Marketer, form: Form, installation: Data<Arc<Installation>>) -> Page {
    form.check(&who)?;
    let is_to_be_sent = match form.text("word") {
        "again" => true,
        "arrived" => false,
        _ => return Err(WebError::BadInput("Say whether it arrived, or is to be sent again.".into())),
    };
    let (shop, now) = (installation.shop_id(), installation.now());
    let key = (form.text("report"), form.text("address"));
    let settled = installation.store.write(|conn| letters::settle(conn, shop, key, is_to_be_sent, now))?;
    let said = match (settled, is_to_be_sent) {
        (false, _) => "Nothing had to be settled.",
        (true, true) => "It goes out again within a minute.",
        (true, false) => "It is kept as sent.",
    };
    web::go_to_with("/reports/letters", said)
}
