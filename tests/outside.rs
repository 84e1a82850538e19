//! Services outside, each played by a web server of the test's own: the weather, the shop's listmonk, and the e-mail
//! service that reports what came back.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

use handpick::picker::plan::Arm;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use support::mailing::{Shop, customer};
use support::server::{Visitor, body};
use support::web::{Answer, Asked, Web};

fn field_names() -> impl Iterator<Item = &'static str> {
    "on name note days n what from to product slot category factor campaigns fact relation value".split(' ')
}

/// A campaign whose only rule bars the cheap products when it rains, and what the page says that it does.
fn told_of_rain(ada: &Visitor, campaign: &str, typed: &str) -> String {
    let names: Vec<String> = field_names().map(|name| format!("rule_{name}")).collect();
    let mut fields = vec![
        ("slots", "3"),
        ("weather_rain", typed),
        ("rule_kind", "exclude"),
        ("rule_when", "weather.rain > 5 && product.price <= 4"),
    ];
    fields.extend(names.iter().map(|name| (name.as_str(), "")));
    body(ada.post(&format!("{campaign}/impact"), &fields)).replace("&#34;", "\"")
}

fn products_left(told: &str) -> (bool, &str) {
    (told.contains("after 1. Never: weather.rain"), told)
}

#[test]
fn rules_are_told_the_weather_of_the_first_day() {
    let rain = Arc::new(Mutex::new(Some(7.25)));
    let falls = rain.clone();
    let web = Web::start(move |asked: &Asked| {
        let Some(rain) = *falls.lock().unwrap() else { return Answer::Json(500, json!({})) };
        let day = asked.path.split("start_date=").nth(1).unwrap()[..10].to_owned();
        Answer::Json(
            200,
            json!({ "latitude": 48.2, "daily": { "time": [day], "precipitation_sum": [rain],
            "temperature_2m_max": [11.0], "snowfall_sum": [null], "sunshine_duration": [5400.0] } }),
        )
    });
    let shop = Shop::new();
    shop.configure(&format!(
        "per_second = 0\n[weather]\nurl = \"http://127.0.0.1:{}/v1/forecast\"\nlatitude = 48.2\nlongitude = 16.37\n",
        web.port
    ));
    let ada = shop.serve();
    let campaign = ada.new_campaign();
    ada.save(&campaign, "name", &[("name", "Rain"), ("starts_on", "2026-09-21"), ("as_of", "2026-09-21")]);
    let told = told_of_rain(&ada, &campaign, "");
    assert_eq!(products_left(&told), (true, told.as_str()));
    assert!(
        told.contains("Weather of 21 September 2026: warmest 11.0 °C, rain 7.2 mm, sunshine 1.5 hours."),
        "{told}"
    );
    // It is asked once for many looks at the same day, and for what and where the admin said.
    told_of_rain(&ada, &campaign, "");
    let asked = web.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    for part in [
        "/v1/forecast?latitude=48.2&longitude=16.37&daily=temperature_2m_max",
        "end_date=2026-09-21",
        "timezone=UTC",
    ] {
        assert!(asked[0].path.contains(part), "{part} in {asked:?}");
    }
    // Who knows better types it.
    let dry = told_of_rain(&ada, &campaign, "0");
    assert_eq!(products_left(&dry), (false, dry.as_str()));
    assert!(dry.contains("rain 0.0 mm"), "{dry}");
    // A service that is away is said, and what hangs on it does not hold.
    *rain.lock().unwrap() = None;
    ada.save(&campaign, "name", &[("name", "Rain"), ("starts_on", "2026-09-22"), ("as_of", "2026-09-21")]);
    let away = told_of_rain(&ada, &campaign, "");
    assert_eq!(products_left(&away), (false, away.as_str()));
    assert!(away.contains("The weather of 22 September 2026 is not known"), "{away}");
    assert!(away.contains("the server answers 500. Type it below"), "{away}");
    told_of_rain(&ada, &campaign, "");
    assert_eq!(web.asked().len(), 2, "a service that is away is left alone for a while");
}

#[test]
fn without_a_service_the_weather_is_what_is_typed() {
    let shop = Shop::new();
    let ada = shop.serve();
    let campaign = ada.new_campaign();
    let unknown = told_of_rain(&ada, &campaign, "");
    assert!(unknown.contains("ask your admin to set up a weather service"), "{unknown}");
    assert_eq!(products_left(&unknown), (false, unknown.as_str()));
    let wet = told_of_rain(&ada, &campaign, "5,1");
    assert_eq!(products_left(&wet), (true, wet.as_str()));
    let wrong = told_of_rain(&ada, &campaign, "much");
    assert!(wrong.contains("“much” for rain, mm should be a number"), "{wrong}");
}

