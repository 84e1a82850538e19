//! One's own account: name, role, a new password.

use crate::auth::{SignedIn, password, session};
use crate::installation::Installation;
use crate::store::{accounts, sessions};
use crate::web::{self, Form, Page, Section, Shell, WebError};
use actix_web::HttpResponse;
use actix_web::web::Data;
use askama::Template;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "accounts/own.html")]
struct OwnPage {
    shell: Shell,
    email: String,
    role: &'static str,
}

pub async fn page(who: SignedIn, installation: Data<Arc<Installation>>) -> Page {
    let shell = Shell::new(&installation, &who, Section::Nowhere);
    web::page(&OwnPage { shell, email: who.account.email.clone(), role: who.account.role.name() })
}

/// All sessions end with the old password; this browser gets a new one.
pub async fn change_password(who: SignedIn, form: Form, installation: Data<Arc<Installation>>) -> Page {
    form.check(&who)?;
    let read = |field: &str| form.all(field).next().unwrap_or_default().to_owned();
    let (old, new) = (read("old"), read("new"));
    password::check(&new, &who.account.email).map_err(|error| WebError::BadInput(error.into()))?;
    let state = installation.clone();
    let cookie = web::blocking(move || {
        if !password::verify(&old, Some(&who.account.password_hash)) {
            return Err(WebError::BadInput(
                "The present password is wrong. Go back and write the one you signed in with.".into(),
            ));
        }
        let hashed = password::hash(&new).map_err(|error| WebError::Internal(error.to_string()))?;
        state.store.write(|conn| {
            accounts::set_password(conn, who.account.id, &hashed)?;
            sessions::close_all_of(conn, who.account.id)
        })?;
        Ok(session::open(&state, who.account.id)?)
    })
    .await?;
    Ok(HttpResponse::SeeOther()
        .insert_header(("Location", "/account"))
        .cookie(cookie)
        .cookie(session::notice_cookie("Your password is changed. Other browsers were signed out."))
        .finish())
}
