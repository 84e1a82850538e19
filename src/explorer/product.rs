//! One product: what is near it, what is bought with it, who would be shown it, and how that goes with what sells.

use super::answer::answer;
use super::ask::{Asked, Controls, View};
use super::lookout::Lookout;
use super::plot::{self, Columns};
use super::profile::by_month;
use super::show::{Card, best_sellers, card, card_of_id, search_products};
use super::wanting::{Wanting, wanting};
use crate::auth::Analyst;
use crate::installation::Installation;
use crate::picker::around::{Company, nearest};
use crate::picker::catalogue::Catalogue;
use crate::picker::ledger::Standing;
use crate::picker::summary::Summary;
use crate::picker::visits::Rivals;
use crate::records::{EventKind, Product};
use crate::store::campaigns;
use crate::web::{self, Page, Shell, WebError};
use actix_web::web::{Data, Query};
use askama::Template;
use std::sync::Arc;

const NEAR: usize = 12;
const FOUND: usize = 24;
const MONTHS: u32 = 18;
const CAMPAIGNS: usize = 10;

#[derive(Template)]
#[template(path = "explorer/product.html")]
struct ProductPage {
    shell: Shell,
    controls: Controls,
    cautions: Vec<String>,
    asked: String,
    model: &'static str,
    /// Products to choose from, when no single one was meant.
    found: Vec<Card>,
    found_title: &'static str,
    shown: Option<Shown>,
}

struct Shown {
    card: Card,
    about: String,
    near: Vec<Near>,
    /// Why there are none.
    no_near: &'static str,
    orders: String,
    together: Vec<Near>,
    buyers: String,
    then: Vec<Near>,
    /// Visits in which it was looked at.
    visits: String,
    instead: Vec<Near>,
    has_looks: bool,
    history: Vec<Columns>,
    picked: Vec<(String, String)>,
    campaigns: Vec<(String, String, String)>,
    wanting: Wanting,
}

/// A product with how near it is, in hundredths of the nearest.
struct Near {
    card: Card,
    width: String,
    figure: String,
}

/// GET /explorer/product?product=…
pub async fn show(
    Analyst(who): Analyst,
    asked: Query<Asked>,
    installation: Data<Arc<Installation>>,
    lookout: Data<Lookout>,
) -> Page {
    answer(&who, &installation, lookout, asked, look).await
}

fn look(
    installation: &Installation,
    lookout: &Lookout,
    shell: Shell,
    asked: &Asked,
) -> Result<ProductPage, WebError> {
    let view = View::of(installation, lookout, asked)?;
    let catalogue = &view.standing.ledger.catalogue;
    let text = asked.product.trim();
    let mut found = search_products(catalogue, text, FOUND);
    let mut found_title = "Which one do you mean?";
    if text.is_empty() {
        found = best_sellers(&view.standing, FOUND);
        found_title = "What sells best now";
    } else if found.is_empty() {
        return Err(WebError::NotFound(format!(
            "The shop has no product “{text}”. Type another id, or words of its title."
        )));
    }
    let shown = match found.as_slice() {
        [one] => Some(shown(installation, lookout, &shell, &view, *one)?),
        _ => None,
    };
    let cards = found.iter().map(|&number| card(installation, catalogue.product(number)));
    Ok(ProductPage {
        found: if shown.is_none() { cards.collect() } else { Vec::new() },
        found_title,
        shown,
        asked: text.to_owned(),
        model: view.model_name(),
        controls: view.controls,
        cautions: view.cautions,
        shell,
    })
}

fn shown(
    installation: &Installation,
    lookout: &Lookout,
    shell: &Shell,
    view: &View,
    number: u32,
) -> Result<Shown, WebError> {
    let standing = &view.standing;
    let catalogue = &standing.ledger.catalogue;
    let product = catalogue.product(number);
    let company = Company::of(standing, number);
    let rivals = Rivals::of(standing, number, &company);
    let near = nearest(&view.live, &product.id, NEAR);
    let counted = |all: &[(u32, u64)], of: u64| -> Vec<Near> {
        let figure = |count: u64| format!("{} of {}", web::whole(count as i64), web::whole(of as i64));
        let most = all.first().map_or(1, |one| one.1).max(1) as f64;
        let line = |&(other, count): &(u32, u64)| Near {
            card: card(installation, catalogue.product(other)),
            width: web::decimal(100.0 * count as f64 / most, 1),
            figure: figure(count),
        };
        all.iter().filter(|(_, count)| *count > 1).take(NEAR / 2).map(line).collect()
    };
    Ok(Shown {
        card: card(installation, product),
        about: about(product),
        no_near: match &near {
            None => {
                "The model does not know this product: it came after the model was trained, or nobody touched it."
            }
            Some(_) if !view.live.model.is_personal() => {
                "This way of picking shows everybody the same and holds no products near each other."
            }
            _ => "The model holds no product near this one.",
        },
        near: strengths(installation, catalogue, &near.unwrap_or_default()),
        orders: web::whole(company.orders as i64),
        together: counted(&company.together, company.orders),
        buyers: web::whole(company.buyers as i64),
        then: counted(&company.then, company.buyers),
        visits: web::whole(rivals.visits as i64),
        instead: counted(
            &rivals.rivals.iter().map(|one| (one.product, one.visits)).collect::<Vec<_>>(),
            rivals.visits,
        ),
        has_looks: rivals.has_looks,
        history: history(installation, standing, number),
        picked: picked(lookout, view, number)?,
        campaigns: shown_by(installation, &product.id)?,
        wanting: wanting(lookout, shell, view, number)?,
    })
}

