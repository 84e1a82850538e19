//! `handpick evaluate`: measures models on any interactions, without a shop.

mod data;
mod report;
mod table;
#[cfg(test)]
mod tests;

use super::console_progress::ConsoleProgress;
use super::interactions_file;
use crate::progress::Progress;
use crate::recommender::auto::{self, Effort};
use crate::recommender::evaluation::{Activity, Evaluation, Metric, examine};
use crate::recommender::{Kind, ModelError, Params, Resources};
use crate::training::Request;
use anyhow::{bail, ensure};
use data::{Data, Parts, Ranked, Split};
use report::{Measured, Report};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// For training and for intervals.
const SEED: u64 = 1;

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("split")
    .args(["split_at", "leave_last_out", "holdout"]).conflicts_with_all(["train", "test"]))]
pub struct Args {
    /// What to learn from: CSV or Parquet with the columns user,item[,weight][,timestamp][,event].
    #[arg(long, value_name = "FILE", requires = "test", required_unless_present = "events")]
    train: Option<PathBuf>,
    /// What to find, likewise.
    #[arg(long, value_name = "FILE", requires = "train")]
    test: Option<PathBuf>,
    /// One log, likewise, to be parted by --split-at, --leave-last-out or --holdout.
    #[arg(long, value_name = "FILE", requires = "split", conflicts_with = "train")]
    events: Option<PathBuf>,
    /// What the items are: CSV with the columns item[,title][,category][,brand][,price], the category as Home > Light.
    #[arg(long, value_name = "FILE")]
    products: Option<PathBuf>,
    /// Learn from what came before, find what came at or after: 2011-09-01 or 2011-09-01T12:00:00Z.
    #[arg(long, value_name = "TIME", requires = "events", value_parser = moment)]
    split_at: Option<i64>,
    /// Find each user's last item, learn from the others.
    #[arg(long, requires = "events")]
    leave_last_out: bool,
    /// Find this share of each user's items, drawn by chance, learn from the others: 0.2.
    #[arg(long, value_name = "SHARE", requires = "events", value_parser = share)]
    holdout: Option<f64>,
    /// Another number draws another holdout.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, requires = "holdout")]
    holdout_seed: u64,
    /// Only events of this kind are to be found: view, click, cart or purchase.
    #[arg(long, value_name = "EVENT", value_parser = |text: &str| interactions_file::kind_of(text)
        .map_err(|_| "expected view, click, cart or purchase"))]
    find: Option<Kind>,
    /// Leave out what a user has already; it counts neither as shown nor as found. The default.
    #[arg(long, conflicts_with = "with_repeats")]
    test_new_only: bool,
    /// Rank all items, also those that a user has already: where people buy the same again.
    #[arg(long)]
    with_repeats: bool,
    /// A model, several with commas between, all, or auto: the best on a part of the training data held back.
    #[arg(long, value_name = "NAME", default_value = "auto", value_delimiter = ',')]
    model: Vec<String>,
    /// A parameter of the model, or MODEL.KEY=VALUE with several models; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = super::key_value)]
    set: Vec<(String, String)>,
    /// Length of the lists.
    #[arg(long, value_name = "K", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    top: u32,
    /// Show the figures also by how much users had done before.
    #[arg(long)]
    by_activity: bool,
    /// Print the result as one JSON object.
    #[arg(long)]
    json: bool,
}

fn moment(text: &str) -> Result<i64, String> {
    interactions_file::time_us(text).ok_or_else(|| "expected 2011-09-01 or 2011-09-01T12:00:00Z".into())
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| *share > 0.0 && *share < 1.0);
    share.ok_or_else(|| "expected a share above 0 and below 1, such as 0.2".into())
}

#[expect(clippy::print_stdout, reason = "a command's result goes to stdout")]
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let asked = asked(&args.model, &args.set, args.products.is_some())?;
    let ranked = if args.with_repeats { Ranked::All } else { Ranked::New };
    let split = match (args.split_at, args.holdout) {
        (Some(at_us), _) => Split::At(at_us),
        (_, Some(share)) => Split::Share { share, seed: args.holdout_seed },
        _ => Split::LastOfEach,
    };
    let mut parts = match (&args.events, &args.train, &args.test) {
        (Some(events), _, _) => Parts::split(events, split, ranked)?,
        (_, Some(train), Some(test)) => Parts::files(train, test)?,
        _ => bail!("give --train and --test, or --events and how to part it"),
    };
    if let Some(products) = &args.products {
        parts.describe(products)?;
    }
    let data = Data::new(&parts, ranked, args.find)?;
    drop(parts);
    let measuring = Measuring { data, k: args.top as usize, ranked, by_activity: args.by_activity };
    let progress = ConsoleProgress::new();
    let report = measuring.run(asked, &progress)?;
    drop(progress);
    if args.json {
        println!("{}", report.json(peak_memory()));
    } else {
        println!("{}", report.text());
    }
    Ok(ExitCode::SUCCESS)
}

