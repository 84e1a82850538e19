//! The language by hand-worked cases, and against CEL itself on conditions and facts drawn by chance.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use super::*;
use cel::{Context, Program, Value};
use proptest::prelude::*;
use std::collections::HashMap;

const FACTS: &[Fact] = &[
    Fact { root: Root::Product, name: "price", kind: Kind::Number, meaning: "" },
    Fact { root: Root::Product, name: "brand", kind: Kind::Text, meaning: "" },
    Fact { root: Root::Product, name: "on_sale", kind: Kind::Truth, meaning: "" },
    Fact { root: Root::Customer, name: "usual_price", kind: Kind::Number, meaning: "" },
    Fact { root: Root::Customer, name: "country", kind: Kind::Text, meaning: "" },
    Fact { root: Root::Customer, name: "brands", kind: Kind::Texts, meaning: "" },
];
const SCHEMA: Schema = Schema(FACTS);

fn products(rows: &[(Option<f64>, Option<&str>, Option<bool>)]) -> Table {
    let columns = vec![
        Some(Column::Numbers(rows.iter().map(|row| row.0.unwrap_or(f64::NAN)).collect())),
        Some(Column::Texts(rows.iter().map(|row| row.1).collect())),
        Some(Column::Truths(rows.iter().map(|row| row.2).collect())),
    ];
    Table::new(columns, rows.len())
}

fn customer(usual_price: Option<f64>, country: Option<&str>, brands: &[&str]) -> Table {
    let names = brands.iter().map(|&brand| brand.to_owned()).collect();
    let codes = (0..brands.len() as u32).collect();
    let columns = vec![
        Some(Column::Numbers(vec![usual_price.unwrap_or(f64::NAN)])),
        Some(Column::Texts([country].into_iter().collect())),
        Some(Column::Lists(Lists { names, starts: vec![0, brands.len()], codes })),
    ];
    Table::new(columns, 1)
}

fn holds(text: &str) -> Vec<bool> {
    let products = products(&[
        (Some(10.0), Some("Home > Light"), Some(true)),
        (Some(30.0), Some("Home"), Some(false)),
        (None, None, None),
    ]);
    let customer = customer(Some(15.0), Some("AT"), &["Home", "Acme"]);
    let bound = Bound::default()
        .with(Root::Product, Side::Every(&products))
        .with(Root::Customer, Side::Row(&customer, 0));
    compile(text, SCHEMA).unwrap().holds(&bound)
}

#[test]
fn conditions_hold_as_worked_out_by_hand() {
    for (text, expected) in [
        ("product.price < 20", [true, false, false]),
        ("!(product.price < 20)", [false, true, false]),
        ("has(product.price)", [true, true, false]),
        ("!has(product.price) || product.price >= 30.0", [false, true, true]),
        ("product.price <= customer.usual_price * 2", [true, true, false]),
        ("product.price - 5 > customer.usual_price / 3 - -1", [false, true, false]),
        ("product.brand == 'Home'", [false, true, false]),
        ("product.brand.below('Home')", [true, true, false]),
        ("product.brand.startsWith(\"Home >\") && product.on_sale", [true, false, false]),
        ("product.brand in customer.brands", [false, true, false]),
        ("product.brand in ['Home', 'x'] || product.price in [10, 11]", [true, true, false]),
        ("'Acme' in customer.brands && customer.country != 'DE'", [true; 3]),
        ("product.on_sale == false", [false, true, false]),
        ("product.on_sale == (product.price > 20)", [false, false, false]),
        ("false && product.on_sale || true", [true; 3]),
    ] {
        assert_eq!(holds(text), expected, "{text}");
    }
}

