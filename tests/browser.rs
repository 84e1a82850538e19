//! What a person does in a browser, with a real Chromium.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use support::browser::{Browser, keys};
use support::free_port;

/// A page of our own as a file.
fn static_page(folder: &Path) -> String {
    let html = r#"<!doctype html><meta charset="utf-8"><title>A page</title>
        <h1>Hello</h1><input name="word"><button onclick="document.getElementById('said').textContent =
        document.querySelector('input').value">Say it</button><p id="said"></p>
        <script>setTimeout(() => document.body.insertAdjacentHTML('beforeend', '<p>Later</p>'), 300)</script>"#;
    let path = folder.join("page.html");
    std::fs::write(&path, html).unwrap();
    format!("file://{}", path.display())
}

#[test]
fn the_browser_does_what_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let page = static_page(folder.path());
    let browser = Browser::start();
    browser.go(&page);
    assert_eq!((browser.title().as_str(), browser.find("h1").text().as_str()), ("A page", "Hello"));
    browser.see("Later");
    browser.type_into("input", "Größe ✓");
    browser.follow("Say it");
    assert_eq!(browser.find("#said").text(), "Größe ✓");
    browser.type_into("input", "by keyboard");
    browser.press(keys::TAB);
    assert_eq!(browser.focus(), "Say it");
    browser.press(keys::ENTER);
    browser.find_text("#said", "by keyboard");
    browser.resize(390, 800);
    assert_eq!(browser.eval("return window.innerWidth"), 390);
    assert!(!browser.overflows());
    assert!(!browser.has("h2"));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_browser_without_scripts_runs_none() {
    let folder = tempfile::tempdir().unwrap();
    let page = static_page(folder.path());
    let browser = Browser::start_without_scripts();
    browser.go(&page);
    browser.type_into("input", "quiet");
    browser.follow("Say it");
    assert_eq!(browser.find("#said").text(), "");
}

/// `handpick demo` in a folder of its own.
struct Demo {
    process: Child,
    url: String,
    password: String,
    folder: tempfile::TempDir,
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn handpick() -> Command {
    Command::new(env!("CARGO_BIN_EXE_handpick"))
}

impl Demo {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let process = handpick()
            .args(["demo", "--port", &free_port().to_string(), "--data"])
            .arg(folder.path().join("demo"))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // From here on its end is certain, also when it says something unexpected.
        let mut demo = Self { process, url: String::new(), password: String::new(), folder };
        let mut lines = BufReader::new(demo.process.stderr.take().unwrap()).lines();
        let mut said = String::new();
        for line in lines.by_ref().map(Result::unwrap) {
            if line.starts_with("Ready after") {
                demo.url = line.split(": ").last().unwrap().to_owned();
            }
            if let Some((_, password)) = line.split_once("owner@example.com with the password ") {
                demo.password = password.trim().to_owned();
                std::thread::spawn(move || lines.for_each(drop));
                return demo;
            }
            said += &(line + "\n");
        }
        panic!("the demo did not come up: {said}");
    }

    fn sign_in(&self, browser: &Browser) {
        browser.go(&self.url);
        browser.type_into("input[name=email]", "owner@example.com");
        browser.type_into("input[name=password]", &self.password);
        browser.press(keys::ENTER);
        browser.see("What to do next");
    }
}

/// A form's way on: saved, and the next step's heading is there.
fn continue_to(browser: &Browser, heading: &str) {
    browser.click("button[value=next]");
    browser.find_text("[aria-current=step]", heading);
}

/// One in ten gets no mail and has no picks: then the next customer is looked at.
fn look_for_picks(browser: &Browser) {
    for _ in 0..20 {
        if browser.has(".product-card") {
            break;
        }
        browser.follow("Next");
    }
    browser.find(".product-card");
}

