//! `handpick campaign`: run, approve, send. Run takes a campaign from a file: trained for when needed, picked, exported.

use super::console_progress::ConsoleProgress;
use super::{campaign_push, campaign_returns, campaign_send};
use crate::campaigns::export::{Dialect, Export, Format, Source, slug};
use crate::campaigns::presets::{self, Spec, Told};
use crate::generation;
use crate::history::History;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::picker::plan::Plan;
use crate::picker::refusal::check;
use crate::picker::summary::Summary;
use crate::pictures::MailAddresses;
use crate::progress::Progress;
use crate::store::campaigns;
use anyhow::{Context, bail};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Make the campaign that FILE describes: train when needed, pick for its audience, write the files.
    Run(Run),
    /// Approve a campaign's picks, after somebody looked at them.
    Approve(campaign_send::Approve),
    /// Take over what an e-mail tool's file says of a campaign's recipients: opens, clicks, bounces, unsubscribed.
    Returns(campaign_returns::Returns),
    /// Read the mailbox to which e-mails come back, now.
    Mailbox(campaign_returns::Mailbox),
    /// Send an approved campaign's e-mails, or go on with a sending that was interrupted, until all is settled.
    Send(campaign_send::Send),
    /// Give an approved campaign's recipients to the shop's listmonk, on a list of their own.
    Push(campaign_push::Push),
}

#[derive(clap::Args)]
struct Run {
    /// The campaign: a TOML file with its name, products, audience, model, slots, rules and controls.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The folder that the files are written to; it is made when missing.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Also the files of this e-mail tool, with the template that shows the products there; may be given several times.
    #[arg(long = "tool", value_name = "TOOL", value_parser = tool)]
    tools: Vec<&'static Spec>,
    /// Also a workbook for Excel.
    #[arg(long)]
    xlsx: bool,
    /// Also the picks in columns, without addresses.
    #[arg(long)]
    parquet: bool,
    /// Print the result as one JSON object.
    #[arg(long)]
    json: bool,
}

/// What the command answers.
#[derive(Serialize)]
struct Outcome {
    campaign: CampaignId,
    name: String,
    files: Vec<Written>,
    summary: Summary,
}

#[derive(Serialize)]
struct Written {
    path: PathBuf,
    /// Without the header.
    rows: u64,
    /// What had to be cut for the tool.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    told: Vec<String>,
}

fn tool(name: &str) -> Result<&'static Spec, String> {
    let known = || presets::TOOLS.iter().map(|spec| spec.name).collect::<Vec<_>>().join(", ");
    presets::of_name(name).ok_or_else(|| format!("there are files for {}", known()))
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let run = match args.command {
        Command::Run(run) => run,
        Command::Approve(args) => return campaign_send::approve(&args),
        Command::Send(args) => return campaign_send::run(&args),
        Command::Push(args) => return campaign_push::run(&args),
        Command::Returns(args) => return campaign_returns::take_over(&args),
        Command::Mailbox(args) => return campaign_returns::read(&args),
    };
    let text = std::fs::read_to_string(&run.file)
        .with_context(|| format!("{} cannot be read", run.file.display()))?;
    let (name, plan) = read(&text).with_context(|| format!("{} is no campaign", run.file.display()))?;
    check(&plan)?;
    std::fs::create_dir_all(&run.out).with_context(|| format!("{} cannot be made", run.out.display()))?;
    let installation = super::open(&run.config)?;
    let outcome = {
        let progress = ConsoleProgress::new();
        make(&installation, &name, &plan, &run, &progress)?
    };
    tell(&outcome, run.json)?;
    Ok(ExitCode::SUCCESS)
}

/// The file is the plan with a `name` beside it. TOML's own dates may be written without quotes.
fn read(text: &str) -> anyhow::Result<(String, Plan)> {
    let mut table: toml::Table = toml::from_str(text)?;
    let name = match table.remove("name") {
        Some(toml::Value::String(name)) if !name.trim().is_empty() => name.trim().to_owned(),
        Some(_) => bail!("`name` must be a text"),
        None => bail!("`name` is missing; add a line such as name = \"Summer sale\""),
    };
    for (_, value) in table.iter_mut() {
        if let toml::Value::Datetime(at) = value {
            *value = toml::Value::String(at.to_string());
        }
    }
    Ok((name, Plan::deserialize(toml::Value::Table(table))?))
}

