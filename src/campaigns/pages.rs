//! The list of campaigns, a new one, and one campaign as it stands: draft, being generated, or with picks.

use super::preview;
use super::views::{Line, StepLink, line, step_links};
use crate::auth::{Analyst, Marketer, SignedIn};
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::picker::plan::Plan;
use crate::store::campaigns::{self, Campaign, CampaignState};
use crate::store::{audit, emails, jobs};
use crate::web::{self, Form, Page, Section, Shell, WebError};
use actix_web::web::{Data, Path};
use askama::Template;
use std::sync::Arc;

pub fn path(id: CampaignId) -> String {
    format!("/campaigns/{id}")
}

/// The campaign, after a generation that was cancelled or died is told from one that runs.
pub fn find(installation: &Installation, id: CampaignId) -> Result<Campaign, WebError> {
    let shop = installation.shop_id();
    let load = || installation.store.read(|conn| campaigns::by_id(conn, shop, id));
    let missing = || WebError::NotFound("There is no such campaign. See the list of campaigns.".into());
    let campaign = load()?.ok_or_else(missing)?;
    if settle(installation, &campaign)? { load()?.ok_or_else(missing) } else { Ok(campaign) }
}

/// A job that was cancelled while it waited, or died once too often, never said so to its campaign. Without a job it
/// was the command line's, and no command runs beside the server: the data folder is locked.
fn settle(installation: &Installation, campaign: &Campaign) -> Result<bool, WebError> {
    if campaign.state != CampaignState::Training {
        return Ok(false);
    }
    let shop = installation.shop_id();
    let job = match campaign.job {
        Some(job) => installation.store.read(|conn| jobs::by_id(conn, shop, job))?,
        None => None,
    };
    if !job.is_none_or(|job| job.state.is_over()) {
        return Ok(false);
    }
    installation.store.write(|conn| campaigns::abandon_generation(conn, campaign.id, installation.now()))?;
    Ok(true)
}

#[derive(Template)]
#[template(path = "campaigns/list.html")]
struct List {
    shell: Shell,
    campaigns: Vec<Line>,
}

/// GET /campaigns
pub async fn list(Analyst(who): Analyst, installation: Data<Arc<Installation>>) -> Page {
    let shop = installation.shop_id();
    let mut all = installation.store.read(|conn| campaigns::all(conn, shop))?;
    for campaign in &mut all {
        if settle(&installation, campaign)? {
            campaign.state = CampaignState::Draft;
        }
    }
    let campaigns = all.iter().map(|campaign| line(campaign, installation.zone())).collect();
    web::page(&List { shell: Shell::new(&installation, &who, Section::Campaigns), campaigns })
}

/// POST /campaigns
pub async fn add(Marketer(who): Marketer, form: Form, installation: Data<Arc<Installation>>) -> Page {
    form.check(&who)?;
    let now = installation.now();
    let today = now.with_timezone(&installation.zone()).date_naive();
    let plan = Plan { starts_on: Some(today), ..Plan::default() };
    let name = format!("Campaign of {}", today.format("%-d %B %Y"));
    let by = Some(who.account.id);
    let shop = installation.shop_id();
    let id = installation.store.write(|conn| campaigns::add(conn, shop, &name, &plan, by, now))?;
    web::go_to(&format!("/campaigns/{id}/steps/name"))
}

/// POST /campaigns/{id}/copy: the same again, as a draft that begins today
pub async fn copy(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    let campaign = find(&installation, *id)?;
    let (shop, now, by) = (installation.shop_id(), installation.now(), Some(who.account.id));
    let today = now.with_timezone(&installation.zone()).date_naive();
    let plan = Plan { as_of: None, starts_on: Some(today), ends_on: None, ..campaign.plan::<Plan>()? };
    let name: String = format!("Copy of {}", campaign.name).chars().take(200).collect();
    let copy = installation.store.write(|conn| {
        let copy = campaigns::add(conn, shop, &name, &plan, by, now)?;
        emails::copy(conn, campaign.id, copy, now)?;
        audit::note(conn, shop, by, "copy", &format!("campaign {id} to {copy}"), now)?;
        Ok(copy)
    })?;
    web::go_to_with(&format!("/campaigns/{copy}/steps/name"), "This is the copy. Give it a name and dates.")
}

#[derive(Template)]
#[template(path = "campaigns/working.html")]
struct Working {
    shell: Shell,
    name: String,
    job: Option<i32>,
}

#[derive(Template)]
#[template(path = "campaigns/draft.html")]
struct Draft {
    shell: Shell,
    id: CampaignId,
    name: String,
    steps: Vec<StepLink>,
    /// For each step: its title, its address, what was chosen, in sentences.
    chosen: Vec<(&'static str, String, Vec<String>)>,
    /// What stands in the way.
    problem: String,
    /// Why the last attempt ended without picks.
    failed: String,
}

/// GET /campaigns/{id}
pub async fn show(
    Analyst(who): Analyst,
    id: Path<CampaignId>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let installation = installation.get_ref().clone();
    let campaign = find(&installation, *id)?;
    match campaign.state {
        // A generation that failed makes the campaign a draft a moment before its job says why.
        CampaignState::Training | CampaignState::Draft if is_worked_on(&installation, &campaign)? => {
            let shell = Shell::new(&installation, &who, Section::Campaigns);
            web::page(&Working { shell, name: campaign.name, job: campaign.job.map(|job| job.0) })
        }
        CampaignState::Draft | CampaignState::Training => draft(&installation, &who, &campaign),
        _ => preview::show(&installation, &who, &campaign),
    }
}

/// Whether the campaign's job is still to run or running.
fn is_worked_on(installation: &Installation, campaign: &Campaign) -> Result<bool, WebError> {
    let Some(job) = campaign.job else { return Ok(campaign.state == CampaignState::Training) };
    let job = installation.store.read(|conn| jobs::by_id(conn, installation.shop_id(), job))?;
    Ok(job.is_some_and(|job| !job.state.is_over()))
}

fn draft(installation: &Installation, who: &SignedIn, campaign: &Campaign) -> Page {
    let plan: Plan = campaign.plan()?;
    let problem = crate::picker::refusal::check(&plan).err();
    let shop = installation.shop_id();
    let job = match campaign.job {
        Some(job) => installation.store.read(|conn| jobs::by_id(conn, shop, job))?,
        None => None,
    };
    let zone = installation.zone();
    web::page(&Draft {
        shell: Shell::new(installation, who, Section::Campaigns),
        id: campaign.id,
        name: campaign.name.clone(),
        steps: step_links(campaign.id, None),
        chosen: super::views::chosen(campaign.id, &plan, zone, &installation.shop.currency),
        problem: problem.map(|refusal| super::state::sentence(&refusal.to_string())).unwrap_or_default(),
        failed: job.and_then(|job| job.error).map(|text| super::state::sentence(&text)).unwrap_or_default(),
    })
}
