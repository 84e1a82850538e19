//! The contact sheet: thirty recipients with the pictures of their picks on one screen, each approved or flagged.

use super::desk::{self, Drafts};
use crate::auth::{Analyst, Marketer, SignedIn};
use crate::campaigns::pages::find;
use crate::campaigns::preview::generation;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::picker::catalogue::Catalogue;
use crate::picker::picks_file::{self, StoredPick};
use crate::picker::plan::Arm;
use crate::pictures::Addresses;
use crate::store::campaigns::Campaign;
use crate::store::emails::{self, Verdict};
use crate::web::{self, Form, Page, Section, Shell, WebError};
use actix_web::HttpRequest;
use actix_web::web::{Data, Path, Query};
use askama::Template;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;

const SHOWN: usize = 30;

#[derive(Template)]
#[template(path = "campaigns/sheet.html")]
struct Sheet {
    shell: Shell,
    id: CampaignId,
    name: String,
    draw: u32,
    count: String,
    tiles: Vec<Tile>,
}

/// One recipient; also what answers when somebody approved or flagged them.
#[derive(Template)]
#[template(path = "campaigns/sheet_tile.html")]
struct Tile {
    id: CampaignId,
    draw: u32,
    csrf: String,
    may_market: bool,
    customer: String,
    /// The customer's id in addresses.
    encoded: String,
    is_baseline: bool,
    is_approved: bool,
    is_flagged: bool,
    pictures: Vec<Picture>,
    /// What is told anew with the answer; empty on the whole page.
    count: String,
}

struct Picture {
    title: String,
    image: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    /// Which thirty: others for each number.
    #[serde(default)]
    draw: u32,
}

/// GET /campaigns/{id}/sheet?draw=…
pub async fn sheet(
    Analyst(who): Analyst,
    id: Path<CampaignId>,
    asked: Query<Asked>,
    installation: Data<Arc<Installation>>,
    drafts: Data<Drafts>,
) -> Page {
    let (installation, drafts) = (installation.get_ref().clone(), drafts.into_inner());
    let draw = asked.draw;
    let page = web::blocking(move || {
        let campaign = find(&installation, *id)?;
        let verdicts = verdicts(&installation, &campaign)?;
        let desk = Desk::open(&installation, &drafts, &campaign, &who)?;
        let tiles = drawn(&installation, &campaign, draw)?
            .into_iter()
            .map(|(customer, arm)| desk.tile(customer, arm, draw, &verdicts))
            .collect::<Result<_, _>>()?;
        let count = count(&verdicts);
        Ok(Sheet {
            shell: Shell::new(&installation, &who, Section::Campaigns),
            id: *id,
            name: campaign.name,
            draw,
            count,
            tiles,
        })
    })
    .await?;
    web::page(&page)
}

fn verdicts(installation: &Installation, campaign: &Campaign) -> Result<HashMap<String, Verdict>, WebError> {
    let name = campaign.generation.as_deref().unwrap_or_default();
    Ok(installation.store.read(|conn| emails::verdicts(conn, campaign.id, name))?)
}

fn count(verdicts: &HashMap<String, Verdict>) -> String {
    let of = |wanted| verdicts.values().filter(|verdict| **verdict == wanted).count() as i64;
    let (approved, flagged) = (of(Verdict::Approved), of(Verdict::Flagged));
    format!("{} approved, {} flagged", web::whole(approved), web::whole(flagged))
}

/// How many recipients were flagged in the campaign's picks of now.
pub fn flagged(installation: &Installation, campaign: &Campaign) -> Result<usize, WebError> {
    let verdicts = verdicts(installation, campaign)?;
    Ok(verdicts.values().filter(|verdict| **verdict == Verdict::Flagged).count())
}

/// Thirty who get the e-mail, by ascending id: the same for the same picks and number.
fn drawn(
    installation: &Installation,
    campaign: &Campaign,
    draw: u32,
) -> Result<Vec<(String, Arm)>, WebError> {
    let folder = generation(installation, campaign)?;
    let mut mailed = picks_file::arms(&folder).map_err(|error| desk::internal(&error))?;
    mailed.retain(|(_, arm)| *arm != Arm::Holdout);
    let seed = campaign.generation.as_deref().unwrap_or_default().bytes();
    let seed = seed.fold(u64::from(draw), |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let mut places = rand::seq::index::sample(&mut chance, mailed.len(), SHOWN.min(mailed.len())).into_vec();
    places.sort_unstable();
    Ok(places.into_iter().map(|place| mailed[place].clone()).collect())
}

/// What tiles are made with.
struct Desk<'a> {
    folder: std::path::PathBuf,
    catalogue: Arc<Catalogue>,
    campaign: &'a Campaign,
    who: &'a SignedIn,
    pictures: Addresses,
}

