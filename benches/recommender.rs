//! Factor models: an epoch of alternating least squares, the best 20 of all products for everybody, and a campaign's
//! best 10 of 200; beside the rate at which faer multiplies matrices in the same run, and `implicit` on the same data. Then
//! every other model's training, and EASE over 10,000 products beside the same inverse by numpy.
//!
//! `cargo bench --bench recommender -- [DATA.csv]`
//!
//! The file has a line of names, then `user,item` lines; without one a shop is made up and written to a temporary file.
//! `implicit` runs after it where `python3 -c "import implicit"` works ($PYTHON names another one). Medians of three.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may panic")]

use handpick::progress::Silent;
use handpick::recommender::{Deed, Interactions, Kind, Log, Model, Observed, Params, Resources, User};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rayon::prelude::*;
use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Users whom one thread ranks at once.
const BLOCK: usize = 128;

fn main() {
    let given = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let folder = tempfile::tempdir().unwrap();
    let path = given.map_or_else(|| made_up_shop(&folder.path().join("shop.csv")), Into::into);
    let bought = read(&path);
    let (users, items) = (bought.users(), bought.items());
    println!("{users} users, {items} items, {} interactions", bought.len());
    let sgemm = sgemm();
    println!("sgemm {:.1} GFLOP/s (faer, {} threads)", sgemm / 1e9, rayon::current_num_threads());
    for factors in [64, 128] {
        println!("epoch f={factors}: {:.3} s", epoch(&bought, factors));
        let model = fit(&bought, factors, 2);
        let all: Vec<u32> = (0..items as u32).collect();
        let seconds = median(|| rank(&*model, &bought, &all, 20, 1));
        let rate = (users * items * factors * 2) as f64 / seconds;
        println!(
            "top 20 of all f={factors}: {:.0} users/s, {:.1} GFLOP/s, {:.2} of sgemm",
            users as f64 / seconds,
            rate / 1e9,
            rate / sgemm
        );
        let candidates: Vec<u32> = (0..200).map(|n| n * (items as u32 / 200)).collect();
        let rounds = 1_000_000 / users + 1;
        let seconds = median(|| rank(&*model, &bought, &candidates, 10, rounds));
        println!("top 10 of 200 f={factors}: {:.0} users/s", (users * rounds) as f64 / seconds);
    }
    for kind in ["popular", "item_knn", "session", "spectral", "ease"] {
        println!("{kind}: {:.2} s", train(&bought, kind));
    }
    println!("ease on 10000 products: {:.2} s", train(&with_most_popular(&bought, 10_000), "ease"));
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let peer = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peer.py");
    if Command::new(&python)
        .args(["-c", "import implicit"])
        .output()
        .is_ok_and(|output| output.status.success())
    {
        Command::new(python).arg(peer).arg(path).env("OPENBLAS_NUM_THREADS", "1").status().unwrap();
    }
}

/// Seconds.
fn median(mut run: impl FnMut()) -> f64 {
    let mut times = [0; 3].map(|_| {
        let begun = Instant::now();
        run();
        begun.elapsed().as_secs_f64()
    });
    times.sort_by(f64::total_cmp);
    times[1]
}

/// Operations a second, for matrices that do not fit in the cache.
fn sgemm() -> f64 {
    const N: usize = 2048;
    let factor = faer::Mat::<f32>::from_fn(N, N, |row, column| ((row * 7 + column * 3) % 11) as f32);
    let mut product = faer::Mat::<f32>::zeros(N, N);
    let seconds = median(|| {
        faer::linalg::matmul::matmul(
            product.as_mut(),
            faer::Accum::Replace,
            factor.as_ref(),
            factor.as_ref(),
            1.0,
            faer::Par::rayon(0),
        );
    });
    2.0 * (N as f64).powi(3) / seconds
}

fn fit(bought: &Interactions, factors: usize, iterations: usize) -> Box<dyn Model> {
    let mut params = Params::default_of("als").unwrap();
    params.set("factors", &factors.to_string()).unwrap();
    params.set("iterations", &iterations.to_string()).unwrap();
    params.fit(bought, &Resources { seed: 1, max_memory_bytes: 64 << 30, progress: &Silent }).unwrap()
}

