//! A report as who has a link to it reads it: the page and its files, nothing else.

use crate::auth::token;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::reports::formats::Format;
use crate::reports::pages::{attachment, issued};
use crate::reports::view::View;
use crate::store::report_links;
use crate::web::{self, Page, WebError};
use actix_web::dev::Payload;
use actix_web::web::{Data, Path};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use askama::Template;
use chrono::TimeDelta;
use std::future::{Ready, ready};
use std::sync::Arc;

/// When a link was last used is written down in steps of this, so that most requests only read.
const SEEN_EVERY_MINUTES: i64 = 5;

/// Who may read this report, and may nothing else: whoever has a link that is open.
pub struct ReportReader {
    campaign: CampaignId,
    token: String,
}

impl FromRequest for ReportReader {
    type Error = WebError;
    type Future = Ready<Result<Self, WebError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(reader(request))
    }
}

fn reader(request: &HttpRequest) -> Result<ReportReader, WebError> {
    let installation = request
        .app_data::<Data<Arc<Installation>>>()
        .ok_or_else(|| WebError::Internal("no installation".into()))?;
    let token = request.match_info().get("token").unwrap_or_default().to_owned();
    let (shop, now, hash) = (installation.shop_id(), installation.now(), token::hash(&token));
    let link = installation.store.read(|conn| report_links::open(conn, shop, &hash, now))?.ok_or_else(|| {
        WebError::NotFound(
            "This link is not whole, has ended or was taken back. Ask whoever gave it to you for a new one.".into(),
        )
    })?;
    let is_fresh = link.last_used_at.is_some_and(|at| now - at < TimeDelta::minutes(SEEN_EVERY_MINUTES));
    if !is_fresh {
        installation.store.write(|conn| report_links::used(conn, link.id, now))?;
    }
    Ok(ReportReader { campaign: link.campaign, token })
}

#[derive(Template)]
#[template(path = "reports/shared.html")]
struct Shared<'a> {
    report: View<'a>,
}

impl Shared<'_> {
    fn asset(&self, path: &str) -> String {
        web::assets::url(path)
    }
}

/// Whoever looks over their shoulder, a search engine, or the next site: none is to learn the address.
fn discreet(mut answer: HttpResponse) -> HttpResponse {
    use actix_web::http::header::{HeaderName, HeaderValue};
    for (name, value) in [("referrer-policy", "no-referrer"), ("x-robots-tag", "noindex, nofollow")] {
        answer.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    answer
}

/// GET /r/{token}
pub async fn show(reader: ReportReader, installation: Data<Arc<Installation>>) -> Page {
    let (state, campaign) = (installation.get_ref().clone(), reader.campaign);
    let issue = web::blocking(move || issued(&state, campaign)).await?;
    let view = View::new(&issue.paper, format!("/r/{}", reader.token));
    web::page(&Shared { report: View { has_changes: false, ..view } }).map(discreet)
}

/// GET /r/{token}.{ending}
pub async fn download(
    reader: ReportReader,
    path: Path<(String, String)>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let (_, ending) = path.into_inner();
    let format = Format::of(&ending)
        .ok_or_else(|| WebError::NotFound("A report is not written in this form.".into()))?;
    let (state, campaign) = (installation.get_ref().clone(), reader.campaign);
    let body = web::blocking(move || Ok(issued(&state, campaign)?.write(format)?)).await?;
    Ok(discreet(attachment(&format!("report-{campaign}.{ending}"), format.media_type(), body)))
}

/// GET /r/{token}/{name}.{ending}: a table or a chart
pub async fn part(
    reader: ReportReader,
    path: Path<(String, String, String)>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let (_, name, ending) = path.into_inner();
    let (state, campaign) = (installation.get_ref().clone(), reader.campaign);
    let file = format!("report-{campaign}-{name}.{ending}");
    let part = web::blocking(move || Ok(issued(&state, campaign)?.part(&name, &ending)?)).await?;
    let (body, kind) =
        part.ok_or_else(|| WebError::NotFound("The report has no such table or chart.".into()))?;
    Ok(discreet(attachment(&file, kind, body)))
}
