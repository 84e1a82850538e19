//! Campaigns in words: states, steps, and what was chosen, for people who are no engineers.

use super::steps::Step;
use crate::ids::CampaignId;
use crate::picker::plan::{Attribute, Audience, Deed, Effect, Plan, Products, Rule, What};
use crate::store::campaigns::{Campaign, CampaignState};
use crate::web;
use chrono::NaiveDate;
use chrono_tz::Tz;

/// A campaign in the list.
pub struct Line {
    pub id: CampaignId,
    pub name: String,
    pub state: &'static str,
    pub badge: &'static str,
    pub dates: String,
    pub updated: String,
    pub next: &'static str,
}

pub fn line(campaign: &Campaign, zone: Tz) -> Line {
    let plan: Plan = campaign.plan().unwrap_or_default();
    Line {
        id: campaign.id,
        name: campaign.name.clone(),
        state: state_name(campaign.state),
        badge: badge(campaign.state),
        dates: dates(&plan),
        updated: web::date_time(campaign.updated_at, zone),
        next: match campaign.state {
            CampaignState::Draft => "Finish the steps, then generate the picks",
            CampaignState::Training => "Picks are being made",
            CampaignState::Generated => "Look at the picks and approve them",
            CampaignState::Approved => "Download the files and send the e-mail",
            CampaignState::Sent => "See the report",
            CampaignState::Closed => "",
        },
    }
}

pub const fn state_name(state: CampaignState) -> &'static str {
    match state {
        CampaignState::Draft => "draft",
        CampaignState::Training => "being generated",
        CampaignState::Generated => "to be approved",
        CampaignState::Approved => "approved",
        CampaignState::Sent => "sent",
        CampaignState::Closed => "closed",
    }
}

pub const fn badge(state: CampaignState) -> &'static str {
    match state {
        CampaignState::Draft | CampaignState::Closed => "badge-neutral",
        CampaignState::Training => "badge-run",
        CampaignState::Generated => "badge-warn",
        CampaignState::Approved | CampaignState::Sent => "badge-ok",
    }
}

fn day(day: NaiveDate) -> String {
    day.format("%-d %b %Y").to_string()
}

pub fn dates(plan: &Plan) -> String {
    match (plan.starts_on, plan.ends_on) {
        (Some(from), Some(to)) => format!("{} – {}", day(from), day(to)),
        (Some(from), None) => format!("from {}", day(from)),
        (None, Some(to)) => format!("until {}", day(to)),
        (None, None) => "no dates yet".into(),
    }
}

pub struct StepLink {
    pub title: &'static str,
    pub href: String,
    pub is_current: bool,
}

pub fn step_links(id: CampaignId, current: Option<Step>) -> Vec<StepLink> {
    let link = |step: Step| StepLink {
        title: step.title(),
        href: format!("/campaigns/{id}/steps/{}", step.name()),
        is_current: Some(step) == current,
    };
    let review =
        StepLink { title: "Review", href: format!("/campaigns/{id}"), is_current: current.is_none() };
    Step::ALL.into_iter().map(link).chain([review]).collect()
}

/// What was chosen in each step.
pub fn chosen(
    id: CampaignId,
    plan: &Plan,
    zone: Tz,
    currency: &str,
) -> Vec<(&'static str, String, Vec<String>)> {
    let sentences = |step: Step| match step {
        Step::Name => {
            let mut lines = vec![dates(plan)];
            let as_of = plan.as_of.map(|at| format!("Picked as if it were {}", web::date(at, zone)));
            lines.extend(as_of);
            lines
        }
        Step::Products => products(&plan.products, currency),
        Step::Audience => audience(&plan.audience, currency),
        Step::Model => vec![web::model_name(&plan.model).to_owned()],
        Step::Rules => rules(plan, currency),
        Step::Controls => {
            let Plan { controls, .. } = plan;
            let mut lines = vec![format!("{} get no e-mail", web::percent(controls.holdout_share))];
            if controls.baseline_share > 0.0 {
                lines.push(format!("{} get best-sellers", web::percent(controls.baseline_share)));
            }
            lines
        }
    };
    let row = |step: Step| (step.title(), format!("/campaigns/{id}/steps/{}", step.name()), sentences(step));
    Step::ALL.into_iter().map(row).collect()
}

fn products(products: &Products, currency: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut add = |is_set: bool, line: String| {
        if is_set {
            lines.push(line);
        }
    };
    add(!products.categories.is_empty(), format!("In {}", products.categories.join("; ")));
    add(!products.brands.is_empty(), format!("By {}", products.brands.join(", ")));
    let amount = |money| web::money(money, currency);
    add(
        products.price_from.is_some(),
        format!("From {}", products.price_from.map(amount).unwrap_or_default()),
    );
    add(products.price_to.is_some(), format!("Up to {}", products.price_to.map(amount).unwrap_or_default()));
    add(products.in_stock, "In stock".into());
    add(products.on_sale, "On sale".into());
    add(
        products.new_days.is_some(),
        format!("New in the last {} days", products.new_days.unwrap_or_default()),
    );
    add(products.list.is_some(), "Of an uploaded list".into());
    add(!products.only.is_empty(), format!("Only {} named ones", products.only.len()));
    add(!products.include.is_empty(), format!("{} added by hand", products.include.len()));
    add(!products.exclude.is_empty(), format!("{} left out by hand", products.exclude.len()));
    if lines.is_empty() {
        lines.push("All products on sale in the shop".into());
    }
    lines
}

