//! `handpick report`: what a campaign earned, as a file.

use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::reports::formats::Format;
use crate::reports::{self, ReportError, pages};
use crate::store::campaigns;
use anyhow::{Context, bail};
use clap::builder::TypedValueParser as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// The campaign's number, or its name.
    #[arg(value_name = "CAMPAIGN")]
    campaign: String,
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// `csv` and `parquet` hold all numbers, one a row; `zip` holds every form, every table and every chart.
    #[arg(long, value_parser = formats(), default_value = "html")]
    format: Format,
    /// Make it again from today's history; the frozen report stays as it is.
    #[arg(long)]
    again: bool,
    /// Where the report is written; `-` for stdout.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

fn formats() -> impl clap::builder::TypedValueParser<Value = Format> {
    let known = clap::builder::PossibleValuesParser::new(Format::ALL.map(Format::ending));
    known.try_map(|ending| Format::of(&ending).ok_or("not a form of a report"))
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Args { campaign, config, format, out, again } = args;
    let installation = super::open(&config)?;
    let id = named(&installation, &campaign)?;
    let issue = if again {
        reports::changes::again(&installation, id)?
    } else {
        pages::issue(&installation, reports::report_of(&installation, id)?)?
    };
    let verdict = issue.found.report.verdict.clone();
    let bytes = issue.write(format)?;
    write(&out, &bytes)?;
    eprintln!("{verdict}");
    Ok(ExitCode::SUCCESS)
}

/// By number first; a name must belong to one campaign only.
fn named(installation: &Installation, campaign: &str) -> anyhow::Result<CampaignId> {
    let shop = installation.shop_id();
    let all = installation.store.read(|conn| campaigns::all(conn, shop))?;
    if let Some(found) = campaign.parse().ok().and_then(|id| all.iter().find(|one| one.id == id)) {
        return Ok(found.id);
    }
    let mut same_name = all.iter().filter(|one| one.name == campaign);
    match (same_name.next(), same_name.next()) {
        (Some(one), None) => Ok(one.id),
        (None, _) => Err(ReportError::NoCampaign(format!("“{campaign}”")).into()),
        (Some(one), Some(other)) => {
            bail!("campaigns {} and {} are both called “{campaign}”; give the number", one.id, other.id)
        }
    }
}

#[expect(clippy::print_stdout, reason = "a command's result goes to stdout")]
fn write(out: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if out == Path::new("-") {
        std::io::stdout().write_all(bytes)?;
        println!();
        return Ok(());
    }
    std::fs::write(out, bytes).with_context(|| format!("{} cannot be written", out.display()))
}
