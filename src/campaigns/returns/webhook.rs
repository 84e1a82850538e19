//! The address at which an e-mail service reports what came back: authenticated by a key, noted before it is answered.

use super::mailbox::Senders;
use super::told::{Fate, Report, confirmation, reports};
use crate::history::{History, HistoryError};
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::keyed::keyed_bytes;
use crate::outside::http::Client;
use crate::store::bounces::{self, Bounce};
use crate::store::{StoreError, mails, unsubscribes};
use crate::web::{self, Page, WebError};
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// SNS's own answer to a confirmation is of no interest.
const CONFIRMED_BYTES: u64 = 100_000;

/// What a call was about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Heard {
    pub hard: u64,
    pub soft: u64,
    pub unsubscribed: u64,
    /// Of nobody who got an e-mail from here.
    pub unknown: u64,
}

/// POST /api/v1/bounces with the key as bearer token, or as the password of any name.
pub async fn hear(request: HttpRequest, body: Bytes, installation: Data<Arc<Installation>>) -> Page {
    let installation = installation.get_ref().clone();
    let key = &installation.config.mail.webhook_key;
    if key.is_empty() {
        return Err(WebError::NotFound(
            "Nothing is listened to here: mail.webhook_key is not set in the configuration.".into(),
        ));
    }
    let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(key_of);
    // Their hashes are compared: how far they agree tells nothing of the key.
    let hash = |key: &str| keyed_bytes(&installation.shop.secret, "webhook", key.as_bytes());
    if given.is_none_or(|given| hash(&given) != hash(key.reveal())) {
        let wanted = ("WWW-Authenticate", "Basic realm=\"Handpick\"");
        return Ok(HttpResponse::Unauthorized().insert_header(wanted).finish());
    }
    let call: Value = serde_json::from_slice(&body)
        .map_err(|error| WebError::BadInput(format!("This is no JSON: {error}.")))?;
    let heard = web::blocking(move || {
        if let Some(url) = confirmation(&call) {
            let told = Client::new(false).get(url, CONFIRMED_BYTES);
            told.map_err(|error| WebError::Internal(format!("SNS does not answer: {error}")))?;
            return Ok(Heard::default());
        }
        note(&installation, &reports(&call))
    })
    .await?;
    tracing::info!(?heard, "an e-mail service reported what came back");
    Ok(HttpResponse::Ok().json(heard))
}

/// `Bearer KEY`, or `Basic` with the key behind the colon.
fn key_of(header: &str) -> Option<String> {
    if let Some(key) = header.strip_prefix("Bearer ") {
        return Some(key.trim().to_owned());
    }
    let basic = decoded(header.strip_prefix("Basic ")?.trim())?;
    String::from_utf8(basic).ok()?.split_once(':').map(|(_, key)| key.to_owned())
}

/// Base64, as RFC 4648 has it.
fn decoded(text: &str) -> Option<Vec<u8>> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut held, mut bytes) = (0u32, 0u32, Vec::new());
    for letter in text.trim_end_matches('=').bytes() {
        let value = LETTERS.iter().position(|&known| known == letter)? as u32;
        (bits, held) = ((bits << 6 | value) & 0xffff, held + 6);
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    Some(bytes)
}

/// All that a call says, or nothing.
pub fn note(installation: &Installation, reports: &[Report]) -> Result<Heard, WebError> {
    let internal = |error: HistoryError| WebError::Internal(error.to_string());
    let (shop, now) = (installation.shop_id(), installation.now());
    let customers = customers_of(installation, reports).map_err(internal)?;
    let mut senders = Senders::new(installation);
    let mut found = Vec::new();
    let mut heard = Heard::default();
    for report in reports {
        match recipient(installation, report, &customers, &mut senders)? {
            Some((campaign, customer)) => found.push((campaign, customer, report)),
            None => heard.unknown += 1,
        }
    }
    installation.store.write(|conn| {
        for (campaign, customer, report) in &found {
            let customer = customer.clone();
            match &report.what {
                Fate::Bounced { is_hard, reason } => {
                    let (is_hard, reason) = (*is_hard, reason.clone());
                    let (campaign, address) = (*campaign, report.address.clone());
                    bounces::add(
                        conn,
                        shop,
                        &Bounce { customer, campaign, is_hard, address, reason, at: now },
                    )?;
                }
                Fate::Unsubscribed => unsubscribes::add(conn, shop, &customer, *campaign, now)?,
            }
        }
        Ok(())
    })?;
    for (_, _, report) in &found {
        match report.what {
            Fate::Bounced { is_hard: true, .. } => heard.hard += 1,
            Fate::Bounced { is_hard: false, .. } => heard.soft += 1,
            Fate::Unsubscribed => heard.unsubscribed += 1,
        }
    }
    Ok(heard)
}

/// Whose e-mail it was, and of which campaign: by the e-mail's id, else the newest that went to the address.
fn recipient(
    installation: &Installation,
    report: &Report,
    customers: &HashMap<String, Vec<String>>,
    senders: &mut Senders<'_>,
) -> Result<Option<(CampaignId, String)>, StoreError> {
    if let Some(id) = &report.message
        && let Some(customer) = senders.customer(id)?
    {
        return Ok(Some((id.campaign, customer)));
    }
    let Some(known) = customers.get(&report.address) else { return Ok(None) };
    let shop = installation.shop_id();
    installation.store.read(|conn| mails::last_to(conn, shop, known))
}

/// Who has the addresses that are named.
fn customers_of(
    installation: &Installation,
    reports: &[Report],
) -> Result<HashMap<String, Vec<String>>, HistoryError> {
    let wanted: HashSet<&str> = reports.iter().map(|report| report.address.as_str()).collect();
    let mut found: HashMap<String, Vec<String>> = HashMap::new();
    if wanted.iter().all(|address| address.is_empty()) {
        return Ok(found);
    }
    let snapshot = History::open(&installation.folder.history(installation.shop_id()))?.snapshot()?;
    for customer in snapshot.customers()? {
        let customer = customer?;
        let address = customer.email.unwrap_or_default().trim().to_lowercase();
        if !address.is_empty() && wanted.contains(address.as_str()) {
            found.entry(address).or_default().push(customer.id);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_from_both_kinds_of_header() {
        assert_eq!(key_of("Bearer abc").as_deref(), Some("abc"));
        // Of RFC 7617: Aladdin:open sesame
        assert_eq!(key_of("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==").as_deref(), Some("open sesame"));
        assert_eq!(key_of("Basic dGVzdDoxMjPCow==").as_deref(), Some("123£"));
        for bad in ["", "Basic", "Basic §", "Basic QWxhZGRpbg==", "Digest abc"] {
            assert_eq!(key_of(bad), None, "{bad}");
        }
    }
}