/// The parameters of each model that was asked for; `None` leaves the choice to a race.
fn asked(
    models: &[String],
    set: &[(String, String)],
    is_described: bool,
) -> anyhow::Result<Vec<Option<Params>>> {
    let mut names: Vec<&str> = Vec::new();
    for name in models.iter().map(|name| name.trim()) {
        let all = if name == "all" { Params::KINDS } else { &[name] };
        let can_learn = |kind: &str| name != "all" || kind != "content" || is_described;
        for &name in all.iter().filter(|kind| can_learn(kind)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let mut requests: Vec<Request> =
        names.iter().map(|&name| Request { model: name.to_owned(), ..Request::default() }).collect();
    for (key, value) in set {
        let (name, key) = match key.split_once('.') {
            Some((name, key)) => (name, key),
            None if names.len() == 1 => (names[0], key.as_str()),
            None => bail!("--set {key}={value}: say of which model, such as {}.{key}={value}", names[0]),
        };
        match requests.iter_mut().find(|request| request.model == name) {
            Some(request) => request.set.push((key.to_owned(), value.clone())),
            None => {
                bail!("--set {name}.{key}={value}: “{name}” is not among the models {}", names.join(", "))
            }
        }
    }
    let asked = requests.iter().map(Request::params).collect::<Result<Vec<_>, ModelError>>()?;
    // Before the files are read: that may take minutes.
    for params in asked.iter().flatten() {
        ensure!(
            is_described || !params.needs_items(),
            "{} learns from titles and categories: give a file of them with --products, or choose another model",
            params.kind()
        );
        params.check()?;
    }
    Ok(asked)
}

struct Measuring {
    data: Data,
    k: usize,
    ranked: Ranked,
    by_activity: bool,
}

impl Measuring {
    fn run(&self, asked: Vec<Option<Params>>, progress: &dyn Progress) -> anyhow::Result<Report> {
        let mut activity = None;
        let popular = Params::default_of("popular")?;
        let (best_sellers, beside) = self.measure(Some(popular), None, &mut activity, progress)?;
        let mut models = Vec::new();
        for tried in asked {
            let is_popular = tried.as_ref().is_some_and(|params| params.kind() == "popular");
            models.push(if is_popular {
                best_sellers.clone()
            } else {
                self.measure(tried, Some(&beside), &mut activity, progress)?.0
            });
        }
        Ok(Report {
            k: self.k,
            users: self.data.train.users(),
            items: self.data.train.items(),
            interactions: self.data.train.len(),
            ranked: self.ranked,
            activity,
            best_sellers,
            models,
        })
    }

    /// `beside`: what best-sellers did for each user; `None` for themselves. Leaves the users' activity, when it is
    /// asked for.
    fn measure(
        &self,
        asked: Option<Params>,
        beside: Option<&Evaluation>,
        activity: &mut Option<Activity>,
        progress: &dyn Progress,
    ) -> anyhow::Result<(Measured, Evaluation)> {
        let Data { train, owned, test, .. } = &self.data;
        let begun = Instant::now();
        let params = match asked {
            Some(params) => params,
            None => {
                auto::choose(self.data.observed(), self.k, Effort::Thorough, &resources(progress))?.params
            }
        };
        let model = params.fit(self.data.observed(), &resources(progress))?;
        let train_seconds = begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        let mut found = examine(&*model, self.data.observed(), owned, test, self.k, progress)?;
        let score_seconds = begun.elapsed().as_secs_f64();
        if found.evaluation.users == 0 {
            bail!(
                "no user has a test item that is not among the training items; there is nothing to measure"
            );
        }
        found.measure_diversity(train, progress)?;
        progress.phase("Drawing intervals", None);
        let segments = if self.by_activity {
            let users = (0..found.lists.len()).map(|n| found.lists.user(n));
            let activity = activity.get_or_insert_with(|| Activity::of(train, users));
            found.by_segment(&activity.segments)
        } else {
            Vec::new()
        };
        let found = found.evaluation;
        let beside = beside.unwrap_or(&found);
        let measured = Measured {
            params,
            quality: found.quality,
            users: found.users,
            intervals: found.intervals(SEED),
            differences: found.differences(beside, SEED),
            tally: found.tally(beside, Metric::Ndcg),
            segments,
            train_seconds,
            score_seconds,
        };
        Ok((measured, found))
    }
}

fn resources(progress: &dyn Progress) -> Resources<'_> {
    Resources { seed: SEED, max_memory_bytes: u64::MAX, progress }
}

/// The process's peak, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok().map(|kb| kb * 1024)
}
