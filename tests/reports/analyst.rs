//! An analyst's way through the reports in a browser: find, compare, take everything along, and open it.

use super::frozen::{CAMPAIGN, at, fill, handpick as command};
use super::support;
use super::support::browser::Browser;
use super::support::server::Server;
use handpick::ids::CampaignId;
use handpick::store::{Store, campaigns};
use std::io::{Cursor, Read};
use std::path::Path;
use std::process::Command;

/// September's campaign, and a letter a week later.
fn two_campaigns(folder: &Path) {
    std::fs::write(folder.join("handpick.toml"), "[data]\ndir = \"data\"\n").unwrap();
    fill(folder);
    let letter = CAMPAIGN.replace("September", "A letter").replace("2026-09-01", "2026-09-04");
    for (file, campaign) in [("one.toml", CAMPAIGN), ("two.toml", &letter)] {
        std::fs::write(folder.join(file), campaign).unwrap();
        command(folder, &["campaign", "run", file, "--out", "out"]);
    }
    let store = Store::open(&folder.join("data/handpick.db")).unwrap();
    for (id, sent) in [(1, "2026-09-01T08:00:00Z"), (2, "2026-09-04T08:00:00Z")] {
        let sending = store.write(|conn| {
            campaigns::approve(conn, CampaignId(id), None, at(sent))?;
            campaigns::mark_sent(conn, CampaignId(id), at(sent), at(sent))
        });
        sending.unwrap();
    }
}

fn text_of_pdf(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.pdf");
    std::fs::write(&path, bytes).unwrap();
    let text = support::run(Command::new("pdftotext").arg("-layout").arg(&path).arg("-"), "poppler-utils");
    String::from_utf8_lossy(&text.stdout).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// All XML of a workbook.
fn text_of_workbook(bytes: Vec<u8>) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    let mut text = String::new();
    for name in names.iter().filter(|name| name.ends_with(".xml")) {
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    }
    text
}

fn takes_the_comparison_along(browser: &Browser) {
    for id in [1, 2] {
        browser.click(&format!("input[name=campaign][value='{id}']"));
    }
    browser.follow("Compare side by side");
    browser.see("How many bought");
    browser.follow("Download PDF");
    let pdf = text_of_pdf(&browser.saved("campaigns.pdf"));
    for said in ["Campaigns side by side", "A letter", "September", "Additional revenue", "Page 1 of"] {
        assert!(pdf.contains(said), "{said} in {pdf}");
    }
    browser.follow("Download Excel");
    let workbook = text_of_workbook(browser.saved("campaigns.xlsx"));
    for said in ["A letter", "September", "More buyers from", "What it means"] {
        assert!(workbook.contains(said), "{said} in {workbook}");
    }
    browser.follow("Download CSV");
    assert_eq!(browser.downloaded("campaigns.csv").lines().count(), 3);
    browser.follow("Download Parquet");
    assert!(browser.saved("campaigns.parquet").starts_with(b"PAR1"));
}

fn takes_a_report_along(browser: &Browser) {
    let verdict = browser.find("#verdict").text();
    browser.follow("Download PDF");
    let pdf = text_of_pdf(&browser.saved("report-1.pdf"));
    let words: Vec<&str> = verdict.split_whitespace().collect();
    assert!(pdf.contains(&words.join(" ")), "{verdict} in {pdf}");
    browser.follow("Download Excel");
    let workbook = text_of_workbook(browser.saved("report-1.xlsx"));
    assert!(workbook.contains("In short") && workbook.contains("<f>C2/B2</f>"), "{workbook}");
    browser.follow("Download CSV");
    assert!(browser.downloaded("report-1.csv").starts_with("metric,group,value,low,high,unit,text"));
    browser.follow("Download JSON");
    let json: serde_json::Value = serde_json::from_str(&browser.downloaded("report-1.json")).unwrap();
    assert_eq!(json["summary"][0], verdict);
    browser.follow("Download all of it");
    assert!(browser.saved("report-1.zip").starts_with(b"PK"));
    // The browser draws the chart's file: as large as it, twice, and not all of one colour.
    browser.find_text("#table-groups button", "PNG").click();
    let png = image::load_from_memory(&browser.saved("funnel.png")).unwrap().to_rgb8();
    assert_eq!(png.width(), 1_280);
    let first = *png.get_pixel(0, 0);
    assert!(first.0 == [255; 3] && png.pixels().any(|pixel| *pixel != first), "something is drawn");
}

#[test]
fn an_analyst_finds_compares_and_takes_everything_along() {
    let server = Server::start("", two_campaigns);
    let ada = server.owner();
    ada.adds("bo@example.com", "analyst");
    let browser = Browser::start();
    browser.go(&format!("{}/sign-in", server.url));
    browser.type_into("input[name=email]", "ada@example.com");
    browser.type_into("input[name=password]", "long enough 1");
    browser.click("form button[type=submit]");
    browser.see("Dashboard");
    browser.go(&format!("{}/reports", server.url));
    browser.see("September");
    browser.type_into("input[name=q]", "LETTER");
    browser.follow("Find");
    browser.find_text("a", "Show all");
    let names: Vec<String> = browser.all("tbody th a").iter().map(|name| name.text()).collect();
    assert_eq!(names, ["A letter"]);
    browser.follow("Show all");
    browser.find("input[name=campaign][value='1']");
    browser.screenshot("reports");
    takes_the_comparison_along(&browser);
    browser.go(&format!("{}/reports", server.url));
    browser.follow("September");
    browser.find("#verdict");
    takes_a_report_along(&browser);
    for (path, name) in [
        ("/campaigns/1/report", "report"),
        ("/campaigns/1/report/links", "links"),
        ("/reports/letters", "letters"),
        ("/accounts/keys", "keys"),
        ("/reports", "reports-after"),
    ] {
        browser.resize(1280, 900);
        browser.go(&format!("{}{path}", server.url));
        browser.screenshot(name);
        browser.resize(390, 844);
        browser.screenshot(&format!("{name}-390"));
        assert!(!browser.overflows(), "{path} at 390 pixels");
    }
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
