//! Who of a mailing's recipients will answer: on the campaigns of a real grocer (dunnhumby, *The Complete Journey*, CC0).
//!
//! `cargo bench --bench answers -- FOLDER [CUT]`
//!
//! FOLDER holds campaigns.csv, campaign_descriptions.csv, coupons.csv, coupon_redemptions.csv and transactions_sample.csv,
//! plain or as .xz. What was learned from campaigns that were over before CUT (2017-08-01) ranks the recipients of each
//! campaign that began at or after it, from what was known on its first day. Prints, for several ways to rank, how often
//! somebody who redeemed a coupon stands before somebody who did not (AUC), and the share of redeemers among the first 10
//! and 20 % of recipients; 95 % intervals by drawing recipients again, campaign by campaign; the last column compares within the same draws.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may panic")]

use chrono::NaiveDate;
use handpick::progress::Silent;
use handpick::recommender::response::{Response, area_under_curve};
use handpick::recommender::{Interactions, Model, Params, Resources, User};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::process::Command;

const DRAWS: usize = 1000;
const FEATURES: [&str; 8] = [
    "mails before",
    "share answered",
    "coupons redeemed",
    "weeks since redeemed",
    "baskets",
    "spent",
    "weeks since a basket",
    "model's score of what is offered",
];

struct Campaign {
    id: String,
    start: NaiveDate,
    end: NaiveDate,
    recipients: Vec<u32>,
    products: Vec<u32>,
}

struct Line {
    household: u32,
    product: u32,
    basket: String,
    value: f64,
    at: NaiveDate,
}

/// All that is known, by number.
struct Grocer {
    campaigns: Vec<Campaign>,
    /// Household, campaign's id, when.
    redemptions: Vec<(u32, String, NaiveDate)>,
    lines: Vec<Line>,
    households: usize,
    products: usize,
}

/// One campaign's recipients: a row of features each, and whether they redeemed anything of it.
struct Cases {
    features: Vec<f64>,
    answered: Vec<bool>,
}

fn main() {
    let given: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let folder = given.first().expect("the folder of the data");
    let cut = given.get(1).map_or("2017-08-01", String::as_str);
    let cut: NaiveDate = cut.parse().unwrap();
    let grocer = Grocer::read(Path::new(folder));
    let earlier: Vec<&Campaign> = grocer.campaigns.iter().filter(|campaign| campaign.end < cut).collect();
    let later: Vec<&Campaign> = grocer.campaigns.iter().filter(|campaign| campaign.start >= cut).collect();
    println!("{} campaigns to learn from, {} to rank", earlier.len(), later.len());
    for kind in ["popular", "item_knn"] {
        let past: Vec<Cases> = earlier.iter().map(|campaign| grocer.cases(campaign, kind)).collect();
        let features: Vec<f64> = past.iter().flat_map(|cases| cases.features.iter().copied()).collect();
        let answered: Vec<bool> = past.iter().flat_map(|cases| cases.answered.iter().copied()).collect();
        let response = Response::learn(&features, FEATURES.len(), &answered).unwrap();
        let tested: Vec<Cases> = later.iter().map(|campaign| grocer.cases(campaign, kind)).collect();
        let by = |name: &str, score: &dyn Fn(&[f64]) -> f64| tell(name, &tested, score);
        if kind == "popular" {
            let recipients: usize = tested.iter().map(|cases| cases.answered.len()).sum();
            let redeemed =
                tested.iter().flat_map(|cases| &cases.answered).filter(|&&answered| answered).count();
            println!("{recipients} recipients, {redeemed} redeemed\n");
            println!(
                "{:<34} {:>22} {:>22} {:>22} {:>24}",
                "ranked by", "AUC", "first 10 %", "first 20 %", "AUC over coupons redeemed"
            );
            by("chance", &|_| 0.0);
            by("coupons redeemed before", &|row| row[2]);
            by("baskets", &|row| row[4]);
            by("weeks since a basket", &|row| -row[6]);
        }
        by(&format!("{kind}: score of what is offered"), &|row| row[7]);
        by(&format!("{kind}: chance to answer"), &|row| response.chance(row));
        let weights: Vec<String> = FEATURES
            .iter()
            .zip(response.weights())
            .map(|(name, weight)| format!("{name} {weight:+.2}"))
            .collect();
        println!("    {}", weights.join(", "));
    }
}

