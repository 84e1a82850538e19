//! How a sending begins, goes on, and what a person says of what is unclear.

use super::SendingError;
use crate::ids::{AccountId, CampaignId};
use crate::installation::Installation;
use crate::store::campaigns::{self, CampaignState};
use crate::store::mails::{self, MailState};
use crate::store::sendings::{self, SendingState};
use crate::store::{Conn, StoreError, StoreResult};
use chrono::{DateTime, Utc};

/// Begins the sending of an approved campaign, or goes on with one that was paused.
pub fn go(
    conn: &mut Conn,
    installation: &Installation,
    campaign: CampaignId,
    by: Option<AccountId>,
) -> Result<(), SendingError> {
    if !installation.config.mail.is_on() {
        return Err(SendingError::Off);
    }
    let shop = installation.shop_id();
    let found = campaigns::by_id(conn, shop, campaign)?.ok_or(SendingError::NoCampaign(campaign))?;
    let sending = sendings::of_campaign(conn, campaign)?;
    match (sending.map(|sending| sending.state), found.state) {
        (Some(SendingState::Paused), _) => sendings::go_on(conn, campaign)?,
        (Some(SendingState::Running | SendingState::Done), _) => sendings::wake(conn, campaign)?,
        (Some(SendingState::Cancelled), _) => return Err(SendingError::Cancelled),
        (None, CampaignState::Approved) => sendings::start(conn, shop, campaign, by, installation.now())?,
        (None, CampaignState::Sent | CampaignState::Closed) => return Err(SendingError::SentElsewhere),
        (None, _) => return Err(SendingError::NotApproved),
    }
    Ok(())
}

/// What a person says of the e-mails that are unclear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// They arrived.
    Sent,
    /// Send them again; some people may get it twice.
    Again,
}

/// Answers how many it was about.
pub fn settle(conn: &mut Conn, campaign: CampaignId, word: Word, now: DateTime<Utc>) -> StoreResult<usize> {
    let state = sendings::of_campaign(conn, campaign)?.map(|sending| sending.state);
    match word {
        Word::Sent => mails::settle(conn, campaign, MailState::Sent, now),
        // A cancelled sending sends nothing any more.
        Word::Again if state == Some(SendingState::Cancelled) => Ok(0),
        Word::Again => {
            let settled = mails::settle(conn, campaign, MailState::Queued, now)?;
            if settled > 0 {
                sendings::reopen(conn, campaign)?;
                sendings::wake(conn, campaign)?;
            }
            Ok(settled)
        }
    }
}

/// Whether e-mails of the campaign go out or wait: its picks and its approval stay as they are then.
pub fn is_open(installation: &Installation, campaign: CampaignId) -> StoreResult<bool> {
    let sending = installation.store.read(|conn| sendings::of_campaign(conn, campaign))?;
    Ok(sending.is_some_and(|sending| is_unfinished(sending.state)))
}

const fn is_unfinished(state: SendingState) -> bool {
    matches!(state, SendingState::Running | SendingState::Paused)
}

/// For a campaign whose approval ends without anybody having got anything: its sending is forgotten, so that it can
/// be sent anew. One that is not over stands in the way.
pub fn let_go(conn: &mut Conn, campaign: CampaignId) -> StoreResult<()> {
    match sendings::of_campaign(conn, campaign)? {
        Some(sending) if is_unfinished(sending.state) => Err(StoreError::Stale),
        Some(_) => sendings::forget(conn, campaign),
        None => Ok(()),
    }
}
