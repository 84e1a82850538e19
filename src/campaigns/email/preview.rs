//! The e-mail looked at before it is sent: as a recipient's e-mail program would show it, in a frame of its own, and
//! beside it what is wrong.

use super::design::Design;
use super::desk::{self, Drafts};
use super::template::SHOWN_BYTES;
use crate::auth::Analyst;
use crate::campaigns::pages::find;
use crate::ids::{AccountId, CampaignId};
use crate::installation::Installation;
use crate::store::emails::CampaignEmail;
use crate::web::{self, Form, Page, WebError};
use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use askama::Template;
use serde::Deserialize;
use std::sync::Arc;

/// An e-mail has its styles inline and its pictures anywhere; it runs nothing, sends nothing and is shown by nobody
/// else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' http: https: data:; \
    form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox";

#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    /// A customer's id; anybody when empty.
    #[serde(default)]
    customer: String,
    /// A text that was typed; the saved one when missing.
    draft: Option<u64>,
}

/// GET /campaigns/{id}/email/preview?customer=…&draft=…
pub async fn preview(
    Analyst(who): Analyst,
    id: Path<CampaignId>,
    asked: Query<Asked>,
    installation: Data<Arc<Installation>>,
    drafts: Data<Drafts>,
) -> Page {
    let (installation, drafts) = (installation.get_ref().clone(), drafts.into_inner());
    let html = web::blocking(move || {
        let campaign = find(&installation, *id)?;
        let typed = asked.draft.and_then(|number| drafts.of(who.account.id, *id, Some(number)));
        let email = match typed {
            Some((_, email)) => email,
            None => desk::saved(&installation, &campaign)?,
        };
        let written = desk::write(&installation, &drafts, *id, &email, asked.customer.trim())?;
        let refused = |faults: Vec<String>| WebError::BadInput(faults.join(" "));
        Ok(written.map_err(refused)?.rendered.html)
    })
    .await?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header(("Content-Security-Policy", POLICY))
        .insert_header(("X-Frame-Options", "SAMEORIGIN"))
        .body(html))
}

/// What stands beside the editor.
#[derive(Template)]
#[template(path = "campaigns/email_look.html")]
pub struct Look {
    faults: Vec<String>,
    notes: Vec<String>,
    /// What is shown is not what is typed, which has faults.
    is_older: bool,
    src: String,
    subject: String,
    text: String,
    kilobytes: String,
    customer: String,
    is_example: bool,
    /// The id that was asked for and is nobody's who gets the e-mail.
    stranger: String,
}

/// What was typed, and for whom it is to be shown.
pub struct Typed {
    pub email: CampaignEmail,
    pub customer: String,
    pub is_saved: bool,
}

/// Shows what was typed; when that has faults, what had none last.
pub fn look(
    installation: &Installation,
    drafts: &Drafts,
    (account, id): (AccountId, CampaignId),
    typed: &Typed,
) -> Result<Look, WebError> {
    let asked = typed.customer.as_str();
    let (mut written, mut faults) = (None, Vec::new());
    let mut number = None;
    match desk::write(installation, drafts, id, &typed.email, asked)? {
        Ok(fine) => {
            number = (!typed.is_saved).then(|| drafts.keep(account, id, typed.email.clone()));
            written = Some(fine);
        }
        Err(found) => faults = found,
    }
    if written.is_none() {
        let older = drafts.of(account, id, None);
        number = older.as_ref().map(|(number, _)| *number);
        let older = match older {
            Some((_, email)) => email,
            None => desk::saved(installation, &find(installation, id)?)?,
        };
        written = desk::write(installation, drafts, id, &older, asked)?.ok();
    }
    let Some(written) = written else { return Ok(Look::empty(faults)) };
    let customer = written.model.recipient.customer;
    let draft = number.map(|number| format!("&draft={number}")).unwrap_or_default();
    let bytes = written.rendered.html.len();
    let mut notes = written.notes;
    if bytes > SHOWN_BYTES {
        notes.push("The e-mail is larger than 102 kB: Gmail will cut it off. Show fewer products.".into());
    }
    Ok(Look {
        is_older: !faults.is_empty(),
        faults,
        notes,
        src: format!("/campaigns/{id}/email/preview?customer={}{draft}", web::encode(&customer)),
        subject: written.rendered.subject,
        text: written.rendered.text,
        kilobytes: web::decimal(bytes as f64 / 1024.0, 1),
        customer,
        is_example: written.model.is_example,
        stranger: if written.model.is_stranger { asked.to_owned() } else { String::new() },
    })
}

impl Look {
    fn empty(faults: Vec<String>) -> Self {
        let none = String::new;
        Self {
            faults,
            notes: Vec::new(),
            is_older: false,
            src: none(),
            subject: none(),
            text: none(),
            kilobytes: none(),
            customer: none(),
            is_example: false,
            stranger: none(),
        }
    }

    pub fn customer(&self) -> &str {
        if self.is_example { "" } else { &self.customer }
    }

    pub fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }
}

/// The fields of the editor: its choices, or the text itself, whichever it was written by. A subject is one line, whatever was pasted.
pub fn typed(form: &Form) -> Typed {
    let line = |name: &str| form.text(name).replace(['\r', '\n'], " ");
    let mjml = match form.text("by") {
        "form" => Design::of_form(form).mjml(),
        _ => form.text("mjml").replace("\r\n", "\n"),
    };
    let email = CampaignEmail {
        subject: line("subject"),
        preheader: line("preheader"),
        mjml,
        version: form.text("version").parse().unwrap_or_default(),
    };
    Typed { email, customer: line("customer"), is_saved: false }
}

/// POST /campaigns/{id}/email/check with the editor's form: nothing is stored.
pub async fn check(
    Analyst(who): Analyst,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
    drafts: Data<Drafts>,
) -> Page {
    form.check(&who)?;
    let (installation, drafts) = (installation.get_ref().clone(), drafts.into_inner());
    let look =
        web::blocking(move || look(&installation, &drafts, (who.account.id, *id), &typed(&form))).await?;
    web::page(&look)
}
