//! `handpick serve`: pages and jobs until it is told to stop.

use crate::app;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Args { config } = args;
    app::serve(super::open(&config)?, |ready| {
        eprintln!("Handpick serves at {}", ready.url);
        if let Some(link) = &ready.setup_link {
            eprintln!("Nobody can sign in yet. Open this link once to create the owner's account:\n  {link}");
        }
    })?;
    Ok(ExitCode::SUCCESS)
}
