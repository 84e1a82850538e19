//! Every metric against hand-worked figures and those of an independent program; intervals.

use super::*;
use crate::progress::{Progress, Silent};
use crate::recommender::{
    Contribution, Deed, Interactions, Kind, Log, Model, ModelError, Observed, Params, Resources, Scorer,
    Tensor, User,
};

/// Worked by hand: hits at places 1 and 3 of a list of four, three items to find.
#[test]
fn a_list_is_measured_as_by_hand() {
    let quality = user_quality(&[7, 1, 9, 2], &[5, 7, 9], 4);
    let ideal = 1.0 + 1.0 / 3f64.log2() + 0.5;
    assert!((quality.ndcg - 1.5 / ideal).abs() < 1e-12);
    assert!((quality.recall - 2.0 / 3.0).abs() < 1e-12);
    assert_eq!((quality.hit, quality.reciprocal_rank, quality.precision), (1.0, 1.0, 0.5));
    // Precision is 1 at the first place and 2/3 at the third; three could be found.
    assert!((quality.average_precision - (1.0 + 2.0 / 3.0) / 3.0).abs() < 1e-12);
    let late = user_quality(&[1, 2, 5], &[5], 3);
    assert_eq!((late.ndcg, late.reciprocal_rank, late.average_precision), (0.5, 1.0 / 3.0, 1.0 / 3.0));
    assert_eq!(user_quality(&[1, 2], &[5], 2), UserQuality::default());
}

#[test]
fn the_ideal_list_is_cut_at_k_and_nothing_to_find_is_no_division_by_zero() {
    let full = user_quality(&[1, 2], &[1, 2, 3, 4], 2);
    assert!((full.ndcg - 1.0).abs() < 1e-12 && (full.average_precision - 1.0).abs() < 1e-12);
    // A list shorter than K counts as filled up with misses; what stands after K does not count.
    assert_eq!(user_quality(&[1], &[1], 4).precision, 0.25);
    assert_eq!(user_quality(&[2, 1], &[1], 1), UserQuality::default());
    assert_eq!(user_quality(&[1], &[], 4), UserQuality::default());
    assert_eq!(user_quality(&[1], &[1], 0), UserQuality::default());
}

/// Scores that any program can make again.
struct Written;

impl Model for Written {
    fn kind(&self) -> &'static str {
        "popular"
    }
    fn items(&self) -> usize {
        50
    }
    fn scorer<'a>(&'a self, candidates: &'a [u32]) -> Box<dyn Scorer + 'a> {
        struct Of<'a>(&'a [u32]);
        impl Scorer for Of<'_> {
            fn score(&mut self, user: User<'_>, scores: &mut [f32]) -> bool {
                for (score, item) in scores.iter_mut().zip(self.0) {
                    *score = ((user.row.unwrap() * 7919 + item * 104_729 + 13) % 100_003) as f32;
                }
                true
            }
        }
        Box::new(Of(candidates))
    }
    fn explain(&self, _: User<'_>, _: u32, _: usize) -> Vec<Contribution> {
        vec![]
    }
    fn is_personal(&self) -> bool {
        true
    }
    fn tensors(&self) -> Vec<Tensor<'_>> {
        vec![]
    }
}

/// 60 users × 50 items. Six users have nothing, nobody has item 7.
fn written() -> (Interactions, Interactions) {
    let pairs = || (0..60u32).flat_map(|u| (0..50u32).map(move |i| (u, i, 1.0)));
    let has = |&(u, i, _): &(u32, u32, f32)| (u * 31 + i * 17 + (u * i) % 5) % 7 < 2 && u % 10 != 3 && i != 7;
    let finds = |&(u, i, _): &(u32, u32, f32)| (u * 13 + i * 29 + (u * i) % 3) % 11 == 0;
    (
        Interactions::from_triples(60, 50, pairs().filter(has)),
        Interactions::from_triples(60, 50, pairs().filter(finds)),
    )
}

fn examined(
    model: &dyn Model,
    train: &Interactions,
    owned: &Interactions,
    test: &Interactions,
    k: usize,
) -> Examination {
    let mut found = examine(model, train, owned, test, k, &Silent).unwrap();
    found.measure_diversity(train, &Silent).unwrap();
    found
}

