//! Handpick as it is served beside a real PostgreSQL: a marketer's way, the database lost and found again, the process
//! killed while it works.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the failure")]

mod support;

use std::time::Duration;
use support::PostgreSql;
use support::browser::{Browser, keys};
use support::shop::Shop;

const PATIENCE: Duration = Duration::from_secs(90);

fn shop_of(server: &PostgreSql) -> Shop {
    Shop::make(&format!("postgres://hp@127.0.0.1:{}/postgres", server.port), "60000")
}

fn sign_in(browser: &Browser, url: &str, password: &str) {
    browser.go(url);
    browser.type_into("input[name=email]", "owner@example.com");
    browser.type_into("input[name=password]", password);
    browser.press(keys::ENTER);
    browser.see("What to do next");
}

/// Reloads `path` until the page shows `text`.
fn see_at(browser: &Browser, address: &str, text: &str) {
    let started = std::time::Instant::now();
    loop {
        browser.go(address);
        if browser.text().contains(text) {
            return;
        }
        assert!(started.elapsed() < PATIENCE, "“{text}” is not at {address}:\n{}", browser.text());
        std::thread::sleep(Duration::from_millis(300));
    }
}

fn sync(browser: &Browser, url: &str) {
    browser.go(&format!("{url}/shop"));
    browser.click("button[value=news]");
    browser.see("The sync is queued");
}

#[test]
fn a_marketer_goes_from_the_database_to_the_report() {
    let server = PostgreSql::start();
    let shop = shop_of(&server);
    let password = shop.add_owner();
    let served = shop.serve();
    let browser = Browser::start();
    sign_in(&browser, &served.url, &password);
    sync(&browser, &served.url);
    see_at(&browser, &format!("{}/shop", served.url), "new events");

    browser.go(&format!("{}/campaigns", served.url));
    browser.follow("Make the first campaign");
    browser.type_into("#name", "Old friends");
    browser.click("button[value=review]");
    browser.see("What you chose");
    browser.follow("Generate the picks");
    browser.see_within("Look at the picks, then approve them", PATIENCE);
    browser.click("input[type=checkbox][required]");
    browser.find_text("form button", "Approve").click();
    browser.see("The picks are approved");
    browser.click("a[href$='/download/long.csv']");
    let csv = browser.downloaded("old-friends_picks_long.csv");
    assert!(csv.lines().count() > 1000, "{} lines", csv.lines().count());
    browser.follow("Mark as sent");
    browser.see("Marked as sent");
    browser.follow("See the report");
    // The mail went out today: nothing may be claimed yet.
    browser.see("There is no verdict before it closes");
    browser.see("Holdout, no mail");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_lost_database_is_said_and_tried_again() {
    let server = PostgreSql::start();
    let shop = shop_of(&server);
    let password = shop.add_owner();
    let served = shop.serve();
    let browser = Browser::start();
    sign_in(&browser, &served.url, &password);
    server.stop();
    sync(&browser, &served.url);
    see_at(&browser, &served.url, "127.0.0.1");
    assert_eq!(shop.events(), 0);
    server.resume();
    see_at(&browser, &format!("{}/shop", served.url), "new events");
    browser.go(&served.url);
    browser.see("up to date");
}

#[test]
fn work_that_was_killed_is_done_after_the_restart() {
    let server = PostgreSql::start();
    let shop = shop_of(&server);
    let password = shop.add_owner();
    shop.must(&["sync"]);
    let served = shop.serve();
    let browser = Browser::start();
    sign_in(&browser, &served.url, &password);
    browser.go(&format!("{}/campaigns", served.url));
    browser.follow("Make the first campaign");
    browser.click("button[value=review]");
    browser.see("What you chose");
    browser.follow("Generate the picks");
    // The order was taken; what comes of it is not known yet.
    browser.see("being generated");
    drop(served);
    let served = shop.serve();
    see_at(&browser, &format!("{}/campaigns/1", served.url), "Look at the picks, then approve them");
}
