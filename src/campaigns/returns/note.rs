//! Keeps what an e-mail tool's file says, in place of what an earlier file said of the same.

use super::tool_file::{self, FileError};
use super::words::What;
use crate::history::{History, HistoryError};
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::picker::picks_file::{self, PicksFileError};
use crate::picker::plan::Arm;
use crate::responses;
use crate::store::bounces::{self, Bounce};
use crate::store::campaigns::Campaign;
use crate::store::responses::{Response, ResponseKind};
use crate::store::{StoreError, responses as kept, unsubscribes};
use chrono::{DateTime, Utc};
use std::collections::HashMap;

#[derive(Debug, thiserror::Error)]
pub enum NoteError {
    #[error("campaign {0} has no approved picks: nobody got an e-mail of it yet")]
    NotSent(CampaignId),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Picks(#[from] PicksFileError),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a file said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Noted {
    pub openers: u64,
    pub clickers: u64,
    pub bounced: u64,
    pub unsubscribed: u64,
    pub ignored: Vec<String>,
}

impl Noted {
    pub fn in_words(&self) -> String {
        let count = |number: u64, what: &str| {
            (number > 0).then(|| format!("{} {what}", crate::web::whole(number as i64)))
        };
        let parts: Vec<String> = [
            count(self.openers, "opened it"),
            count(self.clickers, "clicked"),
            count(self.bounced, "did not get it"),
            count(self.unsubscribed, "unsubscribed"),
        ]
        .into_iter()
        .flatten()
        .collect();
        let said =
            if parts.is_empty() { "Nothing happened, says the file".to_owned() } else { parts.join(", ") };
        let ignored = if self.ignored.is_empty() {
            String::new()
        } else {
            format!("; rows ignored: {}", self.ignored.join(", "))
        };
        format!("{said}{ignored}.")
    }
}

/// Who got the campaign's e-mail, and by which address they are known.
struct Mailed {
    by_name: HashMap<String, String>,
    addresses: HashMap<String, String>,
}

impl Mailed {
    fn read(installation: &Installation, campaign: &Campaign) -> Result<Self, NoteError> {
        let shop = installation.shop_id();
        let generation = campaign.generation.as_ref().ok_or(NoteError::NotSent(campaign.id))?;
        let arms = picks_file::arms(&installation.folder.campaign(shop, campaign.id).join(generation))?;
        let is_mailed = |id: &str| {
            let at = arms.binary_search_by(|(known, _)| known.as_str().cmp(id));
            at.is_ok_and(|at| arms[at].1 != Arm::Holdout)
        };
        let mut mailed = Self { by_name: HashMap::new(), addresses: HashMap::new() };
        for customer in History::open(&installation.folder.history(shop))?.snapshot()?.customers()? {
            let customer = customer?;
            if !is_mailed(&customer.id) {
                continue;
            }
            let address = customer.email.unwrap_or_default().trim().to_lowercase();
            mailed.by_name.insert(customer.id.clone(), customer.id.clone());
            if !address.is_empty() {
                // Of two with one address the first by id was written to.
                let first = mailed.by_name.entry(address.clone()).or_insert_with(|| customer.id.clone());
                if *first > customer.id {
                    first.clone_from(&customer.id);
                }
                mailed.addresses.insert(customer.id, address);
            }
        }
        Ok(mailed)
    }

    fn customer(&self, name: &str) -> Option<String> {
        self.by_name.get(name).or_else(|| self.by_name.get(&name.to_lowercase())).cloned()
    }
}

/// Reads a file of the campaign and keeps all it says, or nothing.
pub fn note(
    installation: &Installation,
    campaign: &Campaign,
    content: &[u8],
    all_did: Option<What>,
) -> Result<Noted, NoteError> {
    let mailed = Mailed::read(installation, campaign)?;
    let told = tool_file::read(content, all_did, installation.zone(), &|name| mailed.customer(name))?;
    let now = installation.now();
    // A file that does not say when is taken to speak of the day of the sending.
    let sent = campaign.sent_at.unwrap_or(now);
    let mut noted = Noted::default();
    installation.store.write(|conn| {
        let shop = installation.shop_id();
        noted = Noted::default();
        for (customer, of) in &told.recipients {
            for (kind, times) in [(ResponseKind::Open, &of.opens), (ResponseKind::Click, &of.clicks)] {
                if times.is_empty() {
                    continue;
                }
                kept::forget_file(conn, campaign.id, customer, kind)?;
                for at in times {
                    kept::add(conn, campaign.id, &response(customer, kind, at.unwrap_or(sent)))?;
                }
            }
            if let Some(is_hard) = of.bounced {
                let address = mailed.addresses.get(customer).cloned().unwrap_or_default();
                let reason = "The e-mail tool says so.".to_owned();
                let (customer, campaign) = (customer.clone(), campaign.id);
                bounces::add(conn, shop, &Bounce { customer, campaign, is_hard, address, reason, at: now })?;
            }
            if of.unsubscribed {
                unsubscribes::add(conn, shop, customer, campaign.id, now)?;
            }
            noted.openers += u64::from(!of.opens.is_empty());
            noted.clickers += u64::from(!of.clicks.is_empty());
            noted.bounced += u64::from(of.bounced.is_some());
            noted.unsubscribed += u64::from(of.unsubscribed);
        }
        Ok(())
    })?;
    noted.ignored = told.ignored.iter().map(|removed| format!("{} {}", removed.count, removed.why)).collect();
    Ok(noted)
}

fn response(customer: &str, kind: ResponseKind, at: DateTime<Utc>) -> Response {
    let customer = customer.to_owned();
    Response { customer, kind, slot: None, product: None, at, by_program: false, from_file: true }
}

/// What is known of what came back of the campaign.
pub fn known(installation: &Installation, campaign: CampaignId) -> Result<Noted, StoreError> {
    installation.store.read(|conn| {
        let counted = responses::counted(conn, campaign)?;
        let (hard, soft) = bounces::counts(conn, campaign)?;
        Ok(Noted {
            openers: counted.openers,
            clickers: counted.clickers,
            bounced: (hard + soft) as u64,
            unsubscribed: unsubscribes::count(conn, campaign)? as u64,
            ignored: Vec::new(),
        })
    })
}