/// What a listmonk keeps.
#[derive(Debug, Clone, Default, PartialEq)]
struct Shelf {
    lists: BTreeMap<i64, String>,
    /// By address.
    subscribers: BTreeMap<String, Value>,
    /// How often each address was the subject of a call.
    calls: BTreeMap<String, usize>,
}

/// A listmonk that already knows c5, who is blocked, and c6, with things of their own.
fn shelf() -> Shelf {
    let known = |id: i64, status: &str| {
        json!({ "id": id, "email": format!("c{id}@example.com"), "name": "Known", "status": status,
            "attribs": { "city": "Graz", "recs": "old" }, "lists": [{ "id": 1, "name": "Newsletter" }] })
    };
    Shelf {
        lists: BTreeMap::from([(1, "Newsletter".to_owned())]),
        subscribers: [known(5, "blocklisted"), known(6, "enabled")]
            .into_iter()
            .map(|one| (one["email"].as_str().unwrap().to_owned(), one))
            .collect(),
        calls: BTreeMap::new(),
    }
}

/// Answers as listmonk documents it; its weak moments are the first with c4, c7 and c8.
fn listmonk(shelf: &Mutex<Shelf>, asked: &Asked) -> Answer {
    let mut shelf = shelf.lock().unwrap();
    if asked.authorization != "token api:secret" {
        return Answer::Json(403, json!({ "message": "invalid session" }));
    }
    let data = |data: Value| Answer::Json(200, json!({ "data": data }));
    let (path, _) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
    match (asked.method.as_str(), path) {
        ("GET", "/api/lists") => {
            let all: Vec<Value> =
                shelf.lists.iter().map(|(id, name)| json!({ "id": id, "name": name })).collect();
            data(json!({ "results": all, "total": all.len() }))
        }
        ("POST", "/api/lists") => {
            assert_eq!((&asked.json["type"], &asked.json["optin"]), (&json!("private"), &json!("single")));
            let id = shelf.lists.len() as i64 + 1;
            shelf.lists.insert(id, asked.json["name"].as_str().unwrap().to_owned());
            data(json!({ "id": id, "name": asked.json["name"] }))
        }
        ("POST", "/api/subscribers") => {
            let email = asked.json["email"].as_str().unwrap().to_owned();
            let calls = shelf.calls.entry(email.clone()).or_default();
            *calls += 1;
            match (email.as_str(), *calls) {
                ("c4@example.com", 1) => return Answer::Json(500, json!({ "message": "pq: too many" })),
                ("c7@example.com", 1) => return Answer::Nothing,
                ("c9@example.com", _) => return Answer::Json(400, json!({ "message": "Invalid email." })),
                _ => {}
            }
            let is_silent = email == "c8@example.com" && *calls == 1;
            if shelf.subscribers.contains_key(&email) {
                return Answer::Json(409, json!({ "message": "E-mail already exists." }));
            }
            let mut new = asked.json.clone();
            new["id"] = json!(100 + shelf.subscribers.len());
            new["lists"] = new["lists"].as_array().unwrap().iter().map(|id| json!({ "id": id })).collect();
            shelf.subscribers.insert(email, new.clone());
            if is_silent { Answer::Silent } else { data(new) }
        }
        ("GET", "/api/subscribers") => {
            let email = asked.path.split('\'').nth(1).unwrap();
            data(json!({ "results": shelf.subscribers.get(email).into_iter().collect::<Vec<_>>() }))
        }
        ("PUT", path) => {
            let id: i64 = path.rsplit('/').next().unwrap().parse().unwrap();
            let known = shelf.subscribers.values_mut().find(|known| known["id"] == id).unwrap();
            for name in ["email", "name", "status", "attribs"] {
                known[name] = asked.json[name].clone();
            }
            known["lists"] =
                asked.json["lists"].as_array().unwrap().iter().map(|id| json!({ "id": id })).collect();
            data(json!(true))
        }
        other => panic!("listmonk has no {other:?}"),
    }
}

/// A shop whose listmonk is played by the test.
fn with_listmonk() -> (Shop, Web, Arc<Mutex<Shelf>>) {
    let known = Arc::new(Mutex::new(shelf()));
    let own = known.clone();
    let web = Web::start(move |asked: &Asked| listmonk(&own, asked));
    let shop = Shop::new();
    shop.configure(&format!(
        "per_second = 0\n[listmonk]\nurl = \"http://127.0.0.1:{}/\"\nuser = \"api\"\ntoken = \"secret\"\n",
        web.port
    ));
    (shop, web, known)
}