/// Means over campaigns with redeemers, each weighing as many as redeemed.
fn tell(name: &str, tested: &[Cases], score: &dyn Fn(&[f64]) -> f64) {
    let scored: Vec<(Vec<f64>, &[bool])> = tested
        .iter()
        .map(|cases| {
            (cases.features.chunks_exact(FEATURES.len()).map(score).collect(), cases.answered.as_slice())
        })
        .collect();
    let beside: Vec<Vec<f64>> = tested
        .iter()
        .map(|cases| cases.features.chunks_exact(FEATURES.len()).map(|row| row[2]).collect())
        .collect();
    let measure = |random: Option<&mut StdRng>| {
        let mut sums = [0.0; 5];
        let mut random = random;
        for ((scores, answered), beside) in scored.iter().zip(&beside) {
            let order: Vec<usize> = match random.as_deref_mut() {
                Some(random) => (0..scores.len()).map(|_| random.random_range(0..scores.len())).collect(),
                None => (0..scores.len()).collect(),
            };
            let scores: Vec<f64> = order.iter().map(|&at| scores[at]).collect();
            let beside: Vec<f64> = order.iter().map(|&at| beside[at]).collect();
            let answered: Vec<bool> = order.iter().map(|&at| answered[at]).collect();
            if let Some(area) = area_under_curve(&scores, &answered) {
                let yes = answered.iter().filter(|&&answered| answered).count() as f64;
                let more = area - area_under_curve(&beside, &answered).unwrap_or(0.5);
                let found =
                    [area, among_first(&scores, &answered, 0.1), among_first(&scores, &answered, 0.2), more];
                found.iter().zip(&mut sums).for_each(|(found, sum)| *sum += yes * found);
                sums[4] += yes;
            }
        }
        [0, 1, 2, 3].map(|at| sums[at] / sums[4])
    };
    let found = measure(None);
    let mut random = StdRng::seed_from_u64(1);
    let drawn: Vec<[f64; 4]> = (0..DRAWS).map(|_| measure(Some(&mut random))).collect();
    let told = [0, 1, 2, 3].map(|at| {
        let mut all: Vec<f64> = drawn.iter().map(|drawn| drawn[at]).collect();
        all.sort_by(f64::total_cmp);
        format!("{:.3} ({:.3}–{:.3})", found[at], all[DRAWS / 40], all[DRAWS - 1 - DRAWS / 40])
    });
    println!("{name:<34} {:>22} {:>22} {:>22} {:>24}", told[0], told[1], told[2], told[3]);
}

/// Of those who answered, the share among the first by score; equal scores share their places alike.
fn among_first(scores: &[f64], answered: &[bool], share: f64) -> f64 {
    let places = share * scores.len() as f64;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let (mut left, mut found) = (places, 0.0);
    for equal in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let taken = left.min(equal.len() as f64);
        let yes = equal.iter().filter(|&&at| answered[at]).count() as f64;
        found += yes * taken / equal.len() as f64;
        left -= taken;
    }
    found / answered.iter().filter(|&&answered| answered).count() as f64
}

impl Grocer {
    fn read(folder: &Path) -> Self {
        let mut households: HashMap<String, u32> = HashMap::new();
        let mut products: HashMap<String, u32> = HashMap::new();
        fn number(known: &mut HashMap<String, u32>, id: &str) -> u32 {
            let next = known.len() as u32;
            *known.entry(id.to_owned()).or_insert(next)
        }
        let lines = rows(folder, "transactions_sample")
            .into_iter()
            .map(|row| Line {
                household: number(&mut households, &row[0]),
                product: number(&mut products, &row[3]),
                basket: row[2].clone(),
                value: row[5].parse().unwrap(),
                at: row[10][..10].parse().unwrap(),
            })
            .collect();
        let mut campaigns: Vec<Campaign> = rows(folder, "campaign_descriptions")
            .into_iter()
            .map(|row| Campaign {
                id: row[0].clone(),
                start: row[2].parse().unwrap(),
                end: row[3].parse().unwrap(),
                recipients: Vec::new(),
                products: Vec::new(),
            })
            .collect();
        let place: HashMap<String, usize> =
            campaigns.iter().enumerate().map(|(at, campaign)| (campaign.id.clone(), at)).collect();
        for row in rows(folder, "campaigns") {
            campaigns[place[&row[0]]].recipients.push(number(&mut households, &row[1]));
        }
        for row in rows(folder, "coupons") {
            campaigns[place[&row[2]]].products.push(number(&mut products, &row[1]));
        }
        for campaign in &mut campaigns {
            campaign.products.sort_unstable();
            campaign.products.dedup();
        }
        let redemptions = rows(folder, "coupon_redemptions")
            .into_iter()
            .map(|row| (number(&mut households, &row[0]), row[2].clone(), row[3].parse().unwrap()))
            .collect();
        Self { campaigns, redemptions, lines, households: households.len(), products: products.len() }
    }

