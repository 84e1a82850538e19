//! How a shop has moved on since a model was trained: what it does not know of what is bought, and how far the
//! best-sellers are others.

use super::plot::{self, Columns};
use crate::picker::ledger::Standing;
use crate::picker::live_model::LiveModel;
use crate::records::EventKind;
use crate::web;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

const DAY_US: i64 = 86_400_000_000;
/// Best-sellers that are compared.
const BEST: usize = 20;
/// Columns of the picture.
const SPANS: i64 = 12;
/// From so large a share of what is bought on, a model knows too little of what is sold.
const MUCH_UNKNOWN: f64 = 0.1;
/// With fewer of the best-sellers still the same, what it learned is no more how it is.
const FEW_THE_SAME: f64 = 0.5;
/// Fewer lines tell nothing.
const ENOUGH_LINES: u64 = 50;

pub struct Drift {
    pub lines: Vec<String>,
    /// Over time how much of what was bought it does not know.
    pub plot: Option<Columns>,
    /// What to make of it; empty while there is too little to tell.
    pub advice: String,
}

/// What was bought since.
#[derive(Default)]
struct Since {
    lines: u64,
    unknown_products: u64,
    unknown_customers: u64,
    new_people: u64,
    /// Pieces of what was bought, by product: in the days since, and in as many before.
    now: BTreeMap<u32, u64>,
    before: BTreeMap<u32, u64>,
    /// Lines, and those of unknown products, span by span.
    spans: Vec<(u64, u64)>,
}

impl Drift {
    /// *Cost*: a pass over all that was done.
    pub fn of(standing: &Standing, live: &LiveModel, cut_at: DateTime<Utc>) -> Self {
        let since = Since::of(standing, live, cut_at);
        let for_sale = standing.ledger.catalogue.products().iter().filter(|product| product.active);
        let (known, unknown): (Vec<_>, Vec<_>) =
            for_sale.partition(|product| live.products.number(&product.id).is_some());
        let mut lines = vec![format!(
            "Of the {} products for sale, it does not know {}: they came later, or nobody touched them.",
            web::whole((known.len() + unknown.len()) as i64),
            web::whole(unknown.len() as i64)
        )];
        if since.lines == 0 {
            lines.push("Nothing was bought since, as far as Handpick knows.".into());
            return Self { lines, plot: None, advice: String::new() };
        }
        let share = |part: u64| web::percent(part as f64 / since.lines as f64);
        let days = (standing.as_of - cut_at).num_days();
        lines.push(format!(
            "In the {} days since, {} lines were bought: {} of them are products that it does not know and can never \
             pick, {} by customers it does not know or by guests.",
            web::whole(days),
            web::whole(since.lines as i64),
            share(since.unknown_products),
            share(since.unknown_customers)
        ));
        lines.push(format!("{} customers bought for the first time.", web::whole(since.new_people as i64)));
        let same = since.same_best();
        lines.extend(same.map(|(same, of)| {
            format!("Of the {of} products that sold best since, {same} were among the {of} best in as many days before.")
        }));
        Self { plot: since.plot(days), advice: since.advice(same), lines }
    }
}

impl Since {
    fn of(standing: &Standing, live: &LiveModel, cut_at: DateTime<Utc>) -> Self {
        let (pasts, cut_us) = (&standing.ledger.pasts, cut_at.timestamp_micros());
        let now_us = pasts.last().map_or(cut_us, |last| last.timestamp_micros() + 1);
        let now_us = now_us.clamp(cut_us, standing.as_of.timestamp_micros().max(cut_us));
        let length_us = now_us - cut_us;
        let span_us = (length_us / SPANS).max(DAY_US);
        let mut since = Self { spans: vec![(0, 0); SPANS as usize], ..Self::default() };
        let knows: Vec<bool> = pasts.products.ids().map(|id| live.products.number(id).is_some()).collect();
        for (customer, row) in pasts.rows() {
            let bought =
                || row.iter().filter(|done| done.kind() == EventKind::Purchase && done.at_us < now_us);
            let is_known = customer.is_some_and(|id| live.customers.number(id).is_some());
            let mut is_new = customer.is_some();
            for done in bought() {
                let Some(product) = pasts.named(done) else { continue };
                if done.at_us < cut_us {
                    is_new = false;
                    if done.at_us >= cut_us - length_us {
                        *since.before.entry(product).or_default() += 1;
                    }
                    continue;
                }
                let is_unknown = !knows[product as usize];
                since.lines += 1;
                since.unknown_products += u64::from(is_unknown);
                since.unknown_customers += u64::from(!is_known);
                *since.now.entry(product).or_default() += 1;
                let span = ((done.at_us - cut_us) / span_us).min(SPANS - 1) as usize;
                since.spans[span].0 += 1;
                since.spans[span].1 += u64::from(is_unknown);
            }
            since.new_people += u64::from(is_new && bought().next().is_some());
        }
        since
    }

