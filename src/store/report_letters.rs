//! Who gets reports by e-mail, and what became of each one: a row for each report and address, there before anything
//! goes over the line.

use super::mails::{MailState, Outcome};
use super::schema::{report_letters as letters, report_readers as readers};
use super::{Conn, StoreError, StoreResult};
use crate::ids::{AccountId, ReaderId, ShopId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::DatabaseErrorKind;

/// An address that somebody wrote down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    pub id: ReaderId,
    pub address: String,
    pub is_weekly: bool,
    pub is_at_close: bool,
    /// What was due before is not sent there.
    pub since: DateTime<Utc>,
    pub added_by: Option<AccountId>,
}

/// What an address is to get.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    pub address: &'a str,
    pub is_weekly: bool,
    pub is_at_close: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub report: String,
    pub address: String,
    pub state: MailState,
    pub tries: i32,
    pub run_after: DateTime<Utc>,
    pub attempted_at: Option<DateTime<Utc>>,
    pub answer: String,
}

macro_rules! columns {
    () => {
        (
            letters::report,
            letters::address,
            letters::state,
            letters::tries,
            letters::run_after,
            letters::attempted_at,
            letters::answer,
        )
    };
}

/// By address.
pub fn readers(conn: &mut Conn, shop: ShopId) -> StoreResult<Vec<Reader>> {
    type Row = (i32, String, bool, bool, DateTime<Utc>, Option<i32>);
    let rows: Vec<Row> = readers::table
        .filter(readers::shop_id.eq(shop.0))
        .order(readers::address)
        .select((
            readers::id,
            readers::address,
            readers::is_weekly,
            readers::is_at_close,
            readers::since,
            readers::added_by,
        ))
        .load(conn)?;
    let reader = |(id, address, is_weekly, is_at_close, since, added_by): Row| Reader {
        id: ReaderId(id),
        address,
        is_weekly,
        is_at_close,
        since,
        added_by: added_by.map(AccountId),
    };
    Ok(rows.into_iter().map(reader).collect())
}

/// What is due from `now` on goes there. *Errors*: [`StoreError::Taken`] for an address that is there already.
pub fn add(
    conn: &mut Conn,
    shop: ShopId,
    wish: Wish<'_>,
    by: Option<AccountId>,
    now: DateTime<Utc>,
) -> StoreResult<ReaderId> {
    let added: Result<i32, _> = diesel::insert_into(readers::table)
        .values((
            readers::shop_id.eq(shop.0),
            readers::address.eq(wish.address),
            readers::is_weekly.eq(wish.is_weekly),
            readers::is_at_close.eq(wish.is_at_close),
            readers::since.eq(now),
            readers::added_by.eq(by.map(|account| account.0)),
        ))
        .returning(readers::id)
        .get_result(conn);
    match added {
        Err(diesel::result::Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            Err(StoreError::Taken(wish.address.to_owned()))
        }
        other => other.map(ReaderId).map_err(StoreError::from),
    }
}

/// Nothing more goes to it, also not what waits. False when it was gone.
pub fn remove(conn: &mut Conn, shop: ShopId, id: ReaderId) -> StoreResult<bool> {
    let own = readers::table.filter(readers::shop_id.eq(shop.0).and(readers::id.eq(id.0)));
    let address: Option<String> = own.select(readers::address).first(conn).optional()?;
    let Some(address) = address else { return Ok(false) };
    diesel::delete(of_state(shop, MailState::Queued).filter(letters::address.eq(address))).execute(conn)?;
    diesel::delete(own).execute(conn)?;
    Ok(true)
}

/// Whether the report was ever to go to the address.
pub fn is_known(conn: &mut Conn, shop: ShopId, report: &str, address: &str) -> StoreResult<bool> {
    let row = letters::table.find((shop.0, report, address));
    Ok(diesel::select(diesel::dsl::exists(row)).get_result(conn)?)
}

