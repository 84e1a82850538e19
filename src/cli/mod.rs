//! The command line: one file per subcommand, one variant and one arm here for each.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 the check found problems. Messages go to stderr,
//! results to stdout.

pub mod account;
pub mod campaign;
mod campaign_push;
mod campaign_returns;
mod campaign_send;
pub mod check;
pub mod console_progress;
pub mod demo;
pub mod evaluate;
pub mod generate;
mod interactions_file;
mod mail_reports;
mod open;
mod products_file;
pub mod report;
pub mod serve;
pub mod sync;
pub mod train;

pub use open::{open, open_with};

use crate::config::ConfigError;
use crate::recommender::ModelError;
use crate::training::TrainingError;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    name = "handpick",
    version,
    about = "The recommender that an online shop runs on its own hardware."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the pages and run the jobs.
    Serve(serve::Args),
    /// Read the shop's database into the history, now.
    Sync(sync::Args),
    /// Look at the shop's database: can it be read, can it not be written, does the mapping fit.
    Check(check::Args),
    /// Learn a model from the history, now.
    Train(train::Args),
    /// Measure models on any data, offline.
    Evaluate(evaluate::Args),
    /// A sample shop with a finished campaign, served: the quickest way to see it all.
    Demo(demo::Args),
    /// Make a campaign's picks from a file, without a browser.
    Campaign(campaign::Args),
    /// What a campaign earned, as a file.
    Report(report::Args),
    /// Send the reports that are due by e-mail, now.
    MailReports(mail_reports::Args),
    /// Add, list or mend the accounts that may sign in.
    Account(account::Args),
    /// Make a sample shop of any size: products, customers, orders and page views of two years.
    Generate(generate::Args),
}

/// `key=value`, as `--set` takes it.
fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("“{text}” is not KEY=VALUE"))?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(args) => serve::run(args),
        Command::Sync(args) => sync::run(args),
        Command::Check(args) => check::run(args),
        Command::Train(args) => train::run(args),
        Command::Evaluate(args) => evaluate::run(&args),
        Command::Demo(args) => demo::run(args),
        Command::Campaign(args) => campaign::run(args),
        Command::Report(args) => report::run(args),
        Command::MailReports(args) => mail_reports::run(&args),
        Command::Account(args) => account::run(args),
        Command::Generate(args) => generate::run(args),
    }
}

/// Parses the command line and runs it; a failure becomes one sentence on stderr.
pub fn main() -> ExitCode {
    // clap itself ends the process with 2 on wrong usage.
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("handpick: {error:#}");
            exit_code(&error)
        }
    }
}

fn exit_code(error: &anyhow::Error) -> ExitCode {
    let model_error = error.downcast_ref::<ModelError>().or(match error.downcast_ref::<TrainingError>() {
        Some(TrainingError::Model(error)) => Some(error),
        _ => None,
    });
    let is_usage = matches!(
        model_error,
        Some(
            ModelError::UnknownModel(..)
                | ModelError::UnknownParameter(..)
                | ModelError::Parameter { .. }
                | ModelError::Unreadable { .. }
        )
    );
    if is_usage || error.downcast_ref::<ConfigError>().is_some() {
        ExitCode::from(2)
    } else {
        ExitCode::FAILURE
    }
}
