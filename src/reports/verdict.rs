//! The figures in one plain sentence, and what to keep in mind with them.
//!
//! It claims nothing that the interval does not show: where zero lies inside, the sentence says so.

use super::report::{Comparison, Group, Report};
use crate::recommender::uplift::{FEWEST_BUYERS, Interval};
use crate::web::whole;

/// Below this the groups' sizes are no accident.
const BROKEN_SPLIT: f64 = 0.001;
/// With fewer buyers in a group the revenue interval is too hopeful: one large order moves it.
const FEW_BUYERS: u64 = 20;

pub fn is_split_broken(report: &Report) -> bool {
    report.ratio_p_value.is_some_and(|p| p < BROKEN_SPLIT)
}

/// What a manager should take away.
pub fn sentence(report: &Report) -> String {
    if !report.window.is_closed() {
        let (so_far, all) = report.window.days_so_far();
        return format!(
            "The window is open: {so_far} of {all} days so far. There is no verdict before it closes, since early \
             numbers swing."
        );
    }
    if is_split_broken(report) {
        return "The groups are not of the planned sizes, and not by chance. Nothing can be concluded until the \
                cause is found."
            .into();
    }
    let Some(mail) = &report.mail else {
        return if report.group(Group::Mailed).is_some() {
            "There was no holdout, so nobody can say what would have been bought without the mail. Keep a share of \
             the audience without mail in the next campaign, 10 % for instance."
                .into()
        } else {
            "Nobody was mailed, so there is nothing to judge.".into()
        };
    };
    if is_handful(report, mail) {
        return format!(
            "The mail's effect cannot be told from chance: fewer than {FEWEST_BUYERS} customers of a group bought, and \
             no amount says anything with so few."
        );
    }
    of_mail(mail, &report.currency)
}

/// With so few buyers in a group nothing is claimed of money.
pub fn is_handful(report: &Report, comparison: &Comparison) -> bool {
    let buyers = |group| report.group(group).map_or(0, |figures| figures.buyers);
    buyers(comparison.treated).min(buyers(comparison.control)) < FEWEST_BUYERS
}

fn of_mail(mail: &Comparison, currency: &str) -> String {
    if let Some(money) = mail.additional_revenue.filter(|money| money.excludes_zero()) {
        let more = money.estimate > 0.0;
        let (low, estimate, high) = sizes(money);
        let word = if more { "more" } else { "less" };
        return format!(
            "The campaign earned about {estimate} {currency} {word} than no mail would have (95 % sure: between \
             {low} and {high} {currency})."
        );
    }
    if mail.conversion.difference.excludes_zero() {
        let (low, estimate, high) = sizes(mail.additional_buyers);
        let word = if mail.additional_buyers.estimate > 0.0 { "more" } else { "fewer" };
        return format!(
            "About {estimate} {word} customers bought than without the mail (95 % sure: between {low} and {high}); \
             what that earned cannot be told from chance."
        );
    }
    match mail.additional_revenue {
        Some(money) if money.low < money.high => format!(
            "The mail's effect cannot be told from chance: it lies between {} and {} {currency} (95 % sure).",
            rounded(money.low),
            rounded(money.high)
        ),
        _ => "The mail's effect cannot be told from chance.".into(),
    }
}

/// An interval beside zero, in sizes: the word says the direction.
fn sizes(interval: Interval) -> (String, String, String) {
    let (a, b) = (interval.low.abs(), interval.high.abs());
    (rounded(a.min(b)), rounded(interval.estimate.abs()), rounded(a.max(b)))
}

/// To three significant digits, and to whole ones: more would promise what the interval takes back.
pub fn rounded(amount: f64) -> String {
    let digits = amount.abs().max(1.0).log10().floor() as i32;
    let step = 10f64.powi((digits - 2).max(0));
    whole(((amount / step).round() * step) as i64)
}

/// What a careful reader asks, answered before the question.
pub fn cautions(report: &Report) -> Vec<String> {
    let mut cautions = Vec::new();
    if let Some(p) = report.ratio_p_value.filter(|_| is_split_broken(report)) {
        cautions.push(format!(
            "The groups' sizes do not fit the planned shares (chance of that: {p:.1e}). Customers were lost on one \
             side only; find out why before using these numbers."
        ));
    }
    let few = |comparison: &Option<Comparison>| {
        comparison.as_ref().is_some_and(|comparison| {
            [comparison.treated, comparison.control]
                .iter()
                .any(|group| report.group(*group).is_some_and(|figures| figures.buyers < FEW_BUYERS))
        })
    };
    if few(&report.mail) || few(&report.recommender) {
        cautions.push(format!(
            "A group has fewer than {FEW_BUYERS} buyers: a single large order could change the amounts. Take the \
             revenue interval as a hint."
        ));
    }
    cautions.extend(report.overlap.caution());
    let left_out = &report.left_out;
    for (count, text) in [
        (
            left_out.other_currencies,
            "order lines in another currency are not counted: no exchange rate is known for their day",
        ),
        (
            left_out.converted,
            "order lines in another currency are counted at the exchange rate of their order's day",
        ),
        (left_out.earlier_refunds, "refunds of what was paid before the window are not counted"),
        (left_out.guest_lines, "order lines of guests in the window belong to no group and are not counted"),
        (left_out.without_value, "order lines have no amount and count as zero"),
    ] {
        if count > 0 {
            cautions.push(format!("{} {text}.", whole(count)));
        }
    }
    cautions
}
