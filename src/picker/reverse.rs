//! The other way round: for the products of a campaign the customers who are most likely to want them.
//!
//! A customer's interest is the model's score of the product among them that suits the customer best. Scores say who comes
//! before whom; they are no probabilities.

use super::activity::Activity;
use super::audience;
use super::behaviour::Behaviour;
use super::build::{BuildError, Order, read_activity, read_events};
use super::catalogue::Catalogue;
use super::model_file::LiveModel;
use super::refusal::{Refusal, check};
use super::rules::{self, Setting};
use super::taste::{self, Taste};
use crate::progress::Progress;
use rayon::prelude::*;
use std::collections::HashSet;

/// Customers whose scores are computed together.
const BATCH: usize = 64;
/// Customers that one thread takes at a time.
const CHUNK: usize = 1024;

/// Who wants what a campaign offers.
#[derive(Debug, Clone, PartialEq)]
pub struct Interested {
    /// Catalogue numbers of the products, ascending, and how many of them the model knows.
    pub products: Vec<u32>,
    pub known_products: usize,
    /// Customers who were asked for: the campaign's audience.
    pub asked: usize,
    /// Those with any interest, the most interested first, with the score of what suits them best.
    pub customers: Vec<(Box<str>, f32)>,
}

impl Interested {
    /// Which part of all interest the first `count` have, from 0 to 1.
    pub fn share_of_first(&self, count: usize) -> f64 {
        let sum = |customers: &[(Box<str>, f32)]| customers.iter().map(|one| f64::from(one.1)).sum::<f64>();
        let all = sum(&self.customers);
        if all > 0.0 { sum(&self.customers[..count.min(self.customers.len())]) / all } else { 0.0 }
    }
}

/// For the plan's products, without those that its rules take from everybody, the customers of its audience.
///
/// *Cost*: reads the history once, as a campaign does, and scores these products for everybody, many customers at a time.
pub fn interested(order: &Order<'_>, progress: &dyn Progress) -> Result<(Interested, Catalogue), BuildError> {
    check(order.plan)?;
    let catalogue = Catalogue::new(order.snapshot.products()?);
    let (activity, behaviour) = read_events(order, &catalogue, progress)?;
    let products = left(order, &activity, &catalogue)?;
    let known = (&activity, &catalogue);
    let (customers, asked) = ranked(order, &products, known, &behaviour, progress)?;
    let known_products = items(order.live, &products, &catalogue).len();
    Ok((Interested { known_products, products, asked, customers }, catalogue))
}

/// The shop's products, and the numbers of those that the campaign offers now.
pub(super) fn offered(
    order: &Order<'_>,
    progress: &dyn Progress,
) -> Result<(Catalogue, Vec<u32>), BuildError> {
    check(order.plan)?;
    let catalogue = Catalogue::new(order.snapshot.products()?);
    progress.phase("Reading what customers did", Some(order.snapshot.counts().events));
    let activity = read_activity(order.snapshot, &catalogue, order.as_of, progress)?;
    let products = left(order, &activity, &catalogue)?;
    Ok((catalogue, products))
}

fn left(order: &Order<'_>, activity: &Activity, catalogue: &Catalogue) -> Result<Vec<u32>, BuildError> {
    let choice = catalogue.choose(&order.plan.products, order.product_list, order.as_of);
    let setting = Setting::of(order.plan, catalogue, Some(activity), order.as_of);
    let taken = rules::taken(&order.plan.rules, choice.numbers.clone(), setting);
    let taken: HashSet<u32> = taken.into_iter().map(|(_, number)| number).collect();
    let products: Vec<u32> = choice.numbers.into_iter().filter(|number| !taken.contains(number)).collect();
    if products.is_empty() {
        return Err(Refusal::NoProducts(choice.removed).into());
    }
    Ok(products)
}

/// The model's numbers of these products, ascending.
fn items(live: &LiveModel, products: &[u32], catalogue: &Catalogue) -> Vec<u32> {
    let known = products.iter().filter_map(|&number| live.products.number(&catalogue.product(number).id));
    let mut items: Vec<u32> = known.collect();
    items.sort_unstable();
    items
}

