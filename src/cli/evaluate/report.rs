//! What was measured, as a table for people or as JSON for programs.

use super::data::Ranked;
use super::table::{Table, counted, signed};
use crate::recommender::Params;
use crate::recommender::evaluation::{Activity, Metric, Quality, Segment, Tally};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// One model's figures.
#[derive(Clone)]
pub struct Measured {
    pub params: Params,
    pub quality: Quality,
    pub users: usize,
    /// Low, mean, high.
    pub intervals: Vec<(Metric, [f64; 3])>,
    /// Likewise, of what it does more than best-sellers.
    pub differences: Vec<(Metric, [f64; 3])>,
    /// By NDCG, against best-sellers.
    pub tally: Tally,
    pub segments: Vec<Segment>,
    pub train_seconds: f64,
    pub score_seconds: f64,
}

pub struct Report {
    pub k: usize,
    pub users: usize,
    pub items: usize,
    pub interactions: usize,
    pub ranked: Ranked,
    /// The activity of whom the segments are, when asked for.
    pub activity: Option<Activity>,
    pub best_sellers: Measured,
    pub models: Vec<Measured>,
}

/// Name and value of every figure.
fn figures(quality: &Quality) -> Vec<(&'static str, f64)> {
    let mut figures = vec![
        ("recall", quality.recall),
        ("ndcg", quality.ndcg),
        ("hit_rate", quality.hit_rate),
        ("mrr", quality.mrr),
        ("map", quality.map),
        ("precision", quality.precision),
        ("coverage", quality.coverage),
        ("popularity", quality.popularity),
        ("novelty", quality.novelty),
        ("personalisation", quality.personalisation),
        ("gini", quality.gini),
    ];
    figures.extend(quality.diversity.map(|diversity| ("diversity", diversity)));
    figures
}

impl Report {
    /// One object for one model; for several what they share, and an object for each under `models`.
    pub fn json(&self, peak_memory_bytes: Option<u64>) -> Value {
        let [model] = &self.models[..] else {
            let models = self.models.iter().map(|model| Value::Object(self.model_json(model)));
            return json!({
                "users": self.users, "items": self.items, "interactions": self.interactions,
                "test_users": self.best_sellers.users, "models": models.collect::<Vec<_>>(),
                "best_sellers": self.figures_json(&self.best_sellers.quality),
                "peak_memory_bytes": peak_memory_bytes,
            });
        };
        let mut object = self.model_json(model);
        object.insert("users".into(), json!(self.users));
        object.insert("items".into(), json!(self.items));
        object.insert("test_users".into(), json!(model.users));
        object.insert("interactions".into(), json!(self.interactions));
        object.insert("best_sellers".into(), Value::Object(self.figures_json(&self.best_sellers.quality)));
        object.insert("peak_memory_bytes".into(), json!(peak_memory_bytes));
        Value::Object(object)
    }

    fn at_k(&self, name: &str) -> String {
        format!("{name}@{}", self.k)
    }

    fn figures_json(&self, quality: &Quality) -> Map<String, Value> {
        figures(quality).into_iter().map(|(name, value)| (self.at_k(name), json!(value))).collect()
    }

    fn model_json(&self, model: &Measured) -> Map<String, Value> {
        let named = |values: &[(Metric, [f64; 3])]| -> Map<String, Value> {
            values.iter().map(|(metric, value)| (self.at_k(metric.name()), json!(value))).collect()
        };
        let Tally { wins, ties, losses } = model.tally;
        let mut object = self.figures_json(&model.quality);
        let own = json!({
            "model": model.params.kind(), "params": model.params, "intervals": named(&model.intervals),
            "difference": named(&model.differences), "users_better": wins, "users_equal": ties,
            "users_worse": losses, "train_seconds": model.train_seconds, "score_seconds": model.score_seconds,
            "users_per_second": model.users as f64 / model.score_seconds.max(1e-9),
        });
        if let Value::Object(own) = own {
            object.extend(own);
        }
        if let Some(activity) = &self.activity {
            let of = |segment: &Segment| {
                let mut object = self.figures_json(&segment.quality);
                let (low, high) = activity.items[segment.segment as usize];
                object.insert("training_items".into(), json!([low, high]));
                object.insert("users".into(), json!(segment.users));
                Value::Object(object)
            };
            object.insert("by_activity".into(), model.segments.iter().map(of).collect());
        }
        object
    }

