//! A generation as files for the e-mail tool: CSV with a row per recipient (wide) or per pick (long), JSON Lines,
//! and the holdout in a file of its own, without addresses, so that nobody mails it by accident.
//!
//! UTF-8, RFC 4180. A cell that a spreadsheet would take for a formula gets an apostrophe in front.

pub use super::format::{Dialect, Format};
pub use super::links::slug;

use super::email::is_harmless;
use super::json_rows;
use super::links::Links;
use super::people::{People, Person};
use crate::history::{HistoryError, Snapshot};
use crate::ids::CampaignId;
use crate::picker::catalogue::Catalogue;
use crate::picker::picks_file::{self, PicksFileError, Recipient, StoredPick, arm_name, origin_name};
use crate::picker::plan::Arm;
use crate::picker::reason::Reader;
use crate::pictures::MailAddresses;
use crate::progress::Progress;
use crate::records::Product;
use chrono::{DateTime, SecondsFormat, Utc};
use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Picks(#[from] PicksFileError),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error("the file cannot be written: {0}")]
    Write(#[from] std::io::Error),
    #[error("a sheet has {0} rows; this campaign has more recipients. Take one of the CSV files")]
    TooManyRows(u64),
    #[error("the tool's files are fewer")]
    NoPart,
    #[error("cancelled")]
    Cancelled,
}

/// What the files are made of, read once for all of them.
pub struct Export<'a> {
    pub campaign: CampaignId,
    pub name: &'a str,
    pub slots: u8,
    pub currency: &'a str,
    pub(super) links: Links,
    pub exported_at: DateTime<Utc>,
    pictures: Option<&'a MailAddresses>,
    /// The generation's folder.
    pub folder: &'a Path,
    pub(super) catalogue: Catalogue,
    pub(super) people: People,
}

/// What identifies an export.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub campaign: CampaignId,
    pub name: &'a str,
    pub slots: u8,
    pub currency: &'a str,
    pub secret: &'a [u8],
    pub folder: &'a Path,
    pub exported_at: DateTime<Utc>,
    /// Where pictures' copies are, if the world can reach them there.
    pub pictures: Option<&'a MailAddresses>,
}

impl<'a> Export<'a> {
    pub fn read(source: Source<'a>, snapshot: &Snapshot) -> Result<Self, ExportError> {
        let arms = picks_file::arms(source.folder)?;
        let people = People::read(arms, snapshot.customers()?)?;
        Ok(Self::new(source, Catalogue::new(snapshot.products()?), people))
    }

    pub(super) fn new(source: Source<'a>, catalogue: Catalogue, people: People) -> Self {
        let Source { campaign, name, slots, currency, secret, folder, exported_at, pictures } = source;
        let links = Links::new(campaign, name, secret);
        Self { campaign, name, slots, currency, links, exported_at, pictures, folder, catalogue, people }
    }

    /// The product's address with the campaign's marks; `None` for one that would do more than lead somewhere.
    pub(super) fn link(&self, product: &Product, token: &str, slot: u8) -> Option<String> {
        let url = product.url.as_deref().filter(|url| is_harmless(url))?;
        Some(self.links.link(url, token, slot))
    }

    /// The address of Handpick's own copy where the world can reach it, else the shop's.
    pub(super) fn image<'p>(&self, product: &'p Product) -> Option<Cow<'p, str>> {
        let url = product.image.as_deref().filter(|url| is_harmless(url))?;
        let copy = self.pictures.and_then(|pictures| pictures.url(url));
        Some(copy.map_or(Cow::Borrowed(url), Cow::Owned))
    }

    /// Streams one file; answers its rows, without the header.
    pub fn write(
        &self,
        format: Format,
        dialect: Dialect,
        out: &mut impl Write,
        progress: &dyn Progress,
    ) -> Result<u64, ExportError> {
        let mut sheet = Sheet::new(self, format, dialect);
        sheet.header();
        let mut rows = 0;
        for (at, recipient) in picks_file::recipients(self.folder)?.enumerate() {
            rows += sheet.recipient(&recipient?)?;
            if at % 1_024 == 0 {
                out.write_all(&sheet.line)?;
                sheet.line.clear();
                progress.advance(1_024);
                if progress.cancelled() {
                    return Err(ExportError::Cancelled);
                }
            }
        }
        out.write_all(&sheet.line)?;
        out.flush()?;
        Ok(rows)
    }
}

