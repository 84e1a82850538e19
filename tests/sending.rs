//! Sending by SMTP, against a mail server of the test's own that answers as it is told to: nobody gets an e-mail twice,
//! nobody is forgotten, and what cannot be known is said.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "in a test, a panic is the failure")]

mod support;

use handpick::picker::plan::Arm;
use serde_json::Value;
use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::mailing::{Shop, approved, said};
use support::server::{Visitor, body, browser};
use support::smtp::Does;

fn unclear(result: &Value) -> Vec<String> {
    let ids = result["unclear_customers"].as_array().unwrap();
    ids.iter().map(|id| Shop::address(id.as_str().unwrap())).collect()
}

#[test]
fn everybody_gets_one_and_the_holdout_none() {
    let shop = Shop::new();
    let result = shop.sent(&[]);
    assert_eq!(shop.taken(), shop.expected());
    assert!(shop.taken().len() > 15 && shop.arms().iter().any(|(_, arm)| *arm == Arm::Holdout));
    assert_eq!(result["sent"], shop.expected().len());
    assert_eq!((&result["state"], &result["unclear"]), (&"done".into(), &0.into()));
    // Once more: nobody gets a second one.
    shop.sent(&[]);
    assert_eq!(shop.taken(), shop.expected());
    let ids: HashSet<String> =
        shop.server.taken().iter().map(|taken| taken.header("Message-ID").unwrap()).collect();
    assert_eq!(ids.len(), shop.expected().len());
    let one = &shop.server.taken()[0];
    assert!(one.header("From").unwrap().contains("news@shop.example"));
    assert!(one.header("Reply-To").unwrap().contains("help@shop.example"));
    assert!(
        one.header("Subject").unwrap().ends_with(", picked for you at My shop"),
        "{:?}",
        one.header("Subject")
    );
    let link = one.header("List-Unsubscribe").unwrap();
    assert!(link.starts_with("<https://news.shop.example/unsubscribe/1-"), "{link}");
    assert_eq!(one.header("List-Unsubscribe-Post").unwrap(), "List-Unsubscribe=One-Click");
    // No line is longer than SMTP allows; joined again, they say what the shop's page shows.
    assert!(one.text.lines().all(|line| line.len() < 998), "{}", one.text);
    let whole = one.text.replace("=\r\n", "").replace("=\n", "");
    assert!(whole.contains("multipart/alternative") && whole.contains("Product &lt;"), "{whole}");
    assert!(whole.contains("/unsubscribe/1-") && whole.contains("No more e-mails like this"), "{whole}");
}

#[test]
fn answers_are_told_apart() {
    let shop = Shop::new();
    let expected = shop.expected();
    let mut to = expected.iter();
    let mut next = |what: &[Does]| {
        let address = to.next().unwrap();
        shop.server.does(address, what);
        address.clone()
    };
    next(&[Does::Rcpt("421 too much at once")]);
    next(&[Does::Rcpt("450 greylisted"), Does::End("454 not now")]);
    next(&[Does::End("451 try later"), Does::End("452 full")]);
    next(&[Does::DropAtData, Does::DropAtData]);
    let never = next(&[Does::Rcpt("550 5.1.1 no such user")]);
    let spam = next(&[Does::End("554 we do not like this")]);
    let always = next(&[Does::Rcpt("450 later"); 9]);
    let broken = next(&[Does::TakeAndDrop]);
    let result = shop.sent(&[]);
    let gone = [&never, &spam, &always];
    let expected: Vec<String> = expected.iter().filter(|one| !gone.contains(one)).cloned().collect();
    assert_eq!(shop.taken(), expected);
    assert_eq!((&result["refused"], &result["given_up"]), (&2.into(), &1.into()), "{result}");
    assert_eq!(unclear(&result), [broken.as_str()]);
    // A person's word sends it again, recognisable as the same.
    let result = shop.sent(&["--unclear", "again"]);
    assert_eq!((&result["unclear"], &result["sent"]), (&0.into(), &expected.len().into()));
    let both: Vec<_> = shop.server.taken().into_iter().filter(|taken| taken.to == broken).collect();
    assert_eq!((both.len(), both[0].header("Message-ID")), (2, both[1].header("Message-ID")));
}

#[test]
fn a_line_that_breaks_in_the_text_leaves_it_unclear() {
    let shop = Shop::new();
    let address = shop.expected()[0].clone();
    shop.server.does(&address, &[Does::DropInText]);
    let result = shop.sent(&[]);
    assert_eq!(unclear(&result), [address.as_str()]);
    assert_eq!(shop.taken(), shop.expected()[1..]);
    let result = shop.sent(&["--unclear", "sent"]);
    assert_eq!((&result["unclear"], shop.taken().len()), (&0.into(), shop.expected().len() - 1));
}

