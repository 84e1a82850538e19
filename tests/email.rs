//! A campaign's e-mail over HTTP, against the real binary: written, looked at, refused with its faults, and the
//! contact sheet.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

use chrono::DateTime;
use handpick::history::{Coverage, History, Reading};
use handpick::money::Money;
use handpick::progress::Silent;
use handpick::records::{Customer, Event, EventKind, Events, Product};
use std::path::Path;
use support::server::{Server, Visitor, body, browser, field, header};
use ureq::Body;
use ureq::http::Response;

/// Customers of two tastes and twenty products, every fifth without a picture; names that try to be markup.
fn fill_history(folder: &Path, customers: usize) {
    let history = History::open(&folder.join("data/shops/1/history")).unwrap();
    let mut update = history.begin().unwrap();
    let product = |n: usize| Product {
        id: format!("p{n:02}"),
        title: format!("Lamp <{n}> & \"shade\""),
        category: Some(if n.is_multiple_of(2) { "Home > Light".into() } else { "Garden".into() }),
        price: Some(Money::from_units(n as i64 + 1)),
        currency: n.is_multiple_of(2).then(|| "CHF".into()),
        image: (!n.is_multiple_of(5)).then(|| format!("https://shop.example/{n}.png")),
        url: Some(if n == 3 {
            "javascript:alert(1)".into()
        } else {
            format!("https://shop.example/p/{n}?a=1#top")
        }),
        active: true,
        ..Product::default()
    };
    update.products(&(0..20).map(product).collect::<Vec<_>>()).unwrap();
    let customer = |n: usize| Customer {
        id: format!("c{n:02}"),
        email: Some(format!("c{n}@example.com")),
        first_name: (n != 1).then(|| if n == 2 { "<b>Bo</b>".into() } else { format!("Name{n}") }),
        mailable: Some(true),
        active: true,
        ..Customer::default()
    };
    update.customers(&(0..customers).map(customer).collect::<Vec<_>>()).unwrap();
    let mut events = Events::default();
    for (customer, turn) in (0..customers).flat_map(|customer| (0..5).map(move |turn| (customer, turn))) {
        // Even customers buy even products: what is bought together is of one taste.
        let product = (customer * 3 + turn * 4) % 18 / 2 * 2 + customer % 2;
        let days = 20 * (turn as i64 + 1) + customer as i64 % 7;
        events.push(Event {
            id: None,
            kind: EventKind::Purchase,
            at_us: (1_790_000_000 - days * 86_400) * 1_000_000,
            customer: Some(&format!("c{customer:02}")),
            product: Some(&format!("p{product:02}")),
            order: Some(&format!("o{customer}-{turn}")),
            quantity: 1.0,
            value: Some(Money::from_units(5)),
            currency: None,
            source: "orders",
        });
    }
    update.events("orders", &events).unwrap();
    let everything = [
        (Reading::Products, Coverage::Everything),
        (Reading::Customers, Coverage::Everything),
        (Reading::Events("orders".into()), Coverage::Everything),
    ];
    update.commit(&everything, DateTime::from_timestamp(1_790_000_000, 0).unwrap(), &Silent).unwrap();
}

fn start() -> Server {
    with_customers(40)
}

fn with_customers(customers: usize) -> Server {
    let settings = "[shop]\nname = \"Lamps & Co\"\ncurrency = \"EUR\"\n";
    Server::start(settings, |folder| fill_history(folder, customers))
}

/// A campaign with picks, a tenth of its customers without mail.
fn generated(visitor: &Visitor, model: &str) -> String {
    let campaign = visitor.new_campaign();
    let name = [("name", "Autumn Lamps"), ("starts_on", "2026-09-01"), ("as_of", "2026-09-15")];
    for (step, fields) in [("name", &name[..]), ("model", &[("model", model)]), ("rules", &[("slots", "3")])]
    {
        assert_eq!(visitor.save(&campaign, step, fields).status(), 303, "{step}");
    }
    visitor.generated(&campaign);
    campaign
}

fn write(visitor: &Visitor, campaign: &str, subject: &str, mjml: &str) -> Response<Body> {
    let version = field(&visitor.page(&format!("{campaign}/email")), "version");
    let fields = [("subject", subject), ("preheader", "Look"), ("mjml", mjml), ("version", &version)];
    visitor.post(&format!("{campaign}/email"), &fields)
}

