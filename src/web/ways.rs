//! The ways of picking as forms offer them: what each is called, what it does, when to choose it, how good it was.
//!
//! It reads what trainings measured and measures nothing itself.

use crate::recommender::plain_name;
use crate::store::models::StoredModel;
use serde_json::Value;

/// A model's kind in plain words.
pub fn model_name(kind: &str) -> &'static str {
    match kind {
        "auto" => "Let Handpick choose",
        _ => plain_name(kind).unwrap_or("Another way"),
    }
}

/// All ways that a form offers.
pub struct Ways {
    pub all: Vec<Way>,
    /// How many picks a customer had in the newest measurement, if there was any.
    pub picks: Option<u64>,
}

/// One of them.
pub struct Way {
    pub kind: &'static str,
    pub name: &'static str,
    pub what: &'static str,
    pub when: &'static str,
    /// How good it was in this shop; `None` when no training measured it.
    pub found: Option<Found>,
    /// Why the last comparison went without it, or what it chose.
    pub note: String,
    pub is_chosen: bool,
}

/// Of 100 customers who bought again, so many bought something among the picks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    pub of_hundred: i64,
    /// Where the true figure lies, 95 % sure; earlier versions did not measure it.
    pub range: Option<(i64, i64)>,
}

/// Kind, what it does, when to choose it.
const WAYS: [(&str, &str, &str); 10] = [
    (
        "auto",
        "Handpick tries all ways below on the last weeks of your shop's history, alone and together, and takes the one \
         that found best what customers then bought.",
        "Choose it when nothing speaks for one of the others. It learns longest.",
    ),
    (
        "blend",
        "Several ways vote on every product; how much each vote counts is learned from your customers.",
        "Choose it for good picks without trying everything.",
    ),
    (
        "ease",
        "Weighs at once what everything that a customer bought says for a product and against it.",
        "Choose it for one way alone: often the best, and every pick names what spoke for it.",
    ),
    (
        "item_knn",
        "Picks what others bought who bought the same as this customer.",
        "Choose it where products belong together, such as parts and extras; every pick names what spoke for it.",
    ),
    (
        "als",
        "Finds out which tastes there are in your shop, and how much of each a customer has.",
        "Choose it for large ranges, and where people buy something else each time.",
    ),
    (
        "spectral",
        "Follows purchases through the whole shop: from a customer's products to those who bought them too, and on to \
         what these bought.",
        "Choose it for wide ranges, where few customers bought the same.",
    ),
    (
        "session",
        "Picks what others went on to lately after doing what this customer did last.",
        "Choose it for seasons, and for ranges that change quickly.",
    ),
    (
        "multi_event",
        "Learns which looks, carts and purchases came before which purchase.",
        "Choose it where your shop also knows what customers look at, not only what they order.",
    ),
    (
        "content",
        "Picks what is like the things a customer bought: by its words, category, brand and price.",
        "Choose it for new products, before anybody has bought them.",
    ),
    (
        "popular",
        "The same products for everybody: what sold best lately.",
        "Choose it for a young shop with few orders. All other ways are measured against it.",
    ),
];

impl Ways {
    /// Says of “let Handpick choose” that somebody decided on a model, which is used instead.
    pub fn decided(mut self, model: Option<&StoredModel>) -> Self {
        if let (Some(model), Some(auto)) = (model, self.all.iter_mut().find(|way| way.kind == "auto")) {
            auto.note = format!(
                "Somebody decided on a model, “{}” with the number {}: it is used until that is changed in the \
                 explorer, on the page “Model cards”.",
                model_name(&model.kind),
                model.id
            );
        }
        self
    }

    pub fn has_ranges(&self) -> bool {
        self.all.iter().any(|way| way.found.is_some_and(|found| found.range.is_some()))
    }
}

/// Whether a form offers it.
pub fn is_offered(kind: &str) -> bool {
    WAYS.iter().any(|(offered, ..)| *offered == kind)
}

/// With what `stored`, the newest model first, tells of them.
pub fn ways(stored: &[StoredModel], chosen: &str) -> Ways {
    let trainings: Vec<(&str, Value)> = stored
        .iter()
        .map(|model| (model.kind.as_str(), serde_json::from_str(&model.metrics).unwrap_or_default()))
        .collect();
    let way = |(kind, what, when): (&'static str, &'static str, &'static str)| Way {
        kind,
        name: model_name(kind),
        what,
        when,
        found: trainings.iter().find_map(|(trained, metrics)| found(metrics, trained, kind)),
        note: note(&trainings, kind),
        is_chosen: kind == chosen,
    };
    let measured = trainings.iter().filter(|(_, metrics)| metrics["test_customers"].as_u64() > Some(0));
    Ways {
        all: WAYS.into_iter().map(way).collect(),
        picks: measured.filter_map(|(_, metrics)| metrics["k"].as_u64()).next(),
    }
}