fn about(product: &Product) -> String {
    let stock = match product.stock {
        Some(pieces) if pieces > 0 => Some(format!("{} in stock", web::whole(pieces))),
        Some(_) => Some("out of stock".into()),
        None => None,
    };
    let gone = (!product.active).then(|| "no longer sold".to_owned());
    let parts = [Some(product.id.clone()), product.category.clone(), product.brand.clone(), stock, gone];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn strengths(installation: &Installation, catalogue: &Catalogue, near: &[(Box<str>, f32)]) -> Vec<Near> {
    let most = near.first().map_or(1.0, |one| one.1.max(f32::MIN_POSITIVE));
    let line = |(id, strength): &(Box<str>, f32)| {
        let share = 100.0 * strength / most;
        Near {
            card: card_of_id(installation, catalogue, id),
            width: web::decimal(f64::from(share), 1),
            figure: web::decimal(f64::from(share), 0),
        }
    };
    near.iter().map(line).collect()
}

/// Month by month how often it was looked at, put in a basket and bought.
fn history(installation: &Installation, standing: &Standing, number: u32) -> Vec<Columns> {
    let pasts = &standing.ledger.pasts;
    let mut at_us: [Vec<i64>; 3] = Default::default();
    for done in pasts.rows().flat_map(|(_, row)| row).filter(|done| pasts.product(done) == Some(number)) {
        match done.kind() {
            EventKind::View => at_us[0].push(done.at_us),
            EventKind::Cart => at_us[1].push(done.at_us),
            EventKind::Purchase => at_us[2].push(done.at_us),
            _ => {}
        }
    }
    let titles = ["Looked at", "Put in a basket", "Bought"];
    let plot = |(title, at_us): (&str, Vec<i64>)| {
        let values = by_month(installation, standing.as_of, MONTHS, at_us.into_iter());
        let total: f64 = values.iter().map(|value| value.0).sum();
        let first = values.first().map(|value| value.1.clone()).unwrap_or_default();
        Columns {
            title: title.to_owned(),
            told: format!("{} times in {MONTHS} months", web::whole(total as i64)),
            columns: plot::columns(&values, |_| true),
            ends: (first.split(':').next().unwrap_or_default().to_owned(), "now".into()),
        }
    };
    titles.into_iter().zip(at_us).map(plot).collect()
}

/// How often it is picked against how often it sells.
fn picked(lookout: &Lookout, view: &View, number: u32) -> Result<Vec<(String, String)>, WebError> {
    let sample = lookout.sample(view)?;
    let sales = &view.standing.activity.sales;
    let (all, own) = (sales.iter().sum::<f64>(), sales[number as usize]);
    let better = sales.iter().filter(|&&other| other > own).count();
    let (places, _) = sample.places();
    let shown = sample.shown(number);
    let share = |part: f64, whole: f64| if whole > 0.0 { web::percent(part / whole) } else { "–".into() };
    Ok(vec![
        (
            format!("of {} customers looked at would be shown it", sample.customers.len()),
            web::whole(shown as i64),
        ),
        ("of all places in their e-mails".into(), share(shown as f64, places as f64)),
        ("of all that sells lately".into(), share(own, all)),
        (format!("among {} best-sellers", web::whole(sales.len() as i64)), {
            if own > 0.0 {
                format!("No. {}", web::whole(better as i64 + 1))
            } else {
                "not sold lately".into()
            }
        }),
    ])
}

/// Campaigns that showed it: id, name, how often.
fn shown_by(installation: &Installation, product: &str) -> Result<Vec<(String, String, String)>, WebError> {
    let all = installation.store.read(|conn| campaigns::all(conn, installation.shop_id()))?;
    let mut lines = Vec::new();
    for campaign in all {
        let summary: Summary = campaign.summary()?.unwrap_or_default();
        if let Some((_, times)) = summary.products.iter().find(|(id, times)| id == product && *times > 0) {
            lines.push((campaign.id.to_string(), campaign.name, web::whole(*times as i64)));
        }
    }
    lines.truncate(CAMPAIGNS);
    Ok(lines)
}
