//! How Handpick came to choose a model, as the models page tells it: in a sentence and in a picture.

use super::verdict::ENOUGH_CUSTOMERS;
use crate::web;
use crate::web::ways::Found;
use serde_json::Value;

/// What was tried, and why this one was chosen.
pub struct Race {
    pub reason: String,
    /// Which others may be as good; empty where that was not measured.
    pub doubt: String,
    /// The best first.
    pub ways: Vec<Tried>,
    /// Length of the lists.
    pub picks: u64,
    pub has_ranges: bool,
    /// Name, and why it could not take part.
    pub left_out: Vec<(&'static str, String)>,
}

/// One way of picking that was tried.
pub struct Tried {
    pub name: &'static str,
    /// How good its lists were, of 100 for the best.
    pub quality: i64,
    pub found: Found,
    pub bar: Bar,
    pub is_chosen: bool,
    pub is_measure: bool,
}

/// In hundredths of the picture's width.
pub struct Bar {
    pub length: String,
    /// From where, how long: where the true length lies, 95 % sure.
    pub range: Option<(String, String)>,
}

/// A training's note of one that was tried.
struct Entry<'a> {
    kind: &'a str,
    ndcg: f64,
    /// Where the true NDCG lies.
    range: Option<(f64, f64)>,
    /// What the best one's is more, at least.
    behind: Option<f64>,
    found: Found,
}

impl<'a> Entry<'a> {
    fn of(tried: &'a Value) -> Option<Self> {
        let end = |what: &str, at: usize| tried["intervals"][what][at].as_f64();
        Some(Self {
            kind: tried["kind"].as_str()?,
            ndcg: tried["quality"]["ndcg"].as_f64()?,
            range: end("ndcg", 0).zip(end("ndcg", 2)),
            behind: end("behind", 0),
            found: Found::of(tried)?,
        })
    }

    fn quoted(&self) -> String {
        format!("“{}”", web::model_name(self.kind))
    }
}

impl Race {
    /// `None` for a model that somebody asked for, where nothing could be measured, and where an earlier version did
    /// not note what it tried.
    pub fn of(metrics: &Value, chosen: &str) -> Option<Self> {
        if metrics["auto"] != true {
            return None;
        }
        let tried: Vec<Entry<'_>> = metrics["tried"].as_array()?.iter().filter_map(Entry::of).collect();
        let best = tried.iter().map(|tried| tried.ndcg).fold(0.0, f64::max);
        if tried.len() < 2 || best <= 0.0 {
            return None;
        }
        let whole = tried.iter().filter_map(|tried| tried.range).map(|range| range.1).fold(best, f64::max);
        let customers = metrics["test_customers"].as_u64().unwrap_or_default();
        Some(Self {
            reason: reason(&tried, chosen, customers),
            doubt: doubt(&tried, chosen, customers),
            has_ranges: tried.iter().any(|tried| tried.range.is_some()),
            ways: tried.iter().map(|entry| way(entry, chosen, best, whole)).collect(),
            picks: metrics["k"].as_u64().unwrap_or_default(),
            left_out: left_out(metrics),
        })
    }
}

fn way(entry: &Entry<'_>, chosen: &str, best: f64, whole: f64) -> Tried {
    let hundredths = |length: f64| web::decimal(100.0 * length / whole, 1);
    Tried {
        name: web::model_name(entry.kind),
        quality: (100.0 * entry.ndcg / best).round() as i64,
        found: entry.found,
        bar: Bar {
            length: hundredths(entry.ndcg),
            range: entry.range.map(|(low, high)| (hundredths(low), hundredths(high - low))),
        },
        is_chosen: entry.kind == chosen,
        is_measure: entry.kind == "popular",
    }
}

