//! How single places, origins and products did: what was shown, and what of it was bought.

use super::products::Products;
use super::report::Group;
use crate::picker::foresight::is_personal;
use crate::picker::plan::{Arm, Origin};
use crate::recommender::uplift::{
    Alike, Bin, Interval, Proportion, Step, Steps, calibrate, calibrate_counted, difference_of_proportions,
    interval_of_share,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Products told of, those shown most.
const PRODUCTS: usize = 50;
/// Parts of about equally many picks, by score.
const FIFTHS: usize = 5;

/// Picks of a kind, and how many of them were bought by who was shown them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    pub name: String,
    pub picks: u64,
    pub bought: u64,
}

impl Shown {
    /// Bought ÷ picks, 0 to 1.
    pub fn rate(&self) -> Option<f64> {
        (self.picks > 0).then(|| self.bought as f64 / self.picks as f64)
    }
}

/// A product that was picked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductFigures {
    pub product: String,
    /// As the shop called it then; empty where it had no title.
    #[serde(default)]
    pub title: String,
    /// Customers it was shown to, and those of them who bought it.
    pub shown: u64,
    pub bought: u64,
    /// Customers who got no e-mail, and those of them who bought it.
    pub unshown: u64,
    pub bought_unshown: u64,
}

impl ProductFigures {
    /// Bought ÷ shown, 0 to 1.
    pub fn rate(&self) -> Option<f64> {
        (self.shown > 0).then(|| self.bought as f64 / self.shown as f64)
    }

    /// The same of those who got no e-mail.
    pub fn rate_unshown(&self) -> Option<f64> {
        (self.unshown > 0).then(|| self.bought_unshown as f64 / self.unshown as f64)
    }

    /// Of the two rates; a hint only, since who is shown a product is no accident.
    pub fn difference(&self) -> Option<Interval> {
        let shown = Proportion { successes: self.bought, people: self.shown };
        let unshown = Proportion { successes: self.bought_unshown, people: self.unshown };
        difference_of_proportions(shown, unshown).ok().map(|found| found.difference)
    }
}

/// Picks of one kind in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Square {
    pub place: String,
    pub origin: String,
    /// At least one.
    pub picks: u64,
    pub bought: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// In the order of the places.
    pub slots: Vec<Shown>,
    pub origins: Vec<Shown>,
    /// By place, then origin; where nothing was picked, nothing stands.
    #[serde(default)]
    pub grid: Vec<Square>,
    pub products: Vec<ProductFigures>,
    /// Those shown most; empty where the shop has none.
    #[serde(default)]
    pub categories: Vec<Shown>,
    /// From the lowest scores to the highest; empty where all are the same.
    #[serde(default)]
    pub scores: Vec<Foretold>,
    /// Whether the chances that the scores stand for came true, of who got the picks and of the holdout; empty where they
    /// were not learnt, and while the window is open.
    #[serde(default)]
    pub calibrated: Vec<Calibrated>,
}

/// Personal picks of a group: what was foretold of them, and what came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibrated {
    /// The holdout's are those that it would have got.
    pub group: Group,
    pub picks: u64,
    /// Purchases, as many as the chances add up to, and as many as there were.
    pub expected: f64,
    pub bought: u64,
    /// Purchases that the chances were learnt from; 0 in reports from before this was kept.
    #[serde(default)]
    pub learnt: u64,
    /// Bought ÷ picks.
    pub share: Interval,
    /// How far foretold and came true are apart on average, 0 to 1 (expected calibration error).
    pub error: f64,
    /// Of about equally many picks, by the foretold chance.
    pub bins: Vec<Bin>,
}

/// One recipient's pick.
#[derive(Debug, Clone, Copy)]
pub struct Pick {
    pub product: u32,
    pub slot: u8,
    pub origin: Origin,
    pub score: f32,
}

/// Personal picks that the model was about as sure of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Foretold {
    pub name: String,
    pub picks: u64,
    /// Of them, the share that was bought.
    pub share: Interval,
}

/// Chances of scores, and how many picks stood on each step and were bought.
struct Chances {
    steps: Steps,
    /// Of who got them, and of the holdout.
    counts: [Vec<(u64, u64)>; 2],
}

impl Calibrated {
    /// How far more (above 0) or fewer came than expected, in deviations of what chance does: to what comes, and to what it
    /// was learnt from. The roots of two Poisson counts, as of [`crate::picker::hindsight::likewise`].
    pub fn surprise(&self) -> f64 {
        let root = |count: f64| 2.0 * (count + 0.375).sqrt();
        let ratio = if self.learnt > 0 { self.expected / self.learnt as f64 } else { 0.0 };
        (root(self.bought as f64) - root(self.expected)) / (1.0 + ratio).sqrt()
    }
}

