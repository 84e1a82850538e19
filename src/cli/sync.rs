//! `handpick sync`: reads the shop's database into the history, now.

use super::console_progress::ConsoleProgress;
use crate::ingest::{self, Kind, SyncCounts};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Read every table from its beginning, not only what is new.
    #[arg(long)]
    full: bool,
    /// Print the result as one JSON object.
    #[arg(long)]
    json: bool,
}

#[expect(clippy::print_stdout, reason = "a command's result goes to stdout")]
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Args { config, full, json } = args;
    let installation = super::open(&config)?;
    let kind = if full { Kind::Full } else { Kind::Incremental };
    let counts = {
        let progress = ConsoleProgress::new();
        ingest::sync(&installation, kind, None, &progress)?
    };
    if json {
        println!("{}", serde_json::to_string(&counts)?);
    } else {
        tell(&counts);
    }
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "a command's result goes to stdout")]
fn tell(counts: &SyncCounts) {
    println!("{}", counts.story());
    for mapping in &counts.mappings {
        println!("  {}: {}", mapping.name, mapping.story());
    }
    println!("The history is at version {}.", counts.history.version);
}
