//! A model whose right answers can be seen: it likes the neighbours (by number) of what somebody bought.

use super::live_model::LiveModel;
use crate::index::Index;
use crate::recommender::{Contribution, Model, Scorer, Tensor, User};

struct Neighbours(usize);

struct Close<'a>(&'a [u32]);

impl Model for Neighbours {
    fn kind(&self) -> &'static str {
        "neighbours"
    }

    fn items(&self) -> usize {
        self.0
    }

    fn scorer<'a>(&'a self, candidates: &'a [u32]) -> Box<dyn Scorer + 'a> {
        Box::new(Close(candidates))
    }

    fn explain(&self, _: User<'_>, _: u32, _: usize) -> Vec<Contribution> {
        Vec::new()
    }

    fn is_personal(&self) -> bool {
        true
    }

    fn tensors(&self) -> Vec<Tensor<'_>> {
        Vec::new()
    }
}

impl Scorer for Close<'_> {
    fn score(&mut self, user: User<'_>, scores: &mut [f32]) -> bool {
        for (score, candidate) in scores.iter_mut().zip(self.0) {
            let near = |item: &u32| 1.0 / (1.0 + item.abs_diff(*candidate) as f32) - 0.3;
            *score = user.items.iter().map(near).sum();
        }
        !user.items.is_empty()
    }
}

/// Knows products `p00` to `p<products - 1>`.
pub fn live(products: usize) -> LiveModel {
    LiveModel {
        header: super::model_file::tests_header(),
        customers: Index::new(),
        products: (0..products).map(|n| format!("p{n:02}")).collect(),
        model: Box::new(Neighbours(products)),
    }
}
