//! Whether what was measured when a model was trained foretold what its campaign did.
//!
//! Training measures how many customers buy one of a list within weeks, without any e-mail; a campaign has fewer places and
//! its own days. The two shares are never the same, but the higher one of the first should be the higher one of the second.

use super::ReportError;
use super::Reported;
use super::chart::{Bar, Chart, Kind};
use super::report::{Group, GroupFigures};
use super::table::{Cell, Table, Unit, column};
use crate::ids::{CampaignId, ModelId};
use crate::installation::Installation;
use crate::recommender::uplift::{Interval, Proportion, interval_of_share};
use crate::store::models::{self, StoredModel};
use crate::store::{StoreError, campaigns};
use crate::web;
use std::collections::HashMap;

/// With fewer nothing is said of whether one foretells the other.
const FEWEST: usize = 5;

/// A campaign with what was measured before it, of the model and of best-sellers, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Foretold {
    pub name: String,
    pub model: String,
    /// Customers with a right pick at training, 0 to 1.
    pub trained: f64,
    pub trained_popular: Option<f64>,
    /// Customers with picks who bought one, and the same of who got best-sellers.
    pub happened: Interval,
    pub happened_popular: Option<Interval>,
}

/// In the order of `reports`; campaigns without a measured model, or whose window is open, are left out. Blocks.
pub fn foretold(installation: &Installation, reports: &[Reported]) -> Result<Vec<Foretold>, ReportError> {
    let shop = installation.shop_id();
    let models: HashMap<CampaignId, StoredModel> = installation.store.read(|conn| {
        let of: HashMap<CampaignId, ModelId> = campaigns::all(conn, shop)?
            .into_iter()
            .filter_map(|campaign| Some((campaign.id, campaign.model?)))
            .collect();
        let mut found = HashMap::new();
        for reported in reports {
            let Some(model) = of.get(&reported.id) else { continue };
            if let Some(model) = models::by_id(conn, shop, *model)? {
                found.insert(reported.id, model);
            }
        }
        Ok::<_, StoreError>(found)
    })?;
    Ok(reports.iter().filter_map(|reported| one(reported, models.get(&reported.id)?)).collect())
}

fn one(reported: &Reported, model: &StoredModel) -> Option<Foretold> {
    let report = &reported.report;
    let metrics: serde_json::Value = serde_json::from_str(&model.metrics).ok()?;
    let measured = |who: &str| metrics[who]["hit_rate"].as_f64();
    let is_measured = metrics["test_customers"].as_u64().unwrap_or_default() > 0;
    let share = |figures: &GroupFigures| {
        interval_of_share(Proportion { successes: figures.hits, people: figures.customers_with_picks }).ok()
    };
    if !report.window.is_closed() || !is_measured {
        return None;
    }
    Some(Foretold {
        name: reported.name.clone(),
        model: web::model_name(&model.kind).to_owned(),
        trained: measured("model")?,
        trained_popular: measured("popular"),
        happened: share(report.group(Group::Picks)?)?,
        happened_popular: report.group(Group::Baseline).and_then(share),
    })
}

/// Spearman's: how far the campaigns come in the same order by both, −1 to 1; equal ones share their place. `None` where
/// all of one are equal.
fn rank_correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let places = |of: fn(&(f64, f64)) -> f64| -> Vec<f64> {
        let place = |value: f64| {
            let below = pairs.iter().filter(|pair| of(pair) < value).count() as f64;
            let same = pairs.iter().filter(|pair| of(pair) == value).count() as f64;
            below + (same - 1.0) / 2.0
        };
        pairs.iter().map(|pair| place(of(pair))).collect()
    };
    let (first, second) = (places(|pair| pair.0), places(|pair| pair.1));
    let middle = (pairs.len() as f64 - 1.0) / 2.0;
    let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - middle) * (b - middle)).sum::<f64>();
    let spread = (sum(&first, &first) * sum(&second, &second)).sqrt();
    (spread > 0.0).then(|| sum(&first, &second) / spread)
}

/// What a manager should take away; `None` without any campaign to say it of.
pub fn sentence(all: &[Foretold]) -> Option<String> {
    if all.is_empty() {
        return None;
    }
    let beside: Vec<bool> = all
        .iter()
        .filter_map(|one| {
            let foretold = one.trained - one.trained_popular?;
            let happened = one.happened.estimate - one.happened_popular?.estimate;
            Some(foretold * happened > 0.0)
        })
        .collect();
    let right = beside.iter().filter(|right| **right).count();
    let mut said = match beside.len() {
        0 => "No campaign had a group with best-sellers, so nobody knows whether the picks did better as training said."
            .to_owned(),
        1 if right == 1 => "In the one campaign with a group that got best-sellers, it went as training said.".into(),
        1 => "In the one campaign with a group that got best-sellers, it did not go as training said.".into(),
        count => format!("In {right} of {count} campaigns with a group that got best-sellers, it went as training said."),
    };
    let pairs: Vec<(f64, f64)> = all.iter().map(|one| (one.trained, one.happened.estimate)).collect();
    match rank_correlation(&pairs) {
        _ if all.len() < FEWEST => {
            said += &format!(
                " With {} of at least {FEWEST} campaigns it is too early to say whether better training figures mean \
                 better campaigns.",
                all.len()
            );
        }
        Some(order) if order >= 0.5 => said += " Better training figures went with better campaigns.",
        Some(order) if order <= -0.5 => {
            said += " Better training figures went with worse campaigns: do not trust them."
        }
        _ => said += " Training figures did not tell better campaigns from worse ones.",
    }
    Some(said)
}

