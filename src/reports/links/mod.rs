//! Links to one report, for who has no account: made by marketers, with an end, and taken back at any time.

pub mod shared;

use super::window::midnight;
use crate::auth::{Analyst, Marketer, SignedIn, token};
use crate::ids::{CampaignId, LinkId};
use crate::installation::Installation;
use crate::store::report_links::{self, Link, NewLink};
use crate::store::{accounts, audit, campaigns};
use crate::web::{self, Form, Page, Section, Shell, WebError};
use actix_web::HttpRequest;
use actix_web::web::{Data, Path};
use askama::Template;
use chrono::{DateTime, Days, NaiveDate, Utc};
use std::collections::HashMap;
use std::sync::Arc;

const USUAL_DAYS: u64 = 30;
const MOST_DAYS: u64 = 366;
const LONGEST_NOTE: usize = 100;

#[derive(Template)]
#[template(path = "reports/links.html")]
struct Links {
    shell: Shell,
    /// `None` on the page of all.
    campaign: Option<(CampaignId, String)>,
    rows: Vec<Row>,
    /// An address that was just made, shown this once.
    made: Option<String>,
    until: NaiveDate,
    earliest: NaiveDate,
    latest: NaiveDate,
}

struct Row {
    id: LinkId,
    campaign: CampaignId,
    name: String,
    note: String,
    by: String,
    made: String,
    ends: String,
    used: String,
    state: &'static str,
    is_open: bool,
}

fn page(
    installation: &Installation,
    who: &SignedIn,
    of: Option<CampaignId>,
    made: Option<String>,
) -> Result<Links, WebError> {
    let (shop, zone, now) = (installation.shop_id(), installation.zone(), installation.now());
    let (links, names, by) = installation.store.read(|conn| {
        let names = campaigns::all(conn, shop)?.into_iter().map(|one| (one.id, one.name));
        let by = accounts::all(conn, shop)?.into_iter().map(|one| (one.id, one.name));
        let (names, by): (HashMap<_, _>, HashMap<_, _>) = (names.collect(), by.collect());
        Ok((report_links::all(conn, shop, of)?, names, by))
    })?;
    let campaign = match of {
        Some(id) => {
            let name = names.get(&id).cloned();
            Some((id, name.ok_or_else(|| WebError::NotFound("There is no such campaign.".into()))?))
        }
        None => None,
    };
    let row = |link: Link| {
        let state = state(&link, now);
        Row {
            id: link.id,
            campaign: link.campaign,
            name: names.get(&link.campaign).cloned().unwrap_or_default(),
            by: link.made_by.and_then(|id| by.get(&id).cloned()).unwrap_or_default(),
            made: web::date(link.made_at, zone),
            ends: web::date(link.ends_at - chrono::TimeDelta::microseconds(1), zone),
            used: link.last_used_at.map_or("never".into(), |at| web::date_time(at, zone)),
            note: link.note,
            is_open: state == "open",
            state,
        }
    };
    let today = now.with_timezone(&zone).date_naive();
    Ok(Links {
        shell: Shell::new(installation, who, Section::Reports),
        campaign,
        rows: links.into_iter().map(row).collect(),
        made,
        until: today + Days::new(USUAL_DAYS),
        earliest: today,
        latest: today + Days::new(MOST_DAYS),
    })
}

fn state(link: &Link, now: DateTime<Utc>) -> &'static str {
    match link.revoked_at {
        Some(_) => "taken back",
        None if link.ends_at <= now => "ended",
        None => "open",
    }
}

/// GET /reports/links
pub async fn all(Analyst(who): Analyst, installation: Data<Arc<Installation>>) -> Page {
    let state = installation.get_ref().clone();
    web::page(&web::blocking(move || page(&state, &who, None, None)).await?)
}

/// GET /campaigns/{id}/report/links
pub async fn show(
    Analyst(who): Analyst,
    id: Path<CampaignId>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let (state, id) = (installation.get_ref().clone(), *id);
    web::page(&web::blocking(move || page(&state, &who, Some(id), None)).await?)
}

/// POST /campaigns/{id}/report/links
pub async fn make(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    form: Form,
    request: HttpRequest,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    let note = form.text("note").to_owned();
    if note.is_empty() || note.chars().count() > LONGEST_NOTE {
        return Err(WebError::BadInput("Write who the link is for, in at most 100 letters.".into()));
    }
    let ends_at = ends_at(&installation, form.text("until"))?;
    let base = base(&installation, &request);
    let (state, id) = (installation.get_ref().clone(), *id);
    let page = web::blocking(move || {
        let (shop, now, by) = (state.shop_id(), state.now(), who.account.id);
        // Whether there is a report to be read.
        super::report_of(&state, id)?;
        let token = token::random();
        state.store.write(|conn| {
            let hash = token::hash(&token);
            let new = NewLink { shop, campaign: id, token_hash: &hash, note: &note, by, ends_at };
            let link = report_links::add(conn, &new, now)?;
            audit::note(conn, shop, Some(by), "shared", &format!("report {id}, link {link}"), now)
        })?;
        page(&state, &who, Some(id), Some(format!("{base}/r/{token}")))
    })
    .await?;
    web::page(&page)
}

/// The end of the day that was chosen, where the shop is.
fn ends_at(installation: &Installation, until: &str) -> Result<DateTime<Utc>, WebError> {
    let (zone, now) = (installation.zone(), installation.now());
    let today = now.with_timezone(&zone).date_naive();
    let day = until.parse::<NaiveDate>().ok().filter(|day| {
        let most = today + Days::new(MOST_DAYS);
        (today..=most).contains(day)
    });
    let day = day.ok_or_else(|| {
        WebError::BadInput("Choose the last day on which the link opens the report, within a year.".into())
    })?;
    Ok(midnight(day + Days::new(1), zone))
}

/// How the browser that asks reaches Handpick, unless the configuration says it.
fn base(installation: &Installation, request: &HttpRequest) -> String {
    match installation.config.server.public_url.trim_end_matches('/') {
        "" => {
            let info = request.connection_info();
            format!("{}://{}", info.scheme(), info.host())
        }
        public => public.to_owned(),
    }
}

/// POST /campaigns/{id}/report/links/{link}/revoke
pub async fn revoke(
    Marketer(who): Marketer,
    path: Path<(CampaignId, LinkId)>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    let (id, link) = path.into_inner();
    let (shop, now, by) = (installation.shop_id(), installation.now(), Some(who.account.id));
    let revoked = installation.store.write(|conn| {
        let revoked = report_links::revoke(conn, (id, link), now)?;
        audit::note(conn, shop, by, "took back", &format!("report {id}, link {link}"), now)?;
        Ok(revoked)
    })?;
    let said = if revoked { "The link opens nothing any more." } else { "It was taken back already." };
    web::go_to_with(&format!("/campaigns/{id}/report/links"), said)
}
