//! One customer: who they are, what they did, what they would be shown and why.

use super::answer::answer;
use super::ask::{Asked, Controls, View};
use super::lookout::Lookout;
use super::picks::{Picks, picks};
use super::profile::{Profile, profile};
use super::show::name;
use super::timeline::{Timeline, timeline};
use crate::auth::Analyst;
use crate::installation::Installation;
use crate::picker::ledger::Standing;
use crate::web::{self, Page, Shell, WebError};
use actix_web::web::{Data, Query};
use askama::Template;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "explorer/customer.html")]
struct CustomerPage {
    shell: Shell,
    controls: Controls,
    cautions: Vec<String>,
    id: String,
    /// Empty for roles that see ids alone, and where the shop does not say.
    name: String,
    about: String,
    profile: Option<Profile>,
    timeline: Timeline,
    picks: Picks,
    product: String,
    model: &'static str,
    moment: String,
}

/// GET /explorer/customer?customer=…
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
) -> Result<CustomerPage, WebError> {
    let view = View::of(installation, lookout, asked)?;
    let (standing, id) = (&view.standing, asked.customer.trim());
    let customer = standing.ledger.people.get(id).ok_or_else(|| {
        WebError::NotFound(format!("The shop has no customer with the id “{id}”. Search for another one."))
    })?;
    let zone = installation.zone();
    let mut about: Vec<String> = Vec::new();
    about.extend(customer.email.clone().filter(|_| shell.may_market));
    about.extend(customer.created_at.map(|at| format!("Customer since {}", web::date(at, zone))));
    about.extend(customer.country.clone());
    about.extend(customer.language.clone());
    about.push(
        match customer.mailable {
            Some(true) => "may get e-mail",
            Some(false) => "wants no e-mail",
            None => "the shop does not say whether they may get e-mail",
        }
        .to_owned(),
    );
    Ok(CustomerPage {
        name: if shell.may_market { name(&customer) } else { String::new() },
        about: about.join(" · "),
        profile: profile(installation, standing, alike(installation, lookout, standing, id)?, id),
        timeline: timeline(installation, standing, id, asked.all == "1"),
        picks: picks(installation, &view, &customer, None, &asked.product),
        product: asked.product.trim().to_owned(),
        model: view.model_name(),
        moment: match view.controls.on.as_str() {
            "" => "now".to_owned(),
            on => format!("as on the evening of {on}"),
        },
        id: id.to_owned(),
        controls: view.controls,
        cautions: view.cautions,
        shell,
    })
}

/// The group of their like, as customers buy today: finding groups anew for every day that somebody looks back at would
/// take seconds, and yesterday's groups have other names.
fn alike(
    installation: &Installation,
    lookout: &Lookout,
    standing: &Standing,
    id: &str,
) -> Result<Option<(String, String)>, WebError> {
    let now = lookout.standing(installation, None)?;
    let groups = lookout.groups(&now)?;
    let Some(number) = now.activity.customers.number(id) else { return Ok(None) };
    let Some(group) = groups.iter().find(|group| group.has(number)) else { return Ok(None) };
    let all: usize = groups.iter().map(|group| group.customers.len()).sum();
    let (size, share) = (group.customers.len(), group.customers.len() as f64 / all.max(1) as f64);
    let is_past = standing.as_of < now.as_of;
    let when = if is_past { ", as they buy today" } else { "" };
    let size = format!("{} customers, {} of the buyers{when}", web::whole(size as i64), web::percent(share));
    Ok(Some((group.in_words(), size)))
}
