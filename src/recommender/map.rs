//! Products as points on a plane, the like near each other. It does not know what the vectors mean.
//!
//! *Source*: van der Maaten, “Accelerating t-SNE using tree-based algorithms” (JMLR 2014), by linfa and bhtsne, after
//! principal components; perplexity 30 and so on as in Kobak, Berens, “The art of using t-SNE for single-cell
//! transcriptomics” (Nature Communications 2019).

use super::models::{Random, dot};
use super::{Resources, top_k};
use crate::progress::Progress;
use linfa::DatasetBase;
use linfa::traits::{Fit, Predict, Transformer};
use linfa_reduction::Pca;
use linfa_tsne::TSneParams;
use ndarray::{Array2, Axis};
use rand_xoshiro::Xoshiro256Plus;
use rand_xoshiro::rand_core::SeedableRng;
use rayon::prelude::*;
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// Of each item: x and y from −1 to 1, in one scale.
    pub places: Vec<[f32; 2]>,
    /// Items that the map was computed from; the others stand among the nearest of these.
    pub drawn: usize,
}

/// Closed: why there is no map.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MapError {
    #[error("found {found} numbers, expected {length} for each item")]
    Shape { found: usize, length: usize },
    #[error("number {at} of item {item} is not finite")]
    NotFinite { item: usize, at: usize },
    #[error(
        "the map needs {needed_mb} MB, allowed are {allowed_mb} MB; draw fewer items, or raise training.max_memory_mb"
    )]
    TooLarge { needed_mb: u64, allowed_mb: u64 },
    #[error("the map could not be computed: {0}")]
    Failed(String),
    #[error("cancelled")]
    Cancelled,
}

/// Items that are drawn themselves.
pub const MOST_DRAWN: usize = 5_000;

/// Principal components kept: the rest is mostly noise.
const COMPONENTS: usize = 50;

/// Neighbours that an item minds, in effect.
const PERPLEXITY: f64 = 30.0;

/// Fewer items cannot mind three times as many neighbours; they lie on their two principal components.
const FEWEST: usize = 10;

/// Half of linfa's: the ten nearest of 2,000 items stayed near each other as well.
const ITERATIONS: usize = 1_000;

/// θ of Barnes and Hut.
const APPROXIMATION: f64 = 0.5;

/// How far items are moved before they are mapped, in shares of the largest number. Items that are the same would be
/// taken in an order that the library draws anew each time; a picture does not show a millionth.
const JITTER: f64 = 1e-6;

/// How soon somebody who stops the map is heard.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Mapped items that one which is not drawn stands among.
const NEIGHBOURS: usize = 5;

/// Items placed between two looks at whether to go on.
const ITEMS_A_TASK: usize = 64;

/// *Shapes*: `vectors` is items × `length`, row-major; where only directions count, give vectors of length 1.
///
/// Of more than [`MOST_DRAWN`] items as many are drawn by the seed, and every other stands at the mean of its five
/// nearest among these, the nearer (by squared distance) the more. The same seed gives the same map, for any number of
/// threads. *Cost*: the map itself takes one thread, some tens of seconds for 5,000 items; whoever stops it waits for nothing, while that
/// thread ends by itself. Placing others is parallel, O(others · drawn · length). *Errors*: [`MapError`].
pub fn map(vectors: &[f32], length: usize, resources: &Resources<'_>) -> Result<Map, MapError> {
    if length == 0 || !vectors.len().is_multiple_of(length) {
        return Err(MapError::Shape { found: vectors.len(), length });
    }
    if let Some(at) = vectors.iter().position(|value| !value.is_finite()) {
        return Err(MapError::NotFinite { item: at / length, at: at % length });
    }
    let items = vectors.len() / length;
    let drawn = drawn(items, resources.seed);
    // Of each drawn item: its vector three times, and its 90 neighbours both ways.
    let needed = (drawn.len() * (24 * length + 90 * 48) + items * 16) as u64;
    if needed > resources.max_memory_bytes {
        return Err(MapError::TooLarge {
            needed_mb: needed >> 20,
            allowed_mb: resources.max_memory_bytes >> 20,
        });
    }
    if resources.progress.cancelled() {
        return Err(MapError::Cancelled);
    }
    resources.progress.phase("Drawing the map", Some(items as u64));
    let row = |item: usize| &vectors[item * length..][..length];
    let (vectors_of_drawn, seed) = (gathered(&drawn, row, length), resources.seed);
    let mapped = scaled(&stoppable(resources.progress, move || mapped(vectors_of_drawn, seed))??);
    resources.progress.advance(drawn.len() as u64);
    let mut places = vec![[0f32; 2]; items];
    places.par_chunks_mut(ITEMS_A_TASK).enumerate().try_for_each(|(task, places)| {
        if resources.progress.cancelled() {
            return Err(MapError::Cancelled);
        }
        for (n, place) in places.iter_mut().enumerate() {
            let item = task * ITEMS_A_TASK + n;
            *place = match drawn.binary_search(&item) {
                Ok(at) => mapped[at],
                Err(_) => among(row(item), &drawn, row, &mapped),
            };
        }
        Ok(())
    })?;
    resources.progress.advance((items - drawn.len()) as u64);
    Ok(Map { places, drawn: drawn.len() })
}

