//! A campaign's e-mail: a template compiled once, and filled for each recipient.

mod block;
mod design;
mod desk;
mod fault;
pub mod gallery;
mod mailing;
mod mark;
mod names;
mod pages;
mod parts;
mod preview;
mod settings;
mod sheet;
mod template;
mod text;

pub use crate::campaigns::people::Person;
pub use desk::{Drafts, of_campaign, source};
pub use mailing::{Addressee, Counting, Mailing, MailingError, Origin};
pub use pages::{save, show, start_from};
pub use parts::is_harmless;
pub use preview::{check, preview};
pub use settings::{give_logo, save as save_settings, show as show_settings};
pub use sheet::{flagged, judge, sheet};
pub use template::{Compiled, Rendered, Source, compile};
