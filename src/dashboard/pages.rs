//! The first page after signing in.

use crate::auth::Analyst;
use crate::installation::Installation;
use crate::store::campaigns::{self, Campaign, CampaignState};
use crate::store::jobs::{self, Job, JobState};
use crate::store::models::{self, StoredModel};
use crate::store::syncs::{self, SyncRun};
use crate::web::{self, Page, Section, Shell};
use actix_web::web::Data;
use askama::Template;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "dashboard/dashboard.html")]
struct Dashboard {
    shell: Shell,
    sync: Option<SyncView>,
    model: Option<ModelView>,
    running: Vec<RunningJob>,
    failures: Vec<Failure>,
    states: Vec<(&'static str, usize)>,
    recent: Vec<CampaignView>,
    steps: Vec<Step>,
}

struct SyncView {
    at: String,
    state: &'static str,
    badge: &'static str,
    error: String,
}

struct ModelView {
    kind: &'static str,
    verdict: String,
    badge: &'static str,
    trained_at: String,
}

struct RunningJob {
    id: i32,
    title: &'static str,
    phase: String,
    done: i64,
    total: Option<i64>,
}

struct Failure {
    title: String,
    sentence: String,
    href: String,
}

struct CampaignView {
    id: i32,
    name: String,
    state: &'static str,
    badge: &'static str,
    updated: String,
}

/// One line of the checklist. The first one that is not done is the one to do.
struct Step {
    title: &'static str,
    text: String,
    href: &'static str,
    state: StepState,
}

#[derive(PartialEq, Eq)]
enum StepState {
    Done,
    Next,
    Later,
}

impl Step {
    fn class(&self) -> &'static str {
        match self.state {
            StepState::Done => "done",
            StepState::Next => "next",
            StepState::Later => "later",
        }
    }

    fn is_next(&self) -> bool {
        self.state == StepState::Next
    }
}

struct Facts {
    syncs: Vec<SyncRun>,
    models: Vec<StoredModel>,
    jobs: Vec<Job>,
    campaigns: Vec<Campaign>,
}

pub async fn dashboard(Analyst(who): Analyst, installation: Data<Arc<Installation>>) -> Page {
    let state = installation.clone();
    let facts = web::blocking(move || Ok(read(&state)?)).await?;
    web::page(&view(&installation, Shell::new(&installation, &who, Section::Dashboard), &facts))
}

fn read(installation: &Installation) -> crate::store::StoreResult<Facts> {
    let shop = installation.shop_id();
    installation.store.read(|conn| {
        Ok(Facts {
            syncs: syncs::latest(conn, shop, 20)?,
            models: models::latest(conn, shop, 1)?,
            jobs: jobs::latest(conn, shop, 50)?,
            campaigns: campaigns::all(conn, shop)?,
        })
    })
}

fn view(installation: &Installation, shell: Shell, facts: &Facts) -> Dashboard {
    let zone = installation.zone();
    let sync = facts.syncs.first().map(|run| SyncView {
        at: web::date_time(run.finished_at.unwrap_or(run.started_at), zone),
        state: match run.state.as_str() {
            "done" => "up to date",
            "running" => "running",
            _ => "failed",
        },
        badge: match run.state.as_str() {
            "done" => "badge-ok",
            "running" => "badge-neutral",
            _ => "badge-bad",
        },
        error: run.error.clone().unwrap_or_default(),
    });
    let model = facts.models.first().map(|model| ModelView {
        kind: web::model_name(&model.kind),
        verdict: model.verdict.clone(),
        badge: if model.beats_popular { "badge-ok" } else { "badge-warn" },
        trained_at: web::date_time(model.trained_at, zone),
    });
    let count = |state| facts.campaigns.iter().filter(|campaign| campaign.state == state).count();
    Dashboard {
        shell,
        sync,
        model,
        running: facts.jobs.iter().filter(|job| job.state == JobState::Running).map(running).collect(),
        failures: failures(facts),
        states: CampaignState::ALL.into_iter().map(|state| (state.name(), count(state))).collect(),
        recent: facts
            .campaigns
            .iter()
            .take(5)
            .map(|campaign| CampaignView {
                id: campaign.id.0,
                name: campaign.name.clone(),
                state: campaign.state.name(),
                badge: campaign_badge(campaign.state),
                updated: web::date(campaign.updated_at, zone),
            })
            .collect(),
        steps: steps(installation, facts),
    }
}

fn campaign_badge(state: CampaignState) -> &'static str {
    match state {
        CampaignState::Approved | CampaignState::Sent => "badge-ok",
        CampaignState::Generated => "badge-warn",
        _ => "badge-neutral",
    }
}

fn running(job: &Job) -> RunningJob {
    RunningJob {
        id: job.id.0,
        title: web::job_title(&job.kind),
        phase: job.phase.clone(),
        done: job.done,
        total: job.total,
    }
}

/// The newest job of each kind, when it failed or waits for another try. An older failure is history.
fn failures(facts: &Facts) -> Vec<Failure> {
    let mut seen: Vec<&str> = Vec::new();
    let mut failures = Vec::new();
    for job in &facts.jobs {
        if seen.contains(&job.kind.as_str()) {
            continue;
        }
        seen.push(&job.kind);
        let Some(error) = job.error.clone().filter(|_| job.state != JobState::Done) else { continue };
        let ending = if job.state == JobState::Failed { "failed" } else { "will be tried again" };
        failures.push(Failure {
            title: format!("{} {ending}", web::job_title(&job.kind)),
            sentence: error,
            href: format!("/jobs/{}", job.id),
        });
    }
    failures
}

fn steps(installation: &Installation, facts: &Facts) -> Vec<Step> {
    let synced = facts.syncs.iter().any(|run| run.state == "done");
    let done = [
        synced || installation.config.source.is_some(),
        synced,
        !facts.models.is_empty(),
        !facts.campaigns.is_empty(),
        facts.campaigns.iter().any(|c| c.approved_at.is_some()),
        facts.campaigns.iter().any(|c| c.sent_at.is_some()),
    ];
    let titles = [
        (
            "Connect your shop",
            "Describe the shop's database in the configuration file, under [source]; Handpick only ever reads it.",
            "/shop",
        ),
        ("Sync", "Read products, customers and orders into Handpick's own history.", "/shop"),
        (
            "Train a model",
            "Let Handpick learn from the history, and measure it beside best-sellers.",
            "/models",
        ),
        (
            "Make a campaign",
            "Choose products, audience and rules, then have every customer's picks made.",
            "/campaigns",
        ),
        (
            "Approve the picks",
            "Look at some customers' picks, then approve them and hand them to your e-mail tool.",
            "/campaigns",
        ),
        (
            "See what it earned",
            "Mark the campaign as sent; its report compares with the customers who got no e-mail.",
            "/reports",
        ),
    ];
    let next = done.iter().position(|done| !done);
    let step = |(at, (title, text, href)): (usize, (&'static str, &str, &'static str))| Step {
        title,
        text: text.to_owned(),
        href,
        state: match next {
            _ if done[at] => StepState::Done,
            Some(next) if next == at => StepState::Next,
            _ => StepState::Later,
        },
    };
    titles.into_iter().enumerate().map(step).collect()
}