/// Which items are drawn, ascending.
fn drawn(items: usize, seed: u64) -> Vec<usize> {
    let mut all: Vec<usize> = (0..items).collect();
    if items > MOST_DRAWN {
        let mut random = Random(seed);
        for at in 0..MOST_DRAWN {
            let other = at + (random.uniform() * (items - at) as f64) as usize;
            all.swap(at, other);
        }
        all.truncate(MOST_DRAWN);
        all.sort_unstable();
    }
    all
}

/// Does work that knows no way to stop on a thread of its own, and comes back as soon as somebody wants it to stop. What
/// was given up goes on to its end, and the next one waits for it, so that there is never more than one at work.
fn stoppable<T: Send + 'static>(
    progress: &dyn Progress,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, MapError> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let failed = |error: &dyn Display| MapError::Failed(error.to_string());
    let given_up = Arc::new(AtomicBool::new(false));
    let (tell, told) = std::sync::mpsc::channel();
    let is_given_up = given_up.clone();
    let task = move || {
        let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_given_up.load(Ordering::Relaxed) {
            // Nobody listens any more where it was given up meanwhile.
            tell.send(work()).unwrap_or_default();
        }
    };
    std::thread::Builder::new().name("map".into()).spawn(task).map_err(|error| failed(&error))?;
    loop {
        match told.recv_timeout(LOOK_EVERY) {
            Ok(done) => return Ok(done),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(failed(&"its thread ended before it was done"));
            }
            Err(RecvTimeoutError::Timeout) if progress.cancelled() => {
                given_up.store(true, Ordering::Relaxed);
                return Err(MapError::Cancelled);
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// The vectors of the drawn items.
fn gathered<'a>(drawn: &[usize], row: impl Fn(usize) -> &'a [f32], length: usize) -> Array2<f64> {
    // t-SNE asks for two columns at least; one more that is 0 changes no distance.
    let width = length.max(2);
    let mut all = Array2::zeros((drawn.len(), width));
    for (mut to, &item) in all.rows_mut().into_iter().zip(drawn) {
        for (to, &value) in to.iter_mut().zip(row(item)) {
            *to = f64::from(value);
        }
    }
    all
}

/// Places of the rows of `all`, in any scale.
fn mapped(mut all: Array2<f64>, seed: u64) -> Result<Array2<f64>, MapError> {
    if let Some(mean) = all.mean_axis(Axis(0)) {
        all -= &mean;
    }
    let largest = all.iter().fold(0f64, |largest, value| largest.max(value.abs()));
    if largest == 0.0 {
        return Ok(Array2::zeros((all.nrows(), 2)));
    }
    let mut random = Random(seed ^ 0x6a09_e667_f3bc_c908);
    all.mapv_inplace(|value| value / largest + JITTER * (random.uniform() - 0.5));
    let (rows, width) = all.dim();
    if rows < FEWEST {
        return components(all, 2);
    }
    let reduced = if width > COMPONENTS { components(all, COMPONENTS)? } else { all };
    let perplexity = PERPLEXITY.min((rows - 1) as f64 / 3.0);
    TSneParams::embedding_size_with_rng(2, Xoshiro256Plus::seed_from_u64(seed))
        .perplexity(perplexity)
        .approx_threshold(APPROXIMATION)
        .max_iter(ITERATIONS)
        .transform(reduced)
        .map_err(|error| MapError::Failed(error.to_string()))
}

fn components(all: Array2<f64>, most: usize) -> Result<Array2<f64>, MapError> {
    let most = most.min(all.nrows()).min(all.ncols());
    let all = DatasetBase::from(all);
    let found = Pca::params(most).fit(&all).map_err(|error| MapError::Failed(error.to_string()))?;
    Ok(found.predict(&all.records))
}

/// From −1 to 1 around the middle, both directions by the same factor.
fn scaled(places: &Array2<f64>) -> Vec<[f32; 2]> {
    let mut places: Vec<[f64; 2]> =
        places.rows().into_iter().map(|row| [row[0], row.get(1).copied().unwrap_or(0.0)]).collect();
    let mut largest = 0f64;
    for axis in 0..2 {
        let all = || places.iter().map(|place| place[axis]);
        let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
        largest = largest.max((high - low) / 2.0);
        for place in &mut places {
            place[axis] -= (low + high) / 2.0;
        }
    }
    let factor = if largest > 0.0 { 1.0 / largest } else { 0.0 };
    places.into_iter().map(|place| place.map(|value| ((value * factor) as f32).clamp(-1.0, 1.0))).collect()
}

/// Where an item stands that was not drawn itself.
fn among<'a>(
    own: &[f32],
    drawn: &[usize],
    row: impl Fn(usize) -> &'a [f32],
    mapped: &[[f32; 2]],
) -> [f32; 2] {
    let size = dot(own, own);
    // −|a − b|², so that the nearest come first.
    let nearness: Vec<f32> = drawn
        .iter()
        .map(|&item| {
            let other = row(item);
            2.0 * dot(own, other) - size - dot(other, other)
        })
        .collect();
    let nearest = top_k(&nearness, NEIGHBOURS, |_| false);
    let floor = (size * 1e-6).max(f32::MIN_POSITIVE);
    let (mut place, mut total) = ([0f32; 2], 0f32);
    for at in nearest {
        let weight = floor / (-nearness[at as usize]).max(floor);
        total += weight;
        for (place, mapped) in place.iter_mut().zip(mapped[at as usize]) {
            *place += weight * mapped;
        }
    }
    if total > 0.0 { place.map(|value| value / total) } else { [0.0; 2] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;

    const RESOURCES: Resources<'_> = Resources { seed: 4, max_memory_bytes: 1 << 30, progress: &Silent };

    /// Two clusters along the diagonals of a space of `length` dimensions, every fifth vector twice.
    fn two_clusters(items: usize, length: usize) -> Vec<f32> {
        (0..items)
            .flat_map(|item| {
                let mut random = Random((item - usize::from(item % 10 == 2) * 2) as u64);
                let side = if item % 2 == 0 { 1.0 } else { -1.0 };
                (0..length).map(move |_| side + random.uniform() as f32).collect::<Vec<f32>>()
            })
            .collect()
    }

    /// Mean distance between items of different clusters over that within.
    fn apart(places: &[[f32; 2]]) -> f64 {
        let (mut sums, mut counts) = ([0f64; 2], [0f64; 2]);
        for (a, place) in places.iter().enumerate() {
            for (b, other) in places.iter().enumerate().skip(a + 1) {
                let same = usize::from(a % 2 == b % 2);
                sums[same] += f64::from((place[0] - other[0]).hypot(place[1] - other[1]));
                counts[same] += 1.0;
            }
        }
        (sums[0] / counts[0]) / (sums[1] / counts[1])
    }

    #[test]
    fn planted_clusters_come_apart_within_the_frame() {
        for length in [3, 60] {
            let found = map(&two_clusters(200, length), length, &RESOURCES).unwrap();
            assert_eq!((found.places.len(), found.drawn), (200, 200));
            let ratio = apart(&found.places);
            assert!(ratio > 2.0, "{length}: {ratio}");
            let all = found.places.iter().flatten();
            assert!(all.clone().all(|value| value.abs() <= 1.0));
            assert!(all.fold(0f32, |largest, value| largest.max(value.abs())) > 0.99);
        }
    }

    #[test]
    fn the_same_seed_draws_the_same_map() {
        let vectors = two_clusters(120, 60);
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| map(&vectors, 60, &RESOURCES).unwrap())
        };
        let first = with(1);
        for threads in [1, 4] {
            assert_eq!(with(threads), first);
        }
    }

    #[test]
    fn an_item_that_is_not_drawn_stands_among_its_nearest() {
        let vectors = [0f32, 0.0, 1.0, 0.0, 0.0, 9.0, 9.0, 9.0, 5.0, 5.0, 7.0, 5.0];
        let row = |item: usize| &vectors[item * 2..][..2];
        let mapped = [[-1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.5, 0.5], [0.2, 0.2], [0.9, 0.9]];
        let place = among(&[0.001, 0.0], &[0, 1, 2, 3, 4, 5], row, &mapped);
        assert!((place[0] + 1.0).abs() < 1e-2 && place[1].abs() < 1e-2, "{place:?}");
        let middle = among(&[0.5, 0.0], &[0, 1], row, &mapped[..2]);
        assert!(middle[0].abs() < 1e-6, "{middle:?}");
    }

    #[test]
    fn few_items_and_equal_ones_have_places() {
        let places = |vectors: &[f32], length| map(vectors, length, &RESOURCES).unwrap().places;
        assert!(places(&[], 3).is_empty());
        assert_eq!(places(&[1.0, 2.0], 2), [[0.0; 2]]);
        assert_eq!(places(&[1.0; 60], 3), [[0.0; 2]; 20]);
        let three = places(&[0.0, 0.0, 4.0, 0.0, 0.0, 2.0], 2);
        assert!(three.iter().flatten().all(|value| value.abs() <= 1.0));
        assert!(three[0] != three[1] && three[1] != three[2]);
        let line: Vec<f32> = (0..30).map(|n| n as f32).collect();
        assert_eq!(places(&line, 1).len(), 30);
        assert_eq!(places(&line[..4], 1).len(), 4);
    }

    struct Cancelled;

    impl Progress for Cancelled {
        fn phase(&self, _: &str, _: Option<u64>) {}
        fn advance(&self, _: u64) {}
        fn cancelled(&self) -> bool {
            true
        }
    }

    /// The work ends only once whoever stopped it is back; what was given up before it began is never done.
    #[test]
    fn whoever_stops_it_does_not_wait_for_its_end() {
        let (release, released) = std::sync::mpsc::channel::<()>();
        let begun = stoppable(&Cancelled, move || released.recv());
        assert_eq!(begun.map(|_| ()), Err(MapError::Cancelled));
        let waiting =
            stoppable(&Cancelled, || unreachable!("it was given up while the first one was at work"));
        assert_eq!(waiting, Err::<(), _>(MapError::Cancelled));
        release.send(()).unwrap();
        assert_eq!(stoppable(&Silent, || 7), Ok(7));
    }

    #[test]
    fn what_cannot_be_mapped_is_refused() {
        assert_eq!(map(&[1.0; 3], 2, &RESOURCES), Err(MapError::Shape { found: 3, length: 2 }));
        assert_eq!(map(&[], 0, &RESOURCES), Err(MapError::Shape { found: 0, length: 0 }));
        let found = map(&[0.0, 1.0, f32::INFINITY, 1.0], 2, &RESOURCES);
        assert_eq!(found, Err(MapError::NotFinite { item: 1, at: 0 }));
        let stopped = Resources { progress: &Cancelled, ..RESOURCES };
        assert_eq!(map(&two_clusters(20, 3), 3, &stopped), Err(MapError::Cancelled));
        let small = Resources { max_memory_bytes: 1000, ..RESOURCES };
        assert!(matches!(map(&two_clusters(20, 3), 3, &small), Err(MapError::TooLarge { .. })));
    }
}
