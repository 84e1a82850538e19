//! What shops' data and people get wrong, told through the whole program: a number with its caveat, or why there is none.

use super::frozen::{CAMPAIGN, at, fill, handpick as command, purchase, report};
use super::support::server::{Server, body};
use handpick::history::History;
use handpick::progress::Silent;
use handpick::records::{EventKind, Events};
use std::path::Path;

fn reported(folder: &Path) -> serde_json::Value {
    std::fs::write(folder.join("campaign.toml"), CAMPAIGN).unwrap();
    std::fs::write(folder.join("handpick.toml"), "[data]\ndir = \"data\"\n").unwrap();
    command(folder, &["campaign", "run", "campaign.toml", "--out", "out"]);
    report(folder, &[])
}

/// A sync that overlaps the last one reads lines again: the order numbers, moments and amounts are the same.
#[test]
fn an_order_line_that_is_read_twice_counts_once() {
    let (once, twice) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fill(once.path());
    fill(twice.path());
    let history = History::open(&twice.path().join("data/shops/1/history")).unwrap();
    let mut update = history.begin().unwrap();
    let mut events = Events::default();
    for n in (0..60).step_by(2) {
        let (customer, order) = (format!("c{n:02}"), format!("in-{n}"));
        events.push(purchase(EventKind::Purchase, at("2026-09-05T10:00:00Z"), &customer, &order));
    }
    update.events("orders", &events).unwrap();
    update.commit(&[], at("2026-09-21T00:00:00Z"), &Silent).unwrap();
    // Who is held out is the shop's own lot: what all bought is the same.
    let all = |report: serde_json::Value| {
        let groups = report["report"]["groups"].as_array().unwrap().clone();
        let of = |name: &str| groups.iter().find(|group| group["group"] == name).unwrap().clone();
        ["mailed", "holdout"].map(of).iter().fold((0, 0.0), |(orders, bought), group| {
            let paid: f64 = group["bought"].as_str().unwrap().parse().unwrap();
            (orders + group["orders"].as_u64().unwrap(), bought + paid)
        })
    };
    assert_eq!(all(reported(once.path())), (30, 600.0));
    assert_eq!(all(reported(twice.path())), (30, 600.0));
}

#[test]
fn a_campaign_that_nobody_sent_or_dated_says_what_to_do() {
    let prepare = |folder: &Path| {
        fill(folder);
        let undated: String =
            CAMPAIGN.lines().filter(|line| !line.contains("20")).map(|line| format!("{line}\n")).collect();
        std::fs::write(folder.join("campaign.toml"), undated).unwrap();
        std::fs::write(folder.join("handpick.toml"), "[data]\ndir = \"data\"\n").unwrap();
        command(folder, &["campaign", "run", "campaign.toml", "--out", "out"]);
    };
    let server = Server::start("", prepare);
    let ada = server.owner();
    let answer = ada.get("/campaigns/1/report");
    assert_eq!(answer.status(), 422);
    let page = body(answer);
    assert!(page.contains("Mark it as sent, or set its dates"), "{page}");
}