impl<'a> Desk<'a> {
    fn open(
        installation: &Installation,
        drafts: &Drafts,
        campaign: &'a Campaign,
        who: &'a SignedIn,
    ) -> Result<Self, WebError> {
        let folder = generation(installation, campaign)?;
        let snapshot = desk::snapshot(installation)?;
        let catalogue = drafts.catalogue(&snapshot).map_err(|error| desk::internal(&error))?;
        Ok(Self { folder, catalogue, campaign, who, pictures: Addresses::new(installation) })
    }

    fn tile(
        &self,
        customer: String,
        arm: Arm,
        draw: u32,
        verdicts: &HashMap<String, Verdict>,
    ) -> Result<Tile, WebError> {
        let picks = picks_file::picks_of(&self.folder, &customer).map_err(|error| desk::internal(&error))?;
        let verdict = verdicts.get(&customer).copied();
        Ok(Tile {
            id: self.campaign.id,
            draw,
            csrf: self.who.csrf.clone(),
            may_market: self.who.account.role.may_market(),
            encoded: web::encode(&customer),
            customer,
            is_baseline: arm == Arm::Baseline,
            is_approved: verdict == Some(Verdict::Approved),
            is_flagged: verdict == Some(Verdict::Flagged),
            pictures: picks.iter().map(|pick| self.picture(pick)).collect(),
            count: String::new(),
        })
    }

    fn picture(&self, pick: &StoredPick) -> Picture {
        let product = self.catalogue.number(&pick.product).map(|number| self.catalogue.product(number));
        Picture {
            title: product.map_or_else(|| pick.product.clone(), |product| product.title.clone()),
            image: product
                .and_then(|product| product.image.as_deref())
                .filter(|image| !image.is_empty())
                .map(|image| self.pictures.shown(image)),
        }
    }
}

/// POST /campaigns/{id}/sheet with `customer` and `verdict`, which is empty to take it back
pub async fn judge(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    form: Form,
    request: HttpRequest,
    installation: Data<Arc<Installation>>,
    drafts: Data<Drafts>,
) -> Page {
    form.check(&who)?;
    let verdict = match form.text("verdict") {
        "" => None,
        name => Some(Verdict::from_name(name).ok_or_else(|| {
            WebError::BadInput("Say approved or flagged, or nothing to take back what was said.".into())
        })?),
    };
    let draw = form.text("draw").parse().unwrap_or_default();
    let customer = form.text("customer").to_owned();
    let path = format!("/campaigns/{id}/sheet?draw={draw}#{}", web::encode(&customer));
    let (installation, drafts) = (installation.get_ref().clone(), drafts.into_inner());
    let tile = web::blocking(move || {
        let campaign = find(&installation, *id)?;
        let arms = picks_file::arms(&generation(&installation, &campaign)?);
        let arms = arms.map_err(|error| desk::internal(&error))?;
        let known = arms.iter().find(|(id, arm)| *id == customer && *arm != Arm::Holdout);
        let stranger = || WebError::BadInput("Nobody of this id gets the e-mail. Reload the sheet.".into());
        let (customer, arm) = known.ok_or_else(stranger)?;
        let name = campaign.generation.as_deref().unwrap_or_default();
        let (place, now) = ((*id, name, customer.as_str()), installation.now());
        installation.store.write(|conn| emails::judge(conn, place, verdict, who.account.id, now))?;
        let verdicts = verdicts(&installation, &campaign)?;
        let desk = Desk::open(&installation, &drafts, &campaign, &who)?;
        let tile = desk.tile(customer.clone(), *arm, draw, &verdicts)?;
        Ok(Tile { count: count(&verdicts), ..tile })
    })
    .await?;
    if request.headers().contains_key("hx-request") { web::page(&tile) } else { web::go_to(&path) }
}
