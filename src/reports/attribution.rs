//! Orders ascribed to a campaign, as e-mail tools do it: those of its recipients within so many days of the sending, or of
//! a click.
//!
//! It says nothing of what the mail earned: many of these orders would have come anyway. It is here so that the figures can
//! be laid beside those of other tools. Refunds of the ascribed orders are taken off.

use super::outcome::{self, Line};
use crate::money::Money;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// What other tools offer; Klaviyo's default is 5, Emarsys' 7.
pub const WINDOWS: [i64; 4] = [1, 5, 7, 30];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Touch {
    /// The e-mail went out.
    Delivered,
    /// A click came before the order, the last one counts.
    Clicked,
}

/// One way to ascribe orders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attributed {
    pub touch: Touch,
    pub days: i64,
    /// Whether so many days were over when the report was made.
    pub is_complete: bool,
    pub buyers: u64,
    pub orders: u64,
    /// Whole baskets, less what was given back.
    pub revenue: Money,
    /// Of that, the products that were picked for the customer.
    pub picked_revenue: Money,
}

/// All ways at once, fed one recipient at a time.
pub struct Ascribing {
    sent_us: i64,
    ways: Vec<Attributed>,
}

impl Ascribing {
    pub fn new(sent_us: i64, known_us: i64, has_clicks: bool) -> Self {
        let touches: &[Touch] =
            if has_clicks { &[Touch::Clicked, Touch::Delivered] } else { &[Touch::Delivered] };
        let way = |touch: Touch, days: i64| Attributed {
            touch,
            days,
            is_complete: sent_us + span(days) <= known_us,
            buyers: 0,
            orders: 0,
            revenue: Money::ZERO,
            picked_revenue: Money::ZERO,
        };
        let ways = touches.iter().flat_map(|touch| WINDOWS.map(|days| way(*touch, days)));
        Self { sent_us, ways: ways.collect() }
    }

    /// One recipient's lines since the sending, picks and moments of clicks.
    pub fn add(&mut self, lines: &[Line], picks: &[u32], clicks_us: &[i64]) {
        if lines.is_empty() {
            return;
        }
        for way in &mut self.ways {
            let (span, sent_us) = (span(way.days), self.sent_us);
            let is_touched = |at_us: i64| match way.touch {
                Touch::Delivered => at_us >= sent_us && at_us < sent_us + span,
                Touch::Clicked => clicks_us.iter().any(|click| *click <= at_us && at_us < click + span),
            };
            // Whenever something was given back, it takes off what it belongs to and nothing else: what came back of an
            // order that is not ascribed is none of these.
            let is_others = |refund: &Line| {
                let of_order = |line: &&Line| !line.refund && line.order == refund.order;
                refund.order.is_some()
                    && lines.iter().filter(of_order).any(|bought| !is_touched(bought.at_us))
            };
            let counted = |line: &&Line| if line.refund { !is_others(line) } else { is_touched(line.at_us) };
            let all: Vec<Line> = lines.iter().filter(counted).cloned().collect();
            let is_picked = |line: &&Line| line.product.is_some_and(|product| picks.contains(&product));
            let picked: Vec<Line> = all.iter().filter(is_picked).cloned().collect();
            let basket = outcome::of_customer(all, picks);
            way.buyers += u64::from(basket.is_buyer());
            way.orders += basket.orders;
            way.revenue += basket.net();
            way.picked_revenue += outcome::of_customer(picked, picks).net();
        }
    }

    pub fn finish(self) -> Vec<Attributed> {
        self.ways
    }
}

const fn span(days: i64) -> i64 {
    TimeDelta::days(days).num_seconds() * 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = span(1);

    fn line(day: i64, order: &str, product: u32, units: i64) -> Line {
        Line {
            at_us: day * DAY + 1,
            refund: units < 0,
            order: Some(order.into()),
            product: Some(product),
            value: Some(Money::from_units(units.abs())),
        }
    }

    #[test]
    fn orders_are_ascribed_by_days_touch_and_scope_net_of_what_came_back() {
        let mut all = Ascribing::new(0, 10 * DAY, true);
        // A basket of a picked and another product on day 0, one order on day 3, one on day 20; day 3's is half returned.
        let lines = [
            line(0, "a", 1, 10),
            line(0, "a", 2, 5),
            line(3, "b", 2, 8),
            line(9, "b", 2, -4),
            line(20, "c", 1, 100),
        ];
        all.add(&lines, &[1], &[2 * DAY]);
        all.add(&[], &[1], &[]);
        let ways = all.finish();
        let told = |touch, days| {
            let way = ways.iter().find(|way| way.touch == touch && way.days == days).unwrap();
            let units = |money: Money| money.as_f64();
            (way.buyers, way.orders, units(way.revenue), units(way.picked_revenue))
        };
        assert_eq!(told(Touch::Delivered, 1), (1, 1, 15.0, 10.0));
        assert_eq!(told(Touch::Delivered, 5), (1, 2, 19.0, 10.0));
        assert_eq!(told(Touch::Delivered, 30), (1, 3, 119.0, 110.0));
        assert_eq!(told(Touch::Clicked, 1), (0, 0, 0.0, 0.0));
        assert_eq!(told(Touch::Clicked, 5), (1, 1, 4.0, 0.0));
        let complete: Vec<bool> = ways[4..].iter().map(|way| way.is_complete).collect();
        assert_eq!(complete, [true, true, true, false]);
    }
}
