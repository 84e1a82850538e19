//! A sample shop in a database, and the commands of a Handpick that reads it.

use super::free_port;
use handpick::history::History;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

pub const CAMPAIGN: &str = "name = \"Whole\"\nmodel = \"item_knn\"\nslots = 3\nstarts_on = \"2026-09-01\"\n\
                            ends_on = \"2026-09-28\"\nas_of = \"2026-09-01T00:00:00Z\"\n[audience]\n\
                            include_unknown_consent = true\n[controls]\nholdout_share = 0.2\n";

/// A sample shop in a database, and a folder of Handpick's own that reads it as `reader`.
pub struct Shop {
    folder: tempfile::TempDir,
    is_file: bool,
}

impl Shop {
    pub fn make(place: &str, events: &str) -> Self {
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

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn command(&self, words: &[&str]) -> Command {
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

    pub fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    pub fn must(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn campaign(&self) -> String {
        self.must(&["campaign", "run", "campaign.toml", "--out", "out"])
    }

    pub fn events(&self) -> u64 {
        let history = History::open(&self.path().join("data/shops/1/history")).unwrap();
        history.snapshot().unwrap().counts().events
    }

    /// Starts `words` again and again, killed ever later, until one is quick enough to end by itself.
    pub fn kill_in_the_middle_of(&self, words: &[&str]) -> usize {
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

pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// `handpick serve`, killed on drop.
pub struct Served {
    process: Child,
    pub url: String,
}

impl Shop {
    /// Serves at a free port.
    pub fn serve(&self) -> Served {
        let listen = format!("127.0.0.1:{}", free_port());
        let process = self
            .command(&["serve"])
            .env("HANDPICK_SERVER__LISTEN", &listen)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut served = Served { process, url: String::new() };
        let mut lines = BufReader::new(served.process.stderr.take().unwrap()).lines().map(Result::unwrap);
        let line = lines.by_ref().find(|line| line.starts_with("Handpick serves at "));
        served.url = line.expect("it serves").trim_start_matches("Handpick serves at ").to_owned();
        std::thread::spawn(move || lines.for_each(drop));
        served
    }

    /// Adds an owner and answers the password.
    pub fn add_owner(&self) -> String {
        let words = ["account", "add", "--email", "owner@example.com", "--name", "Olivia", "--role", "owner"];
        self.must(&words).trim().to_owned()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // SIGKILL: what a served Handpick must survive.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
