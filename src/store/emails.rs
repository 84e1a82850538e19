//! E-mails: what all of a shop's look like, each campaign's own, and what was said of single recipients' picks.

use super::schema::{campaign_emails, email_settings, recipient_verdicts};
use super::{Conn, StoreError, StoreResult};
use crate::ids::{AccountId, CampaignId, ShopId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use std::collections::HashMap;

/// What all e-mails of a shop share. Empty texts are not set.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = email_settings)]
pub struct EmailSettings {
    /// `#rrggbb`
    pub colour: String,
    pub logo_url: String,
    pub sender_name: String,
    pub footer: String,
    /// An address, or what the e-mail tool puts one for.
    pub unsubscribe_url: String,
}

impl Default for EmailSettings {
    fn default() -> Self {
        let none = String::new;
        Self {
            colour: "#0f6e5c".into(),
            logo_url: none(),
            sender_name: none(),
            footer: none(),
            unsubscribe_url: none(),
        }
    }
}

pub fn settings(conn: &mut Conn, shop: ShopId) -> StoreResult<EmailSettings> {
    let columns = (
        email_settings::colour,
        email_settings::logo_url,
        email_settings::sender_name,
        email_settings::footer,
        email_settings::unsubscribe_url,
    );
    let found = email_settings::table.find(shop.0).select(columns).first(conn).optional()?;
    Ok(found.unwrap_or_default())
}

pub fn put_settings(
    conn: &mut Conn,
    shop: ShopId,
    settings: &EmailSettings,
    by: AccountId,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let noted = (email_settings::updated_at.eq(now), email_settings::updated_by.eq(by.0));
    diesel::insert_into(email_settings::table)
        .values((email_settings::shop_id.eq(shop.0), settings, noted))
        .on_conflict(email_settings::shop_id)
        .do_update()
        .set((settings, noted))
        .execute(conn)?;
    Ok(())
}

/// A campaign's e-mail as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct CampaignEmail {
    pub subject: String,
    pub preheader: String,
    pub mjml: String,
    /// Grows with each edit, from 1.
    pub version: i32,
}

/// `None` while nobody wrote one. The caller has made sure that the campaign is the shop's.
pub fn of(conn: &mut Conn, campaign: CampaignId) -> StoreResult<Option<CampaignEmail>> {
    let columns = (
        campaign_emails::subject,
        campaign_emails::preheader,
        campaign_emails::mjml,
        campaign_emails::version,
    );
    Ok(campaign_emails::table.find(campaign.0).select(columns).first(conn).optional()?)
}

/// Keeps an edit that was made on `email.version`, which is 0 for the first; [`StoreError::Stale`] when somebody
/// saved in between.
pub fn put(
    conn: &mut Conn,
    campaign: CampaignId,
    email: &CampaignEmail,
    by: AccountId,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let known = of(conn, campaign)?.map_or(0, |known| known.version);
    if known != email.version {
        return Err(StoreError::Stale);
    }
    diesel::replace_into(campaign_emails::table)
        .values((
            campaign_emails::campaign_id.eq(campaign.0),
            campaign_emails::subject.eq(&email.subject),
            campaign_emails::preheader.eq(&email.preheader),
            campaign_emails::mjml.eq(&email.mjml),
            campaign_emails::version.eq(email.version + 1),
            campaign_emails::updated_at.eq(now),
            campaign_emails::updated_by.eq(by.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// What somebody said of one recipient's picks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Approved,
    Flagged,
}

impl Verdict {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Flagged => "flagged",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Approved, Self::Flagged].into_iter().find(|verdict| verdict.name() == name)
    }
}

/// By customer, for the picks of one generation.
pub fn verdicts(
    conn: &mut Conn,
    campaign: CampaignId,
    generation: &str,
) -> StoreResult<HashMap<String, Verdict>> {
    let rows: Vec<(String, String)> = recipient_verdicts::table
        .filter(recipient_verdicts::campaign_id.eq(campaign.0))
        .filter(recipient_verdicts::generation.eq(generation))
        .select((recipient_verdicts::customer, recipient_verdicts::verdict))
        .load(conn)?;
    let verdict = |(customer, name): (String, String)| Some((customer, Verdict::from_name(&name)?));
    Ok(rows.into_iter().filter_map(verdict).collect())
}

/// `None` takes back what was said.
pub fn judge(
    conn: &mut Conn,
    (campaign, generation, customer): (CampaignId, &str, &str),
    verdict: Option<Verdict>,
    by: AccountId,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let Some(verdict) = verdict else {
        diesel::delete(recipient_verdicts::table.find((campaign.0, generation, customer))).execute(conn)?;
        return Ok(());
    };
    diesel::replace_into(recipient_verdicts::table)
        .values((
            recipient_verdicts::campaign_id.eq(campaign.0),
            recipient_verdicts::generation.eq(generation),
            recipient_verdicts::customer.eq(customer),
            recipient_verdicts::verdict.eq(verdict.name()),
            recipient_verdicts::at.eq(now),
            recipient_verdicts::account_id.eq(by.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// Gives `to` what `from` says; nothing where nobody wrote it.
pub fn copy(conn: &mut Conn, from: CampaignId, to: CampaignId, now: DateTime<Utc>) -> StoreResult<()> {
    let Some(email) = of(conn, from)? else { return Ok(()) };
    diesel::replace_into(campaign_emails::table)
        .values((
            campaign_emails::campaign_id.eq(to.0),
            campaign_emails::subject.eq(email.subject),
            campaign_emails::preheader.eq(email.preheader),
            campaign_emails::mjml.eq(email.mjml),
            campaign_emails::version.eq(1),
            campaign_emails::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}
