//! A trial: one customer's e-mail, sent to somebody who works here. It unsubscribes nobody and counts for nothing.

use super::SendingError;
use super::letter::Letters;
use super::post::Post;
use crate::history::History;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::outside::smtp::{Delivery, Line};
use crate::picker::picks_file;
use crate::picker::plan::Arm;
use crate::store::campaigns;
use lettre::Address;

/// Sends the e-mail of `customer`, or of the first who gets one, to `to`. Answers whose it was.
pub fn trial(
    installation: &Installation,
    id: CampaignId,
    customer: Option<&str>,
    to: &str,
) -> Result<String, SendingError> {
    let mail = &installation.config.mail;
    let shop = installation.shop_id();
    let post = Post::new(&installation.config, &installation.shop.secret, id)?;
    let to: Address = to.trim().parse().map_err(|_| SendingError::Address(to.to_owned()))?;
    let campaign = installation.store.read(|conn| campaigns::by_id(conn, shop, id))?;
    let campaign = campaign.ok_or(SendingError::NoCampaign(id))?;
    let generation = campaign.generation.as_ref().ok_or(SendingError::NotApproved)?;
    let folder = installation.folder.campaign(shop, id).join(generation);
    let recipient = picks_file::recipients(&folder)?.find(|recipient| match recipient {
        Ok(found) => {
            let is_asked = customer.is_none_or(|customer| found.customer == customer);
            is_asked && found.arm != Arm::Holdout && !found.picks.is_empty()
        }
        Err(_) => true,
    });
    let recipient = recipient.transpose()?.ok_or(SendingError::Nobody)?;
    let snapshot = History::open(&installation.folder.history(shop))?.snapshot()?;
    let letters = Letters::read(installation, &campaign, &folder, &snapshot)?.uncounted();
    let letter = letters.letter(&recipient.customer, &recipient.picks, &post.trial_way_out());
    let message = post.trial(letter, &to, installation.now())?;
    let mut line = Line::open(mail)?;
    let delivery = line.hand_over((&post.envelope, &to), &message, || true);
    line.close();
    match delivery {
        Delivery::Taken(_) => Ok(recipient.customer),
        Delivery::Refused(said)
        | Delivery::Later(said)
        | Delivery::Lost(said)
        | Delivery::Unclear(said)
        | Delivery::SenderRefused(said) => Err(SendingError::NotTaken(said)),
        Delivery::Withheld => Err(SendingError::Nobody),
    }
}
