//! What surrounds every signed-in page: the shop's name, the navigation, who is signed in.

use crate::auth::SignedIn;
use crate::installation::Installation;

/// Where in the navigation a page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Dashboard,
    Campaigns,
    Reports,
    Models,
    Explorer,
    Shop,
    Jobs,
    Logs,
    Accounts,
    /// A page that the navigation does not name.
    Nowhere,
}

/// Given to every page template as `shell`; `templates/web/layout.html` draws it.
pub struct Shell {
    pub shop: String,
    pub account: String,
    pub section: Section,
    pub may_market: bool,
    pub may_administer: bool,
    /// Every form carries it: `<input type="hidden" name="csrf" value="{{ shell.csrf }}">`.
    pub csrf: String,
    /// What the page before wants said; empty for nothing.
    pub notice: String,
}

impl Shell {
    pub fn new(installation: &Installation, who: &SignedIn, section: Section) -> Self {
        Self {
            shop: installation.shop.name.clone(),
            account: who.account.name.clone(),
            section,
            may_market: who.account.role.may_market(),
            may_administer: who.account.role.may_administer(),
            csrf: who.csrf.clone(),
            notice: who.notice.clone(),
        }
    }

    pub fn is(&self, section: &str) -> bool {
        format!("{:?}", self.section).eq_ignore_ascii_case(section)
    }

    /// The address of an embedded asset, with its checksum: `/assets/app.1a2b3c4d.css`.
    pub fn asset(&self, path: &str) -> String {
        super::assets::url(path)
    }
}
