//! `handpick mail-reports`: the reports that are due go out by e-mail, without a server.

use super::console_progress::ConsoleProgress;
use crate::reports::letters;
use anyhow::bail;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print what was done as one JSON object.
    #[arg(long)]
    json: bool,
}

#[expect(clippy::print_stdout, reason = "a command's result goes to stdout")]
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let installation = super::open(&args.config)?;
    if !installation.config.mail.is_on() {
        bail!("no mail server is configured; set [mail] host and from");
    }
    letters::come(&installation, installation.now())?;
    let posted = letters::post(&installation, &ConsoleProgress::new())?;
    if args.json {
        println!("{}", serde_json::to_string(&posted)?);
    } else {
        println!(
            "{} sent, {} put off, {} not taken.",
            posted.sent,
            posted.put_off,
            posted.refused + posted.given_up
        );
    }
    let is_clear = posted.unclear + posted.refused + posted.given_up == 0;
    Ok(if is_clear { ExitCode::SUCCESS } else { ExitCode::from(3) })
}
