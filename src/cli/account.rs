//! `handpick account`: who may sign in, for an operator at the console.

use crate::auth::{make_reports_key, password};
use crate::installation::Installation;
use crate::store::accounts::{self, NewAccount, Role};
use crate::store::sessions;
use anyhow::{Context, bail};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Add an account; the password is made up and printed once.
    Add {
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        #[arg(long)]
        email: String,
        #[arg(long)]
        name: String,
        /// owner, admin, marketer or analyst
        #[arg(long, default_value = "marketer", value_parser = role)]
        role: Role,
    },
    /// List the accounts.
    List {
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Give an account a new password, printed once; its sessions end.
    ResetPassword {
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        #[arg(long)]
        email: String,
    },
    /// Make a key with which a program reads reports; it is printed once.
    AddKey {
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Which program gets it.
        #[arg(long)]
        name: String,
    },
}

fn role(name: &str) -> Result<Role, String> {
    Role::from_name(name)
        .ok_or_else(|| format!("“{name}” is no role; write owner, admin, marketer or analyst"))
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.what {
        What::Add { config, email, name, role } => add(&super::open(&config)?, &email, &name, role)?,
        What::List { config } => list(&super::open(&config)?)?,
        What::AddKey { config, name } => add_key(&super::open(&config)?, &name)?,
        What::ResetPassword { config, email } => reset_password(&super::open(&config)?, &email)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn add(installation: &Installation, email: &str, name: &str, role: Role) -> anyhow::Result<()> {
    password::check_email(email).map_err(anyhow::Error::msg)?;
    let secret = password::generate();
    let password_hash = password::hash(&secret)?;
    let new = NewAccount { shop: installation.shop_id(), email, name, role, password_hash: &password_hash };
    installation.store.write(|conn| accounts::add(conn, &new, installation.now()))?;
    eprintln!("Added {email} as {}. The password, shown only now:", role.name());
    writeln!(std::io::stdout(), "{secret}")?;
    Ok(())
}

fn add_key(installation: &Installation, name: &str) -> anyhow::Result<()> {
    let key = make_reports_key(installation, name, None)?;
    eprintln!("A key of {name} for reports, shown only now:");
    writeln!(std::io::stdout(), "{key}")?;
    Ok(())
}

fn list(installation: &Installation) -> anyhow::Result<()> {
    let all = installation.store.read(|conn| accounts::all(conn, installation.shop_id()))?;
    let mut out = std::io::stdout();
    for account in all {
        let state = if account.disabled_at.is_some() { "disabled" } else { "active" };
        writeln!(out, "{}\t{}\t{}\t{state}", account.email, account.name, account.role.name())?;
    }
    Ok(())
}

fn reset_password(installation: &Installation, email: &str) -> anyhow::Result<()> {
    let account = installation.store.read(|conn| accounts::by_email(conn, email))?.with_context(|| {
        format!("nobody has the e-mail {email}; `handpick account list` shows who there is")
    })?;
    if account.shop != installation.shop_id() {
        bail!("{email} belongs to another shop");
    }
    let secret = password::generate();
    let password_hash = password::hash(&secret)?;
    installation.store.write(|conn| {
        accounts::set_password(conn, account.id, &password_hash)?;
        sessions::close_all_of(conn, account.id)
    })?;
    eprintln!("The new password of {email}, shown only now:");
    writeln!(std::io::stdout(), "{secret}")?;
    Ok(())
}
