//! Reports for programs: JSON over HTTP, with a key.

use super::pages::issued;
use super::{ReportError, export, report_of};
use crate::auth::ReportsKey;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::store::campaigns::{self, Campaign, CampaignState};
use crate::web::{self, Page, WebError};
use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Reports in one answer: as many as are asked for, at most so many.
const USUAL: usize = 20;
const MOST: usize = 100;

/// What programs can ask, as OpenAPI describes it.
const DESCRIPTION: &str = include_str!("openapi.json");

/// GET /api/v1/openapi.json
pub async fn description() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(DESCRIPTION)
}

#[derive(Debug, Deserialize)]
pub struct Asked {
    /// Only campaigns with a lower number: where the last answer ended.
    before: Option<CampaignId>,
    limit: Option<usize>,
}

/// GET /api/v1/reports: the newest campaign first
pub async fn list(_: ReportsKey, asked: Query<Asked>, installation: Data<Arc<Installation>>) -> Page {
    let limit = asked.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(WebError::BadInput(format!("limit is a number from 1 to {MOST}.")));
    }
    let (state, before) = (installation.get_ref().clone(), asked.before);
    let answer = web::blocking(move || {
        let all = state.store.read(|conn| campaigns::all(conn, state.shop_id()))?;
        let is_asked = |one: &Campaign| {
            matches!(one.state, CampaignState::Sent | CampaignState::Closed)
                && before.is_none_or(|before| one.id < before)
        };
        let mut sent = all.into_iter().filter(is_asked);
        let page: Vec<Campaign> = sent.by_ref().take(limit).collect();
        let next = sent.next().and(page.last()).map(|last| last.id);
        let reports = page.iter().map(|one| line(&state, one)).collect::<Result<Vec<_>, _>>()?;
        Ok(json!({ "reports": reports, "before": next }))
    })
    .await?;
    Ok(HttpResponse::Ok().json(answer))
}

fn line(installation: &Installation, campaign: &Campaign) -> Result<Value, WebError> {
    let known = json!({
        "campaign": campaign.id,
        "name": campaign.name,
        "state": campaign.state.name(),
        "sent_at": campaign.sent_at,
        "url": format!("/api/v1/reports/{}", campaign.id),
    });
    let more = match report_of(installation, campaign.id) {
        Ok(found) => json!({
            "window_from": found.report.window.from,
            "window_until": found.report.window.until,
            "window_is_closed": found.report.window.is_closed(),
            "frozen_at": found.frozen.map(|frozen| frozen.at),
            "verdict": found.report.verdict,
            "cannot_be_made": null,
        }),
        // One that cannot be made hides none of the others.
        Err(error @ (ReportError::NotGenerated(_) | ReportError::NoDates(_))) => {
            json!({ "cannot_be_made": error.to_string() })
        }
        Err(error) => return Err(error.into()),
    };
    let (Value::Object(mut known), Value::Object(more)) = (known, more) else { return Ok(Value::Null) };
    known.extend(more);
    Ok(Value::Object(known))
}

/// GET /api/v1/reports/{id}: all figures and every table
pub async fn one(_: ReportsKey, id: Path<CampaignId>, installation: Data<Arc<Installation>>) -> Page {
    let (state, id) = (installation.get_ref().clone(), *id);
    let issue = web::blocking(move || issued(&state, id)).await?;
    Ok(HttpResponse::Ok().json(export::json(&issue.found, &issue.paper.tables)))
}
