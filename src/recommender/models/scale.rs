//! How far a model spreads its scores, so that two models can be added.

use crate::recommender::{Interactions, User, top_k};

/// Users looked at; the mean over them is stable to about a twentieth.
const SAMPLE: usize = 200;

/// The place whose score is compared with the first.
const DEEP: usize = 100;

/// Mean over a sample of users of the distance between the best score and the hundredth (or the last). Never 0.
///
/// *Shapes*: `score` fills one number an item.
pub fn spread(mut score: impl FnMut(User<'_>, &mut [f32]), interactions: &Interactions) -> f32 {
    let known: Vec<u32> =
        (0..interactions.users() as u32).filter(|&user| !interactions.row(user).0.is_empty()).collect();
    let step = known.len().div_ceil(SAMPLE).max(1);
    let mut scores = vec![0f32; interactions.items()];
    let (mut sum, mut count) = (0f64, 0u32);
    for &user in known.iter().step_by(step) {
        score(User::of(Some(user), interactions.row(user)), &mut scores);
        let best = top_k(&scores, DEEP, |_| false);
        if let (Some(&first), Some(&last)) = (best.first(), best.last()) {
            sum += f64::from(scores[first as usize] - scores[last as usize]);
            count += 1;
        }
    }
    let mean = (sum / f64::from(count.max(1))) as f32;
    if mean.is_finite() && mean > 0.0 { mean } else { 1.0 }
}
