//! What recipients did with e-mails that Handpick sent.

use super::schema::{mails, responses};
use super::{Conn, StoreResult};
use crate::ids::CampaignId;
use chrono::{DateTime, Utc};
use diesel::connection::DefaultLoadingMode;
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
    /// The e-mail tool saw it, and told people from programs in its own way.
    pub from_file: bool,
}

/// Nobody signs in to respond: so many are kept of a recipient, and what comes then changes nothing.
const MOST_OF_ONE: i64 = 500;

pub fn add(conn: &mut Conn, campaign: CampaignId, response: &Response) -> StoreResult<()> {
    let of_one = responses::campaign_id.eq(campaign.0).and(responses::customer.eq(&response.customer));
    if responses::table.filter(of_one).count().get_result::<i64>(conn)? >= MOST_OF_ONE {
        return Ok(());
    }
    diesel::insert_into(responses::table)
        .values((
            responses::campaign_id.eq(campaign.0),
            responses::customer.eq(&response.customer),
            responses::kind.eq(response.kind.name()),
            responses::slot.eq(response.slot),
            responses::product.eq(&response.product),
            responses::at.eq(response.at),
            responses::by_program.eq(response.by_program),
            responses::from_file.eq(response.from_file),
        ))
        .execute(conn)?;
    Ok(())
}

/// Forgets what files said of the customer.
pub fn forget_file(
    conn: &mut Conn,
    campaign: CampaignId,
    customer: &str,
    kind: ResponseKind,
) -> StoreResult<()> {
    let of_one = responses::campaign_id.eq(campaign.0).and(responses::customer.eq(customer));
    let told = responses::kind.eq(kind.name()).and(responses::from_file.eq(true));
    diesel::delete(responses::table.filter(of_one).filter(told)).execute(conn)?;
    Ok(())
}

type Row = (String, String, Option<i32>, Option<String>, DateTime<Utc>, bool, bool, Option<DateTime<Utc>>);

/// Each response by customer, then time, with when the customer got the e-mail.
pub fn each(
    conn: &mut Conn,
    campaign: CampaignId,
    mut with: impl FnMut(Response, Option<DateTime<Utc>>),
) -> StoreResult<()> {
    let its_mail = mails::campaign_id.eq(responses::campaign_id).and(mails::customer.eq(responses::customer));
    let rows = responses::table
        .left_join(mails::table.on(its_mail))
        .filter(responses::campaign_id.eq(campaign.0))
        .order((responses::customer, responses::at, responses::id))
        .select((
            responses::customer,
            responses::kind,
            responses::slot,
            responses::product,
            responses::at,
            responses::by_program,
            responses::from_file,
            mails::attempted_at.nullable(),
        ))
        .load_iter::<Row, DefaultLoadingMode>(conn)?;
    for row in rows {
        let (customer, kind, slot, product, at, by_program, from_file, sent_at) = row?;
        // The table's CHECK admits no other word.
        let Some(kind) = ResponseKind::ALL.into_iter().find(|known| known.name() == kind) else { continue };
        with(Response { customer, kind, slot, product, at, by_program, from_file }, sent_at);
    }
    Ok(())
}
