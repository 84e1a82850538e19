//! What may have gone wrong with a generation though it ended well: seen in its counts, and said in words.

use crate::picker::summary::Summary;
use crate::web;

/// Fewer filled places say nothing about how picks are spread.
const ENOUGH_PLACES: u64 = 100;
const LEAST_COVERAGE: f64 = 0.05;
/// Of all filled places, with the products of one e-mail.
const SAME: f64 = 0.9;
const HALF: f64 = 0.5;
const QUARTER: f64 = 0.25;

/// What should be looked at before the picks are approved; empty when nothing strikes.
pub fn warnings(summary: &Summary) -> Vec<String> {
    let found = [
        nobody(summary),
        unheard_of(summary),
        fallback(summary),
        coverage(summary),
        same(summary),
        gaps(summary),
        pictures(summary),
    ];
    found.into_iter().flatten().collect()
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Products that were placed in e-mails, counted as often as they were.
fn placed(summary: &Summary) -> u64 {
    summary.products.iter().map(|(_, times)| times).sum()
}

fn nobody(summary: &Summary) -> Option<String> {
    (summary.mailed() == 0).then(|| {
        "Nobody gets an e-mail. Look at whom the campaign is for, and at the comparison's shares.".into()
    })
}

/// A question about what was never recorded leaves out everybody, or nobody.
fn unheard_of(summary: &Summary) -> Option<String> {
    let what = summary.unheard_of.first()?;
    Some(format!(
        "The audience asks {what}, but the history knows of nobody who ever did. Is it recorded, and is it read?"
    ))
}

/// Best-sellers that were asked for are no fallback.
fn fallback(summary: &Summary) -> Option<String> {
    let share = share(summary.none_personal, summary.picks);
    (summary.model != "popular" && share > HALF).then(|| {
        format!(
            "{} of the customers get best-sellers only, because too little is known of them. Choose customers who bought \
             something, or sync more of the history.",
            web::percent(share)
        )
    })
}

/// Against what could be reached: three places cannot show a hundred products.
fn coverage(summary: &Summary) -> Option<String> {
    let placed = placed(summary);
    let reachable = placed.min(summary.products.len() as u64);
    let share = share(summary.products_used() as u64, reachable);
    (placed >= ENOUGH_PLACES && share < LEAST_COVERAGE).then(|| {
        format!(
            "Only {} of {} products that may be picked appear at all. A rule that pins or prefers may be too strong, or \
             the model knows few products.",
            web::whole(summary.products_used() as i64),
            web::whole(summary.products.len() as i64)
        )
    })
}

fn same(summary: &Summary) -> Option<String> {
    let placed = placed(summary);
    let most: u64 = summary.products.iter().take(usize::from(summary.slots)).map(|(_, times)| times).sum();
    let share = share(most, placed);
    (placed >= ENOUGH_PLACES && share >= SAME).then(|| {
        let how = if share >= 1.0 { "the same" } else { "nearly the same" };
        format!(
            "Everybody gets {how} products: {} of all places show the same {}. Nothing about it is personal.",
            web::percent(share),
            summary.slots
        )
    })
}

fn gaps(summary: &Summary) -> Option<String> {
    let share = share(summary.with_empty_slots, summary.mailed());
    (share > QUARTER).then(|| {
        format!(
            "{} of the e-mails have empty places. The rules leave too few products to pick from.",
            web::percent(share)
        )
    })
}

fn pictures(summary: &Summary) -> Option<String> {
    let missing = summary.without_picture.filter(|missing| *missing > 0)?;
    Some(format!(
        "{} of {} places show a product without a picture. The rule “Nothing without a picture” leaves them out.",
        web::whole(missing as i64),
        web::whole(placed(summary) as i64)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(change: impl FnOnce(&mut Summary)) -> Summary {
        let mut summary = healthy();
        change(&mut summary);
        summary
    }

    /// A hundred customers with four products each, spread over forty products: ten times each.
    fn healthy() -> Summary {
        let mut summary = Summary::default();
        summary.model = "als".into();
        (summary.slots, summary.picks, summary.all_personal) = (4, 100, 100);
        summary.products = (0..40).map(|n| (format!("p{n:02}"), 10)).collect();
        summary.without_picture = Some(0);
        summary
    }

    fn one(summary: &Summary, words: &str) {
        let said = warnings(summary);
        assert!(said.len() == 1 && said[0].contains(words), "{said:?}");
    }

    fn none(summary: &Summary) {
        assert_eq!(warnings(summary), [""; 0]);
    }

    #[test]
    fn nothing_strikes_where_nothing_is_wrong() {
        none(&healthy());
        // Small campaigns are spread as they are: 8 places, 4 products.
        none(&changed(|summary| {
            summary.picks = 2;
            summary.products = (0..4).map(|n| (format!("p{n}"), 2)).collect();
        }));
    }

    #[test]
    fn most_customers_on_best_sellers() {
        // Half is not most.
        none(&changed(|summary| (summary.all_personal, summary.none_personal) = (50, 50)));
        let mut most = changed(|summary| (summary.all_personal, summary.none_personal) = (49, 51));
        one(&most, "51.0\u{a0}% of the customers get best-sellers only");
        most.model = "popular".into();
        none(&most);
    }

    #[test]
    fn few_products_appear() {
        // 19 of 400 products, 22 times each in 418 places: 4.75 %; 20 of them are 5 %.
        let spread = |used: u64| {
            let times = move |n| if n < used { 400 / used + 1 } else { 0 };
            changed(|summary| summary.products = (0..400).map(|n| (format!("p{n:03}"), times(n))).collect())
        };
        one(&spread(19), "Only 19 of 400 products");
        none(&spread(20));
        // 400 places cannot show more than 400 of 100 000 products: 40 of them are one in ten.
        none(&changed(|summary| summary.products.extend((0..99_960).map(|n| (format!("q{n}"), 0)))));
    }

    #[test]
    fn everybody_gets_the_same() {
        let shown = |most: u64, rest: u64| {
            let first = (0..4).map(move |n| (format!("a{n}"), most));
            let others = (0..40).map(move |n| (format!("b{n}"), rest));
            changed(|summary| summary.products = first.chain(others).collect())
        };
        one(&shown(100, 0), "Everybody gets the same products: 100.0\u{a0}%");
        // 4 × 90 of 360 + 40 places are nine in ten.
        one(&shown(90, 1), "nearly the same products: 90.0\u{a0}%");
        // 4 × 80 of 320 + 80 are eight.
        none(&shown(80, 2));
    }

    #[test]
    fn gaps_missing_pictures_and_nobody() {
        one(
            &changed(|summary| summary.with_empty_slots = 26),
            "26.0\u{a0}% of the e-mails have empty places",
        );
        none(&changed(|summary| summary.with_empty_slots = 25));
        one(
            &changed(|summary| summary.without_picture = Some(30)),
            "30 of 400 places show a product without",
        );
        // Not counted in older summaries.
        none(&changed(|summary| summary.without_picture = None));
        one(&Summary::default(), "Nobody gets an e-mail");
        one(
            &changed(|summary| summary.unheard_of = vec!["who clicked on something".into()]),
            "nobody who ever did",
        );
    }
}
