//! `handpick campaign approve` and `handpick campaign send`: what the campaign's page does, without a server.

use super::console_progress::ConsoleProgress;
use crate::campaigns::sending::{self, Desk, Figures, Rest, Word, figures};
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::store::mails::{self, MailState};
use crate::store::{audit, campaigns};
use anyhow::{Context, bail};
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Unclear recipients named in the answer.
const NAMED: i64 = 1_000;

#[derive(clap::Args)]
pub struct Approve {
    /// The campaign's number, as `campaign run` and its page say it.
    #[arg(value_name = "ID")]
    id: CampaignId,
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

#[derive(clap::Args)]
pub struct Send {
    /// The campaign's number, as `campaign run` and its page say it.
    #[arg(value_name = "ID")]
    id: CampaignId,
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Send nobody anything but one customer's e-mail to this address.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "unclear")]
    trial: Option<String>,
    /// Whose e-mail the trial is; anybody's when left out.
    #[arg(long, value_name = "CUSTOMER", requires = "trial")]
    customer: Option<String>,
    /// What to make of e-mails of which nobody knows whether they arrived.
    #[arg(long, value_enum)]
    unclear: Option<Unclear>,
    /// Print the result as one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Unclear {
    /// They arrived.
    Sent,
    /// Send them again; some people may get it twice.
    Again,
}

#[derive(Serialize)]
struct Outcome {
    #[serde(flatten)]
    figures: Figures,
    unclear_customers: Vec<String>,
}

pub fn approve(args: &Approve) -> anyhow::Result<ExitCode> {
    let installation = super::open(&args.config)?;
    let (shop, now) = (installation.shop_id(), installation.now());
    let found = installation.store.read(|conn| campaigns::by_id(conn, shop, args.id))?;
    let campaign = found.with_context(|| format!("there is no campaign {}", args.id))?;
    let approved = installation.store.write(|conn| {
        campaigns::approve(conn, args.id, None, now)?;
        audit::note(conn, shop, None, "approve", &format!("campaign {}", args.id), now)
    });
    let is = campaign.state.name();
    approved
        .with_context(|| format!("campaign {} is {is}; only what is generated can be approved", args.id))?;
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "a command's result goes to stdout")]
pub fn run(args: &Send) -> anyhow::Result<ExitCode> {
    let installation = super::open(&args.config)?;
    if let Some(to) = &args.trial {
        let whose = sending::trial::trial(&installation, args.id, args.customer.as_deref(), to)?;
        println!("The e-mail of customer {whose} is on its way to {to}.");
        return Ok(ExitCode::SUCCESS);
    }
    installation.store.write(|conn| Ok(sending::go(conn, &installation, args.id, None)))??;
    if let Some(word) = args.unclear {
        let word = match word {
            Unclear::Sent => Word::Sent,
            Unclear::Again => Word::Again,
        };
        installation.store.write(|conn| sending::settle(conn, args.id, word, installation.now()))?;
    }
    work(&installation, args.id)?;
    let (figures, unclear) = installation.store.read(|conn| {
        let unclear = mails::of(conn, args.id, &[MailState::Unclear], "", NAMED)?;
        Ok((figures(conn, args.id)?, unclear))
    })?;
    let figures = figures.context("the sending is gone")?;
    let unclear_customers = unclear.into_iter().map(|mail| mail.customer).collect();
    let is_clear = figures.unclear == 0;
    tell(&Outcome { figures, unclear_customers }, args.json)?;
    Ok(if is_clear { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

/// Until all is settled, also over the waits between tries. Stopped in its middle, it is called again.
fn work(installation: &Installation, id: CampaignId) -> anyhow::Result<()> {
    let stop = AtomicBool::new(false);
    let desk = Desk::open(installation, &stop)?;
    let progress = ConsoleProgress::new();
    loop {
        match sending::drain(&desk, id, &progress)? {
            Rest::Over | Rest::Stopped => return Ok(()),
            Rest::Held => {
                let found = installation.store.read(|conn| figures(conn, id))?;
                let problem = found.map(|figures| figures.problem).unwrap_or_default();
                bail!("the sending is paused. {problem}");
            }
            Rest::Until(until) => {
                let found = installation.store.read(|conn| figures(conn, id))?;
                let problem = found.map(|figures| figures.problem).unwrap_or_default();
                if desk.failures() >= installation.config.mail.tries {
                    bail!("{problem}. Nothing is lost: run the command again once that is mended");
                }
                if !problem.is_empty() {
                    eprintln!("{problem}");
                }
                let wait = (until - installation.now()).to_std().unwrap_or(Duration::ZERO);
                std::thread::sleep(wait);
            }
        }
    }
}

#[expect(clippy::print_stdout, reason = "a command's result goes to stdout")]
fn tell(outcome: &Outcome, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string(outcome)?);
        return Ok(());
    }
    let Figures { sent, refused, given_up, unclear, left_out, .. } = outcome.figures;
    println!("{sent} e-mails are sent.");
    for (number, what) in [
        (refused, "were refused by the mail server"),
        (given_up, "were given up after many tries"),
        (left_out, "were left out: no address, unsubscribed, or the same address twice"),
        (unclear, "are unclear: they may have arrived. Say which with --unclear sent or --unclear again"),
    ] {
        if number > 0 {
            println!("  {number} {what}");
        }
    }
    for customer in &outcome.unclear_customers {
        println!("  unclear: {customer}");
    }
    Ok(())
}
