//! Who gets an e-mail of a campaign: the customers of its audience, without the holdout, who have an address and did
//! not say no since. Everybody else of them gets a row that says why not.

use super::SendingError;
use crate::history::Snapshot;
use crate::picker::audience::is_dead;
use crate::picker::picks_file::{self, Recipient};
use crate::picker::plan::Arm;
use crate::progress::Progress;
use crate::records::Customer;
use crate::store::{bounces, mails, sendings, unsubscribes};
use crate::{ids::CampaignId, installation::Installation};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use twox_hash::XxHash3_128;

/// Rows written at a time: others write to the state too, and do not wait long.
const AT_A_TIME: usize = 5_000;

/// What the shop says of somebody now.
#[derive(Clone, Copy)]
enum Standing {
    /// With a fingerprint of the address: a million of them fit where a million addresses would not.
    Reachable(u128),
    Not(&'static str),
}

/// Gives every recipient of the published picks a row. What was interrupted is done again, and ends the same.
pub fn prepare(
    installation: &Installation,
    campaign: CampaignId,
    folder: &Path,
    snapshot: &Snapshot,
    progress: &dyn Progress,
) -> Result<(), SendingError> {
    let arms = picks_file::arms(folder)?;
    progress.phase("Writing the envelopes", Some(arms.len() as u64));
    let shop = installation.shop_id();
    let (unsubscribed, dead) = installation
        .store
        .read(|conn| Ok((unsubscribes::customers(conn, shop)?, bounces::dead_addresses(conn, shop)?)))?;
    let mut standing = vec![Standing::Not("The shop knows them no more."); arms.len()];
    for customer in snapshot.customers()? {
        let customer = customer?;
        if let Ok(at) = arms.binary_search_by(|(known, _)| known.as_str().cmp(&customer.id)) {
            standing[at] = of(&customer, &unsubscribed, &dead);
        }
    }
    let mut addresses = HashSet::new();
    let mut rows: Vec<(String, Option<&'static str>)> = Vec::with_capacity(AT_A_TIME);
    // By ascending id: of two customers with one address it is always the same who is left out.
    for (at, recipient) in picks_file::recipients(folder)?.enumerate() {
        let recipient = recipient?;
        if recipient.arm == Arm::Holdout {
            continue;
        }
        rows.push((recipient.customer.clone(), left_out(&recipient, standing[at], &mut addresses)));
        if rows.len() == AT_A_TIME {
            write(installation, campaign, &mut rows)?;
            progress.advance(AT_A_TIME as u64);
        }
    }
    write(installation, campaign, &mut rows)?;
    Ok(installation.store.write(|conn| sendings::finish_preparing(conn, campaign))?)
}

fn write(
    installation: &Installation,
    campaign: CampaignId,
    rows: &mut Vec<(String, Option<&'static str>)>,
) -> Result<(), SendingError> {
    let some: Vec<_> = rows.iter().map(|(customer, why)| (customer.as_str(), *why)).collect();
    installation.store.write(|conn| mails::add(conn, campaign, &some, installation.now()))?;
    rows.clear();
    Ok(())
}

fn of(customer: &Customer, unsubscribed: &HashSet<String>, dead: &HashMap<String, String>) -> Standing {
    let address = customer.email.as_deref().unwrap_or_default().trim();
    if !customer.active {
        Standing::Not("They are no customer any more.")
    } else if customer.mailable == Some(false) {
        Standing::Not("They asked for no e-mail.")
    } else if unsubscribed.contains(&customer.id) {
        Standing::Not("They unsubscribed.")
    } else if is_dead(dead, customer) {
        Standing::Not("Their mailbox does not exist: an e-mail came back.")
    } else if address.is_empty() {
        Standing::Not("The shop has no address of theirs.")
    } else if address.parse::<lettre::Address>().is_err() {
        Standing::Not("Their address is none.")
    } else {
        Standing::Reachable(XxHash3_128::oneshot(address.to_lowercase().as_bytes()))
    }
}

fn left_out(
    recipient: &Recipient,
    standing: Standing,
    addresses: &mut HashSet<u128>,
) -> Option<&'static str> {
    match standing {
        Standing::Not(why) => Some(why),
        Standing::Reachable(_) if recipient.picks.is_empty() => Some("No product was picked for them."),
        Standing::Reachable(address) => {
            (!addresses.insert(address)).then_some("Somebody else with the same address gets it.")
        }
    }
}
