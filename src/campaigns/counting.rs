//! How many customers a plan would reach.

use super::fields::{Draft, apply};
use super::generate::{GenerateError, PlanLists};
use super::pages::find;
use super::state::sentence;
use super::steps::Step;
use crate::auth::Analyst;
use crate::history::{History, Snapshot};
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::picker::Removed;
use crate::picker::activity::{Activity, Builder};
use crate::picker::audience::{self, Audience};
use crate::picker::build::{BuildError, read_activity};
use crate::picker::catalogue::Catalogue;
use crate::picker::plan::{Audience as Wanted, Plan};
use crate::picker::refusal::check;
use crate::progress::Silent;
use crate::web::{self, Form, Page, WebError};
use actix_web::web::{Data, Path};
use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::{Arc, Mutex, PoisonError};

/// What the page says below the form.
#[derive(Default)]
pub struct Count {
    pub customers: String,
    pub removed: Vec<Removed>,
    pub unknown_ids: u64,
    /// What is asked for and nobody did.
    pub unheard_of: Vec<String>,
    /// Why what is typed cannot be counted.
    pub problem: String,
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

/// POST /campaigns/{id}/audience-count with the step's form: counts what is typed, and stores nothing
pub async fn count_typed(
    Analyst(who): Analyst,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
    crowds: Data<Crowds>,
) -> Page {
    form.check(&who)?;
    let (installation, crowds) = (installation.get_ref().clone(), crowds.into_inner());
    let count = web::blocking(move || {
        let campaign = find(&installation, *id)?;
        let mut draft = Draft { name: campaign.name.clone(), plan: campaign.plan()? };
        let problems = apply(&form, Step::Audience, &mut draft, installation.zone());
        let refusal = check(&draft.plan).err().map(|refusal| sentence(&refusal.to_string()));
        if let Some(problem) = problems.into_iter().next().or(refusal) {
            return Ok(Count { problem, ..Count::default() });
        }
        crowds.count(&installation, *id, &draft.plan)
    })
    .await?;
    web::page(&Fragment { count })
}

/// The shop's customers with what they bought, kept between counts while nothing was synchronised: an edit of the
/// filters should not wait for the events to be read.
#[derive(Default)]
pub struct Crowds(Mutex<Option<Crowd>>);

#[derive(Clone)]
struct Crowd {
    history_version: u64,
    as_of: DateTime<Utc>,
    known: Arc<(Activity, Catalogue)>,
}

/// What was bought in the last minutes moves no count that anybody would notice.
const FRESH: TimeDelta = TimeDelta::minutes(30);

impl Crowds {
    fn count(
        &self,
        installation: &Installation,
        campaign: CampaignId,
        plan: &Plan,
    ) -> Result<Count, WebError> {
        let internal = |error: GenerateError| WebError::Internal(error.to_string());
        let reached = self.reach(installation, campaign, plan).map_err(internal)?;
        Ok(Count::of(reached.0))
    }

    /// Whom a plan reaches, and what everybody bought.
    pub fn reach(
        &self,
        installation: &Installation,
        campaign: CampaignId,
        plan: &Plan,
    ) -> Result<(Audience, Arc<(Activity, Catalogue)>), GenerateError> {
        let as_of = plan.as_of.unwrap_or_else(|| installation.now());
        let snapshot = History::open(&installation.folder.history(installation.shop_id()))?.snapshot()?;
        let known = self.known(&snapshot, as_of)?;
        let lists = PlanLists::read(installation, plan)?.with_past(
            installation,
            (campaign, plan),
            &snapshot,
            as_of,
        )?;
        let customers = snapshot.customers()?;
        let audience =
            audience::choose(&plan.audience, lists.of_customers(), customers, (&known.0, &known.1), as_of);
        Ok((audience.map_err(BuildError::from)?, known))
    }

    fn known(
        &self,
        snapshot: &Snapshot,
        as_of: DateTime<Utc>,
    ) -> Result<Arc<(Activity, Catalogue)>, GenerateError> {
        // Held while it is read: a second editor waits for the first one's rather than read everything again.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(crowd) = kept.as_ref()
            && crowd.history_version == snapshot.version()
            && (as_of - crowd.as_of).abs() < FRESH
        {
            return Ok(crowd.known.clone());
        }
        let catalogue = Catalogue::new(snapshot.products()?);
        let activity = read_activity(snapshot, &catalogue, as_of, &Silent)?;
        let known = Arc::new((activity, catalogue));
        *kept = Some(Crowd { history_version: snapshot.version(), as_of, known: known.clone() });
        Ok(known)
    }
}

pub fn count(installation: &Installation, campaign: CampaignId, plan: &Plan) -> Result<Count, WebError> {
    // Most audiences ask nothing of purchases, and the events need not be read.
    let reached = reach(installation, campaign, plan);
    Ok(Count::of(reached.map_err(|error| WebError::Internal(error.to_string()))?))
}

fn reach(installation: &Installation, campaign: CampaignId, plan: &Plan) -> Result<Audience, GenerateError> {
    let as_of = plan.as_of.unwrap_or_else(|| installation.now());
    let snapshot = History::open(&installation.folder.history(installation.shop_id()))?.snapshot()?;
    let catalogue = Catalogue::new(snapshot.products()?);
    let activity = match asks_for_purchases(&plan.audience) {
        true => read_activity(&snapshot, &catalogue, as_of, &Silent)?,
        false => Builder::new(&catalogue, as_of).finish(),
    };
    let lists =
        PlanLists::read(installation, plan)?.with_past(installation, (campaign, plan), &snapshot, as_of)?;
    let known = (&activity, &catalogue);
    let audience =
        audience::choose(&plan.audience, lists.of_customers(), snapshot.customers()?, known, as_of);
    Ok(audience.map_err(BuildError::from)?)
}

impl Count {
    fn of(audience: Audience) -> Self {
        let Audience { ids, removed, unknown_ids, unheard_of } = audience;
        Self {
            customers: web::whole(ids.len() as i64),
            removed,
            unknown_ids,
            unheard_of,
            problem: String::new(),
        }
    }
}

fn asks_for_purchases(wanted: &Wanted) -> bool {
    let Wanted { bought_within_days, not_bought_within_days, orders_at_least, orders_at_most, .. } = wanted;
    let days_or_orders = [bought_within_days, not_bought_within_days, orders_at_least, orders_at_most];
    days_or_orders.iter().any(|limit| limit.is_some())
        || wanted.spent_at_least.is_some()
        || wanted.spent_at_most.is_some()
        || !wanted.bought_in_categories.is_empty()
        || !wanted.when.trim().is_empty()
}
