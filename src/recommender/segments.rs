//! Customers in groups of their like. It does not name the groups: that is for whoever knows the features.
//!
//! *Source*: Lloyd, “Least squares quantization in PCM” (1982), begun as Arthur, Vassilvitskii, “k-means++” (SODA
//! 2007), by linfa; the number of groups by Rousseeuw, “Silhouettes” (1987).

use super::models::Random;
use crate::progress::Progress;
use linfa::DatasetBase;
use linfa::traits::{Fit, Predict};
use linfa_clustering::KMeans;
use ndarray::{Array1, Array2, Axis};
use rand_xoshiro::Xoshiro256Plus;
use rand_xoshiro::rand_core::SeedableRng;
use rayon::prelude::*;

/// How many segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    Given(usize),
    /// Of 2 to 10 the number whose segments are the most apart from each other.
    Chosen,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Segments {
    /// Of each user; the largest segment is 0.
    pub assignment: Vec<u32>,
    /// The largest first; none is empty.
    pub segments: Vec<Segment>,
    /// How far apart they are, from −1 to 1, on a sample of users; `None` for a single segment.
    pub silhouette: Option<f64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    pub users: usize,
    /// Mean of its users, in the features' own units.
    pub centre: Vec<f64>,
    /// What sets it apart: the features farthest from the mean of all, the farthest first.
    pub distinctions: Vec<Distinction>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distinction {
    pub feature: usize,
    /// How far the centre lies above (or below) the mean of all users, in standard deviations.
    pub deviations: f64,
}

/// Closed: why users cannot be put in segments.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SegmentError {
    #[error("there are no users to put in segments")]
    NoUsers,
    #[error("found {found} numbers, expected {features} for each user")]
    Shape { found: usize, features: usize },
    #[error("feature {feature} of user {user} is not a finite number")]
    NotFinite { user: usize, feature: usize },
    #[error("{found} segments cannot be made; choose 1 to {MOST_SEGMENTS}")]
    Count { found: usize },
    #[error("the segments could not be computed: {0}")]
    Failed(String),
    #[error("cancelled")]
    Cancelled,
}

pub const MOST_SEGMENTS: usize = 100;

/// Beginnings tried; the one whose users are nearest to their centres is kept.
const RUNS: u64 = 5;
const ITERATIONS: u64 = 100;

/// Centres that move less, in deviations, stand.
const TOLERANCE: f64 = 1e-3;

/// Users that the number of segments is chosen on, and that silhouettes are measured on: they compare all pairs.
const CHOOSING: usize = 10_000;
const COMPARING: usize = 1_000;

/// Distinctions told of each segment, at most.
const DISTINCTIONS: usize = 5;

/// *Shapes*: `vectors` is users × `features`, row-major, in any units: each feature is measured in its standard
/// deviations, so that money does not outweigh visits; one that is the same for all says nothing.
///
/// With fewer different users than segments there are fewer segments. The same seed gives the same segments, for any
/// number of threads. *Cost*: O(runs · iterations · users · k · features), parallel over users, 8 bytes a number beside
/// the input; looks whether to go on between runs. *Errors*: [`SegmentError`].
pub fn segments(
    vectors: &[f32],
    features: usize,
    count: Count,
    seed: u64,
    progress: &dyn Progress,
) -> Result<Segments, SegmentError> {
    check(vectors, features, count)?;
    let users = vectors.len() / features;
    let (standard, mean, deviation) = standardised(vectors, features);
    let sample = |most| rows(&standard, &sampled(users, most, seed));
    let k = match count {
        Count::Given(k) => k,
        Count::Chosen => choose(&sample(CHOOSING), &sample(COMPARING), seed, progress)?,
    };
    progress.phase("Finding segments", Some(RUNS));
    let model = nearest_centres(&standard, k, seed, progress)?;
    let found: Array1<usize> = model.predict(&standard);
    let (assignment, sizes) = largest_first(&found, k);
    let silhouette = {
        let measured = sampled(users, COMPARING, seed);
        let of_sample: Vec<usize> = measured.iter().map(|&user| assignment[user] as usize).collect();
        silhouette(&rows(&standard, &measured), &of_sample)
    };
    let mut sums = vec![0f64; sizes.len() * features];
    for (row, &segment) in standard.rows().into_iter().zip(&assignment) {
        for (sum, value) in sums[segment as usize * features..][..features].iter_mut().zip(row) {
            *sum += value;
        }
    }
    let segment = |(sums, users): (&[f64], usize)| {
        let deviations: Vec<f64> = sums.iter().map(|sum| sum / users as f64).collect();
        let in_units = deviations.iter().zip(mean.iter().zip(&deviation));
        Segment {
            users,
            centre: in_units.map(|(value, (mean, deviation))| mean + value * deviation).collect(),
            distinctions: distinctions(&deviations),
        }
    };
    let segments = sums.chunks_exact(features).zip(sizes).map(segment).collect();
    Ok(Segments { assignment, segments, silhouette })
}

