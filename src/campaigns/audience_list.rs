//! Customers whom Handpick itself found, as a list that becomes a campaign's audience.

use crate::auth::SignedIn;
use crate::installation::Installation;
use crate::picker::plan::Plan;
use crate::store::campaigns::{self, Campaign};
use crate::store::id_lists::{self, ListKind};
use crate::web::WebError;

const LONGEST_NAME: usize = 200;

/// `version` is the one that the form was made of: who edited in the meantime is not overwritten.
pub fn become_audience(
    installation: &Installation,
    who: &SignedIn,
    (campaign, version): (&Campaign, &str),
    name: &str,
    ids: &[String],
) -> Result<(), WebError> {
    let mut plan: Plan = campaign.plan()?;
    let (now, shop, by) = (installation.now(), installation.shop_id(), Some(who.account.id));
    let name: String = name.chars().take(LONGEST_NAME).collect();
    let version = version.parse().unwrap_or(0);
    installation.store.write(|conn| {
        plan.audience.list = Some(id_lists::add(conn, shop, ListKind::Customers, &name, ids, by, now)?);
        campaigns::edit(conn, campaign.id, version, &campaign.name, &plan, by, now)
    })?;
    Ok(())
}
