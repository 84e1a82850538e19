//! Picks in small worlds drawn by lot: no rule is ever broken, and threads change nothing.

use super::*;
use crate::ids::CampaignId;
use crate::index::Index;
use crate::money::Money;
use crate::picker::activity;
use crate::picker::arms::Assignment;
use crate::picker::build::pick as pick_all;
use crate::picker::facts::CustomerTable;
use crate::picker::plan::{Attribute, Controls, Effect, Products, Rule};
use crate::picker::rules::{self, Setting};
use crate::picker::tests_model::live;
use crate::picker::trace::Trace;
use crate::recommender::Interactions;
use crate::records::{Customer, Event, EventKind, Events, Product};
use chrono::{DateTime, Utc};
use proptest::prelude::*;

#[path = "pick_naive_tests.rs"]
mod naive;

const DAY_US: i64 = 86_400_000_000;

/// A shop in miniature.
#[derive(Debug, Clone)]
struct World {
    /// Category, brand, price, stock.
    products: Vec<(u8, u8, i64, i64)>,
    /// Customer, product, days ago.
    purchases: Vec<(u8, u8, i64)>,
    rules: Vec<Rule>,
    slots: u8,
    variety: u8,
}

const CUSTOMERS: u8 = 12;

/// Customer, picks, picked ids by slot.
type Row = (String, Picked, Vec<Option<String>>);

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

const SHIRTS: i64 = 77;

fn id(number: usize) -> String {
    format!("p{number:02}")
}

impl World {
    fn catalogue(&self) -> Catalogue {
        let product = |(n, (category, brand, price, stock)): (usize, &(u8, u8, i64, i64))| Product {
            id: id(n),
            title: format!("Product {n}"),
            category: Some(format!("C{category}")),
            brand: Some(format!("B{brand}")),
            price: Some(Money::from_units(*price)),
            stock: Some(*stock),
            // So many pieces are only of the sizes of one shirt.
            group: (*stock == SHIRTS).then(|| "shirt".into()),
            active: true,
            ..Product::default()
        };
        Catalogue::new(self.products.iter().enumerate().map(product).collect())
    }

    /// The purchases that name a product of the shop.
    fn purchases(&self) -> impl Iterator<Item = (u8, usize, i64)> {
        let known = self.products.len();
        self.purchases.iter().map(|&(c, p, days)| (c, usize::from(p), days)).filter(move |p| p.1 < known)
    }

    fn activity(&self, catalogue: &Catalogue) -> Activity {
        let mut events = Events::default();
        for (customer, product, days) in self.purchases() {
            events.push(Event {
                id: None,
                kind: EventKind::Purchase,
                at_us: now().timestamp_micros() - days * DAY_US - 1,
                customer: Some(&format!("c{customer:02}")),
                product: Some(&id(product)),
                order: None,
                quantity: 1.0,
                value: None,
                currency: None,
                source: "orders",
            });
        }
        let mut builder = activity::Builder::new(catalogue, now());
        builder.add(&events);
        builder.finish()
    }

    fn behaviour(&self) -> Behaviour {
        let customers: Index = (0..CUSTOMERS).map(|c| format!("c{c:02}")).collect();
        let products: Index = (0..self.products.len()).map(id).collect();
        let triples = self.purchases().map(|(c, p, _)| (u32::from(c), p as u32, 1.0));
        let interactions = Interactions::from_triples(customers.len(), products.len(), triples);
        Behaviour { customers, products, interactions, log: None, descriptions: None }
    }

    /// Every third customer is Austrian, every third nobody knows where from.
    fn customers(&self, columns: &[usize], known: (&Activity, &Catalogue)) -> Table {
        let mut table = CustomerTable::new(columns, known, now());
        for number in 0..CUSTOMERS {
            let country = ["AT", "DE", ""][usize::from(number % 3)].to_owned();
            table.push(&Customer {
                id: format!("c{number:02}"),
                country: Some(country),
                ..Customer::default()
            });
        }
        table.finish()
    }

