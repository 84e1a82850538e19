//! The saved rules of a shop, and the history of each.

use super::changes::changes;
use crate::auth::{Analyst, Marketer, SignedIn};
use crate::installation::Installation;
use crate::picker::plan::Rule;
use crate::store::audit;
use crate::store::rule_sets::{self, RuleSet, Version};
use crate::web::{self, Form, Page, Section, Shell, WebError, rule_in_words};
use actix_web::web::{Data, Path};
use askama::Template;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "campaigns/rule_sets.html")]
struct List {
    shell: Shell,
    sets: Vec<Line>,
}

struct Line {
    id: i32,
    name: String,
    rules: String,
    changed: String,
    by: String,
}

#[derive(Template)]
#[template(path = "campaigns/rule_set.html")]
struct History {
    shell: Shell,
    set: RuleSet,
    /// What the name stands for now.
    rules: Vec<String>,
    versions: Vec<Entry>,
}

/// One change.
struct Entry {
    version: i32,
    at: String,
    by: String,
    changes: Vec<String>,
    is_newest: bool,
}

/// GET /rules/saved
pub async fn list(Analyst(who): Analyst, installation: Data<Arc<Installation>>) -> Page {
    let installation = installation.get_ref().clone();
    let page = web::blocking(move || {
        let zone = installation.zone();
        let sets = installation.store.read(|conn| {
            let all = rule_sets::all(conn, installation.shop_id())?;
            let line = |set: RuleSet| {
                let newest = rule_sets::versions(conn, installation.shop_id(), set.id)?.into_iter().next();
                let rules = newest.as_ref().and_then(|newest| read(newest).ok()).map(|rules| rules.len());
                Ok(Line {
                    id: set.id,
                    name: set.name,
                    rules: rules.map(web::whole).unwrap_or_default(),
                    changed: newest
                        .as_ref()
                        .map(|newest| web::date_time(newest.at, zone))
                        .unwrap_or_default(),
                    by: newest.and_then(|newest| newest.by).unwrap_or_default(),
                })
            };
            all.into_iter().map(line).collect()
        })?;
        Ok(List { shell: Shell::new(&installation, &who, Section::Campaigns), sets })
    })
    .await?;
    web::page(&page)
}

/// GET /rules/saved/{id}
pub async fn show(Analyst(who): Analyst, id: Path<i32>, installation: Data<Arc<Installation>>) -> Page {
    let installation = installation.get_ref().clone();
    web::page(&web::blocking(move || history(&installation, &who, *id)).await?)
}

fn history(installation: &Installation, who: &SignedIn, id: i32) -> Result<History, WebError> {
    let shop = installation.shop_id();
    let (set, versions) = installation
        .store
        .read(|conn| Ok((rule_sets::by_id(conn, shop, id)?, rule_sets::versions(conn, shop, id)?)))?;
    let set = set.ok_or_else(nothing)?;
    let currency = &installation.shop.currency;
    let rules: Vec<Option<Vec<Rule>>> = versions.iter().map(|version| read(version).ok()).collect();
    let told = |at: usize| match (rules.get(at + 1), &rules[at]) {
        _ if versions[at].restores.is_some() => {
            vec![format!("Brought back change {}.", versions[at].restores.unwrap_or_default())]
        }
        (None, Some(now)) => {
            now.iter().map(|rule| format!("Added “{}”.", rule_in_words(rule, currency))).collect()
        }
        (Some(Some(before)), Some(now)) => changes(before, now, currency),
        _ => vec!["Saved by another version of Handpick.".into()],
    };
    let entry = |(at, version): (usize, &Version)| Entry {
        version: version.version,
        at: web::date_time(version.at, installation.zone()),
        by: version.by.clone().unwrap_or_else(|| "Somebody who is gone".into()),
        changes: told(at),
        is_newest: at == 0,
    };
    let newest = rules.first().and_then(Option::as_ref);
    Ok(History {
        shell: Shell::new(installation, who, Section::Campaigns),
        rules: newest.into_iter().flatten().map(|rule| rule_in_words(rule, currency)).collect(),
        versions: versions.iter().enumerate().map(entry).collect(),
        set,
    })
}

fn read(version: &Version) -> serde_json::Result<Vec<Rule>> {
    serde_json::from_str(&version.rules)
}

fn nothing() -> WebError {
    WebError::NotFound("These saved rules are not there any more. Go back to the saved rules.".into())
}

/// POST /rules/saved/{id}/restore with `version`: what it was then is what it is from now on.
pub async fn restore(
    Marketer(who): Marketer,
    id: Path<i32>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    let (installation, id) = (installation.get_ref().clone(), *id);
    let version: i32 = form.text("version").parse().unwrap_or(0);
    web::blocking(move || {
        let (shop, now, by) = (installation.shop_id(), installation.now(), who.account.id);
        let versions = installation.store.read(|conn| rule_sets::versions(conn, shop, id))?;
        let then = versions.into_iter().find(|one| one.version == version).ok_or_else(nothing)?;
        Ok(installation.store.write(|conn| {
            rule_sets::keep(conn, id, (&then.rules, Some(version)), by, now)?;
            audit::note(conn, shop, Some(by), "brought rules back", &format!("saved rules {id}"), now)
        })?)
    })
    .await?;
    web::go_to(&format!("/rules/saved/{id}"))
}

/// POST /rules/saved/{id}/forget
pub async fn forget(
    Marketer(who): Marketer,
    id: Path<i32>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    let (installation, id) = (installation.get_ref().clone(), *id);
    web::blocking(move || {
        let (shop, now, by) = (installation.shop_id(), installation.now(), who.account.id);
        Ok(installation.store.write(|conn| {
            rule_sets::forget(conn, shop, id)?;
            audit::note(conn, shop, Some(by), "forgot rules", &format!("saved rules {id}"), now)
        })?)
    })
    .await?;
    web::go_to("/rules/saved")
}
