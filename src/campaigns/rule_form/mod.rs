//! A rule as a form has it: every rule has all fields, in one order, so that rows can be told apart by their place.

mod cards;
mod condition;
mod kinds;

pub use cards::{Card, Group, cards, facts, groups};
pub use condition::RELATIONS;
pub use kinds::{Kind, new_row};

use crate::money::Money;
use crate::picker::plan::Rule;
use crate::web::Form;
use serde_json::{Map, Value};
use std::str::FromStr;

/// The fields of one rule.
pub const FIELDS: [&str; 18] = [
    "rule_kind",
    "rule_on",
    "rule_name",
    "rule_note",
    "rule_when",
    "rule_days",
    "rule_n",
    "rule_what",
    "rule_from",
    "rule_to",
    "rule_product",
    "rule_slot",
    "rule_category",
    "rule_factor",
    "rule_campaigns",
    // A part of a condition while it is put together; kept nowhere.
    "rule_fact",
    "rule_relation",
    "rule_value",
];

/// What may be typed of the weather, and what the form calls it.
pub const WEATHER: [(&str, &str); 6] = [
    ("weather_temperature", "Warmest, °C"),
    ("weather_coldest", "Coldest, °C"),
    ("weather_rain", "Rain, mm"),
    ("weather_snow", "Fresh snow, cm"),
    ("weather_wind", "Strongest wind, km/h"),
    ("weather_sunshine", "Sunshine, hours"),
];

/// The fields of the step that are no rule's.
fn other_fields() -> impl Iterator<Item = &'static str> {
    ["slots", "variety"].into_iter().chain(WEATHER.map(|(name, _)| name))
}

type Row = [String; FIELDS.len()];

/// The place of a field, without its prefix, in a row.
fn place(name: &str) -> usize {
    let found = FIELDS.iter().position(|field| field.strip_prefix("rule_") == Some(name));
    found.expect("invariant: names of fields are written in this file")
}

/// The fields of a rule, in the order of [`FIELDS`].
pub fn fields(rule: &Rule) -> Row {
    let mut row = Row::default();
    row[place("on")] = if rule.off { "off" } else { "on" }.to_owned();
    for (name, value) in Map::from(rule.clone()) {
        let field = if name == "rule" { "kind" } else { &name };
        row[place(field)] = match value {
            Value::String(text) => text,
            Value::Null | Value::Bool(_) => continue,
            number => number.to_string(),
        };
    }
    row
}

/// The rows of a form, each in the order of [`FIELDS`].
pub fn rows(form: &Form) -> Vec<Row> {
    let mut columns = FIELDS.map(|name| form.all(name));
    let mut rows = Vec::new();
    while let Some(kind) = columns[0].next() {
        let mut row: Row = Default::default();
        row[0] = kind.to_owned();
        for (value, column) in row.iter_mut().zip(&mut columns).skip(1) {
            *value = column.next().unwrap_or_default().to_owned();
        }
        rows.push(row);
    }
    rows
}

/// The rule of a row, or what to correct in it; `number` counts from 1.
pub fn rule(row: &Row, number: usize) -> Result<Rule, String> {
    let text = |name: &str| row[place(name)].trim();
    let complaint = |what: &str, expected: &str, found: &str| match found {
        "" => format!("Rule {number}: say {what}, {expected}."),
        found => format!("Rule {number}: “{found}” for {what} should be {expected}."),
    };
    let Some(kind) = kinds::kind_of(text("kind")) else {
        return Err(complaint("what it does", "one of the list", text("kind")));
    };
    let mut map = Map::from_iter([
        ("rule".to_owned(), Value::from(kind.name)),
        ("off".to_owned(), Value::from(text("on") == "off")),
    ]);
    for (name, longest) in [("when", usize::MAX), ("name", 200), ("note", 2000)] {
        map.insert(name.to_owned(), text(name).chars().take(longest).collect::<String>().into());
    }
    for name in kind.uses {
        let value = value(kind, name, text(name))
            .map_err(|(what, expected)| complaint(what, expected, text(name)))?;
        map.insert((*name).to_owned(), value);
    }
    Rule::try_from(map).map_err(|error| format!("Rule {number}: {error}."))
}

