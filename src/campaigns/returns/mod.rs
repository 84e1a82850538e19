//! What comes back of a campaign's e-mails: those that could not be delivered, answers that want no more, and what an
//! e-mail tool's file says of its recipients.

mod mailbox;
mod message;
mod note;
mod pages;
mod told;
mod tool_file;
mod webhook;
mod words;

pub use mailbox::{Found, JOB, MailboxError, job, read as read_mailbox};
pub use message::{KEY_BYTES, message_id};
pub use note::{NoteError, Noted, note};
pub use pages::{card, upload};
pub use webhook::hear;
pub use words::What;
