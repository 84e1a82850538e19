//! `handpick report`: what a campaign earned, as a file.

use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::reports::{self, ReportError, export, pages, workbook};
use crate::store::campaigns;
use anyhow::{Context, bail};
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
    #[arg(long, value_enum, default_value = "html")]
    format: Format,
    /// Where the report is written; `-` for stdout.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Html,
    Csv,
    Json,
    Xlsx,
    Pdf,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Args { campaign, config, format, out } = args;
    if format == Format::Pdf {
        eprintln!("handpick: this version writes html, csv, json and xlsx; pdf is not available in it.");
        return Ok(ExitCode::from(2));
    }
    let installation = super::open(&config)?;
    let found = reports::report_of(&installation, named(&installation, &campaign)?)?;
    let tables = pages::named(&installation, &found).map_err(|error| anyhow::anyhow!(error.to_string()))?;
    let bytes = match format {
        Format::Csv => export::csv(&found).into_bytes(),
        Format::Json => serde_json::to_vec_pretty(&export::json(&found))?,
        Format::Xlsx => workbook::write(&found, &tables)?,
        _ => pages::file(&found, &tables, installation.zone())?.into_bytes(),
    };
    write(&out, &bytes)?;
    eprintln!("{}", found.report.verdict);
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