/// The report is to go to the address; one that was to go there before changes nothing.
pub fn come(
    conn: &mut Conn,
    shop: ShopId,
    (report, address): (&str, &str),
    now: DateTime<Utc>,
) -> StoreResult<()> {
    diesel::insert_or_ignore_into(letters::table)
        .values((
            letters::shop_id.eq(shop.0),
            letters::report.eq(report),
            letters::address.eq(address),
            letters::state.eq(MailState::Queued.name()),
            letters::run_after.eq(now),
            letters::made_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Those whose turn it is, those of one report together.
pub fn due(conn: &mut Conn, shop: ShopId, now: DateTime<Utc>) -> StoreResult<Vec<Letter>> {
    let rows: Vec<Row> = of_state(shop, MailState::Queued)
        .filter(letters::run_after.le(now))
        .order((letters::report, letters::address))
        .select(columns!())
        .load(conn)?;
    Ok(rows.into_iter().map(letter).collect())
}

/// When the next one waits for its turn; `None` when none does.
pub fn next_due(conn: &mut Conn, shop: ShopId) -> StoreResult<Option<DateTime<Utc>>> {
    let first = of_state(shop, MailState::Queued).order(letters::run_after).select(letters::run_after);
    Ok(first.first(conn).optional()?)
}

/// What a process that died left in the middle: nobody can know whether the server took it.
pub fn interrupted(conn: &mut Conn, shop: ShopId) -> StoreResult<usize> {
    Ok(diesel::update(of_state(shop, MailState::Attempting))
        .set((
            letters::state.eq(MailState::Unclear.name()),
            letters::answer.eq("Handpick was stopped while it was handed over."),
        ))
        .execute(conn)?)
}

/// From queued to being handed over; false when it does not wait any more.
pub fn attempt(
    conn: &mut Conn,
    shop: ShopId,
    (report, address): (&str, &str),
    now: DateTime<Utc>,
) -> StoreResult<bool> {
    let own = letters::report.eq(report).and(letters::address.eq(address));
    let changed = diesel::update(of_state(shop, MailState::Queued).filter(own))
        .set((letters::state.eq(MailState::Attempting.name()), letters::attempted_at.eq(now)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Records what became of a try at `now`.
pub fn record(
    conn: &mut Conn,
    shop: ShopId,
    (report, address): (&str, &str),
    (outcome, answer): (&Outcome, &str),
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let (state, run_after) = match outcome {
        Outcome::Sent => (MailState::Sent, now),
        Outcome::Refused => (MailState::Refused, now),
        Outcome::GivenUp | Outcome::Cancelled => (MailState::GivenUp, now),
        Outcome::Unclear => (MailState::Unclear, now),
        Outcome::Again { run_after } => (MailState::Queued, *run_after),
    };
    let open = [MailState::Queued.name(), MailState::Attempting.name()];
    diesel::update(letters::table.find((shop.0, report, address)).filter(letters::state.eq_any(open)))
        .set((
            letters::state.eq(state.name()),
            letters::tries.eq(letters::tries + 1),
            letters::run_after.eq(run_after),
            letters::attempted_at.eq(now),
            letters::answer.eq(answer),
        ))
        .execute(conn)?;
    Ok(())
}

/// Nothing goes out before `until`, because of `why`; that costs none of them a try.
pub fn rest(conn: &mut Conn, shop: ShopId, until: DateTime<Utc>, why: &str) -> StoreResult<()> {
    diesel::update(of_state(shop, MailState::Queued).filter(letters::run_after.lt(until)))
        .set((letters::run_after.eq(until), letters::answer.eq(why)))
        .execute(conn)?;
    Ok(())
}

/// A person's word on what is unclear or was not taken: it arrived, or it is to be sent again.
pub fn settle(
    conn: &mut Conn,
    shop: ShopId,
    (report, address): (&str, &str),
    is_to_be_sent: bool,
    now: DateTime<Utc>,
) -> StoreResult<bool> {
    let over = [MailState::Unclear, MailState::Refused, MailState::GivenUp].map(MailState::name);
    let (state, answer) = match is_to_be_sent {
        true => (MailState::Queued, "Somebody said to send it again."),
        false => (MailState::Sent, "Somebody said that it arrived."),
    };
    let row = letters::table.find((shop.0, report, address)).filter(letters::state.eq_any(over));
    let changed = diesel::update(row)
        .set((
            letters::state.eq(state.name()),
            letters::tries.eq(0),
            letters::run_after.eq(now),
            letters::answer.eq(answer),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Newest first.
pub fn latest(conn: &mut Conn, shop: ShopId, at_most: i64) -> StoreResult<Vec<Letter>> {
    let rows: Vec<Row> = letters::table
        .filter(letters::shop_id.eq(shop.0))
        .order((letters::made_at.desc(), letters::report, letters::address))
        .limit(at_most)
        .select(columns!())
        .load(conn)?;
    Ok(rows.into_iter().map(letter).collect())
}

type Row = (String, String, String, i32, DateTime<Utc>, Option<DateTime<Utc>>, String);

fn letter((report, address, state, tries, run_after, attempted_at, answer): Row) -> Letter {
    Letter { report, address, state: MailState::from_name(&state), tries, run_after, attempted_at, answer }
}

#[diesel::dsl::auto_type]
fn of_state(shop: ShopId, state: MailState) -> _ {
    let (number, name): (i32, &'static str) = (shop.0, state.name());
    letters::table.filter(letters::shop_id.eq(number)).filter(letters::state.eq(name))
}