/// Gathers what happened to picks, one customer at a time.
#[derive(Default)]
pub struct Details {
    /// Of personal picks, and whether each was bought.
    scores: Vec<(f32, bool)>,
    grid: BTreeMap<(u8, Origin), (u64, u64)>,
    products: HashMap<u32, (u64, u64)>,
    holdout: u64,
    bought_by_holdout: HashMap<u32, u64>,
    chances: Option<Chances>,
}

impl Details {
    /// What chance each score stands for; to be said before the first customer.
    pub fn expecting(steps: Option<Steps>) -> Self {
        let chances = steps.map(|steps| {
            let none = vec![(0, 0); steps.all().len()];
            Chances { steps, counts: [none.clone(), none] }
        });
        Self { chances, ..Self::default() }
    }

    fn hold_against(&mut self, arm: Arm, picks: &[Pick], bought: &[u32]) {
        let Some(Chances { steps, counts }) = &mut self.chances else { return };
        let counts = match arm {
            Arm::Picks => &mut counts[0],
            Arm::Holdout => &mut counts[1],
            Arm::Baseline => return,
        };
        for pick in picks.iter().filter(|pick| is_personal(pick.origin)) {
            let count = &mut counts[steps.place(f64::from(pick.score))];
            count.0 += 1;
            count.1 += u64::from(bought.contains(&pick.product));
        }
    }

    /// `bought` are the products that the customer bought in the window. A holdout's picks are those that nobody sent.
    pub fn add(&mut self, arm: Arm, picks: &[Pick], bought: &[u32]) {
        self.hold_against(arm, picks, bought);
        if arm == Arm::Holdout {
            self.holdout += 1;
            let mut once = bought.to_vec();
            once.sort_unstable();
            once.dedup();
            once.into_iter().for_each(|product| *self.bought_by_holdout.entry(product).or_default() += 1);
            return;
        }
        for pick in picks {
            let is_bought = bought.contains(&pick.product);
            if arm == Arm::Picks && is_personal(pick.origin) {
                self.scores.push((pick.score, is_bought));
            }
            let is_bought = u64::from(is_bought);
            let count = |counts: &mut (u64, u64)| {
                counts.0 += 1;
                counts.1 += is_bought;
            };
            count(self.grid.entry((pick.slot, pick.origin)).or_default());
            count(self.products.entry(pick.product).or_default());
        }
    }

    /// `about` knows products by their id.
    pub fn finish<'a>(self, name_of: impl Fn(u32) -> &'a str, about: &Products) -> Detail {
        let shown = |name: String, (picks, bought): (u64, u64)| Shown { name, picks, bought };
        let (mut slots, mut origins) =
            (BTreeMap::<u8, (u64, u64)>::new(), BTreeMap::<Origin, (u64, u64)>::new());
        for ((slot, origin), (picks, bought)) in &self.grid {
            for sum in [slots.entry(*slot).or_default(), origins.entry(*origin).or_default()] {
                sum.0 += picks;
                sum.1 += bought;
            }
        }
        let mut origins: Vec<_> = origins.into_iter().collect();
        origins.sort_by_key(|(_, (picks, _))| std::cmp::Reverse(*picks));
        let categories =
            about.categories(self.products.iter().map(|(product, sum)| (name_of(*product), *sum)));
        let mut products: Vec<_> = self.products.into_iter().collect();
        products
            .sort_by(|(a, of_a), (b, of_b)| of_b.0.cmp(&of_a.0).then_with(|| name_of(*a).cmp(name_of(*b))));
        products.truncate(PRODUCTS);
        let (holdout, by_holdout) = (self.holdout, self.bought_by_holdout);
        Detail {
            scores: foretold(self.scores),
            calibrated: calibrated(self.chances),
            categories,
            slots: slots.into_iter().map(|(slot, counts)| shown(place(slot), counts)).collect(),
            grid: self
                .grid
                .into_iter()
                .map(|((slot, origin), (picks, bought))| Square {
                    place: place(slot),
                    origin: origin_in_words(origin).to_owned(),
                    picks,
                    bought,
                })
                .collect(),
            origins: origins
                .into_iter()
                .map(|(origin, counts)| shown(origin_in_words(origin).to_owned(), counts))
                .collect(),
            products: products
                .into_iter()
                .map(|(product, (shown, bought))| ProductFigures {
                    product: name_of(product).to_owned(),
                    title: about.title(name_of(product)).to_owned(),
                    shown,
                    bought,
                    unshown: holdout,
                    bought_unshown: by_holdout.get(&product).copied().unwrap_or_default(),
                })
                .collect(),
        }
    }
}

