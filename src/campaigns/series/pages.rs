//! The page on which a campaign is made to repeat, and what came of each time.

use super::rhythm::WEEKDAYS;
use super::{Cause, Due, Rhythm, queue, rhythm};
use crate::auth::{Analyst, Marketer};
use crate::campaigns::pages::find;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::store::audit;
use crate::store::campaigns;
use crate::store::series::{self, Series, Wish};
use crate::web::{self, Form, Page, Section, Shell, WebError};
use actix_web::web::{Data, Path};
use askama::Template;
use std::sync::Arc;

const SHOWN: i64 = 24;

#[derive(Template)]
#[template(path = "series/repeat.html")]
struct Repeat {
    shell: Shell,
    id: CampaignId,
    name: String,
    is_known: bool,
    is_on: bool,
    approves: bool,
    sends: bool,
    can_send: bool,
    rhythm: Rhythm,
    weekdays: [(&'static str, &'static str); 7],
    cause: &'static str,
    days: u32,
    /// What was decided, and when it is due next.
    now_in_words: String,
    runs: Vec<Row>,
    problem: String,
}

struct Row {
    at: String,
    campaign: Option<(CampaignId, String)>,
    note: String,
}

/// GET /campaigns/{id}/repeat
pub async fn show(
    Analyst(who): Analyst,
    id: Path<CampaignId>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let shell = Shell::new(&installation, &who, Section::Campaigns);
    web::page(&page(&installation, shell, *id, String::new())?)
}

fn page(
    installation: &Installation,
    shell: Shell,
    id: CampaignId,
    problem: String,
) -> Result<Repeat, WebError> {
    let campaign = find(installation, id)?;
    let (shop, zone) = (installation.shop_id(), installation.zone());
    let (one, runs, all) = installation.store.read(|conn| {
        Ok((series::of(conn, id)?, series::runs(conn, id, SHOWN)?, campaigns::all(conn, shop)?))
    })?;
    let cause: Cause = one.as_ref().map(Series::cause).transpose()?.unwrap_or_default();
    let named = |id: CampaignId| all.iter().find(|one| one.id == id).map(|one| (id, one.name.clone()));
    let row = |run: series::Run| Row {
        at: web::date_time(run.due_at, zone),
        campaign: run.campaign.and_then(named),
        note: run.note,
    };
    let is_on = one.as_ref().is_some_and(|one| one.is_on);
    Ok(Repeat {
        shell,
        id,
        name: campaign.name,
        is_known: one.is_some(),
        is_on,
        approves: one.as_ref().is_some_and(|one| one.approves),
        sends: one.as_ref().is_some_and(|one| one.sends),
        can_send: installation.config.mail.is_on(),
        rhythm: one.as_ref().and_then(|one| Rhythm::of(&one.cron)).unwrap_or_default(),
        weekdays: WEEKDAYS,
        cause: cause.name(),
        days: cause.days().unwrap_or(14),
        now_in_words: one.filter(|one| one.is_on).map(|one| in_words(installation, &one)).unwrap_or_default(),
        runs: runs.into_iter().map(row).collect(),
        problem,
    })
}

/// `Every Monday at 09:00, for everybody of the audience. Next: 30 Nov 2026, 09:00.`
fn in_words(installation: &Installation, one: &Series) -> String {
    let when = Rhythm::of(&one.cron).map_or_else(|| one.cron.clone(), |rhythm| rhythm.in_words());
    let cause: Cause = one.cause().unwrap_or_default();
    let next = rhythm::next(&one.cron, installation.zone(), installation.now());
    let next = next.map(|at| format!(" Next: {}.", web::date_time(at, installation.zone())));
    let text = format!("{when}, for {}.{}", cause.in_words(), next.unwrap_or_default());
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default() + letters.as_str()
}

/// POST /campaigns/{id}/repeat
pub async fn save(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    let id = *id;
    find(&installation, id)?;
    let rhythm = Rhythm { every: form.text("every").into(), at: form.text("at").into() };
    let days = form.text("days").parse().ok().filter(|days| (1..=3_650).contains(days));
    let cause = Cause::of(form.text("cause"), days.unwrap_or_default());
    let is_on = form.text("go") != "off";
    let problem = match (rhythm.cron(), cause) {
        (None, _) => "Say at what time it is due, such as 09:00.",
        (_, None) => "Choose who is to get it.",
        (_, Some(cause)) if cause.days().is_some() && days.is_none() => "Say after how many days, 1 to 3650.",
        _ => "",
    };
    let (Some(cron), Some(cause), "") = (rhythm.cron(), cause, problem) else {
        let shell = Shell::new(&installation, &who, Section::Campaigns);
        let html = page(&installation, shell, id, problem.to_owned())?.render();
        let html = html.map_err(|error| WebError::Internal(error.to_string()))?;
        return Ok(actix_web::HttpResponse::UnprocessableEntity()
            .content_type("text/html; charset=utf-8")
            .body(html));
    };
    let approves = form.is_checked("approves");
    let wish =
        Wish { cron: &cron, cause: &cause, approves, sends: approves && form.is_checked("sends"), is_on };
    let (shop, now, by) = (installation.shop_id(), installation.now(), who.account.id);
    installation.store.write(|conn| {
        series::put(conn, (shop, id), &wish, by, now)?;
        let action = if is_on { "repeat" } else { "stop repeating" };
        audit::note(conn, shop, Some(by), action, &format!("campaign {id}"), now)
    })?;
    let said = if is_on { "The campaign repeats." } else { "The campaign does not repeat any more." };
    web::go_to_with(&format!("/campaigns/{id}/repeat"), said)
}

/// POST /campaigns/{id}/repeat/now: one time more, at once
pub async fn run_now(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    let id = *id;
    find(&installation, id)?;
    let now = installation.now();
    if installation.store.read(|conn| series::of(conn, id))?.is_none() {
        return Err(WebError::Conflict("Say first when and for whom the campaign repeats.".into()));
    }
    queue(&installation, Due { pattern: id, at: now }, now)?;
    web::go_to_with(
        &format!("/campaigns/{id}/repeat"),
        "Its picks are being made; see below what comes of it.",
    )
}
