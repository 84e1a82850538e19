//! What comes back of a campaign's e-mails: those that could not be delivered, answers that want no more, and what an
//! e-mail tool's file says of its recipients.

mod mailbox;
mod message;
mod note;
mod pages;
mod tool_file;
mod words;

pub use mailbox::{Found, JOB, MailboxError, job, read as read_mailbox};
pub use message::{KEY_BYTES, message_id};
pub use note::{NoteError, Noted, note};
pub use pages::{card, upload};
pub use words::What;
