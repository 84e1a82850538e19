//! What e-mails with picks earn in a year, or would earn: usable before the first campaign.
//!
//! Additional buyers of a mailing = recipients × buyers without mail × uplift; a year's margin = additional buyers ×
//! basket × margin × mailings, less what the mailings cost. The interval is the uplift's; everything else is taken as said.

use crate::recommender::uplift::Interval;

/// What is put in. Shares are 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Assumptions {
    pub recipients: f64,
    pub mailings: f64,
    /// Recipients who buy in the days after a mailing without having got it.
    pub base_rate: f64,
    pub basket: f64,
    pub margin: f64,
    /// More buyers, in parts of the base rate.
    pub uplift: Interval,
    /// Of all mailings in a year.
    pub cost: f64,
}

/// In a year.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Earnings {
    pub buyers: Interval,
    pub revenue: Interval,
    /// Revenue × margin − cost.
    pub profit: Interval,
}

pub fn earnings(of: &Assumptions) -> Earnings {
    let buyers_per_uplift = of.recipients * of.mailings * of.base_rate;
    let scaled = |factor: f64| {
        let Interval { low, estimate, high } = of.uplift;
        Interval { low: low * factor, estimate: estimate * factor, high: high * factor }
    };
    let less = |interval: Interval| Interval {
        low: interval.low - of.cost,
        estimate: interval.estimate - of.cost,
        high: interval.high - of.cost,
    };
    Earnings {
        buyers: scaled(buyers_per_uplift),
        revenue: scaled(buyers_per_uplift * of.basket),
        profit: less(scaled(buyers_per_uplift * of.basket * of.margin)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_worked_out_by_hand() {
        let uplift = Interval { low: -0.05, estimate: 0.10, high: 0.25 };
        let of = Assumptions {
            recipients: 20_000.0,
            mailings: 12.0,
            base_rate: 0.01,
            basket: 60.0,
            margin: 0.3,
            uplift,
            cost: 1_000.0,
        };
        let Earnings { buyers, revenue, profit } = earnings(&of);
        // 20,000 × 12 × 1 % = 2,400 buyers anyway; a tenth more is 240, at 60 each 14,400, of which 30 % less the cost.
        assert!((buyers.estimate - 240.0).abs() < 1e-9 && (revenue.estimate - 14_400.0).abs() < 1e-6);
        assert!((profit.estimate - 3_320.0).abs() < 1e-6, "{profit:?}");
        assert!((profit.low + 3_160.0).abs() < 1e-6 && (profit.high - 9_800.0).abs() < 1e-6, "{profit:?}");
    }
}
