//! What a customer had lately and is not to be shown again.

use super::Setting;
use crate::index::Index;
use crate::picker::activity::Bought;
use crate::picker::plan::Effect;
use chrono::TimeDelta;

/// A purchase at or after a moment bars the product, a moment for each candidate.
pub(super) struct Again {
    pub rule: usize,
    /// Microseconds since 1970; the end of time where the rule does not apply.
    since_us: Vec<i64>,
}

impl Again {
    pub fn new(
        rule: usize,
        effect: &Effect,
        applies: &[bool],
        candidates: &[u32],
        setting: Setting<'_>,
    ) -> Self {
        let before = |days: u32| (setting.as_of - TimeDelta::days(i64::from(days))).timestamp_micros();
        let days_of = |number: u32| match effect {
            Effect::ExcludeUntilDue { days } => {
                let category = setting.catalogue.category_of(number);
                setting.activity.and_then(|activity| activity.due_days(category?)).unwrap_or(*days)
            }
            Effect::ExcludeBought { days } => *days,
            _ => 0,
        };
        let since = |(&number, &applies): (&u32, &bool)| match applies {
            true => before(days_of(number)),
            false => i64::MAX,
        };
        Self { rule, since_us: candidates.iter().zip(applies).map(since).collect() }
    }

    pub fn bars(&self, place: usize, number: u32, bought: Bought<'_>) -> bool {
        bought.has_since(number, self.since_us[place])
    }
}

/// What was picked for whom in earlier campaigns and not clicked: the newest campaign first.
#[derive(Default)]
pub struct Lately {
    campaigns: Vec<Remembered>,
}

#[derive(Default)]
struct Remembered {
    customers: Index,
    /// Row `c` is `starts[c]..starts[c + 1]`: catalogue numbers, ascending.
    starts: Vec<usize>,
    products: Vec<u32>,
}

impl Lately {
    /// Adds a campaign older than those before it: for each customer the catalogue numbers of what was picked and not
    /// clicked.
    pub fn add<'a>(&mut self, picks: impl Iterator<Item = (&'a str, Vec<u32>)>) {
        let mut campaign = Remembered { starts: vec![0], ..Remembered::default() };
        for (customer, mut products) in picks {
            if campaign.customers.number(customer).is_some() {
                continue;
            }
            campaign.customers.intern(customer);
            products.sort_unstable();
            campaign.products.extend(products);
            campaign.starts.push(campaign.products.len());
        }
        self.campaigns.push(campaign);
    }

    /// Catalogue numbers of what `customer` was shown in the newest `campaigns`, ascending.
    pub fn shown(&self, customer: &str, campaigns: u8) -> Vec<u32> {
        let mut shown: Vec<u32> = self
            .campaigns
            .iter()
            .take(usize::from(campaigns))
            .filter_map(|campaign| {
                let row = campaign.customers.number(customer)? as usize;
                Some(&campaign.products[campaign.starts[row]..campaign.starts[row + 1]])
            })
            .flatten()
            .copied()
            .collect();
        shown.sort_unstable();
        shown.dedup();
        shown
    }
}
