//! What recipients did with e-mails that Handpick sent.

use super::schema::{mails, responses};
use super::{Conn, StoreResult};
use crate::ids::CampaignId;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseKind {
    Open,
    Click,
    /// A link that no person sees was followed.
    Trap,
}

impl ResponseKind {
    const ALL: [Self; 3] = [Self::Open, Self::Click, Self::Trap];

    const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Click => "click",
            Self::Trap => "trap",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub customer: String,
    pub kind: ResponseKind,
    pub slot: Option<i32>,
    pub product: Option<String>,
    pub at: DateTime<Utc>,
    /// Whoever followed the link called itself a program.
    pub by_program: bool,
}

pub fn add(conn: &mut Conn, campaign: CampaignId, response: &Response) -> StoreResult<()> {
    diesel::insert_into(responses::table)
        .values((
            responses::campaign_id.eq(campaign.0),
            responses::customer.eq(&response.customer),
            responses::kind.eq(response.kind.name()),
            responses::slot.eq(response.slot),
            responses::product.eq(&response.product),
            responses::at.eq(response.at),
            responses::by_program.eq(response.by_program),
        ))
        .execute(conn)?;
    Ok(())
}

type Row = (String, String, Option<i32>, Option<String>, DateTime<Utc>, bool);

/// By customer, then time.
pub fn of_campaign(conn: &mut Conn, campaign: CampaignId) -> StoreResult<Vec<Response>> {
    let rows: Vec<Row> = responses::table
        .filter(responses::campaign_id.eq(campaign.0))
        .order((responses::customer, responses::at, responses::id))
        .select((
            responses::customer,
            responses::kind,
            responses::slot,
            responses::product,
            responses::at,
            responses::by_program,
        ))
        .load(conn)?;
    let response = |(customer, kind, slot, product, at, by_program): Row| {
        // The table's CHECK admits no other word.
        let kind = ResponseKind::ALL.into_iter().find(|known| known.name() == kind)?;
        Some(Response { customer, kind, slot, product, at, by_program })
    };
    Ok(rows.into_iter().filter_map(response).collect())
}

/// When each customer who responded got the e-mail, by customer.
pub fn sent_at(conn: &mut Conn, campaign: CampaignId) -> StoreResult<Vec<(String, DateTime<Utc>)>> {
    let responded =
        responses::table.filter(responses::campaign_id.eq(campaign.0)).select(responses::customer);
    let rows: Vec<(String, Option<DateTime<Utc>>)> = mails::table
        .filter(mails::campaign_id.eq(campaign.0).and(mails::customer.eq_any(responded)))
        .order(mails::customer)
        .select((mails::customer, mails::attempted_at))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(customer, at)| Some((customer, at?))).collect())
}

/// Who clicked when, by whoever did not call itself a program.
pub fn clicks(conn: &mut Conn, campaign: CampaignId) -> StoreResult<Vec<(String, DateTime<Utc>)>> {
    Ok(responses::table
        .filter(responses::campaign_id.eq(campaign.0))
        .filter(responses::kind.eq(ResponseKind::Click.name()).and(responses::by_program.eq(false)))
        .order(responses::id)
        .select((responses::customer, responses::at))
        .load(conn)?)
}
