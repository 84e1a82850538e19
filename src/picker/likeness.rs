//! How much alike two products are, by what the catalogue says of them.
//!
//! It knows nothing of how they are bought: models of different kinds would disagree, and a marketer could not check it.

use super::catalogue::Catalogue;
use super::pick::Picked;
use super::plan::Arm;
use crate::index::Index;
use crate::recommender::slate::diversity::intra_list;

/// What the same category counts for, and the same brand.
const CATEGORY: f32 = 0.7;
const BRAND: f32 = 0.3;

/// A campaign's candidates, by place.
pub struct Likeness {
    /// The category and those above it, from the widest: each a number.
    paths: Vec<Vec<u32>>,
    brands: Vec<Option<u32>>,
}

impl Likeness {
    pub fn new(catalogue: &Catalogue, candidates: &[u32]) -> Self {
        let mut names = Index::new();
        let path = |&number: &u32| {
            let whole = catalogue.product(number).category.as_deref().unwrap_or_default();
            let ends = whole.match_indices(" > ").map(|(at, _)| at).chain([whole.len()]);
            ends.filter(|&end| end > 0).map(|end| names.intern(&whole[..end])).collect()
        };
        Self {
            paths: candidates.iter().map(path).collect(),
            brands: candidates.iter().map(|&number| catalogue.brand_of(number)).collect(),
        }
    }

    /// From 0, nothing in common, to 1, the same category and brand. Categories that share the upper one of two levels
    /// have half in common. What is unknown is like nothing.
    pub fn of(&self, a: usize, b: usize) -> f32 {
        let (one, other) = (&self.paths[a], &self.paths[b]);
        let common = one.iter().zip(other).take_while(|(a, b)| a == b).count();
        let path = common as f32 / one.len().max(other.len()).max(1) as f32;
        let same_brand = self.brands[a].is_some() && self.brands[a] == self.brands[b];
        CATEGORY * path + if same_brand { BRAND } else { 0.0 }
    }

    /// How different the products of one e-mail are, from 0 to 1; `None` for fewer than two, and for whom no picks of
    /// their own are made.
    pub fn variety(&self, picked: &Picked) -> Option<f64> {
        let places: Vec<usize> = picked.slots.iter().flatten().map(|placed| placed.place).collect();
        (picked.arm == Arm::Picks).then(|| intra_list(&places, |a, b| self.of(a, b))).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Product;

    #[test]
    fn likeness_is_what_paths_and_brands_share() {
        let product = |id: &str, category: &str, brand: &str| Product {
            id: id.into(),
            category: Some(category.into()),
            brand: (!brand.is_empty()).then(|| brand.into()),
            active: true,
            ..Product::default()
        };
        let catalogue = Catalogue::new(vec![
            product("a", "Wine > Red", "Vinea"),
            product("b", "Wine > Red", "Vinea"),
            product("c", "Wine > White", "Vinea"),
            product("d", "Winery > Red", ""),
            product("e", "", ""),
        ]);
        let like = Likeness::new(&catalogue, &[0, 1, 2, 3, 4]);
        let found = [(0, 1), (0, 2), (0, 3), (3, 4), (4, 4)].map(|(a, b)| like.of(a, b));
        for (found, expected) in found.into_iter().zip([1.0, 0.65, 0.0, 0.0, 0.0]) {
            assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
        }
        assert_eq!(like.of(2, 0), like.of(0, 2));
    }
}
