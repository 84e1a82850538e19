//! The explorer over HTTP and as a library: what is shown is what a campaign would pick, and its reasons add up.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

use chrono::{DateTime, TimeDelta, Utc};
use handpick::history::{EventRange, History};
use handpick::ids::ShopId;
use handpick::picker::around::Company;
use handpick::picker::behaviour::{self, Detail, Weighing};
use handpick::picker::groups::{Number, groups};
use handpick::picker::ledger::{Ledger, Standing};
use handpick::picker::model_file::{self, LiveModel};
use handpick::picker::pick::{Known, Picker};
use handpick::picker::picks_file;
use handpick::picker::plan::{Arm, Plan};
use handpick::picker::rules::{self, Setting};
use handpick::picker::sitting::{Sitting, Terms};
use handpick::picker::visits::Rivals;
use handpick::progress::Silent;
use handpick::recommender::Params;
use handpick::records::{Customer, EventKind};
use handpick::store::models::{self, StoredModel};
use handpick::store::{Store, campaigns};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use support::browser::{Browser, keys};
use support::server;
use support::shop::{Served, Shop};

const SHOP: ShopId = ShopId(1);

/// Somebody signed in, whose pages keep to the policy of content.
struct Visitor(server::Visitor);

impl Visitor {
    fn sign_in(served: &Served, email: &str, password: &str) -> Self {
        Self(server::Visitor::sign_in(&served.url, email, password))
    }

    fn get(&self, path: &str) -> (u16, String) {
        let response = self.0.get(path);
        (response.status().as_u16(), server::body(response))
    }

    fn page(&self, path: &str) -> String {
        let (status, page) = self.get(path);
        assert_eq!(status, 200, "{path}: {}", words(&page));
        assert!(!page.contains("style=") && !page.contains("<script>"), "the policy of content: {path}");
        page
    }

    /// The answer's status, and the page when there is one.
    fn post(&self, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let response = self.0.post(path, fields);
        (response.status().as_u16(), server::body(response))
    }
}

