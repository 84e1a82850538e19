//! A rule as a form has it: every rule has all fields, in one order, so that rows can be told apart by their place.

use super::views::rule_in_words;
use crate::conditions::{Kind as FactKind, Root};
use crate::money::Money;
use crate::picker::facts::SCHEMA;
use crate::picker::plan::{Attribute, Effect, Rule};
use crate::web::Form;

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

type Row = [String; FIELDS.len()];

/// The place of a field, without its prefix, in a row.
fn place(name: &str) -> usize {
    let found = FIELDS.iter().position(|field| field.strip_prefix("rule_") == Some(name));
    found.expect("invariant: names of fields are written in this file")
}

/// A kind of rule as the form offers it.
pub struct Kind {
    pub name: &'static str,
    pub label: &'static str,
    pub hint: &'static str,
    /// Of [`FIELDS`], without their prefix, those that it uses beside name, note and condition.
    pub uses: &'static [&'static str],
    /// Under which heading it is offered.
    pub group: &'static str,
}

const fn kind(
    name: &'static str,
    group: &'static str,
    label: &'static str,
    hint: &'static str,
    uses: &'static [&'static str],
) -> Kind {
    Kind { name, label, hint, uses, group }
}

/// In the order in which they are offered.
pub const KINDS: [Kind; 15] = [
    kind("exclude", "Never pick", "What a condition says", "Say below of which products, or for whom.", &[]),
    kind(
        "only",
        "Never pick",
        "Anything but what a condition says",
        "Say below of which products, or for whom.",
        &[],
    ),
    kind("exclude_bought", "Never pick", "What the customer bought in the last days", "", &["days"]),
    kind(
        "exclude_until_due",
        "Never pick",
        "What the customer bought and does not need again yet",
        "After how long people buy the same again is learned from the shop, category by category; the days below count \
         where they do not.",
        &["days"],
    ),
    kind("exclude_out_of_stock", "Never pick", "What is out of stock", "", &[]),
    kind("needs_picture", "Never pick", "What has no picture", "", &[]),
    kind(
        "not_picked_lately",
        "Never pick",
        "What the last campaigns showed the customer",
        "Unless they clicked it. Campaigns count from the day they were marked as sent.",
        &["campaigns"],
    ),
    kind("price_range", "Prices", "Prices from … to …", "", &["from", "to"]),
    kind(
        "price_band",
        "Prices",
        "Prices near what the customer usually pays",
        "In times of the middle price of what they bought: from 0.5 to 1.5 is half as much to half as much again.",
        &["from", "to"],
    ),
    kind(
        "boost",
        "Rather or rather not",
        "More of a category, or of what a condition says",
        "",
        &["category", "factor"],
    ),
    kind(
        "bury",
        "Rather or rather not",
        "Less of a category, or of what a condition says",
        "",
        &["category", "factor"],
    ),
    kind("at_most_per", "Variety", "At most so many of one category or brand", "", &["n", "what"]),
    kind("at_most", "Variety", "At most so many of what a condition says", "", &["n"]),
    kind(
        "at_least",
        "Variety",
        "At least so many of what a condition says",
        "Where there are as many.",
        &["n"],
    ),
    kind(
        "pin",
        "The same for everybody",
        "This product at this place",
        "Who bought it lately gets a pick of their own in that place. With a condition: for these customers only.",
        &["product", "slot"],
    ),
];

