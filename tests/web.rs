//! Pages over HTTP, against the real binary on a port of its own.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

use std::path::Path;
use std::process::Output;
use support::server::{Server, Visitor, body, browser, handpick, header, write_config};
use ureq::http::Response;
use ureq::{Agent, Body};

fn start() -> Server {
    Server::start("", |_| {})
}

/// Requests of whoever asks, signed in or not, with no token added.
impl Server {
    fn get(&self, agent: &Agent, path: &str) -> Response<Body> {
        agent.get(format!("{}{path}", self.url)).call().unwrap()
    }

    fn post(&self, agent: &Agent, path: &str, fields: &[(&str, &str)]) -> Response<Body> {
        agent.post(format!("{}{path}", self.url)).send_form(fields.iter().copied()).unwrap()
    }

    fn text(&self, agent: &Agent, path: &str) -> String {
        body(self.get(agent, path))
    }
}

#[test]
fn the_set_up_link_works_once_and_stays_out_of_the_log() {
    let server = start();
    let owner = server.owner();
    assert_eq!(owner.get("/").status(), 200);
    let again = browser().post(&server.setup).send_form([("name", "Eve"), ("email", "e@x.org")]).unwrap();
    assert_eq!(again.status(), 404);
    let token = server.setup.rsplit('/').next().unwrap();
    for entry in std::fs::read_dir(server.folder.path().join("data/logs")).unwrap() {
        let log = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(log.contains("\"request\"") && !log.contains(token) && !log.contains("ada@"));
    }
}

