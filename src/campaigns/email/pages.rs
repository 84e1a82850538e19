//! The page on which a campaign's e-mail is written.

use super::design::{Design, Layout, Top};
use super::desk::{self, Drafts};
use super::gallery::{GALLERY, Starter, starter};
use super::names::NAMES;
use super::preview::{self, Look, Typed};
use crate::auth::{Analyst, Marketer, SignedIn};
use crate::campaigns::pages::find;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::store::campaigns::{Campaign, CampaignState};
use crate::store::emails::{self, CampaignEmail};
use crate::store::{StoreError, audit};
use crate::web::{self, Form, Page, Section, Shell, WebError};
use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use askama::Template;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "campaigns/email.html")]
struct Editor {
    shell: Shell,
    id: CampaignId,
    name: String,
    email: CampaignEmail,
    /// The marketer may save, and the campaign is not approved yet.
    may_edit: bool,
    locked: bool,
    has_picks: bool,
    gallery: &'static [Starter],
    /// In double braces, with what they mean.
    names: Vec<(String, &'static str)>,
    customer: String,
    /// What the text is put together from; where it is not, what could take its place.
    design: Design,
    /// The text is written by the choices, not by hand.
    is_designed: bool,
    layouts: Vec<(&'static str, &'static str, bool)>,
    has_band: bool,
    colour: String,
    look: String,
    /// Why it was not saved.
    problem: String,
}

#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    customer: String,
}

const fn may_change(state: CampaignState) -> bool {
    matches!(state, CampaignState::Draft | CampaignState::Training | CampaignState::Generated)
}

fn editor(
    installation: &Installation,
    who: &SignedIn,
    campaign: Campaign,
    (typed, look): (Typed, &Look),
    problem: &str,
) -> Result<Editor, WebError> {
    let shell = Shell::new(installation, who, Section::Campaigns);
    let (state, locked) = (campaign.state, !may_change(campaign.state));
    let read = Design::read(&typed.email.mjml);
    let is_designed = read.is_some();
    let design = read.unwrap_or_default();
    let layout = |(layout, name, words)| (name, words, design.layout == layout);
    let shops = || desk::settings(installation).map(|settings| settings.colour);
    Ok(Editor {
        is_designed,
        layouts: Layout::ALL.map(layout).into(),
        has_band: design.top == Top::Band,
        colour: if design.colour.is_empty() { shops()? } else { design.colour.clone() },
        design,
        may_edit: shell.may_market && !locked,
        locked,
        has_picks: !matches!(state, CampaignState::Draft | CampaignState::Training),
        id: campaign.id,
        name: campaign.name,
        email: typed.email,
        gallery: &GALLERY,
        names: NAMES.iter().map(|(name, about)| (format!("{{{{{name}}}}}"), *about)).collect(),
        customer: look.customer().to_owned(),
        look: look.render().map_err(|error| desk::internal(&error))?,
        problem: problem.to_owned(),
        shell,
    })
}

/// GET /campaigns/{id}/email?customer=…
pub async fn show(
    Analyst(who): Analyst,
    id: Path<CampaignId>,
    asked: Query<Asked>,
    installation: Data<Arc<Installation>>,
    drafts: Data<Drafts>,
) -> Page {
    let (installation, drafts) = (installation.get_ref().clone(), drafts.into_inner());
    let page = web::blocking(move || {
        let campaign = find(&installation, *id)?;
        let email = desk::saved(&installation, &campaign)?;
        let typed = Typed { email, customer: asked.customer.trim().to_owned(), is_saved: true };
        let look = preview::look(&installation, &drafts, (who.account.id, *id), &typed)?;
        editor(&installation, &who, campaign, (typed, &look), "")
    })
    .await?;
    web::page(&page)
}

/// Saved, or why not.
fn put(
    installation: &Installation,
    who: &SignedIn,
    campaign: &Campaign,
    email: &CampaignEmail,
) -> Result<(), WebError> {
    if !may_change(campaign.state) {
        let text = "The campaign is approved. Take the approval back before you change its e-mail.";
        return Err(WebError::Conflict(text.into()));
    }
    let now = installation.now();
    let kept = installation.store.write(|conn| {
        emails::put(conn, campaign.id, email, who.account.id, now)?;
        let subject = format!("campaign {}", campaign.id);
        audit::note(conn, installation.shop_id(), Some(who.account.id), "write e-mail", &subject, now)
    });
    kept.map_err(|error| match error {
        StoreError::Stale => WebError::Conflict(
            "Somebody else saved this e-mail while you were writing. Copy what you typed, reload the page, and bring it \
             together with theirs."
                .into(),
        ),
        error => error.into(),
    })
}

/// POST /campaigns/{id}/email
pub async fn save(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
    drafts: Data<Drafts>,
) -> Page {
    form.check(&who)?;
    let id = *id;
    let (installation, drafts) = (installation.get_ref().clone(), drafts.into_inner());
    let refused = web::blocking(move || {
        let campaign = find(&installation, id)?;
        let typed = preview::typed(&form);
        let look = preview::look(&installation, &drafts, (who.account.id, id), &typed)?;
        let problem = if look.has_faults() {
            "Not saved yet: the template has faults.".to_owned()
        } else {
            match put(&installation, &who, &campaign, &typed.email) {
                Ok(()) => return Ok(Err(look.customer().to_owned())),
                Err(WebError::Conflict(text)) => text,
                Err(error) => return Err(error),
            }
        };
        editor(&installation, &who, campaign, (typed, &look), &problem).map(Ok)
    })
    .await?;
    match refused {
        Err(customer) => {
            let path = format!("/campaigns/{id}/email?customer={}", web::encode(&customer));
            web::go_to_with(&path, "The e-mail is saved.")
        }
        Ok(page) => {
            let html = page.render().map_err(|error| desk::internal(&error))?;
            Ok(HttpResponse::UnprocessableEntity().content_type("text/html; charset=utf-8").body(html))
        }
    }
}

/// POST /campaigns/{id}/email/start with the name of a starting template, which takes the place of the text
pub async fn start_from(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    let campaign = find(&installation, *id)?;
    let missing = || WebError::BadInput("There is no such template. Choose one of those shown.".into());
    let chosen = starter(form.text("template")).ok_or_else(missing)?;
    let email = CampaignEmail {
        subject: chosen.subject.into(),
        preheader: chosen.preheader.into(),
        mjml: chosen.mjml.trim().into(),
        version: form.text("version").parse().unwrap_or_default(),
    };
    put(&installation, &who, &campaign, &email)?;
    web::go_to_with(&format!("/campaigns/{id}/email"), &format!("The e-mail starts from “{}”.", chosen.title))
}
