//! The rules of a form as the page shows them.

use super::kinds::{KINDS, Kind, kind_of};
use super::{Row, place, rows, rule};
use crate::picker::doubts::Doubts;
use crate::picker::facts::SCHEMA;
use crate::picker::plan::{Attribute, Rule};
use crate::web::{Form, rule_in_words};

/// A rule on the page.
pub struct Card {
    /// From 0.
    pub at: usize,
    pub title: String,
    pub kind: &'static Kind,
    pub row: Row,
    pub is_off: bool,
    pub is_first: bool,
    pub is_last: bool,
    /// The condition is open to be read or written.
    pub is_conditional: bool,
    pub strengths: Vec<(String, String, bool)>,
    /// What products can have in common: value, words, whether it is chosen.
    pub attributes: Vec<(String, String, bool)>,
    /// What it speaks of and the shop does not have, in sentences.
    pub doubts: Vec<String>,
}

impl Card {
    pub fn text(&self, name: &str) -> &str {
        &self.row[place(name)]
    }

    pub fn uses(&self, name: &str) -> bool {
        self.kind.uses.contains(&name)
    }

    /// Fields that this kind of rule has no use for: they are sent all the same, so that rows stay whole.
    pub fn unused(&self) -> impl Iterator<Item = &'static str> {
        ["days", "n", "what", "from", "to", "product", "slot", "category", "factor", "campaigns"]
            .into_iter()
            .filter(|name| !self.kind.uses.contains(name))
    }
}

/// The rules of a form, and those that cannot be understood yet.
///
/// `attributes`: the names of what the shop says of its products beside what every shop does.
pub fn cards(form: &Form, currency: &str, attributes: &[String], doubts: &Doubts<'_>) -> Vec<Card> {
    let rows = rows(form);
    let count = rows.len();
    let card = |(at, row): (usize, Row)| {
        let kind = kind_of(&row[0])?;
        let read = rule(&row, at + 1);
        let doubts = read.as_ref().map(|rule| doubts.about(rule)).unwrap_or_default();
        let title = match read {
            Ok(rule) if rule.effect.needs_condition() && rule.when.is_empty() && rule.name.is_empty() => {
                kind.label.to_owned()
            }
            Ok(rule) => rule_in_words(&Rule { off: false, ..rule }, currency),
            Err(_) => kind.label.to_owned(),
        };
        let needs = matches!(kind.name, "exclude" | "only" | "at_most" | "at_least");
        Some(Card {
            at,
            title,
            kind,
            is_off: row[place("on")] == "off",
            is_first: at == 0,
            is_last: at + 1 == count,
            is_conditional: needs || !row[place("when")].is_empty(),
            doubts,
            attributes: attribute_choices(&row[place("what")], attributes),
            strengths: strengths(&row[place("factor")], kind.name == "boost"),
            row,
        })
    };
    rows.into_iter().enumerate().filter_map(card).collect()
}

/// What may be chosen; what is chosen already stays a choice, although the shop says it no longer.
fn attribute_choices(chosen: &str, of_shop: &[String]) -> Vec<(String, String, bool)> {
    let fixed = Attribute::FIXED.map(|(value, words)| (value.to_owned(), words.to_owned(), value == chosen));
    let own = of_shop.iter().map(|name| (name.clone(), name.clone(), name == chosen));
    let mut all: Vec<_> = fixed.into_iter().chain(own).collect();
    if !chosen.is_empty() && !all.iter().any(|one| one.2) {
        all.push((chosen.to_owned(), format!("{chosen} (no product has it)"), true));
    }
    all
}

/// Words for factors; another one, from a file, keeps its number.
fn strengths(factor: &str, is_boost: bool) -> Vec<(String, String, bool)> {
    let known = if is_boost {
        [("1.5", "More"), ("3", "Much more")]
    } else {
        [("0.67", "Less"), ("0.33", "Much less")]
    };
    let mut all: Vec<_> = known
        .into_iter()
        .map(|(value, label)| (value.to_owned(), label.to_owned(), value == factor))
        .collect();
    if !factor.is_empty() && !all.iter().any(|one| one.2) {
        all.push((factor.to_owned(), format!("Times {factor}"), true));
    }
    all
}

/// Kinds under one heading.
pub struct Group {
    pub name: &'static str,
    pub kinds: Vec<&'static Kind>,
}

pub fn groups() -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for kind in &KINDS {
        match groups.last_mut() {
            Some(group) if group.name == kind.group => group.kinds.push(kind),
            _ => groups.push(Group { name: kind.group, kinds: vec![kind] }),
        }
    }
    groups
}

/// Every fact that a condition may name, with its meaning.
pub fn facts() -> impl Iterator<Item = (String, &'static str)> {
    SCHEMA.0.iter().map(|fact| (format!("{}.{}", fact.root.name(), fact.name), fact.meaning))
}
