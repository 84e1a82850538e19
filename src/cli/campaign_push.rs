//! `handpick campaign push`: gives an approved campaign's recipients to the shop's listmonk, as the tool's page does.

use super::console_progress::ConsoleProgress;
use crate::campaigns::presets;
use crate::ids::CampaignId;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Push {
    /// The campaign's number, as `campaign run` and its page say it.
    #[arg(value_name = "ID")]
    id: CampaignId,
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print the result as one JSON object.
    #[arg(long)]
    json: bool,
}

#[expect(clippy::print_stdout, reason = "a command's result goes to stdout")]
pub fn run(args: &Push) -> anyhow::Result<ExitCode> {
    let installation = super::open(&args.config)?;
    let push = presets::push(&installation, args.id, &ConsoleProgress::new())?;
    if args.json {
        let told = serde_json::json!({
            "list": push.list_name,
            "given": push.given,
            "refused": push.refused,
            "refusal": push.refusal,
        });
        println!("{told}");
    } else {
        println!("{} recipients are on the list “{}”.", push.given, push.list_name);
        if push.refused > 0 {
            println!("  {} were not taken: {}", push.refused, push.refusal);
        }
    }
    Ok(if push.refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(3) })
}
