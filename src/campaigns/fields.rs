//! The steps' form fields and the plan, in both directions. What was typed is kept as typed until it is valid.

use super::rule_form;
use super::steps::Step;
use crate::ids::ListId;
use crate::money::Money;
use crate::picker::plan::{Deed, Plan, What};
use crate::web::Form;
use chrono::{NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use std::fmt::Display;
use std::str::FromStr;

/// A campaign as the steps edit it.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub name: String,
    pub plan: Plan,
}

/// The fields of one step, from what is stored.
pub fn fields(draft: &Draft, step: Step, zone: Tz) -> Form {
    let mut fields = Fields(Vec::new());
    match step {
        Step::Name => name_fields(draft, zone, &mut fields),
        Step::Products => product_fields(&draft.plan, &mut fields),
        Step::Audience => audience_fields(&draft.plan, &mut fields),
        Step::Model => fields.one("model", &draft.plan.model),
        Step::Rules => rule_fields(&draft.plan, &mut fields),
        Step::Controls => {
            fields.one("holdout", &percent(draft.plan.controls.holdout_share));
            fields.one("baseline", &percent(draft.plan.controls.baseline_share));
        }
    }
    Form::new(fields.0)
}

/// Takes the step's fields over into the draft; every sentence says what to correct, and nothing of a wrong field
/// is taken.
pub fn apply(form: &Form, step: Step, draft: &mut Draft, zone: Tz) -> Vec<String> {
    let mut read = Read { form, problems: Vec::new() };
    match step {
        Step::Name => read_name(&mut read, draft, zone),
        Step::Products => read_products(&mut read, &mut draft.plan),
        Step::Audience => read_audience(&mut read, &mut draft.plan),
        Step::Model => draft.plan.model = form.text("model").to_owned(),
        Step::Rules => read_rules(&mut read, &mut draft.plan),
        Step::Controls => {
            let share = |read: &mut Read<'_>, name, what| {
                read.parsed::<f64>(name, what, "a number of per cent, such as 10").unwrap_or(0.0) / 100.0
            };
            draft.plan.controls.holdout_share = share(&mut read, "holdout", "the group without e-mail");
            draft.plan.controls.baseline_share = share(&mut read, "baseline", "the best-seller group");
        }
    }
    read.problems
}

struct Fields(Vec<(String, String)>);

impl Fields {
    fn one<T: Display + ?Sized>(&mut self, name: &str, value: &T) {
        self.0.push((name.to_owned(), format!("{value}")));
    }

    fn maybe(&mut self, name: &str, value: Option<impl Display>) {
        self.one(name, &value.map(|value| value.to_string()).unwrap_or_default());
    }

    fn each(&mut self, name: &str, values: &[String]) {
        values.iter().for_each(|value| self.one(name, value));
    }

    fn check(&mut self, name: &str, checked: bool) {
        if checked {
            self.one(name, "yes");
        }
    }
}

struct Read<'a> {
    form: &'a Form,
    problems: Vec<String>,
}

impl Read<'_> {
    /// `None` when the field is empty, or wrong, which is then said.
    fn parsed<T: FromStr>(&mut self, name: &str, what: &str, expected: &str) -> Option<T> {
        let text = self.form.text(name);
        if text.is_empty() {
            return None;
        }
        let parsed = text.replace(',', ".").parse().ok();
        if parsed.is_none() {
            self.problems.push(format!("“{text}” for {what} should be {expected}."));
        }
        parsed
    }

    fn days(&mut self, name: &str, what: &str) -> Option<u32> {
        let days: Option<u32> = self.parsed(name, what, "a whole number of days");
        // A hundred years is as good as for ever, and stays within the calendar.
        days.map(|days| days.min(36_500))
    }

    fn count(&mut self, name: &str, what: &str) -> Option<u32> {
        self.parsed(name, what, "a whole number")
    }

    fn money(&mut self, name: &str, what: &str) -> Option<Money> {
        self.parsed(name, what, "an amount such as 12.50")
    }

    fn list(&mut self, name: &str) -> Option<ListId> {
        self.parsed(name, "the list", "one of the lists")
    }

    fn all(&self, name: &str) -> Vec<String> {
        let mut values: Vec<String> = Vec::new();
        for value in self.form.all(name).filter(|value| !value.is_empty()) {
            if !values.iter().any(|known| known == value) {
                values.push(value.to_owned());
            }
        }
        values
    }

    /// Separated by commas or spaces.
    fn words(&self, name: &str) -> Vec<String> {
        let words = self.form.text(name).split([',', ';', ' ']).map(str::trim);
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }
}