/// A field's value as a plan has it, or what it is and what is expected.
fn value(kind: &Kind, name: &str, text: &str) -> Result<Value, (&'static str, &'static str)> {
    fn read<T: FromStr>(text: &str) -> Option<T> {
        text.replace(',', ".").parse().ok()
    }
    let whole = |what, expected| read::<u8>(text).map(Value::from).ok_or((what, expected));
    let times = |what| {
        read::<f64>(text)
            .filter(|times| times.is_finite())
            .map(Value::from)
            .ok_or((what, "a number such as 1.5"))
    };
    let money = |what| match text {
        "" => Ok(Value::Null),
        text => read::<Money>(text)
            .map(|money| Value::from(money.to_string()))
            .ok_or((what, "an amount such as 12.50")),
    };
    match (name, kind.name) {
        // A hundred years is as good as for ever, and stays within the calendar.
        ("days", _) => {
            let days = read::<u32>(text).map(|days| Value::from(days.min(36_500)));
            days.ok_or(("how many days", "a whole number"))
        }
        ("campaigns", _) => whole("how many campaigns", "a whole number from 1 to 52"),
        ("n", "min_margin") => whole("the margin", "a whole number of per cent, such as 20"),
        ("n", _) => whole("how many", "a whole number from 1 to 20"),
        ("slot", _) => whole("at which place", "1, 2, 3 …"),
        ("product", _) if text.is_empty() => Err(("which product", "by its id in the shop")),
        ("from", "price_range") => money("the lowest price"),
        ("to", "price_range") => money("the highest price"),
        ("from", _) => times("the lower end"),
        ("to", _) => times("the upper end"),
        ("factor", _) => times("how strongly"),
        ("what", _) if text.is_empty() => Err(("of what", "one of the list")),
        _ => Ok(text.into()),
    }
}

/// Whether a button changes the rows of the form rather than save it.
pub fn is_edit(go: &str) -> bool {
    go == "add"
        || go
            .split_once(':')
            .is_some_and(|(what, _)| matches!(what, "up" | "down" | "remove" | "off" | "condition"))
}

/// The form after its button was followed.
pub fn edit(form: &Form) -> Form {
    let mut rows = rows(form);
    let (what, at) = form.text("go").split_once(':').unwrap_or((form.text("go"), ""));
    let at = at.parse().unwrap_or(usize::MAX);
    match what {
        "add" => rows.extend(new_row(form.text("add"))),
        "up" if at > 0 && at < rows.len() => rows.swap(at - 1, at),
        "down" if at.saturating_add(1) < rows.len() => rows.swap(at, at + 1),
        "remove" if at < rows.len() => drop(rows.remove(at)),
        "off" => {
            for row in rows.iter_mut().skip(at).take(1) {
                let on = &mut row[place("on")];
                *on = if on == "off" { "on" } else { "off" }.to_owned();
            }
        }
        "condition" => rows.iter_mut().skip(at).take(1).for_each(condition::add_part),
        _ => {}
    }
    let others = other_fields().map(|name| (name.to_owned(), form.text(name).to_owned()));
    let fields = rows.into_iter().flat_map(|row| FIELDS.into_iter().map(str::to_owned).zip(row));
    Form::new(others.chain(fields).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

    use super::*;

    #[test]
    fn every_kind_can_be_added_and_reads_back() {
        for kind in &kinds::KINDS {
            let mut row = new_row(kind.name).unwrap();
            if kind.name == "pin" {
                row[place("product")] = "p1".into();
            }
            let made = rule(&row, 1).unwrap();
            assert_eq!(fields(&made), row, "{}", kind.name);
            let form = FIELDS.into_iter().map(str::to_owned).zip(row.clone()).collect();
            assert_eq!(rows(&Form::new(form)), [row]);
        }
    }

    #[test]
    fn what_is_wrong_names_the_rule() {
        let mut row = new_row("exclude_bought").unwrap();
        row[place("days")] = "soon".into();
        assert_eq!(rule(&row, 3).unwrap_err(), "Rule 3: “soon” for how many days should be a whole number.");
        row[0] = "magic".into();
        assert!(rule(&row, 3).unwrap_err().contains("“magic”"));
    }

    #[test]
    fn buttons_change_the_rows_and_lose_nothing() {
        let form = |go: &str, extra: &[(&str, &str)]| {
            let rows = ["exclude_bought", "needs_picture"].map(|kind| new_row(kind).unwrap());
            let fields = rows.into_iter().flat_map(|row| FIELDS.into_iter().map(str::to_owned).zip(row));
            let extra = extra.iter().map(|(name, value)| (name.to_string(), value.to_string()));
            Form::new(
                fields.chain(extra).chain([("go".into(), go.into()), ("slots".into(), "5".into())]).collect(),
            )
        };
        let kinds = |form: &Form| rows(form).into_iter().map(|row| row[0].clone()).collect::<Vec<_>>();
        assert_eq!(kinds(&edit(&form("up:1", &[]))), ["needs_picture", "exclude_bought"]);
        assert_eq!(kinds(&edit(&form("up:0", &[]))), ["exclude_bought", "needs_picture"]);
        assert_eq!(kinds(&edit(&form("down:1", &[]))).len(), 2);
        assert_eq!(kinds(&edit(&form("remove:0", &[]))), ["needs_picture"]);
        assert_eq!(kinds(&edit(&form("add", &[("add", "pin")])))[2], "pin");
        assert_eq!(kinds(&edit(&form("add", &[("add", "magic")]))).len(), 2);
        let off = edit(&form("off:0", &[]));
        assert_eq!((rows(&off)[0][1].as_str(), off.text("slots")), ("off", "5"));
        assert!(is_edit("remove:0") && !is_edit("next") && !is_edit("review"));
    }
}
