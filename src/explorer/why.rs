//! What spoke for a product with a customer, as a page shows it: past products, how much each says, and that it adds up.

use super::show::{Card, card_of_id, times};
use crate::installation::Installation;
use crate::picker::explain::Explained;
use crate::picker::ledger::Standing;
use crate::records::EventKind;
use crate::web;

/// Past products that stand by themselves.
const SHOWN: usize = 8;

pub struct Why {
    pub parts: Vec<Part>,
    /// What the other past products say together.
    pub others: Option<(usize, String)>,
    /// What no past product accounts for.
    pub rest: Option<String>,
    pub score: String,
    pub adds_up: bool,
    /// How to read it, for this kind of model.
    pub reading: &'static str,
}

pub struct Part {
    pub card: Card,
    pub amount: String,
    /// Where its bar begins and how long it is, in hundredths.
    pub x: String,
    pub width: String,
    pub is_against: bool,
}

/// Of `explained`, for the deeds of `customer`.
pub fn why(
    installation: &Installation,
    standing: &Standing,
    customer: &str,
    kind: &str,
    explained: &Explained,
) -> Why {
    let shown = &explained.parts[..explained.parts.len().min(SHOWN)];
    let places = places(explained.score.abs().max(shown.first().map_or(0.0, |part| part.1.abs())));
    let figure = |amount: f32| signed(amount, places);
    let least = shown.iter().map(|part| part.1).fold(0.0, f32::min);
    let most = shown.iter().map(|part| part.1).fold(0.0, f32::max);
    let width = (most - least).max(f32::MIN_POSITIVE);
    let part = |(product, amount): &(Box<str>, f32)| Part {
        card: Card {
            note: did(standing, customer, product),
            ..card_of_id(installation, &standing.ledger.catalogue, product)
        },
        amount: figure(*amount),
        x: web::decimal(f64::from(100.0 * (amount.min(0.0) - least) / width), 2),
        width: web::decimal(f64::from(100.0 * amount.abs() / width), 2),
        is_against: *amount < 0.0,
    };
    let others = &explained.parts[shown.len()..];
    let sum: f32 = others.iter().map(|part| part.1).sum();
    Why {
        parts: shown.iter().map(part).collect(),
        others: (!others.is_empty()).then(|| (others.len(), figure(sum))),
        rest: (!explained.adds_up()).then(|| figure(explained.rest)),
        score: web::decimal(f64::from(explained.score), places),
        adds_up: explained.adds_up() && !explained.parts.is_empty(),
        reading: reading(kind),
    }
}

/// Decimals that show three figures of `size`.
fn places(size: f32) -> usize {
    if size <= 0.0 { 2 } else { (2.0 - size.log10().floor()).clamp(1.0, 7.0) as usize }
}

fn signed(amount: f32, places: usize) -> String {
    let text = web::decimal(f64::from(amount.abs()), places);
    if amount < 0.0 { format!("−{text}") } else { format!("+{text}") }
}

/// What they did with a past product before the moment.
fn did(standing: &Standing, customer: &str, product: &str) -> String {
    let (pasts, as_of_us) = (&standing.ledger.pasts, standing.as_of.timestamp_micros());
    let count = |kind: EventKind| {
        let done = pasts.of(customer).iter().filter(|done| done.at_us < as_of_us && done.kind() == kind);
        done.filter(|done| pasts.event(customer, done).product == Some(product)).count() as u64
    };
    let told = [
        (EventKind::Purchase, "bought"),
        (EventKind::Cart, "in the basket"),
        (EventKind::View, "looked at"),
        (EventKind::Click, "clicked"),
    ];
    let all = told.into_iter().filter_map(|(kind, word)| match count(kind) {
        0 => None,
        often => Some(format!("{word} {}", times(often))),
    });
    all.collect::<Vec<_>>().join(", ")
}

/// What the parts mean, and what they do not.
pub fn reading(kind: &str) -> &'static str {
    match kind {
        "item_knn" | "ease" | "content" | "spectral" => {
            "Each part is what the model adds for one past product, so without that product the score would be lower \
             by just as much, or higher where it spoke against."
        }
        "multi_event" | "session" => {
            "Each part is what the model adds for one past product. Recent deeds count more, so without the newest one \
             the others would count more too."
        }
        "als" => {
            "The parts are exact, but this model weighs all past products together: without one of them the others \
             would count a little differently."
        }
        "blend" => {
            "This model takes the votes of several ways and turns them into one chance. Each past product gets the \
             share of the chance that it has of the votes: the parts add up, but they are shares, not what would be \
             missing without the product."
        }
        "popular" => {
            "This way ranks by what sells. Nothing that one customer did speaks for a product more than what all \
             others bought, so there are no parts to show."
        }
        _ => "This model does not say what spoke for its picks.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommender::Params;

    #[test]
    fn three_figures_are_shown_of_large_and_small_scores() {
        assert_eq!([1234.0, 12.0, 1.2, 0.012, 0.0].map(places), [1, 1, 2, 4, 2]);
        assert_eq!((signed(-0.012, 3).as_str(), signed(2.0, 1).as_str()), ("−0.012", "+2.0"));
    }

    #[test]
    fn every_kind_of_model_says_how_its_parts_are_read() {
        for kind in Params::KINDS {
            assert!(!reading(kind).contains("does not say"), "{kind}");
        }
    }
}
