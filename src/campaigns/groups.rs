//! Groups of customers who are alike, in words and pictures, any of which becomes a campaign's audience.

use super::pages::find;
use crate::auth::{Analyst, Marketer, SignedIn};
use crate::history::History;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::picker::activity::Activity;
use crate::picker::build::{BuildError, read_activity};
use crate::picker::catalogue::Catalogue;
use crate::picker::groups::{FEWEST, Group, groups};
use crate::picker::plan::Plan;
use crate::pictures::Addresses;
use crate::progress::Silent;
use crate::recommender::segments::SegmentError;
use crate::store::campaigns;
use crate::store::id_lists::{self, ListKind};
use crate::web::{self, Form, Page, Section, Shell, WebError};
use actix_web::web::{Data, Path};
use askama::Template;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "campaigns/groups.html")]
struct Groups {
    shell: Shell,
    id: CampaignId,
    name: String,
    version: i32,
    /// Why there are none; empty when there are.
    problem: String,
    groups: Vec<Shown>,
}

struct Shown {
    words: String,
    customers: String,
    share: String,
    /// Title, and the picture's address if there is one.
    products: Vec<(String, String)>,
}

/// Groups, and what their numbers stand for.
struct Found {
    groups: Vec<Group>,
    activity: Activity,
    catalogue: Catalogue,
}

fn found(installation: &Installation) -> Result<Result<Found, SegmentError>, BuildError> {
    let snapshot = History::open(&installation.folder.history(installation.shop_id()))?.snapshot()?;
    let catalogue = Catalogue::new(snapshot.products()?);
    let as_of = snapshot.counts().last_event_at.unwrap_or_else(|| installation.now());
    let activity = read_activity(&snapshot, &catalogue, as_of, &Silent)?;
    Ok(groups(&activity, &catalogue, as_of, &Silent).map(|groups| Found { groups, activity, catalogue }))
}

fn asked(installation: &Installation) -> Result<Result<Found, SegmentError>, WebError> {
    found(installation).map_err(|error| WebError::Internal(error.to_string()))
}

fn in_words(group: &Group) -> String {
    let mut words = group.words.join(", ");
    if words.is_empty() {
        "like most customers".clone_into(&mut words);
    }
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// GET /campaigns/{id}/groups
pub async fn show(
    Analyst(who): Analyst,
    id: Path<CampaignId>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let installation = installation.get_ref().clone();
    let page = web::blocking(move || look(&installation, &who, *id)).await?;
    web::page(&page)
}

fn look(installation: &Installation, who: &SignedIn, id: CampaignId) -> Result<Groups, WebError> {
    let campaign = find(installation, id)?;
    let pictures = Addresses::new(installation);
    let (problem, groups) = match asked(installation)? {
        Ok(found) => {
            let all: usize = found.groups.iter().map(|group| group.customers.len()).sum();
            let picture = |number: &u32| {
                let product = found.catalogue.product(*number);
                (product.title.clone(), pictures.shown(product.image.as_deref().unwrap_or_default()))
            };
            let shown = |group: &Group| Shown {
                words: in_words(group),
                customers: web::whole(group.customers.len() as i64),
                share: web::percent(group.customers.len() as f64 / all.max(1) as f64),
                products: group.products.iter().map(picture).collect(),
            };
            (String::new(), found.groups.iter().map(shown).collect())
        }
        Err(SegmentError::NoUsers) => (
            format!("Fewer than {FEWEST} customers bought something: too few to see who is alike."),
            Vec::new(),
        ),
        Err(error) => return Err(WebError::Internal(error.to_string())),
    };
    let shell = Shell::new(installation, who, Section::Campaigns);
    Ok(Groups { shell, id, name: campaign.name, version: campaign.version, problem, groups })
}

/// POST /campaigns/{id}/groups with `version` and `group`, its words
pub async fn choose(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    let (installation, id) = (installation.get_ref().clone(), *id);
    let told = web::blocking(move || keep(&installation, &who, id, &form)).await?;
    web::go_to_with(&format!("/campaigns/{id}/steps/audience"), &told)
}

fn keep(
    installation: &Installation,
    who: &SignedIn,
    id: CampaignId,
    form: &Form,
) -> Result<String, WebError> {
    let campaign = find(installation, id)?;
    let found = asked(installation)?.map_err(|error| WebError::Conflict(error.to_string()))?;
    // By its words: after a sync the groups may stand in another order.
    let words = form.text("group");
    let group = found.groups.iter().find(|group| in_words(group) == words).ok_or_else(|| {
        WebError::Conflict("The groups have changed since this page was made. Look at them again.".into())
    })?;
    let ids: Vec<String> =
        group.customers.iter().map(|&customer| found.activity.customers.id(customer).to_owned()).collect();
    let mut plan: Plan = campaign.plan()?;
    let (now, shop, by) = (installation.now(), installation.shop_id(), Some(who.account.id));
    let version = form.text("version").parse().unwrap_or(0);
    let name: String = words.chars().take(200).collect();
    installation.store.write(|conn| {
        let list = id_lists::add(conn, shop, ListKind::Customers, &name, &ids, by, now)?;
        plan.audience.list = Some(list);
        campaigns::edit(conn, id, version, &campaign.name, &plan, by, now)
    })?;
    Ok(format!("The campaign is for the {} customers who are so: {words}.", web::whole(ids.len() as i64)))
}
