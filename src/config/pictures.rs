//! The `[pictures]` section: whether Handpick fetches the products' pictures and shows its own small copies.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pictures {
    /// Off: browsers and mail programs load them from where the shop says that they are.
    pub fetch: bool,
    /// Also from addresses inside the network. Who may write products may then make Handpick ask there.
    pub allow_private: bool,
    /// Larger ones are not fetched.
    pub max_mb: u32,
    /// The copies take at most so much; those not seen for longest go first.
    pub cache_mb: u32,
}

impl Default for Pictures {
    fn default() -> Self {
        Self { fetch: false, allow_private: false, max_mb: 10, cache_mb: 1_000 }
    }
}
