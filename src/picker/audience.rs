//! The customers a campaign targets.

use super::activity::{Activity, Facts};
use super::asked::Asked;
use super::catalogue::{Catalogue, in_category};
use super::deeds::Deeds;
use super::plan::{Audience as Wanted, Deed, What};
use super::refusal::Removed;
use crate::records::Customer;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{HashMap, HashSet};

/// Who is in, by id, ascending; and who was left out, why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audience {
    pub ids: Vec<Box<str>>,
    pub removed: Vec<Removed>,
    /// Ids in lists that no customer of the shop has.
    pub unknown_ids: u64,
    /// Deeds that nobody at all did, in words: to ask whether somebody did not do them says nothing.
    pub unheard_of: Vec<String>,
}

/// Whom the lists and deeds name that a plan speaks of.
#[derive(Clone, Copy, Default)]
pub struct Lists<'a> {
    pub only: Option<&'a [String]>,
    pub exclude: Option<&'a [String]>,
    /// Who had as many e-mails lately as the plan allows.
    pub mailed_enough: Option<&'a HashSet<String>>,
    /// Who said by a link in an e-mail that they want none.
    pub unsubscribed: Option<&'a HashSet<String>>,
    /// To whom nothing arrives, with the address at which it does not, in lower case; empty when nobody knows.
    pub dead_addresses: Option<&'a HashMap<String, String>>,
    /// Who did what the plan asks for; without it, that is not asked.
    pub deeds: Option<&'a Deeds>,
}

/// Lets every customer pass the filters of `wanted`. Memory grows with the ids of those who pass, not with the
/// shop.
pub fn choose<E>(
    wanted: &Wanted,
    lists: Lists<'_>,
    customers: impl Iterator<Item = Result<Customer, E>>,
    (activity, catalogue): (&Activity, &Catalogue),
    as_of: DateTime<Utc>,
) -> Result<Audience, E> {
    let filters = filters(wanted, lists, (activity, catalogue), as_of);
    let mut counts = vec![0u64; filters.len()];
    let mut asked = Asked::new(&wanted.when, (activity, catalogue), as_of);
    let mut named: HashSet<&str> =
        lists.only.unwrap_or_default().iter().chain(&wanted.only).map(String::as_str).collect();
    let mut ids = Vec::new();
    for customer in customers {
        let customer = customer?;
        named.remove(customer.id.as_str());
        let number = activity.customers.number(&customer.id);
        let person = Person { facts: activity.facts(number), number, customer: &customer };
        match filters.iter().position(|(_, keeps)| !keeps(&person)) {
            Some(at) => counts[at] += 1,
            None => match &mut asked {
                Some(asked) => asked.push(customer, &mut ids),
                None => ids.push(customer.id.into_boxed_str()),
            },
        }
    }
    let missed = asked.map_or(0, |asked| asked.finish(&mut ids));
    ids.sort_unstable();
    ids.dedup();
    let removed = filters
        .iter()
        .map(|(why, _)| why.as_str())
        .zip(counts)
        .chain([("whom the condition does not hold for", missed)])
        .filter(|(_, count)| *count > 0)
        .map(|(why, count)| Removed { why: why.to_owned(), count })
        .collect();
    let unheard_of = unheard_of(wanted, lists.deeds, catalogue);
    Ok(Audience { ids, removed, unknown_ids: named.len() as u64, unheard_of })
}

struct Person<'a> {
    customer: &'a Customer,
    number: Option<u32>,
    facts: Facts,
}

type Filter<'a> = (String, Box<dyn Fn(&Person<'_>) -> bool + 'a>);

/// The filters that are set, in the order in which they are counted.
fn filters<'a>(
    wanted: &'a Wanted,
    lists: Lists<'a>,
    known: (&'a Activity, &'a Catalogue),
    as_of: DateTime<Utc>,
) -> Vec<Filter<'a>> {
    let mut filters: Vec<Filter<'a>> = vec![
        ("no longer customers".into(), Box::new(|p| p.customer.active)),
        ("who asked for no e-mail".into(), Box::new(|p| p.customer.mailable != Some(false))),
    ];
    if !wanted.include_unknown_consent {
        let why = "of whom the shop does not say whether they may get e-mail";
        filters.push((why.into(), Box::new(|p| p.customer.mailable.is_some())));
    }
    id_filters(wanted, lists, &mut filters);
    if !wanted.countries.is_empty() {
        let from = |p: &Person<'_>| is_one_of(p.customer.country.as_deref(), &wanted.countries);
        filters.push(("from other countries".into(), Box::new(from)));
    }
    if !wanted.languages.is_empty() {
        let speaks = |p: &Person<'_>| speaks_one_of(p.customer.language.as_deref(), &wanted.languages);
        filters.push(("with another language".into(), Box::new(speaks)));
    }
    purchase_filters(wanted, known, as_of, &mut filters);
    deed_filters(wanted, lists.deeds, known.1, &mut filters);
    filters
}

