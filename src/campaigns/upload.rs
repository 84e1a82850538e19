//! A pasted or uploaded list of ids, kept and chosen for the campaign at once.

use super::lists::parse;
use super::pages::find;
use super::state::sentence;
use crate::auth::{Marketer, SignedIn};
use crate::history::{History, HistoryError};
use crate::ids::{CampaignId, ListId};
use crate::index::Index;
use crate::installation::Installation;
use crate::picker::plan::Plan;
use crate::store::campaigns;
use crate::store::id_lists::{self, ListKind};
use crate::web::{self, Page, Upload, WebError};
use actix_web::web::{Data, Path};
use std::sync::Arc;

/// Where in the plan the list goes.
#[derive(Clone, Copy)]
enum Target {
    Products,
    Customers,
    Exclude,
}

impl Target {
    fn from_name(name: &str) -> Result<Self, WebError> {
        match name {
            "products" => Ok(Self::Products),
            "customers" => Ok(Self::Customers),
            "exclude" => Ok(Self::Exclude),
            _ => Err(WebError::BadInput("Say what the list is of: products or customers.".into())),
        }
    }

    const fn kind(self) -> ListKind {
        match self {
            Self::Products => ListKind::Products,
            Self::Customers | Self::Exclude => ListKind::Customers,
        }
    }

    const fn step(self) -> &'static str {
        match self {
            Self::Products => "products",
            Self::Customers | Self::Exclude => "audience",
        }
    }

    fn set(self, plan: &mut Plan, list: ListId) {
        match self {
            Self::Products => plan.products.list = Some(list),
            Self::Customers => plan.audience.list = Some(list),
            Self::Exclude => plan.audience.exclude_list = Some(list),
        }
    }
}

/// POST /campaigns/{id}/lists: multipart with `version`, `target`, `name`, `pasted` and a file
pub async fn upload(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    upload: Upload,
    installation: Data<Arc<Installation>>,
) -> Page {
    upload.form.check(&who)?;
    let target = Target::from_name(upload.form.text("target"))?;
    let installation = installation.get_ref().clone();
    let id = *id;
    let story = web::blocking(move || keep(&installation, &who, id, target, &upload)).await?;
    web::go_to_with(&format!("/campaigns/{id}/steps/{}", target.step()), &story)
}

fn keep(
    installation: &Installation,
    who: &SignedIn,
    id: CampaignId,
    target: Target,
    upload: &Upload,
) -> Result<String, WebError> {
    let campaign = find(installation, id)?;
    let known = known_ids(installation, target).map_err(|error| WebError::Internal(error.to_string()))?;
    let content = match &upload.file {
        Some(file) => file.content.as_slice(),
        None => upload.form.text("pasted").as_bytes(),
    };
    let list = parse(content, &|id| known.number(id).is_some())
        .map_err(|error| WebError::BadInput(sentence(&format!("The list cannot be used: {error}"))))?;
    let file = upload.file.as_ref().map_or("Pasted list", |file| file.name.as_str());
    let name = match upload.form.text("name") {
        "" => file,
        name => name,
    };
    let name: String = name.chars().take(200).collect();
    let mut plan: Plan = campaign.plan()?;
    let (now, shop, by) = (installation.now(), installation.shop_id(), Some(who.account.id));
    let version = upload.form.text("version").parse().unwrap_or(0);
    installation.store.write(|conn| {
        let stored = id_lists::add(conn, shop, target.kind(), &name, &list.ids, by, now)?;
        target.set(&mut plan, stored);
        campaigns::edit(conn, id, version, &campaign.name, &plan, by, now)
    })?;
    Ok(format!("“{name}”: {}", list.story()))
}

fn known_ids(installation: &Installation, target: Target) -> Result<Index, HistoryError> {
    let snapshot = History::open(&installation.folder.history(installation.shop_id()))?.snapshot()?;
    match target.kind() {
        ListKind::Products => Ok(snapshot.products()?.into_iter().map(|product| product.id).collect()),
        ListKind::Customers => {
            let mut ids = Index::new();
            for customer in snapshot.customers()? {
                ids.intern(&customer?.id);
            }
            Ok(ids)
        }
    }
}
