//! `handpick generate`: a realistic shop of any size in a database of its own.

use super::console_progress::ConsoleProgress;
use crate::app;
use crate::sample_shop::{self, Place, Size, Wish};
use anyhow::Context;
use chrono::{DateTime, Utc};
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

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

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let size = args.size();
    let Args { to: place, seed, until, .. } = args;
    let until = until.unwrap_or_else(app::clock);
    if size.customers == 0 || size.products < 100 {
        anyhow::bail!("a sample shop needs at least 1 customer and 100 products");
    }
    let started = Instant::now();
    let to = sample_shop::open(&place)?;
    let wish = Wish { size, seed, until };
    sample_shop::generate(&wish, to, &ConsoleProgress::new())?;
    eprintln!("Done in {:.1} s.", started.elapsed().as_secs_f64());
    if let Some(text) = sample_shop::config_text(&place) {
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