#[test]
fn whoever_is_killed_mails_nobody_twice_and_forgets_nobody() {
    let mut killed = 0;
    let mut unclears = 0;
    for event in 1..60 {
        let shop = Shop::new();
        let expected = shop.expected();
        // Two of them make trouble on the way.
        shop.server.does(&expected[1], &[Does::Rcpt("450 later")]);
        shop.server.does(&expected[3], &[Does::End("451 later")]);
        let mut child = shop
            .command(&["campaign", "send", "1"])
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        shop.server.kills(event, child.id());
        let status = child.wait().unwrap();
        killed += usize::from(!status.success());
        let result = shop.sent(&[]);
        let (taken, unclear) = (shop.taken(), unclear(&result));
        let once: HashSet<&String> = taken.iter().collect();
        assert_eq!(once.len(), taken.len(), "somebody got two after a kill at event {event}");
        for address in &expected {
            let is_known = once.contains(address) || unclear.contains(address);
            assert!(is_known, "{address} is forgotten after a kill at event {event}: {result}");
        }
        assert_eq!(once.len() + unclear.iter().filter(|one| !once.contains(one)).count(), expected.len());
        assert!(unclear.len() <= 1, "one line, one unclear: {unclear:?} at event {event}");
        unclears += unclear.len();
    }
    assert!(killed >= 40, "{killed} kills");
    println!("{killed} kills, {unclears} e-mails unclear");
}

#[test]
fn a_sender_who_is_refused_costs_no_recipient_anything() {
    let shop = Shop::new();
    shop.server.answers_sender(Some("550 who are you?"));
    let output = shop.send(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("paused") && said(&output).contains("who are you"), "{}", said(&output));
    shop.server.answers_sender(None);
    let result = shop.sent(&[]);
    assert_eq!((shop.taken(), &result["refused"]), (shop.expected(), &0.into()));
}

#[test]
fn a_server_that_is_gone_is_waited_for_and_then_said() {
    let shop = Shop::new();
    shop.configure("connections = 2");
    let text = std::fs::read_to_string(shop.folder.path().join("handpick.toml")).unwrap();
    let gone =
        text.replace(&format!("port = {}", shop.server.port), &format!("port = {}", support::free_port()));
    std::fs::write(shop.folder.path().join("handpick.toml"), gone).unwrap();
    let output = shop.send(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("cannot be reached") && said(&output).contains("Nothing is lost"),
        "{}",
        said(&output)
    );
    std::fs::write(shop.folder.path().join("handpick.toml"), text).unwrap();
    shop.sent(&[]);
    assert_eq!(shop.taken(), shop.expected());
}

#[test]
fn a_trial_goes_to_one_person_and_counts_for_nothing() {
    let shop = Shop::new();
    let words = ["campaign", "send", "1", "--trial", "me@shop.example"];
    let output = shop.command(&words).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let taken = shop.server.taken();
    assert_eq!((taken.len(), taken[0].to.as_str()), (1, "me@shop.example"));
    assert!(taken[0].header("List-Unsubscribe").is_none());
    assert!(taken[0].text.contains("/unsubscribe/trial"), "{}", taken[0].text);
    shop.sent(&[]);
    assert_eq!(shop.taken().len(), shop.expected().len() + 1);
}

#[test]
fn so_many_in_a_second_and_no_more() {
    let shop = Shop::new();
    shop.configure("per_second = 10\nconnections = 3");
    let began = Instant::now();
    shop.sent(&[]);
    let least = (shop.expected().len() - 1) as f64 / 10.0;
    assert!(began.elapsed().as_secs_f64() >= least, "{:?} for {}", began.elapsed(), shop.expected().len());
    assert_eq!(shop.taken(), shop.expected());
}

#[test]
fn what_is_not_approved_or_not_configured_is_not_sent() {
    let shop = Shop::new();
    std::fs::write(shop.folder.path().join("handpick.toml"), "[data]\ndir = \"data\"\n").unwrap();
    let output = shop.send(&[]);
    assert!(output.status.code() == Some(1) && said(&output).contains("[mail]"), "{}", said(&output));
    shop.configure("");
    let output = shop.command(&["campaign", "run", "campaign.toml", "--out", "out"]).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let output = shop.command(&["campaign", "send", "2"]).output().unwrap();
    assert!(said(&output).contains("not approved"), "{}", said(&output));
    assert!(shop.server.taken().is_empty());
}

/// The page about the sending, once it says so.
fn wait_for(ada: &Visitor, text: &str) -> String {
    ada.wait("/campaigns/1/sending", |page| page.contains(text))
}

