//! `handpick train`: learns from the history, now.

use super::console_progress::ConsoleProgress;
use crate::training::{self, Request};
use chrono::{DateTime, Utc};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// popular, item_knn, ease, als, spectral, session, multi_event, blend; or auto, which keeps the best of them.
    #[arg(long, default_value = "auto", value_name = "NAME")]
    model: String,
    /// A parameter of the model, such as factors=128.
    #[arg(long, value_name = "KEY=VALUE", value_parser = super::key_value)]
    set: Vec<(String, String)>,
    /// Use nothing at or after this moment (RFC 3339).
    #[arg(long, value_name = "TIME")]
    as_of: Option<DateTime<Utc>>,
    /// Print the result as one JSON object.
    #[arg(long)]
    json: bool,
}

#[expect(clippy::print_stdout, reason = "a command's result goes to stdout")]
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let installation = super::open(&args.config)?;
    let request = Request { model: args.model, set: args.set, as_of: args.as_of, ..Request::default() };
    let model = training::train(&installation, &request, None, &ConsoleProgress::new())?;
    if args.json {
        let metrics: serde_json::Value = serde_json::from_str(&model.metrics)?;
        let found = serde_json::json!({
            "model": model.kind,
            "file": model.file,
            "train_ms": model.train_ms,
            "metrics": metrics,
            "verdict": model.verdict,
        });
        println!("{found}");
    } else {
        println!("{} ({:.1} s)\n{}", model.kind, model.train_ms as f64 / 1000.0, model.verdict);
    }
    Ok(ExitCode::SUCCESS)
}
