//! Both forms against the closed form, solved another way.

use super::*;
use crate::progress::Silent;
use crate::recommender::{Interactions, Model};
use proptest::prelude::*;

fn resources(max_memory_bytes: u64) -> Resources<'static> {
    Resources { seed: 1, max_memory_bytes, progress: &Silent }
}

fn fitted(interactions: &Interactions, params: Params) -> Ease {
    fit(&params.check().unwrap(), interactions.into(), &resources(1 << 30)).unwrap()
}

/// Plain EASE: nothing is damped.
fn plain() -> Params {
    Params { regularisation: 1.0, user_damping: 0.0, item_damping: 0.0, popularity: 0.0, ..Params::default() }
}

const FORMS: [usize; 2] = [20_000, 0];

/// Items × items, with 0 for what is not kept.
fn rows(model: &Ease) -> Vec<Vec<f32>> {
    let row = |item| {
        let mut row = vec![0.0; model.items()];
        let (others, weights) = model.0.row(item);
        for (&other, &weight) in others.iter().zip(weights) {
            row[other as usize] = weight;
        }
        row
    };
    (0..model.items() as u32).map(row).collect()
}

#[test]
fn two_items_are_as_worked_by_hand() {
    // G = [2 1; 1 1], λ = 1.5: each is regressed on the other alone.
    let bought = Interactions::from_triples(2, 3, [(0, 0, 1.0), (0, 1, 1.0), (1, 0, 1.0)]);
    for dense_items in FORMS {
        let found = rows(&fitted(&bought, Params { dense_items, ..plain() }));
        assert!((found[0][1] - 1.0 / 3.5).abs() < 1e-6, "{found:?}");
        assert!((found[1][0] - 1.0 / 2.5).abs() < 1e-6, "{found:?}");
        assert_eq!((found[0][0], &found[2]), (0.0, &vec![0.0; 3]));
    }
    // Item 0 has sum 2, item 1 sum 1; with b = ½ the diagonal is 1 and 1 and what they share 1/√2, λ = 1.
    // B̃ = 1 / (2√2) both ways; 0 → 1 times 1 / √2, 1 → 0 times √2, and twice that with c = 1.
    let damped = Params { item_damping: 0.5, popularity: 1.0, ..plain() };
    for dense_items in FORMS {
        let found = rows(&fitted(&bought, Params { dense_items, ..damped }));
        assert!((found[0][1] - 0.25).abs() < 1e-6 && (found[1][0] - 1.0).abs() < 1e-6, "{found:?}");
    }
    // User 0 has two, user 1 one; with a = 1 the diagonal is ¼ + 1 and ¼, λ = ¾.
    let found = rows(&fitted(&bought, Params { user_damping: 1.0, ..plain() }));
    assert!((found[0][1] - 0.25 / 2.0).abs() < 1e-6 && (found[1][0] - 0.25).abs() < 1e-6, "{found:?}");
}

/// The closed form by elimination in double precision: column j solves (G + λI) without row and column j.
fn independently(interactions: &Interactions) -> Vec<Vec<f64>> {
    let n = interactions.items();
    let mut gram = vec![vec![0f64; n]; n];
    for user in 0..interactions.users() as u32 {
        let (items, weights) = interactions.row(user);
        for (&a, &x) in items.iter().zip(weights) {
            for (&b, &y) in items.iter().zip(weights) {
                gram[a as usize][b as usize] += f64::from(x).sqrt() * f64::from(y).sqrt();
            }
        }
    }
    let seen: Vec<f64> = (0..n).map(|at| gram[at][at]).filter(|&size| size > 0.0).collect();
    let ridge = seen.iter().sum::<f64>() / seen.len() as f64;
    let mut b = vec![vec![0f64; n]; n];
    for target in 0..n {
        let others: Vec<usize> = (0..n).filter(|&item| item != target).collect();
        let mut system: Vec<Vec<f64>> = others
            .iter()
            .map(|&row| {
                let mut equation: Vec<f64> = others.iter().map(|&column| gram[row][column]).collect();
                equation.push(gram[row][target]);
                equation
            })
            .collect();
        for (at, equation) in system.iter_mut().enumerate() {
            equation[at] += ridge;
        }
        for pivot in 0..others.len() {
            let equation: Vec<f64> = system[pivot].iter().map(|value| value / system[pivot][pivot]).collect();
            for (row, values) in system.iter_mut().enumerate() {
                let factor = if row == pivot { 0.0 } else { values[pivot] };
                values.iter_mut().zip(&equation).for_each(|(value, of_pivot)| *value -= factor * of_pivot);
            }
            system[pivot] = equation;
        }
        for (&own, equation) in others.iter().zip(&system) {
            b[own][target] = equation[others.len()];
        }
    }
    b
}

#[test]
fn one_item_one_user_and_equal_rows_are_no_trouble() {
    for dense_items in FORMS {
        let params = Params { dense_items, ..Params::default() };
        assert_eq!(rows(&fitted(&Interactions::from_triples(1, 1, [(0, 0, 1.0)]), params)), [[0.0]]);
        let one_user = Interactions::from_triples(1, 3, [(0, 0, 1.0), (0, 2, 1.0)]);
        let found = rows(&fitted(&one_user, params));
        assert!(found[0][2] > 0.0 && found[1] == [0.0; 3] && found[0][1] == 0.0);
        let equal = (0..6).flat_map(|user| (0..4).map(move |item| (user, item, 1.0)));
        let found = rows(&fitted(&Interactions::from_triples(6, 4, equal), params));
        assert!((1..4).all(|item| (found[0][item] - found[0][1]).abs() < 1e-5), "{found:?}");
    }
}

