//! What one training run measured, for pages: with the range where the true figure lies, and best-sellers beside it.

use crate::store::models::StoredModel;
use crate::web;
use serde_json::Value;

/// A share from 0 to 1, and where the true one lies, 95 % sure, where that was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    pub share: f64,
    pub range: Option<(f64, f64)>,
}

impl Measured {
    fn of(metrics: &Value, who: &str, kind: &str) -> Option<Self> {
        let share = metrics[who]["hit_rate"].as_f64()?;
        let tried = metrics["tried"].as_array().into_iter().flatten().find(|tried| tried["kind"] == kind);
        let end = |at: usize| tried.and_then(|tried| tried["intervals"]["hit_rate"][at].as_f64());
        Some(Self { share, range: end(0).zip(end(2)) })
    }

    /// `36.2 % (33.1 to 39.4)`.
    pub fn in_words(self) -> String {
        let hundred = |share: f64| web::decimal(100.0 * share, 1);
        match self.range {
            Some((low, high)) => {
                format!("{} ({} to {})", web::percent(self.share), hundred(low), hundred(high))
            }
            None => web::percent(self.share),
        }
    }
}

/// A figure of the run: what it is, the model's, best-sellers'.
pub struct Figure {
    pub label: &'static str,
    pub hint: &'static str,
    pub own: String,
    pub popular: String,
}

pub struct Run {
    pub customers: u64,
    /// Customers with a right pick; `None` when nothing could be measured.
    pub own: Option<Measured>,
    pub popular: Option<Measured>,
    metrics: Value,
}

impl Run {
    pub fn of(model: &StoredModel) -> Self {
        let metrics: Value = serde_json::from_str(&model.metrics).unwrap_or_default();
        let customers = metrics["test_customers"].as_u64().unwrap_or_default();
        let measured = |who, kind| (customers > 0).then(|| Measured::of(&metrics, who, kind)).flatten();
        Self {
            customers,
            own: measured("model", &model.kind),
            popular: measured("popular", "popular"),
            metrics,
        }
    }

    /// Picks that a customer had when it was measured.
    pub fn picks(&self) -> u64 {
        self.metrics["k"].as_u64().unwrap_or_default()
    }

    /// From when until when the days were that it was measured on.
    pub fn days(&self) -> Option<(chrono::DateTime<chrono::Utc>, chrono::DateTime<chrono::Utc>)> {
        let at = |key: &str| self.metrics[key].as_str()?.parse().ok();
        at("test_from").zip(at("test_until"))
    }

    pub fn figures(&self) -> Vec<Figure> {
        if self.customers == 0 {
            return Vec::new();
        }
        let words = |measured: Option<Measured>| measured.map(Measured::in_words).unwrap_or_default();
        let share = |key: &str| {
            let of = |who: &str| self.metrics[who][key].as_f64().map(web::percent).unwrap_or_default();
            (of("model"), of("popular"))
        };
        let figure = |label, hint, (own, popular)| Figure { label, hint, own, popular };
        vec![
            figure(
                "Customers with a right pick",
                "who then bought something of their list; in brackets where the true figure lies, 95 % sure",
                (words(self.own), words(self.popular)),
            ),
            figure(
                "Purchases found",
                "of what they then bought, so much stood in their list",
                share("recall"),
            ),
            figure("Right places", "of all places, so many held what was then bought", share("precision")),
            figure(
                "Products ever picked",
                "of all products, so many stood in anybody's list",
                share("coverage"),
            ),
            figure(
                "How popular the picks are",
                "of all customers, so many had bought the product in a place, on average",
                share("popularity"),
            ),
            figure(
                "How different the lists are",
                "of two customers' lists, so much differs",
                share("personalisation"),
            ),
        ]
    }

    /// How much better the lists are than best-sellers', in points of 100, with its range.
    pub fn lead(&self) -> Option<String> {
        let end = |at: usize| self.metrics["difference"]["ndcg"][at].as_f64().map(|share| 100.0 * share);
        let (low, mean, high) = (end(0)?, end(1)?, end(2)?);
        let signed = |value: f64| {
            if value < 0.0 { format!("−{:.2}", -value) } else { format!("+{value:.2}") }
        };
        (self.customers > 0).then(|| format!("{} ({} to {})", signed(mean), signed(low), signed(high)))
    }
}

/// What a kind of model cannot do.
pub fn limits(kind: &str) -> &'static [&'static str] {
    match kind {
        "popular" => {
            &["It shows everybody the same.", "It never shows what sells little, however well it would fit."]
        }
        "item_knn" | "ease" | "spectral" => &[
            "It never shows a product that nobody has bought or looked at yet.",
            "It knows nothing of somebody who has done nothing yet: they are shown best-sellers.",
            "It does not know in which order things were done.",
        ],
        "als" => &[
            "It never shows a product that nobody has bought or looked at yet.",
            "It knows nothing of somebody who has done nothing yet: they are shown best-sellers.",
            "Its reasons are exact, but leaving one past product out changes the others a little.",
        ],
        "session" => &[
            "It never shows a product that nobody has bought or looked at yet.",
            "It looks at what was done last; what was bought long ago hardly counts.",
        ],
        "multi_event" => &[
            "It never shows a product that nobody has bought or looked at yet.",
            "Without looks and carts in the history it knows little more than what is bought together.",
        ],
        "content" => &[
            "It does not know what sells or what is bought together, only what products are.",
            "It tends to show more of the same.",
        ],
        "blend" => &[
            "Its reasons are shares of the votes: they add up, but do not say what would be missing without one product.",
            "It takes longest to train, and is no better than its parts where these agree.",
        ],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommender::Params;

    #[test]
    fn a_share_is_told_with_its_range() {
        let metrics = serde_json::json!({
            "model": {"hit_rate": 0.4}, "popular": {"hit_rate": 0.1},
            "tried": [{"kind": "als", "intervals": {"hit_rate": [0.35, 0.4, 0.45]}}],
        });
        let own = Measured::of(&metrics, "model", "als").unwrap();
        assert_eq!(own.in_words(), "40.0\u{a0}% (35.0 to 45.0)");
        let popular = Measured::of(&metrics, "popular", "popular").unwrap();
        assert_eq!((popular.range, popular.in_words()), (None, "10.0\u{a0}%".to_owned()));
        assert_eq!(Measured::of(&serde_json::json!(null), "model", "als"), None);
    }

    #[test]
    fn every_kind_of_model_says_what_it_cannot_do() {
        assert!(Params::KINDS.iter().all(|kind| !limits(kind).is_empty()));
    }
}
