//! Sending on the campaign's page: start, pause, go on, cancel, a trial, a person's word on what is unclear, and what
//! became of each recipient.

use super::SendingError;
use super::figures::{Figures, figures};
use super::start::{Word, go, settle};
use super::trial::trial;
use crate::auth::{Analyst, Marketer, SignedIn};
use crate::campaigns::pages::{find, path};
use crate::campaigns::state::sentence;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::store::campaigns::{Campaign, CampaignState};
use crate::store::mails::{self, Mail, MailState};
use crate::store::sendings;
use crate::store::{Conn, StoreResult, audit};
use crate::web::{self, Form, Page, WebError};
use actix_web::web::{Data, Path};
use askama::Template;
use std::sync::Arc;

/// Recipients of a kind that the page names; the file has all.
const NAMED: i64 = 20;

impl From<SendingError> for WebError {
    fn from(error: SendingError) -> Self {
        let said = sentence(&error.to_string());
        match error {
            SendingError::Store(error) => error.into(),
            SendingError::Picks(_) | SendingError::History(_) | SendingError::Unwritable { .. } => {
                Self::Internal(said)
            }
            SendingError::NoCampaign(_) => Self::NotFound(said),
            SendingError::Address(_) => Self::BadInput(said),
            _ => Self::Conflict(said),
        }
    }
}

/// Sending, as the campaign's page and its refreshed part show it.
#[derive(Template)]
#[template(path = "sending/card.html")]
struct Card {
    id: CampaignId,
    csrf: String,
    may_market: bool,
    is_on: bool,
    may_start: bool,
    has_link: bool,
    own_address: String,
    figures: Option<Figures>,
    /// Whether the part asks for itself again.
    is_moving: bool,
    badge: &'static str,
    rest_until: String,
    done: i64,
    total: i64,
    lines: Vec<(&'static str, String)>,
    unclear: Vec<Mail>,
    refused: Vec<Mail>,
}

/// The part of the campaign's page about sending; empty where there is nothing to say.
pub fn card(installation: &Installation, who: &SignedIn, campaign: &Campaign) -> Result<String, WebError> {
    Card::of(installation, who, campaign)?.map_or_else(|| Ok(String::new()), |card| card.html())
}

impl Card {
    fn html(&self) -> Result<String, WebError> {
        self.render().map_err(|error| WebError::Internal(error.to_string()))
    }

