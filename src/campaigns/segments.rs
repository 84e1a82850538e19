//! Customers kept under a name: filters that many campaigns use.

use crate::auth::SignedIn;
use crate::installation::Installation;
use crate::picker::plan::Audience;
use crate::store::{audit, segments};
use crate::web::{Form, WebError};

/// A choice on the step's page.
pub struct Saved {
    pub id: i32,
    pub name: String,
    /// How many filters it has, in words.
    pub about: String,
}

pub fn saved(installation: &Installation) -> Result<Vec<Saved>, WebError> {
    let all = installation.store.read(|conn| segments::all(conn, installation.shop_id()))?;
    let about = |text: &str| match serde_json::from_str::<Audience>(text).map(|audience| filters(&audience)) {
        Ok(1) => "one filter".to_owned(),
        Ok(number) => format!("{number} filters"),
        Err(_) => "made by another version".to_owned(),
    };
    Ok(all.into_iter().map(|one| Saved { id: one.id, about: about(&one.audience), name: one.name }).collect())
}

/// How many things an audience asks.
fn filters(audience: &Audience) -> usize {
    let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(audience) else { return 0 };
    let is_set = |value: &serde_json::Value| match value {
        serde_json::Value::Null | serde_json::Value::Bool(false) => 0,
        serde_json::Value::String(text) => usize::from(!text.is_empty()),
        serde_json::Value::Array(all) => all.len(),
        _ => 1,
    };
    fields.values().map(is_set).sum()
}

/// What the step's buttons about kept customers ask for: takes one over, keeps what is typed, or forgets one.
pub fn use_or_keep(
    installation: &Installation,
    who: &SignedIn,
    form: &Form,
    audience: &mut Audience,
    problems: &mut Vec<String>,
) -> Result<(), WebError> {
    let (shop, now, by) = (installation.shop_id(), installation.now(), who.account.id);
    let chosen = form.text("segment").parse::<i32>().ok();
    match form.text("go") {
        "use" => {
            let found = match chosen {
                Some(id) => installation.store.read(|conn| segments::by_id(conn, shop, id))?,
                None => None,
            };
            match found.map(|found| serde_json::from_str(&found.audience)) {
                Some(Ok(kept)) => *audience = kept,
                Some(Err(_)) => problems.push("Another version of Handpick kept these customers; set the filters anew and keep them again.".into()),
                None => problems.push("Choose the saved customers to start from.".into()),
            }
        }
        "keep" => {
            let name = form.text("segment_name").trim();
            if name.is_empty() {
                problems.push("Give the customers a name, to keep them under it.".into());
                return Ok(());
            }
            let text =
                serde_json::to_string(audience).map_err(|error| WebError::Internal(error.to_string()))?;
            installation.store.write(|conn| {
                segments::keep(conn, shop, (name, &text), by, now)?;
                audit::note(conn, shop, Some(by), "keep customers", name, now)
            })?;
        }
        "forget" => {
            let Some(id) = chosen else {
                problems.push("Choose the saved customers to forget.".into());
                return Ok(());
            };
            installation.store.write(|conn| {
                segments::forget(conn, shop, id)?;
                audit::note(conn, shop, Some(by), "forget customers", &id.to_string(), now)
            })?;
        }
        _ => {}
    }
    Ok(())
}
