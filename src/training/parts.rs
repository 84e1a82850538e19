//! How good a model was for parts of the customers: by how much was known of them, and by groups of who are alike.

use super::verdict::Measured;
use crate::history::{HistoryError, Snapshot};
use crate::picker::behaviour::Behaviour;
use crate::picker::build::{BuildError, read_activity};
use crate::picker::catalogue::Catalogue;
use crate::picker::groups::{Group, Number, groups};
use crate::progress::{Progress, Silent};
use crate::recommender::evaluation::{self, mean_intervals};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// Some of the customers a model was measured on. Of the hit rate: low, mean, high, 95 %.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    pub name: String,
    pub customers: usize,
    pub model: [f64; 3],
    pub popular: [f64; 3],
    /// The model's less best-sellers'.
    pub difference: [f64; 3],
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Parts {
    pub activity: Vec<Part>,
    /// Empty where too few bought anything before the days held back.
    pub alike: Vec<Part>,
}

impl Parts {
    /// `before`: what the models that were measured learned from, up to `until`.
    pub fn of(
        measured: &Measured,
        before: &Behaviour,
        (snapshot, until): (&Snapshot, DateTime<Utc>),
        seed: u64,
        progress: &dyn Progress,
    ) -> Result<Self, HistoryError> {
        if measured.model.users == 0 {
            return Ok(Self::default());
        }
        Ok(Self {
            activity: by_activity(measured, before, seed),
            alike: by_group(measured, before, (snapshot, until), seed, progress)?,
        })
    }
}

fn by_activity(measured: &Measured, before: &Behaviour, seed: u64) -> Vec<Part> {
    let users = &measured.model.numbers;
    let found = evaluation::Activity::of(&before.interactions, users.iter().copied());
    let name = |(least, most): (usize, usize)| match (least, most) {
        (0, _) => "Nothing known of them".to_owned(),
        (1, 1) => "One product known of them".to_owned(),
        (least, most) if least == most => format!("{least} products known of them"),
        (least, most) => format!("{least} to {most} products known of them"),
    };
    let names: Vec<String> = found.items.iter().map(|&range| name(range)).collect();
    let of_user = |user: u32| Some(found.segments[user as usize] as usize);
    parts(measured, &names, of_user, seed)
}

fn by_group(
    measured: &Measured,
    before: &Behaviour,
    (snapshot, until): (&Snapshot, DateTime<Utc>),
    seed: u64,
    progress: &dyn Progress,
) -> Result<Vec<Part>, HistoryError> {
    progress.phase("Measuring groups of customers", None);
    let catalogue = Catalogue::new(snapshot.products()?);
    let activity = match read_activity(snapshot, &catalogue, until, &Silent) {
        Ok(activity) => activity,
        Err(BuildError::History(error)) => return Err(error),
        // Nothing else can happen to who reads without a plan, silently.
        Err(_) => return Ok(Vec::new()),
    };
    // Too few to be grouped are no fault of the model's.
    let Ok(groups) = groups(&activity, &catalogue, until, Number::Usual, &Silent) else {
        return Ok(Vec::new());
    };
    let mut names: Vec<String> = groups.iter().map(Group::in_words).collect();
    names.push("Bought nothing before".into());
    let of_user = |user: u32| {
        let number = activity.customers.number(before.customers.id(user));
        let group = number.and_then(|number| groups.iter().position(|group| group.has(number)));
        Some(group.unwrap_or(groups.len()))
    };
    Ok(parts(measured, &names, of_user, seed))
}

/// `of_user`: which of the names a user of the measurement has. Parts without anybody are left out.
fn parts(
    measured: &Measured,
    names: &[String],
    of_user: impl Fn(u32) -> Option<usize>,
    seed: u64,
) -> Vec<Part> {
    let of: Vec<Option<usize>> = measured.model.numbers.iter().map(|&user| of_user(user)).collect();
    let part = |(at, name): (usize, &String)| {
        let chosen = |values: &[f64]| -> Vec<f64> {
            of.iter().zip(values).filter(|(of, _)| **of == Some(at)).map(|(_, value)| *value).collect()
        };
        let (model, popular) = (chosen(&measured.model.hits), chosen(&measured.popular.hits));
        let difference: Vec<f64> = model.iter().zip(&popular).map(|(own, popular)| own - popular).collect();
        let intervals = mean_intervals(&[&model, &popular, &difference], seed);
        let [of_model, of_popular, of_difference] = [0, 1, 2].map(|column| intervals[column]);
        Part {
            name: name.clone(),
            customers: model.len(),
            model: of_model,
            popular: of_popular,
            difference: of_difference,
        }
    };
    let all = names.iter().enumerate().map(part);
    all.filter(|part| part.customers > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommender::evaluation::Evaluation;

    #[test]
    fn each_part_has_its_own_customers_figures() {
        let evaluation = |hits: &[f64]| Evaluation {
            users: hits.len(),
            numbers: vec![3, 5, 8, 9],
            hits: hits.to_vec(),
            ndcg: hits.to_vec(),
            ..Evaluation::default()
        };
        let model = evaluation(&[1.0, 0.0, 1.0, 1.0]);
        let measured = Measured::new(model, evaluation(&[0.0, 0.0, 1.0, 0.0]), 1);
        let names = ["odd", "even", "nobody"].map(str::to_owned);
        let found = parts(&measured, &names, |user| Some(usize::from(user.is_multiple_of(2))), 1);
        let told: Vec<_> = found
            .iter()
            .map(|part| {
                (part.name.as_str(), part.customers, part.model[1], part.popular[1], part.difference[1])
            })
            .collect();
        let two_thirds = 2.0 / 3.0;
        assert_eq!(told, [("odd", 3, two_thirds, 0.0, two_thirds), ("even", 1, 1.0, 1.0, 0.0)]);
        assert!(found[0].model[0] <= two_thirds && found[0].model[2] >= two_thirds);
    }
}