#[test]
fn what_is_wrong_is_said_at_its_character() {
    for (text, at, said) in [
        ("", 0, "empty"),
        ("product.price <", 15, "missing at the end"),
        ("product.price = 3", 14, "“==”"),
        ("product.prise < 3", 0, "do you mean product.price?"),
        ("true && product.colour == 'red'", 8, "are known: price, brand, on_sale"),
        ("prise < 3", 0, "“prise” is not known"),
        ("price < 3", 0, "do you mean product.price?"),
        ("produkt.price < 3", 0, "do you mean product?"),
        ("product", 0, "say what of it"),
        ("product.price", 0, "a condition is true or false"),
        ("product.brand < 'x'", 0, "only numbers can be larger"),
        ("product.price == 'x'", 17, "a number is needed here"),
        ("product.brand in customer.country", 17, "a list of texts is needed"),
        ("customer.brands == 'x'", 0, "ask with “in”"),
        ("product.brand.startswith('x')", 14, "do you mean startsWith?"),
        ("product.brand.contains(customer.country)", 23, "a text in quotes"),
        ("ü == 3 ? true : false", 0, "cannot stand here"),
        ("true ? true : false", 0, "do not have"),
        ("[1,2].all(x, x > 0)", 9, "do not have this part"),
        ("product.price % 2 == 0", 0, "do not have “%”"),
        ("null == product.price", 0, "has(product.price)"),
    ] {
        let wrong = compile(text, SCHEMA).unwrap_err();
        assert!(wrong.what.contains(said), "{text}: {wrong:?}");
        assert_eq!(wrong.at, at, "{text}: {wrong:?}");
    }
    assert_eq!(
        compile("'ü' == 'x' && product.prise > 1", SCHEMA).unwrap_err().at,
        14,
        "characters, not bytes"
    );
}

#[test]
fn a_condition_tells_what_it_depends_on() {
    let condition = compile("product.price < customer.usual_price && has(product.brand)", SCHEMA).unwrap();
    assert_eq!((condition.columns(Root::Product), condition.columns(Root::Customer)), (vec![0, 1], vec![0]));
    assert!(!condition.asks(Root::Today));
}

#[test]
fn names_are_completed_where_they_may_stand() {
    let names =
        |before: &str| -> Vec<String> { complete(before, SCHEMA).into_iter().map(|one| one.text).collect() };
    assert_eq!(names("product.p"), ["product.price"]);
    assert_eq!(names("true && pri"), ["product.price"]);
    assert_eq!(names("cust")[0], "customer.");
    assert_eq!(names(""), ["product.", "customer."]);
    assert_eq!(names("product.brand == \"pro"), [""; 0]);
    assert_eq!(names("product.price"), [""; 0], "it is whole");
    assert_eq!(complete("a && bra", SCHEMA)[0].replaces, 3);
}

/// A condition of the kind that people write, in CEL's own numbers: with a point.
fn condition() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        Just("product.price".to_owned()),
        Just("customer.usual_price".to_owned()),
        (0..6).prop_map(|n| format!("{n}.0")),
    ];
    let number = (number.clone(), prop_oneof!["[-+*]"], number.clone())
        .prop_map(|(a, sign, b)| format!("({a} {sign} {b})"))
        .boxed()
        .prop_union(number.boxed());
    let text = prop_oneof![
        Just("product.brand".to_owned()),
        Just("customer.country".to_owned()),
        "[ab]{1,2}".prop_map(|text| format!("'{text}'"))
    ];
    let relation = prop_oneof![Just("<"), Just("<="), Just("=="), Just("!="), Just(">="), Just(">")];
    let leaf = prop_oneof![
        (number.clone(), relation, number).prop_map(|(a, sign, b)| format!("{a} {sign} {b}")),
        (text.clone(), prop_oneof![Just("=="), Just("!=")], text.clone())
            .prop_map(|(a, sign, b)| format!("{a} {sign} {b}")),
        (text.clone(), "[ab]").prop_map(|(text, start)| format!("{text}.startsWith('{start}')")),
        (text.clone(), "[ab]").prop_map(|(text, other)| format!("{text} in ['{other}', 'aa']")),
        text.prop_map(|text| format!("{text} in customer.brands")),
        Just("has(product.price)".to_owned()),
        Just("has(customer.country)".to_owned()),
        Just("product.on_sale".to_owned()),
        Just("product.on_sale == true".to_owned()),
        Just("true".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.prop_map(|a| format!("!({a})")),
        ]
    })
}

