//! The explorer's door: a search for a customer, and some worth a look.

use super::answer::answer;
use super::ask::Asked;
use super::lookout::Lookout;
use super::show::{days, name};
use crate::auth::Analyst;
use crate::installation::Installation;
use crate::picker::ledger::Standing;
use crate::picker::people::Names;
use crate::records::Customer;
use crate::web::{self, Page, Shell, WebError};
use actix_web::web::{Data, Query};
use askama::Template;
use std::sync::Arc;

const FOUND: usize = 20;

#[derive(Template)]
#[template(path = "explorer/customers.html")]
struct CustomersPage {
    shell: Shell,
    search: String,
    found: Vec<Line>,
    is_more: bool,
    suggested: Vec<(&'static str, Line)>,
    has_customers: bool,
}

struct Line {
    id: String,
    name: String,
    about: String,
}

/// GET /explorer
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
) -> Result<CustomersPage, WebError> {
    let standing = lookout.standing(installation, None)?;
    let people = &standing.ledger.people;
    let names = if shell.may_market { Names::Searched } else { Names::Hidden };
    let line = |customer: &Customer| Line {
        name: if names == Names::Searched { name(customer) } else { String::new() },
        about: about(installation, &standing, customer),
        id: customer.id.clone(),
    };
    let mut found = people.search(&asked.search, names, FOUND + 1);
    let is_more = found.len() > FOUND;
    found.truncate(FOUND);
    let suggested = suggestions(&standing)
        .into_iter()
        .filter_map(|(why, id)| Some((why, line(&people.get(&id)?))))
        .collect();
    Ok(CustomersPage {
        found: found.into_iter().map(|number| line(&people.at(number))).collect(),
        search: asked.search.trim().to_owned(),
        is_more,
        suggested,
        has_customers: !people.is_empty(),
        shell,
    })
}

fn about(installation: &Installation, standing: &Standing, customer: &Customer) -> String {
    let facts = standing.activity.facts(standing.activity.customers.number(&customer.id));
    match facts.last_purchase_us {
        Some(last) => {
            let since = (standing.as_of.timestamp_micros() - last) as f64 / 86_400e6;
            let orders = if facts.orders == 1 { "order" } else { "orders" };
            format!(
                "{} {orders}, {}, last {}",
                web::whole(facts.orders),
                web::money(facts.spent, &installation.shop.currency),
                days(since)
            )
        }
        None if standing.ledger.pasts.of(&customer.id).is_empty() => "nothing known of them".into(),
        None => "looked around, bought nothing".into(),
    }
}

/// Customers of whom a model should be asked: those it knows best, and those it hardly knows.
fn suggestions(standing: &Standing) -> Vec<(&'static str, String)> {
    let (people, activity, pasts) = (&standing.ledger.people, &standing.activity, &standing.ledger.pasts);
    let mut buyers: Vec<(u32, Option<i64>, &str)> = Vec::new();
    let (mut looker, mut unknown) = (None, None);
    for (_, id) in (0..).zip(people.ids()).filter(|(number, _)| people.is_active(*number)) {
        let facts = activity.facts(activity.customers.number(id));
        match facts.orders {
            0 if looker.is_none() && !pasts.of(id).is_empty() => looker = Some(id),
            0 if unknown.is_none() && pasts.of(id).is_empty() => unknown = Some(id),
            0 => {}
            orders => buyers.push((orders, facts.last_purchase_us, id)),
        }
    }
    buyers.sort_unstable();
    let all = [
        ("Buys most often", buyers.last()),
        ("Bought last of all", buyers.iter().max_by_key(|one| (one.1, one.2))),
        ("A typical buyer", buyers.get(buyers.len() / 2)),
        ("Bought once", buyers.iter().find(|one| one.0 == 1)),
        ("Stayed away longest", buyers.iter().filter(|one| one.0 > 1).min_by_key(|one| (one.1, one.2))),
    ];
    let others = [("Only looked around", looker), ("Nothing known of them", unknown)];
    let mut seen = Vec::new();
    all.into_iter()
        .map(|(why, buyer)| (why, buyer.map(|buyer| buyer.2)))
        .chain(others)
        .filter_map(|(why, id)| Some((why, id?.to_owned())))
        .filter(|(_, id)| {
            let is_new = !seen.contains(id);
            seen.push(id.clone());
            is_new
        })
        .collect()
}
