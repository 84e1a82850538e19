//! Rules by hand-worked cases, and against a naive reading of every rule for every pair.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use super::*;
use crate::conditions::compile as condition;
use crate::money::Money;
use crate::picker::activity::{self, Activity, Bought};
use crate::picker::facts::{CustomerTable, SCHEMA};
use crate::picker::plan::Products;
use crate::records::{Customer, Event, EventKind, Events, Product};
use proptest::prelude::*;

const DAY_US: i64 = 86_400_000_000;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn product(id: &str, category: &str, price: i64, stock: i64) -> Product {
    Product {
        id: id.into(),
        category: Some(category.into()),
        price: Some(Money::from_units(price)),
        stock: Some(stock),
        active: true,
        ..Product::default()
    }
}

fn catalogue() -> Catalogue {
    Catalogue::new(vec![product("a", "Wine", 5, 1), product("b", "Wine", 5, 1), product("c", "Tea", 5, 0)])
}

/// Purchases as customer, product, days ago.
fn activity(catalogue: &Catalogue, purchases: &[(&str, &str, i64)]) -> Activity {
    let mut events = Events::default();
    for (customer, product, days) in purchases {
        events.push(Event {
            id: None,
            kind: EventKind::Purchase,
            at_us: now().timestamp_micros() - days * DAY_US - 1,
            customer: Some(customer),
            product: Some(product),
            order: None,
            quantity: 1.0,
            value: Some(Money::from_units(1)),
            currency: None,
            source: "orders",
        });
    }
    let mut builder = activity::Builder::new(catalogue, now());
    builder.add(&events);
    builder.finish()
}

fn setting<'a>(catalogue: &'a Catalogue, activity: &'a Activity) -> Setting<'a> {
    Setting {
        catalogue,
        activity: Some(activity),
        as_of: now(),
        day: now().date_naive(),
        slots: 4,
        weather: Default::default(),
    }
}

fn compiled(rules: &[Rule]) -> Result<Rules, Refusal> {
    let catalogue = catalogue();
    let activity = activity(&catalogue, &[]);
    let choice = catalogue.choose(&Products::default(), None, now());
    compile(rules, choice, setting(&catalogue, &activity))
}

fn pin(product: &str, slot: u8) -> Rule {
    Effect::Pin { product: product.into(), slot }.into()
}

