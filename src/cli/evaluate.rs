//! `handpick evaluate`: measures a model on any interactions, without a shop.

use super::console_progress::ConsoleProgress;
use super::interactions_file::{self, Dictionaries, Line};
use crate::progress::Progress;
use crate::recommender::evaluation::{Evaluation, evaluate};
use crate::recommender::{Interactions, Model, Params, Resources};
use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

#[derive(clap::Args)]
pub struct Args {
    /// What to learn from: CSV or Parquet with the columns user,item[,weight][,timestamp].
    #[arg(long, value_name = "FILE", requires = "test", required_unless_present = "events")]
    train: Option<PathBuf>,
    /// What to find, likewise.
    #[arg(long, value_name = "FILE", requires = "train")]
    test: Option<PathBuf>,
    /// One log with the column timestamp, to be split in time.
    #[arg(long, value_name = "FILE", requires = "split_at", conflicts_with = "train")]
    events: Option<PathBuf>,
    /// Learn from what came before, find what came at or after.
    #[arg(long, value_name = "TIME", requires = "events")]
    split_at: Option<DateTime<Utc>>,
    /// popular, item_knn, als, or auto: the best on a part of the training data held back.
    #[arg(long, value_name = "NAME", default_value = "auto")]
    model: String,
    /// A parameter of the model; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = super::key_value)]
    set: Vec<(String, String)>,
    /// Length of the lists.
    #[arg(long, value_name = "K", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    top: u32,
    /// Print the result as one JSON object.
    #[arg(long)]
    json: bool,
}

/// What is learned from and what is to be found, under the same numbers.
#[derive(Default)]
struct Log {
    known: Dictionaries,
    train: Vec<Line>,
    test: Vec<Line>,
}

impl Log {
    fn files(train: &Path, test: &Path) -> anyhow::Result<Self> {
        let mut log = Self::default();
        log.train = interactions_file::read(train, &mut log.known)?;
        log.test = interactions_file::read(test, &mut log.known)?;
        Ok(log)
    }

    fn split(events: &Path, at: DateTime<Utc>) -> anyhow::Result<Self> {
        let mut log = Self::default();
        for line in interactions_file::read(events, &mut log.known)? {
            let Some(at_us) = line.at_us else {
                bail!("{}: splitting in time needs a column “timestamp”", events.display());
            };
            if at_us < at.timestamp_micros() { &mut log.train } else { &mut log.test }.push(line);
        }
        Ok(log)
    }
}

#[expect(clippy::print_stdout, reason = "a command's result goes to stdout")]
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let request = crate::training::Request { model: args.model, set: args.set, as_of: None };
    let tried = request.params()?;
    let log = match (&args.events, args.split_at, &args.train, &args.test) {
        (Some(events), Some(at), _, _) => Log::split(events, at)?,
        (_, _, Some(train), Some(test)) => Log::files(train, test)?,
        _ => bail!("give --train and --test, or --events and --split-at"),
    };
    let report = measure(&log, tried, args.top as usize, &ConsoleProgress::new())?;
    if args.json {
        println!("{report}");
    } else {
        println!("{report:#}");
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(
    log: &Log,
    tried: Vec<Params>,
    k: usize,
    progress: &dyn Progress,
) -> anyhow::Result<serde_json::Value> {
    let (users, items) = (log.known.users.len(), log.known.items.len());
    let train = Interactions::from_triples(users, items, log.train.iter().map(Line::triple));
    let test = Interactions::from_triples(users, items, log.test.iter().map(Line::triple));
    let begun = Instant::now();
    let params = choose(tried, &train, k, progress)?;
    let model = fit(&params, &train, progress)?;
    let train_seconds = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    let Evaluation { quality, users: measured, .. } = evaluate(&*model, &train, &train, &test, k, progress)?;
    let score_seconds = begun.elapsed().as_secs_f64();
    if measured == 0 {
        bail!("no user has a test item that is not among the training items; there is nothing to measure");
    }
    Ok(json!({
        "model": params.kind(), "params": params, "users": users, "items": items, "test_users": measured,
        "interactions": train.len(), format!("recall@{k}"): quality.recall, format!("ndcg@{k}"): quality.ndcg,
        format!("hit_rate@{k}"): quality.hit_rate, format!("mrr@{k}"): quality.mrr,
        format!("coverage@{k}"): quality.coverage, "train_seconds": train_seconds,
        "score_seconds": score_seconds, "users_per_second": measured as f64 / score_seconds.max(1e-9),
        "peak_memory_bytes": peak_memory(),
    }))
}

fn fit(params: &Params, train: &Interactions, progress: &dyn Progress) -> anyhow::Result<Box<dyn Model>> {
    Ok(params.fit(train, &Resources { seed: 1, max_memory_bytes: u64::MAX, progress })?)
}

/// Holds one item of each user back, so that the choice does not see the test.
fn choose(
    mut tried: Vec<Params>,
    train: &Interactions,
    k: usize,
    progress: &dyn Progress,
) -> anyhow::Result<Params> {
    if tried.len() == 1 {
        return Ok(tried.remove(0));
    }
    let (mut kept, mut held) = (Vec::new(), Vec::new());
    for user in 0..train.users() as u32 {
        let (items, weights) = train.row(user);
        let out = if items.len() > 1 { user as usize % items.len() } else { usize::MAX };
        for (at, (&item, &weight)) in items.iter().zip(weights).enumerate() {
            if at == out { &mut held } else { &mut kept }.push((user, item, weight));
        }
    }
    let kept = Interactions::from_triples(train.users(), train.items(), kept);
    let held = Interactions::from_triples(train.users(), train.items(), held);
    let mut best: Option<(f64, Params)> = None;
    for params in tried {
        let ndcg = evaluate(&*fit(&params, &kept, progress)?, &kept, &kept, &held, k, progress)?.quality.ndcg;
        if best.as_ref().is_none_or(|(best, _)| ndcg > *best) {
            best = Some((ndcg, params));
        }
    }
    best.map(|(_, params)| params).context("no model was tried")
}

/// The process's peak, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok().map(|kb| kb * 1024)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests {
    use super::*;
    use crate::progress::Silent;

    #[test]
    fn a_tiny_log_is_split_and_measured() {
        let text = "user,item,timestamp\na,x,1\nb,x,1\nb,y,2\na,y,10\n";
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let log = Log::split(file.path(), DateTime::from_timestamp(5, 0).unwrap()).unwrap();
        let report = measure(&log, vec![Params::default_of("popular").unwrap()], 20, &Silent).unwrap();
        assert_eq!((&report["recall@20"], &report["interactions"]), (&json!(1.0), &json!(3)));
    }
}
