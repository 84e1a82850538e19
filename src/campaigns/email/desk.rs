//! What an e-mail is written and looked at with: its text as it is saved or typed, and one recipient to show it for.

use super::gallery::GALLERY;
use super::mailing::{Addressee, Mailing, MailingError, Origin as Whose};
use super::template::{Rendered, Source};
use crate::campaigns::pages::find;
use crate::campaigns::people::Person;
use crate::campaigns::preview::generation;
use crate::history::{History, HistoryError, Snapshot};
use crate::ids::{AccountId, CampaignId};
use crate::installation::Installation;
use crate::picker::catalogue::Catalogue;
use crate::picker::picks_file::{self, Recipient, StoredPick};
use crate::picker::plan::{Arm, Origin, Plan};
use crate::picker::reason::Why;
use crate::pictures::MailAddresses;
use crate::records::Customer;
use crate::store::campaigns::{Campaign, CampaignState};
use crate::store::emails::{self, CampaignEmail, EmailSettings};
use crate::store::{Conn, StoreResult};
use crate::web::WebError;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Texts that are kept while they are typed: older ones make room.
const KEPT: usize = 32;

/// E-mails as they are typed: a frame shows them from an address of its own before they are saved. With them, what
/// reading anew for each letter would make slow.
#[derive(Default)]
pub struct Drafts(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    last: u64,
    drafts: VecDeque<Draft>,
    catalogue: Option<(u64, Arc<Catalogue>)>,
    person: Option<(u64, Customer)>,
}

struct Draft {
    number: u64,
    account: AccountId,
    campaign: CampaignId,
    email: CampaignEmail,
}

impl Drafts {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// In the place of what the account typed for the campaign before; answers its number.
    pub fn keep(&self, account: AccountId, campaign: CampaignId, email: CampaignEmail) -> u64 {
        let mut kept = self.kept();
        kept.drafts.retain(|draft| (draft.account, draft.campaign) != (account, campaign));
        if kept.drafts.len() == KEPT {
            kept.drafts.pop_front();
        }
        kept.last += 1;
        let number = kept.last;
        kept.drafts.push_back(Draft { number, account, campaign, email });
        number
    }

    /// What the account typed for the campaign, if it is still the one of that number; of any number for `None`.
    pub fn of(
        &self,
        account: AccountId,
        campaign: CampaignId,
        number: Option<u64>,
    ) -> Option<(u64, CampaignEmail)> {
        let kept = self.kept();
        let is_it = |draft: &&Draft| {
            (draft.account, draft.campaign) == (account, campaign)
                && number.is_none_or(|number| number == draft.number)
        };
        kept.drafts.iter().find(is_it).map(|draft| (draft.number, draft.email.clone()))
    }

    pub fn catalogue(&self, snapshot: &Snapshot) -> Result<Arc<Catalogue>, HistoryError> {
        if let Some((version, catalogue)) = &self.kept().catalogue
            && *version == snapshot.version()
        {
            return Ok(catalogue.clone());
        }
        let catalogue = Arc::new(Catalogue::new(snapshot.products()?));
        self.kept().catalogue = Some((snapshot.version(), catalogue.clone()));
        Ok(catalogue)
    }

    /// Nobody's name where the shop does not know the customer.
    fn person(&self, snapshot: &Snapshot, id: &str) -> Result<Customer, HistoryError> {
        if let Some((version, person)) = &self.kept().person
            && (*version, person.id.as_str()) == (snapshot.version(), id)
        {
            return Ok(person.clone());
        }
        let mut person = Customer { id: id.to_owned(), ..Customer::default() };
        for customer in snapshot.customers()? {
            let customer = customer?;
            if customer.id == id {
                person = customer;
                break;
            }
        }
        self.kept().person = Some((snapshot.version(), person.clone()));
        Ok(person)
    }
}

pub fn internal(error: &dyn std::fmt::Display) -> WebError {
    WebError::Internal(error.to_string())
}

pub fn snapshot(installation: &Installation) -> Result<Snapshot, WebError> {
    History::open(&installation.folder.history(installation.shop_id()))
        .and_then(|history| history.snapshot())
        .map_err(|error| internal(&error))
}

pub fn settings(installation: &Installation) -> Result<EmailSettings, WebError> {
    Ok(installation.store.read(|conn| emails::settings(conn, installation.shop_id()))?)
}

/// The same, where the state is at hand.
pub fn of_campaign(conn: &mut Conn, campaign: CampaignId) -> StoreResult<CampaignEmail> {
    let first = || CampaignEmail {
        subject: GALLERY[0].subject.into(),
        preheader: GALLERY[0].preheader.into(),
        mjml: GALLERY[0].mjml.into(),
        version: 0,
    };
    Ok(emails::of(conn, campaign)?.unwrap_or_else(first))
}