#[test]
fn rules_that_leave_nothing_say_which_took_how_much() {
    let dear = Effect::PriceRange { from: Some(Money::from_units(100)), to: None }.into();
    let refused = compiled(&[Effect::ExcludeOutOfStock {}.into(), dear]).err().unwrap();
    let Refusal::NoProducts(removed) = refused else { panic!("{refused}") };
    assert_eq!(removed.iter().map(|r| r.count).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn pins_that_cannot_be_are_refused() {
    let refusal = |rules: &[Rule]| compiled(rules).err().unwrap();
    assert_eq!(refusal(&[pin("zz", 1)]), Refusal::UnknownPin("zz".into()));
    let out = refusal(&[Effect::ExcludeOutOfStock {}.into(), pin("c", 1)]);
    assert!(out.to_string().contains("rule 1 takes it away"), "{out}");
    assert_eq!(refusal(&[pin("a", 1), pin("b", 1)]), Refusal::PinsCollide(1));
    assert_eq!(refusal(&[pin("a", 1), pin("a", 2)]), Refusal::PinnedTwice("a".into()));
    let cap = Effect::AtMostPer { what: Attribute::Category, n: 1 }.into();
    assert!(matches!(refusal(&[cap, pin("a", 1), pin("b", 2)]), Refusal::PinsBreakCap { n: 1, .. }));
}

#[test]
fn a_boost_raises_scores_on_both_sides_of_zero() {
    let rules = compiled(&[Effect::Boost { category: "Wine".into(), factor: 2.0 }.into()]).unwrap();
    assert_eq!((rules.adjust(0, 3.0), rules.adjust(0, -3.0)), (6.0, -1.5));
    assert_eq!(rules.adjust(2, 3.0), 3.0);
}

#[test]
fn a_rule_that_is_off_does_nothing_and_one_with_a_condition_no_more_than_it_says() {
    let off = Rule { off: true, ..Effect::ExcludeOutOfStock {}.into() };
    assert_eq!(compiled(&[off]).unwrap().candidates, [0, 1, 2]);
    let rules =
        compiled(&[Rule::when(Effect::Exclude {}, "product.category == 'Wine' && product.id != 'b'")])
            .unwrap();
    assert_eq!((rules.candidates.as_slice(), rules.taken.as_slice()), (&[1, 2][..], &[(0, 0)][..]));
    let only = compiled(&[Rule::when(Effect::Only {}, "product.category.below('Tea')")]).unwrap();
    assert_eq!(only.candidates, [2]);
    let spared = Rule::when(Effect::ExcludeOutOfStock {}, "product.category == 'Wine'");
    assert_eq!(compiled(&[spared]).unwrap().candidates, [0, 1, 2], "the tea is out of stock, and no wine");
}

/// The facts of customers, a row each.
fn table(rules: &Rules, people: &[Customer], known: (&Activity, &Catalogue)) -> Table {
    let mut table = CustomerTable::new(&rules.customer_columns(), known, now());
    people.iter().for_each(|person| table.push(person));
    table.finish()
}

fn person(id: &str, country: &str) -> Customer {
    Customer { id: id.into(), country: Some(country.into()), active: true, ..Customer::default() }
}

#[test]
fn what_depends_on_the_customer_is_asked_for_each() {
    let catalogue = Catalogue::new(vec![
        product("a", "Wine", 5, 1),
        product("b", "Wine", 50, 1),
        product("c", "Tea", 12, 1),
    ]);
    let activity = activity(&catalogue, &[("anna", "c", 400), ("anna", "c", 300), ("anna", "b", 500)]);
    let rules = [
        Rule::when(Effect::Exclude {}, "customer.country == 'SA' && product.category == 'Wine'"),
        Effect::PriceBand { from: 0.5, to: 2.0 }.into(),
        Rule::when(
            Effect::Boost { category: String::new(), factor: 3.0 },
            "product.category in customer.categories",
        ),
        Rule::when(pin("a", 2).effect, "customer.country == 'DE'"),
        Effect::ExcludeBought { days: 350 }.into(),
    ];
    let choice = catalogue.choose(&Products::default(), None, now());
    let rules = compile(&rules, choice, setting(&catalogue, &activity)).unwrap();
    let people = [person("anna", "DE"), person("omar", "SA")];
    let table = table(&rules, &people, (&activity, &catalogue));
    let ready = Prepared::new(&rules, Some(&table));
    let mut lens = Lens::new(&ready, None);
    let of = |id| activity.bought(activity.customers.number(id));
    // Anna's middle price is 12: wine for 50 is too dear, wine for 5 too cheap; the tea she bought 300 days ago.
    let anna = lens.look("anna", Some(0), of("anna"));
    let bars = |sight: &Sight<'_>| [0, 1, 2].map(|place| sight.bar(place, &[], 4));
    assert_eq!(bars(&anna), [Some(Bar::Rule(1)), Some(Bar::Rule(1)), Some(Bar::Rule(4))]);
    assert_eq!((anna.adjust(0, 1.0), anna.adjust(2, 1.0)), (3.0, 3.0), "she bought wine and tea");
    assert_eq!(anna.pins().map(|pin| (pin.slot, pin.place)).collect::<Vec<_>>(), [(1, 0)]);
    let omar = lens.look("omar", Some(1), of("omar"));
    assert_eq!(bars(&omar), [Some(Bar::Rule(0)), Some(Bar::Rule(0)), None]);
    assert_eq!((omar.adjust(2, 1.0), omar.pins().count()), (1.0, 0));
    let stranger = lens.look("nobody", None, Bought::default());
    assert_eq!(bars(&stranger), [None; 3]);
}

#[test]
fn consumables_come_back_when_they_are_due() {
    let catalogue = Catalogue::new(vec![product("lamp", "Home", 5, 1), product("tea", "Tea", 5, 1)]);
    let names: Vec<String> = (0..40).map(|n| format!("c{n}")).collect();
    // Tea is bought again after five weeks, a lamp once.
    let mut purchases: Vec<(&str, &str, i64)> = Vec::new();
    for name in &names {
        purchases.extend([(name.as_str(), "tea", 75), (name, "tea", 40), (name, "lamp", 40)]);
    }
    let activity = activity(&catalogue, &purchases);
    let number = |category: &str| catalogue.categories.number(category).unwrap();
    assert_eq!((activity.due_days(number("Tea")), activity.due_days(number("Home"))), (Some(38), None));
    let rules = [Effect::ExcludeUntilDue { days: 365 }.into()];
    let choice = catalogue.choose(&Products::default(), None, now());
    let rules = compile(&rules, choice, setting(&catalogue, &activity)).unwrap();
    let ready = Prepared::new(&rules, None);
    let mut lens = Lens::new(&ready, None);
    let sight = lens.look("c1", None, activity.bought(activity.customers.number("c1")));
    assert_eq!([0, 1].map(|place| sight.bar(place, &[], 1)), [Some(Bar::Rule(0)), None]);
}

#[test]
fn at_least_keeps_places_free_until_it_is_relaxed() {
    let rules = [
        Rule::when(Effect::AtLeast { n: 1 }, "product.category == 'Tea'"),
        Rule::when(Effect::AtMost { n: 1 }, "product.category == 'Wine'"),
    ];
    let rules = compiled(&rules).unwrap();
    let ready = Prepared::new(&rules, None);
    let mut lens = Lens::new(&ready, None);
    let mut sight = lens.look("c", None, Bought::default());
    assert!(sight.admits(0, &[], 2) && !sight.admits(0, &[], 1), "the only place is the tea's");
    assert!(sight.admits(2, &[0], 2) && !sight.admits(1, &[0], 2));
    assert_eq!(sight.bar(1, &[0, 2], 3), Some(Bar::Rule(1)), "one wine is there already");
    sight.is_relaxed = true;
    assert!(sight.admits(0, &[], 1));
}

#[test]
fn variants_and_small_margins_are_left_out() {
    let made = |id: &str, title: &str, cost: Option<i64>| Product {
        title: title.into(),
        cost: cost.map(Money::from_units),
        ..product(id, "Shirts", 20, 1)
    };
    let catalogue = Catalogue::new(vec![
        made("a", "Shirt, red, M", Some(10)),
        made("b", "Shirt, blue, L", Some(16)),
        made("c", "Trousers", Some(18)),
        made("d", "Socks", None),
    ]);
    let activity = activity(&catalogue, &[]);
    let compiled = |rules: &[Rule]| {
        compile(rules, catalogue.choose(&Products::default(), None, now()), setting(&catalogue, &activity))
    };
    let rules = compiled(&[Effect::MinMargin { n: 20 }.into(), Effect::OneOfVariants {}.into()]).unwrap();
    assert_eq!(rules.candidates, [0, 1], "the trousers leave 10 %, of the socks nobody knows");
    assert_eq!(rules.removed[0].count, 2);
    let ready = Prepared::new(&rules, None);
    let sight = Lens::new(&ready, None).look("c", None, Bought::default());
    assert_eq!(sight.bar(1, &[0], 4), Some(Bar::Variant { rule: 1, of: 0 }));
    let pins = compiled(&[Effect::OneOfVariants {}.into(), pin("a", 1), pin("b", 2)]).err();
    assert_eq!(pins, Some(Refusal::PinsAreVariants("Shirt, blue, L".into())));
}

#[test]
fn what_was_shown_lately_is_not_shown_again() {
    let rules = compiled(&[Effect::NotPickedLately { campaigns: 2 }.into()]).unwrap();
    let mut lately = Lately::default();
    for shown in [[("anna", vec![2, 0])], [("omar", vec![1])], [("anna", vec![1])]] {
        lately.add(shown.into_iter());
    }
    let ready = Prepared::new(&rules, None);
    let mut lens = Lens::new(&ready, Some(&lately));
    let barred = |sight: Sight<'_>| [0, 1, 2].map(|place| sight.bar(place, &[], 3).is_some());
    assert_eq!(
        barred(lens.look("anna", None, Bought::default())),
        [true, false, true],
        "the third is forgotten"
    );
    assert_eq!(barred(lens.look("omar", None, Bought::default())), [false, true, false]);
}

/// Conditions on products, on customers, and on both.
fn any_condition() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..10i64).prop_map(|n| format!("product.price < {n}")),
        (0..3u8).prop_map(|n| format!("product.category == 'C{n}'")),
        (0..3u8).prop_map(|n| format!("customer.country == 'L{n}'")),
        (0..3u8).prop_map(|n| format!("'C{n}' in customer.categories")),
        Just("product.price > customer.usual_price".to_owned()),
        Just("customer.orders > 1 && product.stock > 0".to_owned()),
        Just("!has(customer.usual_price) || product.in_stock".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Each pair by itself, each rule by itself, as somebody would read them aloud.
    #[test]
    fn compiled_masks_are_what_a_naive_reading_gives(
        products in prop::collection::vec((0u8..3, 1i64..10, 0i64..2), 1..12),
        countries in prop::collection::vec(0u8..3, 1..8),
        purchases in prop::collection::vec((0usize..8, 0usize..12, 0i64..90), 0..20),
        conditions in prop::collection::vec((any_condition(), 0u8..3, 0.1f32..4.0), 0..5),
    ) {
        let ids: Vec<String> = (0..products.len()).map(|n| format!("p{n:02}")).collect();
        let made = ids.iter().zip(&products).map(|(id, (category, price, stock))| {
            product(id, &format!("C{category}"), *price, *stock)
        });
        let catalogue = Catalogue::new(made.collect());
        let names: Vec<String> = (0..countries.len()).map(|n| format!("c{n}")).collect();
        let bought: Vec<(&str, &str, i64)> = purchases
            .iter()
            .filter(|(customer, product, _)| *customer < names.len() && *product < ids.len())
            .map(|(customer, product, days)| (names[*customer].as_str(), ids[*product].as_str(), *days))
            .collect();
        let activity = activity(&catalogue, &bought);
        let effect = |kind: u8, factor: f32| match kind {
            0 => Effect::Exclude {},
            1 => Effect::Only {},
            _ if factor >= 1.0 => Effect::Boost { category: String::new(), factor },
            _ => Effect::Bury { category: String::new(), factor },
        };
        let rules: Vec<Rule> =
            conditions.iter().map(|(when, kind, factor)| Rule::when(effect(*kind, *factor), when)).collect();
        let choice = catalogue.choose(&Products::default(), None, now());
        let all = choice.numbers.clone();
        let people: Vec<Customer> =
            names.iter().zip(&countries).map(|(id, country)| person(id, &format!("L{country}"))).collect();
        let Ok(compiled) = compile(&rules, choice, setting(&catalogue, &activity)) else { return Ok(()) };
        let table = table(&compiled, &people, (&activity, &catalogue));
        let whole = {
            let columns: Vec<usize> = SCHEMA.of(Root::Customer).enumerate().map(|(at, _)| at).collect();
            let mut whole = CustomerTable::new(&columns, (&activity, &catalogue), now());
            people.iter().for_each(|person| whole.push(person));
            whole.finish()
        };
        let facts = facts::of_products(&catalogue, &all, Some(&activity), now());
        let ready = Prepared::new(&compiled, Some(&table));
        let mut lens = Lens::new(&ready, None);
        for (row, name) in names.iter().enumerate() {
            let sight = lens.look(name, Some(row), activity.bought(activity.customers.number(name)));
            for (at, number) in all.iter().enumerate() {
                let one = Bound::default().with(Root::Product, Side::Row(&facts, at)).with(Root::Customer, Side::Row(&whole, row));
                let holds = |rule: &Rule| condition(&rule.when, SCHEMA).unwrap().holds(&one)[0];
                let is_barred = rules.iter().any(|rule| match rule.effect {
                    Effect::Exclude {} => holds(rule),
                    Effect::Only {} => !holds(rule),
                    _ => false,
                });
                let factor: f32 = rules.iter().map(|rule| match rule.effect {
                    Effect::Boost { factor, .. } | Effect::Bury { factor, .. } if holds(rule) => factor,
                    _ => 1.0,
                }).product();
                match compiled.candidates.binary_search(number) {
                    Err(_) => prop_assert!(is_barred),
                    Ok(place) => {
                        prop_assert_eq!(sight.bar(place, &[], 9).is_some(), is_barred);
                        prop_assert!((sight.adjust(place, 1.0) - factor).abs() <= 1e-4 * factor);
                    }
                }
            }
        }
    }
}
