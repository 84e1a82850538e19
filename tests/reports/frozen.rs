//! A report of a closed window stays as it was first made, on disk and in every form; what would change is shown.

use super::support::server::{Server, body, header};
use chrono::{DateTime, TimeDelta, Utc};
use handpick::history::{Coverage, History, Reading};
use handpick::money::Money;
use handpick::progress::Silent;
use handpick::records::{Customer, Event, EventKind, Events, Product};
use handpick::reports::changes::changes;
use handpick::reports::report::Report;
use handpick::reports::tables::tables;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

pub const CAMPAIGN: &str = "name = \"September\"\nmodel = \"popular\"\nslots = 3\nstarts_on = \"2026-09-01\"\n\
                        ends_on = \"2026-09-10\"\nas_of = \"2026-09-01T00:00:00Z\"\n[controls]\nholdout_share = 0.3\n";

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn purchase<'a>(kind: EventKind, when: DateTime<Utc>, customer: &'a str, order: &'a str) -> Event<'a> {
    Event {
        id: None,
        kind,
        at_us: when.timestamp_micros(),
        customer: Some(customer),
        product: Some("p1"),
        order: Some(order),
        quantity: 1.0,
        value: Some(Money::from_units(20)),
        currency: None,
        source: "orders",
    }
}

/// Sixty customers: all bought before, every second one within the window.
pub fn fill(folder: &Path) {
    let history = History::open(&folder.join("data/shops/1/history")).unwrap();
    let mut update = history.begin().unwrap();
    let product = |n: usize| Product {
        id: format!("p{n}"),
        title: format!("Cheese {n}"),
        price: Some(Money::from_units(20)),
        active: true,
        ..Product::default()
    };
    update.products(&(0..6).map(product).collect::<Vec<_>>()).unwrap();
    let ids: Vec<String> = (0..60).map(|n| format!("c{n:02}")).collect();
    let customer = |id: &String| Customer {
        id: id.clone(),
        email: Some(format!("{id}@example.com")),
        mailable: Some(true),
        active: true,
        ..Customer::default()
    };
    update.customers(&ids.iter().map(customer).collect::<Vec<_>>()).unwrap();
    let mut events = Events::default();
    for (n, id) in ids.iter().enumerate() {
        events.push(purchase(EventKind::Purchase, at("2026-08-20T10:00:00Z"), id, &format!("before-{n}")));
        if n % 2 == 0 {
            events.push(purchase(EventKind::Purchase, at("2026-09-05T10:00:00Z"), id, &format!("in-{n}")));
        }
    }
    update.events("orders", &events).unwrap();
    let everything = [
        (Reading::Products, Coverage::Everything),
        (Reading::Customers, Coverage::Everything),
        (Reading::Events("orders".into()), Coverage::Everything),
    ];
    update.commit(&everything, at("2026-09-20T00:00:00Z"), &Silent).unwrap();
}

/// Every order of the window is given back, which the shop tells weeks later.
fn refund_all(folder: &Path) {
    let history = History::open(&folder.join("data/shops/1/history")).unwrap();
    let mut update = history.begin().unwrap();
    let mut events = Events::default();
    for n in (0..60).step_by(2) {
        let when = at("2026-09-06T10:00:00Z") + TimeDelta::minutes(n);
        events.push(purchase(EventKind::Refund, when, &format!("c{n:02}"), &format!("in-{n}")));
    }
    update.events("orders", &events).unwrap();
    update.commit(&[], at("2026-10-20T00:00:00Z"), &Silent).unwrap();
}

