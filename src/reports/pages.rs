//! A campaign's report and its downloads.

use super::drawing::Ink;
use super::formats::{Format, FormatError, Issue};
use super::paper::Paper;
use super::tables::tables;
use super::view::View;
use super::{ReportError, Reported, report_of};
use crate::auth::Analyst;
use crate::history::History;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::pictures;
use crate::store::{StoreError, emails};
use crate::web::colour::Colour;
use crate::web::{self, Page, Section, Shell, WebError};
use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use askama::Template;
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "reports/report.html")]
struct Show<'a> {
    shell: Shell,
    id: CampaignId,
    report: View<'a>,
}

impl From<ReportError> for WebError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::NoCampaign(_) => Self::NotFound(error.to_string()),
            ReportError::NotGenerated(_) | ReportError::NoDates(_) | ReportError::Rates(_) => {
                Self::BadInput(error.to_string())
            }
            ReportError::Store(error) => error.into(),
            ReportError::History(_) | ReportError::Picks(_) => Self::Internal(error.to_string()),
        }
    }
}

impl From<FormatError> for WebError {
    fn from(error: FormatError) -> Self {
        Self::Internal(error.to_string())
    }
}

/// The report with its tables, products by their titles. Blocks: call it off the async workers.
pub fn issue(installation: &Installation, found: Reported) -> Result<Issue, ReportError> {
    let told_of = &found.report.detail.products;
    // A report of an earlier version did not keep titles: the shop's of today stand in for them.
    let products = match !told_of.is_empty() && told_of.iter().all(|product| product.title.is_empty()) {
        true => {
            History::open(&installation.folder.history(installation.shop_id()))?.snapshot()?.products()?
        }
        false => Vec::new(),
    };
    let titles: HashMap<&str, &str> =
        products.iter().map(|product| (product.id.as_str(), product.title.as_str())).collect();
    let tables = tables(&found.report, |id| titles.get(id).copied().unwrap_or_default().to_owned());
    let mut issue = Issue::new(found, tables, &installation.shop.name, installation.zone());
    dress(&mut issue.paper, installation)?;
    Ok(issue)
}

/// In the shop's colour and with its logo, as its e-mails have them.
pub(super) fn dress(paper: &mut Paper, installation: &Installation) -> Result<(), StoreError> {
    let settings = installation.store.read(|conn| emails::settings(conn, installation.shop_id()))?;
    let colour = Colour::read(&settings.colour).map(|colour| colour.on_light().rgb());
    paper.accent = colour.unwrap_or(Ink::First.rgb());
    paper.logo = pictures::logo(installation, &settings.logo_url);
    Ok(())
}

pub(super) fn issued(installation: &Installation, id: CampaignId) -> Result<Issue, WebError> {
    Ok(issue(installation, report_of(installation, id)?)?)
}

/// GET /campaigns/{id}/report
pub async fn show(
    Analyst(who): Analyst,
    id: Path<CampaignId>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let (state, id) = (installation.clone(), *id);
    let issue = web::blocking(move || issued(&state, id)).await?;
    let report = View::new(&issue.paper, format!("/campaigns/{id}/report"));
    web::page(&Show { shell: Shell::new(&installation, &who, Section::Reports), id, report })
}

/// GET /campaigns/{id}/report.{ending}
pub async fn download(
    Analyst(_): Analyst,
    path: Path<(CampaignId, String)>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let (id, ending) = path.into_inner();
    let format = Format::of(&ending)
        .ok_or_else(|| WebError::NotFound("A report is not written in this form.".into()))?;
    let state = installation.clone();
    let body = web::blocking(move || Ok(issued(&state, id)?.write(format)?)).await?;
    Ok(attachment(&format!("report-{id}.{ending}"), format.media_type(), body))
}

/// GET /campaigns/{id}/report/{name}.{ending}: a table or a chart
pub async fn part(
    Analyst(_): Analyst,
    path: Path<(CampaignId, String, String)>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let (id, name, ending) = path.into_inner();
    let file = format!("report-{id}-{name}.{ending}");
    let state = installation.clone();
    let part = web::blocking(move || Ok(issued(&state, id)?.part(&name, &ending)?)).await?;
    let (body, kind) =
        part.ok_or_else(|| WebError::NotFound("The report has no such table or chart.".into()))?;
    Ok(attachment(&file, kind, body))
}

pub(super) fn attachment(name: &str, kind: &str, body: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(kind)
        .insert_header(("Content-Disposition", format!("attachment; filename=\"{name}\"")))
        .insert_header(("Cache-Control", "no-store"))
        .body(body)
}