fn make(
    installation: &Installation,
    name: &str,
    plan: &Plan,
    args: &Run,
    progress: &dyn Progress,
) -> anyhow::Result<Outcome> {
    let out = args.out.as_path();
    let (shop, now) = (installation.shop_id(), installation.now());
    let id = installation.store.write(|conn| campaigns::add(conn, shop, name, plan, None, now))?;
    let summary = match generation::run(installation, id, None, progress) {
        Ok(summary) => summary,
        Err(error) => {
            // Nobody would look for the draft of a command that failed, and the next try makes its own.
            installation.store.write(|conn| campaigns::delete(conn, id))?;
            return Err(error.into());
        }
    };
    let campaign = installation.store.read(|conn| campaigns::by_id(conn, shop, id))?;
    let generation = campaign.and_then(|campaign| campaign.generation).context("the picks are gone")?;
    let folder = installation.folder.campaign(shop, id).join(generation);
    let pictures = MailAddresses::new(installation);
    let source = Source {
        campaign: id,
        name,
        slots: summary.slots,
        currency: &installation.shop.currency,
        secret: &installation.shop.secret,
        folder: &folder,
        exported_at: now,
        pictures: pictures.as_ref(),
    };
    let snapshot = History::open(&installation.folder.history(shop))?.snapshot()?;
    let export = Export::read(source, &snapshot)?;
    progress.phase("Writing the files", Some(summary.audience * Format::ALL.len() as u64));
    let files = Format::ALL.into_par_iter().map(|format| write(&export, format, out, progress));
    let mut files = files.collect::<anyhow::Result<Vec<_>>>()?;
    for spec in &args.tools {
        files.extend(write_for(&export, spec, out, progress)?);
    }
    if args.xlsx {
        files.push(write_to(out, &format!("{}_picks.xlsx", slug(name)), |file| {
            Ok((presets::write_xlsx(&export, file, progress)?, Vec::new()))
        })?);
    }
    if args.parquet {
        files.push(write_to(out, &format!("{}_picks.parquet", slug(name)), |file| {
            Ok((presets::write_parquet(&export, file, progress)?, Vec::new()))
        })?);
    }
    Ok(Outcome { campaign: id, name: name.to_owned(), files, summary })
}

/// Under its name only once it is whole.
fn write(
    export: &Export<'_>,
    format: Format,
    out: &Path,
    progress: &dyn Progress,
) -> anyhow::Result<Written> {
    write_to(out, &format!("{}_{}", slug(export.name), format.file()), |file| {
        Ok((export.write(format, Dialect::Plain, file, progress)?, Vec::new()))
    })
}

/// A tool's files and its template.
fn write_for(
    export: &Export<'_>,
    spec: &Spec,
    out: &Path,
    progress: &dyn Progress,
) -> anyhow::Result<Vec<Written>> {
    let mut files = Vec::new();
    let mut number = 0;
    let close = |file: Unfinished, told: Told| {
        number += 1;
        let suffix = if number == 1 { String::new() } else { format!("_{number}") };
        let name = format!("{}_{}{suffix}.csv", slug(export.name), spec.name);
        files.push(finish(file, &out.join(name), (told.recipients, told.sentences(spec)))?);
        Ok(())
    };
    presets::write(export, spec, progress, |_| Ok(begin(out)?), close)?;
    let template = format!("{}_{}_template.txt", slug(export.name), spec.name);
    files.push(write_to(out, &template, |file| {
        file.write_all((spec.snippet)(spec.places(export.slots)).as_bytes())?;
        Ok((0, Vec::new()))
    })?);
    Ok(files)
}

fn write_to(
    out: &Path,
    name: &str,
    write: impl FnOnce(&mut Unfinished) -> anyhow::Result<(u64, Vec<String>)>,
) -> anyhow::Result<Written> {
    let mut file = begin(out).with_context(|| format!("{} cannot be written to", out.display()))?;
    let rows_and_told = write(&mut file)?;
    let path = out.join(name);
    finish(file, &path, rows_and_told).with_context(|| format!("{} cannot be written", path.display()))
}

/// A file that has no name of its own until it is whole.
type Unfinished = BufWriter<tempfile::NamedTempFile>;

fn begin(out: &Path) -> std::io::Result<Unfinished> {
    let file = tempfile::Builder::new().prefix(".unfinished-").tempfile_in(out)?;
    Ok(BufWriter::with_capacity(1 << 18, file))
}

/// Temporary files are readable by their owner only, and so is this one: it has addresses in it.
fn finish(file: Unfinished, path: &Path, (rows, told): (u64, Vec<String>)) -> std::io::Result<Written> {
    let file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(Written { path: path.to_owned(), rows, told })
}

#[expect(clippy::print_stdout, reason = "a command's result goes to stdout")]
fn tell(outcome: &Outcome, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string(outcome)?);
        return Ok(());
    }
    let summary = &outcome.summary;
    println!("Campaign {} “{}”, picked with {}.", outcome.campaign, outcome.name, summary.model);
    println!("  {} customers get the e-mail, {} get none for comparison.", summary.mailed(), summary.holdout);
    println!(
        "  {} have every place personal, {} some, {} none.",
        summary.all_personal, summary.some_personal, summary.none_personal
    );
    for file in &outcome.files {
        println!("  {} ({} rows)", file.path.display(), file.rows);
        for line in &file.told {
            println!("    {line}");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picker::plan::Effect;

    #[test]
    fn a_file_is_a_plan_with_a_name() {
        let text = r#"
            name = "Summer sale"
            starts_on = 2026-06-01
            as_of = 2026-06-01T00:00:00Z
            model = "item_knn"
            slots = 6
            rules = [{ rule = "exclude_bought", days = 60 }, { rule = "exclude_out_of_stock" }]
            [products]
            categories = ["Home > Kitchen"]
            price_from = 5
            [controls]
            holdout_share = 0.1
        "#;
        let (name, plan) = read(text).unwrap();
        assert_eq!((name.as_str(), plan.slots, plan.rules.len()), ("Summer sale", 6, 2));
        assert_eq!(plan.rules[0].effect, Effect::ExcludeBought { days: 60 });
        assert_eq!(plan.as_of.map(|at| at.timestamp()), Some(1_780_272_000));
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(read("slots = 3").unwrap_err().to_string().contains("`name` is missing"));
        let unknown = read("name = \"x\"\nslotz = 3").unwrap_err().to_string();
        assert!(unknown.contains("slotz") && unknown.contains("slots"), "{unknown}");
    }
}
