//! The page behind an e-mail's link for unsubscribing.
//!
//! It is the one form without a sign-in and a CSRF field: whoever holds the link may use it, and a mail program posts to
//! it without ever having seen the page (RFC 8058). Looking at it changes nothing, for mail filters follow links.

use crate::auth;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::keyed::{hex, keyed, unhex};
use crate::store::{audit, unsubscribes};
use crate::web::{self, Page, WebError};
use actix_web::web::{Data, Path};
use askama::Template;
use std::sync::Arc;

/// Stands for a token in a trial.
pub const TRIAL: &str = "trial";

/// Campaign, customer, and the proof that this shop wrote it.
pub fn token(secret: &[u8], campaign: CampaignId, customer: &str) -> String {
    let proof = keyed(secret, "unsubscribe", campaign.0, customer, 16);
    format!("{campaign}-{}-{proof}", hex(customer.as_bytes()))
}

fn read(secret: &[u8], text: &str) -> Option<(CampaignId, String)> {
    let mut parts = text.split('-');
    let (campaign, customer, _) = (parts.next()?, parts.next()?, parts.next()?);
    let campaign: CampaignId = campaign.parse().ok()?;
    let customer = String::from_utf8(unhex(customer)?).ok()?;
    auth::same(&token(secret, campaign, &customer), text).then_some((campaign, customer))
}

#[derive(Template)]
#[template(path = "sending/unsubscribe.html")]
struct Unsubscribe {
    shop: String,
    stage: Stage,
}

#[derive(PartialEq, Eq)]
enum Stage {
    Asks,
    Done,
    Trial,
}

impl Unsubscribe {
    fn asset(&self, path: &str) -> String {
        web::assets::url(path)
    }
}

fn page(installation: &Installation, stage: Stage) -> Page {
    web::page(&Unsubscribe { shop: installation.shop.name.clone(), stage })
}

fn known(installation: &Installation, text: &str) -> Result<(CampaignId, String), WebError> {
    read(&installation.shop.secret, text).ok_or_else(|| {
        WebError::NotFound("This link is not whole. Use the one in the e-mail as it stands there.".into())
    })
}

/// GET /unsubscribe/{token}
pub async fn ask(text: Path<String>, installation: Data<Arc<Installation>>) -> Page {
    if *text == TRIAL {
        return page(&installation, Stage::Trial);
    }
    known(&installation, &text)?;
    page(&installation, Stage::Asks)
}

/// POST /unsubscribe/{token}
pub async fn unsubscribe(text: Path<String>, installation: Data<Arc<Installation>>) -> Page {
    if *text == TRIAL {
        return page(&installation, Stage::Trial);
    }
    let (campaign, customer) = known(&installation, &text)?;
    let state = installation.get_ref().clone();
    web::blocking(move || {
        let (shop, now) = (state.shop_id(), state.now());
        Ok(state.store.write(|conn| {
            unsubscribes::add(conn, shop, &customer, campaign, now)?;
            audit::note(conn, shop, None, "unsubscribe", &format!("customer {customer}"), now)
        })?)
    })
    .await?;
    page(&installation, Stage::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_this_shop_wrote_is_read() {
        let text = token(b"secret", CampaignId(7), "c-1 ü");
        assert_eq!(read(b"secret", &text), Some((CampaignId(7), "c-1 ü".into())));
        assert_eq!(read(b"other", &text), None);
        assert_eq!(read(b"secret", &text.replacen('7', "8", 1)), None);
        assert_eq!(read(b"secret", "7--"), None);
        assert_eq!(read(b"secret", &format!("{text}-")), None);
    }
}
