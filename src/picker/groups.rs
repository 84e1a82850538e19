//! Customers in groups of their like, by how and what they bought, described so that a marketer knows them again.

use super::activity::Activity;
use super::catalogue::Catalogue;
use crate::progress::Progress;
use crate::recommender::segments::{Count, SegmentError, Segments, segments};
use chrono::{DateTime, Utc};

/// Categories whose share is looked at: the widest ones that most is bought of.
const CATEGORIES: usize = 12;
/// Groups are found on so many customers; everybody is then put into the nearest. How many groups there should be is
/// tried out on fewer.
const SAMPLE: usize = 3_000;
const CHOOSING: usize = 1_000;
/// Groups where nobody can wait until the best number is found.
const USUAL: usize = 5;
/// Fewer customers are too few to group.
pub const FEWEST: usize = 50;
/// From so many standard deviations on, a group differs.
const DIFFERS: f64 = 0.5;
/// Products shown of a group, and how often one must be bought to be shown.
const PRODUCTS: usize = 6;
const LEAST_BOUGHT: u32 = 5;
/// How customers buy stands before what: when last, how often, how much at a time.
const HABITS: usize = 3;

#[derive(Debug, Clone)]
pub struct Group {
    /// Numbers of the activity's customers, ascending.
    pub customers: Vec<u32>,
    /// “buys often”, “large orders”, “much from Wine”; what sets it apart most, first. Empty for those like most.
    pub words: Vec<String>,
    /// Catalogue numbers of what they buy more than others, the most telling first.
    pub products: Vec<u32>,
}

/// How the number of groups is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// The one whose groups are the most apart: for somebody who looks at them.
    Best,
    /// The usual one, and on fewer customers: for what must not take long.
    Usual,
}

impl Group {
    /// “Buy often, much from Wine”.
    pub fn in_words(&self) -> String {
        let mut words = self.words.join(", ");
        if words.is_empty() {
            "like most customers".clone_into(&mut words);
        }
        let mut letters = words.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
    }

    pub fn has(&self, customer: u32) -> bool {
        self.customers.binary_search(&customer).is_ok()
    }
}

/// The largest group first. Only who bought something is in one. *Errors*: fewer than [`FEWEST`] are
/// [`SegmentError::NoUsers`].
pub fn groups(
    activity: &Activity,
    catalogue: &Catalogue,
    as_of: DateTime<Utc>,
    number: Number,
    progress: &dyn Progress,
) -> Result<Vec<Group>, SegmentError> {
    let all = 0..activity.customers.len() as u32;
    let mut buyers: Vec<u32> = all.filter(|&customer| activity.facts(Some(customer)).orders > 0).collect();
    if buyers.len() < FEWEST {
        return Err(SegmentError::NoUsers);
    }
    // By id, so that the groups are the same however the activity came to number them.
    buyers.sort_unstable_by_key(|&customer| activity.customers.id(customer));
    let categories = Categories::of(activity, catalogue);
    let features = HABITS + categories.names.len();
    let mut vectors = Vec::with_capacity(buyers.len() * features);
    for &customer in &buyers {
        categories.features(activity, customer, as_of, &mut vectors);
    }
    standardise(&mut vectors, features);
    let spread = |at_most: usize| -> Vec<f32> {
        let step = buyers.len().div_ceil(at_most);
        vectors.chunks_exact(features).step_by(step).flatten().copied().collect()
    };
    let found = match number {
        Number::Usual => segments(&spread(CHOOSING), features, Count::Given(USUAL), 1, progress)?,
        Number::Best => {
            let best = segments(&spread(CHOOSING), features, Count::Chosen, 1, progress)?.segments.len();
            segments(&spread(SAMPLE), features, Count::Given(best), 1, progress)?
        }
    };
    let mut members = vec![Vec::new(); found.segments.len()];
    for (&customer, vector) in buyers.iter().zip(vectors.chunks_exact(features)) {
        members[nearest(&found, vector)].push(customer);
    }
    let overall = times(activity, catalogue, &buyers);
    let group = |(customers, segment): (Vec<u32>, &crate::recommender::segments::Segment)| Group {
        products: telling(&times(activity, catalogue, &customers), &overall, (customers.len(), buyers.len())),
        words: categories.in_words(&segment.centre),
        customers,
    };
    let mut groups: Vec<Group> = members.into_iter().zip(&found.segments).map(group).collect();
    groups.retain(|group| !group.customers.is_empty());
    groups.iter_mut().for_each(|group| group.customers.sort_unstable());
    groups.sort_by_key(|group| std::cmp::Reverse(group.customers.len()));
    Ok(groups)
}

/// Which kind of customer everybody is, in words; nobody is of any while too few bought something.
#[derive(Debug, Default)]
pub struct Kinds {
    words: Vec<String>,
    /// By the activity's numbers.
    of: Vec<Option<u8>>,
}

