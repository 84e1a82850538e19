//! `handpick generate`: a realistic shop of any size in a database of its own.

use crate::progress::Progress;
use crate::sample_shop::{self, Place, Size, Wish};
use anyhow::Context;
use chrono::{DateTime, Utc};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Make a sample shop: products, customers, orders and page events of two years
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to: sqlite:FILE, csv:DIR, postgres://USER:PASSWORD@HOST/DB or mysql://USER:PASSWORD@HOST/DB.
    /// A place that already has the tables is left alone
    #[arg(long)]
    to: Place,
    /// A standard size: S is 20,000 customers and 400,000 events, M ten times, L a hundred times that
    #[arg(long, value_enum, default_value = "s", ignore_case = true)]
    load: Load,
    #[arg(long)]
    customers: Option<usize>,
    #[arg(long)]
    products: Option<usize>,
    /// Order lines and page events together
    #[arg(long)]
    events: Option<u64>,
    /// The same seed and time make the same shop
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The moment the shop's two years end, such as 2026-11-01T00:00:00Z [default: now]
    #[arg(long)]
    until: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Load {
    S,
    M,
    L,
}

#[expect(clippy::needless_pass_by_value, reason = "every subcommand's run takes its arguments")]
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let size = args.size();
    #[expect(clippy::disallowed_methods, reason = "the assembly brings the clock")]
    let until = args.until.unwrap_or_else(Utc::now);
    if size.customers == 0 || size.products < 100 {
        anyhow::bail!("a sample shop needs at least 1 customer and 100 products");
    }
    let started = Instant::now();
    let to = sample_shop::open(&args.to)?;
    let wish = Wish { size, seed: args.seed, until };
    sample_shop::generate(&wish, to, &Console::default())?;
    eprintln!("Done in {:.1} s.", started.elapsed().as_secs_f64());
    if let Some(text) = sample_shop::config_text(&args.to) {
        eprintln!(
            "The configuration that reads it (put its password, if it has one, in HANDPICK_SOURCE__PASSWORD):"
        );
        std::io::stdout().write_all(text.as_bytes()).context("standard output")?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn size(&self) -> Size {
        let load = match self.load {
            Load::S => Size::S,
            Load::M => Size::M,
            Load::L => Size::L,
        };
        Size {
            customers: self.customers.unwrap_or(load.customers),
            products: self.products.unwrap_or(load.products),
            events: self.events.unwrap_or(load.events),
        }
    }
}

/// Progress on standard error: a line that is rewritten on a terminal, one line per phase elsewhere.
#[derive(Default)]
pub(super) struct Console(Mutex<Line>);

#[derive(Default)]
struct Line {
    phase: String,
    done: u64,
    total: Option<u64>,
    shown: Option<Instant>,
}

impl Progress for Console {
    fn phase(&self, name: &str, total: Option<u64>) {
        let mut line = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *line = Line { phase: name.to_owned(), done: 0, total, shown: Some(Instant::now()) };
        if !std::io::stderr().is_terminal() {
            eprintln!("{name} …");
        }
    }

    fn advance(&self, units: u64) {
        let mut line = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        line.done += units;
        let finished = line.total == Some(line.done);
        let due = line.shown.is_none_or(|shown| shown.elapsed() > Duration::from_millis(200));
        if std::io::stderr().is_terminal() && (finished || due) {
            line.shown = Some(Instant::now());
            let of = line.total.map(|total| format!(" of {total}")).unwrap_or_default();
            eprint!("\r{}: {}{of}\x1b[K{}", line.phase, line.done, if finished { "\n" } else { "" });
        }
    }

    fn cancelled(&self) -> bool {
        false
    }
}
