//! How good a model is on what it has not seen: ranking metrics, what the lists look like, and whether a difference is
//! more than chance.
//!
//! All items are ranked for every user with something to find; what the user has already is left out, or not, as the
//! caller says. Relevance is binary.
//!
//! | metric | of | means |
//! |---|---|---|
//! | recall | found ÷ relevant | how much of what the user went for stood in the list |
//! | precision | found ÷ K | how much of the list the user went for |
//! | NDCG | Σ 1/log2(place + 1) over the found ÷ the same of an ideal list | recall with more credit for the upper places |
//! | MAP | Σ precision at each found place ÷ min(K, relevant) | likewise, by precision |
//! | MRR | 1 ÷ place of the first found | how far somebody must read |
//! | hit rate | any found | share of users with something |
//! | coverage | items shown to anybody ÷ items | breadth |
//! | Gini | of the times each item is shown | 0: all items alike; near 1: few items take all |
//! | personalisation | 1 − the share that two users' lists have in common | 0: everybody gets the same |
//! | popularity | share of users who have a shown item | how ordinary the lists are |
//! | novelty | −log2 of that share, bits | how surprising they are |
//! | diversity | 1 − cosine of two items of one list | how unlike each other they are |
//!
//! *Source*: Järvelin, Kekäläinen (TOIS 2002) for NDCG, its ideal list cut at min(K, relevant); Zhou et al. (PNAS 2010)
//! for novelty and personalisation; Ziegler et al. (WWW 2005) for diversity within a list.

mod breakdown;
mod diversity;
mod intervals;
mod lists;
mod metrics;
mod rank;
pub mod splits;
#[cfg(test)]
mod tests;

pub use breakdown::{Activity, Segment};
pub use intervals::{Tally, mean_intervals, paired_difference};
pub use lists::Lists;
pub use metrics::{Evaluation, Metric, Quality, UserQuality, user_quality};
pub use rank::{Examination, evaluate, examine};
