//! What the campaign's comparison will be able to show, told before anybody is mailed.

use super::counting::Crowds;
use super::generate::GenerateError;
use super::pages::find;
use crate::auth::Analyst;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::picker::hindsight::{Expected, likewise};
use crate::picker::plan::Plan;
use crate::picker::summary::Summary;
use crate::recommender::power::{Design, smallest_pooled_uplift};
use crate::responses;
use crate::store::campaigns::{self, Campaign, CampaignState};
use crate::web::{self, Page, WebError};
use actix_web::web::{Data, Path, Query};
use askama::Template;
use chrono::TimeDelta;
use serde::Deserialize;
use std::sync::Arc;

/// Earlier campaigns that are looked at together with this one.
const POOLED: usize = 5;
/// Days that count where the campaign has no last day; as its report does.
const DEFAULT_DAYS: i64 = 14;
/// Shares without e-mail that are laid beside the chosen one.
const OTHERS: [f64; 4] = [0.05, 0.1, 0.2, 0.5];

#[derive(Deserialize)]
pub struct Asked {
    /// Per cent without e-mail, as typed; empty: as saved.
    #[serde(default)]
    holdout: String,
}

#[derive(Template)]
#[template(path = "campaigns/forecast.html")]
struct Forecast {
    people: String,
    days: i64,
    buyers: String,
    rate: String,
    /// Between which numbers they will lie in as many days.
    buyers_to_come: String,
    /// Who may be expected to click, by the campaigns before; empty where nobody counted.
    clicks: String,
    shares: Vec<Share>,
    /// Together with the campaigns before; empty without any.
    pooled: String,
    earlier: usize,
    /// Why nothing can be said.
    nothing: &'static str,
}

/// One way to part the customers.
struct Share {
    label: String,
    mailed: String,
    uplift: String,
    /// In hundredths of the longest bar.
    width: String,
    is_chosen: bool,
}

/// GET /campaigns/{id}/forecast?holdout=10
pub async fn show(
    Analyst(_): Analyst,
    id: Path<CampaignId>,
    asked: Query<Asked>,
    installation: Data<Arc<Installation>>,
    crowds: Data<Crowds>,
) -> Page {
    let (installation, crowds) = (installation.get_ref().clone(), crowds.into_inner());
    let forecast = web::blocking(move || {
        let plan: Plan = find(&installation, *id)?.plan()?;
        let typed = asked.holdout.replace(',', ".").parse::<f64>().ok().map(|percent| percent / 100.0);
        let holdout =
            typed.filter(|share| (0.0..=0.5).contains(share)).unwrap_or(plan.controls.holdout_share);
        let told = forecast(&installation, &crowds, *id, &plan, holdout);
        told.map_err(|error| WebError::Internal(error.to_string()))
    })
    .await?;
    web::page(&forecast)
}

fn forecast(
    installation: &Installation,
    crowds: &Crowds,
    id: CampaignId,
    plan: &Plan,
    holdout: f64,
) -> Result<Forecast, GenerateError> {
    let (audience, known) = crowds.reach(installation, id, plan)?;
    let days = match (plan.starts_on, plan.ends_on) {
        (Some(from), Some(to)) => (to - from).num_days() + 1,
        _ => DEFAULT_DAYS,
    };
    let as_of = plan.as_of.unwrap_or_else(|| installation.now());
    let since = (as_of - TimeDelta::days(days)).timestamp_micros();
    let activity = &known.0;
    let people = audience.ids.len() as u64;
    let bought = audience.ids.iter().filter(|id| {
        let last = activity.facts(activity.customers.number(id)).last_purchase_us;
        last.is_some_and(|at| at >= since)
    });
    let buyers = bought.count() as u64;
    let base_rate = buyers as f64 / people.max(1) as f64;
    let earlier = earlier(installation, id, base_rate)?;
    let design = Design::split(people, holdout, base_rate);
    let mailed = design.treated;
    let to_come = likewise(buyers as f64, 1.0, people as f64);
    let pooled = match (earlier.is_empty(), design.smallest_uplift()) {
        (false, Some(_)) => {
            let all: Vec<Design> = earlier.iter().copied().chain([design]).collect();
            smallest_pooled_uplift(&all).map(web::percent).unwrap_or_default()
        }
        _ => String::new(),
    };
    let nothing = match () {
        () if people == 0 => "Nobody is reached yet: choose the customers first.",
        () if buyers == 0 => {
            "None of these customers bought in a time as long before, so nothing can be foretold."
        }
        () => "",
    };
    Ok(Forecast {
        people: web::whole(people as i64),
        days,
        buyers: web::whole(buyers as i64),
        rate: web::percent(base_rate),
        buyers_to_come: format!("{} to {}", whole(to_come.low), whole(to_come.high.ceil())),
        clicks: clicks(installation, id, mailed)?,
        shares: shares(people, holdout, base_rate),
        pooled,
        earlier: earlier.len(),
        nothing,
    })
}

