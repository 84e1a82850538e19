//! The products' pictures as Handpick's own small copies: fetched once from where the shop says they are, drawn anew in
//! one size and format, kept on disk within a bound.
//!
//! Addresses of copies are sealed: only what the shop's catalogue names is ever fetched. What cannot be had is
//! remembered with its reason, and tried again the next day.

mod copy;
mod logo;
mod shelf;

pub use copy::{PictureError, placeholder};
pub use logo::{keep_logo, logo};
pub use shelf::{Missing, Pictures};

use crate::installation::Installation;
use crate::keyed::Sealer;

/// The sealed address of a picture's copy, below whatever base reaches this Handpick.
pub struct Addresses {
    sealer: Option<Sealer>,
}

impl Addresses {
    /// As the pages' pictures are addressed: as the shop says, unless an admin wants copies.
    pub fn new(installation: &Installation) -> Self {
        let is_on = installation.config.pictures.fetch;
        Self { sealer: is_on.then(|| sealer(&installation.shop.secret)) }
    }

    /// `None` for one that is shown as it is: copies are off, or it is not of the web.
    pub fn path(&self, url: &str) -> Option<String> {
        let is_web = ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme));
        let sealer = self.sealer.as_ref().filter(|_| is_web)?;
        Some(format!("/p/{}.jpg", sealer.close(url.as_bytes().to_vec())))
    }

    /// What a page puts into `src`.
    pub fn shown(&self, url: &str) -> String {
        self.path(url).unwrap_or_else(|| url.to_owned())
    }
}

/// How pictures are addressed in e-mails that are sent from here: with what the world reaches this Handpick by.
pub struct MailAddresses {
    addresses: Addresses,
    base: String,
}

impl MailAddresses {
    /// `None` where mail programs load the originals.
    pub fn new(installation: &Installation) -> Option<Self> {
        let base = installation.config.mail.unsubscribe_url.trim_end_matches('/');
        let is_on = installation.config.pictures.fetch && !base.is_empty();
        is_on.then(|| Self { addresses: Addresses::new(installation), base: base.to_owned() })
    }

    /// `None` for one that is shown as it is.
    pub fn url(&self, url: &str) -> Option<String> {
        Some(format!("{}{}", self.base, self.addresses.path(url)?))
    }
}

/// What a copy's address stands for; `None` for one that this shop did not make.
pub fn url_of(installation: &Installation, token: &str) -> Option<String> {
    String::from_utf8(sealer(&installation.shop.secret).open(token)?).ok()
}

fn sealer(secret: &[u8]) -> Sealer {
    Sealer::new(secret, "pictures")
}