#[test]
fn only_what_speaks_loudest_is_kept() {
    let bought =
        Interactions::from_triples(3, 3, [(0, 0, 1.0), (0, 1, 1.0), (1, 0, 1.0), (1, 2, 4.0), (2, 2, 1.0)]);
    let (all, one) =
        (rows(&fitted(&bought, plain())), rows(&fitted(&bought, Params { neighbours: 1, ..plain() })));
    for target in 0..3 {
        let strongest =
            (0..3).max_by(|&a, &b| all[a][target].abs().total_cmp(&all[b][target].abs())).unwrap();
        for own in 0..3 {
            assert_eq!(one[own][target], if own == strongest { all[own][target] } else { 0.0 });
        }
    }
}

#[test]
fn what_does_not_fit_at_once_is_solved_item_by_item_and_less_is_refused() {
    let cells = (0..400).flat_map(|user| [(user, user, 1.0), (user, (user + 1) % 400, 1.0)]);
    let bought = Interactions::from_triples(400, 400, cells);
    let params = Params { neighbours: 2, ..plain() }.check().unwrap();
    let with = |bytes| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        pool.install(|| fit(&params, (&bought).into(), &resources(bytes)))
    };
    let of = |form| fitted(&bought, Params { dense_items: form, neighbours: 2, ..plain() });
    assert_eq!(with(1 << 30).unwrap().0, of(20_000).0);
    assert_eq!(with(200_000).unwrap().0, of(0).0);
    assert!(matches!(with(1000), Err(ModelError::TooLarge { .. })));
}

#[test]
fn parameters_out_of_range_are_refused() {
    for (key, value) in [
        ("regularisation", "0"),
        ("user_damping", "1.5"),
        ("item_damping", "-0.1"),
        ("popularity", "2"),
        ("neighbours", "0"),
        ("reach", "0"),
        ("dense_items", "1000000"),
    ] {
        let mut params = crate::recommender::Params::default_of("ease").unwrap();
        params.set(key, value).unwrap();
        assert!(matches!(params.check(), Err(ModelError::Parameter { name, .. }) if name == key), "{key}");
    }
}

const USERS: u32 = 12;
const ITEMS: u32 = 9;

fn cells() -> impl Strategy<Value = Vec<(u32, u32, f32)>> {
    let cell = (0..USERS, 0..ITEMS, 1u8..9).prop_map(|(user, item, weight)| (user, item, f32::from(weight)));
    proptest::collection::vec(cell, 1..60)
}

proptest! {
    #[test]
    fn all_at_once_is_the_closed_form(cells in cells()) {
        let bought = Interactions::from_triples(USERS as usize, ITEMS as usize, cells);
        let expected = independently(&bought);
        let found = rows(&fitted(&bought, plain()));
        for own in 0..ITEMS as usize {
            for target in 0..ITEMS as usize {
                let (found, expected) = (f64::from(found[own][target]), expected[own][target]);
                prop_assert!((found - expected).abs() < 1e-4, "{} {}", found, expected);
            }
        }
    }

    /// Where somebody has everything, every item shares a user with every other; and the steps go on to the end.
    #[test]
    fn item_by_item_is_the_closed_form_too(cells in cells()) {
        let everybody = (0..ITEMS).map(|item| (USERS, item, 1.0));
        let (users, items) = (USERS as usize + 1, ITEMS as usize);
        let bought = Interactions::from_triples(users, items, cells.into_iter().chain(everybody));
        let scaled = Scaled::new(&bought, &plain());
        let columns = local::columns(&scaled, items, 1e-5, items, &resources(1 << 30)).unwrap();
        let (expected, found) = (independently(&bought), rows(&Ease(columns.transpose())));
        for (expected, found) in expected.iter().flatten().zip(found.iter().flatten()) {
            prop_assert!((expected - f64::from(*found)).abs() < 1e-3, "{} {}", expected, found);
        }
    }

    #[test]
    fn other_numbers_for_users_and_items_change_nothing_else(cells in cells(), turn in 1..ITEMS) {
        for dense_items in FORMS {
            let params = Params { dense_items, ..Params::default() };
            let (users, items) = (USERS as usize, ITEMS as usize);
            let moved = |item: u32| (item * 2 + turn) % ITEMS;
            let turned = cells.iter().map(|&(user, item, weight)| (USERS - 1 - user, moved(item), weight));
            let plain = rows(&fitted(&Interactions::from_triples(users, items, cells.clone()), params));
            let other = rows(&fitted(&Interactions::from_triples(users, items, turned), params));
            for a in 0..ITEMS {
                for b in 0..ITEMS {
                    let (x, y) = (plain[a as usize][b as usize], other[moved(a) as usize][moved(b) as usize]);
                    prop_assert!((x - y).abs() < 1e-3, "{} {}", x, y);
                }
            }
        }
    }
}
