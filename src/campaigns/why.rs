//! “Why this product, and why not that one?” for one customer of a campaign, in sentences.

use super::generate::{GenerateError, PlanLists};
use super::memory;
use super::pages::find;
use super::preview::generation;
use super::state::sentence;
use super::views::rule_in_words;
use crate::auth::Analyst;
use crate::history::History;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::picker::build::Order;
use crate::picker::catalogue::Catalogue;
use crate::picker::model_file;
use crate::picker::picks_file;
use crate::picker::plan::{Arm, Effect, Plan};
use crate::picker::reason::Reader;
use crate::picker::summary::Summary;
use crate::picker::trace::{Trace, trace};
use crate::progress::Silent;
use crate::store::campaigns::Campaign;
use crate::store::models;
use crate::web::{self, Page, WebError};
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
    let plan: Plan = campaign.plan()?;
    let summary: Summary = campaign.summary()?.unwrap_or_default();
    let model = match campaign.model {
        Some(model) => installation.store.read(|conn| models::by_id(conn, shop, model))?,
        None => None,
    };
    let model = model.ok_or(GenerateError::NoCampaign(campaign.id))?;
    let live = model_file::load(&installation.folder.models(shop).join(&model.file), Some(&model.checksum))?;
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
    Ok(in_words(&found, &plan, &catalogue, product, &installation.shop.currency))
}

#[expect(clippy::too_many_lines, reason = "one sentence for each answer, side by side")]
fn in_words(found: &Trace, plan: &Plan, catalogue: &Catalogue, product: &str, currency: &str) -> Answer {
    let title = catalogue.number(product).map_or(product, |number| catalogue.product(number).title.as_str());
    let rule =
        |number: usize| format!("rule {}, “{}”", number + 1, rule_in_words(&plan.rules[number], currency));
    let loosen = || "Change or switch off the rule in the step “Places and rules”.".to_owned();
    let (answer, advice) = match found {
        Trace::UnknownProduct => (format!("The shop has no product with the id “{product}”."), String::new()),
        Trace::NotChosen(why) => (
            format!("It is not among the campaign's products: it is {why}."),
            "Change it in the step “Products”.".into(),
        ),
        Trace::TakenByRule(number) => (format!("Nobody gets it: {} takes it away.", rule(*number)), loosen()),
        Trace::UnknownCustomer => ("The shop has no customer with this id.".into(), String::new()),
        Trace::NotInAudience(why) => (
            format!("The customer is not in the campaign: one of those {why}."),
            "Change it in the step “Customers”.".into(),
        ),
        Trace::Holdout => {
            ("The customer gets no e-mail, so that there is something to compare with.".into(), String::new())
        }
        Trace::Picked { slot, why, past, .. } => {
            let past = past.map(|number| catalogue.product(number).title.as_str());
            let number = catalogue.number(product);
            let category = number.and_then(|number| catalogue.product(number).category.as_deref());
            let because = why.sentence(Reader::Shop, past, category);
            (format!("It is picked, at place {}: {because}.", slot + 1), String::new())
        }
        Trace::BarredByRule(number) => {
            (format!("For this customer {} leaves it out.", rule(*number)), loosen())
        }
        Trace::Outranked { rank, of, places, .. } => (
            format!(
                "It is number {} of {} for this customer, and the {places} places went to others.",
                web::whole(*rank as i64),
                web::whole(*of as i64)
            ),
            "More places, or a rule that promotes it, would bring it nearer.".into(),
        ),
        Trace::LostToRule { rule: number, rank } => (
            format!(
                "It is number {} for this customer, but {} gave its place to another.",
                web::whole(*rank as i64),
                rule(*number)
            ),
            loosen(),
        ),
        Trace::VariantPicked { rule: number, of, rank } => (
            format!(
                "It is number {} for this customer, but a variant of it, “{}”, is picked: {}.",
                web::whole(*rank as i64),
                catalogue.product(*of).title,
                rule(*number)
            ),
            loosen(),
        ),
        Trace::LostToVariety { rank } => (
            format!(
                "It is number {} for this customer, but lost its place to variety: it is too much like what else is picked.",
                web::whole(*rank as i64)
            ),
            "Move the slider in the step “Places and rules” towards similar products.".into(),
        ),
        Trace::NoSignal { knows_customer: false } => (
            "Too little is known of this customer: the picks are best-sellers, and it is none of those."
                .into(),
            String::new(),
        ),
        Trace::NoSignal { knows_customer: true } => (
            "Nothing that this customer did speaks for it: no score, and the places went to others.".into(),
            "A product that nobody bought yet is found by “Similar products” in the step “How to pick”."
                .into(),
        ),
        Trace::Baseline => (
            "The customer gets best-sellers on purpose, for comparison, and it is none of those.".into(),
            String::new(),
        ),
    };
    Answer { question: format!("Why is it so with “{title}”?"), answer, advice }
}
