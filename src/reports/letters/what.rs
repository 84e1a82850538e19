//! Which report an e-mail brings, and its name in the store.

use crate::ids::CampaignId;
use chrono::NaiveDate;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A campaign's, once it closed.
    Campaign(CampaignId),
    /// All campaigns', as known on that day.
    Week(NaiveDate),
}

impl What {
    /// `campaign 7`, `week 2026-11-30`
    pub fn key(self) -> String {
        match self {
            Self::Campaign(id) => format!("campaign {id}"),
            Self::Week(day) => format!("week {day}"),
        }
    }

    /// Undoes [`What::key`].
    pub fn of(key: &str) -> Option<Self> {
        match key.split_once(' ')? {
            ("campaign", id) => id.parse().ok().map(Self::Campaign),
            ("week", day) => day.parse().ok().map(Self::Week),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_was_written() {
        for what in [What::Campaign(CampaignId(7)), What::Week("2026-11-30".parse().unwrap())] {
            assert_eq!(What::of(&what.key()), Some(what));
        }
        for wrong in ["", "campaign", "campaign x", "week 7", "month 7"] {
            assert_eq!(What::of(wrong), None, "{wrong}");
        }
    }
}