/// What a person reads: the page without its tags.
fn words(page: &str) -> String {
    let main = page.split("<main").nth(1).unwrap_or(page);
    let text: String =
        main.split('<').map(|part| part.split_once('>').map_or("", |(_, text)| text)).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn add_analyst(shop: &Shop) -> String {
    let words = ["account", "add", "--email", "ana@example.com", "--name", "Ana", "--role", "analyst"];
    shop.must(&words).trim().to_owned()
}

fn stored(shop: &Shop) -> Vec<StoredModel> {
    let store = Store::open(&shop.path().join("data/handpick.db")).unwrap();
    store.read(|conn| models::latest(conn, SHOP, 50)).unwrap()
}

fn open(shop: &Shop, model: &StoredModel) -> LiveModel {
    let file = shop.path().join("data/shops/1/models").join(&model.file);
    model_file::load(&file, Some(&model.checksum)).unwrap()
}

fn standing(shop: &Shop, as_of: DateTime<Utc>) -> Standing {
    let snapshot = History::open(&shop.path().join("data/shops/1/history")).unwrap().snapshot().unwrap();
    Standing::at(Arc::new(Ledger::open(&snapshot).unwrap()), as_of)
}

/// Customers who bought something before the moment, and all that the shop knows of them.
fn buyers(standing: &Standing, at_most: usize) -> Vec<Customer> {
    let people = &standing.ledger.people;
    let bought = |id: &&str| {
        let number = standing.activity.customers.number(id);
        standing.activity.facts(number).orders > 1
    };
    people.ids().filter(bought).take(at_most).map(|id| people.get(id).unwrap()).collect()
}

#[test]
fn what_is_shown_is_what_a_campaign_picks() {
    let shop = Shop::make("", "40000");
    shop.must(&["sync"]);
    shop.campaign();
    let store = Store::open(&shop.path().join("data/handpick.db")).unwrap();
    let campaign = store.read(|conn| campaigns::all(conn, SHOP)).unwrap().remove(0);
    let plan: Plan = campaign.plan().unwrap();
    let folder = shop.path().join("data/shops/1/campaigns/1").join(campaign.generation.unwrap());
    let model = store.read(|conn| models::by_id(conn, SHOP, campaign.model.unwrap())).unwrap().unwrap();
    let (live, standing) = (open(&shop, &model), standing(&shop, plan.as_of.unwrap()));
    let terms = Terms { standing: &standing, live: &live, plan: &plan, product_list: None };
    let arms = picks_file::arms(&folder).unwrap();
    let mailed: Vec<Customer> = arms
        .iter()
        .filter(|(_, arm)| *arm == Arm::Picks)
        .take(150)
        .map(|(id, _)| standing.ledger.people.get(id).unwrap())
        .collect();
    assert_eq!(mailed.len(), 150);
    let together = Sitting::of(terms, &mailed).unwrap();
    for (customer, picked) in mailed.iter().zip(together.picks()) {
        let alone = Sitting::of(terms, std::slice::from_ref(customer)).unwrap();
        assert_eq!(alone.picks()[0], picked, "{}", customer.id);
        let shown: Vec<(&str, f32)> = (picked.slots.iter().flatten())
            .map(|placed| {
                let number = together.candidates()[placed.place];
                (standing.ledger.catalogue.product(number).id.as_str(), placed.score)
            })
            .collect();
        let sent = picks_file::picks_of(&folder, &customer.id).unwrap();
        let sent: Vec<(&str, f32)> = sent.iter().map(|pick| (pick.product.as_str(), pick.score)).collect();
        assert_eq!(shown, sent, "{}", customer.id);
    }
}

#[test]
fn contributions_add_up_to_the_score_of_every_kind_of_model() {
    let shop = Shop::make("", "40000");
    shop.must(&["sync"]);
    for kind in Params::KINDS {
        shop.must(&["train", "--model", kind]);
    }
    let models = stored(&shop);
    let last = "2026-10-01T00:00:00Z".parse().unwrap();
    let standing = standing(&shop, last);
    let snapshot = History::open(&shop.path().join("data/shops/1/history")).unwrap().snapshot().unwrap();
    let catalogue = &standing.ledger.catalogue;
    let customers = buyers(&standing, 12);
    let plan = Plan { rules: Vec::new(), ..Plan::default() };
    for kind in Params::KINDS {
        let live = open(&shop, models.iter().find(|model| model.kind == **kind).unwrap());
        // The scores as a campaign computes them: of everything at once, from everybody's history.
        let detail = Detail { events: live.model.needs_past(), ..Detail::default() };
        let (range, cut_at) = (EventRange::before(last), live.header.cut_at);
        let all = behaviour::read(&snapshot, range, cut_at, &Weighing::default(), detail, &Silent).unwrap();
        let setting = Setting::of(&plan, catalogue, None, last);
        let rules = rules::compile(&[], catalogue.choose(&plan.products, None, last), setting).unwrap();
        let known = Known {
            catalogue,
            activity: &standing.activity,
            behaviour: &all,
            live: &live,
            rules: &rules,
            customers: None,
            lately: None,
        };
        let whole = Picker::new(known, 4);
        let mut explained = 0;
        for customer in &customers {
            let Some(scores) = whole.worker().scores_of_all(&customer.id) else { continue };
            let terms = Terms { standing: &standing, live: &live, plan: &plan, product_list: None };
            let sitting = Sitting::of(terms, std::slice::from_ref(customer)).unwrap();
            let picker = sitting.picker();
            let mut worker = picker.worker();
            for placed in sitting.picks()[0].slots.iter().flatten() {
                let number = sitting.candidates()[placed.place];
                let product = &catalogue.product(number).id;
                let why = sitting.explained(&mut worker, product).unwrap();
                let score = scores[number as usize];
                assert!((why.score - score).abs() <= 1e-4 * score.abs(), "{kind}: {} {score}", why.score);
                if score <= 0.0 {
                    continue;
                }
                let sum: f32 = why.parts.iter().map(|part| part.1).sum();
                assert!(why.adds_up(), "{kind}: {sum} of {score}");
                assert!((sum - score).abs() <= 2e-3 * score.max(1e-3), "{kind}: {sum} of {score}");
                assert!(why.parts.is_sorted_by(|a, b| a.1 >= b.1), "{kind}");
                explained += 1;
            }
        }
        // Best-sellers are the same for everybody: nothing speaks for them.
        assert_eq!(explained > 20, *kind != "popular", "{kind}: {explained}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one visit from the door to every wrong address")]
fn a_customer_is_looked_at_from_the_search_to_the_reasons() {
    let shop = Shop::make("", "40000");
    let (password, analysts) = (shop.add_owner(), add_analyst(&shop));
    shop.must(&["sync"]);
    let served = shop.serve();
    let owner = Visitor::sign_in(&served, "owner@example.com", &password);
    let (status, page) = owner.get("/explorer/customer?customer=x");
    assert_eq!(status, 404);
    assert!(words(&page).contains("There is no model yet"), "{}", words(&page));
    drop(served);
    shop.must(&["train", "--model", "item_knn"]);
    let last = "2026-10-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap();
    let standing = standing(&shop, last);
    let customer = buyers(&standing, 1).remove(0);
    let served = shop.serve();
    let owner = Visitor::sign_in(&served, "owner@example.com", &password);
    let analyst = Visitor::sign_in(&served, "ana@example.com", &analysts);
    let (id, name) = (&customer.id, customer.last_name.as_ref().unwrap());
    let address = customer.email.as_ref().unwrap();

    let text = words(&owner.page("/explorer"));
    for why in ["Buys most often", "A typical buyer", "Only looked around", " orders, "] {
        assert!(text.contains(why), "{why} in {text}");
    }
    let found = format!("/explorer?search={}", handpick::web::encode(address));
    assert!(owner.page(&found).contains(&format!("customer={id}\"")));
    assert!(owner.page("/explorer?search=nobody-of-that-name").contains("No customer is found"));
    // An analyst sees ids alone, and cannot find out whose an address is.
    assert!(words(&analyst.page(&found)).contains("No customer is found"));
    let path = format!("/explorer/customer?customer={id}&rules=none");
    assert!(words(&owner.page(&path)).contains(address.as_str()));
    let hidden =
        [analyst.page("/explorer"), analyst.page(&path), analyst.page(&format!("/explorer?search={id}"))];
    assert!(hidden.iter().all(|page| !page.contains("@example") && !words(page).contains(name.as_str())));
    assert!(hidden[2].contains(&format!("customer={id}\"")));

    let page = owner.page(&path);
    let text = words(&page);
    for part in ["What they would be shown", "Because you bought “", "Together, which is the score", "EUR"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(page.matches("<article class=\"product-card\"").count(), 4);
    assert_eq!(owner.page(&format!("{path}&slots=7")).matches("<article class=\"product-card\"").count(), 7);
    assert!(page.contains("<svg") && text.contains(" buyers"), "{text}");

    for told in recounted(&shop, last, id) {
        assert!(text.contains(&told), "{told} in {text}");
    }

    // On an earlier day less is known, and the model knows too much.
    let day = (last - TimeDelta::days(200)).format("%Y-%m-%d").to_string();
    let earlier = words(&owner.page(&format!("{path}&on={day}")));
    assert!(earlier.contains("it knows what these customers bought next"), "{earlier}");
    assert!(!earlier.contains("30 Sep 2026") && earlier.contains(&format!("as on the evening of {day}")));

    // Any product that somebody types.
    let best = standing.ledger.catalogue.product(0);
    let asked = words(&owner.page(&format!("{path}&product={}", best.id)));
    assert!(asked.contains("It is number") || asked.contains("It is picked"), "{asked}");
    let typed = handpick::web::encode(best.title.split(' ').next().unwrap());
    assert!(words(&owner.page(&format!("{path}&product={typed}"))).contains("Which one do you mean?"));
    assert!(words(&owner.page(&format!("{path}&product=zzz"))).contains("no product with the id “zzz”"));

    for (wrong, status, said) in [
        ("customer=nobody", 404, "no customer with the id “nobody”"),
        (&format!("customer={id}&model=99"), 404, "There is no model “99”"),
        (&format!("customer={id}&model=abc"), 404, "There is no model “abc”"),
        (&format!("customer={id}&on=yesterday"), 422, "“yesterday” is not a day"),
        (&format!("customer={id}&on=2999-01-01"), 422, "has not come yet"),
        (&format!("customer={id}&on=1999-01-01"), 422, "the history begins on"),
        (&format!("customer={id}&slots=99"), 422, "Choose 1 to 20"),
        (&format!("customer={id}&rules=7"), 404, "no campaign “7”"),
    ] {
        let (found, page) = analyst.get(&format!("/explorer/customer?{wrong}"));
        assert_eq!(found, status, "{wrong}");
        assert!(words(&page).contains(said), "{wrong}: {}", words(&page));
    }
    let nobody = server::browser().get(format!("{}/explorer", served.url)).call().unwrap();
    assert_eq!(nobody.status(), 303, "to the sign-in");
}

/// What the page must say of a buyer, counted event by event: orders and money; and where they stand among all buyers.
fn recounted(shop: &Shop, until: DateTime<Utc>, customer: &str) -> [String; 4] {
    #[derive(Default)]
    struct Buyer {
        orders: BTreeSet<String>,
        spent: i64,
        last_us: i64,
    }
    let snapshot = History::open(&shop.path().join("data/shops/1/history")).unwrap().snapshot().unwrap();
    let mut buyers: BTreeMap<String, Buyer> = BTreeMap::new();
    for events in snapshot.events(EventRange::before(until)).unwrap() {
        for event in events.unwrap().iter() {
            let Some(id) = event.customer else { continue };
            let sign = match event.kind {
                EventKind::Purchase => 1,
                EventKind::Refund => -1,
                _ => continue,
            };
            let buyer = buyers.entry(id.to_owned()).or_default();
            buyer.spent += sign * event.value.unwrap().ten_thousandths();
            if sign > 0 {
                buyer.orders.insert(event.order.unwrap().to_owned());
                buyer.last_us = buyer.last_us.max(event.at_us);
            }
        }
    }
    buyers.retain(|_, buyer| !buyer.orders.is_empty());
    let own = &buyers[customer];
    let spaced = |number: i64| handpick::web::whole(number).replace('\u{202f}', " ");
    let below = |is_below: &dyn Fn(&Buyer) -> bool| {
        100 * buyers.values().filter(|buyer| is_below(buyer)).count() / buyers.len()
    };
    let more_recently = 100 - below(&|buyer| buyer.last_us > own.last_us);
    let cents = (own.spent + 50) / 100;
    [
        format!(
            "Orders{}Spent, less what was sent back{}.{:02} EUR",
            own.orders.len(),
            spaced(cents / 100),
            cents % 100
        ),
        format!("Bought more recently than {more_recently} %"),
        format!("More orders than {} %", below(&|buyer| buyer.orders.len() < own.orders.len())),
        format!("Spent more than {} %", below(&|buyer| buyer.spent < own.spent)),
    ]
}

/// A shop with models of these kinds, the first the oldest, and the two accounts' passwords.
fn shop_with_models(kinds: &[&str]) -> (Shop, String, String) {
    let shop = Shop::make("", "40000");
    let (owner, analyst) = (shop.add_owner(), add_analyst(&shop));
    shop.must(&["sync"]);
    for kind in kinds {
        shop.must(&["train", "--model", kind]);
    }
    (shop, owner, analyst)
}

fn shop_with_two_models() -> (Shop, String, String) {
    shop_with_models(&["item_knn", "auto"])
}

#[test]
fn a_product_and_an_imagined_customer_are_looked_at() {
    let (shop, password, _) = shop_with_two_models();
    let standing = standing(&shop, "2026-10-01T00:00:00Z".parse().unwrap());
    let catalogue = &standing.ledger.catalogue;
    let sales = &standing.activity.sales;
    let best = (0..catalogue.len()).max_by(|&a, &b| sales[a].total_cmp(&sales[b])).unwrap();
    let product = catalogue.product(best as u32);
    let served = shop.serve();
    let owner = Visitor::sign_in(&served, "owner@example.com", &password);

    assert!(words(&owner.page("/explorer/product")).contains("What sells best now"));
    let page = owner.page(&format!("/explorer/product?product={}&model=1&rules=none", product.id));
    let text = words(&page);
    for part in ["Near it", "the nearest counts 100", "Bought together", "Its history", "Who would want it"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(text.contains("No. 1") && text.contains("among 200 best-sellers"), "{text}");
    // An independent count of the orders that hold it.
    let orders: BTreeSet<(Option<&str>, u32)> = (standing.ledger.pasts.rows())
        .flat_map(|(customer, row)| row.iter().map(move |done| (customer, done)))
        .filter(|(_, done)| done.kind() == EventKind::Purchase)
        .filter(|(_, done)| standing.ledger.pasts.product(done) == Some(best as u32))
        .map(|(customer, done)| (customer, standing.ledger.pasts.line(done).order))
        .collect();
    let told = format!("Of the {} orders that hold it", handpick::web::whole(orders.len() as i64));
    assert!(text.contains(&told), "{told} in {text}");
    let (status, page) = owner.get("/explorer/product?product=zzz");
    assert_eq!(status, 404);
    assert!(words(&page).contains("The shop has no product “zzz”"));

    // Nobody is known: what sells best. Then one purchase, and the model speaks.
    let cold = owner.page("/explorer/basket?model=1");
    assert!(words(&cold).contains("Nothing is known of somebody who has just come"), "{}", words(&cold));
    assert!(!cold.contains(">personal<") && cold.contains(">best-seller<"));
    let warm = owner.page(&format!("/explorer/basket?model=1&add={}", product.id));
    assert!(warm.contains(">personal<") && warm.contains(">new<"), "{}", words(&warm));
    assert!(words(&warm).contains(&format!("Because you bought “{}”", product.title)));
    assert!(words(&warm).contains("Together, which is the score"));
    // The bought product itself is not shown again.
    let shown = warm.split("id=\"picks\"").nth(1).unwrap();
    assert!(!shown.contains(&format!("product={}\"", product.id)), "{shown}");
    let customer = buyers(&standing, 1).remove(0);
    let real = owner.page(&format!("/explorer/basket?customer={}", customer.id));
    assert!(real.contains("Take out"), "{}", words(&real));
    for (wrong, status) in [("basket=zzz", 422), ("customer=zzz", 404), ("add=zzzz", 404), ("model=9", 404)] {
        assert_eq!(owner.get(&format!("/explorer/basket?{wrong}")).0, status, "{wrong}");
    }
}

/// Visits to a product, and for each other product the visits to both and the orders that hold both.
fn compared(shop: &Shop, until: DateTime<Utc>, product: &str) -> (usize, BTreeMap<String, (usize, usize)>) {
    let snapshot = History::open(&shop.path().join("data/shops/1/history")).unwrap().snapshot().unwrap();
    let mut looks: BTreeMap<String, Vec<(i64, String)>> = BTreeMap::new();
    let mut orders: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for events in snapshot.events(EventRange::before(until)).unwrap() {
        for event in events.unwrap().iter() {
            let Some(id) = event.product else { continue };
            match (event.kind, event.customer) {
                (EventKind::View, Some(customer)) => {
                    looks.entry(customer.to_owned()).or_default().push((event.at_us, id.to_owned()));
                }
                (EventKind::Purchase, _) => {
                    orders.entry(event.order.unwrap().to_owned()).or_default().insert(id.to_owned());
                }
                _ => {}
            }
        }
    }
    let (mut visits, mut both) = (0, BTreeMap::<String, (usize, usize)>::new());
    for looks in looks.values_mut() {
        looks.sort();
        let mut visit: BTreeSet<String> = BTreeSet::new();
        for at in 0..looks.len() {
            visit.insert(looks[at].1.clone());
            let is_over = looks.get(at + 1).is_none_or(|next| next.0 - looks[at].0 > 30 * 60 * 1_000_000);
            if is_over && visit.contains(product) {
                visits += 1;
                visit.iter().for_each(|other| both.entry(other.clone()).or_default().0 += 1);
            }
            if is_over {
                visit.clear();
            }
        }
    }
    for order in orders.values().filter(|order| order.contains(product)) {
        order.iter().for_each(|other| both.entry(other.clone()).or_default().1 += 1);
    }
    both.remove(product);
    (visits, both)
}

#[test]
fn what_is_looked_at_instead_and_who_would_want_it_is_counted() {
    let (shop, password, _) = shop_with_models(&["item_knn"]);
    let last = "2026-10-01T00:00:00Z".parse().unwrap();
    let standing = standing(&shop, last);
    let (catalogue, activity) = (&standing.ledger.catalogue, &standing.activity);
    let rivals = |number: u32| Rivals::of(&standing, number, &Company::of(&standing, number));
    let with_rivals = (0..catalogue.len() as u32).filter(|&number| !rivals(number).rivals.is_empty());
    let number = with_rivals.max_by_key(|&number| rivals(number).visits).expect("people compare");
    let product = catalogue.product(number);
    let (visits, both) = compared(&shop, last, &product.id);
    let found = rivals(number);
    assert_eq!(found.visits as usize, visits);
    for rival in &found.rivals {
        let counted = both[&catalogue.product(rival.product).id];
        assert_eq!((rival.visits as usize, rival.orders as usize), counted, "{}", product.id);
    }
    let served = shop.serve();
    let owner = Visitor::sign_in(&served, "owner@example.com", &password);
    let page = words(&owner.page(&format!("/explorer/product?product={}&rules=none", product.id)));
    let whole = |count: usize| handpick::web::whole(count as i64).replace('\u{202f}', " ");
    let first = &found.rivals[0];
    let told = format!(
        "{}{} of {}",
        catalogue.product(first.product).title,
        whole(first.visits as usize),
        whole(visits)
    );
    assert!(page.contains("Looked at instead") && page.contains(&told), "{told} in {page}");

    // Who bought it lately, and who ever did, group by group.
    let bought = |customer: u32, since_us: i64| activity.bought(Some(customer)).has_since(number, since_us);
    let since_us = (standing.ledger.pasts.last().unwrap() - TimeDelta::days(90)).timestamp_micros();
    let lately = (0..activity.customers.len() as u32).filter(|&one| bought(one, since_us)).count();
    assert!(page.contains(&format!("{} customers bought it in the last 90 days", whole(lately))), "{page}");
    let groups =
        groups(activity, catalogue, standing.ledger.pasts.last().unwrap(), Number::Best, &Silent).unwrap();
    for group in &groups {
        let ever = group.customers.iter().filter(|&&one| bought(one, i64::MIN)).count();
        let share = handpick::web::percent(ever as f64 / group.customers.len() as f64).replace('\u{a0}', " ");
        let line = format!("{}{}{share}", group.in_words(), whole(group.customers.len()));
        assert!(page.contains(&line), "{line} in {page}");
    }
    // And the page of one of them says so too.
    let member = activity.customers.id(groups[0].customers[0]);
    let page = words(&owner.page(&format!("/explorer/customer?customer={member}")));
    let told = format!(
        "They are like these: {} ({} customers",
        groups[0].in_words(),
        whole(groups[0].customers.len())
    );
    assert!(page.contains(&told), "{told} in {page}");
}

#[test]
fn a_customer_sees_the_shop_in_its_own_colour_with_live_picks() {
    let (shop, password, analysts) = shop_with_models(&["item_knn"]);
    let customer = buyers(&standing(&shop, "2026-10-01T00:00:00Z".parse().unwrap()), 1).remove(0);
    let (id, first_name) = (&customer.id, customer.first_name.as_ref().unwrap());
    let served = shop.serve();
    let owner = Visitor::sign_in(&served, "owner@example.com", &password);
    let analyst = Visitor::sign_in(&served, "ana@example.com", &analysts);
    assert!(words(&owner.page("/explorer/preview")).contains("Set the shop's colour and logo"));
    let look = [
        ("colour", "#7a1fa2"),
        ("logo_url", "https://shop.example/logo.png"),
        ("sender_name", "Corner <Shop>"),
        ("footer", "Corner Shop, 1 High Street"),
    ];
    assert_eq!(owner.post("/shop/email", &look).0, 303);
    let around = owner.page(&format!("/explorer/preview?customer={id}&show=mail&width=phone"));
    assert!(
        around.contains("device-phone") && around.contains(&format!("/explorer/preview/mail?customer={id}"))
    );
    assert!(!words(&around).contains("Set the shop's colour"));

    let mail = owner.get(&format!("/explorer/preview/mail?customer={id}&model=1")).1;
    let shown = owner.page(&format!("/explorer/customer?customer={id}&model=1"));
    assert!(mail.contains("#7a1fa2") && mail.contains("https://shop.example/logo.png"), "{mail}");
    assert!(mail.contains("Corner &#60;Shop&#62;") && mail.contains("1 High Street"), "{mail}");
    assert!(mail.contains(&format!("Picked for you, {first_name}")), "{mail}");
    let in_mail: Vec<String> =
        mail.split("<h2>").skip(1).map(|part| part.split('<').next().unwrap().to_owned()).collect();
    assert_eq!(in_mail.len(), 4);
    assert_eq!(shown.matches("<article class=\"product-card\"").count(), 4);
    assert!(in_mail.iter().all(|title| shown.contains(title.as_str())), "{in_mail:?}");
    let hidden = analyst.get(&format!("/explorer/preview/mail?customer={id}&model=1")).1;
    assert!(hidden.contains("Picked for you<") && !hidden.contains(first_name.as_str()), "{hidden}");

    // The document is a shop's: styles of its own, in a frame of ours alone, and it runs nothing.
    let answer = owner.0.get(&format!("/explorer/preview/page?customer={id}&model=1"));
    let policy = server::header(&answer, "content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'self'"), "{policy}");
    assert!(!policy.contains("script-src") && !policy.contains("allow-scripts"), "{policy}");
    let page = server::body(answer);
    assert!(
        page.contains("Goes with it") && page.contains("Picked for you") && page.contains("Because you"),
        "{page}"
    );
    // Somebody who has just come sees the product, and what sells.
    let new = owner.get("/explorer/preview/page?model=1").1;
    assert!(new.contains("Others like these") && new.contains("Goes with it"), "{new}");
    for (path, status) in [
        ("preview?customer=nobody", 404),
        ("preview?product=zzz", 404),
        ("preview/page?product=zzz", 404),
        ("preview/mail?customer=nobody", 404),
        ("preview/mail?slots=99", 422),
    ] {
        assert_eq!(owner.get(&format!("/explorer/{path}")).0, status, "{path}");
    }
    assert_eq!(
        server::browser().get(format!("{}/explorer/preview/page", served.url)).call().unwrap().status(),
        303
    );
}

/// Every view of the explorer, about one customer where it is about one.
fn every_view(customer: &str) -> Vec<String> {
    let of_one = [
        "customer?",
        "basket?",
        "preview?",
        "preview?show=mail&",
        "preview/page?",
        "preview/mail?",
        "compare?",
    ];
    let others = [
        "",
        "product",
        "product?product=PRD-00001&rules=none",
        "models",
        "models/1",
        "map?model=1",
        "map.json?model=1",
    ];
    let of_one = of_one.iter().map(|view| format!("/explorer/{view}customer={customer}"));
    let found = [format!("/explorer?search={customer}")];
    of_one
        .chain(others.iter().map(|view| format!("/explorer/{view}").trim_end_matches('/').to_owned()))
        .chain(found)
        .collect()
}

#[test]
fn names_and_addresses_are_for_roles_that_may_see_them() {
    let (shop, password, analysts) = shop_with_models(&["item_knn", "popular"]);
    let standing = standing(&shop, "2026-10-01T00:00:00Z".parse().unwrap());
    let customer = buyers(&standing, 1).remove(0);
    let secrets: Vec<String> = standing
        .ledger
        .people
        .ids()
        .map(|id| standing.ledger.people.get(id).unwrap())
        .flat_map(|one| {
            let name = format!("{} {}", one.first_name.as_deref()?, one.last_name.as_deref()?);
            Some([one.email?, name])
        })
        .flatten()
        .collect();
    assert!(secrets.len() > 1000);
    let served = shop.serve();
    let owner = Visitor::sign_in(&served, "owner@example.com", &password);
    let analyst = Visitor::sign_in(&served, "ana@example.com", &analysts);
    let tells = |page: &str| secrets.iter().any(|secret| page.contains(secret.as_str()));
    let mut told = 0;
    for view in every_view(&customer.id) {
        let (status, page) = analyst.get(&view);
        assert!(!tells(&page), "{view} tells an analyst who somebody is");
        assert_eq!(owner.get(&view).0, status, "{view}");
        told += usize::from(tells(&owner.get(&view).1));
        // Nobody at all sees anything without signing in.
        let nobody = server::browser().get(format!("{}{view}", served.url)).call().unwrap();
        assert!([303, 401].contains(&nobody.status().as_u16()), "{view}");
    }
    assert!(told >= 4, "an owner is told on {told} views");
}

#[test]
#[expect(clippy::too_many_lines, reason = "one decision, followed from the page into campaigns and back")]
fn two_models_are_compared_and_a_decision_is_followed_by_campaigns() {
    let (shop, password, analysts) = shop_with_two_models();
    let served = shop.serve();
    let owner = Visitor::sign_in(&served, "owner@example.com", &password);
    let analyst = Visitor::sign_in(&served, "ana@example.com", &analysts);

    let page = analyst.page("/explorer/compare?model=1&other=2");
    let text = words(&page);
    for part in [
        "customers looked at",
        "in common, on average",
        "Customers at a glance",
        "Different products shown",
        "Who gains",
        "5 orders and more",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(page.matches("class=\"glance-picks\"").count() % 2, 0);
    assert!((50..=60).contains(&page.matches("class=\"glance-picks\"").count()), "about thirty customers");
    let same = words(&analyst.page("/explorer/compare?model=1&other=1"));
    assert!(same.contains("have 100.0 % of a customer's places"), "{same}");
    assert_eq!(analyst.get("/explorer/compare?model=1&other=9").0, 404);
    assert_eq!(analyst.get("/explorer/compare?customer=nobody").0, 404);

    let text = words(&owner.page("/explorer/models"));
    assert!(text.contains("Handpick chose it") && text.contains("run by run"), "{text}");
    let card = words(&owner.page("/explorer/models/1"));
    for part in [
        "Bought together",
        "What it cannot do",
        "Customers it knows",
        "neighbours200",
        "Go back to this model",
    ] {
        assert!(card.contains(part), "{part} in {card}");
    }
    let figure =
        stored(&shop).iter().find(|model| model.id.0 == 1).map(|model| model.metrics.clone()).unwrap();
    let metrics: serde_json::Value = serde_json::from_str(&figure).unwrap();
    let hits = handpick::web::percent(metrics["model"]["hit_rate"].as_f64().unwrap()).replace('\u{a0}', " ");
    let low = 100.0 * metrics["tried"][0]["intervals"]["hit_rate"][0].as_f64().unwrap();
    assert!(card.contains(&format!("{hits} ({low:.1} to ")), "{hits} {low} in {card}");
    for (by, at_least) in [("activity", 3), ("alike", 2)] {
        let parts = metrics["parts"][by].as_array().unwrap();
        assert!(parts.len() >= at_least, "{parts:?}");
        let all: u64 = parts.iter().map(|part| part["customers"].as_u64().unwrap()).sum();
        assert_eq!(Some(all), metrics["test_customers"].as_u64(), "each customer is in one part");
        let hits: f64 = (parts.iter())
            .map(|part| part["model"][1].as_f64().unwrap() * part["customers"].as_f64().unwrap())
            .sum();
        assert!((hits / all as f64 - metrics["model"]["hit_rate"].as_f64().unwrap()).abs() < 1e-9);
        for part in parts {
            let own = handpick::web::percent(part["model"][1].as_f64().unwrap()).replace('\u{a0}', " ");
            let line = format!("{}{}{own} (", part["name"].as_str().unwrap(), part["customers"]);
            assert!(card.contains(&line), "{line} in {card}");
        }
    }
    assert_eq!(owner.get("/explorer/models/99").0, 404);
    assert_eq!(owner.get("/explorer/models/x").0, 404);

    // The analyst may look, not decide; nobody decides without a reason, or on what is not there.
    assert!(!analyst.page("/explorer/models/1").contains("<form method=\"post\" action=\"/explorer"));
    assert_eq!(analyst.post("/explorer/models/1/use", &[("note", "mine")]).0, 403);
    assert_eq!(owner.post("/explorer/models/1/use", &[("note", " ")]).0, 422);
    assert_eq!(owner.post("/explorer/models/9/use", &[("note", "why not")]).0, 404);
    let forged = owner.0.agent.post(format!("{}/explorer/models/1/use", served.url));
    assert_eq!(forged.send_form([("note", "no token")]).unwrap().status(), 403);
    let reason = "The new one shows <too many> candles";
    assert_eq!(owner.post("/explorer/models/1/use", &[("note", reason)]).0, 303);
    let page = owner.page("/explorer/models");
    let text = words(&page);
    assert!(text.contains("Somebody decided on it") && text.contains("Olivia,"), "{text}");
    assert!(page.contains("&#60;too many&#62;"), "escaped");
    assert!(words(&owner.page("/models")).contains("Somebody decided on a model, “Bought together”"));
    // What the address does not name is the decided model.
    let customer = buyers(&standing(&shop, "2026-10-01T00:00:00Z".parse().unwrap()), 1).remove(0).id;
    let shown = words(&owner.page(&format!("/explorer/customer?customer={customer}")));
    assert!(shown.contains("by “Bought together”"), "{shown}");
    drop(served);

    let store = Store::open(&shop.path().join("data/handpick.db")).unwrap();
    let noted = store.read(|conn| handpick::store::audit::latest(conn, SHOP, 1)).unwrap().remove(0);
    assert_eq!((noted.action.as_str(), noted.subject), ("decided on", format!("model 1: {reason}")));
    assert!(noted.account.is_some());
    // A campaign that leaves the choice takes it, though Handpick chose a newer one itself.
    let plan = "name = \"Auto\"\nmodel = \"auto\"\nslots = 3\n[audience]\ninclude_unknown_consent = true\n";
    std::fs::write(shop.path().join("auto.toml"), plan).unwrap();
    let run = || {
        shop.must(&["campaign", "run", "auto.toml", "--out", "auto"]);
        store
            .read(|conn| campaigns::all(conn, SHOP))
            .unwrap()
            .into_iter()
            .max_by_key(|one| one.id)
            .unwrap()
            .model
    };
    assert_eq!(run().unwrap().0, 1);
    let served = shop.serve();
    let owner = Visitor::sign_in(&served, "owner@example.com", &password);
    assert_eq!(owner.post("/explorer/models/free", &[("note", "It is better now")]).0, 303);
    assert!(words(&owner.page("/explorer/models")).contains("Handpick chose it"));
    drop(served);
    assert_eq!(run().unwrap().0, 2, "the newest that Handpick chose");
    // One whose file is gone cannot be decided on.
    let file = shop.path().join("data/shops/1/models").join(&stored(&shop).last().unwrap().file);
    std::fs::remove_file(file).unwrap();
    let served = shop.serve();
    let owner = Visitor::sign_in(&served, "owner@example.com", &password);
    let (status, page) = owner.post("/explorer/models/1/use", &[("note", "again")]);
    assert_eq!(status, 409);
    assert!(words(&page).contains("missing or damaged"), "{}", words(&page));
}

#[test]
#[expect(clippy::too_many_lines, reason = "one map, from the job to the list")]
fn a_map_is_drawn_by_a_job_and_becomes_a_list_for_a_campaign() {
    let shop = Shop::make("", "40000");
    let (password, analysts) = (shop.add_owner(), add_analyst(&shop));
    shop.must(&["sync"]);
    shop.must(&["train", "--model", "item_knn"]);
    shop.must(&["train", "--model", "popular"]);
    let served = shop.serve();
    let owner = Visitor::sign_in(&served, "owner@example.com", &password);
    let analyst = Visitor::sign_in(&served, "ana@example.com", &analysts);
    assert!(words(&owner.page("/explorer/map?model=2")).contains("there is nothing to lay out"));
    assert!(words(&analyst.page("/explorer/map?model=1")).contains("is not drawn yet"));
    assert_eq!(analyst.get("/explorer/map.json?model=1").0, 404);
    assert_eq!(analyst.post("/explorer/map/draw", &[("model", "1")]).0, 403);
    assert_eq!(owner.post("/explorer/map/draw", &[("model", "7")]).0, 404);
    assert_eq!(owner.post("/explorer/map/draw", &[("model", "1")]).0, 303);
    let started = std::time::Instant::now();
    let page = loop {
        let page = owner.page("/explorer/map?model=1");
        if page.contains("<canvas") {
            break page;
        }
        assert!(started.elapsed().as_secs() < 120, "{}", words(&page));
        std::thread::sleep(std::time::Duration::from_millis(200));
    };
    assert!(words(&page).contains("The best-sellers on the map"), "{}", words(&page));
    let points: serde_json::Value =
        serde_json::from_str(&analyst.page("/explorer/map.json?model=1")).unwrap();
    let column = |name: &str| points[name].as_array().unwrap().clone();
    let ids: Vec<String> = column("ids").iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    assert!(ids.len() > 100, "{}", ids.len());
    for name in ["titles", "images", "prices", "x", "y", "categories", "brands", "amounts", "sales"] {
        assert_eq!(column(name).len(), ids.len(), "{name}");
    }
    let number = |name: &str, at: usize| points[name][at].as_f64().unwrap();
    let places: Vec<(f64, f64)> = (0..ids.len()).map(|at| (number("x", at), number("y", at))).collect();
    assert!(places.iter().all(|(x, y)| x.abs() <= 1.0 && y.abs() <= 1.0));
    // Neighbours on the map are neighbours in the shop: the same widest category far more often than by chance.
    let category = |at: usize| points["categories"][at].as_str().unwrap();
    let near = |at: usize| {
        let distance = |other: usize| {
            (places[at].0 - places[other].0).powi(2) + (places[at].1 - places[other].1).powi(2)
        };
        (0..ids.len())
            .filter(|&other| other != at)
            .min_by(|&a, &b| distance(a).total_cmp(&distance(b)))
            .unwrap()
    };
    let alike = (0..ids.len()).filter(|&at| category(at) == category(near(at))).count() as f64;
    let chance: f64 = (0..ids.len())
        .map(|at| (0..ids.len()).filter(|&other| category(at) == category(other)).count() as f64)
        .sum::<f64>()
        / (ids.len() * ids.len()) as f64;
    assert!(alike / ids.len() as f64 > 1.3 * chance, "{alike} of {}, by chance {chance}", ids.len());

    let list = |who: &Visitor, name: &str, products: &str, ticked: &str| {
        let fields = [("model", "1"), ("name", name), ("products", products), ("product", ticked)];
        who.post("/explorer/map/list", &fields)
    };
    let drawn = format!("{}\r\n{}\r\n{}", ids[0], ids[1], ids[0]);
    assert_eq!(list(&analyst, "Mine", &drawn, &ids[2]).0, 403);
    assert_eq!(list(&owner, "", &drawn, &ids[2]).0, 422);
    let empty = owner.post("/explorer/map/list", &[("model", "1"), ("name", "Empty")]);
    assert_eq!(empty.0, 422);
    assert_eq!(list(&owner, "Wrong", "no-such-product", &ids[2]).0, 422);
    assert_eq!(list(&owner, "Cosy <autumn>", &drawn, &ids[2]).0, 303);
    assert!(words(&owner.page("/explorer/map?model=1")).contains("with 3 of the shop"));
    let store = Store::open(&shop.path().join("data/handpick.db")).unwrap();
    let kind = handpick::store::id_lists::ListKind::Products;
    let lists = store.read(|conn| handpick::store::id_lists::of_kind(conn, SHOP, kind)).unwrap();
    assert_eq!((lists.len(), lists[0].name.as_str(), lists[0].id_count), (1, "Cosy <autumn>", 3));
}

/// Views that must not be wider than a phone.
const NARROW: [&str; 11] = [
    "",
    "/product",
    "/product?product=PRD-00001",
    "/basket",
    "/preview",
    "/preview?show=mail&width=phone",
    "/compare",
    "/models",
    "/models/1",
    "/map",
    "/customer?customer=C000008",
];

#[test]
fn every_view_is_walked_in_a_browser() {
    let (shop, password, _) = shop_with_two_models();
    let served = shop.serve();
    let browser = Browser::start();
    let go = |path: &str| browser.go(&format!("{}{path}", served.url));
    go("/sign-in");
    browser.type_into("input[name=email]", "owner@example.com");
    browser.type_into("input[name=password]", &password);
    browser.press(keys::ENTER);
    browser.see("What to do next");

    browser.follow("Explorer");
    browser.see("Worth a look");
    browser.click(".row-link a");
    browser.see("What they would be shown");
    browser.click("article summary");
    browser.see("Together, which is the score");
    browser.type_into("#product", "zzz");
    browser.press(keys::ENTER);
    browser.see("no product with the id “zzz”");
    browser.follow("Try out changes to what they bought");
    browser.see("They would be shown");
    browser.follow("Products");
    browser.see("What sells best now");
    browser.click("a.mini-title");
    browser.see("Who would want it");
    browser.follow("See its page in the shop");
    browser.see("A product leads to its page");
    assert!(browser.has("iframe[src^='/explorer/preview/page']"));
    browser.follow("Two models");
    browser.see("On the whole");
    browser.follow("Model cards");
    browser.see("run by run");

    browser.follow("Map");
    browser.follow("Draw the map of this model");
    let started = std::time::Instant::now();
    while !browser.has("canvas") {
        assert!(started.elapsed().as_secs() < 120, "{}", browser.text());
        std::thread::sleep(std::time::Duration::from_millis(500));
        go("/explorer/map");
    }
    // Once the points are there, the keyboard finds and chooses one.
    browser.see("Choose by drawing around");
    browser.eval("document.querySelector('canvas').focus()");
    browser.eval(
        "for (const key of ['ArrowRight', 'ArrowUp', 'Enter']) \
         document.querySelector('canvas').dispatchEvent(new KeyboardEvent('keydown', { key }))",
    );
    browser.see("1 product chosen.");
    browser.type_into("#name", "By keyboard");
    browser.click("form[action='/explorer/map/list'] button[type=submit]");
    browser.see("The list “By keyboard” is made, with 1 of the shop's products");
    assert_eq!(browser.complaints(), Vec::<String>::new());

    browser.resize(390, 844);
    for view in NARROW {
        go(&format!("/explorer{view}"));
        assert!(!browser.overflows(), "{view}");
        assert_eq!(browser.complaints(), Vec::<String>::new(), "{view}");
    }
}