fn check(vectors: &[f32], features: usize, count: Count) -> Result<(), SegmentError> {
    if vectors.is_empty() {
        return Err(SegmentError::NoUsers);
    }
    if features == 0 || !vectors.len().is_multiple_of(features) {
        return Err(SegmentError::Shape { found: vectors.len(), features });
    }
    if let Some(at) = vectors.iter().position(|value| !value.is_finite()) {
        return Err(SegmentError::NotFinite { user: at / features, feature: at % features });
    }
    match count {
        Count::Given(found) if !(1..=MOST_SEGMENTS).contains(&found) => Err(SegmentError::Count { found }),
        _ => Ok(()),
    }
}

/// Every feature with mean 0 and deviation 1; the means and deviations it had.
fn standardised(vectors: &[f32], features: usize) -> (Array2<f64>, Vec<f64>, Vec<f64>) {
    let users = vectors.len() / features;
    let mut all = Array2::from_shape_fn((users, features), |(user, feature)| {
        f64::from(vectors[user * features + feature])
    });
    let (mut means, mut deviations) = (Vec::new(), Vec::new());
    for mut column in all.columns_mut() {
        let mean = column.sum() / users as f64;
        let variance = column.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / users as f64;
        // What differs only by rounding is the same for all.
        let deviation = if variance.sqrt() > 1e-9 * mean.abs() { variance.sqrt() } else { 0.0 };
        column.mapv_inplace(|value| if deviation > 0.0 { (value - mean) / deviation } else { 0.0 });
        means.push(mean);
        deviations.push(deviation);
    }
    (all, means, deviations)
}

/// At most `most` users, drawn by `seed`, ascending.
fn sampled(users: usize, most: usize, seed: u64) -> Vec<usize> {
    let mut all: Vec<usize> = (0..users).collect();
    if users > most {
        let mut random = Random(seed);
        for at in 0..most {
            let other = at + (random.uniform() * (users - at) as f64) as usize;
            all.swap(at, other);
        }
        all.truncate(most);
        all.sort_unstable();
    }
    all
}

fn rows(all: &Array2<f64>, at: &[usize]) -> Array2<f64> {
    all.select(Axis(0), at)
}

/// The number from 2 to 10 with the highest silhouette; the smaller one where two are equal.
fn choose(
    learned_on: &Array2<f64>,
    measured_on: &Array2<f64>,
    seed: u64,
    progress: &dyn Progress,
) -> Result<usize, SegmentError> {
    let numbers = 2..=10.min(learned_on.nrows()).max(2);
    progress.phase("Choosing the number of segments", Some(RUNS * numbers.clone().count() as u64));
    let mut best = (1, f64::NEG_INFINITY);
    for k in numbers {
        let model = nearest_centres(learned_on, k, seed, progress)?;
        let apart = silhouette(measured_on, &model.predict(measured_on).to_vec());
        if let Some(apart) = apart.filter(|&apart| apart > best.1 + 1e-9) {
            best = (k, apart);
        }
    }
    Ok(best.0)
}

type Centres = KMeans<f64, linfa_nn::distance::L2Dist>;

/// One run after the other, rather than all in one call of linfa, so that somebody can stop it in between.
fn nearest_centres(
    users: &Array2<f64>,
    k: usize,
    seed: u64,
    progress: &dyn Progress,
) -> Result<Centres, SegmentError> {
    let users = DatasetBase::from(users.view());
    let mut best: Option<Centres> = None;
    for run in 0..RUNS {
        if progress.cancelled() {
            return Err(SegmentError::Cancelled);
        }
        let random = Xoshiro256Plus::seed_from_u64(seed ^ run.wrapping_mul(0xd134_2543_de82_ef95));
        let found = KMeans::params_with_rng(k, random)
            .n_runs(1)
            .max_n_iterations(ITERATIONS)
            .tolerance(TOLERANCE)
            .fit(&users)
            .map_err(|error| SegmentError::Failed(error.to_string()))?;
        if best.as_ref().is_none_or(|best| found.inertia() < best.inertia()) {
            best = Some(found);
        }
        progress.advance(1);
    }
    best.ok_or_else(|| SegmentError::Failed("no run ended".into()))
}