#[test]
fn the_page_starts_pauses_goes_on_and_tells_what_became_of_each() {
    let shop = Shop::new();
    shop.server.thinks(Duration::from_millis(150));
    let ada = shop.serve();
    assert!(ada.page("/campaigns/1").contains("Send the e-mails"));
    assert_eq!(ada.post("/campaigns/1/send/trial", &[]).status(), 303);
    assert_eq!(shop.server.recipients(), ["ada@shop.example"]);
    // A form without its token changes nothing.
    let forged = ada.agent.post(format!("{}/campaigns/1/send", ada.url)).send_form([("csrf", "x")]).unwrap();
    assert_eq!(forged.status(), 403);
    assert_eq!(ada.post("/campaigns/1/send", &[]).status(), 303);
    wait_for(&ada, ">running<");
    while shop.server.taken().len() < 4 {
        std::thread::sleep(Duration::from_millis(10));
    }
    // While it goes on, nobody takes the approval back.
    assert_eq!(ada.post("/campaigns/1/withdraw", &[]).status(), 409);
    assert_eq!(ada.post("/campaigns/1/send/pause", &[]).status(), 303);
    wait_for(&ada, ">paused<");
    std::thread::sleep(Duration::from_millis(700));
    let paused = shop.server.taken().len();
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(shop.server.taken().len(), paused);
    assert!(paused < shop.expected().len());
    shop.server.thinks(Duration::ZERO);
    assert_eq!(ada.post("/campaigns/1/send", &[]).status(), 303);
    wait_for(&ada, ">done<");
    let mut taken = shop.taken();
    taken.retain(|to| to != "ada@shop.example");
    assert_eq!(taken, shop.expected());
    let list = ada.page("/campaigns/1/sending.csv");
    let of = |state: &str| list.lines().filter(|line| line.contains(&format!(",{state},"))).count();
    assert_eq!(of("sent"), shop.expected().len());
    assert!(of("left_out") >= 1 && !list.contains("@example.com"), "{list}");
    assert!(ada.page("/campaigns/1").contains("See the report"), "the campaign is marked as sent");
}

#[test]
fn what_is_cancelled_is_not_sent_any_more() {
    let shop = Shop::new();
    shop.server.thinks(Duration::from_millis(150));
    let ada = shop.serve();
    ada.post("/campaigns/1/send", &[]);
    while shop.server.taken().len() < 3 {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(ada.post("/campaigns/1/send/cancel", &[]).status(), 303);
    wait_for(&ada, ">cancelled<");
    std::thread::sleep(Duration::from_secs(1));
    let list = ada.page("/campaigns/1/sending.csv");
    let of = |state: &str| list.lines().filter(|line| line.contains(&format!(",{state},"))).count();
    assert_eq!((of("sent"), of("queued")), (shop.server.taken().len(), 0));
    assert!(of("cancelled") > 0);
    assert_eq!(ada.post("/campaigns/1/send", &[]).status(), 409);
}

#[test]
fn an_hour_that_is_full_is_said_and_kept() {
    let shop = Shop::new();
    shop.configure("per_hour = 5");
    let ada = shop.serve();
    ada.post("/campaigns/1/send", &[]);
    wait_for(&ada, "5 e-mails went out in the last hour");
    assert_eq!(shop.server.taken().len(), 5);
    // Also after a restart: go on is pressed, and the hour is still full.
    drop(ada);
    let mut child = shop.command(&["campaign", "send", "1"]).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.take(9).any(|line| line.contains("in the last hour")));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(shop.server.taken().len(), 5);
}

#[test]
fn whoever_unsubscribes_is_left_out_from_then_on() {
    let shop = Shop::new();
    shop.sent(&[]);
    let one = shop.server.taken().into_iter().find(|taken| taken.to == "c9@example.com");
    let one = one.unwrap_or_else(|| shop.server.taken()[5].clone());
    let link = one.header("List-Unsubscribe").unwrap();
    let path = link.trim_matches(['<', '>']).trim_start_matches("https://news.shop.example").to_owned();
    let ada = shop.serve();
    let (stranger, url) = (browser(), format!("{}{path}", ada.url));
    // A mail filter that follows the link unsubscribes nobody.
    let page = body(stranger.get(&url).call().unwrap());
    assert!(page.contains("<button type=\"submit\">Unsubscribe</button>"), "{page}");
    assert!(!ada.page("/campaigns/1/sending").contains("unsubscribed since"));
    // One character more is no link of ours.
    assert_eq!(stranger.get(format!("{url}0")).call().unwrap().status(), 404);
    // A mail program posts, as RFC 8058 has it, without a cookie.
    let posted = stranger.post(&url).send_form([("List-Unsubscribe", "One-Click")]).unwrap();
    assert_eq!(posted.status(), 200);
    assert_eq!(stranger.post(&url).send_form([("List-Unsubscribe", "One-Click")]).unwrap().status(), 200);
    assert!(ada.page("/campaigns/1/sending").contains("unsubscribed since"));
    drop(ada);
    let run =
        shop.command(&["campaign", "run", "campaign.toml", "--out", "again", "--json"]).output().unwrap();
    let told: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert!(told["summary"]["audience_removed"].to_string().contains("unsubscribed"), "{told}");
    let wide = std::fs::read_dir(shop.folder.path().join("again")).unwrap().flatten();
    for file in wide {
        assert!(!std::fs::read_to_string(file.path()).unwrap().contains(&one.to), "{file:?}");
    }
}