/// The campaign's e-mail; the first starting template while nobody wrote one.
pub fn saved(installation: &Installation, campaign: &Campaign) -> Result<CampaignEmail, WebError> {
    Ok(installation.store.read(|conn| of_campaign(conn, campaign.id))?)
}

pub fn source(email: &CampaignEmail) -> Source<'_> {
    Source { subject: &email.subject, preheader: &email.preheader, mjml: &email.mjml }
}

/// For whom the e-mail is shown.
pub struct Model {
    pub recipient: Recipient,
    /// No customer of the campaign: there are no picks yet.
    pub is_example: bool,
    /// Nobody of the id that was asked for gets the e-mail.
    pub is_stranger: bool,
}

pub fn model(
    installation: &Installation,
    campaign: &Campaign,
    catalogue: &Catalogue,
    asked: &str,
) -> Result<Model, WebError> {
    if campaign.generation.is_none()
        || matches!(campaign.state, CampaignState::Draft | CampaignState::Training)
    {
        let plan: Plan = campaign.plan()?;
        return Ok(Model { recipient: example(catalogue, plan.slots), is_example: true, is_stranger: false });
    }
    let folder = generation(installation, campaign)?;
    let arms = picks_file::arms(&folder).map_err(|error| internal(&error))?;
    let gets_mail = |(_, arm): &&(String, Arm)| *arm != Arm::Holdout;
    let found = arms.iter().find(|(id, _)| id == asked).filter(gets_mail);
    let Some((customer, arm)) = found.or_else(|| arms.iter().find(gets_mail)) else {
        return Ok(Model { recipient: example(catalogue, 0), is_example: true, is_stranger: false });
    };
    let picks = picks_file::picks_of(&folder, customer).map_err(|error| internal(&error))?;
    let recipient = Recipient { customer: customer.clone(), arm: *arm, picks };
    Ok(Model { recipient, is_example: false, is_stranger: !asked.is_empty() && found.is_none() })
}

/// Somebody made up, with products that the shop sells.
fn example(catalogue: &Catalogue, slots: u8) -> Recipient {
    let customer = "example".to_owned();
    let sold = catalogue.products().iter().filter(|product| product.active);
    let pick = |(slot, product): (u8, &crate::records::Product)| StoredPick {
        customer: customer.clone(),
        slot,
        product: product.id.clone(),
        score: 0.0,
        origin: Origin::Popular,
        why: Why::Popular,
        reason_product: None,
    };
    let picks = (1..=slots).zip(sold).map(pick).collect();
    Recipient { customer, arm: Arm::Picks, picks }
}

/// A recipient's e-mail, or what is wrong with the template.
pub struct Written {
    pub rendered: Rendered,
    pub notes: Vec<String>,
    pub model: Model,
}

pub fn write(
    installation: &Installation,
    drafts: &Drafts,
    id: CampaignId,
    email: &CampaignEmail,
    asked: &str,
) -> Result<Result<Written, Vec<String>>, WebError> {
    let campaign = find(installation, id)?;
    let snapshot = snapshot(installation)?;
    let catalogue = drafts.catalogue(&snapshot).map_err(|error| internal(&error))?;
    let settings = settings(installation)?;
    let model = model(installation, &campaign, &catalogue, asked)?;
    let origin = Whose {
        campaign: campaign.id,
        name: &campaign.name,
        shop: &installation.shop,
        public_url: &installation.config.server.public_url,
        settings: &settings,
        pictures: MailAddresses::new(installation),
    };
    let mailing = match Mailing::new(origin, source(email), catalogue) {
        Ok(mailing) => mailing,
        Err(MailingError::Template(faults)) => {
            return Ok(Err(faults.iter().map(|fault| fault.sentence()).collect()));
        }
    };
    let known = match model.is_example {
        true => Customer { first_name: Some("Alex".into()), ..Customer::default() },
        false => drafts.person(&snapshot, &model.recipient.customer).map_err(|error| internal(&error))?,
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (first_name, last_name) = (text(&known.first_name), text(&known.last_name));
    let person = Person { first_name: &first_name, last_name: &last_name, ..Person::default() };
    let Recipient { customer, picks, .. } = &model.recipient;
    let rendered =
        mailing.write(&Addressee { customer, person, picks, unsubscribe_url: None, counting: None });
    let mut notes: Vec<String> = mailing.notes().iter().map(|fault| fault.sentence()).collect();
    // What Handpick sends itself has its own way out.
    if installation.config.mail.unsubscribe_url.is_empty() {
        notes.extend(mailing.missing().map(str::to_owned));
    }
    Ok(Ok(Written { rendered, notes, model }))
}
