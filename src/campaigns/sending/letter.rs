//! The letters of one campaign: what its e-mail says to each recipient.

use super::SendingError;
use crate::campaigns::email::{self, Addressee, Counting, Mailing, Origin, Rendered};
use crate::campaigns::landing::Seal;
use crate::campaigns::people::{People, Person};
use crate::config::Mail;
use crate::history::Snapshot;
use crate::installation::Installation;
use crate::picker::catalogue::Catalogue;
use crate::picker::picks_file::{self, StoredPick};
use crate::store::campaigns::Campaign;
use crate::store::emails;
use std::path::Path;
use std::sync::Arc;

pub struct Letters {
    mailing: Mailing,
    people: People,
    counting: Option<Counting>,
}

impl Letters {
    /// What all of them share is read once: template, products, names.
    pub fn read(
        installation: &Installation,
        campaign: &Campaign,
        folder: &Path,
        snapshot: &Snapshot,
    ) -> Result<Self, SendingError> {
        let shop = &installation.shop;
        let (settings, written) = installation
            .store
            .read(|conn| Ok((emails::settings(conn, shop.id)?, email::of_campaign(conn, campaign.id)?)))?;
        let origin = Origin {
            campaign: campaign.id,
            name: &campaign.name,
            shop,
            public_url: &installation.config.server.public_url,
            settings: &settings,
        };
        let catalogue = Arc::new(Catalogue::new(snapshot.products()?));
        Ok(Self {
            mailing: Mailing::new(origin, email::source(&written), catalogue)?,
            counting: counting(&installation.config.mail, &shop.secret),
            people: People::read(picks_file::arms(folder)?, snapshot.customers()?)?,
        })
    }

    /// Nothing that is done with these is counted.
    pub fn uncounted(self) -> Self {
        Self { counting: None, ..self }
    }

    pub fn person(&self, customer: &str) -> Person<'_> {
        self.people.person(customer)
    }

    /// `unsubscribe_url` is where this one leaves the list.
    pub fn letter(&self, customer: &str, picks: &[StoredPick], unsubscribe_url: &str) -> Rendered {
        let (person, unsubscribe_url) = (self.person(customer), Some(unsubscribe_url));
        self.mailing.write(&Addressee {
            customer,
            person,
            picks,
            unsubscribe_url,
            counting: self.counting.as_ref(),
        })
    }
}

/// `None` unless an admin wants something counted, and the world can reach this Handpick.
fn counting(mail: &Mail, secret: &[u8]) -> Option<Counting> {
    let is_wanted = (mail.count_clicks || mail.count_opens) && !mail.unsubscribe_url.is_empty();
    let seal = || Seal::new(&mail.unsubscribe_url, secret);
    is_wanted.then(|| Counting { seal: seal(), clicks: mail.count_clicks, opens: mail.count_opens })
}