/// `0.1` → `10`; the rounding hides that a tenth has no exact binary form.
fn percent(share: f64) -> String {
    let percent = (share * 100_000.0).round() / 1_000.0;
    percent.to_string()
}

fn name_fields(draft: &Draft, zone: Tz, fields: &mut Fields) {
    fields.one("name", &draft.name);
    fields.maybe("starts_on", draft.plan.starts_on);
    fields.maybe("ends_on", draft.plan.ends_on);
    fields.maybe("as_of", draft.plan.as_of.map(|at| at.with_timezone(&zone).date_naive()));
}

fn read_name(read: &mut Read<'_>, draft: &mut Draft, zone: Tz) {
    let name = read.form.text("name");
    if name.is_empty() {
        read.problems.push("Give the campaign a name.".into());
    } else {
        draft.name = name.chars().take(200).collect();
    }
    let mut day = |name, what| read.parsed::<NaiveDate>(name, what, "a date such as 2026-05-31");
    draft.plan.starts_on = day("starts_on", "the first day");
    draft.plan.ends_on = day("ends_on", "the last day");
    let as_of = day("as_of", "the day to pick as of");
    // A day that begins with a change of clocks may have no midnight; UTC's is close enough then.
    draft.plan.as_of = as_of.map(|day| {
        let midnight = day.and_time(NaiveTime::MIN);
        zone.from_local_datetime(&midnight).earliest().map_or(midnight.and_utc(), |at| at.with_timezone(&Utc))
    });
    if draft.plan.starts_on.is_none() {
        read.problems.push("Choose the day on which the campaign starts.".into());
    }
}

fn product_fields(plan: &Plan, fields: &mut Fields) {
    let products = &plan.products;
    fields.each("categories", &products.categories);
    fields.each("brands", &products.brands);
    fields.maybe("price_from", products.price_from);
    fields.maybe("price_to", products.price_to);
    fields.check("in_stock", products.in_stock);
    fields.maybe("new_days", products.new_days);
    fields.check("on_sale", products.on_sale);
    fields.maybe("list", products.list);
    fields.each("include", &products.include);
    fields.each("exclude", &products.exclude);
}

fn read_products(read: &mut Read<'_>, plan: &mut Plan) {
    let products = &mut plan.products;
    products.categories = read.all("categories");
    products.brands = read.all("brands");
    products.price_from = read.money("price_from", "the lowest price");
    products.price_to = read.money("price_to", "the highest price");
    products.in_stock = read.form.is_checked("in_stock");
    products.new_days = read.days("new_days", "how long a product is new");
    products.on_sale = read.form.is_checked("on_sale");
    products.list = read.list("list");
    products.include = read.all("include");
    products.exclude = read.all("exclude");
}

fn audience_fields(plan: &Plan, fields: &mut Fields) {
    let audience = &plan.audience;
    fields.one("countries", &audience.countries.join(", "));
    fields.one("languages", &audience.languages.join(", "));
    fields.maybe("bought_within_days", audience.bought_within_days);
    fields.maybe("not_bought_within_days", audience.not_bought_within_days);
    fields.maybe("orders_at_least", audience.orders_at_least);
    fields.maybe("orders_at_most", audience.orders_at_most);
    fields.maybe("spent_at_least", audience.spent_at_least);
    fields.maybe("spent_at_most", audience.spent_at_most);
    fields.each("bought_in_categories", &audience.bought_in_categories);
    deed_fields(&audience.did, fields);
    fields.one("when", &audience.when);
    fields.check("include_unknown_consent", audience.include_unknown_consent);
    fields.maybe("mails_at_most", audience.mails_at_most);
    fields.maybe("mails_within_days", audience.mails_within_days);
    fields.maybe("list", audience.list);
    fields.maybe("exclude_list", audience.exclude_list);
}

