//! Groups of customers who are alike, in words and pictures, any of which becomes a campaign's audience.

use super::audience_list::become_audience;
use super::pages::find;
use crate::auth::{Analyst, Marketer, SignedIn};
use crate::history::History;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::picker::activity::Activity;
use crate::picker::build::read_activity;
use crate::picker::catalogue::Catalogue;
use crate::picker::groups::{FEWEST, Group, Number, groups};
use crate::pictures::Addresses;
use crate::progress::Silent;
use crate::recommender::segments::SegmentError;
use crate::web::{self, Form, Page, Section, Shell, WebError};
use actix_web::web::{Data, Path};
use askama::Template;
use std::sync::{Arc, Mutex, PoisonError};

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
    /// As the form sends it.
    name: String,
    words: String,
    customers: String,
    share: String,
    /// Title, and the picture's address if there is one.
    products: Vec<(String, String)>,
}

/// The groups of the newest history, kept until it changes: who looks at them chooses one next.
#[derive(Default)]
pub struct Alike(Mutex<Option<(u64, Arc<Found>)>>);

/// Groups, and what their numbers stand for.
struct Found {
    groups: Vec<Group>,
    activity: Activity,
    catalogue: Catalogue,
}

/// `None` while too few customers bought something.
fn found(installation: &Installation, alike: &Alike) -> Result<Option<Arc<Found>>, WebError> {
    let internal = |error: &dyn std::fmt::Display| WebError::Internal(error.to_string());
    let snapshot = History::open(&installation.folder.history(installation.shop_id()))
        .and_then(|history| history.snapshot())
        .map_err(|error| internal(&error))?;
    // Held while they are found: a second one who asks waits for the first one's.
    let mut kept = alike.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((version, found)) = kept.as_ref().filter(|(version, _)| *version == snapshot.version()) {
        tracing::debug!(version, "the groups are known");
        return Ok(Some(found.clone()));
    }
    let catalogue = Catalogue::new(snapshot.products().map_err(|error| internal(&error))?);
    let as_of = snapshot.counts().last_event_at.unwrap_or_else(|| installation.now());
    let activity = read_activity(&snapshot, &catalogue, as_of, &Silent).map_err(|error| internal(&error))?;
    match groups(&activity, &catalogue, as_of, Number::Best, &Silent) {
        Ok(groups) => {
            let found = Arc::new(Found { groups, activity, catalogue });
            *kept = Some((snapshot.version(), found.clone()));
            Ok(Some(found))
        }
        Err(SegmentError::NoUsers) => Ok(None),
        Err(error) => Err(internal(&error)),
    }
}

/// Its place and its words: after a sync other groups may stand there, and two may be described alike.
fn name(place: usize, group: &Group) -> String {
    format!("{place}: {}", group.in_words())
}

/// GET /campaigns/{id}/groups
pub async fn show(
    Analyst(who): Analyst,
    id: Path<CampaignId>,
    installation: Data<Arc<Installation>>,
    alike: Data<Alike>,
) -> Page {
    let installation = installation.get_ref().clone();
    let page = web::blocking(move || look(&installation, &who, *id, &alike)).await?;
    web::page(&page)
}

fn look(
    installation: &Installation,
    who: &SignedIn,
    id: CampaignId,
    alike: &Alike,
) -> Result<Groups, WebError> {
    let campaign = find(installation, id)?;
    let pictures = Addresses::new(installation);
    let (problem, groups) = match found(installation, alike)? {
        Some(found) => {
            let all: usize = found.groups.iter().map(|group| group.customers.len()).sum();
            let picture = |number: &u32| {
                let product = found.catalogue.product(*number);
                (product.title.clone(), pictures.shown(product.image.as_deref().unwrap_or_default()))
            };
            let shown = |(place, group): (usize, &Group)| Shown {
                name: name(place, group),
                words: group.in_words(),
                customers: web::whole(group.customers.len() as i64),
                share: web::percent(group.customers.len() as f64 / all.max(1) as f64),
                products: group.products.iter().map(picture).collect(),
            };
            (String::new(), found.groups.iter().enumerate().map(shown).collect())
        }
        None => (
            format!("Fewer than {FEWEST} customers bought something: too few to see who is alike."),
            Vec::new(),
        ),
    };
    let shell = Shell::new(installation, who, Section::Campaigns);
    Ok(Groups { shell, id, name: campaign.name, version: campaign.version, problem, groups })
}

/// POST /campaigns/{id}/groups with `version` and `group`, its name
pub async fn choose(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
    alike: Data<Alike>,
) -> Page {
    form.check(&who)?;
    let (installation, id) = (installation.get_ref().clone(), *id);
    let told = web::blocking(move || keep(&installation, &who, id, &form, &alike)).await?;
    web::go_to_with(&format!("/campaigns/{id}/steps/audience"), &told)
}

fn keep(
    installation: &Installation,
    who: &SignedIn,
    id: CampaignId,
    form: &Form,
    alike: &Alike,
) -> Result<String, WebError> {
    let campaign = find(installation, id)?;
    let changed =
        || WebError::Conflict("The groups have changed since this page was made. Look at them again.".into());
    let found = found(installation, alike)?.ok_or_else(changed)?;
    let mut named = found.groups.iter().enumerate();
    let chosen = named.find(|(place, group)| name(*place, group) == form.text("group"));
    let (_, group) = chosen.ok_or_else(changed)?;
    let ids: Vec<String> =
        group.customers.iter().map(|&customer| found.activity.customers.id(customer).to_owned()).collect();
    let words = group.in_words();
    become_audience(installation, who, (&campaign, form.text("version")), &words, &ids)?;
    Ok(format!("The campaign is for the {} customers who are so: {words}.", web::whole(ids.len() as i64)))
}