const PAGE: &str = "/campaigns/1/files/listmonk";

fn begin(ada: &Visitor) {
    assert_eq!(ada.post(&format!("{PAGE}/push"), &[]).status(), 303);
}

/// Everybody who is to get the e-mail is there once with their products, and nobody else; what was there stays.
fn assert_given(shop: &Shop, shelf: &Shelf) {
    let name = "Grüße im Mai (Handpick 1)";
    assert_eq!(shelf.lists, BTreeMap::from([(1, "Newsletter".into()), (2, name.into())]));
    let on_list: Vec<&String> = shelf
        .subscribers
        .iter()
        .filter(|(_, one)| one["lists"].as_array().unwrap().contains(&json!({ "id": 2 })))
        .map(|one| one.0)
        .collect();
    let expected: Vec<String> =
        shop.expected().into_iter().filter(|address| address != "c9@example.com").collect();
    assert_eq!(on_list, expected.iter().collect::<Vec<_>>());
    for (address, one) in &shelf.subscribers {
        let recs = &one["attribs"]["recs"];
        if on_list.contains(&address) {
            let recs = recs.as_array().unwrap();
            assert_eq!(recs.len(), 3, "{one}");
            assert!(recs[0]["title"].as_str().unwrap().starts_with("Product <"), "{one}");
        }
    }
    for (id, status) in [(5, "blocklisted"), (6, "enabled")] {
        let one = &shelf.subscribers[&format!("c{id}@example.com")];
        assert_eq!((&one["status"], &one["attribs"]["city"]), (&json!(status), &json!("Graz")));
        assert_eq!(one["lists"][0]["id"], 1, "{one}");
    }
}

#[test]
fn recipients_are_given_to_listmonk_once_whatever_happens_on_the_way() {
    let (shop, _, shelf) = with_listmonk();
    let ada = shop.serve();
    let page = ada.page(PAGE);
    assert!(page.contains("Give the recipients to listmonk"), "{page}");
    begin(&ada);
    let page = ada.wait(PAGE, |page| page.contains(" since "));
    let is_refused = shop.expected().contains(&"c9@example.com".to_owned());
    assert_eq!(page.contains("listmonk did not take 1: listmonk answers 400"), is_refused, "{page}");
    assert_given(&shop, &shelf.lock().unwrap());
    // Once more: everybody is known by now.
    begin(&ada);
    ada.wait(PAGE, |page| page.contains(" since "));
    let is_over = |page: &str| !page.contains("Give recipients to listmonk</a></td><td>running");
    ada.wait("/jobs", is_over);
    assert_given(&shop, &shelf.lock().unwrap());
    drop(ada);
    // The command line does the same.
    let pushed = shop.command(&["campaign", "push", "1", "--json"]).output().unwrap();
    let told: Value = serde_json::from_slice(&pushed.stdout).unwrap();
    assert_eq!(
        told["given"].as_u64().unwrap() + told["refused"].as_u64().unwrap(),
        shop.expected().len() as u64
    );
    assert_eq!(pushed.status.code(), Some(if is_refused { 3 } else { 0 }), "{told}");
    assert_given(&shop, &shelf.lock().unwrap());
    let held_back: Vec<String> = (shop.arms().into_iter())
        .filter(|(_, arm)| *arm == Arm::Holdout)
        .filter_map(|(id, _)| customer(id[1..].parse().unwrap()).email)
        .collect();
    let shelf = shelf.lock().unwrap();
    let nobody =
        |address: &String| address.ends_with("c5@example.com") || address.ends_with("c6@example.com");
    assert!(held_back.iter().all(|address| !shelf.subscribers.contains_key(address) || nobody(address)));
}

