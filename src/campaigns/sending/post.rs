//! A letter in its envelope: addresses, message id, the way to unsubscribe, the signature.

use super::SendingError;
use super::unsubscribe;
use crate::campaigns::email::Rendered;
use crate::campaigns::returns::{KEY_BYTES, message_id};
use crate::config::Config;
use crate::ids::CampaignId;
use crate::keyed::keyed;
use crate::outside::dkim::signature;
use chrono::{DateTime, Utc};
use lettre::message::dkim::DkimConfig;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder, MultiPart};
use lettre::{Address, Message};

/// What the envelopes of one campaign have in common.
pub struct Post<'a> {
    from: Mailbox,
    /// Where what cannot be delivered comes back to.
    pub envelope: Address,
    reply_to: Option<Mailbox>,
    /// Where whoever answers to unsubscribe is heard.
    desk: Address,
    is_read_here: bool,
    unsubscribe_base: &'a str,
    secret: &'a [u8],
    campaign: CampaignId,
    signature: Option<DkimConfig>,
}

impl<'a> Post<'a> {
    pub fn new(config: &'a Config, secret: &'a [u8], campaign: CampaignId) -> Result<Self, SendingError> {
        let (mail, returns) = (&config.mail, &config.mailbox);
        if !mail.is_on() {
            return Err(SendingError::Off);
        }
        let mailbox = |text: &str| text.parse().map_err(|_| SendingError::Address(text.to_owned()));
        let from: Mailbox = mailbox(&mail.from)?;
        let reply_to = if mail.reply_to.is_empty() { None } else { Some(mailbox(&mail.reply_to)?) };
        let own = match returns.is_on() {
            true => {
                Some(returns.address.parse().map_err(|_| SendingError::Address(returns.address.clone()))?)
            }
            false => None,
        };
        let answers = reply_to.as_ref().unwrap_or(&from).email.clone();
        Ok(Self {
            envelope: own.clone().unwrap_or_else(|| from.email.clone()),
            is_read_here: own.is_some(),
            desk: own.unwrap_or(answers),
            from,
            reply_to,
            unsubscribe_base: mail.unsubscribe_url.trim_end_matches('/'),
            secret,
            campaign,
            signature: signature(mail)?,
        })
    }

    /// Where this customer says that they want no more; `None` without a public address.
    pub fn unsubscribe_url(&self, customer: &str) -> Option<String> {
        let token = || unsubscribe::token(self.secret, self.campaign, customer);
        (!self.unsubscribe_base.is_empty())
            .then(|| format!("{}/unsubscribe/{}", self.unsubscribe_base, token()))
    }

    /// What the e-mail's own link leads to: that page; without a public address, an e-mail to whoever reads the
    /// answers.
    pub fn way_out(&self, customer: &str) -> String {
        self.unsubscribe_url(customer).unwrap_or_else(|| match self.is_read_here {
            true => format!("{}%20{}", self.mail_to_unsubscribe(), self.message_id(customer)),
            false => self.mail_to_unsubscribe(),
        })
    }

    fn mail_to_unsubscribe(&self) -> String {
        format!("mailto:{}?subject=unsubscribe", self.desk)
    }

    fn message_id(&self, customer: &str) -> String {
        message_id(self.campaign, &keyed(self.secret, "message", self.campaign.0, customer, KEY_BYTES))
    }

    /// The same in a trial: it looks real and unsubscribes nobody.
    pub fn trial_way_out(&self) -> String {
        match self.unsubscribe_base {
            "" => self.mail_to_unsubscribe(),
            base => format!("{base}/unsubscribe/{}", unsubscribe::TRIAL),
        }
    }

    /// The customer's letter as it goes over the line. Its message id is the same whenever it is written.
    pub fn packed(
        &self,
        letter: Rendered,
        (customer, to): (&str, &Address),
        now: DateTime<Utc>,
    ) -> Result<String, SendingError> {
        let id = self.message_id(customer);
        let url = self.way_out(customer);
        self.message(letter, (customer, to), (&id, Some(&url)), now)
    }

    /// A trial to somebody who works here.
    pub fn trial(&self, letter: Rendered, to: &Address, now: DateTime<Utc>) -> Result<String, SendingError> {
        let at = now.timestamp_micros().to_string();
        let id = keyed(self.secret, "trial", self.campaign.0, &at, 16);
        let letter = Rendered { subject: format!("[Trial] {}", letter.subject), ..letter };
        self.message(letter, ("(trial)", to), (&id, None), now)
    }

    fn message(
        &self,
        letter: Rendered,
        (customer, to): (&str, &Address),
        (id, unsubscribe_url): (&str, Option<&str>),
        now: DateTime<Utc>,
    ) -> Result<String, SendingError> {
        let mut builder: MessageBuilder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(letter.subject.replace(['\r', '\n'], " "))
            .date(now.into())
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())));
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        if let Some(url) = unsubscribe_url {
            builder = builder.raw_header(header("List-Unsubscribe", format!("<{url}>")));
            if !url.starts_with("mailto:") {
                // RFC 8058: a mail program unsubscribes with one click, by posting there.
                let one_click = header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".into());
                builder = builder.raw_header(one_click);
            }
        }
        let body = MultiPart::alternative_plain_html(letter.text, letter.html);
        let unwritable = |reason| SendingError::Unwritable { customer: customer.to_owned(), reason };
        let mut message = builder.multipart(body).map_err(|error| unwritable(error.to_string()))?;
        if let Some(signature) = &self.signature {
            message.sign(signature);
        }
        String::from_utf8(message.formatted()).map_err(|error| unwritable(error.to_string()))
    }
}

/// Addresses and tokens are ASCII and are not to be broken over lines.
fn header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.clone(), value)
}