/// Recall, NDCG, hit rate, MRR, MAP, precision, popularity, novelty, diversity, coverage, Gini, personalisation.
fn figures(quality: &Quality) -> [f64; 12] {
    [
        quality.recall,
        quality.ndcg,
        quality.hit_rate,
        quality.mrr,
        quality.map,
        quality.precision,
        quality.popularity,
        quality.novelty,
        quality.diversity.unwrap(),
        quality.coverage,
        quality.gini,
        quality.personalisation,
    ]
}

fn assert_close(found: &Quality, expected: [f64; 12]) {
    for (at, (found, expected)) in figures(found).iter().zip(expected).enumerate() {
        assert!((found - expected).abs() < 1e-10, "figure {at}: {found}, expected {expected}");
    }
}

/// From a NumPy program written from the definitions: dense matrices, every pair of items, every pair of lists, the
/// Gini coefficient by its double sum.
const NEW_ONLY: [f64; 12] = [
    0.229722222222,
    0.152866464675,
    0.616666666667,
    0.200337301587,
    0.073083664021,
    0.097916666667,
    0.275810185185,
    1.945139125434,
    0.747740915205,
    1.0,
    0.155833333333,
    0.842019774011,
];
const WITH_REPEATS: [f64; 12] = [
    0.169166666667,
    0.122012039554,
    0.583333333333,
    0.181031746032,
    0.054042658730,
    0.093750000000,
    0.278549382716,
    1.915494204145,
    0.756327636721,
    1.0,
    0.141166666667,
    0.843644067797,
];
/// Users whose number leaves 1 when divided by three.
const SECOND_THIRD: [f64; 12] = [
    0.179166666667,
    0.145391454298,
    0.650000000000,
    0.260892857143,
    0.069910714286,
    0.081250000000,
    0.276967592593,
    1.938083811275,
    0.741786158487,
    0.96,
    0.206,
    0.859210526316,
];

#[test]
fn every_metric_agrees_with_an_independent_program() {
    let (train, test) = written();
    let nothing = Interactions::from_triples(60, 50, []);
    let new_only = examined(&Written, &train, &train, &test, 8);
    assert_close(&new_only.evaluation.quality, NEW_ONLY);
    let repeats = examined(&Written, &train, &nothing, &test, 8);
    assert_close(&repeats.evaluation.quality, WITH_REPEATS);
    let thirds: Vec<u32> = (0..60).map(|user| user % 3).collect();
    let of_thirds = new_only.by_segment(&thirds);
    assert_eq!(
        of_thirds.iter().map(|part| (part.segment, part.users)).collect::<Vec<_>>(),
        [(0, 20), (1, 20), (2, 20)]
    );
    assert_close(&of_thirds[1].quality, SECOND_THIRD);
}

#[test]
fn measuring_without_the_lists_gives_the_same_figures_for_any_number_of_threads() {
    let (train, test) = written();
    let whole = examined(&Written, &train, &train, &test, 8);
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let (again, mut short) = pool.install(|| {
            (
                examined(&Written, &train, &train, &test, 8),
                evaluate(&Written, &train, &train, &test, 8, &Silent).unwrap(),
            )
        });
        assert_eq!(again, whole);
        assert_eq!((short.quality.diversity, short.metrics().len()), (None, Metric::ALL.len() - 1));
        short.quality.diversity = whole.evaluation.quality.diversity;
        short.diversities.clone_from(&whole.evaluation.diversities);
        assert_eq!(short, whole.evaluation);
    }
}

#[test]
fn somebody_new_gets_best_sellers_and_only_what_is_owned_is_left_out() {
    // Item 1 sells best. User 2 is new; user 1 only looked at item 1 before buying it.
    let train = Interactions::from_triples(3, 3, [(0, 0, 1.0), (0, 1, 9.0), (1, 0, 1.0), (1, 1, 0.1)]);
    let owned = Interactions::from_triples(3, 3, [(0, 0, 1.0), (0, 1, 1.0), (1, 0, 1.0)]);
    let test = Interactions::from_triples(3, 3, [(1, 1, 1.0), (2, 1, 1.0)]);
    let resources = Resources { seed: 1, max_memory_bytes: 1 << 30, progress: &Silent };
    let model = Params::default_of("item_knn").unwrap().fit(&train, &resources).unwrap();
    let found = evaluate(&*model, &train, &owned, &test, 1, &Silent).unwrap();
    assert_eq!((found.users, found.quality.recall), (2, 1.0));
    assert_eq!(evaluate(&*model, &train, &train, &test, 1, &Silent).unwrap().users, 1);
}