/// CEL's own answer for one product and one customer.
fn by_cel(text: &str, product: &(Option<f64>, Option<String>, Option<bool>), who: &Person) -> bool {
    let mut product_map: HashMap<String, Value> = HashMap::new();
    product_map.extend(product.0.map(|price| ("price".into(), Value::Float(price))));
    product_map.extend(product.1.clone().map(|brand| ("brand".into(), brand.into())));
    product_map.extend(product.2.map(|on_sale| ("on_sale".into(), Value::Bool(on_sale))));
    let mut customer_map: HashMap<String, Value> = HashMap::new();
    customer_map.extend(who.0.map(|price| ("usual_price".into(), Value::Float(price))));
    customer_map.extend(who.1.clone().map(|country| ("country".into(), country.into())));
    let brands: Vec<Value> = who.2.iter().map(|brand| brand.clone().into()).collect();
    customer_map.insert("brands".into(), brands.into());
    let mut context = Context::default();
    context.add_variable_from_value("product", product_map);
    context.add_variable_from_value("customer", customer_map);
    Program::compile(text).unwrap().execute(&context) == Ok(Value::Bool(true))
}

type Person = (Option<f64>, Option<String>, Vec<String>);

fn price() -> impl Strategy<Value = Option<f64>> {
    proptest::option::of((0..6).prop_map(f64::from))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whole_columns_answer_as_cel_does_one_by_one(
        text in condition(),
        rows in proptest::collection::vec(
            (price(), proptest::option::of("[ab]{1,2}"), proptest::option::of(any::<bool>())), 1..6),
        who in (price(), proptest::option::of("[ab]{1,2}"), proptest::collection::vec("[ab]{1,2}", 0..3)),
    ) {
        let borrowed: Vec<_> = rows.iter().map(|row| (row.0, row.1.as_deref(), row.2)).collect();
        let table = products(&borrowed);
        let brands: Vec<&str> = who.2.iter().map(String::as_str).collect();
        let person = customer(who.0, who.1.as_deref(), &brands);
        let condition = compile(&text, SCHEMA).unwrap();
        let bound = Bound::default().with(Root::Product, Side::Every(&table)).with(Root::Customer, Side::Row(&person, 0));
        let expected: Vec<bool> = rows.iter().map(|row| by_cel(&text, row, &who)).collect();
        prop_assert_eq!(&condition.holds(&bound), &expected, "{}", text);
        // One product, every customer: the same answer.
        for (row, expected) in expected.into_iter().enumerate() {
            let bound =
                Bound::default().with(Root::Product, Side::Row(&table, row)).with(Root::Customer, Side::Every(&person));
            prop_assert_eq!(condition.holds(&bound), [expected], "{}", text);
        }
    }

    /// More rows than a word has bits and than lie between two kept prefixes.
    #[test]
    fn a_sieve_holds_for_the_same_rows(
        text in condition(),
        rows in proptest::collection::vec(
            (price(), proptest::option::of("[ab]{1,2}"), proptest::option::of(any::<bool>())), 1..150),
        who in (price(), proptest::option::of("[ab]{1,2}"), proptest::collection::vec("[ab]{1,2}", 0..3)),
    ) {
        let borrowed: Vec<_> = rows.iter().map(|row| (row.0, row.1.as_deref(), row.2)).collect();
        let table = products(&borrowed);
        let mut brands: Vec<&str> = who.2.iter().map(String::as_str).collect();
        brands.sort_unstable();
        brands.dedup();
        let person = customer(who.0, who.1.as_deref(), &brands);
        let condition = compile(&text, SCHEMA).unwrap();
        let bound = Bound::default().with(Root::Product, Side::Every(&table)).with(Root::Customer, Side::Row(&person, 0));
        let expected = condition.holds(&bound);
        let sieve = Sieve::new(&condition, (Root::Product, &table), (Root::Customer, &person), Bound::default());
        let mut scratch = Scratch::default();
        let mut words = vec![u64::MAX; rows.len().div_ceil(64)];
        // Twice: what the first time left behind does not show.
        for _ in 0..2 {
            sieve.holds(&person, 0, &mut words, &mut scratch);
            let holds: Vec<bool> = (0..words.len() * 64).map(|row| words[row / 64] >> (row % 64) & 1 == 1).collect();
            prop_assert_eq!(&holds[..rows.len()], &expected, "{}", text);
            prop_assert!(!holds[rows.len()..].contains(&true), "{}", text);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[a-z0-9.<>=&|!()\\[\\]'\" ,ü?:+-]{0,60}") {
        drop(compile(&text, SCHEMA));
        drop(complete(&text, SCHEMA));
    }
}
