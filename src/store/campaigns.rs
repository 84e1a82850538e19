//! Campaigns: plan, state and version.
//!
//! The plan is JSON whose meaning belongs to the picker; the store keeps it as it is given.

use super::schema::campaigns;
use super::{Conn, StoreError, StoreResult, from_json, to_json};
use crate::ids::{AccountId, CampaignId, JobId, ModelId, ShopId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CampaignState {
    Draft,
    Training,
    Generated,
    Approved,
    Sent,
    Closed,
}

impl CampaignState {
    pub const ALL: [CampaignState; 6] =
        [Self::Draft, Self::Training, Self::Generated, Self::Approved, Self::Sent, Self::Closed];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Training => "training",
            Self::Generated => "generated",
            Self::Approved => "approved",
            Self::Sent => "sent",
            Self::Closed => "closed",
        }
    }

    fn from_name(name: &str) -> Self {
        // The table's CHECK admits no other word.
        Self::ALL.into_iter().find(|state| state.name() == name).unwrap_or(Self::Draft)
    }
}

#[derive(Debug, Clone)]
pub struct Campaign {
    pub id: CampaignId,
    pub name: String,
    pub state: CampaignState,
    plan: String,
    /// Grows with each edit.
    pub version: i32,
    pub model: Option<ModelId>,
    /// The job that trains and picks, or did last.
    pub job: Option<JobId>,
    /// Folder of the published picks, relative to the campaign's folder.
    pub generation: Option<String>,
    summary: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub updated_by: Option<AccountId>,
    pub generated_at: Option<DateTime<Utc>>,
    pub approved_at: Option<DateTime<Utc>>,
    /// When the outcome window begins.
    pub sent_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
}

impl Campaign {
    pub fn plan<T: DeserializeOwned>(&self) -> StoreResult<T> {
        from_json("campaign plan", &self.plan)
    }

    /// What the generation counted.
    pub fn summary<T: DeserializeOwned>(&self) -> StoreResult<Option<T>> {
        self.summary.as_deref().map(|text| from_json("campaign summary", text)).transpose()
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = campaigns)]
struct Row {
    id: i32,
    name: String,
    state: String,
    plan: String,
    version: i32,
    model_id: Option<i32>,
    job_id: Option<i32>,
    generation: Option<String>,
    summary: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    updated_by: Option<i32>,
    generated_at: Option<DateTime<Utc>>,
    approved_at: Option<DateTime<Utc>>,
    sent_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
}

impl From<Row> for Campaign {
    fn from(row: Row) -> Self {
        Self {
            id: CampaignId(row.id),
            name: row.name,
            state: CampaignState::from_name(&row.state),
            plan: row.plan,
            version: row.version,
            model: row.model_id.map(ModelId),
            job: row.job_id.map(JobId),
            generation: row.generation,
            summary: row.summary,
            created_at: row.created_at,
            updated_at: row.updated_at,
            updated_by: row.updated_by.map(AccountId),
            generated_at: row.generated_at,
            approved_at: row.approved_at,
            sent_at: row.sent_at,
            closed_at: row.closed_at,
        }
    }
}

pub fn add<P: Serialize>(
    conn: &mut Conn,
    shop: ShopId,
    name: &str,
    plan: &P,
    by: Option<AccountId>,
    now: DateTime<Utc>,
) -> StoreResult<CampaignId> {
    let by = by.map(|account| account.0);
    let id = diesel::insert_into(campaigns::table)
        .values((
            campaigns::shop_id.eq(shop.0),
            campaigns::name.eq(name),
            campaigns::state.eq(CampaignState::Draft.name()),
            campaigns::plan.eq(to_json("campaign plan", plan)?),
            campaigns::created_at.eq(now),
            campaigns::created_by.eq(by),
            campaigns::updated_at.eq(now),
            campaigns::updated_by.eq(by),
        ))
        .returning(campaigns::id)
        .get_result(conn)?;
    Ok(CampaignId(id))
}

pub fn by_id(conn: &mut Conn, shop: ShopId, id: CampaignId) -> StoreResult<Option<Campaign>> {
    let row = campaigns::table
        .filter(campaigns::shop_id.eq(shop.0).and(campaigns::id.eq(id.0)))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Campaign::from))
}

/// Newest first.
pub fn all(conn: &mut Conn, shop: ShopId) -> StoreResult<Vec<Campaign>> {
    let rows = campaigns::table
        .filter(campaigns::shop_id.eq(shop.0))
        .order(campaigns::id.desc())
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Campaign::from).collect())
}