fn note(trainings: &[(&str, Value)], kind: &str) -> String {
    let Some((chosen, metrics)) = trainings.iter().find(|(_, metrics)| metrics["auto"] == true) else {
        return String::new();
    };
    if kind == "auto" {
        return format!("Last time it took “{}”.", model_name(chosen));
    }
    let out = metrics["left_out"].as_array().into_iter().flatten().find(|out| out["kind"] == kind);
    out.and_then(|out| out["why"].as_str())
        .map(|why| format!("It could not take part in the last comparison: {why}."))
        .unwrap_or_default()
}

/// What a training that kept a model of the kind `trained` measured of `kind`: it measures more than it keeps.
fn found(metrics: &Value, trained: &str, kind: &str) -> Option<Found> {
    if metrics["test_customers"].as_u64()? == 0 {
        return None;
    }
    let tried = metrics["tried"].as_array().into_iter().flatten().find(|tried| tried["kind"] == kind);
    match tried {
        Some(tried) => Found::of(tried),
        None if kind == "popular" => Found::of_share(&metrics["popular"]["hit_rate"]),
        None if kind == trained => Found::of_share(&metrics["model"]["hit_rate"]),
        None => None,
    }
}

impl Found {
    /// Of an entry of what a training tried.
    pub fn of(tried: &Value) -> Option<Self> {
        let found = Self::of_share(&tried["quality"]["hit_rate"])?;
        let end = |at: usize| tried["intervals"]["hit_rate"][at].as_f64().map(of_hundred);
        Some(Self { range: end(0).zip(end(2)), ..found })
    }

    fn of_share(share: &Value) -> Option<Self> {
        Some(Self { of_hundred: of_hundred(share.as_f64()?), range: None })
    }

    /// `36–43`; empty where it was not measured.
    pub fn range(&self) -> String {
        self.range.map_or_else(String::new, |(low, high)| format!("{low}–{high}"))
    }
}

fn of_hundred(share: f64) -> i64 {
    (share * 100.0).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommender::Params;
    use serde_json::json;

    #[test]
    fn every_way_is_offered() {
        for kind in Params::KINDS {
            assert!(is_offered(kind), "{kind}");
        }
        assert!(is_offered("auto"));
    }

    #[test]
    fn a_training_tells_of_all_that_it_tried() {
        let tried = json!([
            {"kind": "ease", "quality": {"hit_rate": 0.394}, "intervals": {"hit_rate": [0.36, 0.394, 0.427]}},
            {"kind": "als", "quality": {"hit_rate": 0.2}},
        ]);
        let metrics = json!({"test_customers": 90, "tried": tried, "popular": {"hit_rate": 0.1}});
        let of = |kind| found(&metrics, "ease", kind);
        assert_eq!(of("ease"), Some(Found { of_hundred: 39, range: Some((36, 43)) }));
        assert_eq!(of("als"), Some(Found { of_hundred: 20, range: None }));
        assert_eq!(of("popular"), Some(Found { of_hundred: 10, range: None }));
        assert_eq!(of("session"), None);
        // As earlier versions wrote it.
        let metrics = json!({"test_customers": 90, "model": {"hit_rate": 0.3}});
        assert_eq!(found(&metrics, "als", "als"), Some(Found { of_hundred: 30, range: None }));
        assert_eq!(found(&json!(null), "als", "als"), None);
        assert_eq!(found(&json!({"test_customers": 0, "model": {"hit_rate": 0.0}}), "als", "als"), None);
    }

    #[test]
    fn what_could_not_take_part_says_why() {
        let metrics = json!({"auto": true, "left_out": [{"kind": "ease", "why": "it needs 9 MB"}]});
        let trainings = [("als", json!({"auto": false})), ("session", metrics)];
        assert_eq!(note(&trainings, "ease"), "It could not take part in the last comparison: it needs 9 MB.");
        assert_eq!(note(&trainings, "auto"), "Last time it took “What comes next”.");
        assert_eq!(note(&trainings, "als"), "");
        assert_eq!(note(&trainings[..1], "auto"), "");
    }
}
