//! A campaign's e-mails, one row for each recipient: queued, sent, refused, or what else became of it.

use super::schema::{campaigns, mails};
use super::{Conn, StoreResult};
use crate::ids::{CampaignId, ShopId};
use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MailState {
    /// To be sent, or to be tried again.
    Queued,
    /// Being handed over at this moment.
    Attempting,
    Sent,
    /// The server will never take it.
    Refused,
    /// The server said “later” too often.
    GivenUp,
    /// Whether the server took it cannot be known. It is not sent again without a person's word.
    Unclear,
    /// Never tried; the row says why.
    LeftOut,
    Cancelled,
}

impl MailState {
    pub const ALL: [MailState; 8] = [
        Self::Queued,
        Self::Attempting,
        Self::Sent,
        Self::Refused,
        Self::GivenUp,
        Self::Unclear,
        Self::LeftOut,
        Self::Cancelled,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Attempting => "attempting",
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::GivenUp => "given_up",
            Self::Unclear => "unclear",
            Self::LeftOut => "left_out",
            Self::Cancelled => "cancelled",
        }
    }

    pub(super) fn from_name(name: &str) -> Self {
        // The table's CHECK admits no other word; of a stranger nothing is claimed.
        Self::ALL.into_iter().find(|state| state.name() == name).unwrap_or(Self::Unclear)
    }
}

/// A recipient who waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub customer: String,
    /// How often it was tried.
    pub tries: i32,
}

#[derive(Debug, Clone)]
pub struct Mail {
    pub customer: String,
    pub state: MailState,
    pub tries: i32,
    pub attempted_at: Option<DateTime<Utc>>,
    pub answer: String,
}

/// Adds recipients, each with why they are left out, if they are. Those who have a row keep it: preparing that was
/// interrupted is done again.
pub fn add(
    conn: &mut Conn,
    campaign: CampaignId,
    recipients: &[(&str, Option<&str>)],
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let row = |(customer, why): &(&str, Option<&str>)| {
        let state = if why.is_some() { MailState::LeftOut } else { MailState::Queued };
        (
            mails::campaign_id.eq(campaign.0),
            mails::customer.eq((*customer).to_owned()),
            mails::state.eq(state.name()),
            mails::run_after.eq(now),
            mails::answer.eq(why.unwrap_or_default().to_owned()),
        )
    };
    // SQLite takes a limited number of values in one statement.
    for some in recipients.chunks(1_000) {
        let rows: Vec<_> = some.iter().map(row).collect();
        diesel::insert_or_ignore_into(mails::table).values(&rows).execute(conn)?;
    }
    Ok(())
}

/// What a process that died left in the middle: nobody can know whether the server took it.
pub fn interrupted(conn: &mut Conn, campaign: CampaignId) -> StoreResult<usize> {
    Ok(diesel::update(of_state(campaign, MailState::Attempting))
        .set((
            mails::state.eq(MailState::Unclear.name()),
            mails::answer.eq("Handpick was stopped while it was handed over."),
        ))
        .execute(conn)?)
}

/// Those whose turn it is, by ascending id.
pub fn due(
    conn: &mut Conn,
    campaign: CampaignId,
    now: DateTime<Utc>,
    at_most: i64,
) -> StoreResult<Vec<Waiting>> {
    let rows: Vec<(String, i32)> = of_state(campaign, MailState::Queued)
        .filter(mails::run_after.le(now))
        .order(mails::customer)
        .limit(at_most)
        .select((mails::customer, mails::tries))
        .load(conn)?;
    Ok(rows.into_iter().map(|(customer, tries)| Waiting { customer, tries }).collect())
}

/// When the next one waits for its turn; `None` when nobody waits.
pub fn next_due(conn: &mut Conn, campaign: CampaignId) -> StoreResult<Option<DateTime<Utc>>> {
    let first = of_state(campaign, MailState::Queued).order(mails::run_after).select(mails::run_after);
    Ok(first.first(conn).optional()?)
}