#[test]
fn signing_in_out_and_the_token_in_every_form() {
    let server = start();
    let Visitor { agent: owner, csrf, .. } = server.owner();
    assert_eq!(server.post(&owner, "/sign-out", &[]).status(), 403);
    assert_eq!(server.post(&owner, "/sign-out", &[("csrf", "0")]).status(), 403);
    let foreign = owner
        .post(format!("{}/sign-out", server.url))
        .header("Origin", "https://evil.example")
        .send_form([("csrf", csrf.as_str())])
        .unwrap();
    assert_eq!(foreign.status(), 403);
    assert_eq!(server.post(&owner, "/sign-out", &[("csrf", &csrf)]).status(), 303);
    let turned_away = server.get(&owner, "/jobs?x=1");
    assert_eq!(
        (turned_away.status().as_u16(), header(&turned_away, "location").as_str()),
        (303, "/sign-in?next=/jobs%3Fx%3D1")
    );
    let back = server.post(
        &owner,
        "/sign-in",
        &[("email", "ADA@example.com"), ("password", "long enough 1"), ("next", "/jobs?x=1")],
    );
    assert_eq!((back.status().as_u16(), header(&back, "location").as_str()), (303, "/jobs?x=1"));
    let cookie = header(&back, "set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
}

#[test]
fn ten_wrong_passwords_close_the_door_for_a_while() {
    let server = start();
    server.owner();
    let agent = browser();
    let wrong = [("email", "ada@example.com"), ("password", "wrong")];
    for _ in 0..10 {
        assert_eq!(server.post(&agent, "/sign-in", &wrong).status(), 422);
    }
    let right = [("email", "ada@example.com"), ("password", "long enough 1")];
    assert_eq!(server.post(&agent, "/sign-in", &right).status(), 429);
}

#[test]
fn every_page_by_role() {
    let server = start();
    let owner = server.owner();
    let nobody = browser();
    let [admin, marketer, analyst] =
        ["admin", "marketer", "analyst"].map(|role| owner.adds(&format!("{role}@example.com"), role).agent);
    // Path, then the status for nobody, analyst, marketer, admin, owner.
    let table = [
        ("/", [303, 200, 200, 200, 200]),
        ("/account", [303, 200, 200, 200, 200]),
        ("/jobs", [303, 200, 200, 200, 200]),
        ("/jobs/99", [303, 404, 404, 404, 404]),
        ("/jobs/99/progress", [303, 404, 404, 404, 404]),
        ("/logs", [303, 403, 403, 200, 200]),
        ("/accounts", [303, 403, 403, 200, 200]),
        ("/sign-in", [200, 303, 303, 303, 303]),
        ("/setup/0", [404, 404, 404, 404, 404]),
        ("/nowhere", [404, 404, 404, 404, 404]),
        ("/healthz", [200, 200, 200, 200, 200]),
        ("/readyz", [200, 200, 200, 200, 200]),
    ];
    for (path, expected) in table {
        let got = [&nobody, &analyst, &marketer, &admin, &owner.agent]
            .map(|who| server.get(who, path).status().as_u16());
        assert_eq!(got, expected, "{path}");
    }
    let page = server.text(&analyst, "/logs");
    assert!(page.contains("Your role does not allow this"), "{page}");
}

#[test]
fn admins_cannot_touch_owners_nor_anybody_themselves() {
    let server = start();
    let owner = server.owner();
    let admin = owner.adds("admin@example.com", "admin");
    assert_eq!(admin.post("/accounts/1/disable", &[]).status(), 403);
    assert_eq!(admin.post("/accounts/2/role", &[("role", "owner")]).status(), 403);
    assert_eq!(owner.post("/accounts/1/disable", &[]).status(), 422);
    assert_eq!(owner.post("/accounts/2/disable", &[]).status(), 303);
    assert!(owner.page("/accounts").contains("signed out everywhere"), "the notice");
    assert_eq!(admin.get("/").status(), 303, "its session ended");
}

#[test]
fn answers_carry_the_security_headers_and_assets_their_checksum() {
    let server = start();
    let agent = browser();
    let page = server.get(&agent, "/sign-in");
    assert!(header(&page, "content-security-policy").starts_with("default-src 'none'; script-src 'self';"));
    assert_eq!(header(&page, "x-content-type-options"), "nosniff");
    assert_eq!(header(&page, "referrer-policy"), "same-origin");
    let html = server.text(&agent, "/sign-in");
    assert!(!html.contains("<style") && !html.contains("style=") && !html.contains(" onclick"));
    let assets: Vec<&str> = html.split('"').filter(|piece| piece.starts_with("/assets/")).collect();
    assert!(assets.len() >= 4);
    for asset in assets {
        let answer = server.get(&agent, asset);
        assert_eq!(answer.status(), 200, "{asset}");
        assert!(header(&answer, "cache-control").contains("immutable"));
    }
    assert_eq!(server.get(&agent, "/assets/web/handpick.css").status(), 404);
}

fn run(arguments: &[&str], config: &Path) -> Output {
    handpick().args(arguments).arg("--config").arg(config).output().unwrap()
}

/// The one sentence for people; log lines may stand before it.
fn sentence(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    text.lines().find(|line| line.starts_with("handpick: ")).unwrap_or(&text).to_owned()
}

#[test]
fn a_port_in_use_and_a_locked_folder_are_one_sentence() {
    let server = start();
    let locked = run(&["serve"], &server.folder.path().join("handpick.toml"));
    assert_eq!(locked.status.code(), Some(1));
    assert!(sentence(&locked).contains("in use by another Handpick process"), "{}", sentence(&locked));

    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("handpick.toml");
    let address = server.url.trim_start_matches("http://");
    std::fs::write(
        &config,
        format!("server.listen = \"{address}\"\ndata.dir = {:?}", folder.path().join("d")),
    )
    .unwrap();
    let taken = run(&["serve"], &config);
    assert_eq!(taken.status.code(), Some(1));
    assert!(
        sentence(&taken).contains(&format!("{address} is in use by another program")),
        "{}",
        sentence(&taken)
    );
}

#[test]
fn configuration_faults_name_key_line_and_nearest() {
    let folder = tempfile::tempdir().unwrap();
    let config = write_config(folder.path(), "[log]\nkeep_dais = 3\n");
    let unknown = run(&["serve"], &config);
    assert_eq!(unknown.status.code(), Some(2));
    let said = sentence(&unknown);
    assert!(said.contains("line 6") && said.contains("keep_dais") && said.contains("“keep_days”"), "{said}");
    let config = write_config(folder.path(), "[log]\nkeep_days = \"three\"\n");
    let wrong = run(&["serve"], &config);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(sentence(&wrong).contains("line 6"), "{}", sentence(&wrong));
    let usage = handpick().arg("serv").output().unwrap();
    assert_eq!(usage.status.code(), Some(2));
}

#[test]
fn a_folder_that_cannot_be_written_is_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("handpick.toml");
    // Not even root may make a folder here.
    std::fs::write(&config, "data.dir = \"/proc/handpick\"\n").unwrap();
    let output = run(&["serve"], &config);
    assert_eq!(output.status.code(), Some(1));
    assert!(sentence(&output).contains("cannot be used"), "{}", sentence(&output));
}

#[test]
fn accounts_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let config = write_config(folder.path(), "");
    let added =
        run(&["account", "add", "--email", "a@example.com", "--name", "A", "--role", "owner"], &config);
    assert_eq!(added.status.code(), Some(0), "{}", sentence(&added));
    assert_eq!(String::from_utf8(added.stdout).unwrap().trim().len(), 23);
    let twice = run(&["account", "add", "--email", "A@example.com", "--name", "A"], &config);
    assert!(sentence(&twice).contains("is taken already"));
    let listed = String::from_utf8(run(&["account", "list"], &config).stdout).unwrap();
    assert_eq!(listed, "a@example.com\tA\towner\tactive\n");
}
