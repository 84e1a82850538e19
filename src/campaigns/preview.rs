//! Picks looked at before anybody gets them: the whole in numbers, and customer by customer.

use super::email;
use super::export::reason;
use super::pages::find;
use super::views::{self, StepLink, step_links};
use super::warnings::warnings;
use super::why;
use crate::auth::{Analyst, SignedIn};
use crate::history::{EventRange, History, HistoryError, Snapshot};
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::picker::catalogue::Catalogue;
use crate::picker::picks_file::{self, StoredPick, arm_name};
use crate::picker::plan::{Arm, Origin, Plan};
use crate::picker::summary::Summary;
use crate::records::EventKind;
use crate::store::campaigns::{Campaign, CampaignState};
use crate::store::models;
use crate::web::{self, Page, Section, Shell, WebError};
use actix_web::web::{Data, Path, Query};
use askama::Template;
use serde::Deserialize;
use std::path::PathBuf;
use std::sync::Arc;

const PRODUCTS_SHOWN: usize = 50;
const PURCHASES_SHOWN: usize = 12;

#[derive(Template)]
#[template(path = "campaigns/picks.html")]
struct Picks {
    shell: Shell,
    id: CampaignId,
    name: String,
    steps: Vec<StepLink>,
    state: &'static str,
    badge: &'static str,
    dates: String,
    today: String,
    /// What may be done now.
    may_approve: bool,
    may_withdraw: bool,
    may_download: bool,
    is_sent: bool,
    may_close: bool,
    model: String,
    verdict: String,
    facts: Vec<(&'static str, String)>,
    groups: Vec<Group>,
    products: Vec<Frequency>,
    products_used: String,
    left_out: Vec<String>,
    warnings: Vec<String>,
    /// Recipients that somebody flagged on the contact sheet.
    flagged: usize,
    downloads: Vec<super::downloads::Group>,
    /// The part about sending from here, as HTML.
    sending: String,
    returns: String,
}

/// A line of a bar table.
struct Group {
    name: &'static str,
    customers: String,
    share: u64,
    percent: String,
}

struct Frequency {
    id: String,
    title: String,
    image: Option<String>,
    times: String,
    /// Of those who get the e-mail.
    percent: String,
    /// In hundredths of the most frequent one's.
    share: u64,
}

/// GET /campaigns/{id} once there are picks
pub fn show(installation: &Installation, who: &SignedIn, campaign: &Campaign) -> Page {
    let summary: Summary = campaign.summary()?.unwrap_or_default();
    let plan: Plan = campaign.plan()?;
    let state = campaign.state;
    let catalogue = catalogue(installation).map_err(|error| WebError::Internal(error.to_string()))?;
    let model = match campaign.model {
        Some(model) => installation.store.read(|conn| models::by_id(conn, installation.shop_id(), model))?,
        None => None,
    };
    let today = installation.now().with_timezone(&installation.zone()).date_naive();
    let shell = Shell::new(installation, who, Section::Campaigns);
    let may = shell.may_market;
    let is_downloadable =
        matches!(state, CampaignState::Approved | CampaignState::Sent | CampaignState::Closed);
    web::page(&Picks {
        id: campaign.id,
        name: campaign.name.clone(),
        steps: if state == CampaignState::Generated { step_links(campaign.id, None) } else { Vec::new() },
        state: views::state_name(state),
        badge: views::badge(state),
        dates: views::dates(&plan),
        today: today.to_string(),
        may_approve: may && state == CampaignState::Generated,
        may_withdraw: may
            && state == CampaignState::Approved
            && !super::sending::is_open(installation, campaign.id)?,
        may_download: may && is_downloadable,
        is_sent: matches!(state, CampaignState::Sent | CampaignState::Closed),
        may_close: may && state == CampaignState::Sent,
        model: web::model_name(&summary.model).to_owned(),
        verdict: model.map(|model| model.verdict).unwrap_or_default(),
        facts: facts(&summary),
        groups: groups(&summary),
        products: frequencies(&summary, &catalogue),
        products_used: format!(
            "{} of {} products are picked for somebody",
            web::whole(summary.products_used() as i64),
            web::whole(summary.products.len() as i64)
        ),
        left_out: left_out(&summary),
        warnings: warnings(&summary),
        flagged: email::flagged(installation, campaign)?,
        downloads: super::downloads::files(campaign.id),
        sending: super::sending::pages::card(installation, who, campaign)?,
        returns: super::returns::card(installation, who, campaign)?,
        shell,
    })
}

fn catalogue(installation: &Installation) -> Result<Catalogue, HistoryError> {
    Ok(Catalogue::new(snapshot(installation)?.products()?))
}

fn snapshot(installation: &Installation) -> Result<Snapshot, HistoryError> {
    History::open(&installation.folder.history(installation.shop_id()))?.snapshot()
}

fn facts(summary: &Summary) -> Vec<(&'static str, String)> {
    vec![
        ("customers get the e-mail", web::whole(summary.mailed() as i64)),
        ("get none, for comparison", web::whole(summary.holdout as i64)),
        ("products per e-mail", summary.slots.to_string()),
        ("products picked", web::whole(summary.products_used() as i64)),
    ]
}

fn groups(summary: &Summary) -> Vec<Group> {
    let mailed = summary.mailed().max(1);
    let group = |name, customers: u64| Group {
        name,
        customers: web::whole(customers as i64),
        share: customers * 100 / mailed,
        percent: web::percent(customers as f64 / mailed as f64),
    };
    let mut groups = vec![
        group("Every place picked for them personally", summary.all_personal),
        group("Some places personal, the rest best-sellers", summary.some_personal),
        group("Best-sellers only, too little is known of them", summary.none_personal),
    ];
    if summary.baseline > 0 {
        groups.push(group("Best-sellers on purpose, for comparison", summary.baseline));
    }
    if summary.with_empty_slots > 0 {
        groups.push(group("With fewer products, because of the rules", summary.with_empty_slots));
    }
    groups
}

fn frequencies(summary: &Summary, catalogue: &Catalogue) -> Vec<Frequency> {
    let most = summary.products.first().map_or(1, |(_, times)| (*times).max(1));
    let frequency = |(id, times): &(String, u64)| {
        let product = catalogue.number(id).map(|number| catalogue.product(number));
        Frequency {
            id: id.clone(),
            title: product.map_or_else(|| id.clone(), |product| product.title.clone()),
            image: product.and_then(|product| product.image.clone()),
            times: web::whole(*times as i64),
            percent: web::percent(*times as f64 / summary.mailed().max(1) as f64),
            share: times * 100 / most,
        }
    };
    summary.products.iter().filter(|(_, times)| *times > 0).take(PRODUCTS_SHOWN).map(frequency).collect()
}

fn left_out(summary: &Summary) -> Vec<String> {
    let customers = summary
        .audience_removed
        .iter()
        .map(|r| format!("{} customers {}", web::whole(r.count as i64), r.why));
    let products =
        summary.products_removed.iter().map(|r| format!("{} products {}", web::whole(r.count as i64), r.why));
    let mut lines: Vec<String> = customers.chain(products).collect();
    if let Some(gap) = summary.stock_gap {
        let share = web::decimal(100.0 * gap, 2);
        lines.push(format!("Scarce products were shared out, at most {share} % less well than can be"));
    }
    if summary.unknown_products > 0 {
        lines.push(format!("{} ids of no product", web::whole(summary.unknown_products as i64)));
    }
    if summary.unknown_customers > 0 {
        lines.push(format!("{} ids of no customer", web::whole(summary.unknown_customers as i64)));
    }
    lines
}

#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    /// An id as somebody typed it.
    #[serde(default)]
    customer: String,
    /// Of which it is asked why it is picked, or not.
    #[serde(default)]
    product: String,
}

