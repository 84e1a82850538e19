//! What one customer did in the window, from that customer's own order lines.
//!
//! The rules: an order is a distinct order number, or, without one, what was bought at the same moment. A refund
//! subtracts from what was paid in the window: from its order when that was placed in the window, else from what the
//! customer paid for the same product in the window no later than the refund (shops that number cancellations by
//! themselves). It never takes off more than was paid there. Any other refund gives back money from before the
//! window; it is left out and counted. Who gave everything back is still a buyer: the mail did bring the order.

use crate::money::Money;
use crate::picker::plan::Arm;
use std::collections::{BTreeMap, HashSet};

/// One purchase or refund line of a customer, in the shop's currency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    pub at_us: i64,
    pub refund: bool,
    pub order: Option<Box<str>>,
    /// The product's place in the report's index.
    pub product: Option<u32>,
    pub value: Option<Money>,
}

/// A customer of the campaign with everything that is compared.
#[derive(Debug, Clone)]
pub struct Measured {
    pub arm: Arm,
    pub picks: u64,
    /// Spent before the window, less what was given back.
    pub before: Money,
    /// Whole days from the last purchase to the mail; `None` without one in the time that is looked at.
    pub days_since: Option<u8>,
    /// What kind of customer; `None` of who had bought nothing, and where nobody knows.
    pub kind: Option<u8>,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    pub orders: u64,
    pub bought: Money,
    pub refunded: Money,
    /// Bought at least one of the picks.
    pub hit: bool,
    pub refunds_left_out: u64,
    /// What changed the revenue when: purchases plus, refunds minus.
    pub movements: Vec<(i64, Money)>,
}

impl Outcome {
    pub fn net(&self) -> Money {
        self.bought - self.refunded
    }

    pub fn is_buyer(&self) -> bool {
        self.orders > 0
    }
}

/// Adds up one customer's lines, in any order. `picks` are the products picked for this customer.
pub fn of_customer(mut lines: Vec<Line>, picks: &[u32]) -> Outcome {
    lines.sort_unstable();
    let mut outcome = Outcome::default();
    let mut paid: Vec<Paid> = Vec::new();
    let mut orders = HashSet::new();
    let (refunds, purchases): (Vec<Line>, Vec<Line>) = lines.into_iter().partition(|line| line.refund);
    for line in purchases {
        let moment = if line.order.is_some() { None } else { Some(line.at_us) };
        orders.insert((line.order.clone(), moment));
        outcome.hit |= line.product.is_some_and(|product| picks.contains(&product));
        let value = line.value.unwrap_or_default();
        if value != Money::ZERO {
            outcome.bought += value;
            outcome.movements.push((line.at_us, value));
        }
        paid.push(Paid { line, left: value });
    }
    outcome.orders = orders.len() as u64;
    for refund in refunds {
        give_back(&refund, &mut paid, &mut outcome);
    }
    outcome
}

/// A purchase line with what has not been given back of it.
struct Paid {
    line: Line,
    left: Money,
}

fn give_back(refund: &Line, paid: &mut [Paid], outcome: &mut Outcome) {
    let by_order = refund.order.is_some() && paid.iter().any(|paid| paid.line.order == refund.order);
    let belongs = |bought: &Line| {
        if by_order {
            bought.order == refund.order
        } else {
            bought.product.is_some() && bought.product == refund.product && bought.at_us <= refund.at_us
        }
    };
    let mut to_give = refund.value.unwrap_or_default();
    let mut found = false;
    // The refunded product's own lines first, then the rest of its order.
    for own in [true, false] {
        for paid in paid.iter_mut().filter(|paid| belongs(&paid.line)) {
            found = true;
            if (paid.line.product == refund.product) == own {
                let given = paid.left.min(to_give);
                paid.left = paid.left - given;
                to_give = to_give - given;
                outcome.refunded += given;
                if given != Money::ZERO {
                    outcome.movements.push((refund.at_us, -given));
                }
            }
        }
    }
    outcome.refunds_left_out += u64::from(!found);
}

/// Sums movements by the day that `day` puts them on.
pub fn by_day<D: Ord>(movements: &[(i64, Money)], day: impl Fn(i64) -> D, days: &mut BTreeMap<D, Money>) {
    for (at_us, amount) in movements {
        *days.entry(day(*at_us)).or_default() += *amount;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at_us: i64, order: &str, product: u32, units: i64) -> Line {
        let order = (!order.is_empty()).then(|| order.into());
        Line {
            at_us,
            refund: units < 0,
            order,
            product: Some(product),
            value: Some(Money::from_units(units.abs())),
        }
    }

    fn figures(lines: Vec<Line>) -> (u64, i64, u64) {
        let outcome = of_customer(lines, &[]);
        (outcome.orders, outcome.net().ten_thousandths() / 10_000, outcome.refunds_left_out)
    }

    #[test]
    fn orders_are_numbers_or_moments() {
        let lines = vec![
            line(1, "a", 1, 5),
            line(9, "a", 2, 5),
            line(1, "b", 1, 5),
            line(3, "", 1, 5),
            line(3, "", 2, 5),
        ];
        assert_eq!(figures(lines), (3, 25, 0));
    }

    #[test]
    fn a_refund_comes_off_its_order_and_not_off_another() {
        assert_eq!(figures(vec![line(1, "a", 1, 20), line(1, "b", 1, 30), line(2, "a", 1, -20)]), (2, 30, 0));
        // The order is older than the window, and so is the product's purchase.
        assert_eq!(figures(vec![line(1, "b", 1, 30), line(2, "old", 9, -20)]), (1, 30, 1));
    }

    #[test]
    fn a_cancellation_with_a_number_of_its_own_finds_the_product() {
        assert_eq!(figures(vec![line(5, "a", 1, 20), line(5, "a", 2, 7), line(6, "C1", 1, -15)]), (1, 12, 0));
        // Given back before it was bought: that was an earlier purchase.
        assert_eq!(figures(vec![line(5, "a", 1, 20), line(4, "C1", 1, -15)]), (1, 20, 1));
    }

    #[test]
    fn never_more_comes_back_than_was_paid() {
        assert_eq!(figures(vec![line(1, "a", 1, 20), line(2, "a", 1, -50)]), (1, 0, 0));
        assert_eq!(figures(vec![line(1, "a", 1, 20), line(2, "", 1, -15), line(3, "", 1, -15)]), (1, 0, 0));
    }
}
