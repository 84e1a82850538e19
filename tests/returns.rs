//! What comes back of e-mails: from a mailbox, and from an e-mail tool's file.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

use serde_json::Value;
use std::process::{Child, Command, Stdio};
use support::mailing::{Shop, customer, said};
use support::pop3::MailboxServer;
use support::server::{Visitor, body};
use support::smtp::Taken;

fn configured(shop: &Shop, mailbox: &MailboxServer) {
    let port = mailbox.port;
    shop.configure(&format!(
        "per_second = 0\n[mailbox]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"off\"\nuser = \"bounces\"\npassword = \"secret word\"\n\
         address = \"bounces@shop.example\"\n[schedule]\nmailbox = \"\"\n[log]\nlevel = \"info\""
    ));
}

fn message_id(taken: &Taken) -> String {
    taken.header("Message-ID").unwrap()
}

fn report(about: &Taken, status: &str, words: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example\nSubject: Undelivered\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: text/plain\n\n\
         .a line that begins with a dot\n--b\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; {}\nAction: failed\nStatus: {status}\n\
         Diagnostic-Code: smtp; {words}\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {}\n\n--b--\n",
        about.to,
        message_id(about)
    )
}

fn start(shop: &Shop) -> Child {
    let mut command = shop.command(&["campaign", "mailbox", "--json"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn read(shop: &Shop) -> Value {
    let output = start(shop).wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn number(found: &Value, of: &[&str]) -> Vec<u64> {
    of.iter().map(|name| found[name].as_u64().unwrap()).collect()
}

fn id_of(address: &str) -> String {
    // Two share an address but for a capital letter.
    let number = (0..).find(|n| customer(*n).email.as_deref() == Some(address));
    format!("c{:05}", number.unwrap())
}

#[test]
fn what_comes_back_is_noted_removed_and_nobody_writes_there_again() {
    let (shop, mailbox) = (Shop::new(), MailboxServer::start());
    configured(&shop, &mailbox);
    shop.sent(&[]);
    let taken = shop.server.taken();
    let (dead, full, late) = (&taken[0], &taken[1], &taken[2]);
    mailbox.put(&report(dead, "5.1.1", "550 5.1.1 nobody of that name"));
    mailbox.put(&report(full, "5.2.2", "552 5.2.2 mailbox full"));
    mailbox.put(&report(late, "4.4.1", "no answer").replace("failed", "delayed"));
    mailbox.put("From: Bo <bo@example.com>\nSubject: Lunch?\n\nAt 5.1.1?\n");
    let forged =
        report(dead, "5.1.1", "x").replace(&message_id(dead)[..30], "<1.0123456789abcdef0123456789a");
    mailbox.put(&forged);
    // The line breaks before the mailbox is closed: everything is noted, nothing is removed.
    mailbox.drops_at(Some("QUIT"));
    let broken = start(&shop).wait_with_output().unwrap();
    assert!(!broken.status.success() && said(&broken).contains("127.0.0.1"), "{}", said(&broken));
    assert_eq!(mailbox.messages().len(), 5);
    mailbox.drops_at(None);
    let found = read(&shop);
    assert_eq!(
        number(&found, &["messages", "hard", "soft", "unsubscribed", "left"]),
        [5, 1, 1, 0, 2],
        "{found}"
    );
    let left = mailbox.messages();
    assert!(left.len() == 2 && left[0].contains("Lunch") && left[1].contains("0123456789a"), "{left:?}");
    let ada = shop.serve();
    let card = ada.page("/campaigns/1/sending");
    assert!(
        card.contains("came back: the mailbox does not exist") && card.contains("came back for now"),
        "{card}"
    );
    drop(ada);
    let run =
        shop.command(&["campaign", "run", "campaign.toml", "--out", "again", "--json"]).output().unwrap();
    let told: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert!(told["summary"]["audience_removed"].to_string().contains("mailbox does not exist"), "{told}");
    // The holdout is in a file of its own.
    let files = std::fs::read_dir(shop.folder.path().join("again")).unwrap().flatten();
    let picks: String = files.map(|file| std::fs::read_to_string(file.path()).unwrap()).collect();
    assert!(!picks.contains(&id_of(&dead.to)) && picks.contains(&id_of(&late.to)), "{picks}");
}

#[test]
fn killed_at_any_command_it_forgets_nothing() {
    let (shop, mailbox) = (Shop::new(), MailboxServer::start());
    configured(&shop, &mailbox);
    shop.sent(&[]);
    let taken = shop.server.taken();
    for (at, one) in taken.iter().take(6).enumerate() {
        mailbox.put(&report(one, if at % 2 == 0 { "5.1.1" } else { "4.2.2" }, "words"));
    }
    let mut kills = 0;
    for event in 1..40 {
        let child = start(&shop);
        mailbox.kills(event, child.id());
        let output = child.wait_with_output().unwrap();
        if output.status.success() {
            break;
        }
        kills += 1;
        // Either all are there still, or, killed after the last command, all are gone.
        assert!([0, 6].contains(&mailbox.messages().len()), "at {event}: {}", said(&output));
    }
    assert!(kills >= 10, "{kills} kills");
    assert!(mailbox.messages().is_empty());
    let ada = shop.serve();
    let card = ada.page("/campaigns/1/sending");
    let told = |name: &str| {
        let row = card.split(&format!("<th scope=\"row\">{name}")).nth(1).unwrap();
        row.split("<td").nth(1).unwrap().split('>').nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    assert_eq!(told("came back: the mailbox"), "3", "{card}");
    assert_eq!(told("came back for now"), "3", "{card}");
}

#[test]
fn without_a_public_address_an_answer_unsubscribes() {
    let (shop, mailbox) = (Shop::new(), MailboxServer::start());
    configured(&shop, &mailbox);
    let path = shop.folder.path().join("handpick.toml");
    let text = std::fs::read_to_string(&path)
        .unwrap()
        .replace("unsubscribe_url = \"https://news.shop.example/\"", "");
    std::fs::write(&path, text).unwrap();
    shop.sent(&[]);
    let one = &shop.server.taken()[0];
    let way = one.header("List-Unsubscribe").unwrap();
    let subject = way.trim_matches(['<', '>']).strip_prefix("mailto:bounces@shop.example?subject=").unwrap();
    mailbox.put(&format!("From: {}\nSubject: {}\n\n\n", one.to, subject.replace("%20", " ")));
    let found = read(&shop);
    assert_eq!(number(&found, &["unsubscribed", "left"]), [1, 0], "{found}");
    let ada = shop.serve();
    assert!(ada.page("/campaigns/1/sending").contains("unsubscribed since"));
}

#[test]
fn what_cannot_be_read_is_said() {
    let (shop, mailbox) = (Shop::new(), MailboxServer::start());
    let of = |shop: &Shop| said(&shop.command(&["campaign", "mailbox"]).output().unwrap());
    assert!(of(&shop).contains("no mailbox is configured"), "{}", of(&shop));
    configured(&shop, &mailbox);
    let path = shop.folder.path().join("handpick.toml");
    let right = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, right.replace("secret word", "guess")).unwrap();
    assert!(of(&shop).contains("see mailbox.user and mailbox.password"), "{}", of(&shop));
    std::fs::write(&path, right.replace("address = \"bounces@shop.example\"", "address = \"bounces\""))
        .unwrap();
    assert!(of(&shop).contains("mailbox.address"), "{}", of(&shop));
    std::fs::write(&path, right.replace("host = \"127.0.0.1\"\nport = ", "host = \"mx.example\"\nport = "))
        .unwrap();
    assert!(of(&shop).contains("in the clear"), "{}", of(&shop));
}

/// A form with a file, as a browser sends it.
fn upload(ada: &Visitor, what: &str, content: &str) -> ureq::http::Response<ureq::Body> {
    let part = |name: &str, file: &str, content: &str| {
        format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n")
    };
    let parts = [
        part("csrf", "", &ada.csrf),
        part("what", "", what),
        part("file", "; filename=\"report.csv\"\r\nContent-Type: text/csv", content),
        "--XX--\r\n".to_owned(),
    ];
    let request = ada.agent.post(format!("{}/campaigns/1/returns", ada.url));
    request.header("Content-Type", "multipart/form-data; boundary=XX").send(parts.concat()).unwrap()
}

#[test]
fn a_tools_file_says_who_clicked_and_a_later_one_replaces_it() {
    let shop = Shop::new();
    let mailed = shop.expected();
    let ada = shop.serve();
    let page = ada.page("/campaigns/1");
    assert!(page.contains("What came back") && page.contains("Nothing is known yet"), "{page}");
    let file = format!(
        "Email Address,Opens,Clicks\n{},4,2\n{},1,0\nstranger@example.com,1,1\n",
        mailed[0].to_uppercase(),
        mailed[1]
    );
    assert_eq!(upload(&ada, "", &file).status(), 303);
    let page = ada.page("/campaigns/1");
    assert!(page.contains("2 opened it, 1 clicked; rows ignored: 1 of nobody who got this e-mail"), "{page}");
    for times in ["<strong>2</strong> opened it", "<strong>1</strong> clicked"] {
        assert!(page.contains(times), "{times}: {page}");
    }
    let later = format!("Email Address,Clicks\n{},5\n{},1\n", mailed[0], mailed[2]);
    assert_eq!(upload(&ada, "", &later).status(), 303);
    let page = ada.page("/campaigns/1");
    assert!(page.contains("<strong>2</strong> clicked"), "{page}");
    let gone = format!("Email,Name\n{},x\n", mailed[3]);
    assert_eq!(upload(&ada, "", &gone).status(), 422, "a list of whom?");
    assert_eq!(upload(&ada, "bounced", &gone).status(), 303);
    assert!(ada.page("/campaigns/1").contains("<strong>1</strong> did not get it"));
    assert!(body(upload(&ada, "", "email,opens\nx@y.z,1\n")).contains("is it the file of another one?"));
    drop(ada);
    let written = shop.folder.path().join("tool.csv");
    std::fs::write(&written, format!("email\n{}\n", mailed[4])).unwrap();
    let output =
        shop.command(&["campaign", "returns", "1", "tool.csv", "--all", "unsubscribed"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1 unsubscribed.\n", "{}", said(&output));
    let wrong = Command::new(env!("CARGO_BIN_EXE_handpick"))
        .current_dir(shop.folder.path())
        .args(["campaign", "returns", "9", "tool.csv", "--config", "handpick.toml"])
        .output()
        .unwrap();
    assert!(said(&wrong).contains("there is no campaign 9"), "{}", said(&wrong));
}