fn whole(number: f64) -> String {
    web::whole(number as i64)
}

/// How many of those who get the e-mail clicked in the campaigns before, as a range for this one.
fn clicks(installation: &Installation, but: CampaignId, mailed: u64) -> Result<String, GenerateError> {
    let mut before = Vec::new();
    for campaign in sent_before(installation, but)?.into_iter().take(POOLED) {
        let Some(summary) = campaign.summary::<Summary>().ok().flatten() else { continue };
        let counted = installation.store.read(|conn| responses::counted(conn, campaign.id))?;
        if counted.clickers > 0 && summary.mailed() > 0 {
            before.push((counted.clickers as f64, summary.mailed() as f64));
        }
    }
    let rates = || before.iter().map(|(clickers, mailed)| clickers / mailed);
    let (lowest, highest) = (rates().fold(f64::INFINITY, f64::min), rates().fold(0.0, f64::max));
    let (low, high) = match before.as_slice() {
        [] => return Ok(String::new()),
        // One campaign shows how many, but not how much they differ.
        [(clickers, of)] => {
            let Expected { low, high, .. } = likewise(*clickers, mailed as f64 / of, mailed as f64);
            (low, high)
        }
        _ => (lowest * mailed as f64, highest * mailed as f64),
    };
    let of = match before.len() {
        1 => format!("In the campaign before {} of those who got it clicked", web::percent(highest)),
        more => format!(
            "In the {more} campaigns before {} to {} of those who got them clicked",
            web::percent(lowest),
            web::percent(highest)
        ),
    };
    Ok(format!("{of}: expect {} to {} to click in this one.", whole(low), whole(high.ceil())))
}

/// The chosen share, and others beside it, the smallest first.
fn shares(people: u64, holdout: f64, base_rate: f64) -> Vec<Share> {
    let mut all: Vec<f64> = OTHERS.into_iter().filter(|other| (other - holdout).abs() > 1e-9).collect();
    if holdout > 0.0 {
        all.push(holdout);
    }
    all.sort_by(f64::total_cmp);
    let uplift = |share: f64| Design::split(people, share, base_rate).smallest_uplift();
    let longest = all.iter().filter_map(|&share| uplift(share)).fold(0.0, f64::max);
    let told = |share: f64| {
        let found = uplift(share)?;
        Some(Share {
            label: web::percent(share),
            mailed: web::whole(Design::split(people, share, base_rate).treated as i64),
            uplift: web::percent(found),
            width: web::decimal(100.0 * found / longest, 1),
            is_chosen: (share - holdout).abs() < 1e-9,
        })
    };
    all.into_iter().filter_map(told).collect()
}

/// Other campaigns that were sent, the newest first.
fn sent_before(installation: &Installation, but: CampaignId) -> Result<Vec<Campaign>, GenerateError> {
    let mut sent = installation.store.read(|conn| campaigns::all(conn, installation.shop_id()))?;
    sent.retain(|campaign| {
        campaign.id != but && matches!(campaign.state, CampaignState::Sent | CampaignState::Closed)
    });
    sent.sort_by_key(|campaign| std::cmp::Reverse(campaign.sent_at));
    Ok(sent)
}

/// The newest campaigns that were sent and had a group without e-mail.
fn earlier(
    installation: &Installation,
    but: CampaignId,
    base_rate: f64,
) -> Result<Vec<Design>, GenerateError> {
    let sent = sent_before(installation, but)?;
    let design = |summary: Summary| Design { treated: summary.mailed(), control: summary.holdout, base_rate };
    let summaries = sent.into_iter().filter_map(|campaign| campaign.summary::<Summary>().ok().flatten());
    Ok(summaries.filter(|summary| summary.holdout > 0).map(design).take(POOLED).collect())
}
