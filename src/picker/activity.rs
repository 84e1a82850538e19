//! What customers bought up to a moment, from one pass over the events.
//!
//! Views and carts are not looked at here: rules and filters speak of purchases, and the model reads its own
//! behaviour. A hundred bytes per purchase would not fit a large shop, so a purchase is 24 bytes until it is folded
//! into its customer's row.

use super::catalogue::Catalogue;
use super::past::{Done, Pasts};
use crate::index::Index;
use crate::money::Money;
use crate::records::{Event, EventKind, Events};
use chrono::{DateTime, Utc};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Days after which a sale counts half for the best-sellers.
const HALF_LIFE_DAYS: f64 = 60.0;
const DAY_US: f64 = 86_400e6;
/// A purchased product that the catalogue does not know.
const NO_PRODUCT: u32 = u32::MAX;

/// What is known of one customer's purchases.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Facts {
    /// Microseconds since 1970; `None` when they never bought.
    pub last_purchase_us: Option<i64>,
    pub orders: u32,
    /// Net of refunds.
    pub spent: Money,
}

/// Facts and purchases by customer, sales by product.
pub struct Activity {
    pub customers: Index,
    facts: Vec<Facts>,
    /// Row `c` of the purchases is `starts[c]..starts[c + 1]`.
    starts: Vec<usize>,
    products: Vec<u32>,
    last_at_us: Vec<i64>,
    times: Vec<u32>,
    /// By catalogue number: quantity sold, a sale of 60 days ago counting half.
    pub sales: Vec<f64>,
    /// By category.
    rebuys: Vec<Rebuys>,
}

/// How products of a category are bought again.
#[derive(Clone, Default)]
struct Rebuys {
    /// Customers and products that they bought.
    pairs: u32,
    /// Those bought more than once.
    repeated: u32,
    /// Times between two purchases of the same by the same customer, counted by whole weeks; the last counts all longer
    /// ones. Empty until there is one.
    weeks: Vec<u32>,
}

const LONGEST_WEEKS: usize = 104;
/// Below so many repeated purchases chance tells more than habit.
const ENOUGH_REPEATS: u32 = 30;
/// A category is of consumables when so many of its buyers came back for the same.
const CONSUMABLE_SHARE: f64 = 0.1;

impl Rebuys {
    /// Half of those who buy the same again have done so by then.
    fn due_days(&self) -> Option<u32> {
        let all: u32 = self.weeks.iter().sum();
        let is_consumable = f64::from(self.repeated) >= CONSUMABLE_SHARE * f64::from(self.pairs);
        if all < ENOUGH_REPEATS || !is_consumable {
            return None;
        }
        let mut counted = 0;
        let week = self.weeks.iter().position(|&count| {
            counted += count;
            counted * 2 >= all
        });
        week.map(|week| week as u32 * 7 + 3)
    }

    fn count(&mut self, purchases: &[Purchase]) {
        const WEEK_US: i64 = 7 * 86_400_000_000;
        self.pairs += 1;
        let gaps = purchases.windows(2).map(|two| two[1].at_us - two[0].at_us);
        // Lines of one order lie within a day.
        let weeks = gaps.filter(|gap| *gap > WEEK_US / 7).map(|gap| (gap / WEEK_US) as usize);
        let mut repeated = false;
        for week in weeks {
            self.weeks.resize(LONGEST_WEEKS + 1, 0);
            self.weeks[week.min(LONGEST_WEEKS)] += 1;
            repeated = true;
        }
        self.repeated += u32::from(repeated);
    }
}

/// One customer's purchased products, ascending by catalogue number.
#[derive(Clone, Copy, Default)]
pub struct Bought<'a> {
    pub products: &'a [u32],
    /// When each was bought last.
    pub last_at_us: &'a [i64],
    /// How often each was bought.
    pub times: &'a [u32],
}

impl Bought<'_> {
    pub fn has(&self, product: u32) -> bool {
        self.products.binary_search(&product).is_ok()
    }

    pub fn has_since(&self, product: u32, since_us: i64) -> bool {
        self.products.binary_search(&product).is_ok_and(|at| self.last_at_us[at] >= since_us)
    }
}

impl Activity {
    pub fn facts(&self, customer: Option<u32>) -> Facts {
        customer.map_or_else(Facts::default, |number| self.facts[number as usize])
    }

    /// After how many days customers who buy the same product of a category again do so; `None` where they rarely do.
    pub fn due_days(&self, category: u32) -> Option<u32> {
        self.rebuys.get(category as usize).and_then(Rebuys::due_days)
    }

