//! Reports by e-mail, against a mail server of the test's own: whoever asked gets each report once, also when Handpick is
//! killed on the way, and what could not be delivered is said.

use super::frozen::{CAMPAIGN, at, fill};
use super::support::server::{Server, body, location};
use super::support::smtp::{Does, MailServer, Taken};
use handpick::ids::{CampaignId, THE_SHOP};
use handpick::store::report_letters::{self, Wish};
use handpick::store::{Store, campaigns};
use mail_parser::{MessageParser, MimeHeaders};
use serde_json::Value;
use std::collections::HashSet;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

fn config(port: u16, more: &str) -> String {
    format!(
        "[data]\ndir = \"data\"\n[mail]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"off\"\n\
         from = \"Shop <news@shop.example>\"\nretry_after_s = 1\ntries = 3\n{more}\n"
    )
}

fn command(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_handpick"));
    command.current_dir(folder).args(words).args(["--config", "handpick.toml"]).stdin(Stdio::null());
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn store(folder: &Path) -> Store {
    Store::open(&folder.join("data/handpick.db")).unwrap()
}

/// A campaign that was sent and is closed, made once; every test copies it.
pub fn closed_campaign(folder: &Path) {
    static MADE: OnceLock<tempfile::TempDir> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let made = tempfile::tempdir().unwrap();
        std::fs::write(made.path().join("campaign.toml"), CAMPAIGN).unwrap();
        std::fs::write(made.path().join("handpick.toml"), "[data]\ndir = \"data\"\n").unwrap();
        fill(made.path());
        let run =
            command(made.path(), &["campaign", "run", "campaign.toml", "--out", "out"]).output().unwrap();
        assert!(run.status.success(), "{}", said(&run));
        store(made.path())
            .write(|conn| {
                let id = CampaignId(1);
                campaigns::approve(conn, id, None, at("2026-08-31T10:00:00Z"))?;
                campaigns::mark_sent(conn, id, at("2026-09-01T08:00:00Z"), at("2026-09-01T08:00:00Z"))
            })
            .unwrap();
        made
    });
    let from = made.path().join(".");
    assert!(Command::new("cp").arg("-r").arg(from).arg(folder).status().unwrap().success());
}

fn add(folder: &Path, address: &str, (is_weekly, is_at_close): (bool, bool), since: &str) {
    let wish = Wish { address, is_weekly, is_at_close };
    let added = store(folder).write(|conn| report_letters::add(conn, THE_SHOP, wish, None, at(since)));
    added.unwrap();
}

struct Shop {
    folder: tempfile::TempDir,
    server: MailServer,
}

impl Shop {
    fn new(more: &str) -> Self {
        let shop = Self { folder: tempfile::tempdir().unwrap(), server: MailServer::start() };
        closed_campaign(shop.folder.path());
        shop.configure(shop.server.port, more);
        shop
    }

    fn configure(&self, port: u16, more: &str) {
        std::fs::write(self.folder.path().join("handpick.toml"), config(port, more)).unwrap();
    }

    fn add(&self, address: &str, gets: (bool, bool)) {
        add(self.folder.path(), address, gets, "2026-08-25T00:00:00Z");
    }

