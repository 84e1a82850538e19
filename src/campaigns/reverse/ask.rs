//! What a campaign's products are asked of: the newest model of its kind, and the customers whom its filters let through.

use crate::campaigns::generate::{GenerateError, PlanLists};
use crate::campaigns::impact::model_of;
use crate::campaigns::weather;
use crate::history::{History, Snapshot};
use crate::installation::Installation;
use crate::picker::build::Order;
use crate::picker::catalogue::Catalogue;
use crate::picker::opening;
use crate::picker::plan::Plan;
use crate::picker::reverse::{Interested, interested};
use crate::progress::Silent;
use crate::store::campaigns::Campaign;
use crate::store::models::StoredModel;
use chrono::{DateTime, Utc};

/// A campaign's question.
pub(super) struct Question {
    pub plan: Plan,
    pub model: StoredModel,
    pub snapshot: Snapshot,
    pub as_of: DateTime<Utc>,
}

/// `None` when there is no model that could be asked.
pub(super) fn question(
    installation: &Installation,
    campaign: &Campaign,
) -> Result<Option<Question>, GenerateError> {
    let mut plan: Plan = campaign.plan()?;
    // A list found before would hide everybody else.
    plan.audience.list = None;
    weather::learn(installation, &mut plan)?;
    let Some(model) = model_of(installation, &plan)? else { return Ok(None) };
    let snapshot = History::open(&installation.folder.history(installation.shop_id()))?.snapshot()?;
    let as_of = plan.as_of.unwrap_or_else(|| installation.now());
    Ok(Some(Question { plan, model, snapshot, as_of }))
}

impl Question {
    /// What is to be looked at, and the customers' lists as they stood at `lists_at`.
    pub fn put<T>(
        &self,
        installation: &Installation,
        campaign: &Campaign,
        lists_at: DateTime<Utc>,
        answer: impl FnOnce(&Order<'_>) -> T,
    ) -> Result<T, GenerateError> {
        let live = opening::open(installation, &self.model)?;
        let whose = (campaign.id, &self.plan);
        let lists = PlanLists::read(installation, &self.plan)?.with_past(
            installation,
            whose,
            &self.snapshot,
            lists_at,
        )?;
        let order = Order {
            campaign: campaign.id,
            plan: &self.plan,
            product_list: lists.products.as_deref(),
            customer_lists: lists.of_customers(),
            snapshot: &self.snapshot,
            live: &live,
            lately: None,
            secret: &installation.shop.secret,
            as_of: self.as_of,
        };
        Ok(answer(&order))
    }
}

/// `None` when there is no model that could be asked.
pub(super) fn ask(
    installation: &Installation,
    campaign: &Campaign,
) -> Result<Option<(Interested, Catalogue)>, GenerateError> {
    let Some(question) = question(installation, campaign)? else { return Ok(None) };
    let found = question.put(installation, campaign, question.as_of, |order| interested(order, &Silent))?;
    Ok(Some(found?))
}
