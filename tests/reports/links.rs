//! One report for who has no account: by a link, and for programs, by a key.

use super::frozen::{handpick as command, reported_then_refunded};
use super::support::server::{Server, body, browser, header};
use chrono::TimeDelta;
use handpick::app::clock;
use handpick::ids::THE_SHOP;
use handpick::store::{Store, report_links};
use serde_json::Value;
use ureq::Agent;

fn secret(page: &str) -> String {
    page.split("class=\"secret\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
}

#[test]
fn whoever_has_the_link_reads_one_report_until_it_is_taken_back() {
    let server = Server::start("", |folder| {
        reported_then_refunded(folder);
    });
    let ada = server.owner();
    let path = "/campaigns/1/report/links";
    assert!(ada.page(path).contains("No link was made yet"));
    let until = (clock() + TimeDelta::days(3)).date_naive().to_string();
    let made = ada.post(path, &[("note", "The board"), ("until", &until)]);
    let made = body(made);
    let link = secret(&made);
    assert!(link.starts_with(&format!("{}/r/", server.url)), "{link}");
    let token = link.rsplit('/').next().unwrap().to_owned();
    assert!(!ada.page(path).contains(&token), "it is shown once");

    let anyone: Agent = browser();
    let get = |address: &str| anyone.get(address).call().unwrap();
    let page = get(&link);
    assert_eq!((page.status().as_u16(), header(&page, "referrer-policy").as_str()), (200, "no-referrer"));
    assert_eq!(header(&page, "x-robots-tag"), "noindex, nofollow");
    let page = body(page);
    assert!(page.contains("September") && page.contains("id=\"verdict\""), "{page}");
    // No way into the rest, no forms, nobody's name or address.
    for hidden in ["/campaigns/", "/reports", "<form", "example.com", "c00", "what would it say today"] {
        assert!(!page.contains(hidden), "{hidden} in {page}");
    }
    for (ending, begins) in [
        (".pdf", &b"%PDF"[..]),
        (".xlsx", b"PK"),
        (".zip", b"PK"),
        (".csv", b"metric"),
        ("/days.csv", b"Day,"),
        ("/days.svg", b"<svg"),
    ] {
        let mut answer = get(&format!("{link}{ending}"));
        assert_eq!(answer.status(), 200, "{ending}");
        assert!(answer.body_mut().read_to_vec().unwrap().starts_with(begins), "{ending}");
    }
    assert_eq!(get(&format!("{link}.exe")).status(), 404);
    for away in ["/campaigns/1/report", "/reports", "/campaigns/1/report.pdf", "/api/v1/reports"] {
        assert!([303, 401].contains(&get(&format!("{}{away}", server.url)).status().as_u16()), "{away}");
    }
    let wrong = token.chars().rev().collect::<String>();
    assert_eq!(get(&format!("{}/r/{wrong}", server.url)).status(), 404);
    for entry in std::fs::read_dir(server.folder.path().join("data/logs")).unwrap() {
        let log = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!log.contains(&token), "the token opens the report: it stays out of the log");
    }

    let list = ada.page("/reports/links");
    assert!(
        list.contains("The board") && list.contains("read this report only") && list.contains(">Ada<"),
        "{list}"
    );
    let bo = ada.adds("bo@example.com", "analyst");
    assert_eq!(bo.post(path, &[("note", "x"), ("until", &until)]).status(), 403);
    assert_eq!(bo.post(&format!("{path}/1/revoke"), &[]).status(), 403);
    assert_eq!(ada.post("/campaigns/2/report/links/1/revoke", &[]).status(), 303);
    assert_eq!(get(&link).status(), 200, "it is not that campaign's link");
    assert_eq!(ada.post(&format!("{path}/1/revoke"), &[]).status(), 303);
    for ending in ["", ".pdf", "/days.csv"] {
        assert_eq!(get(&format!("{link}{ending}")).status(), 404, "{ending}");
    }
    assert!(ada.page(path).contains("taken back"));
}

