//! The addresses of products as recipients follow them: with what tells the shop's statistics where they come from,
//! and a token that tells Handpick which pick was followed.

use crate::ids::CampaignId;
use crate::keyed::keyed;

/// One campaign's way of marking addresses.
pub struct Links {
    campaign: CampaignId,
    secret: Vec<u8>,
    utm: String,
}

impl Links {
    pub fn new(campaign: CampaignId, name: &str, secret: &[u8]) -> Self {
        let utm = format!("utm_source=handpick&utm_medium=email&utm_campaign={}", slug(name));
        Self { campaign, secret: secret.to_owned(), utm }
    }

    /// One opaque token per recipient, which only this shop can tie to the customer; with the slot behind it, it
    /// says which pick was clicked.
    pub fn token(&self, customer: &str) -> String {
        keyed(&self.secret, "link", self.campaign.0, customer, 10)
    }

    pub fn campaign(&self) -> CampaignId {
        self.campaign
    }

    pub fn link(&self, url: &str, token: &str, slot: u8) -> String {
        let (address, fragment) = url.split_once('#').map_or((url, ""), |(a, f)| (a, f));
        let joint = if address.contains('?') { '&' } else { '?' };
        let hash = if fragment.is_empty() { "" } else { "#" };
        format!("{address}{joint}{}&hp={token}-{slot}{hash}{fragment}", self.utm)
    }
}

/// `Summer sale, week 2` → `summer-sale-week-2`.
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-').chars().take(60).collect::<String>();
    if slug.is_empty() { "campaign".into() } else { slug }
}
