//! A shop with an approved campaign, and the mail server that Handpick sends its e-mails to.

use super::server::Visitor;
use super::smtp::MailServer;
use chrono::DateTime;
use handpick::history::{Coverage, History, Reading};
use handpick::money::Money;
use handpick::picker::picks_file;
use handpick::picker::plan::Arm;
use handpick::progress::Silent;
use handpick::records::{Customer, Event, EventKind, Events, Product};
use serde_json::Value;
use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

pub const CUSTOMERS: usize = 32;

pub const CAMPAIGN: &str = "name = \"Grüße im Mai\"\nmodel = \"popular\"\nslots = 3\nstarts_on = \"2026-09-01\"\n\
                        ends_on = \"2026-09-28\"\nas_of = \"2026-09-21T00:00:00Z\"\n[controls]\nholdout_share = 0.2\n";

pub fn customer(n: usize) -> Customer {
    let email = match n {
        // One has no address, one has another's, one has none that could be.
        0 => None,
        1 => Some("C2@example.com".to_owned()),
        3 => Some("nobody at home".to_owned()),
        _ => Some(format!("c{n}@example.com")),
    };
    Customer {
        id: format!("c{n:05}"),
        email,
        first_name: Some("Ada".into()),
        mailable: Some(true),
        active: true,
        ..Customer::default()
    }
}

/// Customers who bought one of ten products each, in a history as a sync would leave it.
pub fn fill_history(folder: &Path, customers: usize) {
    let history = History::open(&folder.join("data/shops/1/history")).unwrap();
    let mut update = history.begin().unwrap();
    let product = |n: usize| Product {
        id: format!("p{n}"),
        title: format!("Product <{n}> & more"),
        price: Some(Money::from_units(n as i64 + 1)),
        url: Some(format!("https://shop.example/p{n}?a=1")),
        active: true,
        ..Product::default()
    };
    update.products(&(0..10).map(product).collect::<Vec<_>>()).unwrap();
    update.customers(&(0..customers).map(customer).collect::<Vec<_>>()).unwrap();
    let mut events = Events::default();
    for n in 0..customers {
        events.push(Event {
            id: None,
            kind: EventKind::Purchase,
            at_us: (1_789_900_000 - n as i64) * 1_000_000,
            customer: Some(&format!("c{n:05}")),
            product: Some(&format!("p{}", n % 10)),
            order: Some(&format!("o{n}")),
            quantity: 1.0,
            value: Some(Money::from_units(5)),
            currency: None,
            source: "orders",
        });
    }
    update.events("orders", &events).unwrap();
    let everything = [
        (Reading::Products, Coverage::Everything),
        (Reading::Customers, Coverage::Everything),
        (Reading::Events("orders".into()), Coverage::Everything),
    ];
    update.commit(&everything, DateTime::from_timestamp(1_789_990_000, 0).unwrap(), &Silent).unwrap();
}

/// A folder with an approved campaign that `server` is to be told of.
pub struct Shop {
    pub folder: tempfile::TempDir,
    pub server: MailServer,
}

/// Made once; every test copies it.
pub fn approved(customers: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("campaign.toml"), CAMPAIGN).unwrap();
    std::fs::write(folder.path().join("handpick.toml"), "[data]\ndir = \"data\"\n").unwrap();
    fill_history(folder.path(), customers);
    for words in [&["run", "campaign.toml", "--out", "out"][..], &["approve", "1"]] {
        let made = Command::new(env!("CARGO_BIN_EXE_handpick"))
            .current_dir(folder.path())
            .arg("campaign")
            .args(words)
            .args(["--config", "handpick.toml"])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", said(&made));
    }
    folder
}

pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

impl Shop {
    pub fn new() -> Self {
        static MADE: OnceLock<tempfile::TempDir> = OnceLock::new();
        Self::copied(MADE.get_or_init(|| approved(CUSTOMERS)))
    }