/// Customers with an interest and the score of what suits them best, the most interested first.
pub(super) type Ranking = Vec<(Box<str>, f32)>;

/// The customers of the order's audience who want any of these products; and how many were asked.
pub(super) fn ranked(
    order: &Order<'_>,
    products: &[u32],
    known: (&Activity, &Catalogue),
    behaviour: &Behaviour,
    progress: &dyn Progress,
) -> Result<(Ranking, usize), BuildError> {
    let people = order.snapshot.customers()?;
    let audience = audience::choose(&order.plan.audience, order.customer_lists, people, known, order.as_of)?;
    let items = items(order.live, products, known.1);
    progress.phase("Asking who wants these products", Some(audience.ids.len() as u64));
    let scores = interests((behaviour, order.live), &items, &audience.ids, progress)?;
    let asked = audience.ids.len();
    let mut customers: Ranking =
        audience.ids.into_iter().zip(scores).filter(|(_, score)| *score > 0.0).collect();
    customers.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok((customers, asked))
}

/// For each customer the highest score of `items`; 0 where the model has nothing to say.
fn interests(
    (behaviour, live): (&Behaviour, &LiveModel),
    items: &[u32],
    customers: &[Box<str>],
    progress: &dyn Progress,
) -> Result<Vec<f32>, BuildError> {
    if items.is_empty() {
        return Ok(vec![0.0; customers.len()]);
    }
    let item_of = taste::items(behaviour, live);
    let of_chunk = |customers: &[Box<str>]| {
        if progress.cancelled() {
            return Err(BuildError::Cancelled);
        }
        let mut scorer = live.model.scorer(items);
        let mut tastes: Vec<Taste> = (0..BATCH).map(|_| Taste::default()).collect();
        let mut scores = vec![0f32; BATCH * items.len()];
        let mut best = Vec::with_capacity(customers.len());
        for batch in customers.chunks(BATCH) {
            for (taste, customer) in tastes.iter_mut().zip(batch) {
                taste.read(customer, (behaviour, live), &item_of);
            }
            let users: Vec<_> = tastes[..batch.len()].iter().map(Taste::user).collect();
            let scores = &mut scores[..batch.len() * items.len()];
            let are_personal = scorer.score_batch(&users, scores);
            for (is_personal, scores) in are_personal.into_iter().zip(scores.chunks_exact(items.len())) {
                let highest = scores.iter().fold(0f32, |highest, &score| highest.max(score));
                best.push(if is_personal { highest } else { 0.0 });
            }
        }
        progress.advance(customers.len() as u64);
        Ok(best)
    };
    let chunks: Result<Vec<Vec<f32>>, BuildError> = customers.par_chunks(CHUNK).map(of_chunk).collect();
    Ok(chunks?.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::Index;
    use crate::picker::tests_model::live;
    use crate::progress::Silent;
    use crate::recommender::Interactions;

    /// The model likes the neighbours of what somebody bought, and says 1 ÷ (1 + distance) − 0.3.
    #[test]
    fn customers_are_in_the_order_of_the_product_that_suits_them_best() {
        let behaviour = Behaviour {
            customers: ["anna", "bert", "cora"].into_iter().collect::<Index>(),
            products: (0..9).map(|n| format!("p{n:02}")).collect::<Index>(),
            interactions: Interactions::from_triples(3, 9, [(0, 0, 1.0), (1, 4, 1.0), (2, 8, 1.0)]),
            log: None,
            descriptions: None,
        };
        let customers: Vec<Box<str>> = ["anna", "bert", "cora", "dora"].map(Into::into).into();
        let found = interests((&behaviour, &live(9)), &[1, 5, 6], &customers, &Silent).unwrap();
        for (found, expected) in found.iter().zip([0.2, 0.2, 1.0 / 3.0 - 0.3, 0.0]) {
            assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
        }
        let interested = Interested {
            products: vec![1],
            known_products: 1,
            asked: 3,
            customers: vec![("a".into(), 3.0), ("b".into(), 1.0)],
        };
        assert_eq!([0, 1, 9].map(|count| interested.share_of_first(count)), [0.0, 0.75, 1.0]);
    }
}
