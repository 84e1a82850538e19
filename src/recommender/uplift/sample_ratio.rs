//! Whether the groups are as large as they were planned to be.

use super::UpliftError;
use crate::recommender::distribution::chi_square_upper;

/// How likely a split at least as uneven as `counts` is when people were assigned with the planned `shares`.
///
/// *Shapes*: one count and one share per group, two groups or more. *Units*: shares need not sum to 1. *Errors*:
/// lengths differ, a share that is not positive, nobody counted. *Cost*: linear.
///
/// *Source*: Pearson's χ² test of fit; below 0.001 the assignment (or what came after it) is broken and no comparison
/// should be trusted (A. Fabijan et al., Diagnosing sample ratio mismatch in online controlled experiments, KDD 2019).
pub fn sample_ratio_p_value(counts: &[u64], shares: &[f64]) -> Result<f64, UpliftError> {
    let usable = counts.len() == shares.len() && counts.len() >= 2 && shares.iter().all(|share| *share > 0.0);
    if !usable {
        return Err(UpliftError::BadShares);
    }
    let people: u64 = counts.iter().sum();
    if people == 0 {
        return Err(UpliftError::EmptyGroup);
    }
    let whole: f64 = shares.iter().sum();
    let statistic: f64 = counts
        .iter()
        .zip(shares)
        .map(|(count, share)| {
            let expected = people as f64 * share / whole;
            (*count as f64 - expected).powi(2) / expected
        })
        .sum();
    Ok(chi_square_upper(statistic, counts.len() as u32 - 1))
}
