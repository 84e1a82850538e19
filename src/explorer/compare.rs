//! Two models side by side: on the whole, on thirty customers at a glance, and on one.

use super::answer::found;
use super::ask::{Asked, Choice, Controls, View, model_choices};
use super::gains;
use super::lookout::{Lookout, internal};
use super::picks::{Picks, picks};
use super::run::{By, Run};
use super::sample::Sample;
use super::show::{Card, card, name};
use crate::auth::Analyst;
use crate::installation::Installation;
use crate::store::models;
use crate::web::{self, Page, Shell, WebError};
use actix_web::web::{Data, Query};
use askama::Template;
use std::sync::Arc;

/// Customers shown one by one.
const AT_A_GLANCE: usize = 30;
const OFFERED: i64 = 30;
/// The best-sellers that say how popular picks are: one product in so many.
const TOP: usize = 20;

#[derive(Template)]
#[template(path = "explorer/compare.html")]
struct ComparePage {
    shell: Shell,
    controls: Controls,
    cautions: Vec<String>,
    others: Vec<Choice>,
    customer: String,
    /// As part of an address.
    other: String,
    names: [String; 2],
    figures: Vec<(&'static str, String, String)>,
    in_common: String,
    sampled: String,
    /// Who gains: what both show parts of those looked at …
    by_orders: Vec<gains::Line>,
    by_group: Vec<gains::Line>,
    /// … and who had a right pick, where both were measured on the same customers.
    by_known: Vec<gains::Measured>,
    by_alike: Vec<gains::Measured>,
    rows: Vec<Row>,
    /// Both models' picks for the customer asked for.
    pair: Option<[Picks; 2]>,
}

/// One customer with both models' picks.
struct Row {
    id: String,
    name: String,
    picks: [Vec<Mini>; 2],
    in_common: usize,
    places: usize,
}

struct Mini {
    card: Card,
    is_common: bool,
}

/// GET /explorer/compare?model=…&other=…
pub async fn show(
    Analyst(who): Analyst,
    asked: Query<Asked>,
    installation: Data<Arc<Installation>>,
    lookout: Data<Lookout>,
) -> Page {
    match found(&who, &installation, lookout, asked, look).await? {
        Some(page) => web::page(&page),
        None => web::go_to_with(
            "/explorer/models",
            "There is only one model so far. Train another one on the page “Models” to compare the two.",
        ),
    }
}

/// `None` while there are no two models.
fn look(
    installation: &Installation,
    lookout: &Lookout,
    shell: Shell,
    asked: &Asked,
) -> Result<Option<ComparePage>, WebError> {
    let first = View::of(installation, lookout, asked)?;
    let shop = installation.shop_id();
    let offered = installation.store.read(|conn| models::latest(conn, shop, OFFERED))?;
    let other = match asked.other.trim() {
        "" => offered.iter().find(|model| model.id != first.stored.id).map(|model| model.id.to_string()),
        other => Some(other.to_owned()),
    };
    let Some(other) = other else { return Ok(None) };
    let second = View::of(installation, lookout, &Asked { model: other.clone(), ..asked.clone() })?;
    let (a, b) = (lookout.sample(&first)?, lookout.sample(&second)?);
    let pair = match asked.customer.trim() {
        "" => None,
        id => {
            let customer =
                first.standing.ledger.people.get(id).ok_or_else(|| {
                    WebError::NotFound(format!("The shop has no customer with the id “{id}”."))
                })?;
            let of = |view: &View| picks(installation, view, &customer, None, "");
            Some([of(&first), of(&second)])
        }
    };
    let titled = |view: &View| {
        format!("{}, {}", view.model_name(), web::date_time(view.stored.trained_at, installation.zone()))
    };
    let (own, others) = (Run::of(&first.stored), Run::of(&second.stored));
    let names = [titled(&first), titled(&second)];
    let measured = |by| gains::measured(&own, &others, &names, by).unwrap_or_default();
    let mut cautions: Vec<String> = first.cautions.iter().chain(&second.cautions).cloned().collect();
    cautions.dedup();
    Ok(Some(ComparePage {
        others: model_choices(installation, &offered, second.stored.id)?,
        customer: asked.customer.trim().to_owned(),
        by_orders: gains::by_orders(&first.standing, &a, &b),
        by_group: gains::by_group(&first.standing, &lookout.groups(&first.standing)?, &a, &b),
        by_known: measured(By::Activity),
        by_alike: measured(By::Alike),
        figures: figures((&first, &a), (&second, &b)),
        in_common: a.in_common(&b).map(web::percent).ok_or_else(|| internal("no places"))?,
        sampled: web::whole(a.customers.len() as i64),
        rows: rows(installation, &shell, &first, &a, &b),
        pair,
        other,
        names,
        controls: first.controls,
        cautions,
        shell,
    }))
}

/// What a figure of one model is.
type FigureOf<'a> = &'a dyn Fn(&View, &Sample) -> String;

fn figures(
    (first, a): (&View, &Sample),
    (second, b): (&View, &Sample),
) -> Vec<(&'static str, String, String)> {
    let both = |of: FigureOf<'_>| (of(first, a), of(second, b));
    let measured = |popular: bool| {
        move |view: &View, _: &Sample| {
            let run = Run::of(&view.stored);
            let measured = if popular { run.popular } else { run.own };
            measured.map_or("not measured".into(), |measured| measured.in_words())
        }
    };
    let personal = |_: &View, sample: &Sample| {
        let (places, own) = sample.places();
        web::percent(own as f64 / places.max(1) as f64)
    };
    let different = |view: &View, sample: &Sample| {
        let (shown, all) = (sample.different().len(), view.standing.ledger.catalogue.len());
        format!("{} of {}", web::whole(shown as i64), web::whole(all as i64))
    };
    let lines: [(&'static str, FigureOf<'_>); 6] = [
        ("Customers with a right pick, when it was measured", &measured(false)),
        ("The same of best-sellers, then", &measured(true)),
        ("Places filled by the model itself", &personal),
        ("Different products shown", &different),
        ("Places filled with the shop's best-sellers", &top_share),
        ("Usual price of a pick", &usual_price),
    ];
    let line = |(label, of): (&'static str, FigureOf<'_>)| {
        let (a, b) = both(of);
        (label, a, b)
    };
    lines.into_iter().map(line).collect()
}

/// How many of the places hold one of the twentieth of all products that sells best.
fn top_share(view: &View, sample: &Sample) -> String {
    let sales = &view.standing.activity.sales;
    let mut sorted = sales.clone();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let least = sorted.get(sorted.len() / TOP).copied().unwrap_or(f64::MAX);
    let shown = (0..sample.picked.len()).flat_map(|at| sample.products(at));
    let top = shown.filter(|&product| sales[product as usize] > least).count();
    web::percent(top as f64 / sample.places().0.max(1) as f64)
}

/// The middle one.
fn usual_price(view: &View, sample: &Sample) -> String {
    let catalogue = &view.standing.ledger.catalogue;
    let shown = (0..sample.picked.len()).flat_map(|at| sample.products(at));
    let mut prices: Vec<f64> =
        shown.filter_map(|product| Some(catalogue.product(product).price?.as_f64())).collect();
    prices.sort_unstable_by(f64::total_cmp);
    prices.get(prices.len() / 2).map_or("–".into(), |price| web::decimal(*price, 2))
}

fn rows(installation: &Installation, shell: &Shell, view: &View, a: &Sample, b: &Sample) -> Vec<Row> {
    let catalogue = &view.standing.ledger.catalogue;
    let step = a.customers.len().div_ceil(AT_A_GLANCE).max(1);
    let row = |at: usize| {
        let (own, others) = (a.set(at), b.set(at));
        let mini = |product: u32| Mini {
            card: card(installation, catalogue.product(product)),
            is_common: own.contains(&product) && others.contains(&product),
        };
        let customer = &a.customers[at];
        Row {
            name: if shell.may_market { name(customer) } else { String::new() },
            id: customer.id.clone(),
            in_common: own.intersection(&others).count(),
            places: own.len().max(others.len()),
            picks: [a.products(at).map(mini).collect(), b.products(at).map(mini).collect()],
        }
    };
    (0..a.customers.len()).step_by(step).map(row).collect()
}