    /// Best-sellers first, then the models.
    fn lines(&self) -> Vec<&Measured> {
        let others = self.models.iter().filter(|model| model.params.kind() != "popular");
        std::iter::once(&self.best_sellers).chain(others).collect()
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = format!(
            "Learned from {} interactions of {} users and {} items; users with something to find: {}.\n\
             Lists of {}; what a user has already is {}.\n",
            counted(self.interactions),
            counted(self.users),
            counted(self.items),
            counted(self.best_sellers.users),
            self.k,
            if self.ranked == Ranked::New { "left out" } else { "ranked too" },
        );
        let others = self.lines().len() > 1;
        let mut section = |title: &str, table: Table| {
            // Writing to a String cannot fail.
            write!(text, "\n{title}\n{table}").expect("invariant: memory");
        };
        section("What was found", self.found());
        if others {
            section(
                "Beside best-sellers (95 % sure: from, to; users for whom NDCG is better, equal, worse)",
                self.beside(),
            );
        }
        section("What the lists look like", self.lists());
        if let Some(activity) = &self.activity {
            for (title, of) in [
                ("Recall", (|q| q.recall) as fn(&Quality) -> f64),
                ("NDCG", |q| q.ndcg),
                ("Hit rate", |q| q.hit_rate),
            ] {
                section(
                    &format!("{title} by the items that users have to learn from"),
                    self.by_activity(activity, of),
                );
            }
        }
        let parameters: Vec<String> = self.models.iter().filter_map(parameters).collect();
        text += &format!("\n{}", parameters.join("\n"));
        text.trim_end().to_owned()
    }

    fn table(&self, names: &[&str], cells: impl Fn(&Measured) -> Vec<String>) -> Table {
        let mut rows = vec![std::iter::once("").chain(names.iter().copied()).map(str::to_owned).collect()];
        for model in self.lines() {
            rows.push(std::iter::once(name(model).to_owned()).chain(cells(model)).collect());
        }
        Table(rows)
    }

    fn found(&self) -> Table {
        let names = ["recall", "NDCG", "hit rate", "MRR", "MAP", "precision", "train s", "score s"];
        self.table(&names, |model| {
            let quality = &model.quality;
            let shares =
                [quality.recall, quality.ndcg, quality.hit_rate, quality.mrr, quality.map, quality.precision];
            let seconds = [model.train_seconds, model.score_seconds];
            let shares = shares.iter().map(|share| format!("{share:.4}"));
            shares.chain(seconds.iter().map(|seconds| format!("{seconds:.2}"))).collect()
        })
    }

    fn beside(&self) -> Table {
        let names = ["recall", "from", "to", "NDCG", "from", "to", "better", "equal", "worse"];
        let mut table = self.table(&names, |model| {
            let mut cells = Vec::new();
            for wanted in [Metric::Recall, Metric::Ndcg] {
                let found = model.differences.iter().find(|(metric, _)| *metric == wanted);
                let [low, mean, high] = found.map_or([0.0; 3], |(_, values)| *values);
                cells.extend([signed(mean), signed(low), signed(high)]);
            }
            let Tally { wins, ties, losses } = model.tally;
            cells.extend([wins, ties, losses].map(counted));
            cells
        });
        // Best-sellers beside themselves.
        table.0.remove(1);
        table
    }

    fn lists(&self) -> Table {
        let names = ["coverage", "Gini", "personalisation", "popularity", "novelty", "diversity"];
        self.table(&names, |model| {
            let quality = &model.quality;
            let values = [quality.coverage, quality.gini, quality.personalisation, quality.popularity];
            let mut cells: Vec<String> = values.iter().map(|value| format!("{value:.4}")).collect();
            cells.push(format!("{:.2} bit", quality.novelty));
            cells.extend(quality.diversity.map(|diversity| format!("{diversity:.4}")));
            cells
        })
    }

    fn by_activity(&self, activity: &Activity, of: fn(&Quality) -> f64) -> Table {
        let segments = &self.best_sellers.segments;
        let range = |segment: &Segment| match activity.items[segment.segment as usize] {
            (0, 0) => "none".to_owned(),
            (low, high) if low == high => low.to_string(),
            (low, high) => format!("{low}–{high}"),
        };
        let names: Vec<String> = segments.iter().map(range).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut table = self.table(&names, |model| {
            model.segments.iter().map(|segment| format!("{:.4}", of(&segment.quality))).collect()
        });
        let users = segments.iter().map(|segment| counted(segment.users));
        table.0.insert(1, std::iter::once("users".to_owned()).chain(users).collect());
        table
    }
}

fn name(model: &Measured) -> &'static str {
    match model.params.kind() {
        "popular" => "best-sellers",
        kind => kind,
    }
}

/// What the model learned with; `None` when there is nothing to choose.
fn parameters(model: &Measured) -> Option<String> {
    let params = serde_json::to_value(&model.params).unwrap_or_default();
    // As short as it was given: JSON tells a single-precision number with all digits of a double.
    let shown = |value: &Value| match (value, value.as_f64().filter(|_| value.is_f64())) {
        (_, Some(number)) => (number as f32).to_string(),
        // What a blend is made of.
        (Value::Array(parts), _) => {
            let names: Vec<&str> = parts.iter().filter_map(|part| part["model"].as_str()).collect();
            format!("[{}]", names.join(" "))
        }
        _ => value.to_string(),
    };
    let fields = params.as_object().into_iter().flatten().filter(|(name, _)| *name != "model");
    let fields: Vec<String> = fields.map(|(name, value)| format!("{name}={}", shown(value))).collect();
    (!fields.is_empty()).then(|| format!("{}: {}", name(model), fields.join(" ")))
}