/// Segments by their size, empty ones left out: the new number of each user's, and the sizes.
fn largest_first(found: &Array1<usize>, k: usize) -> (Vec<u32>, Vec<usize>) {
    let mut sizes = vec![0usize; k];
    for &segment in found {
        sizes[segment] += 1;
    }
    let mut order: Vec<usize> = (0..k).filter(|&segment| sizes[segment] > 0).collect();
    order.sort_by_key(|&segment| (std::cmp::Reverse(sizes[segment]), segment));
    let mut number = vec![0u32; k];
    for (at, &segment) in order.iter().enumerate() {
        number[segment] = at as u32;
    }
    let assignment = found.iter().map(|&segment| number[segment]).collect();
    (assignment, order.into_iter().map(|segment| sizes[segment]).collect())
}

/// Mean over the users of (b − a) / max(a, b): a is the mean distance to the others of their segment, b the least mean
/// distance to those of another one; 0 for somebody alone, as Rousseeuw has it. (linfa's counts somebody alone as 1,
/// which rewards a segment for every outlier.) `None` when all are in one segment. *Cost*: O(users² features),
/// parallel.
fn silhouette(users: &Array2<f64>, of_user: &[usize]) -> Option<f64> {
    let mut sizes = vec![0usize; of_user.iter().max()? + 1];
    for &segment in of_user {
        sizes[segment] += 1;
    }
    if sizes.iter().filter(|&&size| size > 0).count() < 2 {
        return None;
    }
    let of = |user: usize| {
        let mut sums = vec![0f64; sizes.len()];
        for (other, &segment) in users.rows().into_iter().zip(of_user) {
            let squares = other.iter().zip(users.row(user)).map(|(a, b)| (a - b) * (a - b));
            sums[segment] += squares.sum::<f64>().sqrt();
        }
        let own = of_user[user];
        if sizes[own] == 1 {
            return 0.0;
        }
        let within = sums[own] / (sizes[own] - 1) as f64;
        let others = (0..sizes.len()).filter(|&segment| segment != own && sizes[segment] > 0);
        let between =
            others.map(|segment| sums[segment] / sizes[segment] as f64).fold(f64::INFINITY, f64::min);
        let larger = within.max(between);
        if larger > 0.0 { (between - within) / larger } else { 0.0 }
    };
    let each: Vec<f64> = (0..of_user.len()).into_par_iter().map(of).collect();
    Some(each.iter().sum::<f64>() / each.len() as f64)
}

