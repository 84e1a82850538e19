//! `handpick demo`: a sample shop with a finished campaign, served.
//!
//! It works in a folder of its own and refuses one that holds anything else.

mod folder;
mod story;

use super::console_progress::ConsoleProgress;
use crate::app;
use crate::auth::password;
use crate::config::{self, Config};
use crate::ids::AccountId;
use crate::ingest;
use crate::installation::Installation;
use crate::sample_shop::{self, Place, Size, Wish};
use crate::store::accounts::{self, NewAccount, Role};
use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use folder::{Folder, Record};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

const OWNER: &str = "owner@example.com";

#[derive(clap::Args)]
pub struct Args {
    /// The demo's folder; made when missing.
    #[arg(long, value_name = "DIR", default_value = "handpick-demo")]
    data: PathBuf,
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// How large the sample shop is: 20,000 customers, or ten times that.
    #[arg(long, value_enum, default_value = "small")]
    size: DemoSize,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum DemoSize {
    Small,
    Medium,
}

impl DemoSize {
    fn size(self) -> Size {
        match self {
            Self::Small => Size::S,
            Self::Medium => Size::M,
        }
    }
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let Args { data, port, size } = args;
    let folder = Folder::open(&data)?;
    let is_new = !folder.is_complete();
    if is_new {
        folder.start_over()?;
    }
    let config_file = folder.config_file();
    write_config(&folder, &config_file, port)?;
    let mut config = config::load(&config_file)?;
    config.server.listen = format!("127.0.0.1:{port}");
    if is_new {
        make(&folder, config.clone(), size.size())?;
    } else {
        eprintln!("The demo in {} is there already.", folder.path().display());
    }
    serve(config, &config_file, started)
}

/// Where the demo's commands find it; an edited file stays.
fn write_config(folder: &Folder, file: &Path, port: u16) -> anyhow::Result<()> {
    if file.exists() {
        return Ok(());
    }
    let shop = sample_shop::config_text(&Place::Sqlite(folder.shop_file()));
    let shop = shop.context("invariant: an SQLite file can be a source")?;
    let dir = toml::Value::String(folder.path().to_string_lossy().into_owned());
    let text = format!("[server]\nlisten = \"127.0.0.1:{port}\"\n\n[data]\ndir = {dir}\n\n{shop}");
    std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))
}

fn make(folder: &Folder, config: Config, size: Size) -> anyhow::Result<()> {
    let now = app::clock();
    let wish =
        Wish { size, seed: 1, until: now - TimeDelta::nanoseconds(i64::from(now.timestamp_subsec_nanos())) };
    let mut steps = Steps::default();
    let progress = ConsoleProgress::new();
    let shop = folder.shop_file();
    let Size { customers, products, events } = size;
    steps.say(&format!(
        "Making a sample shop in {}: {products} products, {customers} customers, {events} events of two years, with \
         tastes and seasons",
        shop.display()
    ));
    sample_shop::generate(&wish, sample_shop::open(&Place::Sqlite(shop.clone()))?, &progress)?;
    let installation = super::open_with(config, app::clock)?;
    steps.say("Reading the shop's database, as Handpick reads yours: read-only, in one consistent view");
    ingest::sync(&installation, ingest::Kind::Incremental, None, &progress)?;
    story::tell(&installation, &shop, &wish, &mut steps, &progress)?;
    steps.done();
    folder.complete(&Record { seed: wish.seed, until: wish.until })
}

/// The owner gets a new password at every start: the demo keeps none that could be read from its folder.
fn serve(config: Config, config_file: &Path, started: Instant) -> anyhow::Result<ExitCode> {
    let installation = super::open_with(config, app::clock)?;
    let secret = password::generate();
    let password_hash = password::hash(&secret)?;
    install_owner(&installation, &password_hash)?;
    app::serve(installation, |ready| {
        eprintln!("\nReady after {:.0} s: {}", started.elapsed().as_secs_f64(), ready.url);
        eprintln!("Sign in as {OWNER} with the password {secret}");
        eprintln!("Other commands work on the demo with --config {}", config_file.display());
        eprintln!("Stop with Ctrl-C; the same command serves it again at once.");
    })?;
    Ok(ExitCode::SUCCESS)
}

fn install_owner(installation: &Installation, password_hash: &str) -> anyhow::Result<AccountId> {
    let shop = installation.shop_id();
    let owner = NewAccount { shop, email: OWNER, name: "Olivia Owner", role: Role::Owner, password_hash };
    let now: DateTime<Utc> = installation.now();
    let id = installation.store.write(|conn| match accounts::by_email(conn, OWNER)? {
        Some(account) => accounts::set_password(conn, account.id, password_hash).map(|()| account.id),
        None => accounts::add(conn, &owner, now),
    })?;
    Ok(id)
}

/// Numbered sentences, each with the seconds it took.
#[derive(Default)]
struct Steps {
    count: u32,
    since: Option<Instant>,
}

impl Steps {
    fn say(&mut self, sentence: &str) {
        self.done();
        self.count += 1;
        self.since = Some(Instant::now());
        eprintln!("{}. {sentence}.", self.count);
    }

    /// What came out of the step that runs.
    fn tell(&self, sentence: &str) {
        eprintln!("   {sentence}.");
    }

    fn done(&mut self) {
        if let Some(since) = self.since.take() {
            eprintln!("   Done in {:.1} s.", since.elapsed().as_secs_f64());
        }
    }
}