fn id_filters<'a>(wanted: &'a Wanted, lists: Lists<'a>, filters: &mut Vec<Filter<'a>>) {
    let set = |ids: &'a [String]| ids.iter().map(String::as_str).collect::<HashSet<_>>();
    if let Some(ids) = lists.only.map(set) {
        filters.push((
            "not on the uploaded list".into(),
            Box::new(move |p| ids.contains(p.customer.id.as_str())),
        ));
    }
    if !wanted.only.is_empty() {
        let ids = set(&wanted.only);
        let why = "not among the chosen customers";
        filters.push((why.into(), Box::new(move |p| ids.contains(p.customer.id.as_str()))));
    }
    if let Some(ids) = lists.exclude.map(set) {
        let why = "on the list of those to leave out";
        filters.push((why.into(), Box::new(move |p| !ids.contains(p.customer.id.as_str()))));
    }
    if let Some(ids) = lists.unsubscribed.filter(|ids| !ids.is_empty()) {
        let why = "who unsubscribed by an e-mail's link";
        filters.push((why.into(), Box::new(move |p| !ids.contains(p.customer.id.as_str()))));
    }
    if let Some(dead) = lists.dead_addresses.filter(|dead| !dead.is_empty()) {
        let why = "whose mailbox does not exist: an e-mail came back";
        filters.push((why.into(), Box::new(move |p| !is_dead(dead, p.customer))));
    }
    if let Some(ids) = lists.mailed_enough.filter(|ids| !ids.is_empty()) {
        let why = "who got enough e-mails lately";
        filters.push((why.into(), Box::new(move |p| !ids.contains(p.customer.id.as_str()))));
    }
}

/// Whether nothing arrives at the customer's address; one that changed since is another.
pub fn is_dead(dead: &HashMap<String, String>, customer: &Customer) -> bool {
    let now = customer.email.as_deref().unwrap_or_default().trim();
    dead.get(&customer.id).is_some_and(|address| address.is_empty() || *address == now.to_lowercase())
}

fn purchase_filters<'a>(
    wanted: &'a Wanted,
    (activity, catalogue): (&'a Activity, &'a Catalogue),
    as_of: DateTime<Utc>,
    filters: &mut Vec<Filter<'a>>,
) {
    let since = move |days: u32| (as_of - TimeDelta::days(i64::from(days))).timestamp_micros();
    let mut add =
        |why: &str, keeps: Box<dyn Fn(&Person<'_>) -> bool + 'a>| filters.push((why.to_owned(), keeps));
    if let Some(days) = wanted.bought_within_days {
        let since = since(days);
        let recent = move |p: &Person<'_>| p.facts.last_purchase_us.is_some_and(|at| at >= since);
        add("who did not buy recently enough", Box::new(recent));
    }
    if let Some(days) = wanted.not_bought_within_days {
        let since = since(days);
        let quiet = move |p: &Person<'_>| p.facts.last_purchase_us.is_none_or(|at| at < since);
        add("who bought too recently", Box::new(quiet));
    }
    if let Some(least) = wanted.orders_at_least {
        add("with too few orders", Box::new(move |p| p.facts.orders >= least));
    }
    if let Some(most) = wanted.orders_at_most {
        add("with too many orders", Box::new(move |p| p.facts.orders <= most));
    }
    if let Some(least) = wanted.spent_at_least {
        add("who spent too little", Box::new(move |p| p.facts.spent >= least));
    }
    if let Some(most) = wanted.spent_at_most {
        add("who spent too much", Box::new(move |p| p.facts.spent <= most));
    }
    if !wanted.bought_in_categories.is_empty() {
        let counts: Vec<bool> = catalogue
            .products()
            .iter()
            .map(|product| {
                let path = product.category.as_deref();
                wanted.bought_in_categories.iter().any(|category| in_category(path, category))
            })
            .collect();
        let bought_there = move |p: &Person<'_>| {
            activity.bought(p.number).products.iter().any(|&product| counts[product as usize])
        };
        add("who bought nothing in the chosen categories", Box::new(bought_there));
    }
}

fn deed_filters<'a>(
    wanted: &'a Wanted,
    deeds: Option<&'a Deeds>,
    catalogue: &Catalogue,
    filters: &mut Vec<Filter<'a>>,
) {
    let Some(deeds) = deeds else { return };
    for (number, deed) in wanted.did.iter().enumerate() {
        let keeps = move |p: &Person<'_>| deeds.has_done(number, &p.customer.id) != deed.not;
        filters.push((undone(deed, catalogue), Box::new(keeps)));
    }
}