#[test]
fn a_marketer_makes_a_campaign_and_reads_a_report() {
    let demo = Demo::start();
    let browser = Browser::start();
    demo.sign_in(&browser);
    browser.screenshot("dashboard");

    browser.go(&format!("{}/campaigns", demo.url));
    browser.follow("New campaign");
    browser.find_text("[aria-current=step]", "Name and dates");
    browser.type_into("#name", "Friends of the house");
    continue_to(&browser, "Products");
    browser.screenshot("step-products");
    continue_to(&browser, "Customers");
    continue_to(&browser, "How to pick");
    browser.find_text(".way-note", "Last time it took");
    browser.screenshot("step-model");
    continue_to(&browser, "Places and rules");
    browser.type_into("#slots", "3");
    continue_to(&browser, "Measuring");
    browser.type_into("#holdout", "10");
    browser.click("button[value=review]");
    browser.see("What you chose");
    browser.see("Friends of the house");
    browser.screenshot("review");

    browser.follow("Generate the picks");
    browser.see_within("Look at the picks, then approve them", Duration::from_secs(180));
    browser.screenshot("picks");
    browser.follow("Look at customers");
    look_for_picks(&browser);
    browser.screenshot("customer");
    browser.follow("Friends of the house");
    browser.find_text("h2", "Look at the picks");
    browser.click("input[type=checkbox][required]");
    browser.find_text("form button", "Approve").click();
    browser.see("The picks are approved");
    browser.click("a[href$='/download/wide.csv']");
    let csv = browser.downloaded("friends-of-the-house_picks_wide.csv");
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    assert!(rows.headers().unwrap().len() > 10, "three products with their columns");
    assert!(rows.records().map(Result::unwrap).count() > 5_000);

    browser.go(&format!("{}/reports", demo.url));
    browser.follow("letter");
    let verdict = browser.find("#verdict").text();
    // What the customers answered differs from day to day; that there is an interval does not.
    assert!(verdict.contains("95 % sure"), "{verdict}");
    browser.see("What the recommender earned");
    browser.find(".chart canvas");
    browser.screenshot("report");
    browser.follow("Download CSV");
    assert!(browser.downloaded("report-1.csv").starts_with("metric,group,value,low,high,unit"));
    browser.prefer("dark");
    browser.screenshot("report-dark");
    let wide = "return document.querySelector('.chart canvas').clientWidth";
    assert!(browser.eval(wide).as_i64().unwrap() > 600, "the chart fills its card after a change of colours");
    browser.prefer("light");
    browser.resize(390, 844);
    browser.find(".chart canvas");
    browser.screenshot("report-390");
    assert!(!browser.overflows(), "the report at 390 pixels");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn why_a_model_was_chosen_is_read_on_a_phone_without_scripts() {
    let demo = Demo::start();
    let browser = Browser::start_without_scripts();
    demo.sign_in(&browser);
    browser.go(&format!("{}/models", demo.url));
    browser.find_text("h3", "Why this one");
    browser.find_text(".race .is-chosen", "Chosen");
    browser.find(".race .is-measure svg rect");
    browser.follow("Or choose the way yourself");
    browser.find_text(".ways label", "Best-sellers");
    browser.resize(390, 844);
    browser.screenshot("models-390");
    assert!(!browser.overflows(), "the models page at 390 pixels");
}

#[test]
fn the_report_is_read_without_scripts_and_from_the_command_line() {
    let mut demo = Demo::start();
    let browser = Browser::start_without_scripts();
    demo.sign_in(&browser);
    browser.go(&format!("{}/campaigns/1/report", demo.url));
    let verdict = browser.find("#verdict").text();
    browser.click("main details summary");
    browser.go(&format!("{}/campaigns/1/report.json", demo.url));
    let page: serde_json::Value = serde_json::from_str(&browser.downloaded("report-1.json")).unwrap();

    // The command has the folder to itself.
    demo.process.kill().unwrap();
    demo.process.wait().unwrap();
    let config = demo.folder.path().join("demo/handpick.toml");
    let report = |format: &str, out: &Path| {
        let mut command = handpick();
        command.args(["report", "1", "--format", format, "--config"]).arg(&config).arg("--out").arg(out);
        command.output().unwrap()
    };
    let out = demo.folder.path().join("report.html");
    assert!(report("html", &out).status.success());
    assert!(std::fs::read_to_string(&out).unwrap().contains("What the mail earned"));
    let out = demo.folder.path().join("report.json");
    assert!(report("json", &out).status.success());
    let file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&out).unwrap()).unwrap();
    assert_eq!(file, page, "the page and the command say the same");
    assert_eq!(file["report"]["verdict"], verdict);
    let refused = report("docx", &demo.folder.path().join("report.docx"));
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("possible values"));
}