/// The file being written, a batch of lines at a time.
struct Sheet<'e, 'a> {
    export: &'e Export<'a>,
    format: Format,
    dialect: Dialect,
    line: Vec<u8>,
    exported_at: String,
    id: String,
}

impl<'e, 'a> Sheet<'e, 'a> {
    fn new(export: &'e Export<'a>, format: Format, dialect: Dialect) -> Self {
        Self {
            exported_at: export.exported_at.to_rfc3339_opts(SecondsFormat::Secs, true),
            id: export.campaign.to_string(),
            line: Vec::with_capacity(1 << 20),
            export,
            format,
            dialect,
        }
    }

    fn header(&mut self) {
        let slot = |rank: u8| {
            let columns = ["id", "sku", "title", "url", "image", "price", "currency", "reason", "source"];
            columns.map(|column| format!("rec_{rank}_{column}"))
        };
        let words = |words: &str| words.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let columns = match self.format {
            Format::Wide => {
                let mut columns = words("email user_id first_name last_name language campaign_id variant");
                columns.extend((1..=self.export.slots).flat_map(slot));
                columns.extend(words("unsubscribe_url exported_at"));
                columns
            }
            Format::Long => words(
                "campaign_id user_id email variant rank item_id sku title url image price currency score source reason",
            ),
            Format::Holdout => words("user_id campaign_id variant exported_at"),
            Format::JsonLines => return,
        };
        if self.dialect == Dialect::Excel {
            self.line.extend_from_slice("\u{feff}".as_bytes());
        }
        for column in &columns {
            self.ours(column);
        }
        self.end();
    }

    /// Answers how many rows it became.
    fn recipient(&mut self, recipient: &Recipient) -> Result<u64, ExportError> {
        let is_holdout = recipient.arm == Arm::Holdout;
        if is_holdout != (self.format == Format::Holdout) {
            return Ok(0);
        }
        let export = self.export;
        let person = export.people.person(&recipient.customer);
        match self.format {
            Format::Wide => self.wide(recipient, person),
            Format::Long => {
                for pick in &recipient.picks {
                    self.long(recipient, person, pick);
                }
                return Ok(recipient.picks.len() as u64);
            }
            Format::JsonLines => self.json(recipient, person)?,
            Format::Holdout => {
                let (id, exported_at) = (self.id.clone(), self.exported_at.clone());
                self.text(&recipient.customer);
                for cell in [id.as_str(), arm_name(recipient.arm), &exported_at] {
                    self.ours(cell);
                }
                self.end();
            }
        }
        Ok(1)
    }

    fn wide(&mut self, recipient: &Recipient, person: Person<'_>) {
        for cell in [person.email, &recipient.customer, person.first_name, person.last_name, person.language]
        {
            self.text(cell);
        }
        let id = std::mem::take(&mut self.id);
        self.ours(&id);
        self.id = id;
        self.ours(arm_name(recipient.arm));
        let token = self.export.links.token(&recipient.customer);
        let mut picks = recipient.picks.iter().peekable();
        for rank in 1..=self.export.slots {
            match picks.next_if(|pick| pick.slot == rank) {
                Some(pick) => {
                    self.product(pick, &token);
                    let reason = reason(&self.export.catalogue, pick);
                    self.text(&reason);
                    self.ours(origin_name(pick.origin));
                }
                None => (0..9).for_each(|_| self.ours("")),
            }
        }
        // The address behind which the e-mail tool takes people off its list is the tool's own.
        self.ours("");
        let exported_at = std::mem::take(&mut self.exported_at);
        self.ours(&exported_at);
        self.exported_at = exported_at;
        self.end();
    }

    fn long(&mut self, recipient: &Recipient, person: Person<'_>, pick: &StoredPick) {
        let id = self.id.clone();
        self.ours(&id);
        self.text(&recipient.customer);
        self.text(person.email);
        self.ours(arm_name(recipient.arm));
        self.ours(&pick.slot.to_string());
        let token = self.export.links.token(&recipient.customer);
        self.product(pick, &token);
        self.ours(&format!("{:.6}", pick.score));
        self.ours(origin_name(pick.origin));
        let reason = reason(&self.export.catalogue, pick);
        self.text(&reason);
        self.end();
    }