#[test]
fn best_sellers_are_neither_personal_nor_spread() {
    // Two users without anything get the same two of four items, which everybody who has something has.
    let train = Interactions::from_triples(4, 4, [(0, 0, 1.0), (0, 1, 1.0), (1, 0, 1.0), (1, 1, 1.0)]);
    let test = Interactions::from_triples(4, 4, [(2, 0, 1.0), (3, 3, 1.0)]);
    let resources = Resources { seed: 1, max_memory_bytes: 1 << 30, progress: &Silent };
    let model = Params::default_of("popular").unwrap().fit(&train, &resources).unwrap();
    let Quality { coverage, gini, personalisation, popularity, novelty, diversity, .. } =
        examined(&*model, &train, &train, &test, 2).evaluation.quality;
    assert_eq!((coverage, gini, personalisation), (0.5, 0.5, 0.0));
    assert_eq!((popularity, novelty, diversity), (1.0, 0.0, Some(0.0)));
}

#[test]
fn nothing_to_find_and_lists_of_none_measure_zeros() {
    let (train, test) = written();
    let nothing = Interactions::from_triples(60, 50, []);
    let found = examined(&Written, &train, &train, &nothing, 8);
    assert_eq!((found.evaluation.users, found.by_segment(&[0; 60])), (0, vec![]));
    assert_eq!(found.evaluation.quality, Quality { diversity: Some(0.0), ..Quality::default() });
    let empty = examined(&Written, &train, &train, &test, 0).evaluation;
    assert_eq!((empty.users, empty.quality.ndcg, empty.quality.personalisation), (60, 0.0, 0.0));
    let all = examined(&Written, &train, &train, &test, 1000).evaluation.quality;
    assert_eq!((all.recall, all.hit_rate), (1.0, 1.0));
}

#[test]
fn cancelling_ends_a_measurement() {
    struct Cancelled;
    impl Progress for Cancelled {
        fn phase(&self, _: &str, _: Option<u64>) {}
        fn advance(&self, _: u64) {}
        fn cancelled(&self) -> bool {
            true
        }
    }
    let (train, test) = written();
    assert_eq!(examine(&Written, &train, &train, &test, 8, &Cancelled).err(), Some(ModelError::Cancelled));
}

/// The order of deeds reaches the model: this one knows nothing else.
#[test]
fn a_log_is_handed_on_as_the_users_past() {
    struct LastSeen;
    impl Model for LastSeen {
        fn kind(&self) -> &'static str {
            "popular"
        }
        fn items(&self) -> usize {
            3
        }
        fn scorer<'a>(&'a self, _: &'a [u32]) -> Box<dyn Scorer + 'a> {
            struct Of;
            impl Scorer for Of {
                fn score(&mut self, user: User<'_>, scores: &mut [f32]) -> bool {
                    scores.fill(0.0);
                    if let Some(&last) = user.past.items.last() {
                        scores[last as usize] = 1.0;
                    }
                    !user.past.items.is_empty()
                }
            }
            Box::new(Of)
        }
        fn explain(&self, _: User<'_>, _: u32, _: usize) -> Vec<Contribution> {
            vec![]
        }
        fn is_personal(&self) -> bool {
            true
        }
        fn tensors(&self) -> Vec<Tensor<'_>> {
            vec![]
        }
    }
    let deed = |item, at| Deed { user: 0, item, kind: Kind::View, at };
    let log = Log::from_deeds(1, 3, vec![deed(0, 1), deed(2, 3), deed(1, 2)]);
    let train = Interactions::from_triples(1, 3, [(0, 0, 5.0), (0, 1, 1.0), (0, 2, 1.0)]);
    let test = Interactions::from_triples(1, 3, [(0, 2, 1.0)]);
    let nothing = Interactions::from_triples(1, 3, []);
    let with_log = Observed { log: Some(&log), ..Observed::from(&train) };
    assert_eq!(evaluate(&LastSeen, with_log, &nothing, &test, 1, &Silent).unwrap().quality.recall, 1.0);
    assert_eq!(evaluate(&LastSeen, &train, &nothing, &test, 1, &Silent).unwrap().quality.recall, 0.0);
}

