//! `handpick check`: connects to the shop's database, proves that nothing can be written, and says what is odd in it.

use crate::config;
use crate::sources::{self, CheckReport, Severity, SourceError};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Connect to the shop's database, prove that it cannot be written to, and look at what it holds.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// One JSON object on stdout instead of text.
    #[arg(long)]
    json: bool,
}

/// 0: nothing to do. 1: the database cannot be read. 2: the configuration cannot work. 3: problems were found.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Args { config: path, json } = args;
    let config = match config::load(&path) {
        Ok(config) => config,
        Err(error) => return refuse(&error, 2),
    };
    let Some(source) = &config.source else {
        return refuse(&format!("{} has no [source] section; there is nothing to check", path.display()), 2);
    };
    #[expect(clippy::disallowed_methods, reason = "a command is the assembly of its own program")]
    let now = chrono::Utc::now();
    let report = sources::connect(source, &config.shop.currency)
        .and_then(|mut session| sources::check(&mut session, source, now));
    let report = match report {
        Ok(report) => report,
        Err(error @ SourceError::AccountCanWrite { .. }) => return refuse(&error, 3),
        Err(error) => return refuse(&error, if error.is_configuration() { 2 } else { 1 }),
    };
    let mut out = io::stdout().lock();
    if json {
        serde_json::to_writer(&mut out, &report)?;
        writeln!(out)?;
    } else {
        show(&report, &mut out)?;
    }
    Ok(ExitCode::from(if report.has_problems() { 3 } else { 0 }))
}

fn refuse(error: &dyn std::fmt::Display, code: u8) -> anyhow::Result<ExitCode> {
    writeln!(io::stderr(), "handpick: {error}")?;
    Ok(ExitCode::from(code))
}

fn show(report: &CheckReport, out: &mut impl Write) -> io::Result<()> {
    let proof = &report.proof;
    let verdict = if proof.refused { "refused by the database" } else { "NOT REFUSED" };
    writeln!(out, "Read-only: {} was {verdict}: {}", proof.statement, proof.answer)?;
    if report.account_powers.is_empty() {
        writeln!(out, "Account: it can do nothing but read.")?;
    } else {
        writeln!(out, "Account: outside such a session it {}.", report.account_powers.join("; "))?;
    }
    for kind in &report.kinds {
        writeln!(out, "\n{} from “{}”: {} rows, {} usable", kind.kind, kind.mapping, kind.rows, kind.usable)?;
        table(&kind.preview.columns, &kind.preview.rows, out)?;
    }
    writeln!(out)?;
    if report.findings.is_empty() {
        return writeln!(out, "Nothing odd was found.");
    }
    for finding in &report.findings {
        let mark = if finding.severity == Severity::Problem { "PROBLEM" } else { "note   " };
        let example = finding.example.as_ref().map_or_else(String::new, |id| format!(" (for example {id})"));
        writeln!(out, "{mark}  {:>9} × {}{example}", finding.count, finding.what)?;
        writeln!(out, "         {}", finding.advice)?;
    }
    Ok(())
}

/// Columns side by side, long texts cut.
fn table(columns: &[&str], rows: &[Vec<String>], out: &mut impl Write) -> io::Result<()> {
    const WIDEST: usize = 32;
    let cut = |text: &str| {
        if text.chars().count() <= WIDEST {
            return text.to_owned();
        }
        text.chars().take(WIDEST - 1).chain(['…']).collect::<String>()
    };
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| cut(cell)).collect()).collect();
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
        cells.max().unwrap_or_default().max(columns[at].len())
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded = cells.zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect::<Vec<_>>();
        writeln!(out, "  {}", padded.join("  ").trim_end())
    };
    line(&mut columns.iter().copied())?;
    rows.iter().try_for_each(|row| line(&mut row.iter().map(String::as_str)))
}