    /// How many of the best-sellers were best-sellers before, of how many; `None` where too little was bought.
    fn same_best(&self) -> Option<(usize, usize)> {
        let best = |sold: &BTreeMap<u32, u64>| -> BTreeSet<u32> {
            let mut all: Vec<(u64, u32)> = sold.iter().map(|(product, count)| (*count, *product)).collect();
            all.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
            all.into_iter().take(BEST).map(|(_, product)| product).collect()
        };
        let (now, before) = (best(&self.now), best(&self.before));
        let enough = self.lines >= ENOUGH_LINES && self.before.values().sum::<u64>() >= ENOUGH_LINES;
        enough.then(|| (now.intersection(&before).count(), now.len()))
    }

    fn plot(&self, days: i64) -> Option<Columns> {
        let values: Vec<(f64, String)> = (self.spans.iter())
            .filter(|(lines, _)| *lines > 0)
            .map(|&(lines, unknown)| {
                let share = unknown as f64 / lines as f64;
                (share, format!("{} of {} lines", web::percent(share), web::whole(lines as i64)))
            })
            .collect();
        if values.len() < 3 || self.unknown_products == 0 {
            return None;
        }
        let most = values.iter().map(|value| value.0).fold(0.0, f64::max);
        Some(Columns {
            title: "Bought, but unknown to it".into(),
            told: format!("{} of the lines at the most", web::percent(most)),
            columns: plot::columns(&values, |_| true),
            ends: (format!("trained, {} days ago", web::whole(days)), "now".into()),
        })
    }

    fn advice(&self, same: Option<(usize, usize)>) -> String {
        let unknown = self.unknown_products as f64 / self.lines.max(1) as f64;
        let Some((same, of)) = same else { return String::new() };
        if unknown >= MUCH_UNKNOWN {
            "Much of what is bought now is unknown to it: train a new model.".into()
        } else if (same as f64) < FEW_THE_SAME * of as f64 {
            "Most of what sells best now did not then: train a new model.".into()
        } else {
            "What it learned is still much as it is.".into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn since(unknown: u64, now: &[u32], before: &[u32]) -> Since {
        let sold = |products: &[u32]| products.iter().map(|&product| (product, 30)).collect();
        Since {
            lines: 100,
            unknown_products: unknown,
            now: sold(now),
            before: sold(before),
            spans: vec![(50, 0), (30, unknown / 2), (20, unknown - unknown / 2)],
            ..Since::default()
        }
    }

    #[test]
    fn advice_follows_what_is_unknown_and_what_sells() {
        let advice = |since: &Since| since.advice(since.same_best());
        assert!(advice(&since(3, &[1, 2, 3, 4], &[1, 2, 3, 5])).starts_with("What it learned is still"));
        assert!(advice(&since(10, &[1, 2, 3, 4], &[1, 2, 3, 5])).starts_with("Much of what is bought"));
        let moved = since(0, &[1, 2, 3, 4], &[1, 6, 7, 5]);
        assert_eq!(moved.same_best(), Some((1, 4)));
        assert!(advice(&moved).starts_with("Most of what sells best"));
        assert_eq!(advice(&since(50, &[1], &[])), "", "too little was bought before to tell");
        let plot = since(4, &[1], &[1]).plot(30).unwrap();
        assert_eq!(plot.told, "10.0\u{a0}% of the lines at the most");
        assert!(since(0, &[1], &[1]).plot(30).is_none());
    }
}