    /// Id, sku, title, url, image, price, currency.
    fn product(&mut self, pick: &StoredPick, token: &str) {
        let export = self.export;
        let Some(number) = export.catalogue.number(&pick.product) else {
            // Erased from the history since: its id is all that is left.
            self.text(&pick.product);
            self.text(&pick.product);
            return (0..5).for_each(|_| self.ours(""));
        };
        let product = export.catalogue.product(number);
        self.text(&product.id);
        self.text(&product.id);
        self.text(&product.title);
        self.text(export.link(product, token, pick.slot).as_deref().unwrap_or_default());
        self.text(&export.image(product).unwrap_or_default());
        self.ours(&product.price.map(|price| price.to_string()).unwrap_or_default());
        let currency = product.currency.as_deref().unwrap_or(export.currency);
        self.text(if product.price.is_some() { currency } else { "" });
    }

    fn json(&mut self, recipient: &Recipient, person: Person<'_>) -> Result<(), ExportError> {
        let export = self.export;
        let token = export.links.token(&recipient.customer);
        let picks = recipient.picks.iter().map(|pick| {
            let product = export.catalogue.number(&pick.product).map(|n| export.catalogue.product(n));
            json_rows::Pick {
                rank: pick.slot,
                item_id: &pick.product,
                sku: &pick.product,
                title: product.map(|p| p.title.as_str()),
                url: product.and_then(|product| export.link(product, &token, pick.slot)),
                image: product.and_then(|product| export.image(product)),
                price: product.and_then(|p| p.price),
                currency: product.map(|p| p.currency.as_deref().unwrap_or(export.currency)),
                score: pick.score,
                source: origin_name(pick.origin),
                reason: reason(&export.catalogue, pick),
            }
        });
        let or_null = |text| Some(text).filter(|text: &&str| !text.is_empty());
        let row = json_rows::Row {
            campaign_id: export.campaign.0,
            user_id: &recipient.customer,
            email: or_null(person.email),
            first_name: or_null(person.first_name),
            last_name: or_null(person.last_name),
            language: or_null(person.language),
            variant: arm_name(recipient.arm),
            picks: picks.collect(),
            exported_at: &self.exported_at,
        };
        serde_json::to_writer(&mut self.line, &row).map_err(std::io::Error::from)?;
        self.line.push(b'\n');
        Ok(())
    }

    /// A cell whose text comes from the shop.
    fn text(&mut self, text: &str) {
        if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
            self.cell("'", text);
        } else {
            self.cell("", text);
        }
    }

    /// A cell that we wrote ourselves: a number's sign stays a sign.
    fn ours(&mut self, text: &str) {
        self.cell("", text);
    }

    fn cell(&mut self, before: &str, text: &str) {
        let delimiter = self.dialect.delimiter();
        let special = |byte: u8| byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r');
        if text.bytes().any(special) {
            self.line.push(b'"');
            self.line.extend_from_slice(before.as_bytes());
            for byte in text.bytes() {
                if byte == b'"' {
                    self.line.push(b'"');
                }
                self.line.push(byte);
            }
            self.line.push(b'"');
        } else {
            self.line.extend_from_slice(before.as_bytes());
            self.line.extend_from_slice(text.as_bytes());
        }
        self.line.push(delimiter);
    }

    /// The last cell's delimiter becomes the line's end.
    fn end(&mut self) {
        self.line.pop();
        self.line.extend_from_slice(b"\r\n");
    }
}

/// The reason as a sentence, with the titles of today.
pub fn reason(catalogue: &Catalogue, pick: &StoredPick) -> String {
    reason_for(Reader::Shop, catalogue, pick)
}

pub fn reason_for(reader: Reader, catalogue: &Catalogue, pick: &StoredPick) -> String {
    let product = |id: &str| catalogue.number(id).map(|number| catalogue.product(number));
    let past = pick.reason_product.as_deref().map(|id| product(id).map_or(id, |p| p.title.as_str()));
    let category = product(&pick.product).and_then(|product| product.category.as_deref());
    pick.why.sentence(reader, past, category)
}

#[cfg(test)]
#[path = "export_tests.rs"]
mod tests;
