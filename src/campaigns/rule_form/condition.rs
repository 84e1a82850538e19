//! A condition put together from a fact, a relation and a value.

use super::{Row, place};
use crate::conditions::{Kind as FactKind, Root};
use crate::picker::facts::SCHEMA;

/// How a fact and a value may be joined: in the form, in words.
pub const RELATIONS: [(&str, &str); 11] = [
    ("==", "is"),
    ("!=", "is not"),
    ("<", "is less than"),
    ("<=", "is at most"),
    (">=", "is at least"),
    (">", "is more than"),
    ("below", "is or lies below"),
    ("startsWith", "begins with"),
    ("contains", "contains"),
    ("in", "is one of (commas between)"),
    ("has", "is known"),
];

/// Puts what was chosen at the end of the condition.
pub fn add_part(row: &mut Row) {
    let take = |row: &mut Row, name: &str| std::mem::take(&mut row[place(name)]);
    let (fact, relation, value) = (take(row, "fact"), take(row, "relation"), take(row, "value"));
    let when = &mut row[place("when")];
    let Some(part) = part(&fact, &relation, &value) else { return };
    *when = match when.trim() {
        "" => part,
        before if before.contains("||") => format!("({before}) && {part}"),
        before => format!("{before} && {part}"),
    };
}

fn part(fact: &str, relation: &str, value: &str) -> Option<String> {
    let (root, name) = fact.split_once('.')?;
    let root = Root::ALL.into_iter().find(|known| known.name() == root)?;
    let (_, known) = SCHEMA.find(root, name)?;
    let one = |value: &str| match known.kind {
        FactKind::Number => {
            value.replace(',', ".").parse::<f64>().map_or_else(|_| quoted(value), |_| value.replace(',', "."))
        }
        FactKind::Truth => {
            if matches!(value.to_lowercase().as_str(), "no" | "false" | "0") { "false" } else { "true" }
                .to_owned()
        }
        FactKind::Text | FactKind::Texts => quoted(value),
    };
    Some(match (relation, known.kind) {
        ("has", _) => format!("has({fact})"),
        ("==", FactKind::Truth) if one(value) == "true" => fact.to_owned(),
        ("!=", FactKind::Texts) => format!("!({} in {fact})", quoted(value)),
        (_, FactKind::Texts) => format!("{} in {fact}", quoted(value)),
        ("below" | "startsWith" | "contains", _) => format!("{fact}.{relation}({})", quoted(value)),
        ("in", _) => {
            let all: Vec<String> = value.split(',').map(|value| one(value.trim())).collect();
            format!("{fact} in [{}]", all.join(", "))
        }
        (relation, _) if RELATIONS.iter().any(|(known, _)| *known == relation) => {
            format!("{fact} {relation} {}", one(value))
        }
        _ => return None,
    })
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_condition_are_conditions() {
        use crate::conditions::compile;
        for (fact, relation, value, expected) in [
            ("product.price", "<", "12,5", "product.price < 12.5"),
            ("product.category", "below", "Home", "product.category.below(\"Home\")"),
            ("product.on_sale", "==", "yes", "product.on_sale"),
            ("product.on_sale", "==", "no", "product.on_sale == false"),
            ("customer.country", "in", "AT, DE", "customer.country in [\"AT\", \"DE\"]"),
            ("customer.categories", "contains", "Tea \"x\"", "\"Tea \\\"x\\\"\" in customer.categories"),
            ("product.price", "has", "", "has(product.price)"),
        ] {
            let part = part(fact, relation, value).unwrap();
            assert_eq!(part, expected);
            compile(&part, SCHEMA).unwrap();
        }
        assert!(part("product.magic", "<", "1").is_none() && part("product.price", "~", "1").is_none());
    }
}
