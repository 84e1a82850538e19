//! A marketer's day in a real browser: an e-mail is written and looked at, its picks go into a tool's file or out by
//! themselves, what came back is taken over, and the campaign repeats.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

use support::browser::{Browser, keys};
use support::mailing::{Served, Shop};
use support::server::Server;
use support::smtp::MailServer;
use support::tastes::fill_history_of;

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

/// A shop of two tastes, at a Handpick that hands its e-mails to a mail server, two in a second.
fn two_tastes(mail: &MailServer) -> Server {
    let settings = format!(
        "[mail]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"off\"\nfrom = \"Shop <news@shop.example>\"\nper_second = 2\n",
        mail.port
    );
    Server::start(&settings, |folder| fill_history_of(folder, 80))
}

fn begin(browser: &Browser, server: &Server) -> String {
    server.owner();
    browser.go(&server.url);
    browser.type_into("input[name=email]", "ada@example.com");
    browser.type_into("input[name=password]", "long enough 1");
    browser.press(keys::ENTER);
    browser.see("What to do next");
    browser.go(&format!("{}/campaigns", server.url));
    browser.follow("Make the first campaign");
    browser.find_text("[aria-current=step]", "Name and dates");
    browser.type_into("#name", "Lamps first");
    // Dates as their fields keep them, however the browser shows them.
    for (field, day) in [("starts_on", "2026-09-21"), ("ends_on", "2026-10-18"), ("as_of", "2026-09-21")] {
        browser.eval(&format!("document.querySelector('#{field}').value = '{day}'"));
    }
    let name = browser.address();
    browser.click("button[value=next]");
    browser.find_text("[aria-current=step]", "Products");
    name.trim_end_matches("/steps/name").to_owned()
}

/// As Enter does in a field.
fn save_and_stay(browser: &Browser) {
    browser.eval("document.querySelector('.default-button').click()");
}

/// A rule about anything that the shop says of its products, what it does, and the weather.
fn write_rules(browser: &Browser, campaign: &str) {
    browser.go(&format!("{campaign}/steps/rules"));
    browser.see("What these rules do");
    browser.eval("document.querySelector('#add').value = 'at_least_kinds'");
    browser.click("button[value=add]");
    browser.find_text("legend", "5. Products of at least 2 categories");
    browser.eval("document.querySelector('#rule-4 [name=rule_what]').value = 'supplier'");
    browser.type_into("#rule-4 [name=rule_n]", "3");
    browser.see("5. At least 3 different kinds of supplier");
    browser.eval("document.querySelector('#rule-4 details').open = true");
    browser.type_into("#when-4", "product.brand == \"Brnad 1\" && weather.rain > 5");
    browser.see("is not known, so no condition about it holds");
    save_and_stay(browser);
    browser.find_text("#rule-4 .notice", "Do you mean “Brand 1”?");
    fits_a_phone(browser, "doubts");
    browser.type_into("#when-4", "");
    save_and_stay(browser);
    browser.find_text("legend", "5. At least 3 different kinds of supplier");
}

fn choose_a_group_then_leave_somebody_out(browser: &Browser, campaign: &str) {
    browser.go(&format!("{campaign}/groups"));
    browser.find_text("button", "Write to this group").click();
    browser.see("customers are reached");
    fits_a_phone(browser, "audience-of-a-group");
    browser.click("input[name=target][value=exclude]");
    browser.type_into("#list-name", "Staff");
    browser.type_into("#pasted", "c04\nc06\nnobody");
    browser.follow("Use this list");
    browser.find_text("#exclude_list option", "Staff (2 ids)");
}

/// The customers of the chosen products take the group's place.
fn find_the_customers(browser: &Browser, campaign: &str) {
    browser.go(&format!("{campaign}/steps/products"));
    browser.eval("document.querySelector('#categories option[value=\"Home > Light\"]').selected = true");
    browser.click("button[value=next]");
    browser.go(&format!("{campaign}/find-customers"));
    browser.see("Who wants them");
    browser.follow("Work it out");
    browser.go(&format!("{campaign}/find-customers"));
    let begun = std::time::Instant::now();
    while !browser.text().contains("As it was on") {
        assert!(begun.elapsed().as_secs() < 60, "{}", browser.text());
        std::thread::sleep(std::time::Duration::from_millis(200));
        browser.go(&format!("{campaign}/find-customers"));
    }
    browser.see("Nine times of ten");
    // The slider sets the number and tells what it is worth.
    browser.find("#cut").send_keys(keys::HOME);
    assert_eq!(browser.find("#size").value(), "1");
    browser.find_text("#cut-told", "will buy");
    fits_a_phone(browser, "buyers");
    browser.type_into("#size", "12");
    browser.follow("Make them the audience");
    browser.see("The campaign has the 12 customers most interested in its products");
}

