//! The models page and a campaign's model step over HTTP: what was measured, why this one, what there is to choose.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

use chrono::{DateTime, Utc};
use handpick::ids::ShopId;
use handpick::recommender::Params;
use handpick::store::Store;
use handpick::store::models::{self, NewModel};
use support::shop::{Served, Shop};
use ureq::Agent;

struct Visitor<'a> {
    served: &'a Served,
    agent: Agent,
}

impl Visitor<'_> {
    fn page(&self, path: &str) -> String {
        let mut response = self.agent.get(format!("{}{path}", self.served.url)).call().unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.body_mut().read_to_string().unwrap()
    }

    /// The answer's status and where it leads.
    fn post(&self, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let csrf = field(&self.page("/account"), "csrf");
        let all = fields.iter().copied().chain([("csrf", csrf.as_str())]);
        let response = self.agent.post(format!("{}{path}", self.served.url)).send_form(all).unwrap();
        let location = response.headers().get("location").map_or("", |value| value.to_str().unwrap());
        (response.status().as_u16(), location.to_owned())
    }
}

fn sign_in<'a>(served: &'a Served, password: &str) -> Visitor<'a> {
    let agent: Agent = Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
    let fields = [("email", "owner@example.com"), ("password", password)];
    assert_eq!(agent.post(format!("{}/sign-in", served.url)).send_form(fields).unwrap().status(), 303);
    Visitor { served, agent }
}

fn field(page: &str, name: &str) -> String {
    let after = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap();
    after.split('"').next().unwrap().to_owned()
}

/// What a person reads: the page without its tags.
fn words(page: &str) -> String {
    let main = page.split("<main").nth(1).unwrap();
    let text: String =
        main.split('<').map(|part| part.split_once('>').map_or("", |(_, text)| text)).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A model as an earlier version noted it; there is no file of it, for a page needs none.
fn add_earlier(shop: &Shop, kind: &str, metrics: &str, verdict: &str) {
    let store = Store::open(&shop.path().join("data/handpick.db")).unwrap();
    let at: DateTime<Utc> = "2026-09-01T08:00:00Z".parse().unwrap();
    let new = NewModel {
        shop: ShopId(1),
        job: None,
        kind,
        file: "none.safetensors",
        checksum: "",
        history_version: 1,
        cut_at: at,
        params: "{}",
        metrics,
        verdict,
        beats_popular: true,
        trained_at: at,
        train_ms: 1000,
    };
    store.write(|conn| models::add(conn, &new)).unwrap();
}

#[test]
fn a_marketer_reads_why_a_model_was_chosen_and_what_else_there_is() {
    let shop = Shop::make("", "40000");
    let password = shop.add_owner();
    shop.must(&["sync"]);
    add_earlier(&shop, "als", "", "The oldest of all.");
    let earlier = r#"{"auto": true, "k": 20, "test_customers": 90, "model": {"hit_rate": 0.3}}"#;
    add_earlier(&shop, "item_knn", earlier, "From a version that noted less.");
    let told: serde_json::Value = serde_json::from_str(&shop.must(&["train", "--json"])).unwrap();
    let served = shop.serve();
    let owner = sign_in(&served, &password);

    let page = owner.page("/models");
    let text = words(&page);
    for part in
        ["Why this one", "Chosen", "Best-sellers", "Found something", "The thin lines", "What was tried"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    let tried = told["metrics"]["tried"].as_array().unwrap();
    assert!(tried.len() > 2, "{told}");
    assert_eq!(page.matches("<svg viewBox").count(), tried.len(), "a bar for each");
    assert!(!page.contains("style="), "the policy of content would take it away");
    let jargon = Params::KINDS.iter().copied().filter(|kind| kind.contains('_'));
    for term in jargon.chain(["NDCG", "ease", "als ", "recall"]) {
        assert!(!text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == term), "{term}");
    }
    assert!(
        text.contains("The oldest of all.") && text.contains("From a version that noted less."),
        "{text}"
    );

    let (status, step) = owner.post("/campaigns", &[]);
    assert_eq!(status, 303);
    let page = owner.page(&step.replace("/name", "/model"));
    let text = words(&page);
    assert!(text.contains("Recommended") && text.contains("Last time it took “"), "{text}");
    assert!(text.contains("something new among their 20 picks. In brackets"), "{text}");
    let offered = Params::KINDS.len() + 1;
    assert_eq!(page.matches("type=\"radio\"").count(), offered, "all, and auto");
    assert_eq!(page.matches("way-found").count(), tried.len(), "{text}");
}

#[test]
fn a_training_is_of_a_way_that_is_offered() {
    let shop = Shop::make("", "5000");
    let password = shop.add_owner();
    let served = shop.serve();
    let owner = sign_in(&served, &password);
    let page = owner.page("/models");
    assert!(words(&page).contains("No model yet") && !page.contains("way-found"), "{page}");
    assert!(!words(&page).contains("The figures are measured"));
    for wrong in ["contents", "magic", ""] {
        assert_eq!(owner.post("/models/train", &[("model", wrong)]).0, 422, "{wrong}");
    }
    assert_eq!(owner.post("/models/train", &[("model", "popular")]), (303, "/models".into()));
}
