//! The shape of a report: what is stored, exported and drawn.

use super::attribution::Attributed;
use super::delivery::Delivery;
use super::detail::Detail;
use super::overlap::Overlap;
use super::segments::Segment;
use super::window::Window;
use crate::money::Money;
use crate::picker::plan::Arm;
use crate::recommender::uplift::{
    BootstrapUplift, CupedUplift, Interval, MeanUplift, ProportionUplift, SequentialUplift,
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub currency: String,
    /// The shop's zone, in which its days begin.
    pub time_zone: String,
    pub window: Window,
    /// Those that have people, in the order of [`Group`].
    pub groups: Vec<GroupFigures>,
    /// What the mail brought: mailed against holdout. `None` while the window is open, or without a holdout.
    pub mail: Option<Comparison>,
    /// What the recommender brought: picks against best-sellers.
    pub recommender: Option<Comparison>,
    pub picks: PickFigures,
    /// How likely the groups' sizes are with the planned shares; below 0.001 nothing may be concluded.
    pub ratio_p_value: Option<f64>,
    pub days: Vec<Day>,
    /// By hour of the day, in the shop's zone; empty where nothing was bought.
    #[serde(default)]
    pub hours: Vec<Hour>,
    /// What the mail had earned by the end of each day; empty without [`Report::mail`].
    #[serde(default)]
    pub gained: Vec<Gained>,
    /// For whom the mail worked; empty without [`Report::mail`].
    #[serde(default)]
    pub segments: Vec<Segment>,
    pub left_out: LeftOut,
    #[serde(default)]
    pub overlap: Overlap,
    /// What may be said of the mail before the window closes; `None` afterwards, and without a holdout.
    pub early: Option<Early>,
    /// Orders ascribed as other tools do it.
    pub attribution: Vec<Attributed>,
    pub detail: Detail,
    /// `None` of a campaign that was sent elsewhere.
    #[serde(default)]
    pub delivery: Option<Delivery>,
    /// One plain sentence for whoever reads nothing else, and what to keep in mind.
    pub verdict: String,
    pub cautions: Vec<String>,
}

impl Report {
    pub fn group(&self, group: Group) -> Option<&GroupFigures> {
        self.groups.iter().find(|figures| figures.group == group)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// Everybody who got mail: picks and best-sellers together.
    Mailed,
    Picks,
    Baseline,
    Holdout,
}

impl Group {
    pub const ALL: [Group; 4] = [Self::Mailed, Self::Picks, Self::Baseline, Self::Holdout];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Mailed => "mailed",
            Self::Picks => "picks",
            Self::Baseline => "baseline",
            Self::Holdout => "holdout",
        }
    }

    /// For people who read tables.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Mailed => "All who got mail",
            Self::Picks => "Mail with personal picks",
            Self::Baseline => "Mail with best-sellers",
            Self::Holdout => "Holdout, no mail",
        }
    }

    pub fn has(self, arm: Arm) -> bool {
        match self {
            Self::Mailed => arm != Arm::Holdout,
            Self::Picks => arm == Arm::Picks,
            Self::Baseline => arm == Arm::Baseline,
            Self::Holdout => arm == Arm::Holdout,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupFigures {
    pub group: Group,
    /// Everybody assigned, whether they opened the mail or not.
    pub customers: u64,
    pub buyers: u64,
    pub orders: u64,
    pub bought: Money,
    pub refunded: Money,
    /// Bought less refunded.
    pub revenue: Money,
    /// Buyers ÷ customers, 0 to 1.
    pub conversion_rate: f64,
    /// Revenue ÷ orders. `None` without orders.
    pub average_order_value: Option<f64>,
    pub revenue_per_customer: f64,
    pub customers_with_picks: u64,
    /// Of those, who bought at least one of their picks.
    pub hits: u64,
    /// Hits ÷ customers with picks, 0 to 1. `None` where nobody had picks.
    pub hit_rate: Option<f64>,
}

/// Two groups side by side; every amount is net, every person assigned counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    pub treated: Group,
    pub control: Group,
    pub conversion: ProportionUplift,
    /// Per customer. `None` when a group has a single person.
    pub revenue: Option<MeanUplift>,
    /// Per customer, where a group has few buyers and enough to say something: wider than [`Comparison::revenue`].
    #[serde(default)]
    pub cautious: Option<Interval>,
    /// The difference in conversion × the treated group's people.
    pub additional_buyers: Interval,
    /// [`Comparison::per_customer`] × the treated group's people.
    pub additional_revenue: Option<Interval>,
    /// Revenue per customer against the control's, in parts of it: 0.1 is a tenth more.
    pub relative_revenue: Option<Interval>,
    /// Revenue per customer by resampling, the largest amounts cut.
    pub robust: Option<BootstrapUplift>,
    /// Revenue per customer with what everybody spent before taken into account.
    pub adjusted: Option<CupedUplift>,
    /// Whether the groups were alike before.
    pub balance: Vec<Balance>,
}

impl Comparison {
    /// Revenue per customer, by the interval that is believed.
    pub fn per_customer(&self) -> Option<Interval> {
        self.cautious.or(self.revenue.map(|revenue| revenue.difference))
    }
}

/// A property of customers before the campaign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Balance {
    pub what: String,
    /// Means of the groups.
    pub treated: f64,
    pub control: f64,
    /// In standard deviations.
    pub difference: Interval,
}

/// Differences that hold however often they are looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Early {
    pub conversion: SequentialUplift,
    /// Per customer.
    pub revenue: Option<SequentialUplift>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PickFigures {
    pub picks: u64,
    /// Distinct products picked by the model's arm.
    pub distinct_products: u64,
    /// Products that could have been picked after the rules; `None` when the generation did not say.
    pub eligible_products: Option<u64>,
    /// Distinct ÷ eligible, 0 to 1.
    pub coverage: Option<f64>,
    /// Share of the model arm's picks that came from the customer's own behaviour, 0 to 1.
    pub personal_share: Option<f64>,
    /// One less what two customers' picks share on average, 0 to 1: 0 where everybody was shown the same.
    #[serde(default)]
    pub personalisation: Option<f64>,
    /// The part of all picks that the ten products picked most often have, 0 to 1.
    #[serde(default)]
    pub top_ten_share: Option<f64>,
    /// How different the products of one e-mail are, 0 to 1, as the generation measured it.
    #[serde(default)]
    pub variety: Option<f64>,
}

/// One calendar day of the shop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Day {
    pub date: NaiveDate,
    /// Net revenue per customer of the group, so that groups of different size can be laid side by side.
    pub mailed: Option<f64>,
    pub holdout: Option<f64>,
}

/// One hour of the day, over all days of the window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hour {
    /// 0 to 23.
    pub hour: u32,
    /// What was paid per customer of the group; refunds have no hour of their own.
    pub mailed: Option<f64>,
    pub holdout: Option<f64>,
}

/// What the mail had earned since the first day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gained {
    pub date: NaiveDate,
    /// In the report's currency: the difference per customer × the mailed group's people.
    pub difference: Interval,
}

/// What happened in the window and is not in the figures.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Lines in another currency, of whose day there is no rate: Handpick does not guess one.
    pub other_currencies: u64,
    /// Lines in another currency, in the figures at the rate of their order's day.
    #[serde(default)]
    pub converted: u64,
    /// Purchases by nobody we know by name.
    pub guest_lines: u64,
    /// Refunds of what was paid before the window.
    pub earlier_refunds: u64,
    /// Purchases and refunds in the figures, with an amount of zero since the shop gave none.
    pub without_value: u64,
}