    fn post(&self) -> Value {
        let output = command(self.folder.path(), &["mail-reports", "--json"]).output().unwrap();
        assert!(matches!(output.status.code(), Some(0 | 3)), "{}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn states(&self) -> Vec<(String, String, &'static str)> {
        let letters = store(self.folder.path()).read(|conn| report_letters::latest(conn, THE_SHOP, 100));
        let mut all: Vec<_> = letters
            .unwrap()
            .into_iter()
            .map(|letter| (letter.report, letter.address, letter.state.name()))
            .collect();
        all.sort();
        all
    }
}

/// Text of the body and the attachments by name.
fn opened(taken: &Taken) -> (String, Vec<(String, Vec<u8>)>) {
    let message = MessageParser::default().parse(taken.text.as_bytes()).unwrap();
    let text = message.body_text(0).unwrap().into_owned();
    let files = message
        .attachments()
        .map(|part| (part.attachment_name().unwrap().to_owned(), part.contents().to_vec()))
        .collect();
    (text, files)
}

#[test]
fn whoever_asked_gets_the_report_once_with_its_files() {
    let shop = Shop::new("[server]\npublic_url = \"https://handpick.intranet/\"");
    shop.add("weekly@shop.example", (true, false));
    shop.add("close@shop.example", (false, true));
    assert_eq!(shop.post()["sent"], 2);
    let taken = shop.server.taken();
    let to = |address: &str| taken.iter().find(|taken| taken.to == address).unwrap();

    let close = to("close@shop.example");
    let message = MessageParser::default().parse(close.text.as_bytes()).unwrap();
    assert_eq!(message.subject(), Some("My shop: what “September” earned"));
    let (text, files) = opened(close);
    let report: Value = serde_json::from_slice(
        &command(shop.folder.path(), &["report", "1", "--format", "json", "--out", "-"])
            .output()
            .unwrap()
            .stdout,
    )
    .unwrap();
    let summary: Vec<&str> =
        report["summary"].as_array().unwrap().iter().map(|sentence| sentence.as_str().unwrap()).collect();
    assert_eq!(summary.len(), 3, "{summary:?}");
    for sentence in &summary {
        assert!(text.contains(sentence), "{sentence} in {text}");
    }
    assert!(text.contains("https://handpick.intranet/campaigns/1/report"), "{text}");
    assert!(!text.contains("c00@example.com"), "no customer is named: {text}");
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["report-1.pdf", "report-1.xlsx"]);
    let file = shop.folder.path().join("out.pdf");
    for (format, (_, bytes)) in ["pdf", "xlsx"].into_iter().zip(&files) {
        let words = ["report", "1", "--format", format, "--out", "out.pdf"];
        assert!(command(shop.folder.path(), &words).output().unwrap().status.success());
        assert!(std::fs::read(&file).unwrap() == *bytes, "the attached {format} is the report's");
    }

    let weekly = to("weekly@shop.example");
    let (text, files) = opened(weekly);
    assert!(
        text.contains("All campaigns together") && text.contains("https://handpick.intranet/reports"),
        "{text}"
    );
    assert!(files[0].1.starts_with(b"%PDF") && files[1].1.starts_with(b"PK"));
    assert_eq!(shop.post()["sent"], 0, "nobody gets it a second time");
    assert_eq!(shop.server.taken().len(), 2);
}

#[test]
fn what_was_due_before_an_address_was_written_down_does_not_go_there() {
    let shop = Shop::new("");
    add(shop.folder.path(), "late@shop.example", (false, true), "2026-09-15T00:00:00Z");
    // The campaign is closed, and nobody's weekly report is due before the first Monday.
    assert_eq!(shop.post()["sent"], 0);
    assert_eq!(shop.states(), []);
    shop.add("early@shop.example", (false, true));
    assert_eq!(shop.post()["sent"], 1);
    assert_eq!(shop.server.recipients(), ["early@shop.example"]);
    let (text, _) = opened(&shop.server.taken()[0]);
    assert!(!text.contains("http"), "without an address of Handpick there is no link: {text}");
}

#[test]
fn whoever_is_killed_mails_nobody_twice_and_forgets_nobody() {
    let addresses = ["a", "b", "c", "d", "e"].map(|name| format!("{name}@shop.example"));
    let mut killed = 0;
    for event in 1..29 {
        let shop = Shop::new("");
        addresses.iter().for_each(|address| shop.add(address, (false, true)));
        shop.server.does("b@shop.example", &[Does::Rcpt("450 later")]);
        let mut child = command(shop.folder.path(), &["mail-reports"])
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        shop.server.kills(event, child.id());
        killed += usize::from(!child.wait().unwrap().success());
        // Put off for a second, once.
        let started = Instant::now();
        while shop.states().is_empty()
            || shop.states().iter().any(|(_, _, state)| matches!(*state, "queued" | "attempting"))
        {
            shop.post();
            assert!(started.elapsed() < Duration::from_secs(60), "{:?}", shop.states());
        }
        let taken = shop.server.recipients();
        let once: HashSet<&String> = taken.iter().collect();
        assert_eq!(once.len(), taken.len(), "somebody got two after a kill at event {event}");
        let unclear: Vec<String> = shop
            .states()
            .into_iter()
            .filter(|(_, _, state)| *state == "unclear")
            .map(|(_, to, _)| to)
            .collect();
        assert!(unclear.len() <= 1, "{unclear:?} at event {event}");
        for address in &addresses {
            let is_known = taken.contains(address) || unclear.contains(address);
            assert!(is_known, "{address} is forgotten after a kill at event {event}");
        }
    }
    assert!(killed >= 20, "{killed} kills");
}

