//! The body of the job *generate*: a campaign's picks, published whole or not at all.

use super::{memory, weather};
use crate::history::{History, HistoryError, Snapshot};
use crate::ids::{CampaignId, ListId};
use crate::installation::Installation;
use crate::picker::Refusal;
use crate::picker::audience::Lists;
use crate::picker::build::{BuildError, Order, build};
use crate::picker::catalogue::Catalogue;
use crate::picker::deeds::Deeds;
use crate::picker::model_file::ModelFileError;
use crate::picker::opening;
use crate::picker::picks_file::{PicksFileError, Writer};
use crate::picker::plan::Plan;
use crate::picker::refusal::check;
use crate::picker::rules::{self, Setting};
use crate::picker::summary::Summary;
use crate::progress::Progress;
use crate::store::campaigns::{self, Campaign};
use crate::store::id_lists::{self, ListKind};
use crate::store::models::StoredModel;
use crate::store::{StoreError, StoreResult, bounces, unsubscribes};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// What the queued job carries.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Payload {
    pub campaign: CampaignId,
}

#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    #[error("the campaign {0} does not exist any more")]
    NoCampaign(CampaignId),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Model(#[from] ModelFileError),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Refusal> for GenerateError {
    fn from(refusal: Refusal) -> Self {
        Self::Build(refusal.into())
    }
}

impl From<PicksFileError> for GenerateError {
    fn from(error: PicksFileError) -> Self {
        Self::Build(error.into())
    }
}

impl GenerateError {
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Build(BuildError::Cancelled))
    }

    /// Worth another try later without anybody's doing.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Store(StoreError::Busy(_)))
    }
}

/// The ids behind the lists that a plan names.
#[derive(Default)]
pub struct PlanLists {
    pub products: Option<Vec<String>>,
    pub customers: Option<Vec<String>>,
    pub exclude: Option<Vec<String>>,
    pub mailed_enough: HashSet<String>,
    pub unsubscribed: HashSet<String>,
    /// To whom nothing arrives, with the address at which it does not.
    pub dead_addresses: HashMap<String, String>,
    pub deeds: Deeds,
}

impl PlanLists {
    pub fn read(installation: &Installation, plan: &Plan) -> Result<Self, GenerateError> {
        let read = |kind, list: Option<ListId>| -> Result<Option<Vec<String>>, GenerateError> {
            let Some(list) = list else { return Ok(None) };
            let shop = installation.shop_id();
            let ids = installation.store.read(|conn| id_lists::ids(conn, shop, kind, list))?;
            ids.ok_or_else(|| Refusal::MissingList.into()).map(Some)
        };
        let shop = installation.shop_id();
        Ok(Self {
            products: read(ListKind::Products, plan.products.list)?,
            customers: read(ListKind::Customers, plan.audience.list)?,
            exclude: read(ListKind::Customers, plan.audience.exclude_list)?,
            mailed_enough: HashSet::new(),
            unsubscribed: installation.store.read(|conn| unsubscribes::customers(conn, shop))?,
            dead_addresses: installation.store.read(|conn| bounces::dead_addresses(conn, shop))?,
            deeds: Deeds::default(),
        })
    }

    /// With those who got enough e-mails from other campaigns, and those who did what the plan asks for.
    pub fn with_past(
        self,
        installation: &Installation,
        (campaign, plan): (CampaignId, &Plan),
        snapshot: &Snapshot,
        as_of: DateTime<Utc>,
    ) -> Result<Self, GenerateError> {
        Ok(Self {
            mailed_enough: memory::mailed_enough(installation, campaign, plan, as_of)?,
            deeds: Deeds::read(&plan.audience.did, snapshot, as_of)?,
            ..self
        })
    }

    pub fn of_customers(&self) -> Lists<'_> {
        Lists {
            only: self.customers.as_deref(),
            exclude: self.exclude.as_deref(),
            mailed_enough: Some(&self.mailed_enough),
            unsubscribed: Some(&self.unsubscribed),
            dead_addresses: Some(&self.dead_addresses),
            deeds: Some(&self.deeds),
        }
    }
}

