//! A report as an e-mail: three plain sentences, a link where there is an address to link to, and the report itself as PDF
//! and as a workbook.

use super::{LetterError, What};
use crate::config::Config;
use crate::installation::Installation;
use crate::keyed::{hex, keyed_bytes};
use crate::outside::dkim::signature;
use crate::reports::formats::Format;
use crate::reports::paper::Paper;
use crate::reports::{pages, pdf, programme, report_of, together, workbook};
use askama::Template;
use chrono::{DateTime, Utc};
use lettre::message::dkim::DkimConfig;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};

#[derive(Template)]
#[template(path = "reports/letter.html")]
struct Body<'a> {
    shop: &'a str,
    title: &'a str,
    about: &'a str,
    sentences: &'a [String],
    cautions: &'a [String],
    link: &'a str,
    /// The shop's colour, `#rrggbb`.
    accent: String,
}

/// What all e-mails with one report have in common.
pub struct Written {
    subject: String,
    text: String,
    html: String,
    /// Without ending.
    file: String,
    pdf: Vec<u8>,
    workbook: Vec<u8>,
}

/// Makes the report and what the e-mail says of it. Blocks.
pub fn write(installation: &Installation, what: What) -> Result<Written, LetterError> {
    let base = installation.config.server.public_url.trim_end_matches('/');
    let shop = &installation.shop.name;
    let (paper, subject, file, path) = match what {
        What::Campaign(id) => {
            let paper = pages::issue(installation, report_of(installation, id)?)?.paper;
            let subject = format!("{shop}: what “{}” earned", paper.name);
            (paper, subject, format!("report-{id}"), format!("/campaigns/{id}/report"))
        }
        What::Week(day) => {
            let (reports, left_out) = programme::reports(installation)?;
            let paper = together::paper(installation, reports, left_out)?;
            let subject = format!("{shop}: what the e-mails earned, week of {}", day.format("%-d %b %Y"));
            (paper, subject, format!("reports-{day}"), "/reports".to_owned())
        }
    };
    let link = if base.is_empty() { String::new() } else { format!("{base}{path}") };
    let sentences: Vec<String> = [&paper.verdict].into_iter().chain(&paper.summary).cloned().collect();
    let body = Body {
        shop,
        title: &paper.name,
        about: &paper.about,
        sentences: &sentences,
        cautions: &paper.cautions,
        link: &link,
        accent: format!("#{}", hex(&paper.accent)),
    };
    Ok(Written {
        html: body.render().map_err(|error| LetterError::Unwritable(error.to_string()))?,
        text: plain(&paper, &sentences, &link),
        pdf: pdf::pdf(&paper).map_err(LetterError::Unwritable)?,
        workbook: workbook::write(&paper).map_err(|error| LetterError::Unwritable(error.to_string()))?,
        subject,
        file,
    })
}

fn plain(paper: &Paper, sentences: &[String], link: &str) -> String {
    let mut parts = vec![format!("{}\n{}", paper.name, paper.about)];
    parts.extend(sentences.iter().cloned());
    parts.extend(paper.cautions.iter().map(|caution| format!("Keep in mind: {caution}")));
    parts.push("The report is attached, as PDF and as a workbook.".into());
    if !link.is_empty() {
        parts.push(format!("See it in Handpick: {link}"));
    }
    parts.join("\n\n")
}

/// Who writes.
pub struct Sender {
    from: Mailbox,
    reply_to: Option<Mailbox>,
    signature: Option<DkimConfig>,
}

impl Sender {
    pub fn new(config: &Config) -> Result<Self, LetterError> {
        let mail = &config.mail;
        let mailbox = |text: &str| text.parse().map_err(|_| LetterError::Address(text.to_owned()));
        Ok(Self {
            from: mailbox(&mail.from)?,
            reply_to: if mail.reply_to.is_empty() { None } else { Some(mailbox(&mail.reply_to)?) },
            signature: signature(mail)?,
        })
    }

    /// Where what cannot be delivered comes back to.
    pub fn envelope(&self) -> &Address {
        &self.from.email
    }

    /// As it goes over the line. Its message id is the same whenever it is written.
    pub fn packed(
        &self,
        written: &Written,
        what: What,
        to: &Address,
        (secret, now): (&[u8], DateTime<Utc>),
    ) -> Result<String, LetterError> {
        let unwritable = |reason: String| LetterError::Unwritable(reason);
        let key = keyed_bytes(secret, "report letter", format!("{}\n{to}", what.key()).as_bytes());
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(written.subject.replace(['\r', '\n'], " "))
            .date(now.into())
            .message_id(Some(format!("<report-{}@{}>", hex(&key[..16]), self.from.email.domain())));
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        let attached = |format: Format, bytes: &[u8]| {
            let kind =
                ContentType::parse(format.media_type()).map_err(|error| unwritable(error.to_string()))?;
            let name = format!("{}.{}", written.file, format.ending());
            Ok::<SinglePart, LetterError>(Attachment::new(name).body(bytes.to_owned(), kind))
        };
        let body = MultiPart::mixed()
            .multipart(MultiPart::alternative_plain_html(written.text.clone(), written.html.clone()))
            .singlepart(attached(Format::Pdf, &written.pdf)?)
            .singlepart(attached(Format::Xlsx, &written.workbook)?);
        let mut message = builder.multipart(body).map_err(|error| unwritable(error.to_string()))?;
        if let Some(signature) = &self.signature {
            message.sign(signature);
        }
        String::from_utf8(message.formatted()).map_err(|error| unwritable(error.to_string()))
    }
}