    /// What was known on the campaign's first day, and what came of it.
    fn cases(&self, campaign: &Campaign, kind: &str) -> Cases {
        let before = |at: NaiveDate| at < campaign.start;
        let weeks = |at: NaiveDate| (campaign.start - at).num_days() as f64 / 7.0;
        let scores = self.scores(campaign, kind);
        let answered: HashSet<u32> =
            self.redemptions.iter().filter(|one| one.1 == campaign.id).map(|one| one.0).collect();
        let mut features = Vec::new();
        for (&household, score) in campaign.recipients.iter().zip(scores) {
            let earlier = self.campaigns.iter().filter(|other| other.end < campaign.start);
            let mails: Vec<&str> = earlier
                .filter(|other| other.recipients.contains(&household))
                .map(|other| other.id.as_str())
                .collect();
            let mine = || self.redemptions.iter().filter(|one| one.0 == household && before(one.2));
            let answers: HashSet<&str> =
                mine().map(|one| one.1.as_str()).filter(|id| mails.contains(id)).collect();
            let since = mine().map(|one| weeks(one.2)).fold(60.0, f64::min);
            let lines = || self.lines.iter().filter(|line| line.household == household && before(line.at));
            let baskets: HashSet<&str> = lines().map(|line| line.basket.as_str()).collect();
            features.extend([
                mails.len() as f64,
                (answers.len() as f64 + 0.2) / (mails.len() as f64 + 1.0),
                (1.0 + mine().count() as f64).ln(),
                since,
                (1.0 + baskets.len() as f64).ln(),
                (1.0 + lines().map(|line| line.value).sum::<f64>()).ln(),
                lines().map(|line| weeks(line.at)).fold(60.0, f64::min),
                score,
            ]);
        }
        let answered = campaign.recipients.iter().map(|household| answered.contains(household)).collect();
        Cases { features, answered }
    }

    /// For each recipient, which share of the others the model finds less drawn to what is offered.
    fn scores(&self, campaign: &Campaign, kind: &str) -> Vec<f64> {
        let bought = self.lines.iter().filter(|line| line.at < campaign.start);
        let bought = Interactions::from_triples(
            self.households,
            self.products,
            bought.map(|line| (line.household, line.product, 1.0)),
        );
        if bought.is_empty() {
            return vec![0.0; campaign.recipients.len()];
        }
        let resources = Resources { seed: 1, max_memory_bytes: 8 << 30, progress: &Silent };
        let model: Box<dyn Model> = Params::default_of(kind).unwrap().fit(&bought, &resources).unwrap();
        let mut scorer = model.scorer(&campaign.products);
        let mut of_products = vec![0.0; campaign.products.len()];
        let sums: Vec<f64> = campaign
            .recipients
            .iter()
            .map(|&household| {
                scorer.score(User::of(Some(household), bought.row(household)), &mut of_products);
                of_products.iter().map(|score| f64::from(score.max(0.0))).sum()
            })
            .collect();
        let mut order = sums.clone();
        order.sort_by(f64::total_cmp);
        sums.iter()
            .map(|sum| order.partition_point(|other| other < sum) as f64 / order.len() as f64)
            .collect()
    }
}

/// A table's rows, without the line of names.
fn rows(folder: &Path, name: &str) -> Vec<Vec<String>> {
    let plain = folder.join(format!("{name}.csv"));
    let bytes = if plain.exists() {
        std::fs::read(&plain).unwrap()
    } else {
        Command::new("xz").arg("-dc").arg(folder.join(format!("{name}.csv.xz"))).output().unwrap().stdout
    };
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}
