//! How many customers a plan would reach.

use super::generate::{GenerateError, PlanLists};
use super::pages::find;
use crate::auth::Analyst;
use crate::history::History;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::picker::Removed;
use crate::picker::activity::{Activity, Builder};
use crate::picker::audience::{self, Audience};
use crate::picker::build::{BuildError, read_activity};
use crate::picker::catalogue::Catalogue;
use crate::picker::plan::{Audience as Wanted, Plan};
use crate::progress::Silent;
use crate::web::{self, Page, WebError};
use actix_web::web::{Data, Path};
use askama::Template;
use std::sync::Arc;

/// What the page says below the form.
pub struct Count {
    pub customers: String,
    pub removed: Vec<Removed>,
    pub unknown_ids: u64,
}

#[derive(Template)]
#[template(path = "campaigns/audience_count.html")]
struct Fragment {
    count: Count,
}

/// GET /campaigns/{id}/audience-count
pub async fn audience_count(
    Analyst(_): Analyst,
    id: Path<CampaignId>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let installation = installation.get_ref().clone();
    let count = web::blocking(move || {
        let plan: Plan = find(&installation, *id)?.plan()?;
        count(&installation, *id, &plan)
    })
    .await?;
    web::page(&Fragment { count })
}

pub fn count(installation: &Installation, campaign: CampaignId, plan: &Plan) -> Result<Count, WebError> {
    // Most audiences ask nothing of purchases, and the events need not be read.
    let reached = reach(installation, campaign, plan, asks_for_purchases(&plan.audience))
        .map_err(|error| WebError::Internal(error.to_string()))?;
    let Audience { ids, removed, unknown_ids } = reached.audience;
    Ok(Count { customers: web::whole(ids.len() as i64), removed, unknown_ids })
}

/// Whom a plan reaches, and what they bought, where it was read.
pub struct Reached {
    pub audience: Audience,
    pub activity: Activity,
}

pub fn reach(
    installation: &Installation,
    campaign: CampaignId,
    plan: &Plan,
    with_purchases: bool,
) -> Result<Reached, GenerateError> {
    let as_of = plan.as_of.unwrap_or_else(|| installation.now());
    let lists = PlanLists::read(installation, plan)?.with_mails(installation, campaign, plan, as_of)?;
    let snapshot = History::open(&installation.folder.history(installation.shop_id()))?.snapshot()?;
    let catalogue = Catalogue::new(snapshot.products()?);
    let activity = match with_purchases {
        true => read_activity(&snapshot, &catalogue, as_of, &Silent)?,
        false => Builder::new(&catalogue, as_of).finish(),
    };
    let known = (&activity, &catalogue);
    let audience =
        audience::choose(&plan.audience, lists.of_customers(), snapshot.customers()?, known, as_of)
            .map_err(BuildError::from)?;
    Ok(Reached { audience, activity })
}

fn asks_for_purchases(wanted: &Wanted) -> bool {
    let Wanted { bought_within_days, not_bought_within_days, orders_at_least, orders_at_most, .. } = wanted;
    let days_or_orders = [bought_within_days, not_bought_within_days, orders_at_least, orders_at_most];
    days_or_orders.iter().any(|limit| limit.is_some())
        || wanted.spent_at_least.is_some()
        || wanted.spent_at_most.is_some()
        || !wanted.bought_in_categories.is_empty()
}