/// Scores have no unit that all models share: what counts is whether a higher one foretold more.
fn foretold(mut scores: Vec<(f32, bool)>) -> Vec<Foretold> {
    scores.sort_by(|(a, a_bought), (b, b_bought)| a.total_cmp(b).then(a_bought.cmp(b_bought)));
    let all = scores.len() as f64;
    // A score's place among all; the same for the same score.
    let place =
        |score: f32| scores.partition_point(|(other, _)| other.total_cmp(&score).is_lt()) as f64 / all;
    let places: Vec<f64> = scores.iter().map(|(score, _)| place(*score)).collect();
    let bought: Vec<bool> = scores.iter().map(|(_, bought)| *bought).collect();
    let bins = calibrate(&places, &bought, FIFTHS).map_or(Vec::new(), |found| found.bins);
    let count = bins.len();
    let name = |at: usize| match at {
        0 => "the lowest scores".to_owned(),
        at if at + 1 == count => "the highest scores".to_owned(),
        at => format!("part {} of {count}", at + 1),
    };
    let part = |(at, bin): (usize, Bin)| Foretold { name: name(at), picks: bin.people, share: bin.actual };
    if count < 2 { Vec::new() } else { bins.into_iter().enumerate().map(part).collect() }
}

fn calibrated(chances: Option<Chances>) -> Vec<Calibrated> {
    let Some(Chances { steps, counts }) = chances else { return Vec::new() };
    let learnt = steps.all().iter().map(|step| step.came).sum();
    let of_group = |(group, counts): (Group, Vec<(u64, u64)>)| {
        let alike =
            |(step, (people, came)): (&Step, (u64, u64))| Alike { chance: step.chance(), people, came };
        let groups: Vec<Alike> = steps.all().iter().zip(counts).map(alike).collect();
        let (picks, bought) = groups.iter().fold((0, 0), |(n, x), one| (n + one.people, x + one.came));
        let expected = groups.iter().map(|one| one.people as f64 * one.chance).sum();
        let share = interval_of_share(Proportion { successes: bought, people: picks }).ok()?;
        let found = calibrate_counted(groups, FIFTHS).ok()?;
        let (error, bins) = (found.expected_error, found.bins);
        Some(Calibrated { group, picks, expected, bought, learnt, share, error, bins })
    };
    [Group::Picks, Group::Holdout].into_iter().zip(counts).filter_map(of_group).collect()
}

fn place(slot: u8) -> String {
    format!("Place {slot}")
}

const fn origin_in_words(origin: Origin) -> &'static str {
    match origin {
        Origin::Personal => "From what they did",
        Origin::Similar => "Like what they bought",
        Origin::Category => "From their category",
        Origin::Popular => "Best-sellers",
        Origin::Pinned => "Pinned",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_higher_score_that_foretells_more_is_seen() {
        let scores = (0..100u8).map(|n| (f32::from(n / 20), n % 20 < n / 20)).collect();
        let told: Vec<_> =
            foretold(scores).into_iter().map(|part| (part.picks, part.share.estimate)).collect();
        assert_eq!(told, [(20, 0.0), (20, 0.05), (20, 0.1), (20, 0.15), (20, 0.2)]);
        assert_eq!(foretold(vec![(1.0, true); 50]), [], "all are the same");
        assert_eq!(foretold(Vec::new()), []);
    }

    #[test]
    fn what_is_bought_counts_for_its_place_origin_and_product() {
        let pick = |product, slot, origin| Pick { product, slot, origin, score: 1.0 };
        let mut details = Details::default();
        let both = [pick(1, 1, Origin::Personal), pick(2, 2, Origin::Popular)];
        details.add(Arm::Picks, &both, &[1, 1]);
        details.add(Arm::Picks, &both[..1], &[]);
        details.add(Arm::Holdout, &[], &[2, 2, 7]);
        details.add(Arm::Holdout, &[], &[]);
        let about = Products::of([
            ("p1".into(), "Cheese 1".into(), Some("Food > Cheese".into())),
            ("p2".into(), String::new(), Some("Food > Wine > Red".into())),
        ]);
        let detail = details.finish(|product| ["p0", "p1", "p2"][product as usize], &about);
        let told = |shown: &Shown| (shown.name.clone(), shown.picks, shown.bought);
        assert_eq!(
            detail.slots.iter().map(told).collect::<Vec<_>>(),
            [("Place 1".into(), 2, 1), ("Place 2".into(), 1, 0)]
        );
        assert_eq!(detail.slots[0].rate(), Some(0.5));
        // All are food: what is below it tells them apart.
        assert_eq!(
            detail.categories.iter().map(told).collect::<Vec<_>>(),
            [("Cheese".into(), 2, 1), ("Wine".into(), 1, 0)]
        );
        assert_eq!((detail.products[0].title.as_str(), detail.products[1].title.as_str()), ("Cheese 1", ""));
        assert_eq!(told(&detail.origins[0]), ("From what they did".into(), 2, 1));
        let squares: Vec<_> =
            detail.grid.iter().map(|one| (one.place.as_str(), one.picks, one.bought)).collect();
        assert_eq!(squares, [("Place 1", 2, 1), ("Place 2", 1, 0)]);
        let of = |at: usize| {
            let one = &detail.products[at];
            (one.product.as_str(), one.shown, one.bought, one.unshown, one.bought_unshown)
        };
        assert_eq!((of(0), of(1)), (("p1", 2, 1, 2, 0), ("p2", 1, 0, 2, 1)));
    }
}
