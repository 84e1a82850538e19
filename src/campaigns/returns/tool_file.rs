//! An e-mail tool's file of what became of a campaign's e-mails: one row for each recipient, or one for each thing that
//! happened, whatever the tool.

use super::words::{Column, What, times};
use crate::campaigns::lists::{ListError, table};
use crate::picker::Removed;
use crate::sources::written_moment as moment;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// More of one recipient is a program's doing.
const MOST: u32 = 50;

/// What the file says of a recipient.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Of {
    /// As often as it was opened and clicked, with when, where the file says so.
    pub opens: Vec<Option<DateTime<Utc>>>,
    pub clicks: Vec<Option<DateTime<Utc>>>,
    /// Whether for ever.
    pub bounced: Option<bool>,
    pub unsubscribed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    #[error(transparent)]
    List(#[from] ListError),
    #[error("no column names the recipients; one should be called “email” or “user_id”")]
    NoRecipients,
    #[error(
        "no column says what became of the e-mails, such as “opens”, “clicks”, “bounced” or “unsubscribed”. If it is a \
         list of those who did one thing, say which"
    )]
    NoTelling,
    #[error("none of its {0} recipients got this campaign's e-mail; is it the file of another one?")]
    NobodyKnown(u64),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// By customer.
    pub recipients: BTreeMap<String, Of>,
    pub ignored: Vec<Removed>,
}

/// `all_did` is what everybody on the list did, where its columns do not tell; `customer` knows whose an address or id
/// is, of those who got the e-mail.
pub fn read(
    content: &[u8],
    all_did: Option<What>,
    zone: Tz,
    customer: &dyn Fn(&str) -> Option<String>,
) -> Result<Told, FileError> {
    let rows = table(content)?;
    let Some((head, rows)) = rows.split_first() else { return Err(ListError::Empty.into()) };
    let columns: Vec<Option<Column>> = head.iter().map(|heading| Column::of(heading)).collect();
    let at = |wanted: Column| columns.iter().position(|column| *column == Some(wanted));
    let who = at(Column::Email).or_else(|| at(Column::Customer)).ok_or(FileError::NoRecipients)?;
    let telling = [Column::Opens, Column::Clicks, Column::Bounced, Column::Unsubscribed, Column::Event];
    if all_did.is_none() && telling.into_iter().all(|column| at(column).is_none()) {
        return Err(FileError::NoTelling);
    }
    let mut told = Told::default();
    let (mut strangers, mut nothing) = (0, 0);
    for row in rows {
        let cell = |at: usize| row.get(at).map_or("", |cell| cell.trim());
        let Some(id) = customer(cell(who)) else {
            strangers += 1;
            continue;
        };
        let when = at(Column::When).and_then(|at| moment(cell(at), zone));
        let of = told.recipients.entry(id).or_default();
        let before = of.clone();
        match (all_did, at(Column::Event)) {
            (Some(what), _) => of.add(what, 1, when),
            (None, Some(at)) => What::of_word(cell(at)).into_iter().for_each(|what| of.add(what, 1, when)),
            (None, None) => {
                for (at, column) in columns.iter().enumerate().filter(|(at, _)| *at != who) {
                    of.column(*column, cell(at), when, zone);
                }
            }
        }
        nothing += u64::from(*of == before);
    }
    told.recipients.retain(|_, of| *of != Of::default());
    if strangers > 0 && strangers == rows.len() as u64 {
        return Err(FileError::NobodyKnown(strangers));
    }
    let why = [(strangers, "of nobody who got this e-mail"), (nothing, "that say nothing happened")];
    told.ignored = why
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, why)| Removed { why: why.into(), count })
        .collect();
    Ok(told)
}

impl Of {
    fn add(&mut self, what: What, times: u32, when: Option<DateTime<Utc>>) {
        let often = |all: &mut Vec<_>| {
            let room = MOST.saturating_sub(all.len() as u32);
            all.extend((0..times.min(room)).map(|_| when));
        };
        match what {
            What::Opened => often(&mut self.opens),
            What::Clicked => often(&mut self.clicks),
            What::HardBounce => self.bounced = Some(true),
            What::SoftBounce => self.bounced = Some(self.bounced.unwrap_or(false)),
            What::Unsubscribed => self.unsubscribed = true,
        }
    }

    fn column(&mut self, column: Option<Column>, cell: &str, when: Option<DateTime<Utc>>, zone: Tz) {
        let times = times(cell);
        // A column of times says when, and that it happened.
        let when = moment(cell, zone).or(when);
        match column {
            _ if times == 0 => {}
            Some(Column::Opens) => self.add(What::Opened, if when.is_some() { 1 } else { times }, when),
            Some(Column::Clicks) => self.add(What::Clicked, if when.is_some() { 1 } else { times }, when),
            Some(Column::Bounced) => {
                let soft = What::of_word(cell) == Some(What::SoftBounce);
                self.add(if soft { What::SoftBounce } else { What::HardBounce }, 1, None);
            }
            Some(Column::Unsubscribed) => self.add(What::Unsubscribed, 1, None),
            _ => {}
        }
    }
}

#[cfg(test)]
#[path = "tool_file_tests.rs"]
mod tests;
