//! `handpick evaluate`: measures a model on any interactions, without a shop.

use super::console_progress::ConsoleProgress;
use crate::index::Index;
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
    /// What to learn from: CSV with the columns user, item and, if wanted, weight.
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

/// Rows of a file, numbered.
#[derive(Default)]
struct Log {
    users: Index,
    items: Index,
    train: Vec<(u32, u32, f32)>,
    test: Vec<(u32, u32, f32)>,
}

#[derive(Clone, Copy)]
enum Part {
    Train,
    Test,
    SplitAt(DateTime<Utc>),
}

#[expect(clippy::print_stdout, reason = "a command's result goes to stdout")]
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let request = crate::training::Request { model: args.model, set: args.set, as_of: None };
    let tried = request.params()?;
    let mut log = Log::default();
    if let (Some(events), Some(at)) = (&args.events, args.split_at) {
        log.read_file(events, Part::SplitAt(at))?;
    }
    if let (Some(train), Some(test)) = (&args.train, &args.test) {
        log.read_file(train, Part::Train)?;
        log.read_file(test, Part::Test)?;
    }
    let report = measure(log, tried, args.top as usize, &ConsoleProgress::new())?;
    if args.json {
        println!("{report}");
    } else {
        println!("{report:#}");
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(
    log: Log,
    tried: Vec<Params>,
    k: usize,
    progress: &dyn Progress,
) -> anyhow::Result<serde_json::Value> {
    let (users, items) = (log.users.len(), log.items.len());
    let train = Interactions::from_triples(users, items, log.train);
    let test = Interactions::from_triples(users, items, log.test);
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

impl Log {
    fn read_file(&mut self, path: &Path, part: Part) -> anyhow::Result<()> {
        let file = std::fs::File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
        self.read(file, part).with_context(|| path.display().to_string())
    }

    fn read(&mut self, source: impl std::io::Read, part: Part) -> anyhow::Result<()> {
        let mut reader = csv::Reader::from_reader(source);
        let headers = reader.headers()?.clone();
        let column = |name: &str| headers.iter().position(|header| header.trim() == name);
        let (Some(user), Some(item)) = (column("user"), column("item")) else {
            bail!("the first row must name the columns user and item");
        };
        let (weight, time) = (column("weight"), column("timestamp"));
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record)? {
            let row = record.position().map_or(0, csv::Position::line);
            let field = |at: usize| record.get(at).map(str::trim).unwrap_or_default();
            if field(user).is_empty() || field(item).is_empty() {
                bail!("row {row}: user and item must not be empty");
            }
            let weight = match weight.map(field) {
                None | Some("") => 1.0,
                Some(text) => match text.parse::<f32>() {
                    Ok(weight) if weight.is_finite() && weight >= 0.0 => weight,
                    _ => bail!("row {row}: weight “{text}” is not a number from 0"),
                },
            };
            let is_test = match part {
                Part::Train => false,
                Part::Test => true,
                Part::SplitAt(at) => {
                    let text = time.map(field).unwrap_or_default();
                    let moment = moment(text).with_context(|| {
                        format!("row {row}: timestamp “{text}” is not a time (RFC 3339 or Unix seconds)")
                    })?;
                    moment >= at
                }
            };
            let triple = (self.users.intern(field(user)), self.items.intern(field(item)), weight);
            if is_test { &mut self.test } else { &mut self.train }.push(triple);
        }
        Ok(())
    }
}

fn moment(text: &str) -> Option<DateTime<Utc>> {
    match text.parse::<i64>() {
        Ok(seconds) => DateTime::from_timestamp(seconds, 0),
        Err(_) => text.parse().ok(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests {
    use super::*;
    use crate::progress::Silent;

    #[test]
    fn a_tiny_log_is_split_and_measured() {
        let text = "user,item,timestamp\na,x,1\nb,x,1\nb,y,2\na,y,10\n";
        let mut log = Log::default();
        log.read(text.as_bytes(), Part::SplitAt(DateTime::from_timestamp(5, 0).unwrap())).unwrap();
        let report = measure(log, vec![Params::default_of("popular").unwrap()], 20, &Silent).unwrap();
        assert_eq!((&report["recall@20"], &report["interactions"]), (&json!(1.0), &json!(3)));
    }

    #[test]
    fn a_bad_row_is_named() {
        let error =
            Log::default().read("user,item,weight\na,x,1\nb,y,no\n".as_bytes(), Part::Train).unwrap_err();
        assert!(error.to_string().starts_with("row 3: weight “no”"), "{error}");
    }
}
