//! What a marketer does in a browser, from signing in to the file for the e-mail tool and the report, on the demo.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the failure")]

mod support;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use support::browser::Browser;

/// The demo as a process of its own, ended on drop.
struct Demo {
    process: Child,
    url: String,
    password: String,
    _folder: tempfile::TempDir,
}

impl Demo {
    /// Starts it on an empty folder and reads how to sign in from what it prints.
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut process = Command::new(env!("CARGO_BIN_EXE_handpick"))
            .args(["demo", "--port", &port.to_string(), "--data"])
            .arg(folder.path().join("demo"))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let password = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("with the password ").map(|(_, word)| word.trim().to_owned()))
            .expect("the demo says how to sign in");
        // Nobody reads on, and a full pipe would stop the demo.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, url: format!("http://127.0.0.1:{port}"), password, _folder: folder }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// What the browser gets from `path`, with the session it has.
fn fetched(browser: &Browser, path: &str) -> String {
    let script = format!(
        "const request = new XMLHttpRequest(); request.open('GET', '{path}', false); request.send(); \
         return request.status + '\\n' + request.responseText;"
    );
    let answer = browser.eval(&script);
    let (status, text) = answer.as_str().unwrap().split_once('\n').unwrap();
    assert_eq!(status, "200", "{path}");
    text.to_owned()
}

#[test]
fn a_marketer_goes_from_sign_in_to_the_file_and_the_report() {
    let demo = Demo::start();
    let browser = Browser::start();
    browser.go(&demo.url);
    browser.type_into("input[name=email]", "owner@example.com");
    browser.type_into("input[name=password]", &demo.password);
    browser.follow("Sign in");
    browser.see("What to do next");

    browser.go(&format!("{}/campaigns/2/steps/rules", demo.url));
    browser.follow("Save and go to the review");
    browser.see("What you chose");
    browser.follow("Generate the picks");
    browser.see_within("Look at the picks, then approve them", Duration::from_secs(180));
    browser.follow("Look at customers");
    assert!(browser.has("main img"), "picks have pictures");
    browser.go(&format!("{}/campaigns/2", demo.url));
    browser.click("form[action$='/approve'] input[type=checkbox]");
    browser.click("form[action$='/approve'] button");
    browser.see("Download");

    let wide = browser.find("a[download]").attribute("href");
    let csv = fetched(&browser, &wide);
    let mut rows = csv.lines();
    let header = rows.next().unwrap();
    assert!(header.contains("rec_1_title") && header.contains("rec_1_reason"), "{header}");
    assert!(rows.count() > 1000, "a row for each recipient");

    browser.go(&format!("{}/campaigns/1/report", demo.url));
    browser.see("What the mail earned");
    browser.see("Conversion rate");
    browser.resize(390, 800);
    assert!(!browser.overflows());
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