pub fn table(all: &[Foretold]) -> Table {
    let row = |one: &Foretold| {
        let popular = one.happened_popular;
        vec![
            one.name.as_str().into(),
            one.model.as_str().into(),
            one.trained.into(),
            one.trained_popular.into(),
            one.happened.low.into(),
            one.happened.estimate.into(),
            one.happened.high.into(),
            popular.map_or(Cell::None, |popular| popular.estimate.into()),
        ]
    };
    Table {
        name: "foretold",
        title: "Did training foretell it?",
        about: "Customers with a right pick when the model was trained, and customers who bought a pick in the campaign. \
                Training looks at more picks and other days, so the two are never the same; the higher one should be higher \
                in both.",
        columns: vec![
            column("Campaign", Unit::Text),
            column("Model", Unit::Text),
            column("At training", Unit::Share),
            column("Best-sellers at training", Unit::Share),
            column("In the campaign, from", Unit::Share),
            column("In the campaign", Unit::Share),
            column("In the campaign, to", Unit::Share),
            column("Best-sellers in the campaign", Unit::Share),
        ],
        rows: all.iter().map(row).collect(),
    }
}

pub fn chart(all: &[Foretold]) -> Option<Chart> {
    let bar = |one: &Foretold| Bar {
        label: one.name.clone(),
        value: one.happened.estimate,
        beside: Some(one.trained),
    };
    (!all.is_empty()).then(|| Chart {
        name: "foretold".into(),
        title: "Did training foretell it?".into(),
        about: "The upper bar: customers who bought a pick in the campaign. The lower one: those with a right pick at training.",
        unit: Unit::Share,
        table: "foretold",
        kind: Kind::Bars(all.iter().map(bar).collect()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn campaign(trained: f64, happened: f64, popular: Option<(f64, f64)>) -> Foretold {
        let at = |estimate| Interval { low: estimate, estimate, high: estimate };
        Foretold {
            name: "x".into(),
            model: "y".into(),
            trained,
            trained_popular: popular.map(|popular| popular.0),
            happened: at(happened),
            happened_popular: popular.map(|popular| at(popular.1)),
        }
    }

    #[test]
    fn orders_are_compared_by_place() {
        // The textbook's five: differences of places 0, 1, 1, 1, 1; 1 − 6 × 4 / (5 × 24) = 0.8.
        let five = [(10.0, 1.0), (20.0, 3.0), (30.0, 2.0), (40.0, 5.0), (50.0, 4.0)];
        assert!((rank_correlation(&five).unwrap() - 0.8).abs() < 1e-12);
        assert_eq!(rank_correlation(&[(1.0, 2.0), (1.0, 3.0)]), None);
        // Two share the first place: places 0.5, 0.5, 2 beside 0, 1, 2 are 1.5 / √(1.5 × 2).
        let tied = rank_correlation(&[(1.0, 1.0), (1.0, 2.0), (2.0, 3.0)]).unwrap();
        assert!((tied - 1.5 / 3.0f64.sqrt()).abs() < 1e-12, "{tied}");
    }

    #[test]
    fn it_says_when_it_is_too_early_and_when_training_misled() {
        assert_eq!(sentence(&[]), None);
        let right = campaign(0.3, 0.05, Some((0.2, 0.04)));
        let wrong = campaign(0.3, 0.03, Some((0.2, 0.04)));
        let said = sentence(&[right.clone(), wrong]).unwrap();
        assert!(said.starts_with("In 1 of 2 campaigns") && said.contains("With 2 of at least 5"), "{said}");
        let said = sentence(&[right]).unwrap();
        assert!(
            said.starts_with("In the one campaign") && said.contains("it went as training said"),
            "{said}"
        );
        let misled: Vec<_> =
            (1..=5).map(|n| campaign(f64::from(n) / 10.0, 0.1 - f64::from(n) / 100.0, None)).collect();
        let said = sentence(&misled).unwrap();
        assert!(said.starts_with("No campaign had") && said.contains("do not trust them"), "{said}");
        let foretold: Vec<_> =
            (1..=5).map(|n| campaign(f64::from(n) / 10.0, f64::from(n) / 100.0, None)).collect();
        assert!(sentence(&foretold).unwrap().contains("went with better campaigns"));
    }
}
