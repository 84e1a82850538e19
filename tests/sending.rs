//! Sending by SMTP, against a mail server of the test's own that answers as it is told to: nobody gets an e-mail twice,
//! nobody is forgotten, and what cannot be known is said.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "in a test, a panic is the failure")]

mod support;

use chrono::DateTime;
use handpick::history::{Coverage, History, Reading};
use handpick::money::Money;
use handpick::picker::picks_file;
use handpick::picker::plan::Arm;
use handpick::progress::Silent;
use handpick::records::{Customer, Event, EventKind, Events, Product};
use serde_json::Value;
use std::collections::HashSet;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Instant;
use support::smtp::{Does, MailServer};

const CUSTOMERS: usize = 32;

const CAMPAIGN: &str = "name = \"Grüße im Mai\"\nmodel = \"popular\"\nslots = 3\nstarts_on = \"2026-09-01\"\n\
                        ends_on = \"2026-09-28\"\nas_of = \"2026-09-21T00:00:00Z\"\n[controls]\nholdout_share = 0.2\n";

fn customer(n: usize) -> Customer {
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
fn fill_history(folder: &Path, customers: usize) {
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
struct Shop {
    folder: tempfile::TempDir,
    server: MailServer,
}

/// Made once; every test copies it.
fn approved(customers: usize) -> tempfile::TempDir {
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

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

impl Shop {
    fn new() -> Self {
        static MADE: OnceLock<tempfile::TempDir> = OnceLock::new();
        Self::copied(MADE.get_or_init(|| approved(CUSTOMERS)))
    }

    fn copied(made: &tempfile::TempDir) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let from = made.path().join(".");
        assert!(Command::new("cp").arg("-r").arg(from).arg(folder.path()).status().unwrap().success());
        let shop = Self { folder, server: MailServer::start() };
        shop.configure("");
        shop
    }

    fn configure(&self, more: &str) {
        let port = self.server.port;
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[data]\ndir = \"data\"\n[mail]\nhost = \"127.0.0.1\"\nport = {port}\n\
             tls = \"off\"\nfrom = \"Shop <news@shop.example>\"\nreply_to = \"help@shop.example\"\n\
             unsubscribe_url = \"https://news.shop.example/\"\nretry_after_s = 1\ntries = 3\n{more}\n"
        );
        let text = if more.contains("per_second") { text } else { text + "per_second = 0\n" };
        std::fs::write(self.folder.path().join("handpick.toml"), text).unwrap();
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_handpick"));
        command.current_dir(self.folder.path()).args(words).args(["--config", "handpick.toml"]);
        command.stdin(Stdio::null());
        command
    }

    fn send(&self, more: &[&str]) -> Output {
        self.command(&["campaign", "send", "1", "--json"]).args(more).output().unwrap()
    }

    /// What the command says at its end.
    fn sent(&self, more: &[&str]) -> Value {
        let output = self.send(more);
        assert!(matches!(output.status.code(), Some(0 | 3)), "{}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn arms(&self) -> Vec<(String, Arm)> {
        let campaign = self.folder.path().join("data/shops/1/campaigns/1");
        let generation = std::fs::read_dir(campaign).unwrap().next().unwrap().unwrap();
        picks_file::arms(&generation.path()).unwrap()
    }

    /// The addresses that are to get an e-mail, in order of the alphabet.
    fn expected(&self) -> Vec<String> {
        let number = |id: &str| id[1..].parse::<usize>().unwrap();
        let mailed = self.arms().into_iter().filter(|(_, arm)| *arm != Arm::Holdout);
        let addresses = mailed.filter_map(|(id, _)| customer(number(&id)).email);
        let valid = addresses.filter(|address| address.contains('@')).map(|address| address.to_lowercase());
        let mut all: Vec<String> = valid.collect::<HashSet<_>>().into_iter().collect();
        all.sort();
        all
    }

    /// What the server took, each address as the shop would compare it.
    fn taken(&self) -> Vec<String> {
        let mut all: Vec<String> =
            self.server.recipients().into_iter().map(|address| address.to_lowercase()).collect();
        all.sort();
        all
    }

    /// An id's address.
    fn address(id: &str) -> String {
        customer(id[1..].parse().unwrap()).email.unwrap().to_lowercase()
    }
}

fn unclear(result: &Value) -> Vec<String> {
    let ids = result["unclear_customers"].as_array().unwrap();
    ids.iter().map(|id| Shop::address(id.as_str().unwrap())).collect()
}

#[test]
fn everybody_gets_one_and_the_holdout_none() {
    let shop = Shop::new();
    let result = shop.sent(&[]);
    assert_eq!(shop.taken(), shop.expected());
    assert!(shop.taken().len() > 15 && shop.arms().iter().any(|(_, arm)| *arm == Arm::Holdout));
    assert_eq!(result["sent"], shop.expected().len());
    assert_eq!((&result["state"], &result["unclear"]), (&"done".into(), &0.into()));
    // Once more: nobody gets a second one.
    shop.sent(&[]);
    assert_eq!(shop.taken(), shop.expected());
    let ids: HashSet<String> =
        shop.server.taken().iter().map(|taken| taken.header("Message-ID").unwrap()).collect();
    assert_eq!(ids.len(), shop.expected().len());
    let one = &shop.server.taken()[0];
    assert!(one.header("From").unwrap().contains("news@shop.example"));
    assert!(one.header("Reply-To").unwrap().contains("help@shop.example"));
    assert!(one.header("Subject").unwrap().starts_with("=?utf-8?"), "{:?}", one.header("Subject"));
    let link = one.header("List-Unsubscribe").unwrap();
    assert!(link.starts_with("<https://news.shop.example/unsubscribe/1-"), "{link}");
    assert_eq!(one.header("List-Unsubscribe-Post").unwrap(), "List-Unsubscribe=One-Click");
    assert!(one.text.contains("Product &#60;") && one.text.contains("multipart/alternative"), "{}", one.text);
}

#[test]
fn answers_are_told_apart() {
    let shop = Shop::new();
    let expected = shop.expected();
    let mut to = expected.iter();
    let mut next = |what: &[Does]| {
        let address = to.next().unwrap();
        shop.server.does(address, what);
        address.clone()
    };
    next(&[Does::Rcpt("421 too much at once")]);
    next(&[Does::Rcpt("450 greylisted"), Does::End("454 not now")]);
    next(&[Does::End("451 try later"), Does::End("452 full")]);
    next(&[Does::DropAtData, Does::DropAtData]);
    let never = next(&[Does::Rcpt("550 5.1.1 no such user")]);
    let spam = next(&[Does::End("554 we do not like this")]);
    let always = next(&[Does::Rcpt("450 later"); 9]);
    let broken = next(&[Does::TakeAndDrop]);
    let result = shop.sent(&[]);
    let gone = [&never, &spam, &always];
    let expected: Vec<String> = expected.iter().filter(|one| !gone.contains(one)).cloned().collect();
    assert_eq!(shop.taken(), expected);
    assert_eq!((&result["refused"], &result["given_up"]), (&2.into(), &1.into()), "{result}");
    assert_eq!(unclear(&result), [broken.as_str()]);
    // A person's word sends it again, recognisable as the same.
    let result = shop.sent(&["--unclear", "again"]);
    assert_eq!((&result["unclear"], &result["sent"]), (&0.into(), &expected.len().into()));
    let both: Vec<_> = shop.server.taken().into_iter().filter(|taken| taken.to == broken).collect();
    assert_eq!((both.len(), both[0].header("Message-ID")), (2, both[1].header("Message-ID")));
}

#[test]
fn a_line_that_breaks_in_the_text_is_never_taken_for_an_answer() {
    let shop = Shop::new();
    let address = shop.expected()[0].clone();
    shop.server.does(&address, &[Does::DropInText]);
    let result = shop.sent(&[]);
    // Whether the end was on the line already decides between trying again and unclear; both are right.
    let times = shop.taken().iter().filter(|to| **to == address).count();
    let is_unclear = unclear(&result) == [address.as_str()];
    assert!(times + usize::from(is_unclear) == 1, "{times} {result}");
    assert_eq!(shop.taken().len() + unclear(&result).len(), shop.expected().len());
}

#[test]
fn whoever_is_killed_mails_nobody_twice_and_forgets_nobody() {
    let mut killed = 0;
    let mut unclears = 0;
    for event in 1..60 {
        let shop = Shop::new();
        let expected = shop.expected();
        // Two of them make trouble on the way.
        shop.server.does(&expected[1], &[Does::Rcpt("450 later")]);
        shop.server.does(&expected[3], &[Does::End("451 later")]);
        let mut child = shop
            .command(&["campaign", "send", "1"])
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        shop.server.kills(event, child.id());
        let status = child.wait().unwrap();
        killed += usize::from(!status.success());
        let result = shop.sent(&[]);
        let (taken, unclear) = (shop.taken(), unclear(&result));
        let once: HashSet<&String> = taken.iter().collect();
        assert_eq!(once.len(), taken.len(), "somebody got two after a kill at event {event}");
        for address in &expected {
            let is_known = once.contains(address) || unclear.contains(address);
            assert!(is_known, "{address} is forgotten after a kill at event {event}: {result}");
        }
        assert_eq!(once.len() + unclear.iter().filter(|one| !once.contains(one)).count(), expected.len());
        assert!(unclear.len() <= 1, "one line, one unclear: {unclear:?} at event {event}");
        unclears += unclear.len();
    }
    assert!(killed >= 40, "{killed} kills");
    println!("{killed} kills, {unclears} e-mails unclear");
}

#[test]
fn a_sender_who_is_refused_costs_no_recipient_anything() {
    let shop = Shop::new();
    shop.server.answers_sender(Some("550 who are you?"));
    let output = shop.send(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("paused") && said(&output).contains("who are you"), "{}", said(&output));
    shop.server.answers_sender(None);
    let result = shop.sent(&[]);
    assert_eq!((shop.taken(), &result["refused"]), (shop.expected(), &0.into()));
}

#[test]
fn a_server_that_is_gone_is_waited_for_and_then_said() {
    let shop = Shop::new();
    shop.configure("connections = 2");
    let text = std::fs::read_to_string(shop.folder.path().join("handpick.toml")).unwrap();
    let gone =
        text.replace(&format!("port = {}", shop.server.port), &format!("port = {}", support::free_port()));
    std::fs::write(shop.folder.path().join("handpick.toml"), gone).unwrap();
    let output = shop.send(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("cannot be reached") && said(&output).contains("Nothing is lost"),
        "{}",
        said(&output)
    );
    std::fs::write(shop.folder.path().join("handpick.toml"), text).unwrap();
    shop.sent(&[]);
    assert_eq!(shop.taken(), shop.expected());
}

#[test]
fn a_trial_goes_to_one_person_and_counts_for_nothing() {
    let shop = Shop::new();
    let words = ["campaign", "send", "1", "--trial", "me@shop.example"];
    let output = shop.command(&words).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let taken = shop.server.taken();
    assert_eq!((taken.len(), taken[0].to.as_str()), (1, "me@shop.example"));
    assert!(taken[0].header("List-Unsubscribe").is_none());
    assert!(taken[0].text.contains("/unsubscribe/trial"), "{}", taken[0].text);
    shop.sent(&[]);
    assert_eq!(shop.taken().len(), shop.expected().len() + 1);
}

#[test]
fn so_many_in_a_second_and_no_more() {
    let shop = Shop::new();
    shop.configure("per_second = 10\nconnections = 3");
    let began = Instant::now();
    shop.sent(&[]);
    let least = (shop.expected().len() - 1) as f64 / 10.0;
    assert!(began.elapsed().as_secs_f64() >= least, "{:?} for {}", began.elapsed(), shop.expected().len());
    assert_eq!(shop.taken(), shop.expected());
}

#[test]
fn what_is_not_approved_or_not_configured_is_not_sent() {
    let shop = Shop::new();
    std::fs::write(shop.folder.path().join("handpick.toml"), "[data]\ndir = \"data\"\n").unwrap();
    let output = shop.send(&[]);
    assert!(output.status.code() == Some(1) && said(&output).contains("[mail]"), "{}", said(&output));
    shop.configure("");
    let output = shop.command(&["campaign", "run", "campaign.toml", "--out", "out"]).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let output = shop.command(&["campaign", "send", "2"]).output().unwrap();
    assert!(said(&output).contains("not approved"), "{}", said(&output));
    assert!(shop.server.taken().is_empty());
}

/// Run with `--ignored --nocapture`, with `--release`, for the figure.
#[test]
#[ignore = "a measurement"]
fn mails_per_second() {
    let made = approved(6_000);
    for connections in [1, 4] {
        let shop = Shop::copied(&made);
        shop.configure(&format!("connections = {connections}"));
        let began = Instant::now();
        let result = shop.sent(&[]);
        let rate = result["sent"].as_f64().unwrap() / began.elapsed().as_secs_f64();
        assert_eq!(shop.taken(), shop.expected());
        println!("{connections} connections: {rate:.0} e-mails in a second ({} in all)", result["sent"]);
    }
}