#[test]
fn a_server_that_is_away_costs_nobody_a_try() {
    let shop = Shop::new("");
    shop.add("a@shop.example", (false, true));
    let nobody = super::support::free_port();
    shop.configure(nobody, "");
    let posted = shop.post();
    assert_eq!((&posted["sent"], &posted["put_off"]), (&0.into(), &0.into()), "{posted}");
    let letters =
        || store(shop.folder.path()).read(|conn| report_letters::latest(conn, THE_SHOP, 1)).unwrap();
    assert!(
        letters()[0].answer.contains("cannot be reached") && letters()[0].tries == 0,
        "{letters:?}",
        letters = letters()
    );
    shop.configure(shop.server.port, "");
    let started = Instant::now();
    while shop.post()["sent"] == 0 {
        assert!(started.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(300));
    }
    assert_eq!(shop.server.recipients(), ["a@shop.example"]);
}

/// `[server]` and `[data]` stand above.
fn served(server: &MailServer) -> Server {
    let mail = format!(
        "[mail]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"off\"\nfrom = \"news@shop.example\"\nretry_after_s = 1\ntries = 2\n",
        server.port
    );
    Server::start(&mail, |folder| {
        closed_campaign(folder);
        add(folder, "gone@shop.example", (false, true), "2026-08-25T00:00:00Z");
        add(folder, "here@shop.example", (false, true), "2026-08-25T00:00:00Z");
    })
}

#[test]
fn the_page_says_who_gets_them_and_what_was_refused() {
    let mail = MailServer::start();
    mail.does("gone@shop.example", &[Does::Rcpt("550 5.1.1 nobody <here> of that name")]);
    let server = served(&mail);
    let ada = server.owner();
    let path = "/reports/letters";
    // By the schedule alone.
    let page = ada.wait(path, |page| page.contains("refused") && page.contains("badge-ok"));
    assert!(page.contains("nobody &#60;here&#62; of that name"), "{page}");
    assert_eq!(mail.recipients(), ["here@shop.example"]);
    let settled = ada.post(
        "/reports/letters/settle",
        &[("report", "campaign 1"), ("address", "gone@shop.example"), ("word", "again")],
    );
    assert_eq!((settled.status().as_u16(), location(&settled).as_str()), (303, path));
    ada.wait(path, |page| !page.contains("refused"));
    let started = Instant::now();
    while mail.recipients().len() < 2 {
        assert!(started.elapsed() < Duration::from_secs(60), "it never goes out again");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(mail.recipients(), ["gone@shop.example", "here@shop.example"]);

    let new = [("address", "new@shop.example"), ("weekly", "1")];
    assert_eq!(ada.post(path, &new).status(), 303);
    assert!(ada.page(path).contains("new@shop.example"));
    assert_eq!(ada.post(path, &new).status(), 422, "it is there already");
    for wrong in [&[("address", "nobody"), ("weekly", "1")][..], &[("address", "x@shop.example")]] {
        assert_eq!(ada.post(path, wrong).status(), 422, "{wrong:?}");
    }
    let bo = ada.adds("bo@example.com", "analyst");
    assert!(bo.page(path).contains("new@shop.example") && !bo.page(path).contains("Add the address"));
    assert_eq!(bo.post(path, &[("address", "bo@shop.example"), ("weekly", "1")]).status(), 403);
    let forged =
        ada.agent.post(format!("{}{path}", ada.url)).send_form([("csrf", "forged"), ("address", "e@x.org")]);
    assert_eq!(forged.unwrap().status(), 403);
    let page = ada.page(path);
    let remove =
        page.split("action=\"/reports/letters/").find(|part| part.contains("to new@shop.example")).unwrap();
    let id = remove.split('/').next().unwrap();
    assert_eq!(ada.post(&format!("/reports/letters/{id}/remove"), &[]).status(), 303);
    assert!(!ada.page(path).contains("new@shop.example"));
}

#[test]
fn without_a_mail_server_the_page_says_what_to_do() {
    let server = Server::start("", |_| {});
    let ada = server.owner();
    let page = body(ada.get("/reports/letters"));
    for said in ["Nothing is sent yet", "[mail]", "Write down the first address"] {
        assert!(page.contains(said), "{said} in {page}");
    }
}
