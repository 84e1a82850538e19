//! The picks as somebody would make them by hand: every rule asked of every pair, everything sorted, one after another.

use super::*;
use crate::conditions::{Bound, Root, Side, compile};
use crate::picker::facts::{self, SCHEMA};

/// A shop, and everything that is known of it.
struct Hand<'a> {
    world: &'a World,
    catalogue: &'a Catalogue,
    activity: &'a Activity,
    products: Table,
    customers: Table,
}

type Hands = Vec<Option<(String, Origin, f32)>>;

impl Hand<'_> {
    fn holds(&self, when: &str, product: usize, customer: usize) -> bool {
        let pair = Bound::default()
            .with(Root::Product, Side::Row(&self.products, product))
            .with(Root::Customer, Side::Row(&self.customers, customer));
        when.is_empty() || compile(when, SCHEMA).unwrap().holds(&pair)[0]
    }

    fn bars(&self, rule: &Rule, product: usize, customer: usize) -> bool {
        let shown = self.catalogue.product(product as u32);
        let price = shown.price.unwrap().as_f64();
        let holds = self.holds(&rule.when, product, customer);
        match &rule.effect {
            Effect::Exclude {} => holds,
            Effect::Only {} => !holds,
            Effect::ExcludeOutOfStock {} => holds && shown.stock == Some(0),
            Effect::PriceRange { from, to } => {
                holds && !(price >= from.unwrap().as_f64() && price <= to.unwrap().as_f64())
            }
            Effect::PriceBand { from, to } => {
                let usual = format!(
                    "product.price >= customer.usual_price * {from:?} && product.price <= customer.usual_price * {to:?}"
                );
                holds
                    && self.holds("has(customer.usual_price)", product, customer)
                    && !self.holds(&usual, product, customer)
            }
            Effect::ExcludeBought { days } => {
                let bought = |(c, p, ago): (u8, usize, i64)| {
                    usize::from(c) == customer && id(p) == shown.id && ago < i64::from(*days)
                };
                holds && self.world.purchases().any(bought)
            }
            _ => false,
        }
    }

    fn speaks_of_customers(rule: &Rule) -> bool {
        rule.when.contains("customer") || matches!(rule.effect, Effect::PriceBand { .. })
    }

    fn factor(&self, product: usize, customer: usize, of_customers: bool) -> f32 {
        let within = |category: &str| {
            category.is_empty()
                || self.catalogue.product(product as u32).category.as_deref() == Some(category)
        };
        let mut all = 1f32;
        for rule in self.world.rules.iter().filter(|rule| Self::speaks_of_customers(rule) == of_customers) {
            if let Effect::Boost { category, factor } | Effect::Bury { category, factor } = &rule.effect
                && (of_customers || within(category))
                && self.holds(&rule.when, product, customer)
            {
                all *= factor;
                all = if of_customers { all.clamp(1e-6, 1e6) } else { all };
            }
        }
        all.clamp(1e-6, 1e6)
    }

    fn admits(&self, product: usize, customer: usize, taken: &[usize], is_relaxed: bool) -> bool {
        let rules = &self.world.rules;
        if taken.contains(&product) || rules.iter().any(|rule| self.bars(rule, product, customer)) {
            return false;
        }
        let within = |rule: &Rule, product: usize| self.holds(&rule.when, product, customer);
        let group = |what: &Attribute, product: usize| {
            let product = self.catalogue.product(product as u32);
            if *what == Attribute::Category { product.category.clone() } else { product.brand.clone() }
        };
        let kinds = |what: &Attribute, rule: &Rule, picks: &[usize]| -> std::collections::BTreeSet<String> {
            let kind = |&product: &usize| group(what, product).filter(|_| within(rule, product));
            picks.iter().filter_map(kind).collect()
        };
        let caps = rules.iter().all(|rule| match &rule.effect {
            Effect::AtMostPer { what, n } if within(rule, product) => {
                let same =
                    |&&other: &&usize| within(rule, other) && group(what, other) == group(what, product);
                taken.iter().filter(same).count() < usize::from(*n)
            }
            Effect::AtMost { n } if within(rule, product) => {
                taken.iter().filter(|&&other| within(rule, other)).count() < usize::from(*n)
            }
            _ => true,
        });
        let (mut needed, mut helps) = (0, false);
        for rule in rules {
            let (n, has, adds) = match &rule.effect {
                Effect::AtLeast { n } => {
                    let has = taken.iter().filter(|&&other| within(rule, other)).count();
                    (n, has, within(rule, product))
                }
                Effect::AtLeastKinds { what, n } => {
                    let before = kinds(what, rule, taken);
                    let after = kinds(what, rule, &[taken, &[product]].concat());
                    (n, before.len(), after.len() > before.len())
                }
                _ => continue,
            };
            let missing = usize::from(*n).saturating_sub(has);
            needed += missing;
            helps |= missing > 0 && adds;
        }
        let free = usize::from(self.world.slots).saturating_sub(taken.len());
        caps && (is_relaxed || helps || needed == 0 || needed < free)
    }

    fn picks(&self, live: &LiveModel, candidates: &[usize], customer: usize, arm: Arm) -> Hands {
        let mut slots: Hands = vec![None; usize::from(self.world.slots)];
        let mut taken = Vec::new();
        let name = |product: usize| self.catalogue.product(product as u32).id.clone();
        for (product, slot) in self.pins(customer) {
            if slots[slot].is_none() && self.admits(product, customer, &taken, false) {
                slots[slot] = Some((name(product), Origin::Pinned, 0.0));
                taken.push(product);
            }
        }
        let lists = self.lists(live, candidates, customer, arm);
        for is_relaxed in [false, true] {
            for (origin, list) in &lists {
                for &(product, score) in list {
                    let Some(slot) = slots.iter().position(Option::is_none) else { return slots };
                    if self.admits(product, customer, &taken, is_relaxed) {
                        slots[slot] = Some((name(product), *origin, score));
                        taken.push(product);
                    }
                }
            }
        }
        slots
    }

    fn pins(&self, customer: usize) -> Vec<(usize, usize)> {
        let mut pins: Vec<(usize, usize)> = (self.world.rules.iter())
            .filter(|rule| self.holds(&rule.when, 0, customer))
            .filter_map(|rule| match &rule.effect {
                Effect::Pin { product, slot } => {
                    Some((self.catalogue.number(product)? as usize, usize::from(*slot) - 1))
                }
                _ => None,
            })
            .collect();
        pins.sort_by_key(|pin| pin.1);
        pins
    }

    /// What is offered, list after list.
    fn lists(
        &self,
        live: &LiveModel,
        candidates: &[usize],
        customer: usize,
        arm: Arm,
    ) -> Vec<(Origin, Vec<(usize, f32)>)> {
        let sort = |mut list: Vec<(usize, f32)>| {
            list.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            list
        };
        let sold = |&product: &usize| {
            let score = (self.activity.sales[product] + 0.001) as f32;
            (product, score * self.factor(product, customer, false))
        };
        let popular = sort(candidates.iter().map(sold).collect());
        if arm == Arm::Baseline {
            return vec![(Origin::Popular, popular)];
        }
        let mut items: Vec<u32> = (self.world.purchases().filter(|bought| usize::from(bought.0) == customer))
            .map(|bought| bought.1 as u32)
            .collect();
        let mut times: std::collections::BTreeMap<String, usize> = Default::default();
        for &item in &items {
            *times.entry(format!("C{}", self.world.products[item as usize].0)).or_default() += 1;
        }
        items.sort_unstable();
        items.dedup();
        let all: Vec<u32> = (0..self.catalogue.len() as u32).collect();
        let mut scores = vec![0.0; all.len()];
        let weights = vec![1.0; items.len()];
        live.model.scorer(&all).score(User::of(None, (&items, &weights)), &mut scores);
        let own = |&product: &usize| {
            let score = scores[World::number(&self.catalogue.product(product as u32).id)];
            let adjusted =
                score * self.factor(product, customer, false) * self.factor(product, customer, true);
            (score > 0.0).then_some((product, adjusted))
        };
        let personal = sort(candidates.iter().filter_map(own).collect());
        let category_of = |product: usize| self.catalogue.product(product as u32).category.clone().unwrap();
        let number = |name: &str| self.catalogue.categories.number(name).unwrap();
        let favourite = times
            .iter()
            .filter(|(name, _)| candidates.iter().any(|&product| category_of(product) == **name))
            .max_by_key(|(name, times)| (**times, std::cmp::Reverse(number(name))));
        let favourite = favourite.map(|(name, _)| {
            popular.iter().copied().filter(|(product, _)| category_of(*product) == *name).collect()
        });
        vec![
            (Origin::Personal, personal),
            (Origin::Category, favourite.unwrap_or_default()),
            (Origin::Popular, popular),
        ]
    }
}

