//! Rules kept under a name: many campaigns use them, every change is remembered and can be taken back.

mod changes;
mod pages;

pub use pages::{forget, list, restore, show};

use crate::auth::SignedIn;
use crate::installation::Installation;
use crate::picker::plan::Rule;
use crate::store::{audit, rule_sets};
use crate::web::{Form, WebError};

/// A choice on the step's page.
pub struct Saved {
    pub id: i32,
    pub name: String,
}

pub fn saved(installation: &Installation) -> Result<Vec<Saved>, WebError> {
    let all = installation.store.read(|conn| rule_sets::all(conn, installation.shop_id()))?;
    Ok(all.into_iter().map(|one| Saved { id: one.id, name: one.name }).collect())
}

/// What the step's buttons about saved rules ask for: takes some over, or keeps what is typed.
pub fn use_or_keep(
    installation: &Installation,
    who: &SignedIn,
    form: &Form,
    rules: &mut Vec<Rule>,
    problems: &mut Vec<String>,
) -> Result<(), WebError> {
    let (shop, now, by) = (installation.shop_id(), installation.now(), who.account.id);
    match form.text("go") {
        "use" => {
            let id = form.text("rule_set").parse().unwrap_or(0);
            let versions = installation.store.read(|conn| rule_sets::versions(conn, shop, id))?;
            match versions.first().map(|newest| serde_json::from_str(&newest.rules)) {
                Some(Ok(kept)) => *rules = kept,
                Some(Err(_)) => problems.push(
                    "Another version of Handpick saved these rules, and this one cannot read them.".into(),
                ),
                None => problems.push("Choose the saved rules to use.".into()),
            }
        }
        "keep" => {
            let name = form.text("rule_set_name").trim();
            if name.is_empty() || rules.is_empty() {
                let what = if rules.is_empty() {
                    "There are no rules to save yet; add one first."
                } else {
                    "Give the rules a name, to save them under it."
                };
                problems.push(what.into());
                return Ok(());
            }
            let text = serde_json::to_string(rules).map_err(|error| WebError::Internal(error.to_string()))?;
            installation.store.write(|conn| {
                let set = rule_sets::named(conn, shop, name)?;
                rule_sets::keep(conn, set.id, (&text, None), by, now)?;
                audit::note(conn, shop, Some(by), "saved rules", name, now)
            })?;
        }
        _ => {}
    }
    Ok(())
}
