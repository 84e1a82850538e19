//! What all e-mails of the shop share: its colour, logo, sender and small print.

use super::desk;
use super::parts::is_harmless;
use crate::auth::{Analyst, Marketer, SignedIn};
use crate::installation::Installation;
use crate::store::audit;
use crate::store::emails::{self, EmailSettings};
use crate::web::colour::Colour;
use crate::web::{self, Form, Page, Section, Shell};
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
    SettingsPage { shell: Shell::new(installation, who, Section::Shop), settings, problems }
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
    web::go_to_with("/shop/email", "Saved. All e-mails that are made from now on look like this.")
}
