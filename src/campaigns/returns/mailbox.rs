//! The mailbox to which e-mails come back: read, noted, and what was understood removed.
//!
//! A message goes only after what it says is on disk; one that is read twice says the same twice.

use super::message::{self, KEY_BYTES, MessageId, Said};
use crate::history::{History, HistoryError};
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::jobs::{JobError, JobProgress, JobResult};
use crate::keyed::keyed;
use crate::outside::pop3::{Pop3, PopError};
use crate::progress::Progress;
use crate::store::bounces::{self, Bounce};
use crate::store::jobs::Job;
use crate::store::{StoreError, mails, unsubscribes};
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// The job's kind in the queue; its payload is nothing.
pub const JOB: &str = "mailbox";

/// Messages looked at in one go, the newest first: what nobody removes must not hide what is new.
const AT_ONCE: usize = 2_000;

#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    #[error("no mailbox is configured; see [mailbox] in the configuration")]
    Off,
    #[error(transparent)]
    Pop(#[from] PopError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error("cancelled")]
    Cancelled,
}

/// What was in the mailbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    pub messages: u64,
    /// Of addresses at which nothing will ever arrive.
    pub hard: u64,
    pub soft: u64,
    pub unsubscribed: u64,
    /// Neither understood nor removed.
    pub left: u64,
}

/// What a message says of a customer.
struct Word {
    number: u32,
    campaign: CampaignId,
    customer: String,
    said: Said,
}

pub fn read(installation: &Installation, progress: &dyn Progress) -> Result<Found, MailboxError> {
    let mailbox = &installation.config.mailbox;
    if !mailbox.is_on() {
        return Err(MailboxError::Off);
    }
    let mut pop = Pop3::open(mailbox)?;
    let messages = pop.messages()?;
    let newest = messages.iter().rev().take(AT_ONCE);
    progress.phase("Reading the mailbox", Some(newest.len() as u64));
    let mut found = Found { messages: newest.len() as u64, ..Found::default() };
    let mut senders = Senders::new(installation);
    let mut words = Vec::new();
    for &(number, bytes) in newest {
        if progress.cancelled() {
            return Err(MailboxError::Cancelled);
        }
        let raw = pop.fetch((number, bytes))?;
        progress.advance(1);
        let understood = message::read(&raw);
        let customer = match &understood {
            Some((id, _)) => senders.customer(id)?,
            None => None,
        };
        match (understood, customer) {
            (Some((id, said)), Some(customer)) => {
                words.push(Word { number, campaign: id.campaign, customer, said });
            }
            _ => found.left += 1,
        }
    }
    note(installation, &words, &mut found)?;
    for word in &words {
        pop.delete(word.number)?;
    }
    pop.close()?;
    tracing::info!(?found, "the mailbox was read");
    Ok(found)
}

fn note(installation: &Installation, words: &[Word], found: &mut Found) -> Result<(), MailboxError> {
    let bounced = |word: &&Word| matches!(word.said, Said::Bounced { .. });
    let addresses = addresses(installation, words.iter().filter(bounced).map(|word| word.customer.as_str()))?;
    let (shop, now) = (installation.shop_id(), installation.now());
    installation.store.write(|conn| {
        for word in words {
            match &word.said {
                Said::Bounced { is_hard, reason } => {
                    let bounce = Bounce {
                        customer: word.customer.clone(),
                        campaign: word.campaign,
                        is_hard: *is_hard,
                        address: addresses.get(&word.customer).cloned().unwrap_or_default(),
                        reason: reason.clone(),
                        at: now,
                    };
                    bounces::add(conn, shop, &bounce)?;
                }
                Said::Unsubscribes => unsubscribes::add(conn, shop, &word.customer, word.campaign, now)?,
                Said::Delayed => {}
            }
        }
        Ok(())
    })?;
    for word in words {
        match word.said {
            Said::Bounced { is_hard: true, .. } => found.hard += 1,
            Said::Bounced { is_hard: false, .. } => found.soft += 1,
            Said::Unsubscribes => found.unsubscribed += 1,
            Said::Delayed => {}
        }
    }
    Ok(())
}

/// The shop's addresses of those customers: one that changes later may be written to again.
fn addresses<'a>(
    installation: &Installation,
    customers: impl Iterator<Item = &'a str>,
) -> Result<HashMap<String, String>, HistoryError> {
    let wanted: HashSet<&str> = customers.collect();
    let mut found = HashMap::new();
    if wanted.is_empty() {
        return Ok(found);
    }
    let snapshot = History::open(&installation.folder.history(installation.shop_id()))?.snapshot()?;
    for customer in snapshot.customers()? {
        let customer = customer?;
        if wanted.contains(customer.id.as_str()) {
            found.insert(customer.id, customer.email.unwrap_or_default());
        }
    }
    Ok(found)
}

/// Whose e-mail had an id: made again for everybody who got one, because it cannot be read backwards.
pub(super) struct Senders<'a> {
    installation: &'a Installation,
    of: HashMap<CampaignId, HashMap<String, String>>,
}

impl<'a> Senders<'a> {
    pub fn new(installation: &'a Installation) -> Self {
        Self { installation, of: HashMap::new() }
    }

    pub fn customer(&mut self, id: &MessageId) -> Result<Option<String>, StoreError> {
        let known = match self.of.entry(id.campaign) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(unknown) => {
                let customers = self.installation.store.read(|conn| mails::customers(conn, id.campaign))?;
                let secret = &self.installation.shop.secret;
                let key = |customer: &String| keyed(secret, "message", id.campaign.0, customer, KEY_BYTES);
                unknown.insert(customers.into_iter().map(|customer| (key(&customer), customer)).collect())
            }
        };
        Ok(known.get(&id.key).cloned())
    }
}

/// The job *mailbox*.
pub fn job(installation: &Installation, _: &Job, progress: &JobProgress) -> JobResult {
    match read(installation, progress) {
        Ok(found) => Ok(serde_json::json!(found)),
        Err(MailboxError::Cancelled) => Err(JobError::Cancelled),
        Err(MailboxError::Pop(error)) if error.is_passing() => Err(JobError::Again(error.to_string())),
        Err(error) => Err(JobError::Failed(error.to_string())),
    }
}