fn reason(tried: &[Entry<'_>], chosen: &str, customers: u64) -> String {
    if chosen == "popular" {
        return "No other way was better than best-sellers beyond chance, so Handpick keeps to them.".into();
    }
    format!(
        "Handpick tried {} ways of picking on {} customers who bought again in the days held back. “{}” had the best \
         lists: the more of what these customers bought stood in a list, and the nearer to its top, the better.",
        tried.len(),
        web::whole(customers),
        web::model_name(chosen)
    )
}

fn doubt(tried: &[Entry<'_>], chosen: &str, customers: u64) -> String {
    if customers < ENOUGH_CUSTOMERS as u64 {
        return format!("{} customers are too few to be sure of that.", web::whole(customers));
    }
    let others = || tried.iter().filter(|tried| tried.kind != chosen && tried.kind != "popular");
    let is_known = others().next().is_some() && others().all(|tried| tried.behind.is_some());
    if chosen == "popular" || !is_known {
        return String::new();
    }
    let as_good: Vec<String> =
        others().filter(|tried| tried.behind.is_some_and(|low| low <= 0.0)).map(Entry::quoted).collect();
    match as_good.as_slice() {
        [] => "It was better than each of the others beyond chance.".into(),
        [one] => format!("{one} may be as good: the difference is within chance."),
        [first @ .., last] => {
            format!("{} and {last} may be as good: the differences are within chance.", first.join(", "))
        }
    }
}

fn left_out(metrics: &Value) -> Vec<(&'static str, String)> {
    let told = |out: &Value| Some((web::model_name(out["kind"].as_str()?), out["why"].as_str()?.to_owned()));
    metrics["left_out"].as_array().into_iter().flatten().filter_map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::Race;
    use serde_json::{Value, json};

    /// As earlier versions noted it.
    fn tried(kind: &str, ndcg: f64, hits: f64) -> Value {
        json!({"kind": kind, "quality": {"ndcg": ndcg, "hit_rate": hits}})
    }

    fn with_intervals(mut tried: Value, behind: f64) -> Value {
        let (ndcg, hits) =
            (tried["quality"]["ndcg"].as_f64().unwrap(), tried["quality"]["hit_rate"].as_f64().unwrap());
        tried["intervals"] = json!({
            "ndcg": [ndcg - 0.05, ndcg, ndcg + 0.05],
            "hit_rate": [hits - 0.1, hits, hits + 0.1],
            "behind": [behind, behind + 0.02, behind + 0.04],
        });
        tried
    }

    fn told(chosen: &str, tried: &[Value]) -> Race {
        Race::of(&json!({"auto": true, "k": 20, "test_customers": 1200, "tried": tried}), chosen).unwrap()
    }

    #[test]
    fn a_race_is_told_beside_its_best() {
        let all = [tried("ease", 0.2, 0.5), tried("als", 0.15, 0.516), tried("popular", 0.05, 0.2)];
        let race = told("ease", &all);
        let figures: Vec<(i64, i64, &str)> = race
            .ways
            .iter()
            .map(|way| (way.quality, way.found.of_hundred, way.bar.length.as_str()))
            .collect();
        assert_eq!(figures, [(100, 50, "100.0"), (75, 52, "75.0"), (25, 20, "25.0")]);
        assert!(race.ways[0].is_chosen && !race.ways[1].is_chosen && race.ways[2].is_measure);
        assert!(race.reason.contains("3 ways") && race.reason.contains("“For and against”"));
        assert!(race.doubt.is_empty() && !race.has_ranges);
        let alone =
            [with_intervals(tried("ease", 0.2, 0.5), 0.0), with_intervals(tried("popular", 0.1, 0.3), 0.1)];
        assert!(told("ease", &alone).doubt.is_empty(), "the verdict speaks of best-sellers");
        let race = told("popular", &all);
        assert!(race.ways[2].is_chosen && race.reason.contains("beyond chance"));
    }

    #[test]
    fn who_may_be_as_good_is_said() {
        let all = |als: f64, session: f64| {
            let tried = [
                with_intervals(tried("ease", 0.2, 0.5), 0.0),
                with_intervals(tried("als", 0.19, 0.5), als),
                with_intervals(tried("session", 0.18, 0.5), session),
                with_intervals(tried("popular", 0.05, 0.2), 0.1),
            ];
            told("ease", &tried)
        };
        assert_eq!(all(0.01, 0.01).doubt, "It was better than each of the others beyond chance.");
        assert!(all(-0.01, 0.01).doubt.starts_with("“Similar tastes” may be as good"));
        let race = all(-0.01, -0.01);
        assert!(race.doubt.starts_with("“Similar tastes” and “What comes next” may be as good"));
        // The longest line reaches the edge.
        let bar = &race.ways[0].bar;
        assert_eq!((bar.length.as_str(), bar.range.clone()), ("80.0", Some(("60.0".into(), "40.0".into()))));
        assert_eq!(race.ways[0].found.range(), "40–60");
    }

    #[test]
    fn few_customers_prove_nothing() {
        let all = [tried("ease", 0.2, 0.5), tried("popular", 0.05, 0.2)];
        let metrics = json!({"auto": true, "test_customers": 12, "tried": all});
        assert!(Race::of(&metrics, "ease").unwrap().doubt.contains("12 customers are too few"));
    }

    #[test]
    fn without_a_race_nothing_is_told() {
        let all = [tried("ease", 0.2, 0.5), tried("popular", 0.05, 0.2)];
        assert!(Race::of(&json!({"auto": false, "tried": all}), "ease").is_none());
        assert!(Race::of(&json!({"auto": true, "tried": []}), "popular").is_none());
        let nothing = [tried("a", 0.0, 0.0), tried("b", 0.0, 0.0)];
        assert!(Race::of(&json!({"auto": true, "tried": nothing}), "a").is_none());
        // Models of earlier versions.
        assert!(Race::of(&json!({"auto": true}), "als").is_none() && Race::of(&json!(null), "als").is_none());
    }
}
