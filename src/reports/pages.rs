//! The list of reports, a campaign's report, its downloads and the report as a file that stands alone.

use super::export;
use super::figures::{View, view};
use super::{ReportError, Reported, report_of};
use crate::auth::Analyst;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::store::campaigns::{self, CampaignState};
use crate::web::{self, Page, Section, Shell, WebError};
use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use askama::Template;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "reports/list.html")]
struct List {
    shell: Shell,
    campaigns: Vec<Line>,
}

struct Line {
    id: CampaignId,
    name: String,
    state: &'static str,
    sent: String,
}

#[derive(Template)]
#[template(path = "reports/report.html")]
struct Show {
    shell: Shell,
    id: CampaignId,
    report: View,
}

#[derive(Template)]
#[template(path = "reports/file.html")]
struct File {
    report: View,
}

impl From<ReportError> for WebError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::NoCampaign(_) => Self::NotFound(error.to_string()),
            ReportError::NotGenerated(_) | ReportError::NoDates(_) => Self::BadInput(error.to_string()),
            ReportError::Store(error) => error.into(),
            ReportError::History(_) | ReportError::Picks(_) => Self::Internal(error.to_string()),
        }
    }
}

/// GET /reports
pub async fn list(Analyst(who): Analyst, installation: Data<Arc<Installation>>) -> Page {
    let state = installation.clone();
    let shop = installation.shop_id();
    let all = web::blocking(move || Ok(state.store.read(|conn| campaigns::all(conn, shop))?)).await?;
    let zone = installation.zone();
    let campaigns = all
        .into_iter()
        .filter(|one| matches!(one.state, CampaignState::Sent | CampaignState::Closed))
        .map(|one| Line {
            id: one.id,
            name: one.name,
            state: one.state.name(),
            sent: one.sent_at.map_or(String::new(), |at| web::date(at, zone)),
        })
        .collect();
    web::page(&List { shell: Shell::new(&installation, &who, Section::Reports), campaigns })
}

async fn reported(installation: &Data<Arc<Installation>>, id: CampaignId) -> Result<Reported, WebError> {
    let state = installation.clone();
    web::blocking(move || Ok(report_of(&state, id)?)).await
}

/// GET /campaigns/{id}/report
pub async fn show(
    Analyst(who): Analyst,
    id: Path<CampaignId>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let found = reported(&installation, *id).await?;
    let report = view(&found.name, &found.report, installation.zone());
    web::page(&Show { shell: Shell::new(&installation, &who, Section::Reports), id: *id, report })
}

/// GET /campaigns/{id}/report.csv
pub async fn csv(Analyst(_): Analyst, id: Path<CampaignId>, installation: Data<Arc<Installation>>) -> Page {
    let found = reported(&installation, *id).await?;
    Ok(download(&found, "csv", "text/csv; charset=utf-8", export::csv(&found)))
}

/// GET /campaigns/{id}/report.json
pub async fn json(Analyst(_): Analyst, id: Path<CampaignId>, installation: Data<Arc<Installation>>) -> Page {
    let found = reported(&installation, *id).await?;
    Ok(download(&found, "json", "application/json", export::json(&found).to_string()))
}

fn download(found: &Reported, ending: &str, kind: &str, body: String) -> HttpResponse {
    let disposition = format!("attachment; filename=\"report-{}.{ending}\"", found.id);
    HttpResponse::Ok()
        .content_type(kind)
        .insert_header(("Content-Disposition", disposition))
        .insert_header(("Cache-Control", "no-store"))
        .body(body)
}

/// The report as one HTML file that needs nothing else.
pub fn file(found: &Reported, zone: chrono_tz::Tz) -> Result<String, askama::Error> {
    File { report: view(&found.name, &found.report, zone) }.render()
}
