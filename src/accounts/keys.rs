//! The keys of programs that read reports: for admins.

use crate::auth::{Admin, SignedIn, make_reports_key};
use crate::ids::KeyId;
use crate::installation::Installation;
use crate::store::api_keys::{self, Key};
use crate::store::{accounts, audit};
use crate::web::{self, Form, Page, Section, Shell, WebError};
use actix_web::web::{Data, Path};
use askama::Template;
use std::collections::HashMap;
use std::sync::Arc;

const LONGEST_NAME: usize = 100;

#[derive(Template)]
#[template(path = "accounts/keys.html")]
struct Keys {
    shell: Shell,
    rows: Vec<Row>,
    /// A key that was just made, shown this once.
    made: Option<String>,
}

struct Row {
    id: KeyId,
    name: String,
    made: String,
    by: String,
    used: String,
    is_open: bool,
}

fn page(installation: &Installation, who: &SignedIn, made: Option<String>) -> Page {
    let (shop, zone) = (installation.shop_id(), installation.zone());
    let (keys, by) = installation.store.read(|conn| {
        let by = accounts::all(conn, shop)?.into_iter().map(|one| (one.id, one.name));
        Ok((api_keys::all(conn, shop)?, by.collect::<HashMap<_, _>>()))
    })?;
    let row = |key: Key| Row {
        id: key.id,
        name: key.name,
        made: web::date(key.made_at, zone),
        by: key.made_by.and_then(|id| by.get(&id).cloned()).unwrap_or_default(),
        used: key.last_used_at.map_or("never".into(), |at| web::date_time(at, zone)),
        is_open: key.revoked_at.is_none(),
    };
    let rows = keys.into_iter().map(row).collect();
    web::page(&Keys { shell: Shell::new(installation, who, Section::Accounts), rows, made })
}

/// GET /accounts/keys
pub async fn list(Admin(who): Admin, installation: Data<Arc<Installation>>) -> Page {
    page(&installation, &who, None)
}

/// POST /accounts/keys
pub async fn make(Admin(who): Admin, form: Form, installation: Data<Arc<Installation>>) -> Page {
    form.check(&who)?;
    let name = form.text("name");
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(WebError::BadInput("Write which program gets the key, in at most 100 letters.".into()));
    }
    let key = make_reports_key(&installation, name, Some(who.account.id))?;
    page(&installation, &who, Some(key))
}

/// POST /accounts/keys/{id}/revoke
pub async fn revoke(
    Admin(who): Admin,
    id: Path<KeyId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    let (shop, by, now) = (installation.shop_id(), Some(who.account.id), installation.now());
    let revoked = installation.store.write(|conn| {
        let revoked = api_keys::revoke(conn, shop, *id, now)?;
        audit::note(conn, shop, by, "took back", &format!("key {id}"), now)?;
        Ok(revoked)
    })?;
    let said = if revoked { "The key opens nothing any more." } else { "It was taken back already." };
    web::go_to_with("/accounts/keys", said)
}