impl Kinds {
    pub fn of_all(
        activity: &Activity,
        catalogue: &Catalogue,
        as_of: DateTime<Utc>,
        progress: &dyn Progress,
    ) -> Self {
        let Ok(groups) = groups(activity, catalogue, as_of, Number::Usual, progress) else {
            return Self::default();
        };
        let mut kinds = Self { words: Vec::new(), of: vec![None; activity.customers.len()] };
        for group in groups {
            let words = match group.words.is_empty() {
                true => "are like most customers".to_owned(),
                false => group.words.join(", "),
            };
            // Two that are told by the same words are one to whoever reads them.
            let known = kinds.words.iter().position(|known| *known == words);
            let place = known.unwrap_or(kinds.words.len());
            if known.is_none() {
                kinds.words.push(words);
            }
            let kind = u8::try_from(place).ok();
            group.customers.iter().for_each(|&customer| kinds.of[customer as usize] = kind);
        }
        kinds
    }

    pub fn of(&self, activity: &Activity, customer: &str) -> Option<&str> {
        let number = activity.customers.number(customer)?;
        let kind = (*self.of.get(number as usize)?)?;
        self.words.get(usize::from(kind)).map(String::as_str)
    }
}

/// The widest categories: of each product which one, and their names.
struct Categories {
    of: Vec<Option<usize>>,
    names: Vec<String>,
}

impl Categories {
    fn of(activity: &Activity, catalogue: &Catalogue) -> Self {
        let names_of: Vec<Option<&str>> =
            (0..catalogue.len() as u32).map(|number| catalogue.department_of(number)).collect();
        let mut sold = std::collections::BTreeMap::<&str, f64>::new();
        for (name, sales) in names_of.iter().zip(&activity.sales) {
            if let Some(name) = *name {
                *sold.entry(name).or_default() += sales;
            }
        }
        let mut names: Vec<(&str, f64)> = sold.into_iter().filter(|(_, sales)| *sales > 0.0).collect();
        names.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        names.truncate(CATEGORIES);
        let names: Vec<String> = names.into_iter().map(|(name, _)| name.to_owned()).collect();
        let of = names_of
            .iter()
            .map(|name| names.iter().position(|known| Some(known.as_str()) == *name))
            .collect();
        Self { of, names }
    }

    /// How long ago, how often and how much at a time, on scales on which twice as much is one step; then the share of
    /// each category in what was bought.
    fn features(&self, activity: &Activity, customer: u32, as_of: DateTime<Utc>, into: &mut Vec<f32>) {
        let facts = activity.facts(Some(customer));
        let last = facts.last_purchase_us.unwrap_or_default();
        let days = (as_of.timestamp_micros() - last).max(0) as f64 / 86_400e6;
        let orders = f64::from(facts.orders.max(1));
        into.extend(
            [days + 1.0, orders, facts.spent.as_f64().max(0.0) / orders + 1.0]
                .map(|value| value.log2() as f32),
        );
        let start = into.len();
        into.resize(start + self.names.len(), 0.0);
        let bought = activity.bought(Some(customer));
        let total: u32 = bought.times.iter().sum();
        for (&product, &times) in bought.products.iter().zip(bought.times) {
            if let Some(category) = self.of[product as usize] {
                into[start + category] += times as f32 / total.max(1) as f32;
            }
        }
    }

    /// `centre` in standard deviations from the mean of all.
    fn in_words(&self, centre: &[f64]) -> Vec<String> {
        let mut apart: Vec<(usize, f64)> = centre.iter().copied().enumerate().collect();
        apart.retain(|(feature, by)| if *feature < HABITS { by.abs() >= DIFFERS } else { *by >= DIFFERS });
        apart.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        let word = |(feature, by): &(usize, f64)| match (feature, *by > 0.0) {
            (0, true) => "bought nothing for long".to_owned(),
            (0, false) => "bought lately".to_owned(),
            (1, true) => "buy often".to_owned(),
            (1, false) => "bought once or twice".to_owned(),
            (2, true) => "large orders".to_owned(),
            (2, false) => "small orders".to_owned(),
            (category, _) => format!("much from {}", self.names[category - HABITS]),
        };
        apart.iter().take(4).map(word).collect()
    }
}

/// To mean 0 and deviation 1, each feature by itself; one that is the same for all becomes 0.
fn standardise(vectors: &mut [f32], features: usize) {
    let rows = (vectors.len() / features) as f64;
    for feature in 0..features {
        let column = || vectors.iter().skip(feature).step_by(features).map(|value| f64::from(*value));
        let mean = column().sum::<f64>() / rows;
        let deviation = (column().map(|value| (value - mean).powi(2)).sum::<f64>() / rows).sqrt();
        for value in vectors.iter_mut().skip(feature).step_by(features) {
            *value = if deviation > 0.0 { ((f64::from(*value) - mean) / deviation) as f32 } else { 0.0 };
        }
    }
}