#[test]
fn e_mails_are_signed_when_there_is_a_key() {
    let shop = Shop::new();
    let key = shop.folder.path().join("dkim.pem");
    let made = Command::new("openssl")
        .args(["genrsa", "-traditional", "-out"])
        .arg(&key)
        .arg("2048")
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", said(&made));
    let dkim = "dkim_selector = \"may\"\ndkim_domain = \"shop.example\"\ndkim_key_file = \"dkim.pem\"";
    shop.configure(dkim);
    shop.sent(&[]);
    let signature = shop.server.taken()[0].header("DKIM-Signature").unwrap();
    for part in ["s=may", "d=shop.example", "a=rsa-sha256", "list-unsubscribe-post"] {
        assert!(signature.contains(part), "{signature}");
    }
    let other = Shop::new();
    other.configure(dkim);
    std::fs::write(other.folder.path().join("dkim.pem"), "no key").unwrap();
    let output = other.send(&[]);
    assert!(said(&output).contains("dkim_key_file"), "{}", said(&output));
    assert!(other.server.taken().is_empty());
}

/// Run with `--ignored --nocapture`, with `--release`, for the figure.
#[test]
#[ignore = "a measurement"]
fn mails_per_second() {
    let made = approved(6_000);
    for connections in [1, 4] {
        let shop = Shop::copied(&made);
        shop.configure(&format!("connections = {connections}"));
        let began = Instant::now();
        let result = shop.sent(&[]);
        let rate = result["sent"].as_f64().unwrap() / began.elapsed().as_secs_f64();
        assert_eq!(shop.taken(), shop.expected());
        println!("{connections} connections: {rate:.0} e-mails in a second ({} in all)", result["sent"]);
    }
}

#[test]
fn clicks_and_opens_are_counted_where_an_admin_wants_it_and_filters_are_told_from_people() {
    let shop = Shop::new();
    shop.configure("count_clicks = true\ncount_opens = true");
    shop.sent(&[]);
    let one = shop.server.taken()[0].clone();
    let whole = one.text.replace("=\r\n", "").replace("=\n", "").replace("=3D", "=");
    let after = |from: &str, words: &str| -> String {
        let start = from.find(words).unwrap_or_else(|| panic!("{words} in {from}")) + words.len();
        from[start..].chars().take_while(|c| c.is_ascii_alphanumeric()).collect()
    };
    let links: Vec<&str> =
        whole.match_indices("https://news.shop.example/c/").map(|(at, _)| &whole[at..]).collect();
    assert!(links.len() > 2, "{whole}");
    let (click, open) = (after(links[0], "/c/"), after(&whole, "https://news.shop.example/o/"));
    let hidden = after(&whole[whole.rfind("/c/").unwrap()..], "/c/");
    assert!(!whole.contains("utm_source"), "the product's own address is not in the e-mail: {whole}");
    let ada = shop.serve();
    let stranger = browser();
    let told = |page: &str, name: &str| {
        let row = page.split(&format!("<th scope=\"row\">{name}</th>")).nth(1);
        row.map(|row| row.split('>').nth(1).unwrap().split('<').next().unwrap().to_owned())
    };
    let get = |path: String| {
        let agent = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0";
        stranger.get(format!("{}{path}", ada.url)).header("User-Agent", agent).call().unwrap()
    };
    let followed = get(format!("/c/{click}"));
    assert_eq!(followed.status(), 302);
    let target = followed.headers()["location"].to_str().unwrap();
    assert!(target.contains("utm_source=handpick") && target.contains("&hp="), "{target}");
    assert_eq!(get(format!("/o/{open}.gif")).headers()["content-type"], "image/gif");
    assert_eq!(get(format!("/c/{click}00")).status(), 404);
    let page = ada.page("/campaigns/1/sending");
    assert_eq!(told(&page, "clicks, all that were seen").as_deref(), Some("1"), "{page}");
    // The e-mail is only seconds old: a filter's doing.
    assert_eq!(told(&page, "clicked on a product"), None, "{page}");
    assert_eq!(get(format!("/c/{hidden}")).status(), 404, "the hidden link leads nowhere");
}