/// Seconds until a model with its defaults is fitted. The session's order of things is that of the file.
fn train(bought: &Interactions, kind: &str) -> f64 {
    let params = Params::default_of(kind).unwrap();
    let deeds = (0..bought.users() as u32).flat_map(|user| {
        let items = bought.row(user).0.iter().enumerate();
        items.map(move |(at, &item)| Deed { user, item, kind: Kind::Purchase, at: at as i64 * 86_400 })
    });
    let log = Log::from_deeds(bought.users(), bought.items(), deeds.collect());
    let observed = Observed { log: Some(&log), ..bought.into() };
    let resources = Resources { seed: 1, max_memory_bytes: 64 << 30, progress: &Silent };
    median(|| drop(params.fit(observed, &resources).unwrap()))
}

/// The same with so many of its items, those that most people have.
fn with_most_popular(bought: &Interactions, count: usize) -> Interactions {
    let mut owners = vec![0u32; bought.items()];
    (0..bought.users() as u32)
        .for_each(|user| bought.row(user).0.iter().for_each(|&item| owners[item as usize] += 1));
    let mut order: Vec<u32> = (0..bought.items() as u32).collect();
    order.sort_by_key(|&item| std::cmp::Reverse(owners[item as usize]));
    let mut number = vec![u32::MAX; bought.items()];
    order.iter().take(count).zip(0..).for_each(|(&item, new)| number[item as usize] = new);
    let pairs = (0..bought.users() as u32).flat_map(|user| {
        let known =
            bought.row(user).0.iter().map(|&item| number[item as usize]).filter(|&new| new != u32::MAX);
        known.map(move |new| (user, new, 1.0)).collect::<Vec<_>>()
    });
    Interactions::from_triples(bought.users(), count.min(bought.items()), pairs)
}

/// Seconds of one iteration: what five more take.
fn epoch(bought: &Interactions, factors: usize) -> f64 {
    let [one, six] = [1, 6].map(|iterations| median(|| drop(fit(bought, factors, iterations))));
    (six - one) / 5.0
}

fn rank(model: &dyn Model, bought: &Interactions, candidates: &[u32], k: usize, rounds: usize) {
    let users: Vec<u32> = (0..rounds).flat_map(|_| 0..bought.users() as u32).collect();
    let found: usize = users
        .par_chunks(BLOCK)
        .map_init(
            || (model.scorer(candidates), vec![0.0; candidates.len()]),
            |(scorer, scores), users| {
                let known: Vec<User<'_>> =
                    users.iter().map(|&user| User::of(Some(user), bought.row(user))).collect();
                let skip = |n: usize, place: usize| known[n].items.binary_search(&candidates[place]).is_ok();
                scorer.best(&known, k, &skip, scores).iter().flatten().map(Vec::len).sum::<usize>()
            },
        )
        .sum();
    assert!(found > 0);
}

fn read(path: &Path) -> Interactions {
    let text = std::fs::read_to_string(path).unwrap();
    let (mut users, mut items) = (HashMap::new(), HashMap::new());
    let pairs: Vec<(u32, u32, f32)> = text
        .lines()
        .skip(1)
        .map(|line| {
            let mut fields = line.split(',');
            let (next_user, next_item) = (users.len() as u32, items.len() as u32);
            let user = *users.entry(fields.next().unwrap()).or_insert(next_user);
            (user, *items.entry(fields.next().unwrap()).or_insert(next_item), 1.0)
        })
        .collect();
    Interactions::from_triples(users.len(), items.len(), pairs).map(|_, _, _| 1.0)
}

/// As large as the Gowalla check-ins: 30 000 users, 40 000 items, 27 of them each on average.
fn made_up_shop(path: &Path) -> std::path::PathBuf {
    let mut random = StdRng::seed_from_u64(1);
    let mut text = "user,item\n".to_owned();
    for user in 0..30_000 {
        let few: f64 = random.random();
        for _ in 0..(8.0 / few.powf(0.7)).min(800.0) as u32 {
            let popular: f64 = random.random();
            writeln!(text, "{user},{}", (40_000.0 * popular.powi(2)) as u32).unwrap();
        }
    }
    std::fs::write(path, text).unwrap();
    path.to_owned()
}