fn read_audience(read: &mut Read<'_>, plan: &mut Plan) {
    let audience = &mut plan.audience;
    audience.countries = read.words("countries");
    audience.languages = read.words("languages");
    audience.bought_within_days = read.days("bought_within_days", "the last purchase");
    audience.not_bought_within_days = read.days("not_bought_within_days", "the last purchase");
    audience.orders_at_least = read.count("orders_at_least", "the number of orders");
    audience.orders_at_most = read.count("orders_at_most", "the number of orders");
    audience.spent_at_least = read.money("spent_at_least", "what they spent");
    audience.spent_at_most = read.money("spent_at_most", "what they spent");
    audience.bought_in_categories = read.all("bought_in_categories");
    audience.did = read_deeds(read);
    audience.when = read.form.text("when").to_owned();
    audience.include_unknown_consent = read.form.is_checked("include_unknown_consent");
    audience.mails_at_most = read.count("mails_at_most", "the number of e-mails");
    audience.mails_within_days = read.days("mails_within_days", "the days in which e-mails count");
    if audience.mails_at_most.is_some() != audience.mails_within_days.is_some() {
        read.problems.push("Say both: at most how many e-mails, and in how many days.".into());
    }
    audience.list = read.list("list");
    audience.exclude_list = read.list("exclude_list");
}

fn deed_fields(deeds: &[Deed], fields: &mut Fields) {
    for deed in deeds {
        fields.one("did_what", deed.what.name());
        fields.one("did_not", if deed.not { "not" } else { "did" });
        fields.one("did_category", &deed.category);
        fields.one("did_product", &deed.product);
        fields.maybe("did_days", deed.within_days);
    }
}

/// A row without a choice of what was done asks nothing.
fn read_deeds(read: &mut Read<'_>) -> Vec<Deed> {
    let form = read.form;
    let column = |name: &'static str| form.all(name).collect::<Vec<&str>>();
    let (whats, nots, days) = (column("did_what"), column("did_not"), column("did_days"));
    let (categories, products) = (column("did_category"), column("did_product"));
    let at = |column: &[&str], row: usize| column.get(row).copied().unwrap_or_default().trim().to_owned();
    let mut deeds = Vec::new();
    for (row, what) in whats.iter().enumerate() {
        let Some(what) = What::ALL.into_iter().find(|known| known.name() == *what) else { continue };
        let typed = at(&days, row);
        let within_days: Option<u32> = typed.parse().ok();
        if within_days.is_none() && !typed.is_empty() {
            read.problems.push(format!("“{typed}” for what they did should be a whole number of days."));
        }
        deeds.push(Deed {
            what,
            not: at(&nots, row) == "not",
            category: at(&categories, row),
            product: at(&products, row),
            within_days: within_days.map(|days| days.min(36_500)),
        });
    }
    deeds
}

fn rule_fields(plan: &Plan, fields: &mut Fields) {
    fields.one("slots", &plan.slots);
    fields.one("variety", &plan.variety);
    for (name, _) in rule_form::WEATHER {
        fields.maybe(name, name.strip_prefix("weather_").and_then(|name| plan.weather.get(name)));
    }
    for rule in &plan.rules {
        for (name, value) in rule_form::FIELDS.into_iter().zip(rule_form::fields(rule)) {
            fields.one(name, &value);
        }
    }
}