/// From queued to being handed over; false when it does not wait any more.
pub fn attempt(
    conn: &mut Conn,
    campaign: CampaignId,
    customer: &str,
    now: DateTime<Utc>,
) -> StoreResult<bool> {
    let changed = diesel::update(of_state(campaign, MailState::Queued).filter(mails::customer.eq(customer)))
        .set((mails::state.eq(MailState::Attempting.name()), mails::attempted_at.eq(now)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Sent,
    Refused,
    GivenUp,
    Unclear,
    /// Its sending was cancelled while it was tried.
    Cancelled,
    /// To be tried again.
    Again {
        run_after: DateTime<Utc>,
    },
}

/// Records what became of an attempt at `now`.
pub fn record(
    conn: &mut Conn,
    campaign: CampaignId,
    customer: &str,
    (outcome, answer): (&Outcome, &str),
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let open = ["queued", "attempting"];
    let row = mails::table
        .filter(mails::campaign_id.eq(campaign.0).and(mails::customer.eq(customer)))
        .filter(mails::state.eq_any(open));
    let state = match outcome {
        Outcome::Sent => MailState::Sent,
        Outcome::Refused => MailState::Refused,
        Outcome::GivenUp => MailState::GivenUp,
        Outcome::Unclear => MailState::Unclear,
        Outcome::Cancelled => MailState::Cancelled,
        Outcome::Again { .. } => MailState::Queued,
    };
    let run_after = match outcome {
        Outcome::Again { run_after } => *run_after,
        _ => now,
    };
    diesel::update(row)
        .set((
            mails::state.eq(state.name()),
            mails::tries.eq(mails::tries + 1),
            mails::run_after.eq(run_after),
            mails::attempted_at.eq(now),
            mails::answer.eq(answer),
        ))
        .execute(conn)?;
    Ok(())
}

/// It is not to be sent after all.
pub fn leave_out(
    conn: &mut Conn,
    campaign: CampaignId,
    customer: &str,
    why: &str,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    diesel::update(of_state(campaign, MailState::Queued).filter(mails::customer.eq(customer)))
        .set((mails::state.eq(MailState::LeftOut.name()), mails::run_after.eq(now), mails::answer.eq(why)))
        .execute(conn)?;
    Ok(())
}

/// A person's word on what is unclear: sent after all, or to be sent again.
pub fn settle(
    conn: &mut Conn,
    campaign: CampaignId,
    as_state: MailState,
    now: DateTime<Utc>,
) -> StoreResult<usize> {
    let answer = match as_state {
        MailState::Sent => "It was unclear; somebody said that it arrived.",
        _ => "It was unclear; somebody said to send it again.",
    };
    Ok(diesel::update(of_state(campaign, MailState::Unclear))
        .set((
            mails::state.eq(as_state.name()),
            mails::tries.eq(0),
            mails::run_after.eq(now),
            mails::answer.eq(answer),
        ))
        .execute(conn)?)
}

/// How many are in each state that occurs.
pub fn counts(conn: &mut Conn, campaign: CampaignId) -> StoreResult<Vec<(MailState, i64)>> {
    let rows: Vec<(String, i64)> = mails::table
        .filter(mails::campaign_id.eq(campaign.0))
        .group_by(mails::state)
        .select((mails::state, count_star()))
        .load(conn)?;
    Ok(rows.into_iter().map(|(state, count)| (MailState::from_name(&state), count)).collect())
}

/// Those of a state, by ascending id, behind `after`.
pub fn of(
    conn: &mut Conn,
    campaign: CampaignId,
    states: &[MailState],
    after: &str,
    at_most: i64,
) -> StoreResult<Vec<Mail>> {
    type Row = (String, String, i32, Option<DateTime<Utc>>, String);
    let names = states.iter().map(|state| state.name());
    let rows: Vec<Row> = mails::table
        .filter(mails::campaign_id.eq(campaign.0).and(mails::state.eq_any(names)))
        .filter(mails::customer.gt(after))
        .order(mails::customer)
        .limit(at_most)
        .select((mails::customer, mails::state, mails::tries, mails::attempted_at, mails::answer))
        .load(conn)?;
    let mail = |(customer, state, tries, attempted_at, answer): Row| Mail {
        customer,
        state: MailState::from_name(&state),
        tries,
        attempted_at,
        answer,
    };
    Ok(rows.into_iter().map(mail).collect())
}

/// Everybody to whom one was handed over, or may have been.
pub fn customers(conn: &mut Conn, campaign: CampaignId) -> StoreResult<Vec<String>> {
    Ok(mails::table
        .filter(mails::campaign_id.eq(campaign.0).and(mails::attempted_at.is_not_null()))
        .select(mails::customer)
        .load(conn)?)
}

/// Of these customers the one to whom an e-mail was handed over last, and of which campaign.
pub fn last_to(
    conn: &mut Conn,
    shop: ShopId,
    customers: &[String],
) -> StoreResult<Option<(CampaignId, String)>> {
    let of_shop: Vec<i32> =
        campaigns::table.filter(campaigns::shop_id.eq(shop.0)).select(campaigns::id).load(conn)?;
    let found: Option<(i32, String)> = mails::table
        .filter(mails::customer.eq_any(customers).and(mails::attempted_at.is_not_null()))
        .filter(mails::campaign_id.eq_any(of_shop))
        .order((mails::attempted_at.desc(), mails::campaign_id.desc()))
        .select((mails::campaign_id, mails::customer))
        .first(conn)
        .optional()?;
    Ok(found.map(|(campaign, customer)| (CampaignId(campaign), customer)))
}

/// When e-mails were tried since a moment, of all campaigns, the oldest first.
pub fn attempts_since(conn: &mut Conn, since: DateTime<Utc>) -> StoreResult<Vec<DateTime<Utc>>> {
    let at: Vec<Option<DateTime<Utc>>> = mails::table
        .filter(mails::attempted_at.gt(since))
        .order(mails::attempted_at)
        .select(mails::attempted_at)
        .load(conn)?;
    Ok(at.into_iter().flatten().collect())
}

#[diesel::dsl::auto_type]
fn of_state(campaign: CampaignId, state: MailState) -> _ {
    let (number, name): (i32, &'static str) = (campaign.0, state.name());
    mails::table.filter(mails::campaign_id.eq(number)).filter(mails::state.eq(name))
}
