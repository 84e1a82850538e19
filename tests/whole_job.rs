//! The main job through the command line, on real servers: made, checked, synced, picked for, reported; and what the
//! servers saw of it. Then the same with the server lost, and with every step killed in its middle.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "in a test, a panic is the failure")]

mod support;

use handpick::history::History;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use support::{MariaDb, PostgreSql};

const CAMPAIGN: &str = "name = \"Whole\"\nmodel = \"item_knn\"\nslots = 3\nstarts_on = \"2026-09-01\"\n\
                        ends_on = \"2026-09-28\"\nas_of = \"2026-09-01T00:00:00Z\"\n[audience]\n\
                        include_unknown_consent = true\n[controls]\nholdout_share = 0.2\n";

/// A sample shop in a database, and a folder of Handpick's own that reads it as `reader`.
struct Shop {
    folder: tempfile::TempDir,
    is_file: bool,
}

impl Shop {
    fn make(place: &str, events: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let is_file = place.is_empty();
        let own_file = format!("sqlite:{}", folder.path().join("shop.db").display());
        let made = Command::new(env!("CARGO_BIN_EXE_handpick"))
            .args(["generate", "--customers", "1500", "--products", "200", "--events", events, "--seed", "3"])
            .args(["--until", "2026-10-01T00:00:00Z", "--to", if is_file { &own_file } else { place }])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", said(&made));
        std::fs::write(folder.path().join("handpick.toml"), made.stdout).unwrap();
        std::fs::write(folder.path().join("campaign.toml"), CAMPAIGN).unwrap();
        Self { folder, is_file }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_handpick"));
        command
            .current_dir(self.path())
            .args(words)
            .args(["--config", "handpick.toml"])
            .env("HANDPICK_DATA__DIR", self.path().join("data"))
            .stdin(Stdio::null());
        if !self.is_file {
            command.env("HANDPICK_SOURCE__USER", "reader").env("HANDPICK_SOURCE__PASSWORD", "reader");
        }
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    fn must(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    fn campaign(&self) -> String {
        self.must(&["campaign", "run", "campaign.toml", "--out", "out"])
    }

    fn events(&self) -> u64 {
        let history = History::open(&self.path().join("data/shops/1/history")).unwrap();
        history.snapshot().unwrap().counts().events
    }

    /// Starts `words` again and again, killed ever later, until one is quick enough to end by itself.
    fn kill_in_the_middle_of(&self, words: &[&str]) -> usize {
        for (killed, wait_ms) in (5..4000).step_by(35).enumerate() {
            let mut child = self.command(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(wait_ms));
            if let Some(status) = child.try_wait().unwrap() {
                assert!(status.success(), "after {killed} kills {words:?} does not work any more");
                return killed;
            }
            child.kill().unwrap();
            child.wait().unwrap();
        }
        panic!("{words:?} takes more than four seconds");
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn do_the_whole_job(shop: &Shop) {
    shop.must(&["sync"]);
    shop.campaign();
    let wide = std::fs::read_to_string(shop.path().join("out/whole_picks_wide.csv")).unwrap();
    assert!(wide.lines().count() > 500, "{}", wide.lines().count());
    let report = shop.must(&["report", "1", "--format", "json", "--out", "-"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["name"], "Whole");
    shop.must(&["sync"]);
}

#[test]
fn a_whole_campaign_sends_the_servers_nothing_but_reads() {
    let (postgres, mariadb) = (PostgreSql::start(), MariaDb::start());
    let places = [
        format!("postgres://hp@127.0.0.1:{}/postgres", postgres.port),
        format!("mysql://root@127.0.0.1:{}/shop", mariadb.port),
    ];
    let shops = places.map(|place| Shop::make(&place, "30000"));
    shops.iter().for_each(do_the_whole_job);
    let allowed = [
        "SELECT ",
        "COPY (SELECT ",
        "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        "ROLLBACK",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
        "SET SESSION ",
        "SHOW GRANTS",
    ];
    for seen in [postgres.statements_of_reader(), mariadb.statements_of_reader()] {
        assert!(seen.iter().any(|statement| statement.contains("order_lines")));
        for statement in &seen {
            assert!(allowed.iter().any(|start| statement.starts_with(start)), "{statement}");
        }
    }
    // The check tries one write, which the server refuses: it works all the same.
    for shop in &shops {
        let check = shop.run(&["check"]);
        assert!(matches!(check.status.code(), Some(0 | 3)), "{}", said(&check));
    }
}

#[test]
fn a_server_that_is_lost_is_said_and_nothing_is_half_synced() {
    let server = PostgreSql::start();
    let shop = Shop::make(&format!("postgres://hp@127.0.0.1:{}/postgres", server.port), "200000");
    let mut sync = shop.command(&["sync"]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let history = shop.path().join("data/shops/1/history/events");
    // As soon as the first segment grows, the server goes.
    while !std::fs::read_dir(&history).is_ok_and(|mut files| files.next().is_some()) {
        assert!(sync.try_wait().unwrap().is_none(), "the sync ended before the server could be stopped");
        std::thread::sleep(Duration::from_millis(1));
    }
    server.stop();
    let lost = sync.wait_with_output().unwrap();
    if lost.status.success() {
        println!("the sync had read everything before the server stopped");
    } else {
        assert_eq!(lost.status.code(), Some(1), "{}", said(&lost));
        assert_eq!(shop.events(), 0);
    }
    let refused = shop.run(&["sync"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("127.0.0.1"), "{}", said(&refused));
    server.resume();
    shop.must(&["sync"]);
    assert!(shop.events() > 150_000, "{}", shop.events());
}

#[test]
fn every_step_can_be_killed_and_done_again() {
    let shop = Shop::make("", "60000");
    println!("syncs killed: {}", shop.kill_in_the_middle_of(&["sync"]));
    let whole = Shop::make("", "60000");
    whole.must(&["sync"]);
    assert_eq!(shop.events(), whole.events(), "what was read after many kills is what is read at once");

    let train = ["train", "--model", "als", "--set", "iterations=2", "--set", "factors=8"];
    println!("trainings killed: {}", shop.kill_in_the_middle_of(&train));
    let run = ["campaign", "run", "campaign.toml", "--out", "out"];
    println!("campaigns killed: {}", shop.kill_in_the_middle_of(&run));
    shop.campaign();
    whole.campaign();
    let recipients = |shop: &Shop| {
        std::fs::read_to_string(shop.path().join("out/whole_picks.jsonl")).unwrap().lines().count()
    };
    assert!(recipients(&shop) > 500 && recipients(&whole) > 500);
    for campaign in std::fs::read_dir(shop.path().join("data/shops/1/campaigns")).unwrap().flatten() {
        for generation in std::fs::read_dir(campaign.path()).unwrap().flatten() {
            let name = generation.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let arms = handpick::picker::picks_file::arms(&generation.path()).unwrap();
            assert!(arms.len() > 500, "{name} is whole");
        }
    }
}
