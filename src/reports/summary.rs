//! A report in three sentences: what the e-mail earned, whether the picks did better than best-sellers, and how often a
//! pick was bought. Where it cannot be told, the sentence says so.

use super::report::{Comparison, Group, Report};
use super::verdict::{is_handful, is_split_broken, rounded};
use crate::recommender::uplift::Interval;
use crate::web::{percent, whole};

/// The verdict first.
pub fn sentences(report: &Report) -> Vec<String> {
    [report.verdict.clone()].into_iter().chain(after_the_verdict(report)).collect()
}

pub fn after_the_verdict(report: &Report) -> Vec<String> {
    [recommender(report), picks(report)].into_iter().flatten().collect()
}

/// `None` where nothing could be said that the verdict does not say already.
fn recommender(report: &Report) -> Option<String> {
    if !report.window.is_closed() || is_split_broken(report) || report.group(Group::Mailed).is_none() {
        return bought_so_far(report);
    }
    Some(match &report.recommender {
        Some(found) if is_handful(report, found) => {
            "Whether personal picks did better than best-sellers cannot be told: too few customers bought."
                .into()
        }
        Some(found) => of_recommender(found, &report.currency),
        None if report.group(Group::Picks).is_none() => {
            "Nobody got personal picks, so nothing can be said of the recommender.".into()
        }
        None => {
            "Whether personal picks did better than best-sellers cannot be told: there was no group that got \
                 best-sellers."
                .into()
        }
    })
}

fn of_recommender(found: &Comparison, currency: &str) -> String {
    let word = |interval: Interval| if interval.estimate > 0.0 { "more" } else { "less" };
    if let Some(money) = found.additional_revenue.filter(|money| money.excludes_zero()) {
        let (size, word) = (rounded(money.estimate.abs()), word(money));
        return format!("Personal picks earned about {size} {currency} {word} than best-sellers would have.");
    }
    if found.conversion.difference.excludes_zero() {
        let buyers = found.additional_buyers;
        let word = if buyers.estimate > 0.0 { "more" } else { "fewer" };
        return format!(
            "With personal picks about {} {word} customers bought than with best-sellers; what that earned cannot be \
             told from chance.",
            rounded(buyers.estimate.abs())
        );
    }
    "Whether personal picks did better than best-sellers cannot be told from chance.".into()
}

fn bought_so_far(report: &Report) -> Option<String> {
    let mailed = report.group(Group::Mailed)?;
    let so_far = if report.window.is_closed() { "" } else { " so far" };
    Some(format!(
        "Of {} customers who got the mail, {} bought{so_far}.",
        whole(mailed.customers),
        whole(mailed.buyers)
    ))
}

fn picks(report: &Report) -> Option<String> {
    let group = report.group(Group::Picks).or_else(|| report.group(Group::Mailed))?;
    let rate = group.hit_rate?;
    Some(format!(
        "Of {} customers with picks, {} bought one of them ({}).",
        whole(group.customers_with_picks),
        whole(group.hits),
        percent(rate)
    ))
}