fn unheard_of(wanted: &Wanted, deeds: Option<&Deeds>, catalogue: &Catalogue) -> Vec<String> {
    let is_idle = |number: usize| deeds.is_some_and(|deeds| deeds.is_idle(number));
    let idle = wanted.did.iter().enumerate().filter(|(number, _)| is_idle(*number));
    idle.map(|(_, deed)| undone(&Deed { not: true, ..deed.clone() }, catalogue)).collect()
}

/// Who is left out for want of a deed: “who did not look at anything in Wine in the last 30 days”.
fn undone(deed: &Deed, catalogue: &Catalogue) -> String {
    let verb = match (deed.what, deed.not) {
        (What::Bought, true) => "who bought",
        (What::Bought, false) => "who did not buy",
        (What::Viewed, true) => "who looked at",
        (What::Viewed, false) => "who did not look at",
        (What::Carted, true) => "who put into the basket",
        (What::Carted, false) => "who did not put into the basket",
        (What::Clicked, true) => "who clicked on",
        (What::Clicked, false) => "who did not click on",
    };
    let any = if deed.not { "something" } else { "anything" };
    let title = catalogue.number(&deed.product).map(|number| catalogue.product(number).title.as_str());
    let what = match (title, deed.product.as_str(), deed.category.as_str()) {
        (Some(title), ..) => format!("“{title}”"),
        (None, "", "") => any.to_owned(),
        (None, "", category) => format!("{any} in {category}"),
        (None, product, _) => format!("the product {product}"),
    };
    let when = deed.within_days.map(|days| format!(" in the last {days} days")).unwrap_or_default();
    format!("{verb} {what}{when}")
}

fn is_one_of(value: Option<&str>, wanted: &[String]) -> bool {
    value.is_some_and(|value| wanted.iter().any(|one| one.eq_ignore_ascii_case(value)))
}

/// `de` admits `de`, `de-AT` and `de_CH`.
fn speaks_one_of(language: Option<&str>, wanted: &[String]) -> bool {
    let main = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    language.is_some_and(|tag| {
        wanted.iter().any(|one| one.eq_ignore_ascii_case(tag) || main(tag) == one.to_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::super::activity::Builder;
    use super::*;
    use std::convert::Infallible;

    fn people(wanted: &Wanted, lists: Lists<'_>) -> Audience {
        let customer = |id: &str, mailable, language: &str| Customer {
            id: id.into(),
            mailable,
            language: Some(language.into()),
            active: true,
            ..Customer::default()
        };
        let all = [
            customer("b", Some(true), "de-AT"),
            customer("a", Some(true), "en"),
            customer("c", None, "de"),
            customer("d", Some(false), "de"),
        ];
        let catalogue = Catalogue::new(Vec::new());
        let activity = Builder::new(&catalogue, DateTime::UNIX_EPOCH).finish();
        let customers = all.into_iter().map(Ok::<_, Infallible>);
        let Ok(audience) = choose(wanted, lists, customers, (&activity, &catalogue), DateTime::UNIX_EPOCH);
        audience
    }

    #[test]
    fn consent_is_asked_for_and_counted() {
        let audience = people(&Wanted::default(), Lists::default());
        assert_eq!(audience.ids, ["a".into(), "b".into()] as [Box<str>; 2]);
        assert_eq!(audience.removed.iter().map(|r| r.count).sum::<u64>(), 2);
    }

    #[test]
    fn languages_admit_their_regions_and_unknown_list_ids_are_counted() {
        let wanted =
            Wanted { languages: vec!["de".into()], include_unknown_consent: true, ..Wanted::default() };
        let list = vec!["b".to_owned(), "nobody".to_owned(), "a".to_owned()];
        let audience = people(&wanted, Lists { only: Some(&list), ..Lists::default() });
        assert_eq!((audience.ids.len(), audience.unknown_ids), (1, 1));
    }

    #[test]
    fn a_condition_that_cannot_be_understood_reaches_nobody() {
        let asks = |when: &str| Wanted { when: when.into(), ..Wanted::default() };
        assert_eq!(people(&asks("customer.orders == 0"), Lists::default()).ids.len(), 2);
        let audience = people(&asks("customer.oders == 0"), Lists::default());
        assert!(audience.ids.is_empty());
        assert_eq!(audience.removed.last().map(|removed| removed.count), Some(2));
    }

    #[test]
    fn who_never_bought_is_quiet_but_not_recent() {
        let quiet = Wanted { not_bought_within_days: Some(30), ..Wanted::default() };
        assert_eq!(people(&quiet, Lists::default()).ids.len(), 2);
        let recent = Wanted { bought_within_days: Some(30), ..Wanted::default() };
        assert_eq!(people(&recent, Lists::default()).ids.len(), 0);
    }
}