/// Conditions on products, on customers, and on both.
fn any_condition() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..10i64).prop_map(|n| format!("product.price < {n}")),
        (0..4u8).prop_map(|n| format!("product.category == 'C{n}'")),
        Just("customer.country == 'AT'".to_owned()),
        Just("product.category in customer.categories".to_owned()),
        Just("!(product.brand in customer.brands)".to_owned()),
        (0..3u8, 1..3)
            .prop_map(|(n, orders)| format!("customer.orders > {orders} && product.brand == 'B{n}'")),
        Just("product.price > customer.usual_price || customer.country == 'DE'".to_owned()),
        Just("product.price - customer.usual_price > 1".to_owned()),
    ]
}

fn of_products() -> impl Strategy<Value = String> {
    prop_oneof![
        (1..10i64).prop_map(|n| format!("product.price >= {n}")),
        (0..3u8).prop_map(|n| format!("product.brand == 'B{n}'")),
    ]
}

fn any_rule_with_condition() -> impl Strategy<Value = Rule> {
    let boost = |factor| Effect::Boost { category: String::new(), factor };
    let bury = |factor| Effect::Bury { category: String::new(), factor };
    prop_oneof![
        any_condition().prop_map(|when| Rule::when(Effect::Exclude {}, &when)),
        any_condition().prop_map(|when| Rule::when(Effect::Only {}, &when)),
        (any_condition(), 1f32..9.0).prop_map(move |(when, factor)| Rule::when(boost(factor), &when)),
        (any_condition(), 50f32..100.0).prop_map(move |(when, factor)| Rule::when(boost(factor), &when)),
        (any_condition(), 0.01f32..1.0).prop_map(move |(when, factor)| Rule::when(bury(factor), &when)),
        (of_products(), 1u8..3).prop_map(|(when, n)| Rule::when(Effect::AtMost { n }, &when)),
        (of_products(), 1u8..3).prop_map(|(when, n)| Rule::when(Effect::AtLeast { n }, &when)),
        (
            prop_oneof![Just(Attribute::Category), Just(Attribute::Brand)],
            of_products(),
            any::<bool>(),
            2u8..4
        )
            .prop_map(|(what, when, is_for_all, n)| {
                Rule::when(Effect::AtLeastKinds { what, n }, if is_for_all { "" } else { &when })
            }),
        (0.2f32..0.8, 1.2f32..3.0).prop_map(|(from, to)| Effect::PriceBand { from, to }.into()),
        (0usize..20, 1u8..5).prop_map(|(n, slot)| {
            Rule::when(Effect::Pin { product: id(n), slot }, "customer.country == 'AT'")
        }),
        any_rule(),
    ]
}

