//! A campaign's e-mails on their way to the mail server: nobody twice, nobody forgotten.
//!
//! Each recipient has one row. It says *attempting*, on the disk, before an e-mail's text goes over the line, and *sent*
//! after the server's 250. A row found as *attempting* after a crash, or an e-mail whose end the server did not answer,
//! is *unclear*: it may have arrived. Nobody unclear is mailed again without a person's word; the e-mail then has the
//! message id that it had, by which a mail server can tell the second from a new one.
//!
//! What is written is the campaign's e-mail ([`Letters`]); who gets it is decided when the sending begins ([`recipients`]), and looked at once
//! more before each one.

mod figures;
mod letter;
pub mod list;
pub mod office;
pub mod pages;
mod post;
mod recipients;
mod round;
mod start;
mod throttle;
pub mod trial;
pub mod unsubscribe;
mod work;

pub use figures::{Figures, figures};
pub use letter::Letters;
pub use start::{Word, go, is_open, let_go, settle};
pub use work::{Desk, Rest, drain};

use crate::campaigns::email::MailingError;
use crate::history::HistoryError;
use crate::ids::CampaignId;
use crate::outside::dkim::KeyError;
use crate::outside::smtp::LineError;
use crate::picker::picks_file::PicksFileError;
use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum SendingError {
    #[error("no mail server is configured; an admin sets [mail] host and from, and starts Handpick again")]
    Off,
    #[error("there is no campaign {0}")]
    NoCampaign(CampaignId),
    #[error("the campaign's picks are not approved; look at them and approve them first")]
    NotApproved,
    #[error("the campaign was marked as sent by hand; make a copy of it to send it from here")]
    SentElsewhere,
    #[error("the sending was cancelled; what was not sent stays unsent")]
    Cancelled,
    #[error("nobody of the campaign gets an e-mail")]
    Nobody,
    #[error("{0} is not an e-mail address")]
    Address(String),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the e-mail to customer {customer} cannot be written: {reason}")]
    Unwritable { customer: String, reason: String },
    #[error("the mail server did not take it: {0}")]
    NotTaken(String),
    #[error(transparent)]
    Line(#[from] LineError),
    #[error(transparent)]
    Template(#[from] MailingError),
    #[error(transparent)]
    Picks(#[from] PicksFileError),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error(transparent)]
    Store(#[from] StoreError),
}