fn read_rules(read: &mut Read<'_>, plan: &mut Plan) {
    let mut rules = Vec::new();
    for (at, row) in rule_form::rows(read.form).iter().enumerate() {
        match rule_form::rule(row, at + 1) {
            Ok(rule) => rules.push(rule),
            Err(problem) => read.problems.push(problem),
        }
    }
    let small = "a whole number from 1 to 20";
    plan.slots = read.parsed("slots", "the number of products", small).unwrap_or(0);
    plan.variety = read.parsed("variety", "the variety", "a whole number from 0 to 100").unwrap_or(0);
    plan.rules = rules;
    for (name, label) in rule_form::WEATHER {
        let typed: Option<f64> = read.parsed(name, &label.to_lowercase(), "a number such as 4.5");
        if let Some(place) = name.strip_prefix("weather_").and_then(|name| plan.weather.place(name)) {
            *place = typed.filter(|value| value.is_finite());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picker::plan::{Attribute, Audience, Controls, Effect, Products, Rule};

    #[test]
    fn every_step_gives_back_what_it_shows() {
        let plan = Plan {
            variety: 35,
            weather: crate::picker::plan::Weather { rain: Some(2.5), ..Default::default() },
            starts_on: NaiveDate::from_ymd_opt(2026, 5, 1),
            ends_on: NaiveDate::from_ymd_opt(2026, 5, 9),
            products: Products {
                categories: vec!["Wine > Red".into(), "Tea, green".into()],
                price_from: "2.50".parse().ok(),
                on_sale: true,
                include: vec!["p1".into()],
                list: Some(ListId(3)),
                ..Products::default()
            },
            audience: Audience {
                did: vec![
                    Deed {
                        what: What::Viewed,
                        not: false,
                        category: "Wine > Red".into(),
                        product: String::new(),
                        within_days: Some(30),
                    },
                    Deed {
                        what: What::Bought,
                        not: true,
                        category: String::new(),
                        product: "p1".into(),
                        within_days: None,
                    },
                ],
                when: "customer.orders > 2".into(),
                ..Audience::default()
            },
            model: "als".into(),
            slots: 6,
            rules: vec![
                Effect::ExcludeBought { days: 30 }.into(),
                Rule { off: true, name: "Sold out".into(), ..Effect::ExcludeOutOfStock {}.into() },
                Effect::AtMostPer { what: Attribute::Brand, n: 1 }.into(),
                Effect::AtLeastKinds { what: Attribute::Named("supplier".into()), n: 2 }.into(),
                Effect::PriceRange { from: None, to: Some(Money::from_units(9)) }.into(),
                Effect::Pin { product: "p2".into(), slot: 2 }.into(),
                Effect::Boost { category: "Tea".into(), factor: 2.0 }.into(),
                Rule::when(
                    Effect::Bury { category: String::new(), factor: 0.25 },
                    "product.price > customer.usual_price",
                ),
            ],
            controls: Controls { holdout_share: 0.1, baseline_share: 0.07 },
            ..Plan::default()
        };
        let draft = Draft { name: "May".into(), plan };
        let mut copy = Draft { name: String::new(), plan: Plan::default() };
        for step in Step::ALL {
            let form = fields(&draft, step, chrono_tz::Europe::Vienna);
            assert_eq!(apply(&form, step, &mut copy, chrono_tz::Europe::Vienna), [""; 0]);
        }
        assert_eq!(copy, draft);
    }

    #[test]
    fn wrong_fields_are_named() {
        let mut row = rule_form::new_row("exclude_bought").unwrap();
        row[5] = "-1".into();
        let mut typed: Vec<(String, String)> =
            rule_form::FIELDS.into_iter().map(str::to_owned).zip(row).collect();
        typed.push(("slots".into(), "many".into()));
        let form = Form::new(typed);
        let mut draft = Draft { name: "x".into(), plan: Plan::default() };
        assert_eq!(apply(&form, Step::Rules, &mut draft, chrono_tz::UTC).len(), 2);
    }
}