#[derive(Template)]
#[template(path = "campaigns/customer.html")]
struct CustomerPage {
    shell: Shell,
    id: CampaignId,
    name: String,
    asked: String,
    /// `None` when the audience has nobody of that id.
    shown: Option<Shown>,
    product: String,
    why: Option<why::Answer>,
    sample: Vec<String>,
}

struct Shown {
    customer: String,
    arm: &'static str,
    place: String,
    previous: Option<String>,
    next: Option<String>,
    picks: Vec<PickCard>,
    bought: Vec<PickCard>,
}

struct PickCard {
    rank: u8,
    title: String,
    image: Option<String>,
    price: String,
    note: String,
    badge: &'static str,
    origin: &'static str,
}

/// GET /campaigns/{id}/customers?customer=…
pub async fn customer(
    Analyst(who): Analyst,
    id: Path<CampaignId>,
    asked: Query<Asked>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let installation = installation.get_ref().clone();
    let shell = Shell::new(&installation, &who, Section::Campaigns);
    let asked = asked.into_inner();
    let page = web::blocking(move || look(&installation, shell, *id, &asked)).await?;
    web::page(&page)
}

fn internal(error: &dyn std::error::Error) -> WebError {
    WebError::Internal(error.to_string())
}

/// The published generation's folder.
pub fn generation(installation: &Installation, campaign: &Campaign) -> Result<PathBuf, WebError> {
    let missing = || WebError::NotFound("This campaign has no picks yet. Generate them first.".into());
    let name = campaign.generation.as_deref().ok_or_else(missing)?;
    if matches!(campaign.state, CampaignState::Draft | CampaignState::Training) {
        return Err(missing());
    }
    Ok(installation.folder.campaign(installation.shop_id(), campaign.id).join(name))
}

