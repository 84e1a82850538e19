//! A shop of one of the loads, served by the real binary, for benchmarks that ask over HTTP.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use ureq::Agent;

const CONFIG: &str = "handpick.toml";
const EMAIL: &str = "owner@example.com";

/// Milliseconds until the whole page is there.
pub fn ask(agent: &Agent, url: &str, path: &str) -> f64 {
    let begun = Instant::now();
    let mut answer = agent.get(format!("{url}{path}")).call().unwrap();
    let page = answer.body_mut().with_config().limit(64 << 20).read_to_string().unwrap();
    assert_eq!(answer.status(), 200, "{path}: {page}");
    begun.elapsed().as_secs_f64() * 1e3
}

pub struct Shop {
    folder: PathBuf,
}

impl Shop {
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_handpick"));
        command.current_dir(&self.folder).args(words).stdin(Stdio::null());
        if words[0] != "generate" {
            command.args(["--config", CONFIG]).env("HANDPICK_DATA__DIR", self.folder.join("data"));
        }
        command
    }

    fn must(&self, words: &[&str]) -> String {
        let begun = Instant::now();
        let output = self.command(words).stderr(Stdio::inherit()).output().unwrap();
        assert!(output.status.success(), "{words:?}");
        println!("{} {}: {:.0} s", words[0], words.get(2).unwrap_or(&""), begun.elapsed().as_secs_f64());
        String::from_utf8(output.stdout).unwrap()
    }

    /// Makes the load's shop, reads it and trains two models, unless all of that is there; answers the owner's password.
    pub fn prepare(&self, load: &str) -> String {
        std::fs::create_dir_all(&self.folder).unwrap();
        let kept = self.folder.join("password");
        if let Ok(password) = std::fs::read_to_string(&kept) {
            return password;
        }
        let place = format!("sqlite:{}", self.folder.join("shop.db").display());
        let config =
            self.must(&["generate", "--load", load, "--until", "2026-10-01T00:00:00Z", "--to", &place]);
        std::fs::write(self.folder.join(CONFIG), config).unwrap();
        let account = ["account", "add", "--email", EMAIL, "--name", "Olivia", "--role", "owner"];
        let password = self.must(&account).trim().to_owned();
        self.must(&["sync"]);
        self.must(&["train", "--model", "item_knn"]);
        self.must(&["train", "--model", "als"]);
        std::fs::write(kept, &password).unwrap();
        password
    }

    pub fn serve(&self) -> Served {
        let mut process = self
            .command(&["serve"])
            .env("HANDPICK_SERVER__LISTEN", "127.0.0.1:0")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines().map(Result::unwrap);
        let line = lines.by_ref().find(|line| line.starts_with("Handpick serves at ")).unwrap();
        let url = line.trim_start_matches("Handpick serves at ").to_owned();
        std::thread::spawn(move || lines.for_each(drop));
        Served { process, url }
    }
}

pub struct Served {
    process: Child,
    pub url: String,
}

impl Served {
    pub fn memory_mb(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

pub fn sign_in(url: &str, password: &str) -> Agent {
    let agent: Agent = Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
    let fields = [("email", EMAIL), ("password", password)];
    assert_eq!(agent.post(format!("{url}/sign-in")).send_form(fields).unwrap().status(), 303);
    agent
}