/// With words of one's own above the products.
fn template(words: &str) -> String {
    format!(
        "<mjml>\n<mj-body>\n<mj-section><mj-column><mj-text>{words}</mj-text></mj-column></mj-section>\n{{{{products}}}}\n\
         <mj-section><mj-column><mj-text><a href=\"{{{{unsubscribe_url}}}}\">Leave</a></mj-text></mj-column></mj-section>\n\
         </mj-body>\n</mjml>"
    )
}

/// Customers of the sheet, in its order.
fn on_sheet(page: &str) -> Vec<String> {
    let pieces = page.split("name=\"customer\" value=\"").skip(1);
    pieces.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[test]
fn the_e_mail_shows_each_customer_their_picks_escaped_and_tracked() {
    let server = start();
    let ada = server.owner();
    let campaign = generated(&ada, "item_knn");
    let settings = [
        ("colour", "#a3231f"),
        ("sender_name", "Lamps & Co"),
        ("footer", "Lamps <Ltd>"),
        ("unsubscribe_url", "https://shop.example/leave"),
    ];
    assert_eq!(ada.post("/shop/email", &settings).status(), 303);
    let somebody = on_sheet(&ada.page(&format!("{campaign}/sheet")))[0].clone();
    let preview = ada.get(&format!("{campaign}/email/preview?customer={somebody}"));
    let policy = header(&preview, "content-security-policy");
    assert!(policy.contains("style-src 'unsafe-inline'") && policy.ends_with("sandbox"), "{policy}");
    assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"), "{policy}");
    assert_eq!(header(&preview, "x-frame-options"), "SAMEORIGIN");
    let html = body(preview);
    for words in [
        "&lt;",
        "&quot;shade&quot;",
        "utm_source=handpick&amp;utm_medium=email&amp;utm_campaign=autumn-lamps&amp;hp=",
        "#a3231f",
        "Lamps &lt;Ltd&gt;",
        "https://shop.example/leave?hp=",
        "name=\"color-scheme\"",
        "@media (prefers-color-scheme: dark)",
        "#top",
    ] {
        assert!(html.contains(words), "{words} in {html}");
    }
    assert_eq!(
        html.matches("Because you bought").count()
            + html.matches("Goes with").count()
            + html.matches("Popular in").count()
            + html.matches("Liked by").count()
            + html.matches("A best-seller").count(),
        3,
        "{html}"
    );
    for words in ["they bought", "javascript:", "<script", "{{", "src=\"\""] {
        assert!(!html.contains(words), "{words} in {html}");
    }
    // Every picture says what it shows.
    assert!(html.matches("<img").count() == html.matches("alt=\"Lamp &lt;").count(), "{html}");
    // The same tokens as in the files, so that the report counts both alike.
    assert_eq!(ada.post(&format!("{campaign}/approve"), &[]).status(), 303);
    let file = ada.page(&format!("{campaign}/download/wide.csv"));
    let row = file.lines().find(|line| line.contains(&somebody)).unwrap();
    let token = row.split("&hp=").nth(1).unwrap().split('-').next().unwrap();
    assert!(html.contains(&format!("hp={token}-")), "{token} in {html}");
    let page = ada.page(&format!("{campaign}/email?customer={somebody}"));
    assert!(
        page.contains("frame")
            && page.contains("sandbox=\"\"")
            && page.contains("For those who read no HTML")
    );
    assert!(page.contains("the e-mail stays as it is"), "approved is approved");
    let late = write(&ada, &campaign, "x", &template("Hello"));
    assert!(late.status() == 422 && body(late).contains("Take the approval back"));
}

#[test]
fn prices_are_in_the_products_own_currency_and_names_are_no_markup() {
    let server = start();
    let ada = server.owner();
    let campaign = generated(&ada, "popular");
    let saved = write(
        &ada,
        &campaign,
        "For {{first_name}}",
        &template("Dear {{#if first_name}}{{first_name}}{{else}}friend{{/if}}!"),
    );
    assert_eq!(saved.status(), 303);
    let html_of = |customer: &str| ada.page(&format!("{campaign}/email/preview?customer={customer}"));
    let customers = on_sheet(&ada.page(&format!("{campaign}/sheet")));
    let all: String = customers.iter().map(|customer| html_of(customer)).collect();
    assert!(all.contains("\u{a0}CHF") || all.contains("\u{a0}EUR"), "a price has its currency");
    for (customer, words) in
        [("c01", "Dear friend!"), ("c02", "Dear &lt;b&gt;Bo&lt;/b&gt;!"), ("c05", "Dear Name5!")]
    {
        if customers.iter().any(|known| known == customer) {
            assert!(html_of(customer).contains(words), "{customer}");
        }
    }
    let page = ada.page(&format!("{campaign}/email?customer=nobody-of-this-id"));
    assert!(page.contains("Nobody with the id “nobody-of-this-id” gets this e-mail"), "{page}");
}

#[test]
fn faults_are_named_at_their_line_and_nothing_is_lost() {
    let server = start();
    let ada = server.owner();
    let campaign = ada.new_campaign();
    let editor = ada.page(&format!("{campaign}/email"));
    for words in [
        "Start from “List”",
        "Start from “Letter”",
        "{{#if first_name}}",
        "There are no picks yet",
        "sandbox=\"\"",
    ] {
        assert!(editor.contains(words), "{words} in {editor}");
    }
    let wrong = write(&ada, &campaign, "Hello", &template("Dear {{frist_name}}"));
    assert_eq!(wrong.status(), 422);
    let page = body(wrong);
    assert!(page.contains("Line 3: {{frist_name}} is not known; did you mean {{first_name}}?"), "{page}");
    assert!(
        page.contains("Not saved yet") && page.contains("Dear {{frist_name}}"),
        "what was typed is kept: {page}"
    );
    let unclosed = body(write(
        &ada,
        &campaign,
        "Hello",
        &template("Dear <b>").replace("</mj-column></mj-section>\n{{", "</mj-section>\n{{"),
    ));
    assert!(unclosed.contains("Line 3: &#60;mj-column&#62; is not closed"), "{unclosed}");
    assert_eq!(write(&ada, &campaign, "Hello {{first_name}}", &template("First words")).status(), 303);
    // Two at once: the second is told, and keeps what was typed.
    let stale = [("subject", "Mine"), ("preheader", ""), ("mjml", &*template("My words")), ("version", "0")];
    let told = ada.post(&format!("{campaign}/email"), &stale);
    assert_eq!(told.status(), 422);
    let told = body(told);
    assert!(told.contains("Somebody else saved") && told.contains("My words"), "{told}");
    assert!(ada.page(&format!("{campaign}/email")).contains("First words"));
    let version = field(&ada.page(&format!("{campaign}/email")), "version");
    let star = [("template", "star"), ("version", version.as_str())];
    assert_eq!(ada.post(&format!("{campaign}/email/start"), &star).status(), 303);
    assert!(ada.page(&format!("{campaign}/email")).contains("{{first_product}}"));
    let no_such = ada.post(&format!("{campaign}/email/start"), &[("template", "x")]);
    assert_eq!(no_such.status(), 422);
}

#[test]
fn what_is_typed_is_shown_before_it_is_saved_and_only_to_who_typed_it() {
    let server = start();
    let ada = server.owner();
    let campaign = generated(&ada, "item_knn");
    let check = |words: &str| {
        let mjml = template(words);
        body(ada.post(&format!("{campaign}/email/check"), &[("subject", "S"), ("mjml", &mjml)]))
    };
    let fragment = check("Typed words");
    let src = fragment
        .split("src=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .replace("&#38;", "&")
        .replace("&amp;", "&");
    assert!(src.contains("draft="), "{fragment}");
    assert!(ada.page(&src).contains("Typed words"));
    assert!(!ada.page(&format!("{campaign}/email/preview")).contains("Typed words"), "not saved");
    let faulty = check("{{oops");
    assert!(faulty.contains("Line 3: {{ is not ended with }}"), "{faulty}");
    assert!(faulty.contains("the last text without faults") && faulty.contains("draft="), "{faulty}");
    // Somebody else's frame shows the saved text.
    let made =
        body(ada.post("/accounts", &[("name", "Ben"), ("email", "ben@example.com"), ("role", "analyst")]));
    let password = made.split("class=\"secret\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let agent = browser();
    let sign_in = [("email", "ben@example.com"), ("password", password.trim())];
    assert_eq!(agent.post(format!("{}/sign-in", server.url)).send_form(sign_in).unwrap().status(), 303);
    let get = |path: &str| agent.get(format!("{}{path}", server.url)).call().unwrap();
    assert!(!body(get(&src)).contains("Typed words"));
    // An analyst looks, and changes nothing.
    let page = body(get(&format!("{campaign}/email")));
    assert!(page.contains("readonly") && !page.contains("Save the e-mail"), "{page}");
    let csrf = field(&page, "csrf");
    for path in ["email", "email/start", "sheet"] {
        let refused =
            agent.post(format!("{}{campaign}/{path}", server.url)).send_form([("csrf", csrf.as_str())]);
        assert_eq!(refused.unwrap().status(), 403, "{path}");
    }
    assert_eq!(
        agent
            .post(format!("{}/shop/email", server.url))
            .send_form([("csrf", csrf.as_str())])
            .unwrap()
            .status(),
        403
    );
    let forged = ada
        .agent
        .post(format!("{}{campaign}/email/check", server.url))
        .send_form([("csrf", "x"), ("mjml", "")]);
    assert_eq!(forged.unwrap().status(), 403, "every form has its token");
}

#[test]
fn the_contact_sheet_shows_thirty_and_keeps_what_is_said_of_them() {
    // So many that no draw of the holdout leaves it empty, or the sheet with fewer than thirty.
    let server = with_customers(400);
    let ada = server.owner();
    let campaign = generated(&ada, "item_knn");
    let sheet = format!("{campaign}/sheet");
    let page = ada.page(&sheet);
    let customers = on_sheet(&page);
    assert_eq!(customers.len(), 30);
    assert_eq!(on_sheet(&ada.page(&sheet)), customers, "the same thirty until others are asked for");
    assert_ne!(on_sheet(&ada.page(&format!("{sheet}?draw=1"))), customers);
    assert!(page.contains("https://shop.example/") && page.contains("0 approved, 0 flagged"), "{page}");
    let judge =
        |customer: &str, verdict: &str| ada.post(&sheet, &[("customer", customer), ("verdict", verdict)]);
    assert_eq!(judge(&customers[0], "approved").status(), 303);
    assert_eq!(judge(&customers[1], "flagged").status(), 303);
    let page = ada.page(&sheet);
    assert!(page.contains("1 approved, 1 flagged"), "{page}");
    assert!(ada.page(&campaign).contains("1 recipient is flagged"));
    assert_eq!(judge(&customers[1], "").status(), 303);
    assert!(ada.page(&sheet).contains("1 approved, 0 flagged"));
    assert_eq!(judge("nobody", "approved").status(), 422);
    assert_eq!(judge(&customers[0], "maybe").status(), 422);
    // Who gets no e-mail is on no sheet.
    assert_eq!(ada.post(&format!("{campaign}/approve"), &[]).status(), 303);
    let holdout = ada.page(&format!("{campaign}/download/control.csv"));
    let held: Vec<_> =
        holdout.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect();
    assert!(!held.is_empty() && customers.iter().all(|customer| !held.contains(customer)), "{held:?}");
    assert_eq!(judge(&held[0], "approved").status(), 422);
}

#[test]
fn silent_failures_are_named_and_each_product_has_its_share() {
    let server = start();
    let ada = server.owner();
    let campaign = generated(&ada, "popular");
    let page = ada.page(&campaign);
    assert!(page.contains("% of recipients"), "{page}");
    assert!(page.contains("show a product without a picture") || !page.contains("p00</td>"), "{page}");
    assert!(page.contains("Everybody gets") || page.contains("How personal the picks are"));
}

#[test]
fn settings_that_would_do_harm_are_refused_with_what_to_do() {
    let server = start();
    let ada = server.owner();
    let wrong = [("colour", "red"), ("logo_url", "javascript:x"), ("unsubscribe_url", "javascript:x")];
    let refused = ada.post("/shop/email", &wrong);
    assert_eq!(refused.status(), 422);
    let page = body(refused);
    for words in ["# and six digits", "begins with https://", "address to unsubscribe must begin"] {
        assert!(page.contains(words), "{words} in {page}");
    }
    let fine =
        [("colour", "#FFE600"), ("logo_url", "https://shop.example/l.png"), ("unsubscribe_url", "*|UNSUB|*")];
    assert_eq!(ada.post("/shop/email", &fine).status(), 303);
    assert!(ada.page("/shop/email").contains("value=\"*|UNSUB|*\""));
    assert!(server.folder.path().join("data").exists());
}