/// Saves an edit made on `version`; [`StoreError::Stale`] when somebody saved in between. A changed plan makes
/// picks generated before worthless, so the campaign is a draft again. Only drafts and generated campaigns may be
/// edited.
pub fn edit<P: Serialize>(
    conn: &mut Conn,
    id: CampaignId,
    version: i32,
    name: &str,
    plan: &P,
    by: Option<AccountId>,
    now: DateTime<Utc>,
) -> StoreResult<i32> {
    let saved = diesel::update(
        campaigns::table
            .filter(campaigns::id.eq(id.0).and(campaigns::version.eq(version)))
            .filter(campaigns::state.eq_any(["draft", "generated"])),
    )
    .set((
        campaigns::name.eq(name),
        campaigns::plan.eq(to_json("campaign plan", plan)?),
        campaigns::state.eq(CampaignState::Draft.name()),
        campaigns::version.eq(version + 1),
        campaigns::updated_at.eq(now),
        campaigns::updated_by.eq(by.map(|account| account.0)),
    ))
    .execute(conn)?;
    if saved == 1 { Ok(version + 1) } else { Err(StoreError::Stale) }
}

/// From draft or generated to training, with the job that does it.
pub fn start_generation(conn: &mut Conn, id: CampaignId, job: JobId, now: DateTime<Utc>) -> StoreResult<()> {
    one(diesel::update(of_states(id, &["draft", "generated"]))
        .set((
            campaigns::state.eq(CampaignState::Training.name()),
            campaigns::job_id.eq(job.0),
            campaigns::updated_at.eq(now),
        ))
        .execute(conn)?)
}

/// From any state before approval to training, whichever job does it; also when a restarted one goes on.
pub fn hold_for_generation(conn: &mut Conn, id: CampaignId, now: DateTime<Utc>) -> StoreResult<()> {
    one(diesel::update(of_states(id, &["draft", "training", "generated"]))
        .set((campaigns::state.eq(CampaignState::Training.name()), campaigns::updated_at.eq(now)))
        .execute(conn)?)
}

/// The picks are on disk in `generation`: from any state before approval to generated.
pub fn finish_generation<S: Serialize>(
    conn: &mut Conn,
    id: CampaignId,
    model: Option<ModelId>,
    generation: &str,
    summary: &S,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    one(diesel::update(of_states(id, &["draft", "training", "generated"]))
        .set((
            campaigns::state.eq(CampaignState::Generated.name()),
            campaigns::model_id.eq(model.map(|model| model.0)),
            campaigns::generation.eq(generation),
            campaigns::summary.eq(to_json("campaign summary", summary)?),
            campaigns::generated_at.eq(now),
            campaigns::updated_at.eq(now),
        ))
        .execute(conn)?)
}

/// The generation failed or was cancelled: a draft again. Nothing happens in any other state.
pub fn abandon_generation(conn: &mut Conn, id: CampaignId, now: DateTime<Utc>) -> StoreResult<()> {
    diesel::update(of_states(id, &["training"]))
        .set((campaigns::state.eq(CampaignState::Draft.name()), campaigns::updated_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

pub fn approve(
    conn: &mut Conn,
    id: CampaignId,
    by: Option<AccountId>,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    one(diesel::update(of_states(id, &["generated"]))
        .set((
            campaigns::state.eq(CampaignState::Approved.name()),
            campaigns::approved_at.eq(now),
            campaigns::approved_by.eq(by.map(|account| account.0)),
            campaigns::updated_at.eq(now),
        ))
        .execute(conn)?)
}

/// Undoes an approval.
pub fn withdraw_approval(conn: &mut Conn, id: CampaignId, now: DateTime<Utc>) -> StoreResult<()> {
    one(diesel::update(of_states(id, &["approved"]))
        .set((
            campaigns::state.eq(CampaignState::Generated.name()),
            campaigns::approved_at.eq(None::<DateTime<Utc>>),
            campaigns::approved_by.eq(None::<i32>),
            campaigns::updated_at.eq(now),
        ))
        .execute(conn)?)
}

/// The mail went out at `sent_at`.
pub fn mark_sent(
    conn: &mut Conn,
    id: CampaignId,
    sent_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    one(diesel::update(of_states(id, &["approved"]))
        .set((
            campaigns::state.eq(CampaignState::Sent.name()),
            campaigns::sent_at.eq(sent_at),
            campaigns::updated_at.eq(now),
        ))
        .execute(conn)?)
}

pub fn close(conn: &mut Conn, id: CampaignId, now: DateTime<Utc>) -> StoreResult<()> {
    one(diesel::update(of_states(id, &["sent"]))
        .set((
            campaigns::state.eq(CampaignState::Closed.name()),
            campaigns::closed_at.eq(now),
            campaigns::updated_at.eq(now),
        ))
        .execute(conn)?)
}

/// Only what was never approved may be deleted.
pub fn delete(conn: &mut Conn, id: CampaignId) -> StoreResult<()> {
    one(diesel::delete(of_states(id, &["draft", "generated"])).execute(conn)?)
}

#[diesel::dsl::auto_type]
fn of_states<'a>(id: CampaignId, states: &'a [&'a str]) -> _ {
    let number: i32 = id.0;
    campaigns::table.filter(campaigns::id.eq(number)).filter(campaigns::state.eq_any(states))
}

fn one(changed: usize) -> StoreResult<()> {
    if changed == 1 { Ok(()) } else { Err(StoreError::Stale) }
}
