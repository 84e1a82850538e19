//! What stands around one product: what a model holds to be near it, what is bought in the same orders, what follows.

use super::ledger::Standing;
use super::live_model::LiveModel;
use crate::recommender::{Kind, Past, User, top_k};
use crate::records::EventKind;
use std::collections::BTreeMap;

/// The products that the model would show somebody who bought this one alone, by their ids with the model's score,
/// strongest first; `None` when the model does not know it, empty where it does not reason from what customers did.
pub fn nearest(live: &LiveModel, product: &str, at_most: usize) -> Option<Vec<(Box<str>, f32)>> {
    let item = live.products.number(product)?;
    let candidates: Vec<u32> = (0..live.model.items() as u32).collect();
    let mut scores = vec![0.0; candidates.len()];
    let (items, at) = ([item], [live.header.cut_at.timestamp()]);
    let past = Past { items: &items, kinds: &[Kind::Purchase], at: &at };
    let user = User { past, ..User::of(None, (&items, &[1.0])) };
    if !live.model.is_personal() || !live.model.scorer(&candidates).score(user, &mut scores) {
        return Some(Vec::new());
    }
    let best = top_k(&scores, at_most, |place| place == item as usize || scores[place] <= 0.0);
    Some(best.into_iter().map(|near| (live.products.id(near).into(), scores[near as usize])).collect())
}

/// What is bought with a product and after it.
#[derive(Debug, Default, PartialEq)]
pub struct Company {
    /// Orders that hold the product.
    pub orders: u64,
    /// Of these, how many hold each other product: by catalogue number, most often first.
    pub together: Vec<(u32, u64)>,
    /// Customers who bought the product.
    pub buyers: u64,
    /// Of these, how many bought each other product in a later order.
    pub then: Vec<(u32, u64)>,
}

/// A line of an order.
struct Bought {
    at_us: i64,
    order: u32,
    product: u32,
}

impl Company {
    /// Before the standing's moment. *Cost*: a pass over all that was done.
    pub fn of(standing: &Standing, product: u32) -> Self {
        let pasts = &standing.ledger.pasts;
        let as_of_us = standing.as_of.timestamp_micros();
        let mut company = Self::default();
        let (mut together, mut then) = (BTreeMap::new(), BTreeMap::new());
        let mut bought: Vec<Bought> = Vec::new();
        for (customer, row) in pasts.rows() {
            let purchases = row.iter().filter(|d| d.kind() == EventKind::Purchase && d.at_us < as_of_us);
            bought.clear();
            bought.extend(purchases.filter_map(|done| {
                let product = pasts.product(done)?;
                Some(Bought { at_us: done.at_us, order: pasts.line(done).order, product })
            }));
            let own = || bought.iter().filter(|line| line.product == product);
            let Some(first_us) = own().map(|line| line.at_us).min() else { continue };
            let mut orders: Vec<u32> = own().map(|line| line.order).collect();
            orders.sort_unstable();
            orders.dedup();
            company.orders += orders.len() as u64;
            // By pair, so that two lines of one order count once.
            let others = || bought.iter().filter(|line| line.product != product);
            let is_together = |line: &&Bought| orders.binary_search(&line.order).is_ok();
            let mut pairs: Vec<(u32, u32)> =
                others().filter(is_together).map(|line| (line.order, line.product)).collect();
            pairs.sort_unstable();
            pairs.dedup();
            pairs.iter().for_each(|(_, number)| *together.entry(*number).or_default() += 1);
            if customer.is_none() {
                // Guests are not one person: nobody knows who came back.
                continue;
            }
            company.buyers += 1;
            let is_later = |line: &&Bought| line.at_us > first_us && !is_together(line);
            let mut later: Vec<u32> = others().filter(is_later).map(|line| line.product).collect();
            later.sort_unstable();
            later.dedup();
            later.iter().for_each(|number| *then.entry(*number).or_default() += 1);
        }
        company.together = most(together);
        company.then = most(then);
        company
    }
}

fn most(counts: BTreeMap<u32, u64>) -> Vec<(u32, u64)> {
    let mut counts: Vec<(u32, u64)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    counts
}

#[cfg(test)]
mod tests {
    use super::super::activity;
    use super::super::catalogue::Catalogue;
    use super::super::ledger::{Ledger, Spread};
    use super::super::past::Pasts;
    use super::super::people::People;
    use super::*;
    use crate::records::{Event, Events, Product};
    use chrono::DateTime;
    use std::sync::Arc;

    #[test]
    fn company_is_counted_by_order_and_by_who_came_back() {
        let ids = ["a", "b", "c", "d"];
        let product = |id: &&str| Product { id: (*id).into(), active: true, ..Product::default() };
        let catalogue = Catalogue::new(ids.iter().map(product).collect());
        let mut events = Events::default();
        let mut buy = |customer, product, order, day: i64| {
            events.push(Event {
                id: None,
                kind: EventKind::Purchase,
                at_us: day * 86_400_000_000,
                customer,
                product: Some(product),
                order: Some(order),
                quantity: 1.0,
                value: None,
                currency: None,
                source: "orders",
            });
        };
        for (product, order, day) in
            [("a", "1", 1), ("b", "1", 1), ("b", "1", 1), ("c", "2", 3), ("a", "3", 9)]
        {
            buy(Some("x"), product, order, day);
        }
        buy(Some("y"), "d", "4", 1);
        buy(Some("y"), "a", "5", 2);
        buy(None, "a", "6", 2);
        buy(None, "b", "6", 2);
        buy(None, "c", "7", 3);
        buy(Some("y"), "c", "8", 99);
        let as_of = DateTime::from_timestamp(50 * 86_400, 0).unwrap();
        let pasts = Pasts::of_events([&events], &catalogue);
        let activity = activity::Builder::new(&catalogue, as_of).finish();
        let spread = Spread { orders: vec![], spent: vec![], days: vec![] };
        let ledger = Ledger { version: 1, catalogue, people: People::default(), pasts };
        let standing = Standing { ledger: Arc::new(ledger), as_of, activity, spread };
        let company = Company::of(&standing, 0);
        assert_eq!((company.orders, company.buyers), (4, 2));
        assert_eq!(company.together, [(1, 2)], "b in orders 1 and 6, each once");
        assert_eq!(
            company.then,
            [(2, 1)],
            "x came back for c; the guest may be anybody, y's is not known yet"
        );
    }
}
