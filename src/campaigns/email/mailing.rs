//! All e-mails of one campaign: what is read once for them, and each recipient's own.

use super::fault::Fault;
use super::parts::{Mail, Shown, is_harmless};
use super::template::{Compiled, Rendered, Source, compile};
use crate::campaigns::export::reason_for;
use crate::campaigns::landing::{Seal, What};
use crate::campaigns::links::Links;
use crate::campaigns::people::Person;
use crate::ids::CampaignId;
use crate::picker::catalogue::Catalogue;
use crate::picker::picks_file::StoredPick;
use crate::picker::reason::Reader;
use crate::records::Product;
use crate::store::emails::EmailSettings;
use crate::store::shops::Shop;
use crate::web;
use std::borrow::Cow;
use std::sync::Arc;

#[derive(Debug, thiserror::Error)]
pub enum MailingError {
    #[error("the campaign's e-mail cannot be made: {}", .0.iter().map(Fault::sentence).collect::<Vec<_>>().join(" "))]
    Template(Vec<Fault>),
}

/// What an e-mail is filled from.
pub struct Mailing {
    compiled: Compiled,
    catalogue: Arc<Catalogue>,
    links: Links,
    /// Before addresses that name no host, `https://handpick.example`; empty when nobody configured one.
    base: String,
    currency: String,
    unsubscribe_url: String,
}

/// Whose e-mails they are.
#[derive(Clone, Copy)]
pub struct Origin<'a> {
    pub campaign: CampaignId,
    pub name: &'a str,
    pub shop: &'a Shop,
    /// How Handpick is reached, without which addresses that name no host stay as they are.
    pub public_url: &'a str,
    pub settings: &'a EmailSettings,
}

/// Whom an e-mail is for.
#[derive(Clone, Copy)]
pub struct Addressee<'a> {
    pub customer: &'a str,
    pub person: Person<'a>,
    /// By slot.
    pub picks: &'a [StoredPick],
    /// Where this one leaves the list; `None` for where the shop's settings say.
    pub unsubscribe_url: Option<&'a str>,
    /// What counts clicks and opens; `None` where nobody does.
    pub counting: Option<&'a Counting>,
}

/// How an e-mail tells what was done with it.
pub struct Counting {
    pub seal: Seal,
    pub clicks: bool,
    pub opens: bool,
}

impl Counting {
    fn what(campaign: CampaignId, customer: &str, slot: u8, product: &str) -> What {
        What { campaign, customer: customer.to_owned(), slot, product: product.to_owned() }
    }

    /// What stands at the end of the e-mail: a link that people do not see, which only programs follow, and a picture
    /// whose loading says that the e-mail was opened.
    fn end(&self, campaign: CampaignId, customer: &str) -> String {
        let what = Self::what(campaign, customer, 0, "");
        let mut end = String::new();
        if self.clicks {
            let link = self.seal.click(&what);
            end += &format!(
                "<a href=\"{link}\" style=\"display:none\" tabindex=\"-1\" aria-hidden=\"true\"></a>"
            );
        }
        if self.opens {
            let picture = self.seal.picture(&what);
            end +=
                &format!("<img src=\"{picture}\" width=\"1\" height=\"1\" alt=\"\" style=\"display:block\">");
        }
        end
    }
}

impl Mailing {
    pub fn new(
        origin: Origin<'_>,
        source: Source<'_>,
        catalogue: Arc<Catalogue>,
    ) -> Result<Self, MailingError> {
        let Origin { campaign, name, shop, public_url, settings } = origin;
        Ok(Self {
            compiled: compile(source, &shop.name, settings).map_err(MailingError::Template)?,
            catalogue,
            links: Links::new(campaign, name, &shop.secret),
            base: public_url.trim_end_matches('/').to_owned(),
            currency: shop.currency.clone(),
            unsubscribe_url: settings.unsubscribe_url.clone(),
        })
    }

    /// What MJML does not know, though it does no harm.
    pub fn notes(&self) -> &[Fault] {
        &self.compiled.notes
    }

    /// What the shop's e-mail settings lack.
    pub fn missing(&self) -> Option<&'static str> {
        self.unsubscribe_url.is_empty().then_some(
            "The link to leave the list leads nowhere yet: say in the shop's e-mail settings what your e-mail tool puts there.",
        )
    }

    /// The same addressee gets the same, whenever it is written.
    pub fn write(&self, to: &Addressee<'_>) -> Rendered {
        let mut rendered = self.compiled.fill(&self.mail(to));
        if let (Some(counting), Some(at)) = (to.counting, rendered.html.rfind("</body>")) {
            rendered.html.insert_str(at, &counting.end(self.links.campaign(), to.customer));
        }
        rendered
    }

    /// Over what `rendered` held before.
    pub fn write_into(&self, to: &Addressee<'_>, rendered: &mut Rendered) {
        self.compiled.fill_into(&self.mail(to), rendered);
    }

    fn mail<'a>(&'a self, to: &Addressee<'a>) -> Mail<'a> {
        let token = self.links.token(to.customer);
        Mail {
            first_name: to.person.first_name,
            last_name: to.person.last_name,
            unsubscribe_url: to.unsubscribe_url.map_or_else(|| self.unsubscribe(&token), str::to_owned),
            products: to.picks.iter().filter_map(|pick| self.shown(pick, to, &token)).collect(),
        }
    }

    /// `None` for a product that the shop does not know any more: nobody is sent a bare number.
    fn shown<'a>(&'a self, pick: &'a StoredPick, to: &Addressee<'a>, token: &str) -> Option<Shown<'a>> {
        let product = self.catalogue.product(self.catalogue.number(&pick.product)?);
        let url = product.url.as_deref().filter(|url| is_harmless(url));
        let link = |url: &str| match to.counting.filter(|counting| counting.clicks) {
            Some(counting) => {
                let what = Counting::what(self.links.campaign(), to.customer, pick.slot, &pick.product);
                counting.seal.click(&what)
            }
            None => self.links.link(&self.absolute(url), token, pick.slot),
        };
        Some(Shown {
            title: &product.title,
            brand: product.brand.as_deref().unwrap_or_default(),
            price: self.price(product),
            reason: reason_for(Reader::Customer, &self.catalogue, pick),
            url: url.map(link).unwrap_or_default(),
            image_url: self
                .absolute(product.image.as_deref().filter(|url| is_harmless(url)).unwrap_or_default()),
        })
    }

    fn price(&self, product: &Product) -> String {
        let currency = product.currency.as_deref().unwrap_or(&self.currency);
        product.price.map(|price| web::money(price, currency)).unwrap_or_default()
    }

    /// An e-mail has no page that its addresses could be relative to.
    fn absolute<'a>(&self, address: &'a str) -> Cow<'a, str> {
        if address.starts_with('/') && !address.starts_with("//") && !self.base.is_empty() {
            return Cow::Owned(format!("{}{address}", self.base));
        }
        Cow::Borrowed(address)
    }

    /// The e-mail tool's own words stay as they are; an address says who leaves.
    fn unsubscribe(&self, token: &str) -> String {
        let url = &self.unsubscribe_url;
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return url.clone();
        }
        let joint = if url.contains('?') { '&' } else { '?' };
        format!("{url}{joint}hp={token}")
    }
}