    /// Of somebody who did these things in a shop where all others did what they did.
    pub fn of_imagined(&self, events: &Events, catalogue: &Catalogue, as_of: DateTime<Utc>) -> Self {
        let mut builder = Builder::new(catalogue, as_of);
        builder.add(events);
        Self { sales: self.sales.clone(), rebuys: self.rebuys.clone(), ..builder.finish() }
    }

    pub fn bought(&self, customer: Option<u32>) -> Bought<'_> {
        let Some(number) = customer else { return Bought::default() };
        let row = self.starts[number as usize]..self.starts[number as usize + 1];
        Bought {
            products: &self.products[row.clone()],
            last_at_us: &self.last_at_us[row.clone()],
            times: &self.times[row],
        }
    }
}

/// A line of an order, or of what was sent back.
struct Line {
    is_refund: bool,
    at_us: i64,
    product: Option<u32>,
    quantity: f64,
    value: Money,
    /// The builder's number.
    customer: Option<u32>,
    order: u64,
}

struct Purchase {
    customer: u32,
    product: u32,
    at_us: i64,
    order: u64,
}

/// Takes batches of events, in any order, and folds them.
pub struct Builder<'a> {
    catalogue: &'a Catalogue,
    as_of_us: i64,
    customers: Index,
    spent: Vec<Money>,
    purchases: Vec<Purchase>,
    /// In millionths, whole: the sum does not depend on the order in which a history stores its events.
    sales: Vec<i64>,
}

impl<'a> Builder<'a> {
    /// Nothing at or after `as_of` is taken.
    pub fn new(catalogue: &'a Catalogue, as_of: DateTime<Utc>) -> Self {
        Self {
            catalogue,
            as_of_us: as_of.timestamp_micros(),
            customers: Index::new(),
            spent: Vec::new(),
            purchases: Vec::new(),
            sales: vec![0; catalogue.len()],
        }
    }

    pub fn add(&mut self, events: &Events) {
        for at in 0..events.len() {
            let relevant = matches!(events.kinds[at], EventKind::Purchase | EventKind::Refund);
            if relevant && events.at_us[at] < self.as_of_us {
                self.add_one(&events.get(at));
            }
        }
    }

    fn add_one(&mut self, event: &Event<'_>) {
        // Lines without an order's number that were bought at the same moment are one order.
        let order = event.order.map_or(event.at_us as u64, hash);
        let customer = event.customer.map(|id| self.number_of(id));
        self.count(&Line {
            is_refund: event.kind == EventKind::Refund,
            at_us: event.at_us,
            product: event.product.and_then(|id| self.catalogue.number(id)),
            quantity: event.quantity,
            value: event.value.unwrap_or(Money::ZERO),
            customer,
            order,
        });
    }

    /// All that was done, from memory: the same as [`Self::add`] of the events it was read from.
    pub fn add_pasts(&mut self, pasts: &Pasts) {
        let as_of_us = self.as_of_us;
        let is_relevant = |done: &&Done| {
            matches!(done.kind(), EventKind::Purchase | EventKind::Refund) && done.at_us < as_of_us
        };
        for (id, row) in pasts.rows() {
            let mut number = None;
            for done in row.iter().filter(is_relevant) {
                let line = pasts.line(done);
                let customer = id.map(|id| *number.get_or_insert_with(|| self.number_of(id)));
                self.count(&Line {
                    is_refund: done.kind() == EventKind::Refund,
                    at_us: done.at_us,
                    product: pasts.product(done),
                    quantity: line.quantity.into(),
                    value: line.value,
                    customer,
                    order: line.order.into(),
                });
            }
        }
    }

    fn number_of(&mut self, customer: &str) -> u32 {
        let number = self.customers.intern(customer);
        self.spent.resize(self.customers.len(), Money::ZERO);
        number
    }

    fn count(&mut self, line: &Line) {
        let sign = if line.is_refund { -1.0 } else { 1.0 };
        if let Some(product) = line.product {
            let age_days = (self.as_of_us - line.at_us) as f64 / DAY_US;
            let counts = sign * line.quantity * (-age_days / HALF_LIFE_DAYS).exp2();
            let sold = &mut self.sales[product as usize];
            *sold = sold.saturating_add((counts * 1e6).round() as i64);
        }
        let Some(customer) = line.customer else { return };
        let spent = &mut self.spent[customer as usize];
        *spent = if line.is_refund { *spent - line.value } else { *spent + line.value };
        if !line.is_refund {
            let product = line.product.unwrap_or(NO_PRODUCT);
            self.purchases.push(Purchase { customer, product, at_us: line.at_us, order: line.order });
        }
    }

