//! Sign-in, sign-out and the one-time set-up link.

use crate::auth::{self, Limit, SignedIn, password, session, setup};
use crate::installation::Installation;
use crate::store::{accounts, audit};
use crate::web::{self, Form, Page, WebError};
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "accounts/sign_in.html")]
struct SignInPage {
    shop: String,
    email: String,
    next: String,
    error: String,
}

#[derive(Template)]
#[template(path = "accounts/setup.html")]
struct SetupPage {
    shop: String,
    email: String,
    name: String,
    error: String,
}

macro_rules! with_assets {
    ($($page:ident),+) => {$(
        impl $page {
            fn asset(&self, path: &str) -> String {
                web::assets::url(path)
            }
        }
    )+};
}
with_assets!(SignInPage, SetupPage);

#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

/// A path on this server, or the dashboard: nobody is sent to another site by a link to the sign-in page.
fn safe_next(next: &str) -> &str {
    let relative = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']);
    if relative && !next.starts_with("/sign-") { next } else { "/" }
}

pub async fn sign_in_page(
    next: Query<Next>,
    who: Option<SignedIn>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let next = safe_next(&next.next).to_owned();
    if who.is_some() {
        return web::go_to(&next);
    }
    let shop = installation.shop.name.clone();
    web::page(&SignInPage { shop, email: String::new(), next, error: String::new() })
}

enum Outcome {
    Welcome(actix_web::cookie::Cookie<'static>),
    Wrong,
    TooMany,
}

pub async fn sign_in(form: Form, request: HttpRequest, installation: Data<Arc<Installation>>) -> Page {
    let (email, next) = (form.text("email").to_owned(), safe_next(form.text("next")).to_owned());
    let secret = form.all("password").next().unwrap_or_default().to_owned();
    let peer = peer(&request, &installation);
    let state = installation.clone();
    let tried = email.clone();
    let outcome = web::blocking(move || try_sign_in(&state, &tried, &secret, &peer)).await?;
    let (mut answer, error) = match outcome {
        Outcome::Welcome(cookie) => {
            return Ok(HttpResponse::SeeOther().insert_header(("Location", next)).cookie(cookie).finish());
        }
        Outcome::Wrong => (HttpResponse::UnprocessableEntity(), "The e-mail or the password is wrong."),
        Outcome::TooMany => (
            HttpResponse::TooManyRequests(),
            "There were too many tries. Wait 15 minutes, then try again, or ask an admin for a new password.",
        ),
    };
    let page = SignInPage { shop: installation.shop.name.clone(), email, next, error: error.into() };
    let html = page.render().map_err(|error| WebError::Internal(error.to_string()))?;
    Ok(answer.content_type("text/html; charset=utf-8").body(html))
}

fn try_sign_in(
    installation: &Installation,
    email: &str,
    secret: &str,
    peer: &str,
) -> Result<Outcome, WebError> {
    let (store, now) = (&installation.store, installation.now());
    if store.write(|conn| auth::try_once(conn, email, peer, now))? == Limit::TooMany {
        tracing::warn!("sign-in refused: too many tries");
        return Ok(Outcome::TooMany);
    }
    let account = store.read(|conn| accounts::by_email(conn, email))?.filter(|a| a.disabled_at.is_none());
    let right = password::verify(secret, account.as_ref().map(|account| account.password_hash.as_str()));
    let Some(account) = account.filter(|_| right) else {
        tracing::warn!("sign-in failed");
        return Ok(Outcome::Wrong);
    };
    store.write(|conn| {
        auth::forget_failures(conn, email, peer)?;
        accounts::signed_in(conn, account.id, now)
    })?;
    tracing::info!(account = %account.id, "signed in");
    Ok(Outcome::Welcome(session::open(installation, account.id)?))
}

/// Behind a proxy (`server.public_url` is set) the address that the proxy itself added last; a browser can write
/// the ones before it.
fn peer(request: &HttpRequest, installation: &Installation) -> String {
    let forwarded = request.headers().get("x-forwarded-for").and_then(|value| value.to_str().ok());
    match forwarded.and_then(|list| list.rsplit(',').next()) {
        Some(last) if !installation.config.server.public_url.is_empty() => last.trim().to_owned(),
        _ => request.peer_addr().map(|address| address.ip().to_string()).unwrap_or_default(),
    }
}

pub async fn sign_out(
    who: SignedIn,
    form: Form,
    request: HttpRequest,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    let removal = session::close(&installation, &request)?;
    Ok(HttpResponse::SeeOther().insert_header(("Location", "/sign-in")).cookie(removal).finish())
}

fn used_up() -> WebError {
    WebError::NotFound(
        "This set-up link was used or has expired. Sign in, or restart Handpick to get a new link while nobody has \
         an account."
            .into(),
    )
}

pub async fn setup_page(token: Path<String>, installation: Data<Arc<Installation>>) -> Page {
    if !setup::is_open(&installation, &token)? {
        return Err(used_up());
    }
    let shop = installation.shop.name.clone();
    web::page(&SetupPage { shop, email: String::new(), name: String::new(), error: String::new() })
}

pub async fn setup(token: Path<String>, form: Form, installation: Data<Arc<Installation>>) -> Page {
    if !setup::is_open(&installation, &token)? {
        return Err(used_up());
    }
    let (email, name) = (form.text("email").to_owned(), form.text("name").to_owned());
    let secret = form.all("password").next().unwrap_or_default().to_owned();
    let mut checked = password::check_email(&email).and_then(|()| password::check(&secret, &email));
    if name.is_empty() {
        checked = Err("Write your name.");
    }
    if let Err(error) = checked {
        let shop = installation.shop.name.clone();
        let html = SetupPage { shop, email, name, error: error.into() }
            .render()
            .map_err(|error| WebError::Internal(error.to_string()))?;
        return Ok(HttpResponse::UnprocessableEntity().content_type("text/html; charset=utf-8").body(html));
    }
    let state = installation.clone();
    let cookie = web::blocking(move || {
        let hashed = password::hash(&secret).map_err(|error| WebError::Internal(error.to_string()))?;
        let owner = setup::make_owner(&state, &token, &email, &name, &hashed)?.ok_or_else(used_up)?;
        let now = state.now();
        state.store.write(|conn| {
            accounts::signed_in(conn, owner, now)?;
            audit::note(conn, state.shop_id(), Some(owner), "set up", &format!("account {owner}"), now)
        })?;
        Ok(session::open(&state, owner)?)
    })
    .await?;
    Ok(HttpResponse::SeeOther().insert_header(("Location", "/")).cookie(cookie).finish())
}

#[cfg(test)]
mod tests {
    use super::safe_next;

    #[test]
    fn nobody_is_sent_to_another_site() {
        assert_eq!(safe_next("/campaigns/3?tab=picks"), "/campaigns/3?tab=picks");
        for elsewhere in ["https://evil.example", "//evil.example", "/\\evil.example", "", "/sign-in?next=/"]
        {
            assert_eq!(safe_next(elsewhere), "/");
        }
    }
}
