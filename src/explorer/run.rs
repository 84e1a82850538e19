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

/// Some of the customers it was measured on.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub name: String,
    pub customers: u64,
    pub own: Measured,
    pub popular: Measured,
    /// In points of 100: `+4.2 (−1.0 to +9.3)`.
    pub lead: String,
    /// Whether the difference is more than chance, and in whose favour.
    pub verdict: &'static str,
}

/// Which parts of the customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Activity,
    Alike,
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
        Self::read(&model.kind, serde_json::from_str(&model.metrics).unwrap_or_default())
    }

    /// `metrics`: as training wrote them.
    pub fn read(kind: &str, metrics: Value) -> Self {
        let customers = metrics["test_customers"].as_u64().unwrap_or_default();
        let measured = |who, kind| (customers > 0).then(|| Measured::of(&metrics, who, kind)).flatten();
        Self { customers, own: measured("model", kind), popular: measured("popular", "popular"), metrics }
    }

    /// A share of the model's lists by its name in the metrics; `None` when nothing could be measured.
    pub fn share(&self, key: &str) -> Option<f64> {
        self.metrics["model"][key].as_f64().filter(|_| self.customers > 0)
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
        let difference = interval(&self.metrics["difference"]["ndcg"])?;
        (self.customers > 0).then(|| points(difference, 2))
    }

    /// Customers with a right pick, part by part; empty for a run that did not note it.
    pub fn parts(&self, by: By) -> Vec<Part> {
        let key = if by == By::Activity { "activity" } else { "alike" };
        let part = |part: &Value| {
            let measured = |who: &str| {
                let [low, share, high] = interval(&part[who])?;
                Some(Measured { share, range: Some((low, high)) })
            };
            let difference = interval(&part["difference"])?;
            Some(Part {
                name: part["name"].as_str()?.to_owned(),
                customers: part["customers"].as_u64()?,
                own: measured("model")?,
                popular: measured("popular")?,
                lead: points(difference, 1),
                verdict: match difference {
                    [low, _, _] if low > 0.0 => "better",
                    [_, _, high] if high < 0.0 => "worse",
                    _ => "within chance",
                },
            })
        };
        self.metrics["parts"][key].as_array().into_iter().flatten().filter_map(part).collect()
    }
}

/// Low, mean, high.
fn interval(value: &Value) -> Option<[f64; 3]> {
    let end = |at: usize| value[at].as_f64();
    Some([end(0)?, end(1)?, end(2)?])
}

/// `+4.21 (−1.00 to +9.32)`, of shares from −1 to 1.
fn points([low, mean, high]: [f64; 3], places: usize) -> String {
    let signed = |share: f64| {
        let text = web::decimal(100.0 * share.abs(), places);
        if share < 0.0 { format!("−{text}") } else { format!("+{text}") }
    };
    format!("{} ({} to {})", signed(mean), signed(low), signed(high))
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
    fn parts_are_told_with_what_is_more_than_chance() {
        let part = |name: &str, difference: [f64; 3]| {
            serde_json::json!({"name": name, "customers": 40, "model": [0.1, 0.2, 0.3], "popular": [0.0, 0.1, 0.2],
                "difference": difference})
        };
        let activity =
            [part("a", [0.01, 0.1, 0.2]), part("b", [-0.1, 0.0, 0.1]), part("c", [-0.3, -0.2, -0.055])];
        let metrics = serde_json::json!({"parts": {"activity": activity, "alike": []}});
        let run = Run { customers: 120, own: None, popular: None, metrics };
        let told: Vec<_> =
            run.parts(By::Activity).into_iter().map(|part| (part.name, part.lead, part.verdict)).collect();
        let expected = [
            ("a", "+10.0 (+1.0 to +20.0)", "better"),
            ("b", "+0.0 (−10.0 to +10.0)", "within chance"),
            ("c", "−20.0 (−30.0 to −5.5)", "worse"),
        ];
        assert_eq!(told, expected.map(|(name, lead, verdict)| (name.to_owned(), lead.to_owned(), verdict)));
        assert!(run.parts(By::Alike).is_empty());
    }

    #[test]
    fn every_kind_of_model_says_what_it_cannot_do() {
        assert!(Params::KINDS.iter().all(|kind| !limits(kind).is_empty()));
    }
}