fn nearest(found: &Segments, vector: &[f32]) -> usize {
    let distance = |centre: &[f64]| -> f64 {
        centre.iter().zip(vector).map(|(centre, value)| (centre - f64::from(*value)).powi(2)).sum()
    };
    let mut best = (0, f64::INFINITY);
    for (number, segment) in found.segments.iter().enumerate() {
        let far = distance(&segment.centre);
        if far < best.1 {
            best = (number, far);
        }
    }
    best.0
}

/// By how many of the customers each product was bought.
fn times(activity: &Activity, catalogue: &Catalogue, customers: &[u32]) -> Vec<u32> {
    let mut times = vec![0; catalogue.len()];
    for &customer in customers {
        activity.bought(Some(customer)).products.iter().for_each(|&product| times[product as usize] += 1);
    }
    times
}

/// What is bought more often than by all: by the ratio of the shares, with five buyers too many for all, so that a
/// chance purchase tells nothing.
fn telling(group: &[u32], overall: &[u32], (few, all): (usize, usize)) -> Vec<u32> {
    let ratio = |product: usize| {
        let (own, others) = (f64::from(group[product]), f64::from(overall[product]) + 5.0);
        own / few.max(1) as f64 / (others / all.max(1) as f64)
    };
    let often: Vec<usize> = (0..group.len()).filter(|&product| group[product] >= LEAST_BOUGHT).collect();
    let mut best: Vec<(usize, f64)> = often.into_iter().map(|product| (product, ratio(product))).collect();
    best.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    best.into_iter().take(PRODUCTS).map(|(product, _)| product as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::super::activity::Builder;
    use super::*;
    use crate::money::Money;
    use crate::progress::Silent;
    use crate::records::{Event, EventKind, Events, Product};

    /// Sixty who bought wine ten times lately, and forty who bought one lamp long ago.
    fn world() -> (Activity, Catalogue, DateTime<Utc>) {
        let product = |n: usize| Product {
            id: format!("p{n:02}"),
            category: Some(if n < 10 { "Wine > Red".into() } else { "Lamps".into() }),
            price: Some(Money::from_units(10)),
            active: true,
            ..Product::default()
        };
        let catalogue = Catalogue::new((0..20).map(product).collect());
        let as_of = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let mut events = Events::default();
        for customer in 0..100usize {
            let is_wine = customer < 60;
            for turn in 0..(if is_wine { 10 } else { 1 }) {
                let days =
                    if is_wine { 3 + turn as i64 * 20 + customer as i64 % 5 } else { 600 + customer as i64 };
                let product = if is_wine { (customer + turn) % 10 } else { 10 + customer % 10 };
                events.push(Event {
                    id: None,
                    kind: EventKind::Purchase,
                    at_us: as_of.timestamp_micros() - days * 86_400_000_000,
                    customer: Some(&format!("c{customer:03}")),
                    product: Some(&format!("p{product:02}")),
                    order: Some(&format!("o{customer}-{turn}")),
                    quantity: 1.0,
                    value: Some(Money::from_units(if is_wine { 90 } else { 12 })),
                    currency: None,
                    source: "orders",
                });
            }
        }
        let mut builder = Builder::new(&catalogue, as_of);
        builder.add(&events);
        (builder.finish(), catalogue, as_of)
    }

    #[test]
    fn two_kinds_of_customers_are_told_apart_and_named() {
        let (activity, catalogue, as_of) = world();
        let groups = groups(&activity, &catalogue, as_of, Number::Best, &Silent).unwrap();
        assert_eq!(groups.iter().map(|group| group.customers.len()).sum::<usize>(), 100);
        let is_wine = |customer: &u32| activity.customers.id(*customer) < "c060";
        for group in &groups {
            let wine = group.customers.iter().filter(|customer| is_wine(customer)).count();
            assert!(wine == 0 || wine == group.customers.len(), "a group of both: {group:?}");
            let has = |word: &str| group.words.iter().any(|known| known == word);
            if wine > 0 {
                assert!(group.products.iter().all(|&product| product < 10), "{:?}", group.products);
            } else {
                assert!(has("much from Lamps") && has("bought once or twice"), "{:?}", group.words);
                assert!(group.products.iter().all(|&product| product >= 10));
            }
        }
        assert!(groups.len() >= 2);
    }

    #[test]
    fn too_few_customers_are_no_groups() {
        let catalogue = Catalogue::new(Vec::new());
        let activity = Builder::new(&catalogue, DateTime::UNIX_EPOCH).finish();
        assert!(matches!(
            groups(&activity, &catalogue, DateTime::UNIX_EPOCH, Number::Usual, &Silent),
            Err(SegmentError::NoUsers)
        ));
    }
}
