//! A Handpick that serves a folder of its own, and somebody in a browser without a window.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use ureq::http::Response;
use ureq::{Agent, Body};

pub fn handpick() -> Command {
    Command::new(env!("CARGO_BIN_EXE_handpick"))
}

/// A configuration for a free port and a data folder beside it, with `more` after it.
pub fn write_config(folder: &Path, more: &str) -> PathBuf {
    let path = folder.join("handpick.toml");
    let data = folder.join("data");
    let text =
        format!("[server]\nlisten = \"127.0.0.1:0\"\n[data]\ndir = {:?}\n{more}", data.to_str().unwrap());
    std::fs::write(&path, text).unwrap();
    path
}

/// Killed on drop, and its folder removed.
pub struct Server {
    process: Child,
    pub url: String,
    /// Where the first account is made; empty where there is one.
    pub setup: String,
    pub folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Server {
    /// Serves once `prepare` has filled the folder.
    pub fn start(more: &str, prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path());
        let config = write_config(folder.path(), more);
        let mut process =
            handpick().args(["serve", "--config"]).arg(&config).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines().map(Result::unwrap);
        let mut url = String::new();
        let setup = lines.by_ref().find(|line| {
            if let Some(at) = line.strip_prefix("Handpick serves at ") {
                url = at.to_owned();
            }
            line.contains("/setup/")
        });
        // Drained, so that the server never waits for a reader of its console.
        std::thread::spawn(move || lines.for_each(drop));
        let setup = setup.expect("it says where the first account is made").trim().to_owned();
        Self { process, url, setup, folder }
    }

    /// Makes the first account.
    pub fn owner(&self) -> Visitor {
        let agent = browser();
        let fields = [("name", "Ada"), ("email", "ada@example.com"), ("password", "long enough 1")];
        assert_eq!(agent.post(&self.setup).send_form(fields).unwrap().status(), 303);
        Visitor::new(&self.url, agent)
    }
}

/// Follows no redirect and takes every answer for one.
pub fn browser() -> Agent {
    Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into()
}

pub fn body(mut response: Response<Body>) -> String {
    response.body_mut().read_to_string().unwrap()
}

pub fn header(response: &Response<Body>, name: &str) -> String {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned()
}

pub fn location(response: &Response<Body>) -> String {
    header(response, "location")
}

/// What stands in `value="…"` of the field of that name.
pub fn field(page: &str, name: &str) -> String {
    let after = page.split(&format!("name=\"{name}\" value=\"")).nth(1);
    let after = after.unwrap_or_else(|| panic!("no field {name} in {page}"));
    after.split('"').next().unwrap().to_owned()
}

/// Somebody who is signed in.
pub struct Visitor {
    pub url: String,
    pub agent: Agent,
    pub csrf: String,
}

impl Visitor {
    /// `agent` is signed in.
    pub fn new(url: &str, agent: Agent) -> Self {
        let page = body(agent.get(format!("{url}/account")).call().unwrap());
        Self { url: url.to_owned(), csrf: field(&page, "csrf"), agent }
    }

    pub fn sign_in(url: &str, email: &str, password: &str) -> Self {
        let agent = browser();
        let fields = [("email", email), ("password", password)];
        assert_eq!(agent.post(format!("{url}/sign-in")).send_form(fields).unwrap().status(), 303);
        Self::new(url, agent)
    }

    /// Adds an account and signs in as it.
    pub fn adds(&self, email: &str, role: &str) -> Self {
        let page = body(self.post("/accounts", &[("name", "Bo"), ("email", email), ("role", role)]));
        let password = page.split("class=\"secret\">").nth(1).unwrap().split('<').next().unwrap();
        Self::sign_in(&self.url, email, password)
    }

    pub fn get(&self, path: &str) -> Response<Body> {
        self.agent.get(format!("{}{path}", self.url)).call().unwrap()
    }

    pub fn page(&self, path: &str) -> String {
        let response = self.get(path);
        assert_eq!(response.status(), 200, "{path}");
        body(response)
    }

    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Response<Body> {
        let all = fields.iter().copied().chain([("csrf", self.csrf.as_str())]);
        self.agent.post(format!("{}{path}", self.url)).send_form(all).unwrap()
    }

    /// The page, once `is_it` says so of it.
    pub fn wait(&self, path: &str, is_it: impl Fn(&str) -> bool) -> String {
        let started = Instant::now();
        loop {
            let page = self.page(path);
            if is_it(&page) {
                return page;
            }
            assert!(started.elapsed() < Duration::from_secs(60), "it never comes on {path}: {page}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// A new campaign's path.
    pub fn new_campaign(&self) -> String {
        let made = self.post("/campaigns", &[]);
        assert_eq!(made.status(), 303);
        location(&made).trim_end_matches("/steps/name").to_owned()
    }

    pub fn save(&self, campaign: &str, step: &str, fields: &[(&str, &str)]) -> Response<Body> {
        let path = format!("{campaign}/steps/{step}");
        let version = field(&self.page(&path), "version");
        let all: Vec<_> = fields.iter().copied().chain([("version", version.as_str())]).collect();
        self.post(&path, &all)
    }

    /// The campaign's page once its job is over.
    pub fn generated(&self, campaign: &str) -> String {
        assert_eq!(self.post(&format!("{campaign}/generate"), &[]).status(), 303);
        self.wait(campaign, |page| !page.contains("being generated"))
    }
}