#[test]
fn an_interval_covers_the_mean_and_no_difference_is_none() {
    let a: Vec<f64> = (0..400).map(|n| f64::from(n % 5) / 4.0).collect();
    let b = vec![0.25; 400];
    let [low, mean, high] = paired_difference(&a, &b, 1);
    assert!((mean - 0.25).abs() < 1e-12);
    // Normal approximation: 1.96 · sd / √n, with sd = √0.125.
    let half = 1.96 * 0.125f64.sqrt() / 20.0;
    assert!((high - mean - half).abs() < 0.15 * half && (mean - low - half).abs() < 0.15 * half);
    assert_eq!(paired_difference(&a, &a, 1), [0.0; 3]);
    assert_eq!((paired_difference(&[], &[], 1), mean_intervals(&[], 1)), ([0.0; 3], vec![]));
}

/// Users in groups are drawn as widely as users are: the order they come in does not matter.
#[test]
fn an_interval_of_many_users_is_as_wide_as_it_must_be() {
    let users = 70_001;
    let sorted: Vec<f64> = (0..users).map(|n| f64::from(u8::from(n < users / 2))).collect();
    let [low, mean, high] = mean_intervals(&[&sorted], 3)[0];
    let half = 1.96 * 0.5 / f64::from(users).sqrt();
    assert!((high - mean - half).abs() < 0.15 * half && (mean - low - half).abs() < 0.15 * half);
}

#[test]
fn models_are_compared_user_by_user_on_any_metric() {
    let (train, test) = written();
    let resources = Resources { seed: 1, max_memory_bytes: 1 << 30, progress: &Silent };
    let popular = Params::default_of("popular").unwrap().fit(&train, &resources).unwrap();
    let popular = evaluate(&*popular, &train, &train, &test, 8, &Silent).unwrap();
    let other = evaluate(&Written, &train, &train, &test, 8, &Silent).unwrap();
    let differences = other.differences(&popular, 1);
    assert_eq!(differences.len(), Metric::ALL.len() - 1);
    assert_eq!(differences[1], (Metric::Ndcg, paired_difference(&other.ndcg, &popular.ndcg, 1)));
    for ((metric, [low, mean, high]), (_, [_, difference, _])) in
        other.intervals(1).into_iter().zip(differences)
    {
        let popular = popular.per_user(metric).iter().sum::<f64>() / 60.0;
        assert!(
            low <= mean && mean <= high && (mean - popular - difference).abs() < 1e-9,
            "{}",
            metric.name()
        );
    }
    let Tally { wins, ties, losses } = other.tally(&popular, Metric::HitRate);
    let (own, others): (f64, f64) = (other.hits.iter().sum(), popular.hits.iter().sum());
    assert_eq!((wins + ties + losses, wins as f64 - losses as f64), (60, own - others));
}

#[test]
fn quarters_of_activity_part_nobody_from_their_equals() {
    // Users 0 and 1 have nothing, the others 1, 1, 1, 2, 3, 4, 4, 9 items.
    let counts = [0, 0, 1, 1, 1, 2, 3, 4, 4, 9];
    let rows = counts.iter().enumerate();
    let rows = rows.flat_map(|(user, &count)| (0..count).map(move |item| (user as u32, item, 1.0)));
    let train = Interactions::from_triples(10, 9, rows);
    let activity = Activity::of(&train, 0..10);
    assert_eq!(activity.segments, [0, 0, 1, 1, 1, 2, 3, 3, 3, 4]);
    assert_eq!(activity.items, [(0, 0), (1, 1), (2, 2), (3, 4), (9, 9)]);
    assert_eq!(Activity::of(&train, [0, 1]).items, [(0, 0); 5]);
}

#[test]
fn figures_of_an_earlier_version_are_read() {
    let stored = r#"{"recall":0.1,"ndcg":0.2,"hit_rate":0.3,"mrr":0.4,"coverage":0.5}"#;
    let read: Quality = serde_json::from_str(stored).unwrap();
    assert_eq!((read.recall, read.coverage, read.map, read.diversity), (0.1, 0.5, 0.0, None));
    assert_eq!(serde_json::from_value::<Quality>(serde_json::json!(read)).unwrap(), read);
}
