//! The sample shop's customers. What is true of one follows from the number and the seed: nothing but activity is
//! stored, so two million of them cost a few megabytes.

use super::assortment::{CATEGORIES, NATIONS, Nation};
use super::dice::{Dice, mixed, mixed_unit};
use super::products::Catalogue;
use super::schema::Cell;
use chrono::{DateTime, TimeDelta, Utc};

/// Favourite categories of one taste, with the share of interest each has.
const FAVOURITES: [f64; 6] = [0.32, 0.22, 0.16, 0.12, 0.10, 0.08];
/// Share of customers who came before the two years.
const EARLIER: f64 = 0.4;

/// The crowd, and the tastes in it.
pub struct Customers {
    seed: u64,
    count: usize,
    tastes: u64,
    /// Running sum of activity, one longer than the customers.
    activity: Vec<f64>,
    start: DateTime<Utc>,
    until: DateTime<Utc>,
}

/// What one customer likes.
#[derive(Debug, Clone, Copy)]
pub struct Taste {
    /// The two clusters the person belongs to; four of five visits are in the first one's spirit.
    pub clusters: [u64; 2],
    /// Standard deviations above the usual price.
    pub price_level: f64,
    seed: u64,
}

impl Customers {
    pub fn new(count: usize, products: usize, seed: u64, start: DateTime<Utc>, until: DateTime<Utc>) -> Self {
        let mut dice = Dice::new(seed, 2);
        let mut activity = Vec::with_capacity(count + 1);
        let mut sum = 0.0;
        activity.push(sum);
        for _ in 0..count {
            sum += (1.1 * dice.normal()).exp();
            activity.push(sum);
        }
        Self { seed, count, tastes: (products / 80).clamp(12, 400) as u64, activity, start, until }
    }

    pub fn count(&self) -> usize {
        self.count
    }

    /// Customers are numbered in the order in which they came.
    pub fn created_at(&self, customer: usize) -> DateTime<Utc> {
        let place = (customer as f64 + mixed_unit(&[self.seed, customer as u64, 11])) / self.count as f64;
        let window = (self.until - self.start).num_seconds() as f64;
        let seconds = if place < EARLIER {
            (place / EARLIER - 1.0) * 1.5 * window
        } else {
            (place - EARLIER) / (1.0 - EARLIER) * window
        };
        self.start + TimeDelta::seconds(seconds as i64)
    }

    /// Draws one of those who were customers at `at`, the active ones more often.
    pub fn draw(&self, dice: &mut Dice, at: DateTime<Utc>) -> Option<usize> {
        let since = (at - self.start).num_seconds() as f64 / (self.until - self.start).num_seconds() as f64;
        let known = (((EARLIER + (1.0 - EARLIER) * since) * self.count as f64) as usize).min(self.count);
        let wanted = dice.unit() * self.activity[known];
        (known > 0).then(|| self.activity[1..known].partition_point(|&sum| sum <= wanted))
    }

    pub fn taste(&self, customer: usize) -> Taste {
        let trait_of = |which: u64| mixed(&[self.seed, customer as u64, which]);
        let unit = |which: u64| mixed_unit(&[self.seed, customer as u64, which]);
        Taste {
            clusters: [trait_of(1) % self.tastes, trait_of(2) % self.tastes],
            // Nearly normal, which is all that is asked of it.
            price_level: (unit(3) + unit(4) + unit(5) - 1.5) * 1.6,
            seed: self.seed,
        }
    }

    /// A passer-by who did not sign in.
    pub fn guest(&self, dice: &mut Dice) -> Taste {
        let clusters = [dice.below(self.tastes as usize) as u64, dice.below(self.tastes as usize) as u64];
        Taste { clusters, price_level: 0.8 * dice.normal(), seed: self.seed }
    }

