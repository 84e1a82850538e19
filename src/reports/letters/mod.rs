//! Reports by e-mail: what all campaigns earned every week, and a campaign's report once its window has closed, to the
//! addresses that somebody who works here wrote down.
//!
//! A report and an address have one row, made when the report is due. It says *attempting*, on the disk, before the
//! e-mail's text goes over the line, and *sent* after the server's 250: nobody gets a report twice, and nobody none.
//! Found as *attempting* after a crash, it is *unclear* and goes out again only at a person's word.

mod due;
mod envelope;
pub mod pages;
mod post;
mod what;

pub use due::{come, queue_due};
pub use post::{Posted, job, post};
pub use what::What;

use super::ReportError;
use super::formats::FormatError;
use crate::history::HistoryError;
use crate::outside::dkim::KeyError;
use crate::store::StoreError;

/// The job's kind in the queue.
pub const JOB: &str = "mail-reports";

/// So many addresses at most: a report is for whoever works here, not for customers.
pub const MOST: usize = 50;

#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    #[error("{0} is not an e-mail address")]
    Address(String),
    #[error("the e-mail cannot be written: {0}")]
    Unwritable(String),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error(transparent)]
    Store(#[from] StoreError),
}
