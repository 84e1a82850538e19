//! Begins with the products: finds the customers most likely to want what a campaign offers, and makes the first so many
//! of them its audience.

use super::audience_list::become_audience;
use super::generate::{GenerateError, PlanLists};
use super::impact::model_of;
use super::pages::find;
use super::state::sentence;
use crate::auth::{Analyst, Marketer, SignedIn};
use crate::history::History;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::picker::build::Order;
use crate::picker::catalogue::Catalogue;
use crate::picker::model_file;
use crate::picker::plan::Plan;
use crate::picker::reverse::{Interested, interested};
use crate::pictures::Addresses;
use crate::progress::Silent;
use crate::records::Product;
use crate::store::campaigns::Campaign;
use crate::web::{self, Form, Page, Section, Shell, WebError};
use actix_web::web::{Data, Path};
use askama::Template;
use std::sync::Arc;

/// Points of the curve.
const POINTS: usize = 50;
/// Cuts that the table shows, in parts of those interested.
const CUTS: [f64; 6] = [0.05, 0.1, 0.2, 0.3, 0.5, 1.0];
const PICTURES: usize = 6;

#[derive(Template)]
#[template(path = "campaigns/reverse.html")]
struct Finding {
    shell: Shell,
    id: CampaignId,
    version: i32,
    name: String,
    /// Why nobody can be found; empty when somebody is.
    problem: String,
    products: String,
    unknown_products: String,
    pictures: Vec<(String, String)>,
    asked: String,
    interested: String,
    /// The corners of the curve, in hundredths.
    curve: String,
    cuts: Vec<Cut>,
    /// A fifth of them, to begin with.
    proposed: usize,
}

struct Cut {
    customers: String,
    share: String,
    interest: String,
}

/// GET /campaigns/{id}/find-customers
pub async fn show(
    Analyst(who): Analyst,
    id: Path<CampaignId>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let installation = installation.get_ref().clone();
    let page = web::blocking(move || {
        let campaign = find(&installation, *id)?;
        let found = ask(&installation, &campaign);
        page(&installation, &who, &campaign, found)
    })
    .await?;
    web::page(&page)
}

/// `None` when there is no model that could be asked.
fn ask(
    installation: &Installation,
    campaign: &Campaign,
) -> Result<Option<(Interested, Catalogue)>, GenerateError> {
    let shop = installation.shop_id();
    let mut plan: Plan = campaign.plan()?;
    // A list found before would hide everybody else.
    plan.audience.list = None;
    let Some(model) = model_of(installation, &plan)? else { return Ok(None) };
    let live = model_file::load(&installation.folder.models(shop).join(&model.file), Some(&model.checksum))?;
    let snapshot = History::open(&installation.folder.history(shop))?.snapshot()?;
    let as_of = plan.as_of.unwrap_or_else(|| installation.now());
    let lists = PlanLists::read(installation, &plan)?.with_past(
        installation,
        (campaign.id, &plan),
        &snapshot,
        as_of,
    )?;
    let order = Order {
        campaign: campaign.id,
        plan: &plan,
        product_list: lists.products.as_deref(),
        customer_lists: lists.of_customers(),
        snapshot: &snapshot,
        live: &live,
        lately: None,
        secret: &installation.shop.secret,
        as_of,
    };
    Ok(Some(interested(&order, &Silent)?))
}

const NO_MODEL: &str = "No model is trained yet. Train one on the page “Models”, then come back.";
const NOBODY: &str = "The newest model knows nobody who wants these products. It may be older than they are, or know only \
    best-sellers: train one on the page “Models” that learns from customers, or, for new products, “Similar products”.";

fn page(
    installation: &Installation,
    who: &SignedIn,
    campaign: &Campaign,
    found: Result<Option<(Interested, Catalogue)>, GenerateError>,
) -> Result<Finding, WebError> {
    let mut page = Finding {
        shell: Shell::new(installation, who, Section::Campaigns),
        id: campaign.id,
        version: campaign.version,
        name: campaign.name.clone(),
        problem: String::new(),
        products: String::new(),
        unknown_products: String::new(),
        pictures: Vec::new(),
        asked: String::new(),
        interested: String::new(),
        curve: String::new(),
        cuts: Vec::new(),
        proposed: 0,
    };
    match found {
        Err(error) => page.problem = sentence(&error.to_string()),
        Ok(None) => page.problem = NO_MODEL.into(),
        Ok(Some((found, catalogue))) => page.fill(&found, &catalogue, &Addresses::new(installation)),
    }
    Ok(page)
}

impl Finding {
    fn fill(&mut self, found: &Interested, catalogue: &Catalogue, pictures: &Addresses) {
        let count = found.customers.len();
        if count == 0 {
            self.problem = NOBODY.into();
        }
        let unknown = found.products.len() - found.known_products;
        self.products = web::whole(found.products.len() as i64);
        self.unknown_products = if unknown > 0 { web::whole(unknown as i64) } else { String::new() };
        let shown = found.products.iter().take(PICTURES).map(|&number| catalogue.product(number));
        let address = |one: &Product| pictures.shown(one.image.as_deref().unwrap_or_default());
        self.pictures = shown.map(|one| (one.title.clone(), address(one))).collect();
        self.asked = web::whole(found.asked as i64);
        self.interested = web::whole(count as i64);
        self.proposed = count.div_ceil(5);
        let corner = |point: usize| {
            let first = count * point / POINTS;
            let x = 100.0 * first as f64 / count.max(1) as f64;
            format!("{},{}", web::decimal(x, 1), web::decimal(100.0 * (1.0 - found.share_of_first(first)), 1))
        };
        self.curve = (0..=POINTS).map(corner).collect::<Vec<_>>().join(" ");
        let cut = |&share: &f64| {
            let first = (count as f64 * share).ceil() as usize;
            Cut {
                customers: web::whole(first as i64),
                share: web::percent(share),
                interest: web::percent(found.share_of_first(first)),
            }
        };
        self.cuts = CUTS.iter().map(cut).collect();
    }
}

/// POST /campaigns/{id}/find-customers with `version` and `size`
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
    let size: usize = form.text("size").parse().ok().filter(|&size| size > 0).ok_or_else(|| {
        WebError::BadInput("Say how many customers the campaign should have: a whole number from 1.".into())
    })?;
    let campaign = find(installation, id)?;
    let refused = |text: &str| WebError::BadInput(sentence(text));
    let found = ask(installation, &campaign).map_err(|error| refused(&error.to_string()))?;
    let (found, _) = found.ok_or_else(|| refused(NO_MODEL))?;
    if found.customers.is_empty() {
        return Err(refused(NOBODY));
    }
    let ids: Vec<String> = found.customers.iter().take(size).map(|(id, _)| id.to_string()).collect();
    let name = format!("Most interested in “{}”", campaign.name);
    become_audience(installation, who, (&campaign, form.text("version")), &name, &ids)?;
    let interest = web::percent(found.share_of_first(ids.len()));
    Ok(format!(
        "The campaign has the {} customers most interested in its products: {interest} of all interest.",
        web::whole(ids.len() as i64)
    ))
}
