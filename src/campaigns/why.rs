//! “Why this product, and why not that one?” for one customer of a campaign, in sentences.

use super::generate::{GenerateError, PlanLists};
use super::memory;
use super::pages::find;
use super::preview::generation;
use super::state::sentence;
use crate::auth::Analyst;
use crate::history::History;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::picker::build::Order;
use crate::picker::opening;
use crate::picker::picks_file;
use crate::picker::plan::{Arm, Effect, Plan};
use crate::picker::summary::Summary;
use crate::picker::trace::{Trace, trace};
use crate::progress::Silent;
use crate::store::campaigns::Campaign;
use crate::store::models;
use crate::web::{self, Page, TraceWords, WebError, trace_in_words};
use actix_web::web::{Data, Path, Query};
use askama::Template;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    customer: String,
    #[serde(default)]
    product: String,
}

#[derive(Template)]
#[template(path = "campaigns/why.html")]
pub struct Answer {
    question: String,
    answer: String,
    /// What somebody may change.
    advice: String,
}

/// GET /campaigns/{id}/why?customer=…&product=…
pub async fn why(
    Analyst(_): Analyst,
    id: Path<CampaignId>,
    asked: Query<Asked>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let installation = installation.get_ref().clone();
    let Asked { customer, product } = asked.into_inner();
    if product.trim().is_empty() {
        return Err(WebError::BadInput("Say which product: its id in the shop.".into()));
    }
    let answer = web::blocking(move || {
        let campaign = find(&installation, *id)?;
        answer(&installation, &campaign, customer.trim(), product.trim())
    })
    .await?;
    web::page(&answer)
}

pub fn answer(
    installation: &Installation,
    campaign: &Campaign,
    customer: &str,
    product: &str,
) -> Result<Answer, WebError> {
    let folder = generation(installation, campaign)?;
    let arms = picks_file::arms(&folder).map_err(|error| WebError::Internal(error.to_string()))?;
    let arm = arms.binary_search_by(|(known, _)| known.as_str().cmp(customer)).map(|at| arms[at].1);
    told(installation, campaign, customer, product, arm.unwrap_or(Arm::Picks))
        .map_err(|error| WebError::Internal(sentence(&error.to_string())))
}

fn told(
    installation: &Installation,
    campaign: &Campaign,
    customer: &str,
    product: &str,
    arm: Arm,
) -> Result<Answer, GenerateError> {
    let shop = installation.shop_id();
    let mut plan: Plan = campaign.plan()?;
    let summary: Summary = campaign.summary()?.unwrap_or_default();
    // What was known when the picks were made, not what is known by now.
    plan.weather = summary.weather.unwrap_or(plan.weather);
    let model = match campaign.model {
        Some(model) => installation.store.read(|conn| models::by_id(conn, shop, model))?,
        None => None,
    };
    let model = model.ok_or(GenerateError::NoCampaign(campaign.id))?;
    let live = opening::open(installation, &model)?;
    let snapshot = History::open(&installation.folder.history(shop))?.snapshot()?;
    let whose = (campaign.id, &plan);
    let lists =
        PlanLists::read(installation, &plan)?.with_past(installation, whose, &snapshot, summary.as_of)?;
    let lately = memory::lately(installation, campaign.id, &plan, &snapshot, summary.as_of)?;
    let order = Order {
        campaign: campaign.id,
        plan: &plan,
        product_list: lists.products.as_deref(),
        customer_lists: lists.of_customers(),
        snapshot: &snapshot,
        live: &live,
        lately: lately.as_ref(),
        secret: &installation.shop.secret,
        as_of: summary.as_of,
    };
    let (mut found, catalogue) = trace(&order, customer, product, arm, &Silent)?;
    // Scarce products are shared out among all customers; one alone would get what went to others.
    let shares =
        plan.rules.iter().position(|rule| !rule.off && matches!(rule.effect, Effect::ShareStock { .. }));
    if let (Some(rule), Trace::Picked { .. }) = (shares, &found) {
        let folder = installation.folder.campaign(shop, campaign.id);
        let stored =
            picks_file::picks_of(&folder.join(campaign.generation.as_deref().unwrap_or_default()), customer)?;
        if !stored.iter().any(|pick| pick.product == product) {
            found = Trace::BarredByRule(rule);
        }
    }
    let title = catalogue.number(product).map_or(product, |number| &catalogue.product(number).title);
    let question = format!("Why is it so with “{title}”?");
    let TraceWords { answer, advice } =
        trace_in_words(&found, &plan, &catalogue, product, &installation.shop.currency);
    Ok(Answer { question, answer, advice })
}