fn distinctions(deviations: &[f64]) -> Vec<Distinction> {
    let of_feature = |(feature, &deviations): (usize, &f64)| Distinction { feature, deviations };
    let mut all: Vec<Distinction> = deviations.iter().enumerate().map(of_feature).collect();
    all.retain(|distinction| distinction.deviations != 0.0);
    let by_size = |a: &Distinction, b: &Distinction| b.deviations.abs().total_cmp(&a.deviations.abs());
    all.sort_by(|a, b| by_size(a, b).then(a.feature.cmp(&b.feature)));
    all.truncate(DISTINCTIONS);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;

    /// Sixty users by orders and amount: many small orders, few large ones, hardly anything.
    fn three_kinds() -> Vec<f32> {
        let mut random = Random(9);
        (0..60)
            .flat_map(|user| {
                let mut noise = || random.uniform() as f32;
                let (orders, amount) = [(20.0, 1000.0), (2.0, 90_000.0), (1.0, 1000.0)][user % 10 / 4];
                [orders + noise(), amount + 500.0 * noise()]
            })
            .collect()
    }

    #[test]
    fn planted_kinds_are_found_with_what_sets_them_apart() {
        let vectors = three_kinds();
        let found = segments(&vectors, 2, Count::Chosen, 1, &Silent).unwrap();
        let sizes: Vec<usize> = found.segments.iter().map(|segment| segment.users).collect();
        assert_eq!(sizes, [24, 24, 12]);
        for user in 0..60 {
            assert_eq!(found.assignment[user], found.assignment[user % 10], "user {user}");
        }
        assert!(found.silhouette.unwrap() > 0.5, "{:?}", found.silhouette);
        let of_small_orders = &found.segments[found.assignment[0] as usize];
        assert!((of_small_orders.centre[0] - 20.5).abs() < 0.5, "{:?}", of_small_orders.centre);
        assert_eq!(of_small_orders.distinctions[0].feature, 0);
        assert!(of_small_orders.distinctions[0].deviations > 1.0);
        let of_large_orders = &found.segments[found.assignment[4] as usize];
        assert_eq!(of_large_orders.distinctions[0].feature, 1);
    }

    #[test]
    fn the_same_seed_gives_the_same_segments_for_any_number_of_threads() {
        let vectors = three_kinds();
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| segments(&vectors, 2, Count::Given(4), 3, &Silent).unwrap())
        };
        assert_eq!(with(1), with(4));
        assert_eq!(with(1), with(1));
    }

    #[test]
    fn fewer_users_than_segments_give_fewer_segments() {
        let two = segments(&[0.0, 0.0, 9.0, 9.0], 2, Count::Given(5), 1, &Silent).unwrap();
        assert_eq!(two.segments.len(), 2);
        assert_ne!(two.assignment[0], two.assignment[1]);
        for count in [Count::Given(3), Count::Chosen] {
            let same = segments(&[7.5; 40], 2, count, 1, &Silent).unwrap();
            assert_eq!((same.segments.len(), same.segments[0].users), (1, 20));
            assert_eq!((&same.segments[0].centre, same.silhouette), (&vec![7.5; 2], None));
            assert!(same.segments[0].distinctions.is_empty());
        }
        let one = segments(&[1.0, 2.0], 2, Count::Chosen, 1, &Silent).unwrap();
        assert_eq!((one.assignment, one.segments.len()), (vec![0], 1));
    }

    #[test]
    fn what_cannot_be_grouped_is_refused() {
        let refused =
            |vectors: &[f32], features, count| segments(vectors, features, count, 1, &Silent).unwrap_err();
        assert_eq!(refused(&[], 2, Count::Chosen), SegmentError::NoUsers);
        assert_eq!(refused(&[1.0; 3], 2, Count::Chosen), SegmentError::Shape { found: 3, features: 2 });
        assert_eq!(refused(&[1.0; 3], 0, Count::Chosen), SegmentError::Shape { found: 3, features: 0 });
        let not_finite = refused(&[1.0, 1.0, 1.0, f32::NAN], 2, Count::Chosen);
        assert_eq!(not_finite, SegmentError::NotFinite { user: 1, feature: 1 });
        assert_eq!(refused(&[1.0; 4], 2, Count::Given(0)), SegmentError::Count { found: 0 });
    }

    #[test]
    fn a_silhouette_is_as_by_hand() {
        let users = Array2::from_shape_vec((4, 1), vec![0.0, 1.0, 4.0, 6.0]).unwrap();
        // 0: a = 1, b = 5; 1: a = 1, b = 4; 4: a = 2, b = 3.5; 6: a = 2, b = 5.5.
        let expected = (4.0 / 5.0 + 3.0 / 4.0 + 1.5 / 3.5 + 3.5 / 5.5) / 4.0;
        assert!((silhouette(&users, &[0, 0, 1, 1]).unwrap() - expected).abs() < 1e-12);
        // Alone, 6 counts 0. 0: a = 1, b = 4; 1: a = 1, b = 3; 4 is alone too.
        let expected = (3.0 / 4.0 + 2.0 / 3.0) / 4.0;
        assert!((silhouette(&users, &[0, 0, 1, 3]).unwrap() - expected).abs() < 1e-12);
        assert_eq!(silhouette(&users, &[0; 4]), None);
    }

    #[test]
    fn it_can_be_stopped() {
        struct Cancelled;
        impl Progress for Cancelled {
            fn phase(&self, _: &str, _: Option<u64>) {}
            fn advance(&self, _: u64) {}
            fn cancelled(&self) -> bool {
                true
            }
        }
        assert_eq!(segments(&[1.0; 4], 2, Count::Given(2), 1, &Cancelled), Err(SegmentError::Cancelled));
    }
}
