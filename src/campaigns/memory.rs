//! What earlier campaigns sent: which products whom, and how often.

use super::generate::GenerateError;
use crate::history::{EventRange, Snapshot};
use crate::ids::CampaignId;
use crate::index::Index;
use crate::installation::Installation;
use crate::picker::catalogue::Catalogue;
use crate::picker::picks_file;
use crate::picker::plan::{Arm, Effect, Plan};
use crate::picker::rules::Lately;
use crate::records::EventKind;
use crate::store::campaigns::{self, Campaign};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

/// Campaigns sent before a moment, the newest first, without one.
struct Sent {
    campaigns: Vec<(DateTime<Utc>, PathBuf)>,
}

impl Sent {
    fn before(
        installation: &Installation,
        but: CampaignId,
        as_of: DateTime<Utc>,
    ) -> Result<Self, GenerateError> {
        let shop = installation.shop_id();
        let all = installation.store.read(|conn| campaigns::all(conn, shop))?;
        let folder = |campaign: &Campaign| {
            let generation = campaign.generation.as_ref()?;
            let sent_at = campaign.sent_at.filter(|at| *at < as_of)?;
            Some((sent_at, installation.folder.campaign(shop, campaign.id).join(generation)))
        };
        let mut campaigns: Vec<_> =
            all.iter().filter(|campaign| campaign.id != but).filter_map(folder).collect();
        campaigns.sort_by(|a, b| b.cmp(a));
        Ok(Self { campaigns })
    }
}

/// What was shown whom in as many campaigns as the plan's rules ask for, less what they clicked since; `None` when no
/// rule asks.
pub fn lately(
    installation: &Installation,
    campaign: CampaignId,
    plan: &Plan,
    snapshot: &Snapshot,
    as_of: DateTime<Utc>,
) -> Result<Option<Lately>, GenerateError> {
    let asked = campaigns_asked(plan);
    if asked == 0 {
        return Ok(None);
    }
    let mut sent = Sent::before(installation, campaign, as_of)?;
    sent.campaigns.truncate(usize::from(asked));
    let Some((oldest, _)) = sent.campaigns.last() else { return Ok(Some(Lately::default())) };
    let catalogue = Catalogue::new(snapshot.products()?);
    let clicks = clicks(snapshot, EventRange::between(*oldest, as_of), &catalogue)?;
    let mut lately = Lately::default();
    for (sent_at, folder) in &sent.campaigns {
        let is_clicked = |customer: &str, product: u32| {
            let customer = clicks.customers.number(customer);
            customer
                .and_then(|customer| clicks.last.get(&(customer, product)))
                .is_some_and(|at| at >= sent_at)
        };
        let mut shown = Vec::new();
        for recipient in picks_file::recipients(folder)? {
            let recipient = recipient?;
            let number = |pick: &picks_file::StoredPick| {
                let number = catalogue.number(&pick.product)?;
                (!is_clicked(&recipient.customer, number)).then_some(number)
            };
            let products = recipient.picks.iter().filter_map(number).collect();
            shown.push((recipient.customer, products));
        }
        lately.add(
            shown
                .iter()
                .map(|(customer, products): &(String, Vec<u32>)| (customer.as_str(), products.clone())),
        );
    }
    Ok(Some(lately))
}

/// Of how many campaigns the plan's rules ask what was shown.
pub fn campaigns_asked(plan: &Plan) -> u8 {
    let asked = plan.rules.iter().filter(|rule| !rule.off).filter_map(|rule| match rule.effect {
        Effect::NotPickedLately { campaigns } => Some(campaigns),
        _ => None,
    });
    asked.max().unwrap_or(0)
}

/// When which customer clicked which product last.
struct Clicks {
    customers: Index,
    last: HashMap<(u32, u32), DateTime<Utc>>,
}

fn clicks(snapshot: &Snapshot, range: EventRange, catalogue: &Catalogue) -> Result<Clicks, GenerateError> {
    let mut clicks = Clicks { customers: Index::new(), last: HashMap::new() };
    for events in snapshot.events(range)? {
        for event in events?.iter().filter(|event| event.kind == EventKind::Click) {
            let product = event.product.and_then(|id| catalogue.number(id));
            let at = DateTime::from_timestamp_micros(event.at_us);
            if let (Some(customer), Some(product), Some(at)) = (event.customer, product, at) {
                let customer = clicks.customers.intern(customer);
                let last = clicks.last.entry((customer, product)).or_insert(at);
                *last = at.max(*last);
            }
        }
    }
    Ok(clicks)
}

/// The customers who got as many mails as the plan allows in its days; empty when it sets no limit.
pub fn mailed_enough(
    installation: &Installation,
    campaign: CampaignId,
    plan: &Plan,
    as_of: DateTime<Utc>,
) -> Result<HashSet<String>, GenerateError> {
    let (Some(most), Some(days)) = (plan.audience.mails_at_most, plan.audience.mails_within_days) else {
        return Ok(HashSet::new());
    };
    let since = as_of - TimeDelta::days(i64::from(days));
    let sent = Sent::before(installation, campaign, as_of)?;
    let mut mails: HashMap<String, u32> = HashMap::new();
    for (_, folder) in sent.campaigns.iter().filter(|(at, _)| *at >= since) {
        for (customer, _) in picks_file::arms(folder)?.into_iter().filter(|(_, arm)| *arm != Arm::Holdout) {
            *mails.entry(customer).or_default() += 1;
        }
    }
    Ok(mails.into_iter().filter(|(_, mails)| *mails >= most).map(|(customer, _)| customer).collect())
}
