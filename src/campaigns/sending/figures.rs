//! How far a sending is, in numbers.

use crate::ids::CampaignId;
use crate::responses::{Counted, counted};
use crate::store::mails::{self, MailState};
use crate::store::sendings::{self, Sending, SendingState};
use crate::store::{Conn, StoreResult, bounces, unsubscribes};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// One number for each thing that can become of an e-mail.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    pub campaign: i32,
    /// `running`, `paused`, `cancelled` or `done`.
    pub state: &'static str,
    /// Why nothing goes out at the moment; empty while all is well.
    pub problem: String,
    /// Nothing goes out before.
    pub rest_until: Option<DateTime<Utc>>,
    pub recipients: i64,
    /// Waiting, or being handed over at this moment.
    pub queued: i64,
    pub sent: i64,
    pub refused: i64,
    pub given_up: i64,
    pub unclear: i64,
    pub left_out: i64,
    pub cancelled: i64,
    pub unsubscribed: i64,
    /// Came back: for ever, and for now.
    pub bounced_hard: i64,
    pub bounced_soft: i64,
    /// What recipients did, where it is counted.
    pub responses: Counted,
    #[serde(skip)]
    pub is_prepared: bool,
}

impl Figures {
    /// Nothing more will happen to so many.
    pub fn over(&self) -> i64 {
        self.recipients - self.left_out - self.queued
    }
}

/// `None` for a campaign that is not sent from here.
pub fn figures(conn: &mut Conn, campaign: CampaignId) -> StoreResult<Option<Figures>> {
    let Some(sending) = sendings::of_campaign(conn, campaign)? else { return Ok(None) };
    let Sending { state, problem, is_prepared, rest_until, .. } = sending;
    let (bounced_hard, bounced_soft) = bounces::counts(conn, campaign)?;
    let mut figures = Figures {
        bounced_hard,
        bounced_soft,
        campaign: campaign.0,
        state: SendingState::name(state),
        problem,
        is_prepared,
        rest_until,
        unsubscribed: unsubscribes::count(conn, campaign)?,
        responses: counted(conn, campaign)?,
        ..Figures::default()
    };
    for (state, count) in mails::counts(conn, campaign)? {
        figures.recipients += count;
        let place = match state {
            MailState::Queued | MailState::Attempting => &mut figures.queued,
            MailState::Sent => &mut figures.sent,
            MailState::Refused => &mut figures.refused,
            MailState::GivenUp => &mut figures.given_up,
            MailState::Unclear => &mut figures.unclear,
            MailState::LeftOut => &mut figures.left_out,
            MailState::Cancelled => &mut figures.cancelled,
        };
        *place += count;
    }
    Ok(Some(figures))
}
