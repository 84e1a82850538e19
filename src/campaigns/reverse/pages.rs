//! The customers of a campaign's products: a curve of their interest, how many of them may be expected to buy, and a
//! number that makes the first of them the audience.

use super::ask::ask;
use super::expect::{self, Expectation};
use crate::auth::{Analyst, Marketer, SignedIn};
use crate::campaigns::audience_list::become_audience;
use crate::campaigns::generate::GenerateError;
use crate::campaigns::pages::find;
use crate::campaigns::state::sentence;
use crate::ids::{CampaignId, JobId};
use crate::installation::Installation;
use crate::picker::catalogue::Catalogue;
use crate::picker::hindsight::{Expected as Bounds, Hindsight};
use crate::picker::reverse::Interested;
use crate::pictures::Addresses;
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
    /// Every cut that the slider can make, as JSON: customers, part of all interest, and what is told of buyers.
    slider: String,
    /// How many of them may be expected to buy.
    expected: Expected,
    /// A fifth of them, to begin with.
    proposed: usize,
}

struct Cut {
    customers: String,
    share: String,
    interest: String,
    /// Buyers, and the interval; empty where nothing is known.
    buyers: String,
    interval: String,
}

/// What the page says of buyers.
#[derive(Default)]
struct Expected {
    /// Somebody works it out: the job.
    job: Option<JobId>,
    /// On what it rests; empty where nothing is known yet.
    basis: String,
    /// The corners of the curve and of the band around it, in hundredths of the widest.
    curve: String,
    band: String,
    most: String,
    days: u32,
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
        let expectation = expect::known(&installation, &campaign)?;
        page(&installation, &who, &campaign, (found, expectation))
    })
    .await?;
    web::page(&page)
}

pub(super) const NO_MODEL: &str = "No model is trained yet. Train one on the page “Models”, then come back.";
const NOBODY: &str = "The newest model knows nobody who wants these products. It may be older than they are, or know only \
    best-sellers: train one on the page “Models” that learns from customers, or, for new products, “Similar products”.";

fn page(
    installation: &Installation,
    who: &SignedIn,
    campaign: &Campaign,
    (found, expectation): (Result<Option<(Interested, Catalogue)>, GenerateError>, Expectation),
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
        slider: "[]".to_owned(),
        expected: Expected { job: expectation.job, days: expectation.days, ..Expected::default() },
        proposed: 0,
    };
    match found {
        Err(error) => page.problem = sentence(&error.to_string()),
        Ok(None) => page.problem = NO_MODEL.into(),
        Ok(Some((found, catalogue))) => {
            page.fill(&found, &catalogue, &Addresses::new(installation));
            if let Some(told) = &expectation.told {
                page.expect(told, &found, installation);
            }
        }
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
                buyers: String::new(),
                interval: String::new(),
            }
        };
        self.cuts = CUTS.iter().map(cut).collect();
        self.slide(count, |first| found.share_of_first(first), |_| String::new());
    }

    fn slide(&mut self, count: usize, interest: impl Fn(usize) -> f64, buyers: impl Fn(usize) -> String) {
        let mut cuts: Vec<usize> =
            (1..=2 * POINTS).map(|point| (count * point).div_ceil(2 * POINTS)).collect();
        cuts.dedup();
        let told = |first: usize| {
            let words = format!("{} of all interest{}", web::percent(interest(first)), buyers(first));
            serde_json::json!([first, words])
        };
        self.slider = serde_json::Value::from(cuts.into_iter().map(told).collect::<Vec<_>>()).to_string();
    }

    fn expect(&mut self, told: &Hindsight, found: &Interested, installation: &Installation) {
        let count = found.customers.len();
        let first_of = |share: f64| (count as f64 * share).ceil() as usize;
        for (cut, share) in self.cuts.iter_mut().zip(CUTS) {
            let Bounds { low, buyers, high } = told.expected(first_of(share), count);
            cut.buyers = web::whole(buyers.round() as i64);
            cut.interval = format!("{} to {}", web::whole(low as i64), web::whole(high.ceil() as i64));
        }
        let points: Vec<(f64, Bounds)> = (0..=POINTS)
            .map(|point| {
                let share = point as f64 / POINTS as f64;
                (100.0 * share, told.expected(first_of(share), count))
            })
            .collect();
        let most = points.iter().map(|point| point.1.high).fold(1.0, f64::max);
        let corner = |x: f64, buyers: f64| {
            format!("{},{}", web::decimal(x, 1), web::decimal(100.0 * (1.0 - buyers / most), 1))
        };
        let above = points.iter().map(|(x, told)| corner(*x, told.high));
        let below = points.iter().rev().map(|(x, told)| corner(*x, told.low));
        self.expected.band = above.chain(below).collect::<Vec<_>>().join(" ");
        let middle = points.iter().map(|(x, told)| corner(*x, told.buyers));
        self.expected.curve = middle.collect::<Vec<_>>().join(" ");
        self.expected.most = web::whole(most.ceil() as i64);
        let buyers = |first: usize| {
            let Bounds { low, buyers, high } = told.expected(first, count);
            let [low, buyers, high] =
                [low, buyers.round(), high.ceil()].map(|number| web::whole(number as i64));
            format!(", {buyers} will buy ({low} to {high})")
        };
        self.slide(count, |first| found.share_of_first(first), buyers);
        self.expected.basis = format!(
            "As it was on {}: of {} customers who would have been interested then, {} bought one of these products in the \
             {} days after.",
            web::date(told.from, installation.zone()),
            web::whole(told.customers as i64),
            web::whole(told.all_buyers() as i64),
            told.days
        );
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
