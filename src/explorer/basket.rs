//! What if: an imagined customer whose purchases are put together, and what a model would show them.

use super::answer::answer;
use super::ask::{Asked, Controls, View};
use super::lookout::Lookout;
use super::picks::{Picks, picks};
use super::show::{Card, card, search_products};
use crate::auth::Analyst;
use crate::installation::Installation;
use crate::picker::catalogue::Catalogue;
use crate::picker::ledger::Standing;
use crate::records::{Customer, Event, EventKind, Events};
use crate::web::{self, Page, Shell, WebError};
use actix_web::web::{Data, Query};
use askama::Template;
use std::sync::Arc;

/// Products of an imagined customer, at most.
const MOST: usize = 40;
const FOUND: usize = 12;

#[derive(Template)]
#[template(path = "explorer/basket.html")]
struct BasketPage {
    shell: Shell,
    controls: Controls,
    cautions: Vec<String>,
    model: &'static str,
    /// Each with the address without it.
    products: Vec<(Card, String)>,
    /// As it stands in the address.
    basket: String,
    /// Each with the address with it.
    found: Vec<(Card, String)>,
    add: String,
    picks: Picks,
    /// Picks that were not there before the last product came.
    is_new: Vec<bool>,
    last: String,
    /// The model itself chose none of the picks.
    is_cold: bool,
}

/// GET /explorer/basket?basket=…
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
) -> Result<BasketPage, WebError> {
    let view = View::of(installation, lookout, asked)?;
    let standing = &view.standing;
    let catalogue = &standing.ledger.catalogue;
    let mut products = products(catalogue, &asked.basket)?;
    if !asked.customer.trim().is_empty() {
        products = bought_by(standing, asked.customer.trim())?;
    }
    let mut found = search_products(catalogue, &asked.add, FOUND);
    if let [one] = found.as_slice() {
        if !products.contains(one) {
            products.push(*one);
        }
        found.clear();
    } else if found.is_empty() && !asked.add.trim().is_empty() {
        return Err(WebError::NotFound(format!(
            "The shop has no product “{}”. Type another id, or words of its title.",
            asked.add.trim()
        )));
    }
    if products.len() > MOST {
        return Err(WebError::BadInput(format!("An imagined customer has at most {MOST} products.")));
    }
    let address = |numbers: &[u32]| {
        let query = view.controls.query.clone();
        format!("/explorer/basket?basket={}{query}", web::encode(&joined(catalogue, numbers)))
    };
    let without = |at: usize| -> Vec<u32> {
        products.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, number)| *number).collect()
    };
    let with = |number: u32| products.iter().copied().chain([number]).collect::<Vec<_>>();
    let shown = |number: u32| card(installation, catalogue.product(number));
    let picked = imagined(installation, &view, &products);
    let before = products.split_last().map(|(_, rest)| imagined(installation, &view, rest));
    let is_new = |id: &str| before.as_ref().is_some_and(|b| b.picks.iter().all(|pick| pick.card.id != id));
    Ok(BasketPage {
        is_new: picked.picks.iter().map(|pick| is_new(&pick.card.id)).collect(),
        is_cold: picked.picks.iter().all(|pick| pick.origin != "personal"),
        picks: picked,
        last: products.last().map(|&number| catalogue.product(number).title.clone()).unwrap_or_default(),
        basket: joined(catalogue, &products),
        found: found.iter().map(|&number| (shown(number), address(&with(number)))).collect(),
        products: (products.iter().enumerate())
            .map(|(at, &number)| (shown(number), address(&without(at))))
            .collect(),
        add: asked.add.trim().to_owned(),
        model: view.model_name(),
        controls: view.controls,
        cautions: view.cautions,
        shell,
    })
}

fn joined(catalogue: &Catalogue, numbers: &[u32]) -> String {
    numbers.iter().map(|&number| catalogue.product(number).id.as_str()).collect::<Vec<_>>().join(",")
}

/// The products of an address, each once.
fn products(catalogue: &Catalogue, basket: &str) -> Result<Vec<u32>, WebError> {
    let mut products = Vec::new();
    for id in basket.split(',').map(str::trim).filter(|id| !id.is_empty()) {
        let number = catalogue.number(id).ok_or_else(|| {
            WebError::BadInput(format!("The shop has no product “{id}”; take it out of the address."))
        })?;
        if !products.contains(&number) {
            products.push(number);
        }
    }
    Ok(products)
}

/// What a real customer bought last, the oldest first.
fn bought_by(standing: &Standing, customer: &str) -> Result<Vec<u32>, WebError> {
    if standing.ledger.people.get(customer).is_none() {
        return Err(WebError::NotFound(format!("The shop has no customer with the id “{customer}”.")));
    }
    let bought = standing.activity.bought(standing.activity.customers.number(customer));
    let mut all: Vec<(i64, u32)> =
        bought.last_at_us.iter().copied().zip(bought.products.iter().copied()).collect();
    all.sort_unstable();
    let skip = all.len().saturating_sub(MOST / 2);
    Ok(all.into_iter().skip(skip).map(|(_, number)| number).collect())
}

/// Somebody who bought all this yesterday, one after the other.
fn imagined(installation: &Installation, view: &View, products: &[u32]) -> Picks {
    let person = Customer { id: "somebody imagined".into(), active: true, ..Customer::default() };
    let catalogue = &view.standing.ledger.catalogue;
    let yesterday = view.standing.as_of.timestamp_micros() - 86_400_000_000;
    let mut events = Events::default();
    for (nth, &number) in (0..).zip(products) {
        let product = catalogue.product(number);
        events.push(Event {
            id: None,
            kind: EventKind::Purchase,
            at_us: yesterday + nth * 60_000_000,
            customer: Some(&person.id),
            product: Some(&product.id),
            order: None,
            quantity: 1.0,
            value: product.price,
            currency: None,
            source: "",
        });
    }
    picks(installation, view, &person, Some(&events), "")
}
