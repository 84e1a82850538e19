//! A marketer's day in a real browser: an e-mail is written and looked at, its picks go into a tool's file or out by
//! themselves, what came back is taken over, and the campaign repeats.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

use support::browser::{Browser, keys};
use support::mailing::{Served, Shop};

fn sign_in(browser: &Browser, served: &Served) {
    browser.go(&served.url);
    browser.type_into("input[name=email]", "ada@shop.example");
    browser.type_into("input[name=password]", &served.password);
    browser.press(keys::ENTER);
    browser.see("What to do next");
}

/// On a phone nothing has to be scrolled sideways.
fn fits_a_phone(browser: &Browser, name: &str) {
    browser.screenshot(name);
    browser.resize(390, 844);
    browser.screenshot(&format!("{name}-390"));
    assert!(!browser.overflows(), "{name} at 390 pixels");
    browser.resize(1280, 900);
}

fn write_the_email(browser: &Browser, url: &str) {
    browser.go(&format!("{url}/campaigns/1"));
    browser.follow("Take the approval back");
    browser.follow("The e-mail");
    browser.follow("Start from “Pairs”");
    browser.see("The e-mail starts from “Pairs”.");
    // What is typed is looked at while it is typed: a fault is named, and goes when it is mended.
    browser.type_into("#mail_subject", "For {{frist_name}} in May");
    browser.see("did you mean {{first_name}}?");
    browser.type_into("#mail_subject", "For {{first_name}} in May");
    browser.see("For Ada in May");
    browser.find("#mail-look iframe");
    browser.click("input[name=width][value=desktop]");
    fits_a_phone(browser, "email");
    browser.follow("Save the e-mail");
    browser.see("The e-mail is saved.");
}

fn look_at_thirty(browser: &Browser) {
    browser.follow("Contact sheet");
    browser.find_text("#sheet-count", "0 approved, 0 flagged");
    browser.find_text(".tile button", "Approve").click();
    browser.find_text("#sheet-count", "1 approved, 0 flagged");
    browser.find_text(".tile button", "Flag").click();
    browser.find_text("#sheet-count", "1 approved, 1 flagged");
    fits_a_phone(browser, "sheet");
}

fn approve(browser: &Browser, url: &str) {
    browser.go(&format!("{url}/campaigns/1"));
    browser.see("1 recipient is flagged");
    browser.click("input[type=checkbox][required]");
    browser.find_text("form button", "Approve").click();
    browser.see("The picks are approved");
}

fn take_a_tools_file(browser: &Browser, mailed: usize) {
    browser.follow("Mailchimp");
    browser.see("Put the products into your template");
    fits_a_phone(browser, "tool");
    assert!(browser.find("#snippet").value().contains("*|R1TITLE|*"));
    browser.find_text("a", "Download the file").click();
    let file = browser.downloaded("gr-e-im-mai_mailchimp.csv");
    assert!(file.starts_with("Email Address,FNAME,LNAME,R1TITLE,R1URL"), "{file}");
    // Who shares an address has a row of their own; the tool takes it once.
    assert!((mailed + 1..=mailed + 2).contains(&file.lines().count()), "{file}");
}

fn send(browser: &Browser, shop: &Shop, url: &str) {
    browser.go(&format!("{url}/campaigns/1"));
    browser.follow("Send it to me");
    browser.see("is on its way to you");
    assert_eq!(shop.server.recipients(), ["ada@shop.example"]);
    browser.click("#sending input[type=checkbox][required]");
    browser.follow("Send the e-mails");
    browser.find_text("#sending .badge", "done");
    // What else the page says of it follows by itself.
    browser.see("See the report");
    let mut taken = shop.taken();
    taken.retain(|to| to != "ada@shop.example");
    assert_eq!(taken, shop.expected());
    let letter = shop.server.taken().into_iter().find(|taken| taken.to != "ada@shop.example").unwrap();
    assert_eq!(letter.header("Subject").as_deref(), Some("For Ada in May"));
    fits_a_phone(browser, "sent");
}

fn tell_what_came_back(browser: &Browser, shop: &Shop) {
    let file = shop.folder.path().join("tool.csv");
    let mailed = shop.expected();
    std::fs::write(&file, format!("email,clicks,bounced\n{},2,no\n{},0,yes\n", mailed[0], mailed[1]))
        .unwrap();
    browser.find_text("#came-back summary", "tool's file").click();
    browser.find("#returns-file").send_keys(file.to_str().unwrap());
    browser.follow("Take it over");
    browser.see("1 clicked, 1 did not get it");
    browser.find_text("#came-back li", "clicked on a product");
}

fn repeat(browser: &Browser, url: &str) {
    browser.go(&format!("{url}/campaigns/1"));
    browser.follow("Repeat");
    browser.find("#every").send_keys("every Monday");
    browser.click("input[name=cause][value=after_purchase]");
    browser.type_into("#days", "14");
    browser.find_text("button", "Repeat it").click();
    browser.see("Every Monday");
    browser.see("who bought 14 days ago");
    fits_a_phone(browser, "repeat");
    browser.go(&format!("{url}/campaigns/calendar"));
    browser.find("table");
    fits_a_phone(browser, "calendar");
}

#[test]
fn a_campaign_is_written_sent_answered_and_repeated() {
    let shop = Shop::new();
    let served = shop.serve();
    let browser = Browser::start();
    sign_in(&browser, &served);
    write_the_email(&browser, &served.url);
    look_at_thirty(&browser);
    approve(&browser, &served.url);
    take_a_tools_file(&browser, shop.expected().len());
    send(&browser, &shop, &served.url);
    tell_what_came_back(&browser, &shop);
    repeat(&browser, &served.url);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
