//! What customers did, in the numbers of a model.

use super::behaviour::Behaviour;
use super::model_file::LiveModel;
use crate::recommender::{Kind, Past, User};

/// Behaviour's product number to the model's item number.
pub fn items(behaviour: &Behaviour, live: &LiveModel) -> Vec<Option<u32>> {
    behaviour.products.ids().map(|id| live.products.number(id)).collect()
}

/// What one customer did; its memory is used again for the next.
#[derive(Default)]
pub struct Taste {
    row: Option<u32>,
    items: Vec<u32>,
    weights: Vec<f32>,
    pairs: Vec<(u32, f32)>,
    past: (Vec<u32>, Vec<Kind>, Vec<i64>),
}

impl Taste {
    pub fn user(&self) -> User<'_> {
        let (items, kinds, at) = &self.past;
        User { past: Past { items, kinds, at }, ..User::of(self.row, (&self.items, &self.weights)) }
    }

    /// `item_of`: as [`items`] makes it of the same two.
    pub fn read(
        &mut self,
        customer: &str,
        (behaviour, live): (&Behaviour, &LiveModel),
        item_of: &[Option<u32>],
    ) {
        self.row = live.customers.number(customer);
        self.clear();
        let Some(number) = behaviour.customers.number(customer) else { return };
        let (products, weights) = behaviour.interactions.row(number);
        let known = products.iter().zip(weights);
        self.pairs.extend(
            known.filter_map(|(&product, &weight)| item_of[product as usize].map(|item| (item, weight))),
        );
        self.pairs.sort_unstable_by_key(|pair| pair.0);
        self.items.extend(self.pairs.iter().map(|pair| pair.0));
        self.weights.extend(self.pairs.iter().map(|pair| pair.1));
        if let Some(log) = &behaviour.log {
            self.read_past(log.past(number), item_of);
        }
    }

    /// Every deed with an item that the model knows, in the order of time.
    fn read_past(&mut self, past: Past<'_>, item_of: &[Option<u32>]) {
        for ((&product, &kind), &at) in past.items.iter().zip(past.kinds).zip(past.at) {
            if let Some(item) = item_of[product as usize] {
                self.past.0.push(item);
                self.past.1.push(kind);
                self.past.2.push(at);
            }
        }
    }

    fn clear(&mut self) {
        self.items.clear();
        self.weights.clear();
        self.pairs.clear();
        self.past.0.clear();
        self.past.1.clear();
        self.past.2.clear();
    }
}
