//! A campaign's report, its downloads, and the report as a file that stands alone.

use super::export;
use super::figures::{View, view};
use super::tables::{Table, tables};
use super::workbook;
use super::{ReportError, Reported, report_of};
use crate::auth::Analyst;
use crate::history::History;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::web::{self, Page, Section, Shell, WebError};
use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use askama::Template;
use std::collections::HashMap;
use std::sync::Arc;

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
    let tables = named(&installation, &found)?;
    let report = view(&found.name, &found.report, &tables, installation.zone());
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

/// The report's tables, products by their titles.
pub fn named(installation: &Installation, found: &Reported) -> Result<Vec<Table>, WebError> {
    let internal = |error: crate::history::HistoryError| WebError::Internal(error.to_string());
    let history = History::open(&installation.folder.history(installation.shop_id())).map_err(internal)?;
    let products = history.snapshot().and_then(|snapshot| snapshot.products()).map_err(internal)?;
    let titles: HashMap<&str, &str> =
        products.iter().map(|product| (product.id.as_str(), product.title.as_str())).collect();
    let title_of = |id: &str| titles.get(id).copied().unwrap_or_default().to_owned();
    Ok(tables(&found.report, title_of))
}

/// GET /campaigns/{id}/report.xlsx
pub async fn xlsx(Analyst(_): Analyst, id: Path<CampaignId>, installation: Data<Arc<Installation>>) -> Page {
    let found = reported(&installation, *id).await?;
    let state = installation.clone();
    let (found, book) = web::blocking(move || {
        let book = workbook::write(&found, &named(&state, &found)?)
            .map_err(|error| WebError::Internal(error.to_string()))?;
        Ok((found, book))
    })
    .await?;
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok(download(&found, "xlsx", kind, book))
}

/// GET /campaigns/{id}/report/{table}.csv
pub async fn table(
    Analyst(_): Analyst,
    path: Path<(CampaignId, String)>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let (id, name) = path.into_inner();
    let found = reported(&installation, id).await?;
    let state = installation.clone();
    let (found, text) = web::blocking(move || {
        let tables = named(&state, &found)?;
        let missing = || WebError::NotFound("The report has no such table.".into());
        let table = tables.iter().find(|table| table.name == name).ok_or_else(missing)?;
        Ok((found, export::table(table)))
    })
    .await?;
    Ok(download(&found, "csv", "text/csv; charset=utf-8", text))
}

fn download(found: &Reported, ending: &str, kind: &str, body: impl Into<Vec<u8>>) -> HttpResponse {
    let disposition = format!("attachment; filename=\"report-{}.{ending}\"", found.id);
    HttpResponse::Ok()
        .content_type(kind)
        .insert_header(("Content-Disposition", disposition))
        .insert_header(("Cache-Control", "no-store"))
        .body(body.into())
}

/// The report as one HTML file that needs nothing else.
pub fn file(found: &Reported, tables: &[Table], zone: chrono_tz::Tz) -> Result<String, askama::Error> {
    File { report: view(&found.name, &found.report, tables, zone) }.render()
}