/// The campaign's plan, held against edits from now on, unless it can be seen without a model that nothing would come
/// of it: training takes minutes, and a forgotten rule should not cost them.
pub fn refuse_early(
    installation: &Installation,
    id: CampaignId,
    progress: &dyn Progress,
) -> Result<Plan, GenerateError> {
    progress.phase("Checking the campaign", None);
    let (now, shop) = (installation.now(), installation.shop_id());
    let campaign = installation.store.write(|conn| {
        campaigns::hold_for_generation(conn, id, now)?;
        campaigns::by_id(conn, shop, id)
    })?;
    let mut plan: Plan = campaign.ok_or(GenerateError::NoCampaign(id))?.plan()?;
    check(&plan)?;
    weather::learn(installation, &mut plan)?;
    let lists = PlanLists::read(installation, &plan)?;
    let snapshot = History::open(&installation.folder.history(shop))?.snapshot()?;
    let catalogue = Catalogue::new(snapshot.products()?);
    let as_of = plan.as_of.unwrap_or(now);
    let choice = catalogue.choose(&plan.products, lists.products.as_deref(), as_of);
    rules::compile(&plan.rules, choice, Setting::of(&plan, &catalogue, None, as_of))?;
    Ok(plan)
}

/// Picks for the campaign with `model` and publishes the generation. Whatever goes wrong, the campaign is a draft
/// afterwards and can be generated again.
pub fn generate(
    installation: &Installation,
    campaign: CampaignId,
    model: &StoredModel,
    progress: &dyn Progress,
) -> Result<Summary, GenerateError> {
    let now = installation.now();
    // Also after a restart: while it is generated, the plan cannot be edited.
    installation.store.write(|conn| campaigns::hold_for_generation(conn, campaign, now))?;
    let result = attempt(installation, campaign, model, progress);
    if result.is_err() {
        installation.store.write(|conn| campaigns::abandon_generation(conn, campaign, installation.now()))?;
    }
    result
}

fn attempt(
    installation: &Installation,
    id: CampaignId,
    model: &StoredModel,
    progress: &dyn Progress,
) -> Result<Summary, GenerateError> {
    let shop = installation.shop_id();
    let campaign = installation.store.read(|conn| campaigns::by_id(conn, shop, id))?;
    let campaign = campaign.ok_or(GenerateError::NoCampaign(id))?;
    let mut plan: Plan = campaign.plan()?;
    weather::learn(installation, &mut plan)?;
    progress.phase("Opening the model", None);
    let live = opening::open(installation, model)?;
    let as_of = plan.as_of.unwrap_or_else(|| installation.now());
    let snapshot = History::open(&installation.folder.history(shop))?.snapshot()?;
    let lists =
        PlanLists::read(installation, &plan)?.with_past(installation, (id, &plan), &snapshot, as_of)?;
    let lately = memory::lately(installation, id, &plan, &snapshot, as_of)?;
    let order = Order {
        campaign: id,
        plan: &plan,
        product_list: lists.products.as_deref(),
        customer_lists: lists.of_customers(),
        snapshot: &snapshot,
        live: &live,
        lately: lately.as_ref(),
        secret: &installation.shop.secret,
        as_of,
    };
    let folder = installation.folder.campaign(shop, id);
    sweep(&folder, campaign.generation.as_deref());
    let generation = free_name(&folder, &installation.now().format("%Y%m%dT%H%M%SZ").to_string());
    let mut out = Writer::create(&folder.join(&generation))?;
    let summary = build(&order, &mut out, progress)?;
    progress.phase("Keeping the picks", None);
    out.publish()?;
    publish(installation, &campaign, model, &generation, &summary)?;
    sweep(&folder, Some(&generation));
    Ok(summary)
}

fn publish(
    installation: &Installation,
    campaign: &Campaign,
    model: &StoredModel,
    generation: &str,
    summary: &Summary,
) -> StoreResult<()> {
    installation.store.write(|conn| {
        campaigns::finish_generation(
            conn,
            campaign.id,
            Some(model.id),
            generation,
            summary,
            installation.now(),
        )
    })
}

/// Two generations in one second need two names.
fn free_name(folder: &Path, wanted: &str) -> String {
    let names = std::iter::once(wanted.to_owned()).chain((2..).map(|n| format!("{wanted}-{n}")));
    let mut free = names.filter(|name| !folder.join(name).exists());
    free.next().expect("invariant: the names do not end")
}

/// Removes what no campaign names: earlier generations, and what a killed process left unfinished.
fn sweep(folder: &Path, keep: Option<&str>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let is_kept = keep.is_some_and(|name| entry.file_name() == name);
        if !is_kept && let Err(error) = std::fs::remove_dir_all(entry.path()) {
            tracing::warn!(%error, "an old generation of picks could not be removed");
        }
    }
}
