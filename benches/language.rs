//! A long search for texts on which the language of conditions goes wrong: conditions as people write them, and what
//! becomes of them when letters get lost, doubled or strange.
//!
//! `cargo bench --bench language -- [SECONDS] [SEED]`, by default 60 seconds from seed 1; the same seed is the same search.
//!
//! No text may make it panic; what is wrong is told at a place within the text; completions fit it. What compiles is asked
//! of a few products and customers, whole columns at a time and as a sieve, and must answer as CEL itself does of each of
//! them where CEL knows all its parts. The first text that breaks this ends the search with a failure that names it.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a search prints, and panics when it found something"
)]

use cel::{Context, Program, Value};
use handpick::conditions::{
    Bound, Column, Fact, Kind, Lists, Root, Schema, Scratch, Side, Sieve, Table, compile, complete,
};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

const fn fact(root: Root, name: &'static str, kind: Kind) -> Fact {
    Fact { root, name, kind, meaning: "" }
}

const SCHEMA: Schema = Schema(&[
    fact(Root::Product, "price", Kind::Number),
    fact(Root::Product, "brand", Kind::Text),
    fact(Root::Product, "on_sale", Kind::Truth),
    fact(Root::Product, "attributes", Kind::Texts),
    fact(Root::Customer, "usual_price", Kind::Number),
    fact(Root::Customer, "country", Kind::Text),
    fact(Root::Customer, "brands", Kind::Texts),
]);

const PRODUCTS: usize = 9;
const CUSTOMERS: usize = 4;
const TEXTS: [&str; 5] = ["a", "b", "aa", "Wine > Red", "ü"];

/// A product, or a customer: a number, a text, a truth and a list, any of which may be unknown.
#[derive(Debug, Clone)]
struct Thing {
    number: Option<f64>,
    text: Option<&'static str>,
    truth: Option<bool>,
    list: Vec<&'static str>,
}

type Chance = ChaCha8Rng;

fn thing(chance: &mut Chance) -> Thing {
    let mut list: Vec<_> = TEXTS.iter().copied().filter(|_| chance.random_bool(0.4)).collect();
    list.sort_unstable();
    Thing {
        number: chance.random_bool(0.8).then(|| f64::from(chance.random_range(-2..6))),
        text: chance.random_bool(0.8).then(|| *TEXTS.choose(chance).unwrap()),
        truth: chance.random_bool(0.8).then(|| chance.random_bool(0.5)),
        list,
    }
}

fn table(things: &[Thing], has_truth: bool) -> Table {
    let mut lists = Lists { names: TEXTS.map(str::to_owned).into(), starts: vec![0], codes: Vec::new() };
    for thing in things {
        let code = |text: &&str| TEXTS.iter().position(|known| known == text).unwrap() as u32;
        let mut codes: Vec<u32> = thing.list.iter().map(code).collect();
        codes.sort_unstable();
        lists.codes.extend(codes);
        lists.starts.push(lists.codes.len());
    }
    let mut columns = vec![
        Some(Column::Numbers(things.iter().map(|one| one.number.unwrap_or(f64::NAN)).collect())),
        Some(Column::Texts(things.iter().map(|one| one.text).collect())),
    ];
    columns.extend(has_truth.then(|| Some(Column::Truths(things.iter().map(|one| one.truth).collect()))));
    columns.push(Some(Column::Lists(lists)));
    Table::new(columns, things.len())
}

fn by_cel(program: &Program, product: &Thing, customer: &Thing) -> bool {
    let map = |thing: &Thing, [number, text, truth, list]: [&str; 4]| {
        let mut map: HashMap<String, Value> = HashMap::new();
        map.extend(thing.number.map(|value| (number.into(), Value::Float(value))));
        map.extend(thing.text.map(|value| (text.into(), value.to_owned().into())));
        map.extend(thing.truth.filter(|_| !truth.is_empty()).map(|value| (truth.into(), Value::Bool(value))));
        let all: Vec<Value> = thing.list.iter().map(|one| (*one).to_owned().into()).collect();
        map.insert(list.into(), all.into());
        map
    };
    let mut context = Context::default();
    context.add_variable_from_value("product", map(product, ["price", "brand", "on_sale", "attributes"]));
    context.add_variable_from_value("customer", map(customer, ["usual_price", "country", "", "brands"]));
    program.execute(&context) == Ok(Value::Bool(true))
}

fn number(chance: &mut Chance, depth: u32) -> String {
    match chance.random_range(0..if depth == 0 { 4 } else { 6 }) {
        0 => "product.price".into(),
        1 => "customer.usual_price".into(),
        2 | 3 => format!("{}.0", chance.random_range(0..6)),
        _ => {
            let sign = ["-", "+", "*"].choose(chance).unwrap();
            format!("({} {sign} {})", number(chance, depth - 1), number(chance, depth - 1))
        }
    }
}

fn text(chance: &mut Chance) -> String {
    match chance.random_range(0..4) {
        0 | 1 => "product.brand".into(),
        2 => "customer.country".into(),
        _ => format!("'{}'", TEXTS.choose(chance).unwrap()),
    }
}