fn any_large_world() -> impl Strategy<Value = World> {
    let products = prop::collection::vec((0u8..4, 0u8..3, 1i64..10, 0i64..3), 1..150);
    let purchases = prop::collection::vec((0..CUSTOMERS, 0u8..150, 0i64..90), 0..80);
    let rules = prop::collection::vec(any_rule_with_condition(), 0..7);
    (products, purchases, rules, 1u8..6).prop_map(|(products, purchases, rules, slots)| World {
        products,
        purchases,
        rules,
        slots,
        variety: 0,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    /// Products, places, origins and scores, to the last bit.
    #[test]
    fn picks_are_those_made_by_hand(mut world in any_large_world()) {
        let slots = world.slots;
        world.rules.retain(|rule| !matches!(rule.effect, Effect::Pin { slot, .. } if slot > slots));
        let Some(picked) = world.picks(2) else { return Ok(()) };
        let catalogue = world.catalogue();
        let activity = world.activity(&catalogue);
        let all: Vec<u32> = (0..catalogue.len() as u32).collect();
        let columns: Vec<usize> = (0..SCHEMA.of(Root::Customer).count()).collect();
        let hand = Hand {
            world: &world,
            catalogue: &catalogue,
            activity: &activity,
            products: facts::of_products(&catalogue, &all, Some(&activity), now()),
            customers: world.customers(&columns, (&activity, &catalogue)),
        };
        let from_everybody = |product: usize| {
            let rules = world.rules.iter().filter(|rule| !Hand::speaks_of_customers(rule));
            rules.filter(|rule| !matches!(rule.effect, Effect::ExcludeBought { .. })).any(|rule| hand.bars(rule, product, 0))
        };
        let candidates: Vec<usize> = (0..catalogue.len()).filter(|&product| !from_everybody(product)).collect();
        let live = live(world.products.len());
        for (customer, (name, picked, ids)) in picked.iter().enumerate().filter(|(_, one)| one.1.arm != Arm::Holdout) {
            let found: Hands = (picked.slots.iter().zip(ids))
                .map(|(slot, id)| slot.map(|slot| (id.clone().unwrap(), slot.origin, slot.score)))
                .collect();
            prop_assert_eq!(found, hand.picks(&live, &candidates, customer, picked.arm), "{}: {:?}", name, world.rules);
        }
    }
}