fn audience(audience: &Audience, currency: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut add = |line: Option<String>| lines.extend(line);
    let named =
        |what: &str, names: &[String]| (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")));
    add(named("In", &audience.countries));
    add(named("Speaking", &audience.languages));
    add(audience.bought_within_days.map(|days| format!("Bought in the last {days} days")));
    add(audience.not_bought_within_days.map(|days| format!("Did not buy in the last {days} days")));
    add(audience.orders_at_least.map(|n| format!("At least {n} orders")));
    add(audience.orders_at_most.map(|n| format!("At most {n} orders")));
    add(audience.spent_at_least.map(|x| format!("Spent at least {}", web::money(x, currency))));
    add(audience.spent_at_most.map(|x| format!("Spent at most {}", web::money(x, currency))));
    add(named("Bought in", &audience.bought_in_categories));
    audience.did.iter().for_each(|deed| add(Some(deed_in_words(deed))));
    add((!audience.when.trim().is_empty()).then(|| format!("Where {}", audience.when)));
    let mails = audience.mails_at_most.zip(audience.mails_within_days);
    add(mails.map(|(most, days)| format!("Who got fewer than {most} e-mails in the last {days} days")));
    add(audience.list.map(|_| "On an uploaded list".into()));
    add((!audience.only.is_empty()).then(|| format!("Only {} named ones", audience.only.len())));
    add(audience.exclude_list.map(|_| "Without those on a list".into()));
    add(audience.include_unknown_consent.then(|| "Also where consent is not known".into()));
    if lines.is_empty() {
        lines.push("Everybody who may get e-mail".into());
    }
    lines
}

fn deed_in_words(deed: &Deed) -> String {
    let verb = match (deed.what, deed.not) {
        (What::Bought, false) => "Bought",
        (What::Bought, true) => "Did not buy",
        (What::Viewed, false) => "Looked at",
        (What::Viewed, true) => "Did not look at",
        (What::Carted, false) => "Put into the basket",
        (What::Carted, true) => "Did not put into the basket",
        (What::Clicked, false) => "Clicked on",
        (What::Clicked, true) => "Did not click on",
    };
    let what = match (deed.product.as_str(), deed.category.as_str()) {
        ("", "") => if deed.not { "anything" } else { "something" }.to_owned(),
        ("", category) => format!("{} in {category}", if deed.not { "anything" } else { "something" }),
        (product, _) => format!("the product {product}"),
    };
    let when = deed.within_days.map(|days| format!(" in the last {days} days")).unwrap_or_default();
    format!("{verb} {what}{when}")
}

fn rules(plan: &Plan, currency: &str) -> Vec<String> {
    let slots = format!("{} products per e-mail", plan.slots);
    std::iter::once(slots).chain(plan.rules.iter().map(|rule| rule_in_words(rule, currency))).collect()
}

/// A rule's name, or what it does.
pub fn rule_in_words(rule: &Rule, currency: &str) -> String {
    let mut words =
        if rule.name.is_empty() { effect_in_words(&rule.effect, currency) } else { rule.name.clone() };
    if rule.name.is_empty() && !rule.when.is_empty() {
        let joint = if rule.effect.needs_condition() { ":" } else { ", where" };
        words = format!("{words}{joint} {}", rule.when);
    }
    if rule.off { format!("{words} (switched off)") } else { words }
}

pub fn effect_in_words(effect: &Effect, currency: &str) -> String {
    let amount = |money| web::money(money, currency);
    match effect {
        Effect::Exclude {} => "Never".into(),
        Effect::Only {} => "Only".into(),
        Effect::ExcludeBought { days } => format!("Nothing they bought in the last {days} days"),
        Effect::ExcludeUntilDue { .. } => "Nothing they bought and do not need again yet".into(),
        Effect::ExcludeOutOfStock {} => "Nothing that is out of stock".into(),
        Effect::NeedsPicture {} => "Nothing without a picture".into(),
        Effect::MinMargin { n } => format!("Nothing with a margin below {n} %"),
        Effect::OneOfVariants {} => "Never two variants of one product".into(),
        Effect::ShareStock { n: 1 } => "Each piece is shown to one customer only".into(),
        Effect::ShareStock { n } => format!("Each piece is shown to at most {n} customers"),
        Effect::NotPickedLately { campaigns: 1 } => "Nothing the last campaign showed them".into(),
        Effect::NotPickedLately { campaigns } => {
            format!("Nothing the last {campaigns} campaigns showed them")
        }
        Effect::AtMostPer { what: Attribute::Category, n } => format!("At most {n} of one category"),
        Effect::AtMostPer { what: Attribute::Brand, n } => format!("At most {n} of one brand"),
        Effect::AtMost { n } => format!("At most {n} of"),
        Effect::AtLeast { n } => format!("At least {n} of"),
        Effect::PriceRange { from, to } => {
            let from = from.map(|from| format!(" from {}", amount(from))).unwrap_or_default();
            let to = to.map(|to| format!(" up to {}", amount(to))).unwrap_or_default();
            format!("Prices{from}{to}")
        }
        Effect::PriceBand { from, to } => format!("Prices from {from} to {to} times what they usually pay"),
        Effect::Pin { product, slot } => format!("“{product}” at place {slot}"),
        Effect::Boost { category, .. } if category.is_empty() => "More of some products".into(),
        Effect::Bury { category, .. } if category.is_empty() => "Less of some products".into(),
        Effect::Boost { category, .. } => format!("More of {category}"),
        Effect::Bury { category, .. } => format!("Less of {category}"),
    }
}