    /// The row of `customers`, given to `write`.
    pub fn row<T>(&self, customer: usize, write: impl FnOnce(&[Cell<'_>]) -> T) -> T {
        let unit = |which: u64| mixed_unit(&[self.seed, customer as u64, which]);
        let mut left = unit(20);
        let nation = NATIONS.iter().find(|nation| {
            left -= nation.share;
            left < 0.0
        });
        let &Nation { country, language, first_names, last_names, .. } = nation.unwrap_or(&NATIONS[0]);
        let first = first_names[(unit(21) * first_names.len() as f64) as usize];
        let last = last_names[(unit(22) * last_names.len() as f64) as usize];
        let id = customer_id(customer);
        let domain = ["example.com", "example.org", "example.net"][(unit(23) * 3.0) as usize];
        let email = format!("{}.{}@{domain}", ascii(first), id.to_lowercase());
        write(&[
            Cell::Text(&id),
            Cell::Text(&email),
            Cell::Text(first),
            Cell::Text(last),
            Cell::Text(language),
            Cell::Text(country),
            Cell::Time(self.created_at(customer)),
            Cell::Truth(unit(24) < 0.72),
        ])
    }
}

pub fn customer_id(customer: usize) -> String {
    format!("C{:06}", customer + 1)
}

/// The number behind an id of [`customer_id`].
pub fn customer_number(id: &str) -> Option<usize> {
    id.strip_prefix('C')?.parse::<usize>().ok()?.checked_sub(1)
}

impl Taste {
    /// The favourite categories of the person's first or second cluster, the dearest first.
    fn favourite(self, cluster: u64, rank: usize) -> usize {
        (mixed(&[self.seed, 31, cluster, rank as u64]) % CATEGORIES.len() as u64) as usize
    }

    /// The collection a cluster prefers within a category.
    fn collection(self, cluster: u64, category: usize) -> u64 {
        mixed(&[self.seed, 32, cluster, category as u64])
    }

    /// One product the person might look at now. `month` is 0 to 11.
    pub fn draw(self, dice: &mut Dice, catalogue: &Catalogue, month: u32) -> Option<usize> {
        let cluster = self.clusters[usize::from(!dice.chance(0.8))];
        let spirit = dice.unit();
        let mut found = None;
        // The last try stands, however dear or out of season.
        for _ in 0..4 {
            let (category, faithful) = if spirit < 0.70 {
                (self.favourite(cluster, rank(dice)), 0.8)
            } else if spirit < 0.86 {
                let any = catalogue.draw(dice, catalogue.all())?;
                (catalogue.products[any].category, 0.35)
            } else {
                return catalogue.draw(dice, catalogue.all());
            };
            let range = if dice.chance(faithful) {
                catalogue.collection(category, self.collection(cluster, category))
            } else {
                catalogue.categories[category].clone()
            };
            found = catalogue.draw(dice, range).or(found);
            let Some(product) = found else { continue };
            let distance = catalogue.products[product].dearness - self.price_level;
            if dice.chance(in_season(category, month) * (-0.25 * distance * distance).exp()) {
                break;
            }
        }
        found
    }

    /// How well `product` fits, 0 to 1: the planted truth a recommender should find.
    pub fn affinity(self, catalogue: &Catalogue, product: usize) -> f64 {
        let category = catalogue.products[product].category;
        let mut best: f64 = 0.05;
        for (cluster, share) in self.clusters.into_iter().zip([1.0, 0.6]) {
            let favourite = (0..FAVOURITES.len()).position(|rank| self.favourite(cluster, rank) == category);
            let liked = catalogue.collection(category, self.collection(cluster, category)).contains(&product);
            let fit = match (favourite, liked) {
                (Some(rank), true) => 1.0 - 0.06 * rank as f64,
                (Some(rank), false) => 0.36 - 0.03 * rank as f64,
                (None, true) => 0.3,
                (None, false) => 0.05,
            };
            best = best.max(fit * share);
        }
        best
    }
}

fn rank(dice: &mut Dice) -> usize {
    let mut left = dice.unit();
    FAVOURITES
        .iter()
        .position(|share| {
            left -= share;
            left < 0.0
        })
        .unwrap_or(0)
}

/// How much the month suits a category, 0 to 1.
pub fn in_season(category: usize, month: u32) -> f64 {
    let (best, strength) = CATEGORIES[category].season;
    let away = f64::from(month.abs_diff(best).min(12 - month.abs_diff(best)));
    1.0 - strength * (1.0 - (-(away * away) / 6.0).exp())
}

/// Letters as an e-mail address spells them.
fn ascii(name: &str) -> String {
    name.to_lowercase()
        .chars()
        .filter_map(|c| match c {
            'á' | 'à' => Some('a'),
            'é' | 'è' => Some('e'),
            'í' | 'ì' => Some('i'),
            other => other.is_ascii_alphanumeric().then_some(other),
        })
        .collect()
}