    fn of(
        installation: &Installation,
        who: &SignedIn,
        campaign: &Campaign,
    ) -> Result<Option<Self>, WebError> {
        let id = campaign.id;
        let (figures, unclear, refused) = installation.store.read(|conn| {
            let of = |conn: &mut Conn, states: &[MailState]| mails::of(conn, id, states, "", NAMED);
            let unclear = of(conn, &[MailState::Unclear])?;
            Ok((figures(conn, id)?, unclear, of(conn, &[MailState::Refused, MailState::GivenUp])?))
        })?;
        if figures.is_none() && campaign.state != CampaignState::Approved {
            return Ok(None);
        }
        let mail = &installation.config.mail;
        let state = figures.as_ref().map_or("", |figures| figures.state);
        let zone = installation.zone();
        let rest_until =
            figures.as_ref().and_then(|figures| figures.rest_until).filter(|_| state == "running");
        Ok(Some(Self {
            id,
            csrf: who.csrf.clone(),
            may_market: who.account.role.may_market(),
            is_on: mail.is_on(),
            may_start: figures.is_none(),
            has_link: !mail.unsubscribe_url.is_empty(),
            own_address: who.account.email.clone(),
            is_moving: state == "running",
            badge: match state {
                "running" => "badge-run",
                "done" => "badge-ok",
                _ => "badge-neutral",
            },
            rest_until: rest_until.map(|at| web::date_time(at, zone)).unwrap_or_default(),
            done: figures.as_ref().map_or(0, Figures::over),
            total: figures.as_ref().map_or(0, |figures| figures.recipients - figures.left_out),
            lines: figures.as_ref().map(lines).unwrap_or_default(),
            figures,
            unclear,
            refused,
        }))
    }
}

fn lines(figures: &Figures) -> Vec<(&'static str, String)> {
    let all = [
        ("sent", figures.sent),
        ("waiting", figures.queued),
        ("unclear", figures.unclear),
        ("refused by the mail server", figures.refused),
        ("given up after many tries", figures.given_up),
        ("left out: no address, unsubscribed, or twice", figures.left_out),
        ("not sent, because it was cancelled", figures.cancelled),
        ("came back: the mailbox does not exist", figures.bounced_hard),
        ("came back for now: a full mailbox, or the like", figures.bounced_soft),
        ("unsubscribed since", figures.unsubscribed),
        ("clicked on a product", figures.responses.clickers as i64),
        ("clicks, without those of mail filters", figures.responses.clicks as i64),
        ("clicks, all that were seen", figures.responses.clicks_raw as i64),
        ("opened it, as far as mail programs tell", figures.responses.openers as i64),
    ];
    let is_told = |(at, (_, number)): &(usize, (&str, i64))| *at < 2 || *number > 0;
    all.into_iter()
        .enumerate()
        .filter(is_told)
        .map(|(_, (name, number))| (name, web::whole(number)))
        .collect()
}

/// GET /campaigns/{id}/sending
pub async fn progress(
    Analyst(who): Analyst,
    id: Path<CampaignId>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let installation = installation.get_ref().clone();
    let (html, is_moving) = web::blocking(move || {
        let campaign = find(&installation, *id)?;
        let card = Card::of(&installation, &who, &campaign)?;
        let html = card.as_ref().map_or_else(|| Ok(String::new()), Card::html)?;
        Ok((html, card.is_some_and(|card| card.is_moving)))
    })
    .await?;
    let mut answer = actix_web::HttpResponse::Ok();
    if !is_moving {
        // What else stands on the page changes with it: the campaign is sent, the report can be seen.
        answer.insert_header(("HX-Refresh", "true"));
    }
    Ok(answer.content_type("text/html; charset=utf-8").body(html))
}

/// Checks the form, changes the sending in one transaction with its audit entry, and shows the campaign.
fn change<T>(
    installation: &Installation,
    who: &SignedIn,
    form: &Form,
    id: CampaignId,
    action: &str,
    change: impl FnOnce(&mut Conn) -> StoreResult<T>,
) -> Result<T, WebError> {
    form.check(who)?;
    find(installation, id)?;
    Ok(installation.store.write(|conn| {
        let changed = change(conn)?;
        let (shop, subject) = (installation.shop_id(), format!("campaign {id}"));
        audit::note(conn, shop, Some(who.account.id), action, &subject, installation.now())?;
        Ok(changed)
    })?)
}

/// POST /campaigns/{id}/send
pub async fn send(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    // What `go` refuses it refuses before it writes: the audit's entry says that somebody wanted it.
    let by = Some(who.account.id);
    change(&installation, &who, &form, *id, "send", |conn| Ok(go(conn, &installation, *id, by)))??;
    web::go_to_with(&path(*id), "The e-mails go out. You can leave this page; the work goes on.")
}

/// POST /campaigns/{id}/send/pause
pub async fn pause(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    change(&installation, &who, &form, *id, "pause sending", |conn| sendings::pause(conn, *id, ""))?;
    web::go_to_with(&path(*id), "The sending is paused.")
}

/// POST /campaigns/{id}/send/cancel
pub async fn cancel(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    let now = installation.now();
    change(&installation, &who, &form, *id, "cancel sending", |conn| sendings::cancel(conn, *id, now))?;
    web::go_to_with(&path(*id), "The sending is cancelled. What was not sent stays unsent.")
}

/// POST /campaigns/{id}/send/settle with `word`: `sent` or `again`
pub async fn settle_unclear(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    let word = match form.text("word") {
        "sent" => Word::Sent,
        "again" => Word::Again,
        _ => return Err(WebError::BadInput("Say whether they arrived or are to be sent again.".into())),
    };
    let now = installation.now();
    let action = format!("unclear e-mails: {}", form.text("word"));
    let settled = change(&installation, &who, &form, *id, &action, |conn| settle(conn, *id, word, now))?;
    let what = match word {
        Word::Sent => "count as sent",
        Word::Again => "are sent again",
    };
    web::go_to_with(&path(*id), &format!("{} e-mails {what}.", web::whole(settled as i64)))
}

/// POST /campaigns/{id}/send/trial with `customer`, or nobody's in particular; to whoever is signed in
pub async fn send_trial(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    let id = *id;
    let state = installation.get_ref().clone();
    let customer = Some(form.text("customer").to_owned()).filter(|customer| !customer.is_empty());
    let to = who.account.email.clone();
    let whose = web::blocking(move || {
        find(&state, id)?;
        Ok(trial(&state, id, customer.as_deref(), &to)?)
    })
    .await?;
    web::go_to_with(&path(id), &format!("The e-mail of customer {whose} is on its way to you."))
}
