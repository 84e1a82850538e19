//! The kinds of rules that the form offers.

use super::{FIELDS, Row};

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
pub const KINDS: [Kind; 19] = [
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
        "min_margin",
        "Prices",
        "What earns too little",
        "Of whose price less than so many per cent is left after what it costs the shop. Needs the cost of the products: \
         the field “cost” of the shop's connection. What has no known cost is left out.",
        &["n"],
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
    kind(
        "share_stock",
        "Variety",
        "Scarce products to as many customers as there are pieces for",
        "They go to those whom they suit best, worked out for all customers together. How many customers may be shown the \
         same piece?",
        &["n"],
    ),
    kind(
        "one_of_variants",
        "Variety",
        "Never two variants of one product",
        "Variants are what the shop calls so: products with the same “group” in the shop's connection. Where it has none: \
         products of one category and brand whose titles differ only in sizes, amounts and colours at their end.",
        &[],
    ),
    kind(
        "at_most_per",
        "Variety",
        "At most so many of one category, brand or anything else",
        "Products of which it is not known are not limited.",
        &["n", "what"],
    ),
    kind(
        "at_least_kinds",
        "Variety",
        "At least so many different categories, brands or anything else",
        "In one e-mail, where there are as many.",
        &["n", "what"],
    ),
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

/// A new rule of a kind, with sensible numbers.
pub fn new_row(kind: &str) -> Option<Row> {
    let kind = kind_of(kind)?;
    let sensible = |field: &str| match (field, kind.name) {
        ("rule_kind", name) => name,
        ("rule_on", _) => "on",
        ("rule_days", _) => "90",
        ("rule_n", "at_least") => "1",
        ("rule_n", "at_least_kinds") => "2",
        ("rule_n", "share_stock") => "5",
        ("rule_n", "min_margin") => "20",
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