fn look(
    installation: &Installation,
    shell: Shell,
    id: CampaignId,
    asked: &Asked,
) -> Result<CustomerPage, WebError> {
    let (asked, product) = (asked.customer.trim(), asked.product.trim());
    let campaign = find(installation, id)?;
    let folder = generation(installation, &campaign)?;
    let arms = picks_file::arms(&folder).map_err(|error| internal(&error))?;
    // Anybody will do, but not always the same.
    let chance = installation.now().timestamp_micros() as usize % arms.len().max(1);
    // Somebody with picks to look at, if there is anybody.
    let gets_mail = |at: &usize| arms[*at].1 != Arm::Holdout;
    let any = (chance..arms.len()).chain(0..chance).find(gets_mail).unwrap_or(chance);
    let at = match asked {
        "" => (!arms.is_empty()).then_some(any),
        asked => arms.binary_search_by(|(known, _)| known.as_str().cmp(asked)).ok(),
    };
    let sample = (0..6).filter_map(|n| arms.get((any + n * 7_919) % arms.len().max(1)));
    let sample = sample.map(|(customer, _)| customer.clone()).collect();
    let shown = match at {
        Some(at) => Some(shown(installation, &campaign, &folder, &arms, at)?),
        None => None,
    };
    let why = match &shown {
        Some(shown) if !product.is_empty() => {
            Some(why::answer(installation, &campaign, &shown.customer, product)?)
        }
        _ => None,
    };
    let (asked, product) = (asked.to_owned(), product.to_owned());
    Ok(CustomerPage { shell, id, name: campaign.name, asked, shown, product, why, sample })
}

fn shown(
    installation: &Installation,
    campaign: &Campaign,
    folder: &std::path::Path,
    arms: &[(String, Arm)],
    at: usize,
) -> Result<Shown, WebError> {
    let (customer, arm) = &arms[at];
    let snapshot = snapshot(installation).map_err(|error| internal(&error))?;
    let catalogue = Catalogue::new(snapshot.products().map_err(|error| internal(&error))?);
    let picks = picks_file::picks_of(folder, customer).map_err(|error| internal(&error))?;
    let summary: Summary = campaign.summary()?.unwrap_or_default();
    let before = EventRange::before(summary.as_of);
    let link = |at: usize| arms.get(at).map(|(customer, _)| web::encode(customer));
    Ok(Shown {
        customer: customer.clone(),
        arm: arm_name(*arm),
        place: format!("{} of {}", web::whole(at as i64 + 1), web::whole(arms.len() as i64)),
        previous: at.checked_sub(1).and_then(link),
        next: link(at + 1),
        picks: picks.iter().map(|pick| pick_card(installation, &catalogue, pick)).collect(),
        bought: bought(installation, &snapshot, before, &catalogue, customer)
            .map_err(|error| internal(&error))?,
    })
}

fn pick_card(installation: &Installation, catalogue: &Catalogue, pick: &StoredPick) -> PickCard {
    let (origin, badge) = match pick.origin {
        Origin::Personal | Origin::Similar => ("personal", "badge-ok"),
        Origin::Pinned => ("pinned", "badge-neutral"),
        Origin::Category => ("favourite category", "badge-neutral"),
        Origin::Popular => ("best-seller", "badge-neutral"),
    };
    let card = card(installation, catalogue, &pick.product, reason(catalogue, pick));
    PickCard { rank: pick.slot, origin, badge, ..card }
}

fn card(installation: &Installation, catalogue: &Catalogue, id: &str, note: String) -> PickCard {
    let product = catalogue.number(id).map(|number| catalogue.product(number));
    let currency = product.and_then(|p| p.currency.as_deref()).unwrap_or(&installation.shop.currency);
    let price = product.and_then(|product| product.price).map(|price| web::money(price, currency));
    PickCard {
        rank: 0,
        title: product.map_or_else(|| id.to_owned(), |product| product.title.clone()),
        image: product.and_then(|product| product.image.clone()),
        price: price.unwrap_or_default(),
        note,
        badge: "",
        origin: "",
    }
}

/// The last purchases of one customer, newest first.
fn bought(
    installation: &Installation,
    snapshot: &Snapshot,
    range: EventRange,
    catalogue: &Catalogue,
    customer: &str,
) -> Result<Vec<PickCard>, HistoryError> {
    let mut found: Vec<(i64, String)> = Vec::new();
    for events in snapshot.events(range)? {
        let events = events?;
        for at in (0..events.len()).filter(|&at| events.kinds[at] == EventKind::Purchase) {
            if events.customers.get(at) == Some(customer)
                && let Some(product) = events.products.get(at)
            {
                found.push((events.at_us[at], product.to_owned()));
            }
        }
    }
    found.sort_by(|a, b| b.cmp(a));
    found.dedup_by(|a, b| a.1 == b.1);
    let cards = found.into_iter().take(PURCHASES_SHOWN).map(|(at_us, product)| {
        let at = chrono::DateTime::from_timestamp_micros(at_us).unwrap_or_default();
        card(installation, catalogue, &product, web::date(at, installation.zone()))
    });
    Ok(cards.collect())
}