fn condition(chance: &mut Chance, depth: u32) -> String {
    let literal = |chance: &mut Chance| format!("\"{}\"", TEXTS.choose(chance).unwrap());
    match chance.random_range(0..if depth == 0 { 9 } else { 14 }) {
        0 | 1 => {
            let relation = ["<", "<=", "==", "!=", ">=", ">"].choose(chance).unwrap();
            format!("{} {relation} {}", number(chance, 1), number(chance, 1))
        }
        2 => format!("{} {} {}", text(chance), ["==", "!="].choose(chance).unwrap(), text(chance)),
        3 => {
            let test = ["startsWith", "endsWith", "contains"].choose(chance).unwrap();
            format!("{}.{test}({})", text(chance), literal(chance))
        }
        4 => format!("{} in [{}, {}]", text(chance), literal(chance), literal(chance)),
        5 => format!(
            "{} in {}",
            text(chance),
            ["customer.brands", "product.attributes"].choose(chance).unwrap()
        ),
        6 => format!(
            "has({})",
            ["product.price", "customer.country", "product.on_sale"].choose(chance).unwrap()
        ),
        7 => "product.on_sale".into(),
        8 => format!("product.on_sale == {}", chance.random_bool(0.5)),
        9 | 10 => format!("({} && {})", condition(chance, depth - 1), condition(chance, depth - 1)),
        11 | 12 => format!("({} || {})", condition(chance, depth - 1), condition(chance, depth - 1)),
        _ => format!("!({})", condition(chance, depth - 1)),
    }
}

/// Letters lost, doubled, exchanged or strange.
fn harmed(chance: &mut Chance, whole: &str) -> String {
    const STRANGE: [&str; 18] = [
        "",
        "(",
        ")",
        "[",
        "]",
        "\"",
        "'",
        "\\",
        ".",
        "&&",
        "||",
        "!",
        "in",
        "\n",
        "ü",
        "\u{0}",
        "\u{1f600}",
        "9e999",
    ];
    let mut letters: Vec<char> = whole.chars().collect();
    for _ in 0..chance.random_range(1..4) {
        let at = chance.random_range(0..=letters.len());
        let end = (at + chance.random_range(0..6)).min(letters.len());
        match chance.random_range(0..3) {
            0 => drop(letters.drain(at..end)),
            1 => {
                let again: Vec<char> = letters[at..end].to_vec();
                letters.splice(at..at, again);
            }
            _ => drop(letters.splice(at..end, STRANGE.choose(chance).unwrap().chars())),
        }
    }
    letters.into_iter().collect()
}

/// Panics when the language goes wrong on `text`; answers whether it was a condition.
fn look_at(text: &str, products: &[Thing], customers: &[Thing]) -> bool {
    let letters = text.chars().count();
    for one in complete(text, SCHEMA) {
        assert!(one.replaces <= letters, "{one:?} replaces more than there is");
    }
    let condition = match compile(text, SCHEMA) {
        Ok(condition) => condition,
        Err(wrong) => {
            assert!(wrong.at <= letters.max(4000) && !wrong.what.is_empty(), "{wrong:?}");
            return false;
        }
    };
    assert_eq!(compile(text, SCHEMA).as_ref(), Ok(&condition), "the same twice");
    let (table_of_products, table_of_customers) = (table(products, true), table(customers, false));
    // What CEL does not have, or has only of another kind of number, is not compared.
    let program = Program::compile(text).ok().filter(|_| is_of_cel(text));
    let sides = ((Root::Product, &table_of_products), (Root::Customer, &table_of_customers));
    let sieve = Sieve::new(&condition, sides.0, sides.1, Bound::default());
    let (mut scratch, mut words) = (Scratch::default(), vec![0; PRODUCTS.div_ceil(64)]);
    for (row, customer) in customers.iter().enumerate() {
        let bound = Bound::default()
            .with(Root::Product, Side::Every(&table_of_products))
            .with(Root::Customer, Side::Row(&table_of_customers, row));
        let holds = condition.holds(&bound);
        sieve.holds(&table_of_customers, row, &mut words, &mut scratch);
        for (at, product) in products.iter().enumerate() {
            assert_eq!(words[at / 64] >> (at % 64) & 1 == 1, holds[at], "sieve, {product:?}, {customer:?}");
            if let Some(program) = &program {
                assert_eq!(holds[at], by_cel(program, product, customer), "CEL, {product:?}, {customer:?}");
            }
        }
    }
    true
}

/// Numbers without a point are of another kind to CEL, `below` is ours, and it divides by zero in its own way.
fn is_of_cel(text: &str) -> bool {
    let mut before = ' ';
    let mut has_whole = false;
    for (at, letter) in text.char_indices() {
        if letter.is_ascii_digit() && !before.is_ascii_digit() && before != '.' {
            let rest = text[at..].trim_start_matches(|c: char| c.is_ascii_digit());
            has_whole |= !rest.starts_with('.');
        }
        before = letter;
    }
    !has_whole && !text.contains("below") && !text.contains('/') && !text.contains('-')
}

fn main() {
    let given: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let seconds = given.first().copied().unwrap_or(60);
    let seed = given.get(1).copied().unwrap_or(1);
    let mut chance = Chance::seed_from_u64(seed);
    let begun = Instant::now();
    let (mut looked_at, mut conditions) = (0u64, 0u64);
    while begun.elapsed() < Duration::from_secs(seconds) {
        let whole = condition(&mut chance, 4);
        let text = if chance.random_bool(0.7) { harmed(&mut chance, &whole) } else { whole };
        let products: Vec<Thing> = (0..PRODUCTS).map(|_| thing(&mut chance)).collect();
        let customers: Vec<Thing> = (0..CUSTOMERS).map(|_| thing(&mut chance)).collect();
        let looked = catch_unwind(AssertUnwindSafe(|| look_at(&text, &products, &customers)));
        let Ok(is_condition) = looked else {
            println!("seed {seed}, text {looked_at}: {text:?}");
            std::process::exit(1);
        };
        looked_at += 1;
        conditions += u64::from(is_condition);
    }
    println!(
        "seed {seed}: {looked_at} texts in {seconds} s, {conditions} of them conditions; nothing went wrong"
    );
}
