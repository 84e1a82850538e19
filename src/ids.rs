//! Newtype ids: a campaign's number cannot be passed where a job's is meant.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! row_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

row_id! {
    /// One client's store.
    ShopId,
    /// A person who signs in to Handpick.
    AccountId,
    /// A queued, running or finished piece of work.
    JobId,
    /// A fitted recommender.
    ModelId,
    /// A campaign.
    CampaignId,
    /// An uploaded list of customer or product ids.
    ListId,
    /// An address that reports go to.
    ReaderId,
    /// A link to one report.
    LinkId,
    /// A program's key.
    KeyId,
}

/// The one shop of an on-premise installation.
pub const THE_SHOP: ShopId = ShopId(1);