fn foresee_and_pick(browser: &Browser, campaign: &str) {
    browser.go(&format!("{campaign}/steps/controls"));
    browser.type_into("#holdout", "0");
    browser.see("nine times of ten");
    browser.click("button[value=review]");
    pick(browser);
    browser.follow("Look at customers");
    browser.type_into("#product", "p19");
    browser.press(keys::ENTER);
    browser.see("outside the chosen categories");
}

fn pick(browser: &Browser) {
    browser.follow("Generate the picks");
    browser.see_within("Look at the picks, then approve them", std::time::Duration::from_secs(120));
}

/// Without a word of MJML.
fn put_the_email_together(browser: &Browser, campaign: &str) {
    browser.go(&format!("{campaign}/email"));
    browser.type_into("#heading", "Light for long evenings");
    browser.eval("document.querySelector('[name=layout]').value = 'star'");
    browser.type_into("[name=button]", "Have a look");
    browser.type_into("#closing", "Yours, the shop");
    // What is typed is shown before it is saved; its text stands beside the picture of it.
    let shown = "return document.querySelector('#mail-look .mail-text')?.textContent ?? ''";
    let begun = std::time::Instant::now();
    while !browser.eval(shown).as_str().unwrap().contains("Yours, the shop") {
        assert!(begun.elapsed().as_secs() < 20, "{}", browser.eval(shown));
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(browser.eval(shown).as_str().unwrap().contains("Light for long evenings"));
    assert!(!browser.find("#mjml").value().contains("Light for long evenings"), "nothing is saved yet");
    fits_a_phone(browser, "email-of-fields");
    browser.follow("Save the e-mail");
    browser.see("The e-mail is saved.");
    let text = browser.find("#mjml").value();
    assert!(
        text.contains("{{first_product button=\"Have a look\"}}") && text.contains("Light for long evenings"),
        "{text}"
    );
    assert_eq!(browser.find("#heading").value(), "Light for long evenings");
}

fn take_every_tools_file(browser: &Browser, campaign: &str) {
    browser.go(campaign);
    browser.click("input[type=checkbox][required]");
    browser.find_text("form button", "Approve").click();
    browser.see("The picks are approved");
    for tool in
        ["mailchimp", "klaviyo", "klaviyo-ids", "mautic", "listmonk", "emarsys", "salesforce", "braze"]
    {
        browser.go(&format!("{campaign}/files/{tool}"));
        browser.find_text("a", "Download the file").click();
        let file = browser.downloaded(&format!("lamps-first_{tool}.csv"));
        assert_eq!(file.lines().count(), 1 + 12, "{tool}: {file}");
        fits_a_phone(browser, &format!("tool-{tool}"));
    }
}

fn send_pause_and_cancel(browser: &Browser, campaign: &str, mail: &MailServer) {
    browser.go(campaign);
    browser.click("#sending input[type=checkbox][required]");
    browser.follow("Send the e-mails");
    browser.find_text("#sending button", "Pause").click();
    browser.find_text("#sending .badge", "paused");
    browser.find_text("#sending button", "Go on").click();
    browser.find_text("#sending .badge", "running");
    browser.find_text("#sending summary", "Cancel").click();
    browser.find_text("#sending button", "Cancel the sending").click();
    browser.find_text("#sending .badge", "cancelled");
    fits_a_phone(browser, "cancelled");
    let sent = mail.recipients().len();
    assert!(sent < 12, "{sent} of 12 went out although it was cancelled");
}

#[test]
fn an_audience_is_found_foreseen_written_to_and_called_back() {
    let mail = MailServer::start();
    let server = two_tastes(&mail);
    let browser = Browser::start();
    let campaign = begin(&browser, &server);
    browser.go(&format!("{campaign}/steps/model"));
    browser.click("label[for=way-item_knn]");
    browser.click("button[value=next]");
    write_rules(&browser, &campaign);
    choose_a_group_then_leave_somebody_out(&browser, &campaign);
    browser.go(&campaign);
    pick(&browser);
    find_the_customers(&browser, &campaign);
    foresee_and_pick(&browser, &campaign);
    put_the_email_together(&browser, &campaign);
    take_every_tools_file(&browser, &campaign);
    send_pause_and_cancel(&browser, &campaign, &mail);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