#[test]
fn a_link_ends_and_is_never_for_ever() {
    let server = Server::start("", |folder| {
        reported_then_refunded(folder);
    });
    let ada = server.owner();
    let path = "/campaigns/1/report/links";
    let day = |days: i64| (clock() + TimeDelta::days(days)).date_naive().to_string();
    for (note, until) in
        [("", day(3)), ("x", day(-2)), ("x", day(500)), ("x", "soon".into()), (&"x".repeat(101), day(3))]
    {
        assert_eq!(ada.post(path, &[("note", note), ("until", &until)]).status(), 422, "{note} {until}");
    }
    assert_eq!(ada.post("/campaigns/99/report/links", &[("note", "x"), ("until", &day(3))]).status(), 404);
    let link = secret(&body(ada.post(path, &[("note", "x"), ("until", &day(1))])));
    let get = || browser().get(&link).call().unwrap().status().as_u16();
    assert_eq!(get(), 200);
    let store = Store::open(&server.folder.path().join("data/handpick.db")).unwrap();
    let ends = store.read(|conn| report_links::all(conn, THE_SHOP, None)).unwrap()[0].ends_at;
    assert!(ends > clock() && ends < clock() + TimeDelta::days(3), "{ends}");
    let hash = handpick::auth::token::hash(link.rsplit('/').next().unwrap());
    let open = |at| store.read(|conn| report_links::open(conn, THE_SHOP, &hash, at)).unwrap().is_some();
    assert!(open(ends - TimeDelta::seconds(1)) && !open(ends), "half open, as days are");
}

#[test]
fn programs_read_reports_with_a_key_and_nothing_else() {
    let mut printed = String::new();
    let server = Server::start("", |folder| {
        super::letters::closed_campaign(folder);
        let made = command(folder, &["account", "add-key", "--name", "A script"]);
        printed = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    });
    let ada = server.owner();
    assert_eq!(ada.adds("bo@example.com", "marketer").get("/accounts/keys").status(), 403);
    let key = secret(&body(ada.post("/accounts/keys", &[("name", "The warehouse")])));
    assert!(key.starts_with("hp_") && !ada.page("/accounts/keys").contains(&key));
    let ask = |path: &str, key: &str| {
        let asked =
            browser().get(format!("{}{path}", server.url)).header("Authorization", format!("Bearer {key}"));
        let answer = asked.call().unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str::<Value>(&body(answer)).unwrap())
    };
    assert_eq!(ask("/api/v1/reports", &printed).0, 200);
    let (status, list) = ask("/api/v1/reports", &key);
    assert_eq!(status, 200, "{list}");
    assert_eq!((&list["reports"][0]["campaign"], &list["before"]), (&1.into(), &Value::Null));
    assert_eq!(list["reports"][0]["window_is_closed"], true);
    let (status, one) = ask(list["reports"][0]["url"].as_str().unwrap(), &key);
    assert_eq!((status, &one["name"]), (200, &"September".into()));
    assert!(
        one["tables"].as_array().unwrap().len() > 8 && one["summary"][0] == list["reports"][0]["verdict"]
    );
    assert_eq!(ask("/api/v1/reports?before=1", &key).1["reports"], serde_json::json!([]));
    assert_eq!(ask("/api/v1/reports/99", &key).0, 404);
    assert_eq!(ask("/api/v1/reports?limit=0", &key).0, 422);
    for (path, wrong) in [("/api/v1/reports", "hp_0"), ("/api/v1/reports/1", "")] {
        let (status, answer) = ask(path, wrong);
        assert!(status == 401 && answer["error"].as_str().unwrap().contains("Bearer"), "{answer}");
    }
    // A key signs nobody in, and a signed-in browser is no program.
    let page =
        browser().get(format!("{}/reports", server.url)).header("Authorization", format!("Bearer {key}"));
    assert_eq!(page.call().unwrap().status(), 303);
    assert_eq!(ada.get("/api/v1/reports").status(), 401);

    let (_, description) = ask("/api/v1/openapi.json", "");
    let described: Vec<&String> = description["paths"].as_object().unwrap().keys().collect();
    assert_eq!(described, ["/api/v1/reports", "/api/v1/reports/{campaign}"]);
    let required = &description["components"]["schemas"]["Report"]["required"];
    for name in required.as_array().unwrap() {
        assert!(one.get(name.as_str().unwrap()).is_some(), "{name} in {one}");
    }
    assert_eq!(ada.post("/accounts/keys/2/revoke", &[]).status(), 303);
    assert_eq!(ask("/api/v1/reports", &key).0, 401);
    assert_eq!(ask("/api/v1/reports", &printed).0, 200, "the other one is still good");
}