#[test]
fn a_killed_push_goes_on_and_doubles_nobody() {
    for event in [1, 2, 3, 5, 9, 14] {
        let (shop, web, shelf) = with_listmonk();
        let mut ada = shop.serve();
        let password = ada.password.clone();
        web.kills(event, ada.number());
        begin(&ada);
        let begun = std::time::Instant::now();
        while !ada.is_gone() {
            assert!(begun.elapsed().as_secs() < 60, "nothing is asked the {event}th time");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        drop(ada);
        let ada = shop.serve_again(&password);
        ada.wait(PAGE, |page| page.contains(" since "));
        assert_given(&shop, &shelf.lock().unwrap());
    }
}

#[test]
fn a_listmonk_that_does_not_let_handpick_in_is_said() {
    let (shop, web, _) = with_listmonk();
    shop.configure(&format!(
        "per_second = 0\n[listmonk]\nurl = \"http://127.0.0.1:{}/\"\nuser = \"api\"\ntoken = \"wrong\"\n",
        web.port
    ));
    let ada = shop.serve();
    begin(&ada);
    // Other jobs may have come before it.
    let job = (1..).map(|job| format!("/jobs/{job}")).find(|job| ada.page(job).contains("listmonk")).unwrap();
    let page = ada.wait(&job, |page| page.contains("does not let Handpick in"));
    assert!(page.contains("answers 403"), "{page}");
    assert_eq!(web.asked().len(), 1, "it is not tried again and again");
    drop(ada);
    shop.configure("");
    let ada = shop.serve_again_as_new();
    assert!(ada.page(PAGE).contains("Your admin can connect your listmonk"));
    assert_eq!(ada.post(&format!("{PAGE}/push"), &[]).status(), 409);
}

const KEY: &str = "0123456789abcdefghij";

/// What the address answers to a call with a key.
fn call(ada: &Visitor, key: &str, call: &Value) -> (u16, String) {
    let request = ada.agent.post(format!("{}/api/v1/bounces", ada.url));
    let request = match key {
        "" => request,
        key => request.header("Authorization", format!("Bearer {key}")),
    };
    let answer = request.content_type("application/json").send(call.to_string()).unwrap();
    (answer.status().as_u16(), body(answer))
}

#[test]
fn an_e_mail_service_reports_what_came_back() {
    let shop = Shop::new();
    shop.configure(&format!("per_second = 0\nwebhook_key = \"{KEY}\"\n"));
    shop.sent(&[]);
    let taken = shop.server.taken();
    let id = |at: usize| taken[at].header("Message-ID").unwrap();
    let ada = shop.serve();
    let bounce = json!({ "email": taken[0].to, "type": "hard", "reason": "550 nobody of that name" });
    for key in ["", "wrong wrong wrong wrong"] {
        assert_eq!(call(&ada, key, &bounce).0, 401);
    }
    assert!(!ada.page("/campaigns/1").contains("it came back"), "nothing was noted");
    let mailgun = json!({ "event-data": { "event": "failed", "severity": "temporary", "recipient": taken[1].to,
        "delivery-status": { "message": "full" }, "message": { "headers": { "message-id": id(1) } } } });
    let ses = json!({ "notificationType": "Complaint", "complaint": { "complainedRecipients":
        [{ "emailAddress": taken[2].to }] }, "mail": { "headers": [{ "name": "Message-ID", "value": id(2) }] } });
    let ses = json!({ "Type": "Notification", "Message": ses.to_string() });
    let stranger = json!({ "email": "nobody@example.com", "type": "hard" });
    let delivered = json!({ "RecordType": "Delivery", "Recipient": taken[3].to });
    for (what, heard) in [
        (&bounce, r#"{"hard":1,"soft":0,"unsubscribed":0,"unknown":0}"#),
        (&bounce, r#"{"hard":1,"soft":0,"unsubscribed":0,"unknown":0}"#),
        (&mailgun, r#"{"hard":0,"soft":1,"unsubscribed":0,"unknown":0}"#),
        (&ses, r#"{"hard":0,"soft":0,"unsubscribed":1,"unknown":0}"#),
        (&stranger, r#"{"hard":0,"soft":0,"unsubscribed":0,"unknown":1}"#),
        (&delivered, r#"{"hard":0,"soft":0,"unsubscribed":0,"unknown":0}"#),
    ] {
        assert_eq!(call(&ada, KEY, what), (200, heard.to_owned()), "{what}");
    }
    let answer = ada.agent.post(format!("{}/api/v1/bounces", ada.url));
    let answer = answer.header("Authorization", format!("Bearer {KEY}")).send("no json").unwrap();
    assert_eq!(answer.status(), 422);
    let page = ada.page("/campaigns/1");
    let said = |number: &str, what: &str| page.contains(&format!("<strong>{number}</strong> {what}"));
    assert!(said("2", "did not get it: it came back") && said("1", "unsubscribed"), "{page}");
    // Nobody is listened to where no key is set.
    drop(ada);
    shop.configure("");
    let ada = shop.serve_again_as_new();
    assert_eq!(call(&ada, KEY, &bounce).0, 404);
}
