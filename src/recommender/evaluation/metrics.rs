//! The figures of one list, and their means over all users.

use serde::{Deserialize, Serialize};

/// Means over the users with at least one item to find; from 0 to 1 where no unit is said. What a model stored by an
/// earlier version did not measure is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quality {
    /// Share of what the user went for that stood in the list.
    pub recall: f64,
    /// The same with more credit for the upper places.
    pub ndcg: f64,
    /// Share of users with at least one hit.
    pub hit_rate: f64,
    /// 1 / place of the first hit.
    pub mrr: f64,
    /// Mean average precision: the precision at each hit's place, summed, over min(K, relevant).
    pub map: f64,
    /// Share of the K places that hold a hit; a list shorter than K counts as filled up with misses.
    pub precision: f64,
    /// Share of all items that stand in anybody's list.
    pub coverage: f64,
    /// Mean share of users who have the item that stands in a place.
    pub popularity: f64,
    /// Mean self-information of the item that stands in a place, bits.
    pub novelty: f64,
    /// 1 − the share that the lists of two different users have in common, over all pairs of users.
    pub personalisation: f64,
    /// Gini coefficient of the times each item is shown, over all items.
    pub gini: f64,
    /// Mean of 1 − cosine over the pairs of items of one list; only where it was asked for.
    pub diversity: Option<f64>,
}

/// A figure that each user has, so that it has an interval and models can be compared on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Metric {
    Recall,
    Ndcg,
    HitRate,
    Mrr,
    Map,
    Precision,
    Popularity,
    Novelty,
    Diversity,
}

impl Metric {
    pub const ALL: [Self; 9] = [
        Self::Recall,
        Self::Ndcg,
        Self::HitRate,
        Self::Mrr,
        Self::Map,
        Self::Precision,
        Self::Popularity,
        Self::Novelty,
        Self::Diversity,
    ];

    /// As [`Quality`]'s field is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Recall => "recall",
            Self::Ndcg => "ndcg",
            Self::HitRate => "hit_rate",
            Self::Mrr => "mrr",
            Self::Map => "map",
            Self::Precision => "precision",
            Self::Popularity => "popularity",
            Self::Novelty => "novelty",
            Self::Diversity => "diversity",
        }
    }
}

/// What a measurement found. Each list has one entry for each user with something to find, in the order of their
/// numbers: 8 bytes a user and metric.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evaluation {
    pub quality: Quality,
    /// Users with something to find.
    pub users: usize,
    /// Who they are, ascending.
    pub numbers: Vec<u32>,
    pub ndcg: Vec<f64>,
    /// 1 for a hit, 0 for none.
    pub hits: Vec<f64>,
    pub recalls: Vec<f64>,
    pub reciprocal_ranks: Vec<f64>,
    pub average_precisions: Vec<f64>,
    pub precisions: Vec<f64>,
    /// Means over the user's list; 0 for an empty one.
    pub popularities: Vec<f64>,
    /// Likewise.
    pub novelties: Vec<f64>,
    /// Means over the pairs of the user's list, 0 where it has none; empty when diversity was not asked for.
    pub diversities: Vec<f64>,
}

impl Evaluation {
    /// The metric of each user; empty when it was not measured.
    pub fn per_user(&self, metric: Metric) -> &[f64] {
        match metric {
            Metric::Recall => &self.recalls,
            Metric::Ndcg => &self.ndcg,
            Metric::HitRate => &self.hits,
            Metric::Mrr => &self.reciprocal_ranks,
            Metric::Map => &self.average_precisions,
            Metric::Precision => &self.precisions,
            Metric::Popularity => &self.popularities,
            Metric::Novelty => &self.novelties,
            Metric::Diversity => &self.diversities,
        }
    }

    /// The metrics that were measured.
    pub fn metrics(&self) -> Vec<Metric> {
        Metric::ALL.into_iter().filter(|&metric| self.per_user(metric).len() == self.users).collect()
    }

    /// Sets the means over the users at `chosen` places of the lists above; what is told by all lists together stays
    /// as it is.
    pub(super) fn means(&self, chosen: &(impl Iterator<Item = usize> + Clone), quality: &mut Quality) {
        let mean = |metric| {
            let values = self.per_user(metric);
            let (mut sum, mut users) = (0.0, 0usize);
            for at in chosen.clone() {
                sum += values[at];
                users += 1;
            }
            sum / users.max(1) as f64
        };
        quality.recall = mean(Metric::Recall);
        quality.ndcg = mean(Metric::Ndcg);
        quality.hit_rate = mean(Metric::HitRate);
        quality.mrr = mean(Metric::Mrr);
        quality.map = mean(Metric::Map);
        quality.precision = mean(Metric::Precision);
        quality.popularity = mean(Metric::Popularity);
        quality.novelty = mean(Metric::Novelty);
        quality.diversity = (self.diversities.len() == self.users).then(|| mean(Metric::Diversity));
    }
}

/// One user's figures.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct UserQuality {
    pub recall: f64,
    pub ndcg: f64,
    pub hit: f64,
    pub reciprocal_rank: f64,
    pub average_precision: f64,
    pub precision: f64,
}

/// *Shapes*: `ranked` best first, what stands after the first K is not looked at; `relevant` ascending, without
/// repetition. All zeros when nothing is relevant or K is 0. *Cost*: O(K log relevant).
pub fn user_quality(ranked: &[u32], relevant: &[u32], k: usize) -> UserQuality {
    let discount = |place: usize| 1.0 / ((place + 2) as f64).log2();
    let mut quality = UserQuality::default();
    let ideal = k.min(relevant.len());
    if ideal == 0 {
        return quality;
    }
    let mut found = 0.0;
    for (place, item) in ranked.iter().take(k).enumerate() {
        if relevant.binary_search(item).is_ok() {
            found += 1.0;
            if quality.hit == 0.0 {
                quality.hit = 1.0;
                quality.reciprocal_rank = 1.0 / (place + 1) as f64;
            }
            quality.ndcg += discount(place);
            quality.average_precision += found / (place + 1) as f64;
        }
    }
    quality.ndcg /= (0..ideal).map(discount).sum::<f64>();
    quality.average_precision /= ideal as f64;
    quality.recall = found / relevant.len() as f64;
    quality.precision = found / k as f64;
    quality
}
