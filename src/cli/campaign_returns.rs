//! `handpick campaign returns` and `handpick campaign mailbox`: what came back of e-mails.

use super::console_progress::ConsoleProgress;
use crate::campaigns::returns::{self, What};
use crate::ids::CampaignId;
use crate::store::campaigns;
use anyhow::Context;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Returns {
    /// The campaign's number.
    #[arg(value_name = "CAMPAIGN")]
    campaign: CampaignId,
    /// The e-mail tool's file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Everybody in the file did this: opened, clicked, bounced or unsubscribed.
    #[arg(long, value_name = "WHAT", value_parser = what)]
    all: Option<What>,
}

#[derive(clap::Args)]
pub struct Mailbox {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print the result as one JSON object.
    #[arg(long)]
    json: bool,
}

fn what(name: &str) -> Result<What, String> {
    What::of_name(name).ok_or_else(|| "it is opened, clicked, bounced or unsubscribed".to_owned())
}

#[expect(clippy::print_stdout, reason = "a command's result goes to stdout")]
pub fn take_over(args: &Returns) -> anyhow::Result<ExitCode> {
    let content =
        std::fs::read(&args.file).with_context(|| format!("{} cannot be read", args.file.display()))?;
    let installation = super::open(&args.config)?;
    let shop = installation.shop_id();
    let campaign = installation.store.read(|conn| campaigns::by_id(conn, shop, args.campaign))?;
    let campaign = campaign.with_context(|| format!("there is no campaign {}", args.campaign))?;
    let noted = returns::note(&installation, &campaign, &content, args.all)
        .with_context(|| format!("{} cannot be used", args.file.display()))?;
    println!("{}", noted.in_words());
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "a command's result goes to stdout")]
pub fn read(args: &Mailbox) -> anyhow::Result<ExitCode> {
    let installation = super::open(&args.config)?;
    let found = returns::read_mailbox(&installation, &ConsoleProgress::new())?;
    if args.json {
        println!("{}", serde_json::to_string(&found)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} messages in the mailbox.", found.messages);
    println!(
        "  {} came back for ever, {} for now, {} unsubscribe.",
        found.hard, found.soft, found.unsubscribed
    );
    println!("  {} were not understood and stay there.", found.left);
    Ok(ExitCode::SUCCESS)
}
