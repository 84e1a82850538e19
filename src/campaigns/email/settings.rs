//! What all e-mails of the shop share: its colour, logo, sender and small print.

use super::desk;
use super::parts::is_harmless;
use crate::auth::{Analyst, Marketer, SignedIn};
use crate::installation::Installation;
use crate::pictures::{self, PictureError, Pictures};
use crate::store::audit;
use crate::store::emails::{self, EmailSettings};
use crate::web::colour::Colour;
use crate::web::{self, Form, Page, Section, Shell, Upload, WebError};
use actix_web::HttpResponse;
use actix_web::web::Data;
use askama::Template;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "campaigns/email_settings.html")]
struct SettingsPage {
    shell: Shell,
    settings: EmailSettings,
    problems: Vec<&'static str>,
    /// Whether reports have a logo to show.
    has_logo: bool,
    /// Whether it is a file that somebody gave.
    is_given: bool,
}

/// GET /shop/email
pub async fn show(Analyst(who): Analyst, installation: Data<Arc<Installation>>) -> Page {
    let settings = desk::settings(&installation)?;
    web::page(&page(&installation, &who, settings, Vec::new()))
}

fn page(
    installation: &Installation,
    who: &SignedIn,
    settings: EmailSettings,
    problems: Vec<&'static str>,
) -> SettingsPage {
    SettingsPage {
        shell: Shell::new(installation, who, Section::Shop),
        has_logo: pictures::logo(installation, &settings.logo_url).is_some(),
        is_given: installation.folder.logo(installation.shop_id()).exists(),
        settings,
        problems,
    }
}

fn problems(settings: &EmailSettings) -> Vec<&'static str> {
    let is_web = |url: &str| url.starts_with("https://") || url.starts_with("http://");
    let mut problems = Vec::new();
    if Colour::read(&settings.colour).is_none() {
        problems.push("The colour must be # and six digits, such as #0f6e5c.");
    }
    let logo = settings.logo_url.as_str();
    if !(logo.is_empty() || is_web(logo) && is_harmless(logo)) {
        problems
            .push("The logo must have an address that begins with https://, where e-mail programs find it.");
    }
    if !is_harmless(&settings.unsubscribe_url) {
        problems.push(
            "The address to unsubscribe must begin with https://, or be what your e-mail tool replaces.",
        );
    }
    problems
}

/// POST /shop/email
pub async fn save(Marketer(who): Marketer, form: Form, installation: Data<Arc<Installation>>) -> Page {
    form.check(&who)?;
    let settings = EmailSettings {
        colour: form.text("colour").to_ascii_lowercase(),
        logo_url: form.text("logo_url").into(),
        sender_name: form.text("sender_name").replace(['\r', '\n'], " "),
        footer: form.text("footer").into(),
        unsubscribe_url: form.text("unsubscribe_url").into(),
    };
    let problems = problems(&settings);
    if !problems.is_empty() {
        let page = page(&installation, &who, settings, problems);
        let html = page.render().map_err(|error| desk::internal(&error))?;
        return Ok(HttpResponse::UnprocessableEntity().content_type("text/html; charset=utf-8").body(html));
    }
    let (shop, now, by) = (installation.shop_id(), installation.now(), who.account.id);
    installation.store.write(|conn| {
        emails::put_settings(conn, shop, &settings, by, now)?;
        audit::note(conn, shop, Some(by), "change e-mail settings", "shop", now)
    })?;
    let (state, url) = (installation.get_ref().clone(), settings.logo_url);
    let missing = web::blocking(move || Ok(copy_missing(&state, &url))).await?;
    let told = "Saved. All e-mails that are made from now on look like this.";
    web::go_to_with("/shop/email", &format!("{told}{missing}"))
}

/// Fetches the copy that PDF reports show, so that none has to be fetched while one is written; answers what a marketer
/// should know where there is none. Blocks as long as the logo's server.
fn copy_missing(installation: &Installation, url: &str) -> String {
    let settings = &installation.config.pictures;
    if url.is_empty() || !settings.fetch {
        return String::new();
    }
    let shelf = Pictures::new(installation.folder.pictures(installation.shop_id()), settings);
    match shelf.copy(url, installation.now()) {
        Ok(_) => String::new(),
        Err(missing) => format!(
            " PDF reports have no logo yet, for it could not be fetched: {}. You can give it as a file below.",
            missing.why.trim_end_matches('.')
        ),
    }
}

/// POST /shop/logo: multipart with `action` and a file
pub async fn give_logo(
    Marketer(who): Marketer,
    upload: Upload,
    installation: Data<Arc<Installation>>,
) -> Page {
    upload.form.check(&who)?;
    let is_removed = upload.form.text("action") == "remove";
    let file = upload.file.as_ref().filter(|file| !file.content.is_empty());
    if file.is_none() && !is_removed {
        return Err(WebError::BadInput("Choose a picture: JPEG, PNG, WebP or GIF.".into()));
    }
    let given = file.filter(|_| !is_removed).map(|file| file.content.clone());
    let state = installation.get_ref().clone();
    web::blocking(move || {
        let refused = |error: PictureError| {
            WebError::BadInput(format!("The logo was not kept: {error}. Choose another picture."))
        };
        pictures::keep_logo(&state, given.as_deref()).map_err(refused)?;
        let (shop, now, by) = (state.shop_id(), state.now(), who.account.id);
        Ok(state.store.write(|conn| audit::note(conn, shop, Some(by), "change the logo", "shop", now))?)
    })
    .await?;
    let told = if is_removed {
        "Removed. PDF reports show the e-mails' logo, where Handpick has a copy of it."
    } else {
        "Kept. PDF reports show this logo."
    };
    web::go_to_with("/shop/email", told)
}