#[test]
fn rules_are_written_with_their_effect_in_sight_and_any_pick_can_be_questioned() {
    let demo = Demo::start();
    let browser = Browser::start();
    demo.sign_in(&browser);
    browser.go(&format!("{}/campaigns", demo.url));
    browser.follow("New campaign");
    browser.find_text("[aria-current=step]", "Name and dates");
    let step = |name: &str| browser.address().replace("/name", &format!("/{name}"));
    browser.go(&step("rules"));
    browser.see_within("What these rules do", Duration::from_secs(30));
    let chosen = browser.find(".funnel dd span").text();

    // Put together from lists …
    browser.eval("document.querySelector('#add').value = 'exclude'");
    browser.click("button[value=add]");
    browser.find_text("legend", "5. What a condition says");
    browser.eval("document.querySelector('#rule-4 [name=rule_fact]').value = 'product.price'");
    browser.eval("document.querySelector('#rule-4 [name=rule_relation]').value = '>'");
    browser.type_into("#rule-4 [name=rule_value]", "40");
    browser.click("#rule-4 button[value='condition:4']");
    browser.find_text("legend", "5. Never: product.price > 40");
    browser.see("after 5. Never: product.price > 40");
    assert!(
        browser.all(".funnel dd span").len() > 1 && browser.has(".thumbs img"),
        "pictures of what it takes"
    );

    // … or typed, with names offered and faults named at their character.
    let typed = "#when-4";
    browser.type_into(typed, "product.cat");
    browser.find_text("[role=option]", "product.category");
    browser.press(&format!("{}{}", keys::DOWN, keys::ENTER));
    let value = "return document.querySelector('#when-4').value";
    assert_eq!(browser.eval(value), "product.category");
    browser.see("a condition is true or false");
    browser.type_into(typed, "product.prise > 3");
    browser.see("do you mean product.price?");
    browser.see("character 1");
    browser.screenshot("rules");
    browser.resize(390, 844);
    browser.prefer("dark");
    browser.find(".impact");
    assert!(!browser.overflows(), "the rules at 390 pixels");
    browser.screenshot("rules-390");
    browser.resize(1280, 900);
    browser.prefer("light");

    // What cannot be understood is not stored, and nothing that was typed is lost.
    browser.click("button[value=next]");
    browser.see("Not saved yet");
    let refused = browser.complaints();
    assert!(refused.len() == 1 && refused[0].contains("422"), "{refused:?}");
    assert_eq!(browser.eval(value), "product.prise > 3");
    browser.type_into(typed, "product.price > 40");
    browser.click("button[value=next]");
    browser.find_text("[aria-current=step]", "Measuring");
    browser.see("Buyers must rise by at least");
    browser.screenshot("forecast");
    assert_ne!(chosen, "0");

    browser.click("button[value=review]");
    browser.see("Never: product.price > 40");
    ask_why(&browser);
}

/// Generates the campaign's picks and asks of one customer's why they are so.
fn ask_why(browser: &Browser) {
    browser.follow("Generate the picks");
    browser.see_within("Look at the picks, then approve them", Duration::from_secs(180));
    browser.follow("Look at customers");
    let first = "return document.querySelector('.product-card strong').innerText.slice(3)";
    let title = browser.eval(first);
    browser.type_into("#product", "no-such-product");
    browser.press(keys::ENTER);
    browser.see("The shop has no product with the id “no-such-product”.");
    assert!(title.as_str().is_some_and(|title| !title.is_empty()));
    browser.screenshot("why");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