    pub fn finish(self) -> Activity {
        let Self { customers, spent, mut purchases, sales, catalogue, .. } = self;
        // The whole key, so that the order of equal customers and products does not depend on the order of events. What
        // comes customer by customer is sorted in pieces, which takes a third of the time.
        if purchases.is_sorted_by_key(|p| p.customer) {
            for row in purchases.chunk_by_mut(|a, b| a.customer == b.customer) {
                row.sort_unstable_by_key(|p| (p.product, p.at_us, p.order));
            }
        } else {
            purchases.sort_unstable_by_key(|p| (p.customer, p.product, p.at_us, p.order));
        }
        let mut activity = Activity {
            facts: spent.iter().map(|&spent| Facts { spent, ..Facts::default() }).collect(),
            starts: vec![0],
            products: Vec::new(),
            last_at_us: Vec::new(),
            times: Vec::new(),
            sales: Vec::new(),
            rebuys: vec![Rebuys::default(); catalogue.categories.len()],
            customers,
        };
        let mut rest = purchases.as_slice();
        let mut orders = Vec::new();
        for customer in 0..activity.customers.len() as u32 {
            let (row, after) = rest.split_at(rest.partition_point(|p| p.customer == customer));
            rest = after;
            activity.fold(customer, row, catalogue, &mut orders);
        }
        // More returned than sold in the window is no reason to rank below what nobody wanted.
        activity.sales = sales.into_iter().map(|sold| sold.max(0) as f64 / 1e6).collect();
        activity
    }
}

impl Activity {
    /// Appends one customer's row; `row` is sorted by product, then time.
    fn fold(&mut self, customer: u32, row: &[Purchase], catalogue: &Catalogue, orders: &mut Vec<u64>) {
        for same in row.chunk_by(|a, b| a.product == b.product).filter(|s| s[0].product != NO_PRODUCT) {
            self.products.push(same[0].product);
            self.last_at_us.push(same[same.len() - 1].at_us);
            self.times.push(same.len() as u32);
            if let Some(category) = catalogue.category_of(same[0].product) {
                self.rebuys[category as usize].count(same);
            }
        }
        self.starts.push(self.products.len());
        orders.clear();
        orders.extend(row.iter().map(|purchase| purchase.order));
        orders.sort_unstable();
        orders.dedup();
        let facts = &mut self.facts[customer as usize];
        facts.orders = orders.len() as u32;
        facts.last_purchase_us = row.iter().map(|purchase| purchase.at_us).max();
    }
}

/// The same for every run: `DefaultHasher::new` has fixed keys.
fn hash(order: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    order.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Product;

    #[test]
    fn purchases_are_folded_by_customer_and_refunds_lower_what_was_spent() {
        let product = |id: &str| Product { id: id.into(), active: true, ..Product::default() };
        let catalogue = Catalogue::new(vec![product("a"), product("b")]);
        let mut events = Events::default();
        let mut push = |kind, day: i64, product, order, units| {
            events.push(Event {
                id: None,
                kind,
                at_us: day * DAY_US as i64,
                customer: Some("c"),
                product: Some(product),
                order: Some(order),
                quantity: 1.0,
                value: Some(Money::from_units(units)),
                currency: None,
                source: "orders",
            });
        };
        push(EventKind::Purchase, 3, "b", "2", 5);
        push(EventKind::Purchase, 1, "a", "1", 7);
        push(EventKind::Purchase, 1, "b", "1", 5);
        push(EventKind::Refund, 4, "a", "1", 7);
        push(EventKind::View, 4, "a", "", 0);
        push(EventKind::Purchase, 99, "a", "3", 1);
        let mut builder = Builder::new(&catalogue, DateTime::from_timestamp(10 * 86_400, 0).unwrap());
        builder.add(&events);
        let activity = builder.finish();
        let facts = activity.facts(activity.customers.number("c"));
        let last = Some(3 * DAY_US as i64);
        assert_eq!(facts, Facts { last_purchase_us: last, orders: 2, spent: Money::from_units(10) });
        let bought = activity.bought(Some(0));
        assert_eq!((bought.products, bought.times), ([0, 1].as_slice(), [1, 2].as_slice()));
        assert!(bought.has_since(1, 2 * DAY_US as i64) && !bought.has_since(0, 2 * DAY_US as i64));
        assert_eq!(activity.bought(None).products, [0u32; 0]);

        let mut from_memory = Builder::new(&catalogue, DateTime::from_timestamp(10 * 86_400, 0).unwrap());
        from_memory.add_pasts(&Pasts::of_events([&events], &catalogue));
        let same = from_memory.finish();
        assert_eq!((same.facts(Some(0)), &same.sales), (facts, &activity.sales));
        let again = same.bought(Some(0));
        assert_eq!(
            (again.products, again.last_at_us, again.times),
            (bought.products, bought.last_at_us, bought.times)
        );
    }
}
