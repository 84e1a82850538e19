//! What became of a campaign's e-mails, and what people did with them, whether Handpick sent them or another tool told.

use crate::ids::CampaignId;
use crate::responses::{Counted, counted};
use crate::store::mails::{self, MailState};
use crate::store::{Conn, StoreResult, bounces, unsubscribes};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Taken by the mail server.
    pub sent: u64,
    /// The mail server will never take it.
    pub refused: u64,
    /// The server said “later” too often.
    pub given_up: u64,
    /// Whether the server took it cannot be known.
    pub unclear: u64,
    /// Never tried: no address, or unsubscribed.
    pub left_out: u64,
    /// Came back after it was taken: for ever, and for now.
    #[serde(default)]
    pub bounced_hard: u64,
    #[serde(default)]
    pub bounced_soft: u64,
    pub unsubscribed: u64,
    /// Recipients whose mail program loaded the picture, whoever it was.
    pub openers_raw: u64,
    /// Recipients who opened or clicked, as far as it can be told.
    pub openers: u64,
    pub clicks_raw: u64,
    /// By people, as far as it can be told.
    pub clicks: u64,
    pub clickers: u64,
    /// Clicks by people, by place.
    pub by_place: BTreeMap<i32, u64>,
}

/// `None` for a campaign that was sent elsewhere and of which nothing came back. Blocks.
pub fn delivery(conn: &mut Conn, campaign: CampaignId) -> StoreResult<Option<Delivery>> {
    let counts = mails::counts(conn, campaign)?;
    let responses = counted(conn, campaign)?;
    let (bounced_hard, bounced_soft) = bounces::counts(conn, campaign)?;
    if counts.is_empty() && responses == Counted::default() && bounced_hard + bounced_soft == 0 {
        return Ok(None);
    }
    let of = |wanted: MailState| {
        let own = counts.iter().filter(|(state, _)| *state == wanted);
        own.map(|(_, count)| u64::try_from(*count).unwrap_or(0)).sum::<u64>()
    };
    let Counted { clicks_raw, clicks, clickers, openers_raw, openers, by_slot } = responses;
    let count = |count: i64| u64::try_from(count).unwrap_or(0);
    Ok(Some(Delivery {
        sent: of(MailState::Sent),
        refused: of(MailState::Refused),
        given_up: of(MailState::GivenUp),
        unclear: of(MailState::Unclear),
        left_out: of(MailState::LeftOut),
        bounced_hard: count(bounced_hard),
        bounced_soft: count(bounced_soft),
        unsubscribed: count(unsubscribes::count(conn, campaign)?),
        openers_raw,
        openers,
        clicks_raw,
        clicks,
        clickers,
        by_place: by_slot,
    }))
}
