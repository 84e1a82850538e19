//! How far each mapping was read, and whether it is still the same mapping.

use crate::config::{Config, Mapping};
use crate::ids::ShopId;
use crate::store::{Conn, StoreResult, syncs};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// As it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The highest watermark that was committed; `None` without a watermark column.
    pub watermark: Option<String>,
    /// Of everything that decides what a row becomes.
    pub mapping: String,
}

/// How to read a mapping this time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// What came after this watermark.
    Since(String),
    Whole,
    /// Whole, and what the old mapping made of the rows no longer counts.
    Anew,
}

impl Mark {
    pub fn read(conn: &mut Conn, shop: ShopId, name: &str) -> StoreResult<Option<Self>> {
        // A mark that cannot be understood is no mark: the table is read as a whole, which is always right.
        Ok(syncs::watermark(conn, shop, name)?.and_then(|text| serde_json::from_str(&text).ok()))
    }

    pub fn write(&self, conn: &mut Conn, shop: ShopId, name: &str, now: DateTime<Utc>) -> StoreResult<()> {
        let text = serde_json::json!({ "watermark": self.watermark, "mapping": self.mapping }).to_string();
        syncs::set_watermark(conn, shop, name, &text, now)
    }
}

impl Way {
    pub fn choose(known: Option<Mark>, fingerprint: &str, whole: bool) -> Self {
        match known {
            Some(mark) if mark.mapping != fingerprint => Self::Anew,
            Some(Mark { watermark: Some(watermark), .. }) if !whole => Self::Since(watermark),
            _ => Self::Whole,
        }
    }

    pub fn since(&self) -> Option<&str> {
        if let Self::Since(watermark) = self { Some(watermark) } else { None }
    }
}

/// Changes whenever the same row could become another record, or the rows could be another database's.
pub(super) fn fingerprint(config: &Config, mapping: &Mapping) -> String {
    let source = config.source.clone().unwrap_or_default();
    let decides = serde_json::json!([
        mapping,
        source.kind,
        source.host,
        source.port,
        source.database,
        source.file,
        source.time_zone,
        source.anonymous_customers,
        config.shop.currency,
    ]);
    Sha256::digest(decides.to_string()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_mapping_is_read_anew() {
        let mark = Mark { watermark: Some("7".into()), mapping: "a".into() };
        assert_eq!(Way::choose(Some(mark.clone()), "a", false), Way::Since("7".into()));
        assert_eq!(Way::choose(Some(mark.clone()), "a", true), Way::Whole);
        assert_eq!(Way::choose(Some(mark.clone()), "b", false), Way::Anew);
        assert_eq!(Way::choose(Some(Mark { watermark: None, ..mark }), "a", false), Way::Whole);
        assert_eq!(Way::choose(None, "a", false), Way::Whole);
    }

    #[test]
    fn the_fingerprint_is_of_what_decides() {
        let config = Config { source: Some(crate::config::Source::default()), ..Config::default() };
        let mapping = Mapping { table: "orders".into(), ..Mapping::default() };
        let first = fingerprint(&config, &mapping);
        let mut other = config;
        other.log.keep_days += 1;
        assert_eq!(fingerprint(&other, &mapping), first);
        other.source = Some(crate::config::Source { time_zone: "Europe/Paris".into(), ..Default::default() });
        assert_ne!(fingerprint(&other, &mapping), first);
    }
}