    /// `None` when the rules are refused.
    fn picks(&self, threads: usize) -> Option<Vec<Row>> {
        self.with_picker(|picker, rules, catalogue| {
            let controls = Controls { holdout_share: 0.2, baseline_share: 0.2 };
            let arms = Assignment::new(b"secret", CampaignId(1), controls);
            let ids: Vec<Box<str>> = (0..CUSTOMERS).map(|c| format!("c{c:02}").into()).collect();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let picked = pool.install(|| pick_all(picker, &arms, &ids, 0));
            let product = |placed: &Placed| catalogue.product(rules.candidates[placed.place]).id.clone();
            let named =
                |picked: &Picked| picked.slots.iter().map(|slot| slot.as_ref().map(product)).collect();
            ids.iter().zip(picked).map(|(id, one)| (id.to_string(), one.clone(), named(&one))).collect()
        })
    }

    /// What decided about each product for the first customer, by its number.
    fn traces(&self) -> Vec<Trace> {
        let traces = self.with_picker(|picker, rules, _| {
            let trace = |place| picker.worker().trace("c00", Some(0), Arm::Picks, place);
            (0..rules.candidates.len()).map(trace).collect()
        });
        traces.unwrap()
    }

    fn with_picker<T>(&self, with: impl FnOnce(&Picker<'_>, &Rules, &Catalogue) -> T) -> Option<T> {
        let catalogue = self.catalogue();
        let choice = catalogue.choose(&Products::default(), None, now());
        let (activity, behaviour) = (self.activity(&catalogue), self.behaviour());
        let day = now().date_naive();
        let setting = Setting {
            catalogue: &catalogue,
            activity: Some(&activity),
            as_of: now(),
            day,
            slots: self.slots,
            weather: Default::default(),
        };
        let rules = rules::compile(&self.rules, choice, setting).ok()?;
        let live = live(self.products.len());
        let customers = self.customers(&rules.customer_columns(), (&activity, &catalogue));
        let known = Known {
            catalogue: &catalogue,
            activity: &activity,
            behaviour: &behaviour,
            live: &live,
            rules: &rules,
            customers: Some(&customers),
            lately: None,
        };
        let likeness = Likeness::new(&catalogue, &rules.candidates);
        let mut picker = Picker::new(known, self.slots);
        picker.vary(self.variety, &likeness);
        Some(with(&picker, &rules, &catalogue))
    }

    fn number(id: &str) -> usize {
        id[1..].parse().unwrap()
    }

    /// Panics with the rule that a customer's picks break.
    fn assert_kept(&self, customer: &str, picks: &[Option<String>]) {
        let numbers: Vec<usize> = picks.iter().flatten().map(|id| Self::number(id)).collect();
        let most = |group: &dyn Fn(usize) -> u8| {
            let same = |a: &usize| numbers.iter().filter(|b| group(**b) == group(*a)).count();
            numbers.iter().map(same).max().unwrap_or(0)
        };
        for (at, number) in numbers.iter().enumerate() {
            assert!(!numbers[..at].contains(number), "{customer} gets {number} twice");
        }
        for rule in &self.rules {
            match &rule.effect {
                Effect::ExcludeOutOfStock {} => assert!(numbers.iter().all(|&n| self.products[n].3 > 0)),
                Effect::AtMostPer { what: Attribute::Category, n } => {
                    assert!(most(&|p| self.products[p].0) <= usize::from(*n));
                }
                Effect::AtMostPer { what: Attribute::Brand, n } => {
                    assert!(most(&|p| self.products[p].1) <= usize::from(*n));
                }
                Effect::PriceRange { from, to } => {
                    let price = |n: usize| Money::from_units(self.products[n].2);
                    assert!(numbers.iter().all(|&n| from.is_none_or(|from| price(n) >= from)));
                    assert!(numbers.iter().all(|&n| to.is_none_or(|to| price(n) <= to)));
                }
                Effect::ExcludeBought { days } => {
                    let bought = |n: usize| {
                        self.purchases().any(|(c, p, ago)| {
                            format!("c{c:02}") == customer && p == n && ago < i64::from(*days)
                        })
                    };
                    assert!(!numbers.iter().any(|&n| bought(n)), "{customer} bought one already");
                }
                _ => {}
            }
        }
    }
}

fn any_rule() -> impl Strategy<Value = Rule> {
    let attribute = prop_oneof![Just(Attribute::Category), Just(Attribute::Brand)];
    let category = (0u8..4).prop_map(|c| format!("C{c}"));
    prop_oneof![
        (0u32..60).prop_map(|days| Effect::ExcludeBought { days }),
        Just(Effect::ExcludeOutOfStock {}),
        (attribute, 1u8..4).prop_map(|(what, n)| Effect::AtMostPer { what, n }),
        (0i64..8, 4i64..12).prop_map(|(from, to)| Effect::PriceRange {
            from: Some(Money::from_units(from)),
            to: Some(Money::from_units(to)),
        }),
        (0usize..20, 1u8..5).prop_map(|(n, slot)| Effect::Pin { product: id(n), slot }),
        (category.clone(), 1f32..9.0).prop_map(|(category, factor)| Effect::Boost { category, factor }),
        (category, 0.01f32..1.0).prop_map(|(category, factor)| Effect::Bury { category, factor }),
    ]
    .prop_map(Rule::from)
}

fn any_world() -> impl Strategy<Value = World> {
    let products = prop::collection::vec((0u8..4, 0u8..3, 1i64..10, 0i64..3), 1..30);
    let purchases = prop::collection::vec((0..CUSTOMERS, 0u8..30, 0i64..90), 0..80);
    let rules = prop::collection::vec(any_rule(), 0..5);
    let variety = prop_oneof![Just(0), 1u8..=100];
    (products, purchases, rules, 1u8..6, variety).prop_map(|(products, purchases, rules, slots, variety)| {
        World { products, purchases, rules, slots, variety }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_rule_is_ever_broken_and_threads_change_nothing(mut world in any_world()) {
        let slots = world.slots;
        world.rules.retain(|rule| !matches!(rule.effect, Effect::Pin { slot, .. } if slot > slots));
        let Some(one) = world.picks(1) else { return Ok(()) };
        for (customer, _, picks) in &one {
            world.assert_kept(customer, picks);
        }
        prop_assert_eq!(Some(one), world.picks(2));
    }
}

fn small() -> World {
    World {
        products: vec![(0, 0, 5, 9), (0, 0, 5, 9), (1, 0, 5, 9), (1, 0, 5, 9)],
        purchases: vec![(0, 0, 5), (1, 0, 5), (1, 3, 50), (2, 2, 5), (3, 2, 5), (4, 2, 6)],
        rules: vec![Effect::ExcludeBought { days: 30 }.into()],
        slots: 2,
        variety: 0,
    }
}

#[test]
fn a_varied_list_has_other_categories_and_brands() {
    let categories = |world: &World| {
        let picks = world.picks(1).unwrap();
        let (_, _, ids) = picks.into_iter().find(|one| one.1.arm == Arm::Picks && one.2.len() == 3).unwrap();
        let of = |id: &Option<String>| world.products[World::number(id.as_deref().unwrap())].0;
        ids.iter().map(of).collect::<Vec<_>>()
    };
    // By the model's own formula the second product is worth 1.10, its two neighbours 0.93 each, the last one 0.18.
    let mut world = World {
        products: vec![(0, 0, 5, 9), (0, 0, 5, 9), (1, 1, 5, 9), (2, 2, 5, 9)],
        purchases: (0..CUSTOMERS).flat_map(|c| [(c, 0, 5), (c, 1, 5), (c, 2, 5)]).collect(),
        rules: Vec::new(),
        slots: 3,
        variety: 0,
    };
    assert_eq!(categories(&world), [0, 0, 1]);
    world.variety = 60;
    assert_eq!(categories(&world), [0, 1, 2]);
}

#[test]
fn a_trace_says_what_was_lost_to_variety_and_to_a_variant() {
    let mut world = World {
        products: vec![(0, 0, 5, 9), (0, 0, 5, 9), (1, 1, 5, 9), (2, 2, 5, 9)],
        purchases: (0..CUSTOMERS).flat_map(|c| [(c, 0, 5), (c, 1, 5), (c, 2, 5)]).collect(),
        rules: Vec::new(),
        slots: 3,
        variety: 60,
    };
    // Of the two that suit equally well, the first one is like what is picked already.
    let traces = world.traces();
    assert_eq!(traces[0], Trace::LostToVariety { rank: 2 });
    assert!(traces[1..].iter().all(|trace| matches!(trace, Trace::Picked { .. })), "{traces:?}");
    world.variety = 0;
    let traces = world.traces();
    assert!(matches!(traces[3], Trace::Outranked { rank: 4, of: 4, places: 3, .. }), "{traces:?}");
    // Two sizes of one shirt: the one that suits better is picked, and named as the reason.
    world.rules = vec![Effect::OneOfVariants {}.into()];
    world.products[0].3 = SHIRTS;
    world.products[1].3 = SHIRTS;
    let traces = world.traces();
    assert_eq!(traces[0], Trace::VariantPicked { rule: 0, of: 1, rank: 2 });
    assert!(traces[1..].iter().all(|trace| matches!(trace, Trace::Picked { .. })), "{traces:?}");
}

#[test]
fn slots_are_filled_by_origin_in_order_and_pins_keep_their_place() {
    let mut world = small();
    world.rules.push(Effect::Pin { product: id(3), slot: 2 }.into());
    for (_, picked, picks) in world.picks(1).unwrap().iter().filter(|p| p.1.arm != Arm::Holdout) {
        assert_eq!(picks[1].as_deref(), Some("p03"));
        assert_eq!(picked.slots[1].map(|placed| placed.origin), Some(Origin::Pinned));
        assert!(picks[0].is_some());
    }
}

#[test]
fn the_holdout_gets_nothing_and_the_baseline_only_best_sellers() {
    let picks = small().picks(1).unwrap();
    let of = |arm: Arm| picks.iter().filter(move |p| p.1.arm == arm).collect::<Vec<_>>();
    assert!(!of(Arm::Holdout).is_empty() && !of(Arm::Baseline).is_empty());
    assert!(of(Arm::Holdout).iter().all(|p| p.1.slots.is_empty()));
    let origins = of(Arm::Baseline).into_iter().flat_map(|p| p.1.slots.iter().flatten());
    assert!(origins.into_iter().all(|placed| placed.origin == Origin::Popular));
}

#[test]
fn a_pick_says_why() {
    let picks = small().picks(1).unwrap();
    let (_, picked, _) =
        picks.iter().find(|p| p.1.arm == Arm::Picks && p.0 == "c00" || p.0 == "c01").unwrap();
    if picked.arm == Arm::Picks {
        assert!(picked.slots[0].is_some_and(|placed| placed.why == Why::Fits && placed.past == Some(0)));
    }
}

#[test]
fn somebody_unknown_gets_best_sellers() {
    let world = World { purchases: vec![(2, 2, 5), (3, 2, 5)], rules: Vec::new(), ..small() };
    let unknown = world.picks(1).unwrap();
    let all = unknown.iter().filter(|p| p.1.arm == Arm::Picks && p.0 != "c02" && p.0 != "c03");
    for (_, picked, picks) in all {
        assert_eq!((picks[0].as_deref(), picked.slots[0].unwrap().origin), (Some("p02"), Origin::Popular));
    }
}
