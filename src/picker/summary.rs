//! What a generation counted.

use super::audience::Audience;
use super::build::Order;
use super::catalogue::Catalogue;
use super::likeness::Likeness;
use super::pick::Picked;
use super::plan::{Arm, Origin};
use super::refusal::Removed;
use super::rules::Rules;
use super::weather::{self, Weather};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Stored with the campaign and shown in its preview.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    pub as_of: DateTime<Utc>,
    pub model: String,
    pub history_version: u64,
    pub slots: u8,
    /// Customers of the audience, by arm.
    pub audience: u64,
    pub picks: u64,
    pub baseline: u64,
    pub holdout: u64,
    /// Of the picks arm: all slots personal or pinned; some; none.
    pub all_personal: u64,
    pub some_personal: u64,
    pub none_personal: u64,
    /// Mailed customers for whom a slot stays empty.
    pub with_empty_slots: u64,
    pub empty_slots: u64,
    /// Filled slots by origin, in the order of [`Origin`].
    pub origins: Vec<(Origin, u64)>,
    /// Candidates with how often each was picked, most often first.
    pub products: Vec<(String, u64)>,
    pub products_removed: Vec<Removed>,
    pub audience_removed: Vec<Removed>,
    pub unknown_products: u64,
    /// What the audience asks for and nobody did, in words.
    pub unheard_of: Vec<String>,
    pub unknown_customers: u64,
    /// How far from the best the sharing out of scarce products is at most, in parts; `None` when none was needed.
    pub stock_gap: Option<f64>,
    /// How different the products of one e-mail are, from 0 to 1: the mean over those with picks of their own. `None` in
    /// summaries from before this was measured, and where nobody has two.
    pub variety: Option<f64>,
    /// Filled slots whose product has no picture; `None` in summaries from before this was counted.
    pub without_picture: Option<u64>,
    /// The weather that rules were told, where any asked.
    pub weather: Option<Weather>,
    #[serde(skip)]
    times: Vec<u64>,
    /// Varieties added up, and how many.
    #[serde(skip)]
    varieties: (f64, u64),
}

const ORIGINS: [Origin; 5] =
    [Origin::Personal, Origin::Similar, Origin::Category, Origin::Popular, Origin::Pinned];

impl Summary {
    pub(super) fn new(order: &Order<'_>, rules: &Rules, audience: &Audience, unknown_products: u64) -> Self {
        Self {
            as_of: order.as_of,
            model: order.live.model.kind().to_owned(),
            history_version: order.snapshot.version(),
            slots: order.plan.slots,
            audience: audience.ids.len() as u64,
            origins: ORIGINS.map(|origin| (origin, 0)).to_vec(),
            products_removed: rules.removed.clone(),
            audience_removed: audience.removed.clone(),
            unknown_products,
            unknown_customers: audience.unknown_ids,
            unheard_of: audience.unheard_of.clone(),
            weather: weather::is_asked(&order.plan.rules).then_some(order.plan.weather),
            times: vec![0; rules.candidates.len()],
            ..Self::default()
        }
    }

    pub(super) fn count(&mut self, picked: &[Picked], likeness: &Likeness) {
        for one in picked {
            if let Some(variety) = likeness.variety(one) {
                self.varieties = (self.varieties.0 + variety, self.varieties.1 + 1);
            }
            match one.arm {
                Arm::Holdout => self.holdout += 1,
                Arm::Baseline => self.baseline += 1,
                Arm::Picks => self.picks += 1,
            }
            for placed in one.slots.iter().flatten() {
                self.times[placed.place] += 1;
                self.origins[placed.origin as usize].1 += 1;
            }
            let empty = one.slots.iter().filter(|slot| slot.is_none()).count() as u64;
            self.empty_slots += empty;
            self.with_empty_slots += u64::from(empty > 0);
            if one.arm == Arm::Picks {
                self.count_personal(one);
            }
        }
    }

    fn count_personal(&mut self, one: &Picked) {
        let of = |origin| one.slots.iter().flatten().filter(|placed| placed.origin == origin).count();
        let personal = of(Origin::Personal) + of(Origin::Similar);
        if personal == 0 {
            self.none_personal += 1;
        } else if personal + of(Origin::Pinned) == one.slots.len() {
            self.all_personal += 1;
        } else {
            self.some_personal += 1;
        }
    }

    pub(super) fn finish(&mut self, catalogue: &Catalogue, rules: &Rules) {
        let (sum, count) = self.varieties;
        self.variety = (count > 0).then(|| sum / count as f64);
        let has_picture =
            |number: u32| catalogue.product(number).image.as_deref().is_some_and(|image| !image.is_empty());
        let times = rules.candidates.iter().zip(&self.times);
        self.without_picture =
            Some(times.filter(|(number, _)| !has_picture(**number)).map(|(_, times)| times).sum());
        let id = |&number: &u32| catalogue.product(number).id.clone();
        self.products = rules.candidates.iter().map(id).zip(std::mem::take(&mut self.times)).collect();
        self.products.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    }

    /// Customers who get mail.
    pub fn mailed(&self) -> u64 {
        self.picks + self.baseline
    }

    /// How many of the candidates were picked for anybody.
    pub fn products_used(&self) -> usize {
        self.products.iter().filter(|(_, times)| *times > 0).count()
    }
}