pub fn kind_of(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// The fields of a rule, in the order of [`FIELDS`].
pub fn fields(rule: &Rule) -> Row {
    let mut row: Row = Default::default();
    let mut set = |name: &str, value: String| row[place(name)] = value;
    set("on", if rule.off { "off" } else { "on" }.to_owned());
    set("name", rule.name.clone());
    set("note", rule.note.clone());
    set("when", rule.when.clone());
    let kind = match &rule.effect {
        Effect::Exclude {} => "exclude",
        Effect::Only {} => "only",
        Effect::ExcludeOutOfStock {} => "exclude_out_of_stock",
        Effect::NeedsPicture {} => "needs_picture",
        Effect::ExcludeBought { days } => {
            set("days", days.to_string());
            "exclude_bought"
        }
        Effect::ExcludeUntilDue { days } => {
            set("days", days.to_string());
            "exclude_until_due"
        }
        Effect::NotPickedLately { campaigns } => {
            set("campaigns", campaigns.to_string());
            "not_picked_lately"
        }
        Effect::AtMostPer { what, n } => {
            set("n", n.to_string());
            set("what", if *what == Attribute::Brand { "brand" } else { "category" }.to_owned());
            "at_most_per"
        }
        Effect::AtMost { n } => {
            set("n", n.to_string());
            "at_most"
        }
        Effect::AtLeast { n } => {
            set("n", n.to_string());
            "at_least"
        }
        Effect::PriceRange { from, to } => {
            set("from", from.map(|from| from.to_string()).unwrap_or_default());
            set("to", to.map(|to| to.to_string()).unwrap_or_default());
            "price_range"
        }
        Effect::PriceBand { from, to } => {
            set("from", from.to_string());
            set("to", to.to_string());
            "price_band"
        }
        Effect::Pin { product, slot } => {
            set("product", product.clone());
            set("slot", slot.to_string());
            "pin"
        }
        Effect::Boost { category, factor } => {
            set("category", category.clone());
            set("factor", factor.to_string());
            "boost"
        }
        Effect::Bury { category, factor } => {
            set("category", category.clone());
            set("factor", factor.to_string());
            "bury"
        }
    };
    set("kind", kind.to_owned());
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
    let wrong = |what: &str, expected: &str, found: &str| match found {
        "" => format!("Rule {number}: say {what}, {expected}."),
        found => format!("Rule {number}: “{found}” for {what} should be {expected}."),
    };
    fn read<T: std::str::FromStr>(text: &str) -> Option<T> {
        text.replace(',', ".").parse().ok()
    }
    let days = || {
        let days = read::<u32>(text("days")).map(|days| days.min(36_500));
        days.ok_or_else(|| wrong("how many days", "a whole number", text("days")))
    };
    let n = || read(text("n")).ok_or_else(|| wrong("how many", "a whole number from 1 to 20", text("n")));
    let money = |name: &str, what: &str| match text(name) {
        "" => Ok(None),
        found => read::<Money>(found).map(Some).ok_or_else(|| wrong(what, "an amount such as 12.50", found)),
    };
    let times = |name: &str, what: &str| {
        read::<f32>(text(name)).ok_or_else(|| wrong(what, "a number such as 1.5", text(name)))
    };
    let factor = || times("factor", "how strongly");
    let category = || text("category").to_owned();
    let effect = match text("kind") {
        "exclude" => Effect::Exclude {},
        "only" => Effect::Only {},
        "exclude_out_of_stock" => Effect::ExcludeOutOfStock {},
        "needs_picture" => Effect::NeedsPicture {},
        "exclude_bought" => Effect::ExcludeBought { days: days()? },
        "exclude_until_due" => Effect::ExcludeUntilDue { days: days()? },
        "not_picked_lately" => {
            let campaigns = read(text("campaigns"));
            let expected = "a whole number from 1 to 52";
            Effect::NotPickedLately {
                campaigns: campaigns
                    .ok_or_else(|| wrong("how many campaigns", expected, text("campaigns")))?,
            }
        }
        "at_most_per" => {
            let what = if text("what") == "brand" { Attribute::Brand } else { Attribute::Category };
            Effect::AtMostPer { what, n: n()? }
        }
        "at_most" => Effect::AtMost { n: n()? },
        "at_least" => Effect::AtLeast { n: n()? },
        "price_range" => Effect::PriceRange {
            from: money("from", "the lowest price")?,
            to: money("to", "the highest price")?,
        },
        "price_band" => {
            Effect::PriceBand { from: times("from", "the lower end")?, to: times("to", "the upper end")? }
        }
        "pin" => {
            let slot = read(text("slot"));
            let product = text("product").to_owned();
            if product.is_empty() {
                return Err(wrong("which product", "by its id in the shop", ""));
            }
            Effect::Pin {
                product,
                slot: slot.ok_or_else(|| wrong("at which place", "1, 2, 3 …", text("slot")))?,
            }
        }
        "boost" => Effect::Boost { category: category(), factor: factor()? },
        "bury" => Effect::Bury { category: category(), factor: factor()? },
        found => return Err(wrong("what it does", "one of the list", found)),
    };
    Ok(Rule {
        effect,
        when: text("when").to_owned(),
        name: text("name").chars().take(200).collect(),
        note: text("note").chars().take(2000).collect(),
        off: text("on") == "off",
    })
}

/// A new rule of a kind, with sensible numbers.
pub fn new_row(kind: &str) -> Option<Row> {
    let kind = kind_of(kind)?;
    let sensible = |field: &str| match (field, kind.name) {
        ("rule_kind", name) => name,
        ("rule_on", _) => "on",
        ("rule_days", _) => "90",
        ("rule_n", "at_least") => "1",
        ("rule_n", _) => "2",
        ("rule_what", _) => "category",
        ("rule_from", "price_band") => "0.5",
        ("rule_to", "price_band") => "1.5",
        ("rule_slot", _) => "1",
        ("rule_factor", "boost") => "1.5",
        ("rule_factor", "bury") => "0.67",
        ("rule_campaigns", _) => "3",
        _ => "",
    };
    Some(FIELDS.map(|field| {
        let used = kind.uses.iter().any(|used| field.strip_prefix("rule_") == Some(used));
        let always = matches!(field, "rule_kind" | "rule_on");
        if used || always { sensible(field).to_owned() } else { String::new() }
    }))
}

/// Whether a button changes the rows of the form rather than save it.
pub fn is_edit(go: &str) -> bool {
    go == "add"
        || go
            .split_once(':')
            .is_some_and(|(what, _)| matches!(what, "up" | "down" | "remove" | "off" | "condition"))
}

/// The form after its button was followed.
pub fn edit(form: Form) -> Form {
    let mut rows = rows(&form);
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
        "condition" => rows.iter_mut().skip(at).take(1).for_each(add_part),
        _ => {}
    }
    let slots = [("slots".to_owned(), form.text("slots").to_owned())];
    let fields = rows.into_iter().flat_map(|row| FIELDS.into_iter().map(str::to_owned).zip(row));
    Form::new(slots.into_iter().chain(fields).collect())
}

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
fn add_part(row: &mut Row) {
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
pub fn cards(form: &Form, currency: &str) -> Vec<Card> {
    let rows = rows(form);
    let count = rows.len();
    let card = |(at, row): (usize, Row)| {
        let kind = kind_of(&row[0])?;
        let title = match rule(&row, at + 1) {
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
            strengths: strengths(&row[place("factor")], kind.name == "boost"),
            row,
        })
    };
    rows.into_iter().enumerate().filter_map(card).collect()
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

    use super::*;

    #[test]
    fn every_kind_can_be_added_and_reads_back() {
        for kind in &KINDS {
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
        assert_eq!(kinds(&edit(form("up:1", &[]))), ["needs_picture", "exclude_bought"]);
        assert_eq!(kinds(&edit(form("up:0", &[]))), ["exclude_bought", "needs_picture"]);
        assert_eq!(kinds(&edit(form("down:1", &[]))).len(), 2);
        assert_eq!(kinds(&edit(form("remove:0", &[]))), ["needs_picture"]);
        assert_eq!(kinds(&edit(form("add", &[("add", "pin")])))[2], "pin");
        assert_eq!(kinds(&edit(form("add", &[("add", "magic")]))).len(), 2);
        let off = edit(form("off:0", &[]));
        assert_eq!((rows(&off)[0][1].as_str(), off.text("slots")), ("off", "5"));
        assert!(is_edit("remove:0") && !is_edit("next") && !is_edit("review"));
    }

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