    pub fn copied(made: &tempfile::TempDir) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let from = made.path().join(".");
        assert!(Command::new("cp").arg("-r").arg(from).arg(folder.path()).status().unwrap().success());
        let shop = Self { folder, server: MailServer::start() };
        shop.configure("");
        shop
    }

    pub fn configure(&self, more: &str) {
        let port = self.server.port;
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[data]\ndir = \"data\"\n[mail]\nhost = \"127.0.0.1\"\nport = {port}\n\
             tls = \"off\"\nfrom = \"Shop <news@shop.example>\"\nreply_to = \"help@shop.example\"\n\
             unsubscribe_url = \"https://news.shop.example/\"\nretry_after_s = 1\ntries = 3\n{more}\n"
        );
        let text = if more.contains("per_second") { text } else { text + "per_second = 0\n" };
        std::fs::write(self.folder.path().join("handpick.toml"), text).unwrap();
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_handpick"));
        command.current_dir(self.folder.path()).args(words).args(["--config", "handpick.toml"]);
        command.stdin(Stdio::null());
        command
    }

    pub fn send(&self, more: &[&str]) -> Output {
        self.command(&["campaign", "send", "1", "--json"]).args(more).output().unwrap()
    }

    /// What the command says at its end.
    pub fn sent(&self, more: &[&str]) -> Value {
        let output = self.send(more);
        assert!(matches!(output.status.code(), Some(0 | 3)), "{}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub fn arms(&self) -> Vec<(String, Arm)> {
        let campaign = self.folder.path().join("data/shops/1/campaigns/1");
        let generation = std::fs::read_dir(campaign).unwrap().next().unwrap().unwrap();
        picks_file::arms(&generation.path()).unwrap()
    }

    /// The addresses that are to get an e-mail, in order of the alphabet.
    pub fn expected(&self) -> Vec<String> {
        let number = |id: &str| id[1..].parse::<usize>().unwrap();
        let mailed = self.arms().into_iter().filter(|(_, arm)| *arm != Arm::Holdout);
        let addresses = mailed.filter_map(|(id, _)| customer(number(&id)).email);
        let valid = addresses.filter(|address| address.contains('@')).map(|address| address.to_lowercase());
        let mut all: Vec<String> = valid.collect::<HashSet<_>>().into_iter().collect();
        all.sort();
        all
    }

    /// What the server took, each address as the shop would compare it.
    pub fn taken(&self) -> Vec<String> {
        let mut all: Vec<String> =
            self.server.recipients().into_iter().map(|address| address.to_lowercase()).collect();
        all.sort();
        all
    }

    /// An id's address.
    pub fn address(id: &str) -> String {
        customer(id[1..].parse().unwrap()).email.unwrap().to_lowercase()
    }
}

/// Somebody in a browser, at a Handpick that serves until it is dropped.
pub struct Served {
    process: Child,
    ada: Visitor,
    /// Ada's.
    pub password: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl std::ops::Deref for Served {
    type Target = Visitor;

    fn deref(&self) -> &Visitor {
        &self.ada
    }
}

impl Served {
    /// Of the process.
    pub fn number(&self) -> u32 {
        self.process.id()
    }

    /// Whether it came to its end.
    pub fn is_gone(&mut self) -> bool {
        self.process.try_wait().unwrap().is_some()
    }
}

impl Shop {
    pub fn serve(&self) -> Served {
        let words = ["account", "add", "--email", "ada@shop.example", "--name", "Ada", "--role", "owner"];
        let added = self.command(&words).output().unwrap();
        assert!(added.status.success(), "{}", said(&added));
        let password = String::from_utf8(added.stdout).unwrap();
        self.serve_again(&password)
    }

    /// With another account than before.
    pub fn serve_again_as_new(&self) -> Served {
        let words = ["account", "reset-password", "--email", "ada@shop.example"];
        let reset = self.command(&words).output().unwrap();
        assert!(reset.status.success(), "{}", said(&reset));
        self.serve_again(&String::from_utf8(reset.stdout).unwrap())
    }

    /// With the account that was made before.
    pub fn serve_again(&self, password: &str) -> Served {
        let mut process = self.command(&["serve"]).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines().map(Result::unwrap);
        let line = lines.by_ref().find(|line| line.starts_with("Handpick serves at ")).unwrap();
        std::thread::spawn(move || lines.for_each(drop));
        let url = line.trim_start_matches("Handpick serves at ").trim();
        let password = password.trim().to_owned();
        Served { process, ada: Visitor::sign_in(url, "ada@shop.example", &password), password }
    }
}