pub fn handpick(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_handpick"));
    let output =
        command.current_dir(folder).args(words).args(["--config", "handpick.toml"]).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

pub fn report(folder: &Path, more: &[&str]) -> Value {
    let words = [&["report", "1", "--format", "json", "--out", "-"], more].concat();
    serde_json::from_slice(&handpick(folder, &words).stdout).unwrap()
}

/// A folder in which the campaign has run, been reported, and then everything was given back.
pub fn reported_then_refunded(folder: &Path) {
    std::fs::write(folder.join("campaign.toml"), CAMPAIGN).unwrap();
    std::fs::write(folder.join("handpick.toml"), "[data]\ndir = \"data\"\n").unwrap();
    fill(folder);
    handpick(folder, &["campaign", "run", "campaign.toml", "--out", "out"]);
    report(folder, &[]);
    refund_all(folder);
}

#[test]
fn a_reader_takes_everything_along_and_a_marketer_makes_it_again() {
    let server = Server::start("", reported_then_refunded);
    let ada = server.owner();
    let page = ada.page("/campaigns/1/report");
    for said in ["frozen on", "Which products sold", "What each number means", "<svg", "report/days.parquet"]
    {
        assert!(page.contains(said), "{said} in {page}");
    }
    for (path, begins) in [
        (".pdf", "%PDF-1.7"),
        (".xlsx", "PK"),
        (".zip", "PK"),
        (".parquet", "PAR1"),
        (".csv", "metric,group,value,low,high,unit,text"),
        (".json", "{"),
        (".html", "<!doctype html>"),
        ("/days.csv", "Day,Got mail"),
        ("/days.parquet", "PAR1"),
        ("/gained.svg", "<svg"),
    ] {
        let mut response = ada.get(&format!("/campaigns/1/report{path}"));
        assert_eq!(response.status(), 200, "{path}");
        assert!(
            header(&response, "content-disposition").starts_with("attachment; filename=\"report-1"),
            "{path}"
        );
        let bytes = response.body_mut().read_to_vec().unwrap();
        assert!(bytes.starts_with(begins.as_bytes()), "{path}: {:?}", &bytes[..8]);
    }
    for path in [".docx", "/nothing.csv", "/groups.exe", "/nothing.svg"] {
        assert_eq!(ada.get(&format!("/campaigns/1/report{path}")).status(), 404, "{path}");
    }

    let path = "/campaigns/1/report/changes";
    let differs = ada.page(path);
    assert!(differs.contains("Numbers that differ") && differs.contains("Given back"), "{differs}");
    let bo = ada.adds("bo@example.com", "analyst");
    assert!(!bo.page(path).contains("Make the report again"));
    assert_eq!(bo.post(path, &[]).status(), 403);
    let forged = ada.agent.post(format!("{}{path}", ada.url)).send_form([("csrf", "forged")]).unwrap();
    assert_eq!(forged.status(), 403);
    assert!(ada.page(path).contains("Numbers that differ"), "nobody has changed it so far");
    assert_eq!(ada.post(path, &[]).status(), 303);
    assert!(ada.page(path).contains("Nothing has changed."));
}

#[test]
fn campaigns_side_by_side_are_taken_along_with_their_charts() {
    let server = Server::start("", reported_then_refunded);
    let ada = server.owner();
    let side_by_side = ada.page("/reports/compare?campaign=1&campaign=1");
    assert_eq!(
        side_by_side.matches("<th scope=\"col\" class=\"num\">September").count(),
        1,
        "{side_by_side}"
    );
    assert!(ada.page("/reports/compare").contains("Nothing to compare yet"));
    assert_eq!(ada.get("/reports/compare?campaign=99").status(), 404);
    assert!(body(ada.get("/reports/compare.csv?campaign=1")).starts_with("Campaign,First day,"));
    assert!(side_by_side.contains("/reports/compare/conversion.svg?campaign=1\" download data-picture"));
    let drawn = ada.get("/reports/compare/conversion.svg?campaign=1");
    assert_eq!(header(&drawn, "content-type"), "image/svg+xml");
    assert!(header(&drawn, "content-disposition").contains("campaigns-conversion.svg"));
    assert!(body(drawn).starts_with("<svg"));
    let numbers = body(ada.get("/reports/compare/conversion.csv?campaign=1"));
    assert!(
        numbers.starts_with(
            "Campaign,First day,Got mail,Buyers,Conversion,Conversion of the holdout\nSeptember,2026-09-01,"
        ),
        "{numbers}"
    );
    assert_eq!(numbers.lines().count(), 2);
    assert_eq!(ada.get("/reports/compare/conversion.parquet?campaign=1").status(), 200);
    assert_eq!(ada.get("/reports/compare/nothing.svg?campaign=1").status(), 404);
    assert_eq!(ada.get("/reports/compare/conversion.svg").status(), 404, "of no campaign");
}

#[test]
fn late_refunds_change_what_it_would_say_today_and_not_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("campaign.toml"), CAMPAIGN).unwrap();
    std::fs::write(folder.join("handpick.toml"), "[data]\ndir = \"data\"\n").unwrap();
    fill(folder);
    handpick(folder, &["campaign", "run", "campaign.toml", "--out", "out"]);
    let first = report(folder, &[]);
    assert_eq!(first["window_is_closed"], true);
    assert_eq!(first["frozen"]["fingerprint"].as_str().unwrap().len(), 64);
    let revenue = |report: &Value| report["tables"][0]["rows"][0][7].as_f64().unwrap();
    assert!(revenue(&first) > 0.0);

    refund_all(folder);
    assert_eq!(report(folder, &[]), first, "every number, the day it was frozen, the fingerprint");
    let again = report(folder, &["--again"]);
    assert_eq!((revenue(&again), &again["frozen"]), (0.0, &Value::Null));
    assert_eq!(report(folder, &[]), first, "looking changes nothing");

    let of = |value: &Value| {
        let report: Report = serde_json::from_value(value["report"].clone()).unwrap();
        tables(&report, |id| format!("Cheese {id}"))
    };
    let differ = changes(&of(&first), &of(&again));
    let told =
        differ.iter().find(|change| change.column == "Revenue" && change.row == "All who got mail").unwrap();
    assert_eq!((told.before.clone(), told.now.clone()), (revenue(&first).into(), 0.0.into()));
    // Who gave everything back is still a buyer.
    assert!(
        !differ.iter().any(|change| change.column == "Buyers" && change.table == "The groups"),
        "{differ:?}"
    );
    assert_eq!(changes(&of(&first), &of(&first)), []);
}
